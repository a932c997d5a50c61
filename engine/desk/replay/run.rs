//! One recorded decision, made again with its way shown.

use std::sync::Arc;

use super::moment::{Moment, Records, place_of};
use super::not_replayable;
use super::outline::{Point, outline};
use crate::desk::decide::checked;
use crate::desk::erase::ERASED_NOTE;
use crate::desk::journal::{JournalEntry, RuleName, RuleRun, StoredEntry, Verdict};
use crate::desk::rebuild::Base;
use crate::desk::service::Service;
use crate::desk::sight::Sight;
use crate::desk::trace::{Scene, Trace};
use crate::desk::{Actor, Desk, Error, Result, codec, keys};
use crate::domain::{Entry, Id, Kind, Record, Value};
use crate::hooks::call::seen;
use crate::hooks::rule::NOT_READY;
use crate::hooks::{Call, Failure, FailureKind, Hook, Outcome, Place, RecordView, Rule, Step};
use crate::packs::Catalog;
use crate::store::{Pos, Table};

/// What a value of the record before the command is read of.
const BEFORE: &str = "before";

/// A recorded call of a rule and what comes of it today.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// Place among the calls of the command.
    pub run: usize,
    /// `pack/name`.
    pub rule: String,
    /// Version of the pack.
    pub version: String,
    /// Hash of its revision, hexadecimal.
    pub revision: String,
    /// Hook.
    pub hook: String,
    /// Where its code stands.
    pub place: Option<Place>,
    /// The record it was about.
    pub record: (Kind, Id),
    /// What it said then.
    pub verdict: String,
    /// Operations or fuel used then.
    pub used: u64,
    /// Operations or fuel it may use.
    pub budget: u64,
    /// What differs from then; none: the decision is the same, bit for bit.
    pub differs: Option<String>,
    /// What it says.
    pub points: Vec<Point>,
    /// Reasons it gives, with their lines.
    pub because: Vec<Point>,
    /// Values it read.
    pub read: Vec<ReadValue>,
    /// Its error.
    pub failure: Option<String>,
    /// Lines of the script that were run.
    pub steps: Vec<Step>,
}

/// A value that a rule read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadValue {
    /// What it was read of: the reference of a related record, `before`, or nothing for the record.
    pub of: String,
    /// Field.
    pub field: String,
    /// Value, as the rule was given it.
    pub value: Option<Value>,
    /// Whether there was a value that the pack was not granted to see.
    pub withheld: bool,
}

/// An entry with all that its decisions stood on but the records.
pub(super) struct Recorded {
    pub pos: Pos,
    pub entry: JournalEntry,
    pub trace: Option<Trace>,
    pub base: Base,
    pub footing: Arc<Footing>,
}

/// The rules of a time, and what they chose from.
pub(super) struct Footing {
    pub catalog: Arc<Catalog>,
    pub service: Arc<Service>,
    /// The rules in their total order: the name, and the rule itself when it still loads.
    order: Vec<(RuleName, Option<Arc<Rule>>)>,
}

impl Footing {
    pub(super) fn of(desk: &Desk, entry: &JournalEntry, trace: Option<&Trace>) -> Result<Self> {
        let catalog = desk.catalog_at(entry.catalog)?;
        let service = match trace {
            Some(trace) => desk.service_at(trace.service)?,
            None => Arc::default(),
        };
        let names = desk.rule_order_at(entry.catalog)?;
        let order = names.into_iter().map(|name| {
            let rule = rule_named(&catalog, &name.rule);
            (name, rule)
        });
        Ok(Self {
            order: order.collect(),
            catalog,
            service,
        })
    }

    pub(super) fn name(&self, place: u16) -> Option<&RuleName> {
        self.order.get(usize::from(place)).map(|(name, _)| name)
    }

    pub(super) fn rule(&self, place: u16) -> Option<&Arc<Rule>> {
        self.order.get(usize::from(place))?.1.as_ref()
    }
}

/// The rule of a catalog with an id.
pub(super) fn rule_named(catalog: &Catalog, id: &str) -> Option<Arc<Rule>> {
    let (pack, name) = id.split_once('/')?;
    // The catalog's own, which are held to what their pack was granted.
    let mut rules = Hook::ALL.into_iter().flat_map(|hook| catalog.rules(hook));
    let found = rules.find(|rule| &*rule.pack == pack && &*rule.name == name);
    found.cloned()
}

/// Records as a decision found them, read from the journal.
pub(super) struct AsOf<'d> {
    pub desk: &'d Desk,
    pub base: Base,
}

impl Records for AsOf<'_> {
    fn before(&mut self, kind: Kind, id: Id) -> Result<Option<Arc<Record>>> {
        Ok(self.desk.record_on(kind, id, &self.base)?.map(Arc::new))
    }

    fn entry(&mut self, owner: Id, entry: Id) -> Result<Option<Entry>> {
        self.desk.kept_entry(owner, entry)
    }

    fn journal(&mut self, pos: Pos) -> Result<Option<JournalEntry>> {
        self.desk.journal_at(pos)
    }
}

impl Recorded {
    /// The trace, or why there is none.
    pub(super) fn traced(&self) -> Result<&Trace> {
        self.trace.as_ref().ok_or_else(|| {
            if self.entry.notes.iter().any(|note| note == ERASED_NOTE) {
                return not_replayable(format!(
                    "what the decision at position {} stood on was erased",
                    self.pos
                ));
            }
            not_replayable(format!(
                "the entry at position {} was written by an older build, which kept no trace",
                self.pos
            ))
        })
    }

    /// The rule, the scene and the place of a run.
    pub(super) fn run(&self, run: usize) -> Result<(&Arc<Rule>, &Scene, u32)> {
        let trace = self.traced()?;
        let lost = || not_replayable(format!("run {run} at position {} is not traced", self.pos));
        let place = trace.runs.get(run).ok_or_else(lost)?;
        let scene = trace
            .scenes
            .get(usize::from(place.scene))
            .ok_or_else(lost)?;
        let recorded = self.entry.runs.get(run).ok_or_else(lost)?;
        let rule = self.footing.rule(recorded.rule).ok_or_else(|| {
            let name = self.footing.name(recorded.rule);
            let name = name.map_or("a rule", |n| n.rule.as_str());
            not_replayable(format!("`{name}` of that time no longer loads"))
        })?;
        Ok((rule, scene, place.at))
    }
}

impl Desk {
    /// A comment or message as it is stored; entries never change.
    pub(super) fn kept_entry(&self, owner: Id, entry: Id) -> Result<Option<Entry>> {
        let snapshot = self.store.snapshot(None)?;
        let row = snapshot.get(Table::Entries, &keys::entry(owner, entry))?;
        let stored = row.map(|row| codec::decode::<StoredEntry>(&row.bytes));
        Ok(stored.transpose()?.map(|stored| stored.entry))
    }

    /// The entry of a position with what its decisions stood on.
    pub(super) fn recorded(&self, pos: Pos) -> Result<Recorded> {
        let rows = self.store.journal(Pos(pos.0.saturating_sub(1)), 1)?;
        let row = rows
            .into_iter()
            .find(|r| r.pos == pos && !r.bytes.is_empty());
        let row = row.ok_or_else(Error::not_found)?;
        let (entry, trace) = crate::desk::trace::decode(pos, &row.bytes)?;
        let footing = Arc::new(Footing::of(self, &entry, trace.as_ref())?);
        Ok(Recorded {
            pos,
            base: self.base_of(pos, &entry)?,
            entry,
            trace,
            footing,
        })
    }

    /// Makes the decisions of a position again, those of one rule when it is named.
    ///
    /// # Errors
    /// When the asker is a customer or may not see everything, nothing happened there, or what it stood on is gone
    /// (`not_replayable`).
    pub fn replay(&self, actor: &Actor, pos: Pos, rule: Option<&str>) -> Result<Vec<Replayed>> {
        actor.require_agent("replaying decisions")?;
        let (ground, _) = self.ground(self.store.snapshot(None)?, self.now(), None)?;
        if !Sight::new(&ground, actor).is_whole() {
            // Rules saw whole records, and what they saw is what a replay shows.
            return Err(Error::forbidden(
                "decisions are replayed for those from whom nothing is kept",
            ));
        }
        let recorded = self.recorded(pos)?;
        let trace = recorded.traced()?;
        let mut records = AsOf {
            desk: self,
            base: recorded.base.clone(),
        };
        let footing = &recorded.footing;
        let mut moment = Moment::new(
            &recorded.entry,
            trace,
            &footing.catalog,
            &footing.service,
            &mut records,
        );
        let mut done = Vec::new();
        for (i, run) in recorded.entry.runs.iter().enumerate() {
            let name = footing.name(run.rule);
            if rule.is_some_and(|wanted| name.is_none_or(|n| n.rule != wanted)) {
                continue;
            }
            done.push(replay_run(&recorded, &mut moment, i, run)?);
        }
        if done.is_empty() && rule.is_some() {
            return Err(Error::not_found());
        }
        Ok(done)
    }
}

/// Makes a run again, with its way shown.
pub(super) fn replay_run(
    recorded: &Recorded,
    moment: &mut Moment<'_>,
    run: usize,
    then: &RuleRun,
) -> Result<Replayed> {
    let (rule, scene, at) = recorded.run(run)?;
    let trace = recorded.traced()?;
    let call = rule.narrow(moment.call(rule, scene, at)?);
    let (traced, looks) = seen::during(|| rule.runner.trace(&call));
    let result = traced.result.and_then(|outcome| checked(rule, outcome));
    let usage = match &result {
        Ok(outcome) => outcome.usage,
        Err(failure) => failure.usage,
    };
    let (points, because) = match &result {
        Ok(outcome) => (outline(&outcome.decision), reasons(outcome)),
        Err(_) => (Vec::new(), Vec::new()),
    };
    let name = recorded.footing.name(then.rule);
    Ok(Replayed {
        run,
        rule: rule.id(),
        version: rule.version.to_string(),
        revision: name.map_or_else(String::new, |n| crate::desk::decide::hex(&n.revision)),
        hook: Hook::with_code(scene.hook)
            .map_or("", Hook::name)
            .to_owned(),
        place: rule.runner.place(),
        record: place_of(&recorded.entry, trace, scene).unwrap_or((Kind::Ticket, Id::MIN)),
        verdict: then.verdict.name().to_owned(),
        used: then.used,
        budget: usage.budget,
        differs: difference(then, &result),
        points,
        because,
        read: values(&call, rule.runner.given(&call).as_ref(), looks),
        failure: result.err().map(|failure| failure.message),
        steps: traced.steps,
    })
}

fn reasons(outcome: &Outcome) -> Vec<Point> {
    let because = outcome.decision.because.iter();
    because
        .map(|b| Point {
            field: b.code.clone(),
            value: b.text.clone(),
            line: b.spot.line,
        })
        .collect()
}

/// The values that a rule looked at, as it was `given` them when that is less than the whole call.
fn values(whole: &Call, given: Option<&Call>, looks: Vec<seen::Look>) -> Vec<ReadValue> {
    let given = given.unwrap_or(whole);
    let value = |of: &str, name: &str| {
        let of_call = |call: &Call| view(call, of)?.field(&call.pack, name).cloned();
        let value = of_call(given);
        ReadValue {
            of: of.to_owned(),
            field: name.to_owned(),
            withheld: value.is_none() && of_call(whole).is_some(),
            value,
        }
    };
    let mut read = Vec::new();
    for (kind, id, name) in looks {
        let is = |view: &RecordView| (view.kind, view.id) == (kind, id);
        if !is(&whole.record) {
            let related = whole.related.iter().find(|(_, view)| is(view));
            read.extend(related.map(|(of, _)| value(of, &name)));
            continue;
        }
        let now = value("", &name);
        let before = whole.before.as_ref().map(|_| value(BEFORE, &name));
        let before = before.filter(|b| (&b.value, b.withheld) != (&now.value, now.withheld));
        read.push(now);
        read.extend(before);
    }
    read
}

/// The record of a call that a value was read of.
fn view<'c>(call: &'c Call, of: &str) -> Option<&'c RecordView> {
    match of {
        "" => Some(&call.record),
        BEFORE => call.before.as_deref(),
        of => call.related.get(of).map(|view| &**view),
    }
}

/// What differs between a recorded run and what comes of it now.
pub(super) fn difference(
    then: &RuleRun,
    now: &std::result::Result<Outcome, Failure>,
) -> Option<String> {
    let waits = |now: &std::result::Result<Outcome, Failure>| matches!(now, Err(failure) if failure.kind == FailureKind::NotReady);
    // A plugin that is being compiled says nothing, now as then.
    let waited = then.reasons.iter().any(|why| why.ends_with(NOT_READY));
    if then.verdict == Verdict::Suspended || waited || waits(now) {
        return None;
    }
    // A rule whose effects were refused counts as failed, but it decided.
    let decided = then.digest != [0; 8] || then.verdict != Verdict::Failed;
    match (decided, now) {
        (true, Ok(outcome)) if outcome.decision.digest() != then.digest => {
            Some("the decision is another one".to_owned())
        }
        (_, Ok(outcome)) if outcome.usage.used != then.used => Some(format!(
            "it used {} of its budget, then {}",
            outcome.usage.used, then.used
        )),
        (true, Ok(_)) => None,
        (true, Err(failure)) => Some(format!("it fails: {}", failure.message)),
        (false, Ok(_)) => Some("it failed then, and does not now".to_owned()),
        (false, Err(failure)) if then.reasons.first() != Some(&failure.message) => Some(format!(
            "it fails another way: {}; then: {}",
            failure.message,
            then.reasons.join("; ")
        )),
        (false, Err(_)) => None,
    }
}
