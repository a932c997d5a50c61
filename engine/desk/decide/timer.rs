//! Running a timer that came due.

use super::{Answer, Deciding};
use crate::desk::journal::{Cause, Purpose, Timer};
use crate::desk::query::journal_entry;
use crate::desk::{Error, Result, codec, keys};
use crate::domain::{Id, Instant};
use crate::hooks::{Detail, Hook};
use crate::store::{Expect, Table};

impl Deciding<'_, '_> {
    pub(super) fn fire_timer(
        &mut self,
        id: Id,
        due: Instant,
        failed: Option<&str>,
    ) -> Result<Answer> {
        let key = keys::timer(due, id);
        // Fired before, replaced or removed: there is nothing to do.
        let row = self
            .draft
            .snapshot
            .get(Table::Timers, &key)?
            .ok_or_else(Error::not_found)?;
        let timer: Timer = codec::decode(&row.bytes)?;
        self.draft
            .rows
            .expect
            .push((Table::Timers, key.clone(), Expect::Version(row.version)));
        self.draft.rows.delete.push((Table::Timers, key));
        let name_key = keys::timer_name(timer.owner, &timer.name);
        self.draft.rows.delete.push((Table::TimerNames, name_key));
        self.cause = Some(Cause {
            timer: id,
            name: timer.name.clone(),
            set_at: row.version,
        });
        let place = (timer.kind, timer.owner);
        self.input.target = Some(place);
        self.draft.load(&[place])?;
        if self.draft.peek(place.0, place.1).is_none() {
            return Ok(Answer::record(place.0, place.1));
        }
        if let Some(why) = failed {
            self.draft
                .notes
                .push(format!("timer_failed:{}:{why}", timer.name));
            if timer.purpose == Purpose::Recur {
                self.recurrence_failed(&timer, why)?;
                self.settle(&[place])?;
            }
            return Ok(Answer::record(place.0, place.1));
        }
        self.settle_in(place.0, place.1)?;
        match &timer.purpose {
            Purpose::Rule { pack, data } => self.scheduled(&timer, pack, data)?,
            Purpose::SlaDue { clock } => self.clock_due(timer.owner, clock)?,
            Purpose::Changed { chain, wake } => {
                if let Some(entry) = journal_entry(self.ground.store, row.version)? {
                    self.changed(&timer, &entry, (chain, wake))?;
                }
            }
            Purpose::SlaWarn { clock, before_secs } => {
                self.clock_warns(timer.owner, clock, *before_secs, timer.due)?;
            }
            Purpose::PlanDue => self.plan_due(timer.owner)?,
            Purpose::Recur => self.recur(&timer)?,
            Purpose::SurveySend { survey } => self.send_survey(*survey)?,
        }
        self.settle(&[place])?;
        Ok(Answer::record(place.0, place.1))
    }

    /// `schedule.fire` of the pack that set the timer.
    fn scheduled(&mut self, timer: &Timer, pack: &str, data: &str) -> Result<()> {
        let bare = timer
            .name
            .strip_prefix(pack)
            .and_then(|n| n.strip_prefix('/'));
        let bare = bare.unwrap_or(&timer.name);
        // It may have been set by a revision that called things otherwise.
        let loaded = self.ground.catalog.pack(pack);
        let name = loaded.map_or(bare.into(), |p| p.timer_now(timer.id, bare));
        let data = loaded.map_or(data.into(), |p| p.data_now(timer.id, data));
        let detail = Detail::Timer {
            name: name.into_owned(),
            data: data.into_owned(),
        };
        for rule in self.due_rules(Hook::ScheduleFire, timer.kind, timer.owner) {
            if &*rule.pack != pack {
                continue;
            }
            if let Ok(Some(ruled)) = self.call_rule(&rule, timer.kind, timer.owner, &detail)? {
                self.apply_effects(&ruled, timer.kind, timer.owner)?;
            }
        }
        Ok(())
    }
}
