//! Finding parties by what is known of them: over index rows, never by a scan. Rows bring candidates;
//! what counts is read in the records.

use std::collections::{BTreeMap, BTreeSet};

use super::sight::Sight;
use super::{RecordPage, Result, codec, keys};
use crate::domain::party::{self, PartyField, PartyMode};
use crate::domain::{Id, Kind, Record, Value};
use crate::store::{Key, Snapshot, Span, Table};

/// Weight of a key that the engine makes itself.
pub const WEIGHT: i64 = 50;
/// Most index rows that one form of a key brings.
const MAX_ROWS: usize = 300;
/// Most candidates that are read.
const MAX_CANDIDATES: usize = 400;
/// Most keys of one search.
pub const MAX_KEYS: usize = 200;

/// What a key is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// Whatever of the engine's fields tells this of a party.
    Party(PartyField),
    /// An indexed field, by its full code.
    Field(String),
}

/// One key that parties are looked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyKey {
    /// Kind of record.
    pub kind: Kind,
    /// What of it.
    pub of: Of,
    /// The text, in every form in which it may stand.
    pub texts: Vec<String>,
    /// How it must fit.
    pub mode: PartyMode,
    /// How much it says, from 1 to 100.
    pub weight: i64,
    /// Which of the things asked it stands for.
    pub group: usize,
}

/// A party that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The record.
    pub page: RecordPage,
    /// Weights of what fits, together.
    pub score: i64,
    /// What fits.
    pub reasons: Vec<Reason>,
}

/// Why a party was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// `name`, `tax_number`, `phone`, `mail`, `other`, or the full code of a field.
    pub field: String,
    /// The value that fits, as it is written.
    pub value: String,
    /// How it fits: the strictest way.
    pub mode: PartyMode,
}

impl PartyKey {
    /// The key of an asked text in one of the engine's fields; none when the text says nothing there.
    pub fn of(
        kind: Kind,
        field: PartyField,
        text: &str,
        mode: PartyMode,
        group: usize,
    ) -> Option<Self> {
        if !party::sources(kind).iter().any(|(_, of)| *of == field) {
            return None;
        }
        let texts = field.asked(text, mode);
        (!texts.is_empty()).then_some(Self {
            kind,
            of: Of::Party(field),
            texts,
            mode,
            weight: WEIGHT,
            group,
        })
    }

    fn name(&self) -> &str {
        match &self.of {
            Of::Party(field) => field.name(),
            Of::Field(code) => code,
        }
    }

    fn spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        for text in &self.texts {
            match &self.of {
                Of::Party(field) => {
                    let chars: Vec<char> = text.chars().collect();
                    let text = party::kept(&chars);
                    let whole = self.mode == PartyMode::Exact;
                    spans.extend(self.mode.begins().iter().map(|begins| {
                        span(keys::party_prefix(self.kind, *field, *begins, &text, whole))
                    }));
                }
                Of::Field(code) => {
                    let mut from = keys::index_prefix(self.kind, code, &Value::from(text.as_str()));
                    if self.mode != PartyMode::Exact {
                        // Without the byte that ends the text.
                        from.pop();
                    }
                    spans.push(span(from));
                }
            }
        }
        spans
    }

    /// The value of a record that fits, if one does.
    fn fits(&self, record: &Record, hidden: &BTreeSet<String>) -> Option<Reason> {
        if record.kind != self.kind {
            return None;
        }
        let reason = |value: &str, mode| Reason {
            field: self.name().to_owned(),
            value: value.to_owned(),
            mode,
        };
        match &self.of {
            Of::Party(field) => {
                let sources = party::sources(record.kind).iter();
                let own = sources.filter(|(name, of)| of == field && !hidden.contains(*name));
                let values = own.filter_map(|(name, _)| record.get(name));
                let mut values = values.flat_map(party::texts);
                values.find_map(|value| {
                    let plain = field.normalise(value)?;
                    let fits = |mode| self.texts.iter().any(|t| field.fits(&plain, t, mode));
                    fits(self.mode).then(|| {
                        let stricter = [PartyMode::Exact, PartyMode::Prefix, PartyMode::Part];
                        let mode = stricter.into_iter().find(|m| fits(*m));
                        reason(value, mode.unwrap_or(self.mode))
                    })
                })
            }
            Of::Field(code) if hidden.contains(code) => None,
            Of::Field(code) => {
                let mut values = record.get(code).into_iter().flat_map(party::texts);
                let fits = |value: &&str| {
                    let plain = value.to_lowercase();
                    let fits = |text: &String| match self.mode {
                        PartyMode::Exact => plain == text.to_lowercase(),
                        _ => plain.starts_with(&text.to_lowercase()),
                    };
                    self.texts.iter().any(fits)
                };
                values.find(fits).map(|value| reason(value, self.mode))
            }
        }
    }
}

fn span(from: Key) -> Span {
    Span {
        table: Table::Index,
        to: keys::after(&from),
        from,
        limit: MAX_ROWS,
    }
}

/// The parties that fit, the likeliest first: those that match most, then contacts before accounts
/// before leads, then the newest.
///
/// # Errors
/// When the store fails, or a rule of access broke.
pub fn find(
    snapshot: &dyn Snapshot,
    sight: &Sight<'_, '_>,
    keys: &[PartyKey],
    all: bool,
    limit: usize,
) -> Result<Vec<Found>> {
    let groups: BTreeSet<usize> = keys.iter().map(|k| k.group).collect();
    let candidates = candidates(snapshot, keys)?;
    let rows = snapshot.get_many(
        &candidates
            .iter()
            .map(|(kind, id)| (Table::Records, keys::record(*kind, *id)))
            .collect::<Vec<_>>(),
    )?;
    let mut found = Vec::new();
    for row in rows.into_iter().flatten() {
        let record: Record = codec::decode(&row.bytes)?;
        if !sight.sees(&record)? {
            continue;
        }
        let access = sight.access(record.kind)?;
        let Some((score, reasons, fit)) = weigh(keys, &record, &access.masked) else {
            continue;
        };
        if all && fit.len() < groups.len() {
            continue;
        }
        let mut page = RecordPage {
            record,
            version: row.version,
        };
        sight.mask(&mut page.record)?;
        found.push(Found {
            page,
            score,
            reasons,
        });
    }
    let rank = |kind: Kind| party::KINDS.iter().position(|k| *k == kind);
    // A number or an address tells who it is; a name many have.
    let sure = |found: &Found| {
        let reasons = found.reasons.iter();
        reasons
            .filter(|r| r.field != PartyField::Name.name())
            .count()
    };
    found.sort_by(|a, b| {
        let (x, y) = (&a.page.record, &b.page.record);
        let by_score = b.score.cmp(&a.score);
        let by_kind = rank(x.kind).cmp(&rank(y.kind));
        let by_sure = sure(b).cmp(&sure(a));
        by_score.then(by_sure).then(by_kind).then(y.id.cmp(&x.id))
    });
    found.truncate(limit);
    Ok(found)
}

/// The records that rows name, those that most keys name first.
fn candidates(snapshot: &dyn Snapshot, keys: &[PartyKey]) -> Result<Vec<(Kind, Id)>> {
    let spans: Vec<(&PartyKey, Span)> = keys
        .iter()
        .take(MAX_KEYS)
        .flat_map(|key| key.spans().into_iter().map(move |span| (key, span)))
        .collect();
    let asked: Vec<Span> = spans.iter().map(|(_, span)| span.clone()).collect();
    let (_, rows) = snapshot.read(&[], &asked)?;
    let mut named: BTreeMap<(Kind, Id), BTreeSet<(usize, &str)>> = BTreeMap::new();
    for ((key, _), rows) in spans.iter().zip(rows) {
        for id in rows.iter().filter_map(|(row, _)| keys::id_at_end(row)) {
            let of = named.entry((key.kind, id)).or_default();
            of.insert((key.group, key.name()));
        }
    }
    let mut all: Vec<((Kind, Id), usize)> = named.into_iter().map(|(k, v)| (k, v.len())).collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then(b.0.1.cmp(&a.0.1)));
    Ok(all
        .into_iter()
        .map(|(k, _)| k)
        .take(MAX_CANDIDATES)
        .collect())
}

/// Score, reasons and groups of what fits; none when nothing does. A field counts once.
fn weigh(
    keys: &[PartyKey],
    record: &Record,
    hidden: &BTreeSet<String>,
) -> Option<(i64, Vec<Reason>, BTreeSet<usize>)> {
    let mut best: BTreeMap<(usize, String), (i64, Reason)> = BTreeMap::new();
    let mut fit = BTreeSet::new();
    for key in keys {
        let Some(reason) = key.fits(record, hidden) else {
            continue;
        };
        fit.insert(key.group);
        let held = best.entry((key.group, reason.field.clone()));
        held.and_modify(|(weight, _)| *weight = key.weight.max(*weight))
            .or_insert((key.weight, reason));
    }
    let score = best.values().map(|(weight, _)| weight).sum();
    let mut reasons: Vec<Reason> = best.into_values().map(|(_, reason)| reason).collect();
    reasons.dedup();
    (!fit.is_empty()).then_some((score, reasons, fit))
}
