;; Wants more of the engine than it offers.
(component
    (import "opora:hooks/store@1.0.0" (instance
        (export "read-all" (func (result (list u8))))))
    (instance $i)
    (export "opora:hooks/record-validate@1.0.0" (instance $i)))
