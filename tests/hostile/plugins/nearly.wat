;; Takes most of its fuel and answers.
(module
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (data (i32.const 2048) "nearly")
    (func (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (local $left i32)
        (local.set $left (i32.const 1200000))
        (loop $again
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (i32.store (i32.const 64) (i32.const 128))
        (i32.store (i32.const 68) (i32.const 1))
        (i32.store (i32.const 128) (i32.const 2048))
        (i32.store (i32.const 132) (i32.const 6))
        (i32.store (i32.const 136) (i32.const 2048))
        (i32.store (i32.const 140) (i32.const 6))
        (i32.const 64)))
