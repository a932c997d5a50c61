//! Host bindings, generated from the contract in `sdk/wit`.

wasmtime::component::bindgen!({
    path: ["sdk/wit/0.1.0", "sdk/wit/0.2.0", "sdk/wit/0.3.0", "sdk/wit/0.4.0"],
    world: "opora:hooks/every-hook@0.4.0",
    imports: { default: trappable },
});

/// The interfaces of the hooks, each of the version that published it.
pub(super) mod guest {
    pub use super::exports::opora::hooks0_1_0::*;
    pub use super::exports::opora::hooks0_2_0::*;
    pub use super::exports::opora::hooks0_3_0::*;
    pub use super::exports::opora::hooks0_4_0::*;
}

pub(super) use self::opora::hooks0_1_0::{log, types};
