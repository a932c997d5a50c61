;; A text that is none.
(module
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (data (i32.const 2048) "\ff\fe\fd")
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (i32.store (i32.const 64) (i32.const 128))
        (i32.store (i32.const 68) (i32.const 1))
        (i32.store (i32.const 128) (i32.const 2048))
        (i32.store (i32.const 132) (i32.const 3))
        (i32.const 64)))
