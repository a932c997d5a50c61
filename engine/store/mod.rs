//! Storage: the seam, and what stands behind it. The only place of `redb::`.
//!
//! - `seam`: [`Store`], [`Snapshot`], [`Batch`] and [`Outcome`], all that the engine knows of
//!   storage. Small enough that an existing distributed engine fits behind it.
//! - `limits`: the limits of the seam, checked alike by every store.
//! - `redb`: [`RedbStore`], one file, one writer thread, group commit, one sync per commit.
//! - `memory`: [`MemoryStore`], the same behaviour without the file.
//! - `counting`: [`CountingStore`], which counts calls for tests that hold round trips to a number.
//! - `overlay`: [`Overlay`], a snapshot with batches laid over it that are not committed yet.
//! - `tail`, `leases`: waiting for a position, and who holds which lease; shared by the stores.
//!
//! Both stores pass one conformance suite and one seeded model test (`tests/store/`); the durable
//! one is also cut off from power at random there. See `docs/decisions/0002-store-seam.md`.

mod counting;
mod leases;
mod limits;
mod memory;
mod overlay;
mod redb;
mod seam;
mod tail;

pub use self::counting::{CountingStore, Counts};
pub use self::memory::MemoryStore;
pub use self::overlay::Overlay;
pub use self::redb::{OpenOptions, RedbStore};
pub use self::seam::*;

/// Operations that are remembered, so that a batch sent twice is applied once. Each commit forgets
/// as many of the oldest as it adds, so the table stays level and no commit pays for a sweep. The
/// journal names the operation of each position: what falls out of the window is looked up there,
/// and the work needs no bookkeeping of its own that a crash could leave behind.
pub(crate) const OPS_KEPT: u64 = 1_000_000;
