//! Rules written in Rhai. The only place of `rhai::`.
