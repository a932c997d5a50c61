//! Calling rules: the view they get, the trace they leave, and what happens when one breaks.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::breaker::Row;
use super::{Deciding, Ground};
use crate::desk::journal::{By, RuleRun, Verdict};
use crate::desk::{Fault, Result};
use crate::domain::{Id, Kind, Record, record::fields};
use crate::hooks::{
    Call, Decision, Detail, Failure, FailureKind, Hook, Outcome, RecordView, RouteChoice, Rule,
    Spot,
};
use crate::packs::Catalog;

const BROKEN: &str = "a rule could not be run";
const SUSPENDED: &str = "a rule failed again and again and is suspended";

/// What a rule decided, and where it stands in the trace.
pub struct Ruled {
    /// The rule.
    pub rule: Arc<Rule>,
    /// Its place in the trace.
    pub run: u16,
    /// What it decided.
    pub decision: Decision,
    /// The failures in a row that its answer ended, should it turn out to be one of them.
    row: Row,
}

impl Ruled {
    /// Who set a value that the rule decided at a spot.
    pub const fn by(&self, spot: Spot) -> By {
        By::Rule {
            run: self.run,
            line: spot.line,
        }
    }
}

impl Deciding<'_, '_> {
    /// The rules of a hook for a record, in their order, without the one whose effect is being
    /// applied: a rule is not woken by its own effect.
    pub(super) fn due_rules(&self, hook: Hook, kind: Kind, id: Id) -> Vec<Arc<Rule>> {
        let type_code = self.type_of(kind, id);
        self.ground
            .catalog
            .rules_for(hook, kind, type_code.as_deref())
            .filter(|rule| self.chain.last().is_none_or(|last| *last != rule.id()))
            .cloned()
            .collect()
    }

    /// Calls one rule. `Ok(None)`: it had no opinion, or it broke where a broken rule is skipped.
    ///
    /// # Errors
    /// The failure of a rule that must not be skipped, as a fault.
    pub(super) fn call_rule(
        &mut self,
        rule: &Arc<Rule>,
        kind: Kind,
        id: Id,
        detail: &Detail,
    ) -> Result<std::result::Result<Option<Ruled>, Fault>> {
        let scene = self.scene(rule.hook, kind, id, detail);
        let place = place_of(&self.ground.catalog, rule);
        let call = self.call_of(rule, kind, id, detail)?;
        if let Some(condition) = rule.unmet(&call) {
            self.draft.trace.skip(scene, place, condition);
            return Ok(Ok(None));
        }
        self.draft.trace.run(scene);
        if let Some(last) = self.ground.breakers.suspended(rule) {
            return Ok(self.suspended(rule, detail, &last));
        }
        let call = rule.narrow(call);
        let span = tracing::debug_span!(
            "hook",
            hook = rule.hook.name(),
            rule = %rule.id(),
            used = tracing::field::Empty
        );
        let permits = self.ground.permits;
        let outcome = permits.run(rule, self.patience(), || {
            span.in_scope(|| call_checked(rule, &call))
        })?;
        let run = u16::try_from(self.draft.runs.len()).unwrap_or(u16::MAX);
        match outcome {
            Ok(outcome) => {
                span.record("used", outcome.usage.used);
                rule.tally.answered(&outcome);
                let row = self.ground.breakers.ran_well(rule);
                let decision = outcome.decision;
                self.draft.runs.push(RuleRun {
                    rule: place,
                    verdict: verdict_of(&decision),
                    used: outcome.usage.used,
                    digest: decision.digest(),
                    reasons: reasons(&decision),
                });
                if decision.is_empty() {
                    return Ok(Ok(None));
                }
                Ok(Ok(Some(Ruled {
                    rule: Arc::clone(rule),
                    run,
                    decision,
                    row,
                })))
            }
            Err(failure) => {
                self.note_failure(rule, place, id, &failure);
                if rule.hook.fails_closed_on(detail) {
                    return Ok(Err(self.told(broken(rule, &failure))));
                }
                Ok(Ok(None))
            }
        }
    }

    /// The place of the first condition of a rule that does not hold for a record.
    pub(super) fn unmet_condition(
        &mut self,
        rule: &Rule,
        kind: Kind,
        id: Id,
        detail: &Detail,
    ) -> Result<Option<usize>> {
        if rule.when.is_empty() {
            return Ok(None);
        }
        let call = self.call_of(rule, kind, id, detail)?;
        Ok(rule.unmet(&call))
    }

    /// The scene of a hook on a record: the point at which its rules are due. Said even where no rule
    /// is due, so that a rule that comes later can be tried on it.
    pub(super) fn scene(&mut self, hook: Hook, kind: Kind, id: Id, detail: &Detail) -> u16 {
        let locale = self.locale().to_owned();
        let trace = &mut self.draft.trace;
        trace.scene((hook, (kind, id)), detail, &self.actor, &locale)
    }

    fn note_failure(&mut self, rule: &Rule, place: u16, id: Id, failure: &Failure) {
        tracing::warn!(rule = %rule.id(), hook = rule.hook.name(), "rule failed: {failure}");
        // A plugin that is being compiled has not failed: its breaker counts what it does itself.
        if failure.kind != FailureKind::NotReady {
            rule.tally.failed(failure.usage);
            self.ground.breakers.failed(rule, id, &failure.message);
        }
        self.draft.runs.push(RuleRun {
            rule: place,
            verdict: Verdict::Failed,
            used: failure.usage.used,
            digest: [0; 8],
            reasons: vec![failure.message.clone()],
        });
    }

    /// A suspended guard refuses with its last error, a suspended effect is skipped and journalled.
    fn suspended(
        &mut self,
        rule: &Arc<Rule>,
        detail: &Detail,
        last: &str,
    ) -> std::result::Result<Option<Ruled>, Fault> {
        self.draft.runs.push(RuleRun {
            rule: place_of(&self.ground.catalog, rule),
            verdict: Verdict::Suspended,
            used: 0,
            digest: [0; 8],
            reasons: Vec::new(),
        });
        if !rule.hook.fails_closed_on(detail) {
            return Ok(None);
        }
        Err(self.told(Fault {
            field: None,
            code: "rule_suspended".to_owned(),
            message: format!(
                "{SUSPENDED}, so the change is refused until an administrator resets it (`opora hooks \
                 --reset {}`) or replaces it; its last error: {last}",
                rule.id()
            ),
            rule: Some(rule.id()),
        }))
    }

    /// The fault of a rule that could not be run, as the asker may know it: errors hold the rule's
    /// source and what it read. The whole of it stands in `GET /v1/hooks`.
    fn told(&self, fault: Fault) -> Fault {
        if self.sight.is_whole() {
            return fault;
        }
        let what = match fault.code.as_str() {
            "rule_suspended" => SUSPENDED,
            _ => BROKEN,
        };
        Fault {
            message: format!("{what}, so the change is refused; administrators can see why"),
            rule: None,
            ..fault
        }
    }

    /// Marks the last decision of a rule as failed, when what it asked for could not be done. A call
    /// fails once, however much of what it asked for cannot be done.
    pub(super) fn retract(&mut self, ruled: &Ruled, record: Id, why: &str) {
        let message = format!("{}: {why}", ruled.rule.id());
        tracing::warn!(rule = %ruled.rule.id(), "effects were refused: {why}");
        let run = self.draft.runs.get_mut(usize::from(ruled.run));
        let has_failed = run.as_ref().is_some_and(|r| r.verdict == Verdict::Failed);
        if let Some(run) = run {
            run.verdict = Verdict::Failed;
            run.reasons.push(message.clone());
        }
        if !has_failed {
            self.count_failed(ruled, record, &message);
        }
    }

    /// Counts a call that gave a decision as one that failed.
    pub(super) fn count_failed(&self, ruled: &Ruled, record: Id, message: &str) {
        let Ruled { rule, row, .. } = ruled;
        rule.tally.retracted();
        let breakers = self.ground.breakers;
        breakers.failed_after(rule, record, message, row);
    }

    fn call_of(&mut self, rule: &Rule, kind: Kind, id: Id, detail: &Detail) -> Result<Call> {
        let related = self.related(rule, kind, id)?;
        let ground = self.ground;
        let view = |r: &Record| view_of(ground, r);
        let mut work = self.draft.records.get_mut(&(kind, id));
        let record = work.as_mut().and_then(|w| w.view(view));
        let before = match &self.follow {
            Some(follow) if rule.hook == Hook::RecordChanged => follow.before.clone(),
            _ => work.as_mut().and_then(|w| w.view_before(view)),
        };
        let asked = work.map(|w| Arc::clone(&w.asked)).unwrap_or_default();
        Ok(Call {
            hook: rule.hook,
            pack: Arc::clone(&rule.pack),
            now: self.ground.now,
            actor: self.actor.view(self.locale()),
            record: record.unwrap_or_else(|| Arc::new(view(&Record::new(id, kind)))),
            before,
            asked,
            related: Arc::new(related),
            options: self
                .ground
                .catalog
                .options(&rule.pack)
                .cloned()
                .unwrap_or_default(),
            detail: detail.clone(),
        })
    }

    /// Language of whoever acts, as far as the draft knows the person, else the one that was asked for,
    /// else the desk's.
    pub(super) fn locale(&self) -> &str {
        let person = self.actor.record();
        let person = person.and_then(|(kind, id)| self.draft.peek(kind, id));
        let own = person.and_then(|p| p.text("locale"));
        let own = own.or(self.request.locale.as_deref());
        own.unwrap_or_else(|| self.ground.service.language())
    }

    /// Calls the rules of an effect hook one after another and applies what each decides.
    pub(super) fn rules_with_effects(
        &mut self,
        hook: Hook,
        kind: Kind,
        id: Id,
        detail: &Detail,
    ) -> Result<()> {
        self.scene(hook, kind, id, detail);
        for rule in self.due_rules(hook, kind, id) {
            if let Ok(Some(ruled)) = self.call_rule(&rule, kind, id, detail)? {
                self.apply_effects(&ruled, kind, id)?;
            }
        }
        Ok(())
    }
}

/// Calls a rule and refuses a decision that sets what the rule did not declare.
pub fn call_checked(rule: &Rule, call: &Call) -> std::result::Result<Outcome, Failure> {
    let outcome = rule.runner.call(call)?;
    checked(rule, outcome)
}

/// The outcome of a rule, unless it sets what the rule did not declare.
pub fn checked(rule: &Rule, outcome: Outcome) -> std::result::Result<Outcome, Failure> {
    let Some((field, line)) = rule.undeclared(&outcome.decision) else {
        return Ok(outcome);
    };
    let line = match line {
        0 => String::new(),
        line => format!(", line {line}"),
    };
    Err(Failure {
        kind: FailureKind::Broken,
        message: format!(
            "rule {}{line}: sets `{field}`, which it does not declare in `writes`",
            rule.id()
        ),
        usage: outcome.usage,
    })
}

/// A record as rules see it.
pub fn view_of(ground: &Ground<'_>, record: &Record) -> RecordView {
    view_by(&ground.catalog, record)
}

/// A record as rules of a catalog see it.
pub fn view_by(catalog: &Catalog, record: &Record) -> RecordView {
    let workflow = catalog.workflow(record.kind, record.type_code());
    let status = record.text(fields::STATUS);
    let category = workflow
        .zip(status)
        .and_then(|(w, s)| w.status(s))
        .map(|s| s.category.name());
    RecordView {
        id: record.id,
        kind: record.kind,
        fields: record.fields.clone(),
        category,
    }
}

/// The fault of a guard that broke: the change is refused and says why.
fn broken(rule: &Rule, failure: &Failure) -> Fault {
    let code = match failure.kind {
        FailureKind::NotReady => "rule_not_ready",
        FailureKind::OverBudget | FailureKind::Broken => "rule_broken",
    };
    Fault {
        field: None,
        code: code.to_owned(),
        message: format!("{BROKEN}, so the change is refused: {}", failure.message),
        rule: Some(rule.id()),
    }
}

fn verdict_of(decision: &Decision) -> Verdict {
    if decision.is_empty() {
        Verdict::NoOpinion
    } else if decision.refusals.is_empty() {
        Verdict::Decided
    } else {
        Verdict::Refused
    }
}

fn reasons(decision: &Decision) -> Vec<String> {
    let because = decision.because.iter().map(|b| match b.spot.line {
        0 => format!("{}: {}", b.code, b.text),
        line => format!("{}: {} (line {line})", b.code, b.text),
    });
    let refusals = decision
        .refusals
        .iter()
        .map(|r| format!("{}: {}", r.code, r.message));
    let choice = decision.assign.iter().map(|a| a.reason.clone());
    let level = decision.level.iter().map(|l| l.reason.clone());
    let declined = match &decision.route {
        Some(RouteChoice::Decline { reason, .. }) => Some(reason.clone()),
        _ => None,
    };
    let all: BTreeSet<String> = because
        .chain(refusals)
        .chain(choice)
        .chain(level)
        .chain(decision.stage.iter().map(|s| s.reason.clone()))
        .chain(decision.consume.iter().map(|c| c.reason.clone()))
        .chain(declined)
        .filter(|r| !r.is_empty())
        .collect();
    all.into_iter().take(16).collect()
}

/// The place of a rule in the total order of all rules.
pub fn place_of(catalog: &Catalog, rule: &Arc<Rule>) -> u16 {
    let mut all = Hook::ALL
        .into_iter()
        .flat_map(|hook| catalog.rules(hook).iter());
    let place = all.position(|other| Arc::ptr_eq(other, rule));
    place
        .and_then(|p| u16::try_from(p).ok())
        .unwrap_or(u16::MAX)
}
