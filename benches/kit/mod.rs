//! A desk to measure, and what turns a measurement into a figure.

mod bed;
mod client;
mod figures;
mod load;
mod packs;
mod people;
mod recorder;
mod replay;
#[cfg(feature = "api")]
mod server;
mod texts;
mod words;

use std::error::Error;
use std::path::PathBuf;

pub use bed::{Bed, BedOptions, status_of_work};
pub use client::{Client, encoded};
pub use figures::{Rate, Spread, drive, human_bytes, median, micros, millis, resident_bytes};
pub use load::load;
pub use packs::{shipped_pack, shipped_packs, told};
pub use people::Seed;
pub use recorder::Recorder;
pub use replay::Replay;
#[cfg(feature = "api")]
pub use server::Server;
pub use texts::Tongue;
pub use words::{lorem, scatter};

/// What a bench answers.
pub type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How a bench was asked to run.
#[derive(Debug, Clone)]
pub struct Mode {
    /// A smoke test: everything runs, the figures mean little.
    pub quick: bool,
    /// Without rules and plugins.
    pub bare: bool,
    /// Parts to run; none: all.
    parts: Vec<String>,
}

impl Mode {
    /// Reads the command line: `cargo bench … -- --quick PART …`.
    #[must_use]
    pub fn from_args() -> Self {
        let args = || std::env::args().skip(1);
        Self {
            quick: args().any(|arg| arg == "--quick"),
            bare: args().any(|arg| arg == "--bare"),
            parts: args().filter(|arg| !arg.starts_with("--")).collect(),
        }
    }

    /// Whether a part is to run.
    #[must_use]
    pub fn runs(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|p| p == part)
    }

    /// What was named beside the flags.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.parts
    }

    /// `full`, or `quick` in a quick run.
    #[must_use]
    pub fn pick<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}

/// A folder on the disk to measure: in `OPORA_BENCH_DIR`, or else in `beside`, which goes away with
/// the bench.
///
/// # Errors
/// When it cannot be made.
pub fn folder(beside: &str) -> Fallible<tempfile::TempDir> {
    let parent = std::env::var_os("OPORA_BENCH_DIR").map_or_else(|| beside.into(), PathBuf::from);
    Ok(tempfile::tempdir_in(parent)?)
}
