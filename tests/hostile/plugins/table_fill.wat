;; Fills a whole table with one instruction, again and again.
(module
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (table $t 90000 funcref)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (loop $again
            (table.fill $t (i32.const 0) (ref.null func) (i32.const 90000))
            (table.copy $t $t (i32.const 0) (i32.const 8) (i32.const 80000))
            (br $again))
        unreachable))
