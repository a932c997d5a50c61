//! A recorded command, decided again by the rules of a candidate.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::candidate::{Candidate, Difference, Judged};
use super::moment::{Moment, place_of};
use super::outline::{Point, differences};
use super::run::Recorded;
use super::said::Said;
use crate::desk::Result;
use crate::desk::decide::call_checked;
use crate::desk::journal::{RuleRun, Verdict};
use crate::desk::permits::{Patience, Permits};
use crate::desk::trace::{Scene, Trace};
use crate::domain::{Id, Kind, Record, Value, record::fields};
use crate::hooks::{Call, Effect, Hook, Rule};
use crate::packs::Catalog;

/// Most characters of a value that is told.
const MAX_SHOWN: usize = 500;

/// A recorded command on which a candidate is tried.
pub(super) struct Judge<'a, 'm> {
    pub(super) candidate: &'a Candidate,
    pub(super) permits: &'a Permits,
    pub(super) recorded: &'a Recorded,
    pub(super) trace: &'a Trace,
    pub(super) next: &'a Catalog,
    pub(super) moment: Moment<'m>,
    pub(super) judged: Judged,
    pub(super) rule_time: Duration,
}

/// Where a rule stood in a scene: the run that was recorded, if it was called, and the steps before.
struct Stood<'a> {
    run: Option<(usize, &'a RuleRun)>,
    at: u32,
}

impl<'a> Judge<'a, '_> {
    /// Tries the rules of one hook, called once.
    pub(super) fn scene(&mut self, n: u16, scene: &'a Scene) -> Result<()> {
        let Some(hook) = Hook::with_code(scene.hook) else {
            return Ok(());
        };
        let name = self.candidate.pack.name();
        let then = &self.recorded.footing.catalog;
        let own = |rules: &[Arc<Rule>]| rules.iter().any(|r| &*r.pack == name);
        if !own(self.next.rules(hook)) && !own(then.rules(hook)) {
            return Ok(());
        }
        if hook == Hook::ScheduleFire && self.timer_of_another(name) {
            return Ok(());
        }
        if [Hook::AssignSelect, Hook::SlaSelect].contains(&hook) {
            return self.first_wins(n, scene, hook);
        }
        for rule in self.next.rules(hook).iter().filter(|r| &*r.pack == name) {
            if self.is_due(rule, scene)? {
                self.rule(n, scene, rule)?;
            }
        }
        self.removed(n, hook, scene)
    }

    /// Timers come due for the pack that set them.
    fn timer_of_another(&self, name: &str) -> bool {
        let cause = self.recorded.entry.cause.as_ref();
        let pack = cause.and_then(|c| c.name.split('/').next());
        pack.is_some_and(|pack| pack != name)
    }

    fn is_due(&mut self, rule: &Rule, scene: &Scene) -> Result<bool> {
        let cause = scene.cause.and_then(|run| {
            let run = self.recorded.entry.runs.get(usize::from(run))?;
            self.recorded.footing.name(run.rule)
        });
        if cause.is_some_and(|name| name.rule == rule.id()) {
            return Ok(false);
        }
        self.moment.applies(rule, scene)
    }

    /// Where a rule of this name stood in a scene.
    fn stood(&self, n: u16, scene: &Scene, rule: &str) -> Stood<'a> {
        let named = |place: u16| {
            let name = self.recorded.footing.name(place);
            name.is_some_and(|name| name.rule == rule)
        };
        let runs = self.trace.runs.iter().zip(&self.recorded.entry.runs);
        let mut runs = runs.enumerate();
        let found = runs.find(|(_, (place, run))| place.scene == n && named(run.rule));
        if let Some((i, (place, run))) = found {
            return Stood {
                run: Some((i, run)),
                at: place.at,
            };
        }
        let mut skips = self.trace.skips.iter();
        let skip = skips.find(|skip| skip.scene == n && named(skip.rule));
        Stood {
            run: None,
            at: skip.map_or(scene.at, |skip| skip.at),
        }
    }

    /// Tries one rule of the candidate and compares.
    fn rule(&mut self, n: u16, scene: &'a Scene, rule: &Arc<Rule>) -> Result<()> {
        let id = rule.id();
        let stood = self.stood(n, scene, &id);
        let now = self.say(rule, scene, stood.at)?;
        let then = stood
            .run
            .map_or(Said::Nothing, |(_, run)| Said::recorded(run));
        if !then.same(&now) {
            let then = self.then(stood.run, then)?;
            self.differ(&id, scene, &then.points(), &now.points());
            self.suppose(rule, scene, &stood, (&then, &now))?;
        }
        Ok(())
    }

    /// What the rule would have set otherwise, for the rules that come after it.
    fn suppose(
        &mut self,
        rule: &Rule,
        scene: &Scene,
        stood: &Stood<'_>,
        (then, now): (&Said, &Said),
    ) -> Result<()> {
        let place = self.moment.record_of(scene)?;
        let Some(before) = self.moment.supposed(place, stood.at)? else {
            return Ok(());
        };
        let (then, now) = (
            self.after(rule, &before, then),
            self.after(rule, &before, now),
        );
        // What it set itself stands before the next call.
        let next = stood.run.and_then(|(i, _)| self.trace.runs.get(i + 1));
        let from = match (stood.run, next) {
            (None, _) => stood.at,
            (Some(_), Some(next)) => next.at.max(stood.at),
            (Some(_), None) => u32::try_from(self.trace.steps.len()).unwrap_or(u32::MAX),
        };
        let fields: BTreeSet<&String> = then.fields.keys().chain(now.fields.keys()).collect();
        for field in fields {
            let value = now.get(field);
            if value != then.get(field) && !self.keeps(rule, &before, field, stood.at)? {
                self.moment.suppose(place, field, value.cloned(), from);
            }
        }
        Ok(())
    }

    /// Whether a field keeps its value whatever the rule says.
    fn keeps(&mut self, rule: &Rule, before: &Record, field: &str, at: u32) -> Result<bool> {
        let asked = self.moment.was_asked((before.kind, before.id), field, at)?;
        if rule.hook != Hook::RecordDefaults {
            return Ok(asked && !rule.overrides);
        }
        let def = self.next.field(before.kind, before.type_code(), field);
        let by_definition = def.is_some_and(|def| def.default.is_some());
        Ok(asked || (before.get(field).is_some() && !by_definition))
    }

    /// A record with the values and tags that a rule said.
    fn after(&self, rule: &Rule, before: &Record, said: &Said) -> Record {
        let mut after = before.clone();
        let Said::Decision(decision) = said else {
            return after;
        };
        for (effect, _) in &decision.effects {
            match effect {
                Effect::Set { field, value } => {
                    let pack = Some(&*rule.pack);
                    let def = self
                        .next
                        .resolve(before.kind, before.type_code(), pack, field);
                    let Some(def) = def else { continue };
                    match value.as_ref().map(|value| def.check(value)) {
                        None => after.put(&def.code, None),
                        Some(Ok(value)) => after.put(&def.code, Some(value)),
                        // Its effects would have been refused.
                        Some(Err(_)) => return before.clone(),
                    }
                }
                Effect::Tag(tag) => tagged(&mut after, tag, true),
                Effect::Untag(tag) => tagged(&mut after, tag, false),
                _ => {}
            }
        }
        after
    }

    /// Rules that the candidate has no more.
    fn removed(&mut self, n: u16, hook: Hook, scene: &'a Scene) -> Result<()> {
        let name = self.candidate.pack.name();
        for (i, run) in self.recorded.entry.runs.iter().enumerate() {
            if self.trace.runs.get(i).is_none_or(|place| place.scene != n) {
                continue;
            }
            let Some(rule) = self.recorded.footing.name(run.rule) else {
                continue;
            };
            let own = rule.rule.split('/').next() == Some(name);
            let mut kept = self.next.rules(hook).iter();
            if !own || kept.any(|r| r.id() == rule.rule) {
                continue;
            }
            self.judged.decisions += 1;
            let said = Said::recorded(run);
            if !said.same(&Said::Nothing) {
                let id = rule.rule.clone();
                let then = self.then(Some((i, run)), said)?;
                self.differ(&id, scene, &then.points(), &[]);
            }
        }
        Ok(())
    }

    /// A hook of which the first rule that chooses decides: who chose, then and now.
    fn first_wins(&mut self, n: u16, scene: &'a Scene, hook: Hook) -> Result<()> {
        let runs = self.trace.runs.iter().zip(&self.recorded.entry.runs);
        let runs: Vec<(usize, &RuleRun)> = runs
            .enumerate()
            .filter(|(_, (place, _))| place.scene == n)
            .map(|(i, (_, run))| (i, run))
            .collect();
        let chose = |(_, run): &&(usize, &RuleRun)| run.verdict == Verdict::Decided;
        let winner = runs.iter().find(chose).copied();
        let mut now = Said::Nothing;
        let mut by = String::new();
        for rule in self.next.rules(hook) {
            if !self.is_due(rule, scene)? {
                continue;
            }
            let id = rule.id();
            let stood = self.stood(n, scene, &id);
            let foreign = &*rule.pack != self.candidate.pack.name();
            let said = match stood.run {
                Some((_, run)) if foreign && run.verdict != Verdict::Decided => continue,
                Some((_, run)) if foreign => Said::recorded(run),
                _ => self.say(rule, scene, stood.at)?,
            };
            if !matches!(said, Said::Nothing | Said::Failed(_)) {
                (now, by) = (said, id);
                break;
            }
        }
        let then = winner.map_or(Said::Nothing, |(_, run)| Said::recorded(run));
        let unchanged = match (&then, &now) {
            (Said::Digest(a), Said::Digest(b)) => a == b,
            (then, now) => then.same(now),
        };
        if unchanged {
            return Ok(());
        }
        let then = self.then(winner, then)?;
        if by.is_empty() {
            let name = winner.and_then(|(_, run)| self.recorded.footing.name(run.rule));
            by = name.map(|n| n.rule.clone()).unwrap_or_default();
        }
        self.differ(&by, scene, &then.points(), &now.points());
        Ok(())
    }

    /// What a rule of the combined packs says.
    fn say(&mut self, rule: &Arc<Rule>, scene: &Scene, at: u32) -> Result<Said> {
        let call: Call = self.moment.call_supposing(rule, scene, at)?;
        let call = Call {
            options: self.next.options(&rule.pack).cloned().unwrap_or_default(),
            ..call
        };
        self.judged.decisions += 1;
        if rule.unmet(&call).is_some() {
            return Ok(Said::Nothing);
        }
        let started = std::time::Instant::now();
        let call = rule.narrow(call);
        let said = self
            .permits
            .run(rule, Patience::Endless, || call_checked(rule, &call))?;
        self.rule_time += started.elapsed();
        let said = Said::of(said);
        if matches!(said, Said::Failed(_)) {
            self.judged.failed += 1;
        }
        Ok(said)
    }

    /// What was said then, made again when only its digest is known.
    fn then(&mut self, run: Option<(usize, &RuleRun)>, said: Said) -> Result<Said> {
        let (Some((i, _)), Said::Digest(_)) = (run, &said) else {
            return Ok(said);
        };
        let (rule, scene, at) = self.recorded.run(i)?;
        let call = self.moment.call(rule, scene, at)?;
        Ok(Said::of(call_checked(rule, &rule.narrow(call))))
    }

    fn differ(&mut self, rule: &str, scene: &Scene, then: &[Point], now: &[Point]) {
        let place = place_of(&self.recorded.entry, self.trace, scene);
        let (kind, id) = place.unwrap_or((Kind::Ticket, Id::MIN));
        let cut = |text: Option<String>| text.map(|t| t.chars().take(MAX_SHOWN).collect());
        let mut found = differences(then, now);
        if found.is_empty() {
            // The same in words, and not in every detail.
            found.push(("decision".to_owned(), None, None));
        }
        for (field, recorded, candidate) in found {
            self.judged.differences.push(Difference {
                pos: self.recorded.pos,
                at: self.recorded.entry.at,
                kind,
                id,
                rule: rule.to_owned(),
                hook: Hook::with_code(scene.hook)
                    .map_or("", Hook::name)
                    .to_owned(),
                field,
                recorded: cut(recorded),
                candidate: cut(candidate),
            });
        }
    }
}

fn tagged(record: &mut Record, tag: &str, is_on: bool) {
    let mut tags = match record.get(fields::TAGS) {
        Some(Value::List(tags)) => tags.clone(),
        _ => Vec::new(),
    };
    tags.retain(|known| known.as_text() != Some(tag));
    if is_on {
        tags.push(Value::from(tag));
    }
    let tags = (!tags.is_empty()).then_some(Value::List(tags));
    record.put(fields::TAGS, tags);
}
