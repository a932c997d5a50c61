//! What the benches share. Each bench is a folder of its own.

#[cfg(feature = "engine")]
pub mod kit;
