;; Counts its calls, if it could keep anything; says how many it knows of.
(module
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (data (i32.const 2048) "calls0")
    (func (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (i32.store8 (i32.const 2053) (i32.add (i32.load8_u (i32.const 2053)) (i32.const 1)))
        (i32.store (i32.const 64) (i32.const 128))
        (i32.store (i32.const 68) (i32.const 1))
        (i32.store (i32.const 128) (i32.const 2048))
        (i32.store (i32.const 132) (i32.const 6))
        (i32.store (i32.const 136) (i32.const 2048))
        (i32.store (i32.const 140) (i32.const 6))
        (i32.const 64)))
