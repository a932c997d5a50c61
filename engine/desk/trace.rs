//! The way a decision was made, kept behind the journal entry: at which points rules were asked, and
//! what was set in which order. With the records as they were, this makes every call again.
//!
//! It stands after the entry in the same row. Entries of older builds have none and stay readable;
//! older builds read the entry and leave the rest alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::journal::{JournalEntry, RecordChange};
use super::scene::SceneDetail;
use super::{Actor, Error, ErrorKind, Result};
use crate::domain::{Id, Kind, Value};
use crate::hooks::{Detail, Hook};
use crate::store::{OpId, Pos};

/// The format that this build writes.
const FORMAT: u8 = 1;
/// Stands before the first operation of a group, behind the entry and its trace.
const GROUP: u8 = 2;

/// The way of one command.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Language of whoever acted.
    pub locale: String,
    /// Version of the agents, teams, levels and calendars that rules chose from.
    pub service: Pos,
    /// The points at which rules were due, in order.
    pub scenes: Vec<Scene>,
    /// Where each of the entry's runs took place.
    pub runs: Vec<RunPlace>,
    /// Rules that were not called because a condition did not hold.
    pub skips: Vec<Skip>,
    /// Records that scenes are about and that did not change.
    pub places: Vec<(Kind, Id)>,
    /// Fields that steps are about and that ended as they began.
    pub beside: Vec<(Kind, Id, String)>,
    /// What was done to records, in order.
    pub steps: Vec<Step>,
}

/// A point at which rules were due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Code of the hook: see [`Hook::code`].
    pub hook: u8,
    /// The record: a place in the entry's changes, then in [`Trace::places`].
    pub on: u16,
    /// Steps done before.
    pub at: u32,
    /// The run whose effects led here: a place in the entry's runs.
    pub cause: Option<u16>,
    /// Who acted, when it was not who asked.
    pub actor: Option<Actor>,
    /// Language, when it was not the entry's.
    pub locale: Option<String>,
    /// What is particular to the hook.
    pub detail: SceneDetail,
}

/// Where a run took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPlace {
    /// Its scene.
    pub scene: u16,
    /// Steps done before.
    pub at: u32,
}

/// A rule that was not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// Its scene.
    pub scene: u16,
    /// Place in the total order of the rules.
    pub rule: u16,
    /// Steps done before.
    pub at: u32,
    /// The condition that did not hold: its place among the rule's.
    pub condition: u8,
}

/// One thing done to a record. Fields are places in the entry's changed fields, counted through all
/// its changes, then in [`Trace::beside`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// The field got the value it ended with.
    Final(u32),
    /// The field got a value that did not stay.
    Set(u32, Option<Value>),
    /// The field was asked for by whoever asked.
    Asked(u32),
    /// Everything became as it was after so many steps: effects were taken back.
    Back(u32),
}

/// Writes the way down while the command is decided.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    scenes: Vec<Opened>,
    runs: Vec<RunPlace>,
    skips: Vec<Skip>,
    steps: Vec<Done>,
    /// Runs whose effects are being applied.
    within: Vec<u16>,
}

#[derive(Debug, Clone)]
struct Opened {
    hook: Hook,
    on: (Kind, Id),
    at: u32,
    cause: Option<u16>,
    actor: Actor,
    locale: String,
    detail: SceneDetail,
}

#[derive(Debug, Clone)]
enum Done {
    Set((Kind, Id), String, Option<Value>),
    Asked((Kind, Id), String),
    Back(u32),
}

impl Recorder {
    fn at(&self) -> u32 {
        u32::try_from(self.steps.len()).unwrap_or(u32::MAX)
    }

    /// The scene of a hook on a record; opened when it is new.
    pub fn scene(
        &mut self,
        (hook, on): (Hook, (Kind, Id)),
        detail: &Detail,
        actor: &Actor,
        locale: &str,
    ) -> u16 {
        let known = self.scenes.iter().position(|s| {
            s.hook == hook
                && s.on == on
                && s.cause == self.within.last().copied()
                && s.detail.is_of(detail)
        });
        let place = known.unwrap_or_else(|| {
            self.scenes.push(Opened {
                hook,
                on,
                at: self.at(),
                cause: self.within.last().copied(),
                actor: actor.clone(),
                locale: locale.to_owned(),
                detail: SceneDetail::of(detail),
            });
            self.scenes.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    /// Notes where the next run of the entry takes place.
    pub fn run(&mut self, scene: u16) {
        let at = self.at();
        self.runs.push(RunPlace { scene, at });
    }

    /// Notes that a rule was not called.
    pub fn skip(&mut self, scene: u16, rule: u16, condition: usize) {
        let condition = u8::try_from(condition).unwrap_or(u8::MAX);
        let at = self.at();
        self.skips.push(Skip {
            scene,
            rule,
            at,
            condition,
        });
    }

    /// Notes a value that was set.
    pub fn set(&mut self, on: (Kind, Id), field: &str, value: Option<&Value>) {
        let value = value.cloned();
        self.steps.push(Done::Set(on, field.to_owned(), value));
    }

    /// Notes that a field was asked for.
    pub fn asked(&mut self, on: (Kind, Id), field: &str) {
        self.steps.push(Done::Asked(on, field.to_owned()));
    }

    /// The effects of a run begin: what follows is caused by it. Gives the way back.
    pub fn enter(&mut self, run: u16) -> u32 {
        self.within.push(run);
        self.at()
    }

    /// The effects of a run end; when they were refused, everything is as it was before them.
    pub fn leave(&mut self, back: Option<u32>) {
        self.within.pop();
        if let Some(at) = back.filter(|at| *at < self.at()) {
            self.steps.push(Done::Back(at));
        }
    }

    /// What is kept; none when no rule could have had a say.
    pub fn finish(self, changes: &[RecordChange], asker: &Actor, service: Pos) -> Option<Trace> {
        let first = self.scenes.first()?;
        let locale = first.locale.clone();
        let mut names = Names::of(changes);
        let mut trace = Trace {
            service,
            ..Trace::default()
        };
        for done in self.steps {
            trace.steps.push(match done {
                Done::Set(on, field, value) => {
                    let (place, ended) = names.field(on, &field);
                    match ended == Some(value.as_ref()) {
                        true => Step::Final(place),
                        false => Step::Set(place, value),
                    }
                }
                Done::Asked(on, field) => Step::Asked(names.field(on, &field).0),
                Done::Back(at) => Step::Back(at),
            });
        }
        for scene in self.scenes {
            trace.scenes.push(Scene {
                hook: scene.hook.code(),
                on: names.record(scene.on),
                at: scene.at,
                cause: scene.cause,
                actor: (scene.actor != *asker).then_some(scene.actor),
                locale: (scene.locale != locale).then_some(scene.locale),
                detail: scene.detail,
            });
        }
        trace.locale = locale;
        trace.runs = self.runs;
        trace.skips = self.skips;
        trace.places = names.places;
        trace.beside = names.beside;
        Some(trace)
    }
}

/// Numbers of records and fields: those of the entry's changes first, without being stored again.
struct Names<'c> {
    changes: &'c [RecordChange],
    fields: BTreeMap<(Id, &'c str), (u32, Option<&'c Value>)>,
    count: u32,
    places: Vec<(Kind, Id)>,
    beside: Vec<(Kind, Id, String)>,
}

impl<'c> Names<'c> {
    fn of(changes: &'c [RecordChange]) -> Self {
        let mut fields = BTreeMap::new();
        let mut count = 0;
        for change in changes {
            for field in &change.fields {
                fields.insert(
                    (change.id, field.field.as_str()),
                    (count, field.new.as_ref()),
                );
                count += 1;
            }
        }
        Self {
            changes,
            fields,
            count,
            places: Vec::new(),
            beside: Vec::new(),
        }
    }

    fn record(&mut self, on: (Kind, Id)) -> u16 {
        let changed = self.changes.iter();
        let changed = changed.map(|c| (c.kind, c.id)).position(|p| p == on);
        let place = changed.unwrap_or_else(|| {
            let known = self.places.iter().position(|p| *p == on);
            let place = known.unwrap_or_else(|| {
                self.places.push(on);
                self.places.len() - 1
            });
            self.changes.len() + place
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    /// The number of a field, and the value it ended with when it changed.
    fn field(&mut self, on: (Kind, Id), field: &str) -> (u32, Option<Option<&'c Value>>) {
        if let Some((place, ended)) = self.fields.get(&(on.1, field)) {
            return (*place, Some(*ended));
        }
        let same = |(_, id, name): &(Kind, Id, String)| *id == on.1 && name == field;
        let place = self.beside.iter().position(same).unwrap_or_else(|| {
            self.beside.push((on.0, on.1, field.to_owned()));
            self.beside.len() - 1
        });
        (self.count + u32::try_from(place).unwrap_or(u32::MAX), None)
    }
}

/// The row of an entry and its trace.
pub fn encode(entry: &JournalEntry, trace: Option<&Trace>) -> Result<Vec<u8>> {
    let mut bytes = super::codec::encode(entry)?;
    if let Some(trace) = trace {
        bytes.push(FORMAT);
        bytes = postcard::to_extend(trace, bytes)
            .map_err(|e| Error::internal(format!("a trace cannot be encoded: {e}")))?;
    }
    if let Some(first) = entry.group {
        mark(&mut bytes, first);
    }
    Ok(bytes)
}

/// Notes behind a row that it was decided on others of its commit, of which this was the first.
pub fn mark(row: &mut Vec<u8>, first: OpId) {
    row.push(GROUP);
    row.extend(first);
}

/// Whether a row was decided on others of its commit, of which this was the first.
pub fn is_marked(row: &[u8], first: &OpId) -> bool {
    row.strip_suffix(first)
        .is_some_and(|row| row.last() == Some(&GROUP))
}

/// The entry of a row and its trace, when it has one that this build knows.
pub fn decode(pos: Pos, bytes: &[u8]) -> Result<(JournalEntry, Option<Trace>)> {
    let (entry, mut rest): (JournalEntry, _) = super::codec::decode_first(bytes)?;
    let mut entry = entry.at_pos(pos);
    let mut trace = None;
    if let Some((&FORMAT, behind)) = rest.split_first() {
        let (read, behind) = postcard::take_from_bytes(behind).map_err(|e| {
            let text = format!("the trace of a journal entry cannot be read: {e}");
            Error::new(ErrorKind::Internal, "corrupt", text)
        })?;
        trace = Some(read);
        rest = behind;
    }
    if let Some((&GROUP, behind)) = rest.split_first() {
        entry.group = behind.first_chunk().copied();
    }
    Ok((entry, trace))
}
