;; Never gets through its start.
(module
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (func $start (loop $again (br $again)))
    (start $start)
    (func (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        unreachable))
