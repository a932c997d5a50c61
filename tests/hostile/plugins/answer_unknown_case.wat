;; Neither some nor none.
(module
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (i32.store (i32.const 64) (i32.const 128))
        (i32.store (i32.const 68) (i32.const 1))
        (i32.store8 (i32.const 144) (i32.const 7))
        (i32.const 64)))
