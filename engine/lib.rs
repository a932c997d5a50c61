//! Opora: an embeddable service-desk engine. Scripts and plugins decide, the engine acts.
//!
//! Every change is one command with one way through: snapshot, decide, hooks, changeset, commit,
//! journal. See `ARCHITECTURE.md` for the code map.

#[cfg(feature = "server")]
mod base64;
pub mod desk;
pub mod domain;
pub mod hooks;
pub mod packs;
pub mod scenario;
pub mod store;

#[cfg(feature = "embeddings")]
pub mod embeddings;
#[cfg(feature = "search")]
pub mod search;

#[cfg(feature = "text")]
pub mod text;

#[cfg(feature = "server")]
pub mod api;
#[cfg(all(
    feature = "server",
    feature = "script",
    feature = "wasm",
    feature = "search"
))]
pub mod cli;
#[cfg(feature = "server")]
pub mod delivery;
