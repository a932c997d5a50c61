//! The rows behind packs: which are active, what became of them over time, and drafts.

use serde::{Deserialize, Serialize};

use super::{Result, codec};
use crate::domain::Instant;
use crate::packs::{Grants, LocalFields};

/// The second format of the list of active packs; the first one had no states.
const WITH_STATES: u8 = 2;
/// The format that the codec writes.
const PLAIN: u8 = 1;

/// The list of active packs and run-time fields: one row, whose version stands for the rules in force.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ActivePacks {
    /// Name and revision of each pack.
    pub packs: Vec<(String, [u8; 32])>,
    /// Fields that administrators added.
    pub local: Vec<LocalFields>,
    /// How administrators left the packs; those of the first format have none and may do everything
    /// they ask for.
    pub states: Vec<PackState>,
}

/// How administrators left a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackState {
    /// The pack.
    pub pack: String,
    /// Whether its rules rest.
    pub disabled: bool,
    /// What it may do.
    pub grants: Grants,
    /// The revision that records are still moving away from.
    pub moving: Option<[u8; 32]>,
}

#[derive(Deserialize)]
struct WithoutStates {
    packs: Vec<(String, [u8; 32])>,
    local: Vec<LocalFields>,
}

impl ActivePacks {
    /// The row.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut bytes = codec::encode(self)?;
        if let Some(format) = bytes.first_mut() {
            *format = WITH_STATES;
        }
        Ok(bytes)
    }

    /// From the row, of either format.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        if bytes.first() == Some(&PLAIN) {
            let old: WithoutStates = codec::decode(bytes)?;
            return Ok(Self {
                packs: old.packs,
                local: old.local,
                states: Vec::new(),
            });
        }
        let mut plain = bytes.to_vec();
        if let Some(format) = plain.first_mut().filter(|format| **format == WITH_STATES) {
            *format = PLAIN;
        }
        codec::decode(&plain)
    }

    /// How administrators left a pack.
    pub fn state(&self, pack: &str) -> Option<&PackState> {
        self.states.iter().find(|s| s.pack == pack)
    }
}

/// What happened to a pack, under its name and the position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackEvent {
    /// The revision that is active from then on.
    pub revision: [u8; 32],
    /// Its version.
    pub version: String,
    /// When.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// Who.
    pub actor: String,
    /// `installed`, `upgraded`, `rolled_back`, `disabled`, `enabled`, `granted`, `moved`, `removed`.
    pub what: String,
}

/// The draft of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftRow {
    /// The hash its files are stored under.
    pub revision: [u8; 32],
    /// When it was saved.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// Who saved it.
    pub actor: String,
    /// Whether the files came with the draft and go with it.
    pub owns: bool,
    /// Pieces that the files are stored in.
    pub pieces: u32,
}
