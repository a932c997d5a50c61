;; Wants to read the clock.
(component
    (import "wasi:clocks/monotonic-clock@0.2.0" (instance
        (export "now" (func (result u64)))))
    (instance $i)
    (export "opora:hooks/record-validate@1.0.0" (instance $i)))
