;; Sleeps on a shared memory.
(module
    ;; ALLOCATOR
    (memory (export "memory") 2 2 shared)
    (func (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
