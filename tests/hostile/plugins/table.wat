;; Grows a table for ever.
(module
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (table $t 1 funcref)
    (func $validate (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (loop $again
            (drop (table.grow $t (ref.null func) (i32.const 1000)))
            (br $again))
        unreachable))
