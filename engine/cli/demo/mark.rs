//! What a demo's folder says about its demo: whether the data is whole, and what its clock shows.

use std::fs;
use std::path::Path;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::cli::failure::{Failure, Outcome};
use crate::cli::folder::write_private;

/// What the folder says about its demo.
#[derive(Debug, Serialize, Deserialize)]
pub struct DemoFile {
    /// How far the data is.
    pub state: State,
    /// What the demo's clock is ahead of real time.
    pub offset_seconds: i64,
}

/// How far the data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The data is being made.
    Loading,
    /// The data is whole.
    Ready,
}

/// Reads the file; nothing when there is none.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> Outcome<Option<DemoFile>> {
    match fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|e| Failure::file(path, &e)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Failure::file(path, &e)),
    }
}

/// Writes the file, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, state: State, offset: TimeDelta) -> Outcome<()> {
    let file = DemoFile {
        state,
        // Rounded up: a clock that never goes back may not lose the fraction.
        offset_seconds: offset.num_seconds() + i64::from(offset.subsec_nanos() > 0),
    };
    let text = serde_json::to_vec(&file).map_err(|e| Failure::file(path, &e))?;
    write_private(path, &text)
}
