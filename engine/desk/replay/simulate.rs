//! Trying a changed pack on recorded history, without changing anything.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use parking_lot::Mutex;

use super::candidate::{Candidate, Difference, Judged};
use super::rolling::{Handed, Rolling, Then};
use super::run::{Footing, Recorded};
use crate::desk::{Actor, Desk, Error, ErrorKind, Result, decide, trace};
use crate::domain::Instant;
use crate::hooks::Hook;
use crate::packs::PackFiles;
use crate::store::Pos;

/// Entries that are read and judged at a time.
const CHUNK: usize = 256;
/// Chunks that wait to be judged.
const WAITING: usize = 4;
/// Most differences that are told one by one when the caller does not say.
const MAX_TOLD: usize = 1_000;

/// What to simulate.
#[derive(Debug, Clone)]
pub struct SimulateQuery {
    /// Commands from this instant on; none: all.
    pub since: Option<Instant>,
    /// Commands after this position, where an earlier request stopped; it goes before `since`.
    pub after: Option<Pos>,
    /// Most differences that are told one by one; all are counted.
    pub told: usize,
    /// Most commands that are tried; none: all.
    pub commands: Option<u64>,
    /// Threads that judge.
    pub threads: usize,
}

impl Default for SimulateQuery {
    fn default() -> Self {
        Self {
            since: None,
            after: None,
            told: MAX_TOLD,
            commands: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// What a changed pack would have decided otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Simulation {
    /// Pack.
    pub pack: String,
    /// Version of the changed pack.
    pub version: String,
    /// Hash of its revision, hexadecimal.
    pub revision: String,
    /// Commands that were tried.
    pub commands: u64,
    /// Decisions that were made.
    pub decisions: u64,
    /// Commands whose decisions cannot be made again.
    pub not_replayable: u64,
    /// Rules that failed.
    pub failed: u64,
    /// Microseconds that the rules themselves took, on all threads together.
    pub rule_micros: u64,
    /// Commands for which something would have been decided otherwise.
    pub differing: u64,
    /// How often which field differs.
    pub by_field: BTreeMap<String, u64>,
    /// How often the decision of which rule differs.
    pub by_rule: BTreeMap<String, u64>,
    /// What differs, in the order of the journal; the first ones when there are many.
    pub differences: Vec<Difference>,
    /// Differences that are counted and not told.
    pub untold: u64,
    /// Rules of the changed pack that are not tried, with their hooks: what they decide is recorded with
    /// no command.
    pub not_tried: Vec<(String, &'static str)>,
    /// Whether there is more to try after `reached`.
    pub cut: bool,
    /// The position up to which the journal was looked through.
    pub reached: Pos,
    /// The last position there was.
    pub last: Pos,
}

/// Hooks whose decisions are not recorded with commands: their rules are asked for reading, or about
/// the packs themselves.
const UNRECORDED: [Hook; 6] = [
    Hook::AccessFilter,
    Hook::SearchDocument,
    Hook::SearchRank,
    Hook::IntakeMatch,
    Hook::PackLifecycle,
    Hook::ConfigGuard,
];

/// Entries on their way to a judge.
type Chunk = Vec<(Recorded, Then)>;

impl Simulation {
    pub(super) fn add(&mut self, judged: Judged, told: usize) {
        self.decisions += judged.decisions;
        self.failed += judged.failed;
        self.rule_micros += judged.rule_micros;
        if !judged.differences.is_empty() {
            self.differing += 1;
        }
        for difference in judged.differences {
            *self.by_field.entry(difference.field.clone()).or_insert(0) += 1;
            *self.by_rule.entry(difference.rule.clone()).or_insert(0) += 1;
            if self.differences.len() < told {
                self.differences.push(difference);
            } else {
                self.untold += 1;
            }
        }
    }

    /// Adds what another thread found.
    fn join(&mut self, other: Self) {
        self.commands += other.commands;
        self.decisions += other.decisions;
        self.not_replayable += other.not_replayable;
        self.failed += other.failed;
        self.rule_micros += other.rule_micros;
        self.differing += other.differing;
        self.untold += other.untold;
        for (field, n) in other.by_field {
            *self.by_field.entry(field).or_insert(0) += n;
        }
        for (rule, n) in other.by_rule {
            *self.by_rule.entry(rule).or_insert(0) += n;
        }
        self.differences.extend(other.differences);
    }
}

impl Desk {
    /// Tries a changed pack on recorded commands: each of its decisions is made in the context in
    /// which it was made then, and compared. Nothing is changed. `progress` gets the position that is
    /// reached and the last one.
    ///
    /// # Errors
    /// When the asker is no administrator, the pack has faults, or the store fails.
    pub fn simulate(
        &self,
        actor: &Actor,
        files: &PackFiles,
        query: &SimulateQuery,
        progress: &mut dyn FnMut(Pos, Pos),
    ) -> Result<Simulation> {
        actor.require_admin("simulating a pack")?;
        let candidate = Candidate::load(self, files)?;
        let from = match (query.after, query.since) {
            (Some(after), _) => after,
            (None, Some(since)) => self.before_instant(since)?,
            (None, None) => Pos::ZERO,
        };
        let last = self.pos();
        let (send, receive) = sync_channel::<Chunk>(WAITING);
        let receive = Mutex::new(receive);
        let mut done = std::thread::scope(|scope| {
            let judges: Vec<_> = (0..query.threads.clamp(1, 16))
                .map(|_| scope.spawn(|| self.judge(&candidate, &receive, query.told)))
                .collect();
            let read = self.read_all((from, last), query, &send, progress);
            drop(send);
            let mut done = Simulation::default();
            for judge in judges {
                let found = judge.join().unwrap_or_else(|_| Err(broken_thread()))?;
                done.join(found);
            }
            let (not_replayable, reached) = read?;
            done.not_replayable += not_replayable;
            done.commands += not_replayable;
            done.cut = reached < last;
            done.reached = reached;
            done.last = last;
            Ok::<_, Error>(done)
        })?;
        done.pack = candidate.pack.name().to_owned();
        done.version.clone_from(&candidate.pack.manifest.version);
        done.revision = decide::hex(&candidate.pack.revision);
        let rules = candidate.pack.rules.iter();
        let rules = rules.filter(|rule| UNRECORDED.contains(&rule.hook));
        done.not_tried = rules.map(|rule| (rule.id(), rule.hook.name())).collect();
        done.differences.sort_by_key(|d| d.pos);
        let over = done.differences.len().saturating_sub(query.told);
        done.differences.truncate(query.told);
        done.untold += u64::try_from(over).unwrap_or(0);
        Ok(done)
    }

    /// Reads the journal and hands the commands out, each with the records as they were. Tells how
    /// many cannot be made again, and how far it came.
    fn read_all(
        &self,
        (from, last): (Pos, Pos),
        query: &SimulateQuery,
        send: &SyncSender<Chunk>,
        progress: &mut dyn FnMut(Pos, Pos),
    ) -> Result<(u64, Pos)> {
        let mut walk = Walk::new(self);
        let (mut after, mut seen) = (from, 0_u64);
        loop {
            let rows = self.store.journal(after, CHUNK)?;
            let Some(end) = rows.last().map(|row| row.pos) else {
                return Ok((walk.not_replayable, last));
            };
            let mut chunk = Vec::with_capacity(rows.len());
            for row in rows
                .iter()
                .filter(|row| !row.bytes.is_empty() && row.pos <= last)
            {
                if query.commands.is_some_and(|most| seen >= most) {
                    let _ = send.send(chunk);
                    return Ok((walk.not_replayable, after));
                }
                after = row.pos;
                if let Some(ready) = walk.step(row.pos, &row.bytes)? {
                    seen += 1;
                    chunk.push(ready);
                }
            }
            // Nobody listens any more: a judge failed and says why.
            if send.send(chunk).is_err() || end >= last {
                return Ok((walk.not_replayable, last));
            }
            after = end;
            progress(end, last);
        }
    }

    fn judge(
        &self,
        candidate: &Candidate,
        chunks: &Mutex<Receiver<Chunk>>,
        told: usize,
    ) -> Result<Simulation> {
        let mut done = Simulation::default();
        loop {
            let chunk = chunks.lock().recv();
            let Ok(chunk) = chunk else { return Ok(done) };
            for (recorded, then) in chunk {
                done.commands += 1;
                match judge_one(self, candidate, &recorded, then)? {
                    Some(judged) => done.add(judged, told),
                    None => done.not_replayable += 1,
                }
            }
        }
    }

    /// The last position before an instant. Positions are ordered as time is.
    fn before_instant(&self, since: Instant) -> Result<Pos> {
        let (mut low, mut high) = (0_u64, self.pos().0);
        while low < high {
            let middle = low + (high - low) / 2;
            let rows = self.store.journal(Pos(middle), 1)?;
            let first = rows.iter().find(|row| !row.bytes.is_empty());
            let at = first
                .map(|row| trace::decode(row.pos, &row.bytes))
                .transpose()?;
            match at {
                Some((entry, _)) if entry.at < since => low = middle + 1,
                None if !rows.is_empty() => low = middle + 1,
                _ => high = middle,
            }
        }
        Ok(Pos(low))
    }
}

/// Judges one command; none when its decisions cannot be made again.
pub(super) fn judge_one(
    desk: &Desk,
    candidate: &Candidate,
    recorded: &Recorded,
    then: Then,
) -> Result<Option<Judged>> {
    let mut records = Handed {
        desk,
        base: recorded.base.clone(),
        then,
    };
    match candidate.judge(recorded, &mut records, &desk.permits) {
        Ok(judged) => Ok(Some(judged)),
        Err(error) if error.code == "not_replayable" => Ok(None),
        Err(error) => Err(error),
    }
}

fn broken_thread() -> Error {
    Error::new(
        ErrorKind::Internal,
        "internal",
        "a thread of the simulation stopped",
    )
}

/// A walk along the journal: entries with what their decisions stood on.
pub(super) struct Walk<'d> {
    desk: &'d Desk,
    records: Rolling<'d>,
    footing: Option<((Pos, Pos), Arc<Footing>)>,
    pub not_replayable: u64,
}

impl<'d> Walk<'d> {
    pub(super) fn new(desk: &'d Desk) -> Self {
        Self {
            desk,
            records: Rolling::new(desk),
            footing: None,
            not_replayable: 0,
        }
    }

    /// Takes an entry; gives it back ready to be judged when rules could have a say in it.
    pub(super) fn step(&mut self, pos: Pos, bytes: &[u8]) -> Result<Option<(Recorded, Then)>> {
        let (entry, trace) = trace::decode(pos, bytes)?;
        let Some(trace) = trace else {
            self.records.pass(pos, &entry);
            self.not_replayable += u64::from(!entry.runs.is_empty());
            return Ok(None);
        };
        let base = self.desk.base_of(pos, &entry)?;
        let then = self.records.then(&entry, &trace, &base)?;
        self.records.pass(pos, &entry);
        let place = (entry.catalog, trace.service);
        let footing = match &self.footing {
            Some((at, footing)) if *at == place => Ok(Arc::clone(footing)),
            _ => Footing::of(self.desk, &entry, Some(&trace)).map(Arc::new),
        };
        match footing {
            Ok(footing) => {
                self.footing = Some((place, Arc::clone(&footing)));
                let recorded = Recorded {
                    pos,
                    entry,
                    trace: Some(trace),
                    base,
                    footing,
                };
                Ok(Some((recorded, then)))
            }
            Err(error) if error.code == "not_replayable" => {
                self.not_replayable += 1;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
