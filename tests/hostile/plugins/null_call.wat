;; Calls a function that is not there.
(module
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (table 4 funcref)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (call_indirect (param i32) (result i32) (local.get 0) (i32.const 2))))
