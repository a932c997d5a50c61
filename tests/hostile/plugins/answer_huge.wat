;; A list of two thousand million refusals.
(module
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (i32.store (i32.const 64) (i32.const 0))
        (i32.store (i32.const 68) (i32.const 2000000000))
        (i32.const 64)))
