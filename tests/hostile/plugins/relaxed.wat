;; An instruction whose result differs from machine to machine.
(module
    ;; ALLOCATOR
    (memory (export "memory") 2)
    (func (export "opora:hooks/record-validate@1.0.0#validate") (param i32) (result i32)
        (i32x4.extract_lane 0 (i32x4.relaxed_trunc_f32x4_s (v128.const f32x4 nan nan nan nan)))))
