//! Timers that came due.

use super::journal::Timer;
use super::{Actor, Command, Desk, ErrorKind, Request, Result, codec, keys};
use crate::domain::Instant;
use crate::store::Table;

impl Desk {
    /// Runs timers that are due by the engine's clock, in the order of their times, at most `max`.
    /// Returns how many ran.
    ///
    /// # Errors
    /// When the store fails; what a single timer does wrong is journalled and does not stop others.
    pub fn fire_due(&self, max: usize) -> Result<usize> {
        let now = self.now();
        let snapshot = self.store.snapshot(None)?;
        let to = keys::timer_at(now + chrono::TimeDelta::microseconds(1));
        let rows = snapshot.range(Table::Timers, &[], &to, false, max.min(10_000))?;
        drop(snapshot);
        let mut ran = 0;
        for (_, row) in rows {
            let timer: Timer = codec::decode(&row.bytes)?;
            ran += usize::from(self.fire(&timer)?);
        }
        Ok(ran)
    }

    /// When the next timer is due.
    ///
    /// # Errors
    /// When the store fails.
    pub fn next_timer(&self) -> Result<Option<Instant>> {
        let snapshot = self.store.snapshot(None)?;
        let rows = snapshot.range(Table::Timers, &[], &[u8::MAX; 32], false, 1)?;
        let timer = rows
            .first()
            .map(|(_, row)| codec::decode::<Timer>(&row.bytes))
            .transpose()?;
        Ok(timer.map(|t| t.due))
    }

    fn fire(&self, timer: &Timer) -> Result<bool> {
        let request = Request::by(Actor::System);
        let command = |failed| Command::FireTimer {
            timer: timer.id,
            due: timer.due,
            owner: (timer.kind, timer.owner),
            failed,
        };
        let error = match self.run(&request, &command(None)) {
            Ok(_) => return Ok(true),
            Err(error) => error,
        };
        match error.kind {
            // Fired or removed by somebody else meanwhile.
            ErrorKind::NotFound => Ok(false),
            ErrorKind::Busy | ErrorKind::Internal => Err(error),
            // What is refused now would be refused for ever: the timer goes, the journal says why.
            _ => {
                tracing::warn!(timer = %timer.name, "a timer could not be run: {error}");
                self.run(&request, &command(Some(error.to_string())))?;
                Ok(true)
            }
        }
    }
}
