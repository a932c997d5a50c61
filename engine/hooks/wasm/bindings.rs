//! Host bindings, generated from the contract in `sdk/wit`.

wasmtime::component::bindgen!({
    path: "sdk/wit/1.0.0",
    world: "every-hook",
    imports: { default: trappable },
});

/// The interfaces of the hooks.
pub(super) mod guest {
    pub use super::exports::opora::hooks::*;
}

pub(super) use self::opora::hooks::{log, types};
