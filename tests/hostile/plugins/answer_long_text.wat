;; One refusal with a text of ten MiB.
(module
    ;; ALLOCATOR
    (memory (export "memory") 200)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (i32.store (i32.const 64) (i32.const 128))
        (i32.store (i32.const 68) (i32.const 1))
        (i32.store (i32.const 136) (i32.const 600000))
        (i32.store (i32.const 140) (i32.const 10485760))
        (i32.const 64)))
