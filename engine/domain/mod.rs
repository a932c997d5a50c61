//! The kinds of record and the pure rules about them. No I/O here; `now` is an argument.
