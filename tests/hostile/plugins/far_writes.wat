;; Writes all over its memory, so that hardly a write finds its place in a cache.
(module
    ;; ALLOCATOR
    (memory (export "memory") 240)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (local $at i32)
        (loop $again
            (local.set $at
                (i32.add
                    (i32.mul (local.get $at) (i32.const 1103515245))
                    (i32.add
                        (i32.load offset=8192 (i32.and (local.get $at) (i32.const 0xeffff8)))
                        (i32.const 12345))))
            (i32.store offset=8192 (i32.and (local.get $at) (i32.const 0xeffff8)) (local.get $at))
            (br $again))
        unreachable))
