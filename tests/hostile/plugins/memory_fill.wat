;; Fills all of its memory with one instruction, for one unit of fuel, again and again.
(module
    ;; ALLOCATOR
    (memory (export "memory") 200)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (loop $again
            (memory.fill (i32.const 0) (i32.const 1) (i32.const 13000000))
            (br $again))
        unreachable))
