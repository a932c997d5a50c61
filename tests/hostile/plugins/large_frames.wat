;; A frame of thousands of locals, again and again.
(module
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
        (local.set 1 (i64.extend_i32_u (call $validate (local.get 0))))
        (local.set 2 (i64.extend_i32_u (call $validate (i32.wrap_i64 (local.get 1)))))
        (i32.wrap_i64 (i64.add (local.get 1) (local.get 2)))))
