;; Gives memory that it has not.
(module
    (memory (export "memory") 2)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const -64))
    (func (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        unreachable))
