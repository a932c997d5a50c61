//! The rows behind packs: which are active, what became of them over time, and drafts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Result, codec};
use crate::domain::{Instant, Value};
use crate::packs::{Grants, LocalFields, Renamed};

/// The second format of the list of active packs; the first one had no states.
const WITH_STATES: u8 = 2;
/// The third format, of desks with packs of which upgrades renamed something.
const WITH_RENAMES: u8 = 3;
/// The fourth format, of desks on which somebody set options of packs.
const WITH_OPTIONS: u8 = 4;
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
    /// What upgrades of packs renamed, by pack.
    pub renamed: Vec<(String, Vec<Renamed>)>,
    /// Options that administrators set, by pack.
    pub options: Vec<(String, BTreeMap<String, Value>)>,
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

#[derive(Serialize, Deserialize)]
struct WithoutRenames {
    packs: Vec<(String, [u8; 32])>,
    local: Vec<LocalFields>,
    states: Vec<PackState>,
}

#[derive(Serialize, Deserialize)]
struct WithoutOptions {
    packs: Vec<(String, [u8; 32])>,
    local: Vec<LocalFields>,
    states: Vec<PackState>,
    renamed: Vec<(String, Vec<Renamed>)>,
}

impl ActivePacks {
    /// The row. Where nothing was renamed and no option set it is one that older builds read.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let (packs, local, states) = (&self.packs, &self.local, &self.states);
        let (mut bytes, written) = match (self.renamed.is_empty(), self.options.is_empty()) {
            (_, false) => (codec::encode(self)?, WITH_OPTIONS),
            (false, true) => {
                let before = WithoutOptions {
                    packs: packs.clone(),
                    local: local.clone(),
                    states: states.clone(),
                    renamed: self.renamed.clone(),
                };
                (codec::encode(&before)?, WITH_RENAMES)
            }
            (true, true) => {
                let before = WithoutRenames {
                    packs: packs.clone(),
                    local: local.clone(),
                    states: states.clone(),
                };
                (codec::encode(&before)?, WITH_STATES)
            }
        };
        if let Some(format) = bytes.first_mut() {
            *format = written;
        }
        Ok(bytes)
    }

    /// From the row, of any of the formats.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut plain = bytes.to_vec();
        let known = [WITH_STATES, WITH_RENAMES, WITH_OPTIONS];
        if let Some(format) = plain.first_mut().filter(|format| known.contains(format)) {
            *format = PLAIN;
        }
        Ok(match bytes.first() {
            Some(&PLAIN) => {
                let old: WithoutStates = codec::decode(bytes)?;
                Self {
                    packs: old.packs,
                    local: old.local,
                    ..Self::default()
                }
            }
            Some(&WITH_STATES) => {
                let old: WithoutRenames = codec::decode(&plain)?;
                Self {
                    packs: old.packs,
                    local: old.local,
                    states: old.states,
                    ..Self::default()
                }
            }
            Some(&WITH_RENAMES) => {
                let old: WithoutOptions = codec::decode(&plain)?;
                Self {
                    packs: old.packs,
                    local: old.local,
                    states: old.states,
                    renamed: old.renamed,
                    options: Vec::new(),
                }
            }
            _ => codec::decode(&plain)?,
        })
    }

    /// The active revision of a pack.
    pub fn revision(&self, pack: &str) -> Option<[u8; 32]> {
        let mut all = self.packs.iter();
        all.find(|(name, _)| name == pack).map(|(_, r)| *r)
    }

    /// How administrators left a pack.
    pub fn state(&self, pack: &str) -> Option<&PackState> {
        self.states.iter().find(|s| s.pack == pack)
    }

    /// The options of a pack that administrators set.
    pub fn options(&self, pack: &str) -> Option<&BTreeMap<String, Value>> {
        let mut all = self.options.iter();
        all.find(|(name, _)| name == pack).map(|(_, set)| set)
    }

    /// What upgrades of a pack renamed.
    pub fn renamed(&self, pack: &str) -> Option<&[Renamed]> {
        let mut all = self.renamed.iter();
        all.find(|(name, _)| name == pack).map(|(_, all)| &**all)
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
    /// `installed`, `upgraded`, `rolled_back`, `disabled`, `enabled`, `granted`, `options_set`,
    /// `moved`, `removed`.
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
    /// What was active when it was begun; stands behind the row, where older builds do not look.
    #[serde(skip)]
    pub base: DraftBase,
}

/// What was active when a draft was begun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DraftBase {
    /// Unknown: an older build saved the draft.
    #[default]
    Unknown,
    /// The pack was not installed.
    Nothing,
    /// A revision of the pack.
    Revision([u8; 32]),
}

impl DraftBase {
    /// A draft that is begun now.
    pub fn of(active: Option<[u8; 32]>) -> Self {
        active.map_or(Self::Nothing, Self::Revision)
    }
}

impl DraftRow {
    /// The row.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut bytes = codec::encode(self)?;
        bytes.extend(codec::encode(&self.base)?);
        Ok(bytes)
    }

    /// From the row.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let (mut row, rest): (Self, &[u8]) = codec::decode_first(bytes)?;
        if !rest.is_empty() {
            row.base = codec::decode(rest)?;
        }
        Ok(row)
    }
}
