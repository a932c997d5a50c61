;; Thirty thousand refusals without a text.
(module
    ;; ALLOCATOR
    (memory (export "memory") 20)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (i32.store (i32.const 64) (i32.const 200000))
        (i32.store (i32.const 68) (i32.const 30000))
        (i32.const 64)))
