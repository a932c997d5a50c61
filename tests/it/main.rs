//! The engine through its public face, on a virtual clock.

#[cfg(feature = "script")]
mod breaker;
mod desk;
mod scenarios;
#[cfg(feature = "search")]
mod search;
mod support;
