//! The engine through its public face, on a virtual clock.

#[cfg(feature = "script")]
mod breaker;
mod desk;
#[cfg(feature = "script")]
mod rules;
mod scenarios;
#[cfg(feature = "search")]
mod search;
mod support;
