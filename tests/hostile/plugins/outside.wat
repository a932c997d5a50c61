;; Reads beyond its memory.
(module
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (i32.load (i32.const -8))))
