//! `sla.clock`: what the clocks of a ticket do, as the rules of its pack say. They add to what the
//! engine does by itself; only which interactions satisfy the reaction is theirs alone.

use std::sync::Arc;

use super::Deciding;
use super::rules::Ruled;
use super::sla::{REACTION, extended, is_live};
use super::update::place;
use crate::desk::draft::ClockWork;
use crate::desk::journal::By;
use crate::desk::{Error, ErrorKind, Result};
use crate::domain::sla::{ClockState, SlaClock, SlaError};
use crate::domain::{Id, Kind, Value, record::fields};
use crate::hooks::{ClockAct, ClockStep, ClockView, Detail, EntryView, Hook};

/// How the causes of spans begin that a rule began.
pub const CAUSE: &str = "rule:";

impl Deciding<'_, '_> {
    /// Whether a pack says what the clocks of a ticket do.
    pub(super) fn has_clock_rules(&self, id: Id) -> bool {
        let type_code = self.type_of(Kind::Ticket, id);
        let catalog = &self.ground.catalog;
        let mut rules = catalog.rules_for(Hook::SlaClock, Kind::Ticket, type_code.as_deref());
        rules.next().is_some()
    }

    /// Asks the rules what the clocks shall do, one after another, and does it.
    pub(super) fn clock_rules(
        &mut self,
        id: Id,
        event: &'static str,
        entry: Option<Arc<EntryView>>,
    ) -> Result<()> {
        for rule in self.due_rules(Hook::SlaClock, Kind::Ticket, id) {
            let clocks = self.draft.clocks_of(id)?.values();
            let detail = Detail::Clocks {
                event,
                entry: entry.clone(),
                clocks: clocks.map(|w| clock_view(&w.clock)).collect(),
            };
            if let Ok(Some(ruled)) = self.call_rule(&rule, Kind::Ticket, id, &detail)? {
                self.take_steps(&ruled, id)?;
            }
        }
        Ok(())
    }

    /// Takes all steps of a rule, or none of them when one cannot be taken.
    fn take_steps(&mut self, ruled: &Ruled, id: Id) -> Result<()> {
        // The way goes on whatever becomes of the steps.
        let trace = std::mem::take(&mut self.draft.trace);
        let saved = self.draft.clone();
        self.draft.trace = trace;
        let back = self.draft.trace.enter(ruled.run);
        let mut steps = ruled.decision.clocks.iter();
        let failed = steps.find_map(|step| {
            let error = self.take_step(ruled, id, step).err()?;
            Some(format!("line {}: {}", step.spot.line, error.message))
        });
        self.draft.trace.leave(failed.is_some().then_some(back));
        if let Some(why) = failed {
            let runs = std::mem::take(&mut self.draft.runs);
            let trace = std::mem::take(&mut self.draft.trace);
            self.draft = saved;
            self.draft.runs = runs;
            self.draft.trace = trace;
            self.retract(ruled, id, &why);
        }
        self.show_clocks(id)
    }

    fn take_step(&mut self, ruled: &Ruled, id: Id, step: &ClockStep) -> Result<()> {
        let name = step.clock.as_str();
        let now = self.ground.now;
        let service = Arc::clone(&self.ground.service);
        let cause = format!("{CAUSE}{}", place(&ruled.rule, step.spot.line));
        if step.act == ClockAct::Meet && name == REACTION {
            self.reacted(id, ruled.by(step.spot))?;
        }
        let Some(work) = self.draft.clocks_of(id)?.get_mut(name) else {
            if step.act == ClockAct::Start {
                return self.begin_clock(id, name, &cause);
            }
            self.skipped(ruled, step, "none");
            return Ok(());
        };
        let clock = &mut work.clock;
        let state = clock.state;
        let done = match step.act {
            ClockAct::Start if is_live(clock) => clock.resume(&*service, now, &cause),
            ClockAct::Start => clock.reopen(&*service, now, &cause),
            ClockAct::Pause => clock.pause(&*service, now, &cause),
            ClockAct::Resume => clock.resume(&*service, now, &cause),
            ClockAct::Meet => clock.meet(&*service, now, &cause),
            ClockAct::Cancel => clock.cancel(&*service, now, &cause),
            ClockAct::Extend(secs) => {
                let secs = u64::try_from(secs).unwrap_or_default();
                clock.extend(&*service, secs, now, &cause)
            }
        };
        match done {
            Ok(change) => {
                work.changed |= change.changed;
                self.draft.notes.extend(extended(name, &change));
                if let ClockAct::Extend(secs) = step.act {
                    let note = format!("sla_extended:{name}:{} min", secs / 60);
                    self.draft.notes.push(note);
                }
                Ok(())
            }
            // A rule need not know in which state a clock is: what makes no sense is left out.
            Err(SlaError::NotAllowed { .. }) => {
                self.skipped(ruled, step, state_name(state));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Starts a clock that the ticket does not have, by the terms of its level.
    fn begin_clock(&mut self, id: Id, name: &str, cause: &str) -> Result<()> {
        let record = self.draft.record(Kind::Ticket, id)?;
        let level = record.reference(fields::SUPPORT_LEVEL);
        let service = Arc::clone(&self.ground.service);
        let level = service.levels.iter().find(|(id, _)| Some(*id) == level);
        let terms = level.and_then(|(_, level)| {
            let calendar = service.calendar(&level.calendar)?;
            level.terms(name, calendar)
        });
        let Some(terms) = terms else {
            let short: String = name.chars().take(64).collect();
            return Err(Error::new(
                ErrorKind::Conflict,
                "no_target",
                format!(
                    "the ticket's support level promises nothing for the clock `{short}`; give the \
                     level a target for it"
                ),
            ));
        };
        let clock = SlaClock::start(name, terms, &*service, self.ground.now, cause)?;
        let clocks = self.draft.clocks_of(id)?;
        clocks.insert(name.to_owned(), ClockWork::new(clock));
        Ok(())
    }

    /// The first reaction is a fact of the ticket, with a clock or without.
    fn reacted(&mut self, id: Id, by: By) -> Result<()> {
        let record = self.draft.record(Kind::Ticket, id)?;
        if record.get(fields::REACTED_AT).is_none() {
            let now = Some(Value::Instant(self.ground.now));
            self.draft
                .set(Kind::Ticket, id, fields::REACTED_AT, now, by);
        }
        Ok(())
    }

    fn skipped(&mut self, ruled: &Ruled, step: &ClockStep, state: &str) {
        let act = match step.act {
            ClockAct::Start => "start",
            ClockAct::Pause => "pause",
            ClockAct::Resume => "resume",
            ClockAct::Meet => "meet",
            ClockAct::Cancel => "cancel",
            ClockAct::Extend(_) => "extend",
        };
        let clock: String = step.clock.chars().take(64).collect();
        let rule = place(&ruled.rule, step.spot.line);
        self.note_once(format!("sla_skipped:{clock}:{act}:{state}:{rule}"));
    }
}

/// A clock as rules see it.
pub(super) fn clock_view(clock: &SlaClock) -> ClockView {
    ClockView {
        clock: clock.clock.clone(),
        state: state_name(clock.state),
        due_at: clock.due_at,
        breached: clock.breached_at.is_some(),
    }
}

const fn state_name(state: ClockState) -> &'static str {
    match state {
        ClockState::Running => "running",
        ClockState::Paused => "paused",
        ClockState::Met => "met",
        ClockState::Cancelled => "cancelled",
    }
}
