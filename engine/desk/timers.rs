//! Timers that came due.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::journal::Timer;
use super::{Actor, Command, Desk, ErrorKind, Request, Result, codec, keys, ledger};
use crate::domain::Instant;
use crate::store::{MAX_RANGE_ROWS, Span, Table};

/// Rings when a command queued what is due at once.
#[derive(Default)]
pub struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
}

impl Bell {
    /// Wakes who waits, or who comes to wait next.
    pub fn ring(&self) {
        *self.rung.lock() = true;
        self.heard.notify_all();
    }

    /// Waits until it rings, at most `most`.
    pub fn wait(&self, most: Duration) {
        let mut rung = self.rung.lock();
        if !*rung {
            // Whether it rang or the time is up: the caller looks what is due.
            let _ = self.heard.wait_for(&mut rung, most);
        }
        *rung = false;
    }
}

/// A timer that ran.
pub(super) struct Fired {
    pub timer: Timer,
    /// Why what it was to do was refused.
    pub refused: Option<String>,
}

impl Desk {
    /// Waits until a timer comes due, a command queues what is due at once, or somebody calls
    /// [`Desk::wake_timers`]; at most `most`. For the one thread that calls [`Desk::fire_due`].
    ///
    /// # Errors
    /// When the store fails.
    pub fn wait_due(&self, most: Duration) -> Result<()> {
        let until = match self.next_timer()? {
            Some(due) => (due - self.now()).to_std().unwrap_or(Duration::ZERO),
            None => most,
        };
        // A moment at least: what cannot be fired yet must not keep a core busy.
        self.bell
            .wait(until.max(Duration::from_millis(1)).min(most));
        Ok(())
    }

    /// Waits without a look at what is due, after something went wrong. [`Desk::wake_timers`] ends it.
    pub fn pause_timers(&self, most: Duration) {
        self.bell.wait(most);
    }

    /// Ends a [`Desk::wait_due`] of another thread.
    pub fn wake_timers(&self) {
        self.bell.ring();
    }

    /// Runs timers that are due by the engine's clock, in the order of their times, at most `max`.
    /// Returns how many ran. Records that are moving to a new revision of their pack go a step on.
    ///
    /// # Errors
    /// When the store fails; what a single timer does wrong is journalled and does not stop others.
    pub fn fire_due(&self, max: usize) -> Result<usize> {
        // Not while the clock is being moved: who moves it fires each timer at its own instant.
        let _turn = self.firing.lock();
        self.fire_now_due(max, &mut |_| ())
    }

    /// As [`Desk::fire_due`], for who holds the turn; tells each timer that ran.
    pub(super) fn fire_now_due(&self, max: usize, tell: &mut dyn FnMut(Fired)) -> Result<usize> {
        if let Err(e) = self.move_records(1) {
            // Timers do not wait for it.
            tracing::error!(code = e.code, "records could not be moved: {}", e.message);
        }
        self.keep_suspensions();
        if let Err(e) = self.keep_lessons(false) {
            tracing::error!(code = e.code, "counts of searches are lost: {}", e.message);
        }
        let now = self.now();
        let snapshot = self.store.snapshot(None)?;
        let to = keys::timer_at(now + chrono::TimeDelta::microseconds(1));
        let timers = Span {
            table: Table::Timers,
            from: Vec::new(),
            to,
            limit: max.min(MAX_RANGE_ROWS),
        };
        let (_, mut found) = snapshot.read(&[], &[timers, ledger::all_pending()])?;
        drop(snapshot);
        let pending = found.pop().unwrap_or_default();
        let mut ran = 0;
        for (_, row) in found.pop().unwrap_or_default() {
            let timer: Timer = codec::decode(&row.bytes)?;
            if let Some(fired) = self.fire(timer)? {
                ran += 1;
                tell(fired);
            }
        }
        Ok(ran + self.settle_contracts(&pending)?)
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

    fn fire(&self, timer: Timer) -> Result<Option<Fired>> {
        let request = Request::by(Actor::System);
        let command = |failed| Command::FireTimer {
            timer: timer.id,
            due: timer.due,
            owner: (timer.kind, timer.owner),
            failed,
        };
        let refused = match self.run(&request, &command(None)) {
            Ok(_) => None,
            Err(error) => match error.kind {
                // Fired or removed by somebody else meanwhile.
                ErrorKind::NotFound => return Ok(None),
                ErrorKind::Busy | ErrorKind::Internal => return Err(error),
                // What is refused now would be refused for ever: the timer goes, the journal says why.
                _ => {
                    tracing::warn!(timer = %timer.name, "a timer could not be run: {error}");
                    self.run(&request, &command(Some(error.to_string())))?;
                    Some(error.to_string())
                }
            },
        };
        Ok(Some(Fired { timer, refused }))
    }
}
