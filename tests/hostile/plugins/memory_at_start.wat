;; Has 64 MiB before it runs a line.
(module
    ;; ALLOCATOR
    (memory (export "memory") 1024)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        unreachable))
