;; Divides without end: no instruction takes longer for its fuel.
(module
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (local $x i64)
        (loop $again
            (local.set $x
                (i64.div_u (i64.const -3) (i64.or (i64.and (local.get $x) (i64.const 255)) (i64.const 3))))
            (br $again))
        unreachable))
