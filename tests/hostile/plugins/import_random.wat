;; Wants to draw numbers.
(component
    (import "wasi:random/random@0.2.0" (instance
        (export "get-random-u64" (func (result u64)))))
    (instance $i)
    (export "opora:hooks/record-validate@1.0.0" (instance $i)))
