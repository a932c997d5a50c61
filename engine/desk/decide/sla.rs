//! Support levels and their clocks on tickets.

use super::Deciding;
use crate::desk::ahead::SELECTORS;
use crate::desk::draft::ClockWork;
use crate::desk::journal::{By, Purpose};
use crate::desk::{Error, ErrorKind, Result};
use crate::domain::sla::{ClockChange, ClockState, SlaClock, SlaError};
use crate::domain::{Id, Kind, StatusCategory, StatusDef, Value, record::fields};
use crate::hooks::{Detail, Hook};

/// The clock that the first answer stops.
pub const REACTION: &str = "reaction";
/// The clock that the solution stops.
pub const RESOLUTION: &str = "resolution";

/// The cause of clocks that begin with their ticket.
pub const CREATED: &str = "created";

/// Marks a level that a person chose.
const BY_HAND: &str = "level_by_hand";

impl From<SlaError> for Error {
    fn from(e: SlaError) -> Self {
        Self::new(ErrorKind::Conflict, "sla", e.to_string())
    }
}

impl Deciding<'_, '_> {
    /// Chooses the support level of a ticket: a person's word, then the rules, then the contract's
    /// and the account's level. The clocks follow.
    pub(super) fn select_level(&mut self, id: Id, cause: &str) -> Result<()> {
        let kind = Kind::Ticket;
        if !self.draft.was_asked(kind, id, fields::SUPPORT_LEVEL) {
            let (level, by) = self.choose_level(id)?;
            self.draft
                .set(kind, id, fields::SUPPORT_LEVEL, level.map(Value::Ref), by);
        }
        let chosen_for = self.draft.records.get(&(kind, id));
        if let Some(record) = chosen_for.and_then(|work| work.now.clone()) {
            self.draft.selected.insert(id, record);
        }
        self.follow_level(id, cause)?;
        let event = if cause == CREATED { "created" } else { "level" };
        self.clock_rules(id, event, None)
    }

    fn choose_level(&mut self, id: Id) -> Result<(Option<Id>, By)> {
        let kind = Kind::Ticket;
        let service = std::sync::Arc::clone(&self.ground.service);
        let detail = Detail::SlaSelect {
            levels: std::sync::Arc::clone(&service.level_views),
        };
        self.scene(Hook::SlaSelect, kind, id, &detail);
        for rule in self.due_rules(Hook::SlaSelect, kind, id) {
            let Ok(Some(ruled)) = self.call_rule(&rule, kind, id, &detail)? else {
                continue;
            };
            let Some(choice) = &ruled.decision.level else {
                continue;
            };
            match service.level(&choice.level) {
                Some((level, _)) => return Ok((Some(*level), ruled.by(choice.spot))),
                None => self.retract(
                    &ruled,
                    id,
                    &format!("there is no support level `{}`", choice.level),
                ),
            }
        }
        let record = self.draft.record(kind, id)?;
        let contract = record.reference("contract").map(|c| (Kind::Contract, c));
        let account = record
            .reference(fields::ACCOUNT)
            .map(|a| (Kind::Account, a));
        let sources: Vec<(Kind, Id)> = contract.into_iter().chain(account).collect();
        self.draft.load(&sources)?;
        let level = sources
            .into_iter()
            .filter_map(|(kind, id)| self.draft.peek(kind, id))
            .find_map(|source| source.reference(fields::SUPPORT_LEVEL));
        Ok((level, By::Engine))
    }

    /// Chooses again when something changed that the level may depend on.
    pub(super) fn reselect_level(&mut self, kind: Kind, id: Id) -> Result<()> {
        if kind != Kind::Ticket {
            return Ok(());
        }
        let Some(work) = self.draft.records.get(&(kind, id)) else {
            return Ok(());
        };
        // What the level was chosen for: in this command, else before it.
        let before = self.draft.selected.get(&id).or(work.before.as_ref());
        let (Some(before), Some(now)) = (before, &work.now) else {
            return Ok(());
        };
        let differs = |name: &str| before.get(name) != now.get(name);
        if differs(fields::SUPPORT_LEVEL) {
            self.follow_level(id, "level_changed")?;
            return self.clock_rules(id, "level", None);
        }
        let closed = now.get(fields::CLOSED_AT).is_some();
        if closed || !SELECTORS.iter().any(|name| differs(name)) {
            return Ok(());
        }
        // A level that a person chose by hand stays until a person changes it.
        if now.get(BY_HAND).is_some() {
            return Ok(());
        }
        self.select_level(id, "fields_changed")
    }

    /// Starts the clocks of the ticket's level, or moves running ones to it.
    fn follow_level(&mut self, id: Id, cause: &str) -> Result<()> {
        let kind = Kind::Ticket;
        let level_id = self
            .draft
            .record(kind, id)?
            .reference(fields::SUPPORT_LEVEL);
        if self.draft.was_asked(kind, id, fields::SUPPORT_LEVEL) {
            // Taking the level away by hand gives the choice back to the rules.
            let by_hand = level_id.map(|_| Value::Bool(true));
            self.draft.set(kind, id, BY_HAND, by_hand, By::Engine);
        }
        let record = self.draft.record(kind, id)?;
        if record.get(fields::CLOSED_AT).is_some() {
            // What a closed ticket promised is history; opening it again runs its clocks on.
            return Ok(());
        }
        let reacted = record.get(fields::REACTED_AT).is_some();
        let status = record.status().unwrap_or_default().to_owned();
        let pauses = self.pauses(kind, id, &status);
        let service = std::sync::Arc::clone(&self.ground.service);
        let now = self.ground.now;
        let level = level_id.and_then(|l| service.levels.iter().find(|(id, _)| *id == l));
        let level = level.map(|(_, level)| level);
        let clocks = self.draft.clocks_of(id)?;
        let dropped = |name: &str| level.is_none_or(|l| l.target(name).is_none());
        for (_, work) in clocks.iter_mut().filter(|(name, _)| dropped(name)) {
            if is_live(&work.clock) {
                work.clock.cancel(&*service, now, cause)?;
                work.changed = true;
            }
        }
        let Some(level) = level else {
            return self.show_clocks(id);
        };
        let calendar = service.calendar(&level.calendar).ok_or_else(|| {
            let text = format!(
                "support level `{}` names no calendar that exists",
                level.code
            );
            Error::new(ErrorKind::Conflict, "sla_calendar_missing", text)
        })?;
        for target in &level.targets {
            let Some(terms) = level.terms(&target.clock, calendar) else {
                continue;
            };
            // What is answered is not promised again, unless a rule did so.
            let runs = clocks.get(&target.clock).is_some_and(|w| is_live(&w.clock));
            if reacted && target.clock == REACTION && !runs {
                continue;
            }
            let Some(work) = clocks.get_mut(&target.clock) else {
                let name = target.clock.clone();
                let clock = SlaClock::start(name.clone(), terms, &*service, now, cause)?;
                clocks.insert(name, ClockWork::new(clock));
                continue;
            };
            if work.clock.state == ClockState::Cancelled && ended_by_level(&work.clock) {
                // It went with an earlier level; this one promises again what is left.
                work.clock.reopen(&*service, now, cause)?;
            }
            if is_live(&work.clock) {
                work.clock.change_level(&*service, terms, now, cause)?;
                work.changed = true;
            }
        }
        for (_, work) in clocks.iter_mut().filter(|(name, _)| pauses.contains(name)) {
            if work.clock.state == ClockState::Running {
                work.clock
                    .pause(&*service, now, &format!("status:{status}"))?;
                work.changed = true;
            }
        }
        self.show_clocks(id)
    }

    /// The clocks that stand still in a status.
    fn pauses(&self, kind: Kind, id: Id, status: &str) -> Vec<String> {
        let type_code = self.type_of(kind, id);
        let workflow = self.ground.catalog.workflow(kind, type_code.as_deref());
        let def = workflow.and_then(|w| w.status(status));
        def.map(|d| d.pauses.clone()).unwrap_or_default()
    }

    /// Pauses, resumes, meets or cancels the clocks by the status that was entered.
    pub(super) fn clocks_follow_status(&mut self, kind: Kind, id: Id, status: &str) -> Result<()> {
        if kind != Kind::Ticket {
            return Ok(());
        }
        let type_code = self.type_of(kind, id);
        let workflow = self.ground.catalog.workflow(kind, type_code.as_deref());
        match workflow.and_then(|w| w.status(status)).cloned() {
            Some(def) => self.clocks_follow(kind, id, &def),
            None => Ok(()),
        }
    }

    /// As [`Self::clocks_follow_status`], by the definition of the status.
    pub(super) fn clocks_follow(&mut self, kind: Kind, id: Id, def: &StatusDef) -> Result<()> {
        if kind != Kind::Ticket {
            return Ok(());
        }
        let service = std::sync::Arc::clone(&self.ground.service);
        let now = self.ground.now;
        let mut notes = Vec::new();
        let clocks = self.draft.clocks_of(id)?;
        for (name, work) in clocks.iter_mut() {
            let clock = &mut work.clock;
            let cause = format!("status:{}", def.code);
            let paused = def.pauses.contains(name);
            let change = match (def.category, clock.state) {
                (StatusCategory::Done, _) if is_live(clock) && name != REACTION => {
                    clock.meet(&*service, now, &cause)?
                }
                (StatusCategory::Done | StatusCategory::Cancelled, _) if is_live(clock) => {
                    clock.cancel(&*service, now, &cause)?
                }
                (StatusCategory::Done | StatusCategory::Cancelled, _) => continue,
                (_, ClockState::Running) if paused => clock.pause(&*service, now, &cause)?,
                (_, ClockState::Paused) if !paused => clock.resume(&*service, now, &cause)?,
                (_, ClockState::Met | ClockState::Cancelled)
                    if name != REACTION && ended_by_status(clock) =>
                {
                    clock.reopen(&*service, now, &cause)?
                }
                _ => continue,
            };
            work.changed |= change.changed;
            notes.extend(extended(name, &change));
        }
        self.draft.notes.extend(notes);
        self.show_clocks(id)
    }

    /// The first answer to the customer stops the reaction clock.
    pub(super) fn answered(&mut self, kind: Kind, id: Id, cause: &str) -> Result<()> {
        if kind != Kind::Ticket
            || self
                .draft
                .record(kind, id)?
                .get(fields::REACTED_AT)
                .is_some()
        {
            return Ok(());
        }
        let now = self.ground.now;
        self.draft.set(
            kind,
            id,
            fields::REACTED_AT,
            Some(Value::Instant(now)),
            By::Engine,
        );
        let service = std::sync::Arc::clone(&self.ground.service);
        if let Some(work) = self.draft.clocks_of(id)?.get_mut(REACTION)
            && is_live(&work.clock)
        {
            work.clock.meet(&*service, now, cause)?;
            work.changed = true;
        }
        self.show_clocks(id)
    }

    /// Writes what the clocks say to the ticket's fields and sets the timers for their due times.
    pub(super) fn show_clocks(&mut self, id: Id) -> Result<()> {
        let kind = Kind::Ticket;
        let shown: Vec<SlaClock> = self
            .draft
            .clocks_of(id)?
            .values()
            .filter(|w| w.changed)
            .map(|w| w.clock.clone())
            .collect();
        for clock in shown {
            let name = clock.clock.as_str();
            let due = if clock.state == ClockState::Cancelled {
                None
            } else {
                Some(clock.due_at)
            };
            if name == REACTION || name == RESOLUTION {
                let due_field = format!("{name}_due_at");
                let breached = format!("{name}_breached_at");
                self.draft
                    .set(kind, id, &due_field, due.map(Value::Instant), By::Engine);
                let value = clock.breached_at.map(Value::Instant);
                self.draft.set(kind, id, &breached, value, By::Engine);
            }
            let timer = format!("sla:{name}");
            match clock.next_tick_at() {
                Some(at) => {
                    let purpose = Purpose::SlaDue {
                        clock: name.to_owned(),
                    };
                    self.set_timer(kind, id, &timer, at, purpose);
                }
                None => {
                    self.draft.timers.insert((id, timer), None);
                }
            }
            self.set_warnings(id, &clock)?;
        }
        Ok(())
    }
}

/// Tells in the journal that a due moved by a wait.
pub(super) fn extended(name: &str, change: &ClockChange) -> Option<String> {
    let moved = change.due_at != change.due_before && change.waited_secs > 0;
    moved.then(|| format!("sla_extended:{name}:{} min", change.waited_secs / 60))
}

pub(super) fn is_live(clock: &SlaClock) -> bool {
    matches!(clock.state, ClockState::Running | ClockState::Paused)
}

/// Whether a clock ended because the ticket was closed: then opening the ticket runs it on.
fn ended_by_status(clock: &SlaClock) -> bool {
    let end = clock.end.as_ref();
    end.is_some_and(|end| end.cause.starts_with("status:"))
}

/// Whether a clock ended because its level did, not because of a status or a rule.
fn ended_by_level(clock: &SlaClock) -> bool {
    let others = ["status:", super::clock_rules::CAUSE];
    let end = clock.end.as_ref();
    end.is_some_and(|end| !others.iter().any(|cause| end.cause.starts_with(cause)))
}
