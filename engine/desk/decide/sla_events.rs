//! `sla.event`: a clock is about to pass its due time, or passed it. Warnings stand in the support
//! level, beside the target they belong to; what follows from them is for rules.

use std::sync::Arc;

use super::Deciding;
use super::clock_rules::clock_view;
use crate::desk::Result;
use crate::desk::journal::Purpose;
use crate::domain::sla::{ClockState, SlaClock};
use crate::domain::{Id, Instant, Kind};
use crate::hooks::{Detail, Hook};

impl Deciding<'_, '_> {
    /// A due time came: if the clock still runs, it is breached from now on.
    pub(super) fn clock_due(&mut self, id: Id, name: &str) -> Result<()> {
        let now = self.ground.now;
        if let Some(work) = self.draft.clocks_of(id)?.get_mut(name)
            && work.clock.tick(now)
        {
            work.changed = true;
        }
        self.show_clocks(id)
    }

    /// Tells the journal and the rules of clocks that were found breached, by their timer or by a
    /// change that came before it; each breach once.
    pub(super) fn tell_breaches(&mut self) -> Result<()> {
        while let Some((id, clock)) = self.untold() {
            self.draft
                .notes
                .push(format!("sla_breached:{}", clock.clock));
            let detail = Detail::SlaEvent {
                event: "breached",
                clock: clock_view(&clock),
            };
            self.rules_with_effects(Hook::SlaEvent, Kind::Ticket, id, &detail)?;
        }
        Ok(())
    }

    fn untold(&mut self) -> Option<(Id, SlaClock)> {
        let all = self.draft.clocks.iter_mut();
        let mut each = all.flat_map(|(id, clocks)| clocks.values_mut().map(|w| (*id, w)));
        let (id, work) = each.find(|(_, w)| w.clock.breached_at.is_some() && !w.told)?;
        work.told = true;
        Some((id, work.clock.clone()))
    }

    /// The time to warn came. A warning of a due that moved, or that has passed, is none.
    pub(super) fn clock_warns(
        &mut self,
        id: Id,
        name: &str,
        before_secs: u64,
        at: Instant,
    ) -> Result<()> {
        let now = self.ground.now;
        let Some(work) = self.draft.clocks_of(id)?.get(name) else {
            return Ok(());
        };
        let clock = work.clock.clone();
        let holds = self.warnings(&clock).contains(&before_secs)
            && self.warn_at(&clock, before_secs)? == Some(at);
        if !holds {
            return Ok(());
        }
        if clock.due_at <= now {
            self.draft.notes.push(format!("sla_warning_late:{name}"));
            return Ok(());
        }
        self.draft.notes.push(format!("sla_warned:{name}"));
        let detail = Detail::SlaEvent {
            event: "warned",
            clock: clock_view(&clock),
        };
        self.rules_with_effects(Hook::SlaEvent, Kind::Ticket, id, &detail)
    }

    /// Sets the timers of a clock's warnings, moves them with the due, and takes those away of a
    /// clock that stands or ended.
    pub(super) fn set_warnings(&mut self, id: Id, clock: &SlaClock) -> Result<()> {
        let wanted = self.warnings(clock);
        let name = |n: usize| format!("sla-warn:{}:{n}", clock.clock);
        for (n, before_secs) in wanted.iter().enumerate() {
            match self.warn_at(clock, *before_secs)? {
                // What was warned of stays so when a wait moves the due.
                Some(at) if at > self.ground.now => {
                    let purpose = Purpose::SlaWarn {
                        clock: clock.clock.clone(),
                        before_secs: *before_secs,
                    };
                    self.set_timer(Kind::Ticket, id, &name(n), at, purpose);
                }
                _ => {
                    self.draft.timers.insert((id, name(n)), None);
                }
            }
        }
        // Another level may have warned more often.
        for n in wanted.len()..self.most_warnings(&clock.clock) {
            self.draft.timers.insert((id, name(n)), None);
        }
        Ok(())
    }

    /// When to warn; not while the clock stands, nor after it ended or was breached.
    fn warn_at(&self, clock: &SlaClock, before_secs: u64) -> Result<Option<Instant>> {
        if clock.state != ClockState::Running || clock.breached_at.is_some() {
            return Ok(None);
        }
        let service = Arc::clone(&self.ground.service);
        Ok(Some(clock.warn_at(
            &*service,
            self.ground.now,
            before_secs,
        )?))
    }

    /// Working seconds before the due at which the clock's level warns. A share is one of the time
    /// that this clock has.
    fn warnings(&self, clock: &SlaClock) -> Vec<u64> {
        let level = self.ground.service.level(&clock.level);
        let target = level.and_then(|(_, level)| level.target(&clock.clock));
        target
            .map(|t| t.warnings(clock.target_secs))
            .unwrap_or_default()
    }

    fn most_warnings(&self, clock: &str) -> usize {
        let levels = self.ground.service.levels.iter();
        let targets = levels.filter_map(|(_, level)| level.target(clock));
        let most = targets
            .map(|t| t.warn_before_secs.len() + t.warn_at.len())
            .max();
        most.unwrap_or_default()
    }
}
