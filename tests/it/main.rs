//! The engine through its public face, on a virtual clock.

mod desk;
#[cfg(feature = "search")]
mod search;
mod support;
