;; Wants a function of the host's process.
(module
    (import "env" "system" (func (param i32) (result i32)))
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (func (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        unreachable))
