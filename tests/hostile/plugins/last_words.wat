;; Reports its panic for ever.
(module
    (import "opora:hooks/log@1.0.0" "panicked"
        (func $panicked (param i32 i32 i32 i32 i32 i32)))
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (func (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (loop $again
            (call $panicked (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 1))
            (br $again))
        unreachable))
