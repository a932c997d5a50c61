;; Sixty refusals that are all the same text of 60 KiB.
(module
    ;; ALLOCATOR
    (memory (export "memory") 20)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (local $n i32)
        (local $at i32)
        (i32.store (i32.const 64) (i32.const 128))
        (i32.store (i32.const 68) (i32.const 60))
        (loop $again
            (local.set $at (i32.add (i32.const 128) (i32.mul (local.get $n) (i32.const 28))))
            (i32.store offset=8 (local.get $at) (i32.const 600000))
            (i32.store offset=12 (local.get $at) (i32.const 60000))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $n) (i32.const 60))))
        (i32.const 64)))
