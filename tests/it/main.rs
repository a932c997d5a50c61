//! The engine through its public face, on a virtual clock.

mod desk;
mod support;
