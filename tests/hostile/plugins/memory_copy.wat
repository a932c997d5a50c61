;; Moves all of its memory to and fro.
(module
    ;; ALLOCATOR
    (memory (export "memory") 200)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (loop $again
            (memory.copy (i32.const 8) (i32.const 0) (i32.const 13000000))
            (memory.copy (i32.const 0) (i32.const 8) (i32.const 13000000))
            (br $again))
        unreachable))
