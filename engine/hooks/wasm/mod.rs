//! Rules in WASM components. The only place of `wasmtime::`.
//!
//! A plugin is a component that exports interfaces of `opora:hooks` (see `sdk/wit`) and imports
//! nothing else. Every call gets a fresh instance with a budget of fuel, memory and output, so that
//! no state passes from call to call and equal calls give equal decisions.

mod answer;
mod bindings;
mod code;
mod condition;
mod contract;
mod difference;
mod earlier;
mod effects;
mod fault;
mod host;
mod input;
mod limits;
mod plugin;
mod slots;
mod state;
mod ticker;
mod values;

pub use contract::{CONTRACT_VERSION, CONTRACT_VERSIONS, LoadError, encode};
pub use difference::WIT;
pub use host::{Compiling, Host};
pub use limits::{Limits, MAX_COMPONENT_BYTES};
pub use plugin::{Measured, Plugin};
