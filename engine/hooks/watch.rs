//! What a call costs others: the time of a processor that it takes. One that takes much is held up
//! by whoever makes it, and one that takes far too much is stopped.
//!
//! Time on the wall would tell less: on a machine that is full an honest call takes long, too. None
//! of this reaches a decision, but for a call that is stopped: when a call goes on says nothing of
//! what it decides.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;

/// Time on the wall after which the time of the processor is looked at: most calls end before, and
/// pay nothing for it.
const FIRST_LOOK: Duration = Duration::from_millis(1);
/// Time of the processor, from the first look on, after which a call runs long. Ordinary ones take a
/// hundredth of it.
const LONG: Duration = Duration::from_millis(2);

/// A call that runs long gives way to others so often.
const GIVE_WAY: Duration = Duration::from_millis(1);

/// What is said of a call that took too much time.
pub const LATE: &str = "took too long";
/// What is said of a call that was not let go on: nobody hears it, since its maker knows why.
pub const HELD: &str = "was held up for too long";

/// Asked once by a call that runs long, and may wait. False: it is to stop.
pub type Hold = Box<dyn FnOnce() -> bool>;

thread_local! {
    static HOLD: RefCell<Option<Hold>> = const { RefCell::new(None) };
}

/// Makes a call that asks `hold` when it runs long.
pub fn held<T>(hold: Hold, call: impl FnOnce() -> T) -> T {
    HOLD.with(|h| *h.borrow_mut() = Some(hold));
    // Taken back even when the call unwinds.
    let _back = TakeBack;
    call()
}

struct TakeBack;

impl Drop for TakeBack {
    fn drop(&mut self) {
        drop(HOLD.with(|h| h.borrow_mut().take()));
    }
}

/// The watch of one call, which runs on one thread.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    /// When to look at the processor's clock.
    look_at: Instant,
    /// The processor's clock at the first look.
    base: Option<Duration>,
    /// The wall's clock then.
    base_at: Instant,
    /// Time on the wall before the first look, half of what the call may take at most: a call whose
    /// operations are long has used it. It counts for that alone, since others may just have waited.
    before: Duration,
    /// What it may take.
    most: Duration,
    is_long: bool,
    /// When a call that runs long gives way to others.
    give_way_at: Instant,
}

impl Watch {
    /// A call begins that may take so much time of a processor.
    #[must_use]
    pub fn begin(most: Duration) -> Self {
        let now = Instant::now();
        Self {
            look_at: now + FIRST_LOOK,
            base: None,
            base_at: now,
            before: Duration::ZERO,
            most,
            is_long: false,
            give_way_at: now,
        }
    }

    /// A call that ran too long is repeated, for so much time of a processor from its beginning.
    #[must_use]
    pub fn again(most: Duration) -> Self {
        let watch = Self::begin(most);
        Self {
            look_at: watch.base_at + most,
            base: ThreadTime::try_now().map(|t| t.as_duration()).ok(),
            is_long: true,
            ..watch
        }
    }

    /// Whether the call runs long: then it is worth looking more often.
    #[must_use]
    pub const fn is_long(&self) -> bool {
        self.is_long
    }

    /// Time of the processor that the call has left.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.base
            .map_or(self.most, |base| self.left_after(self.used(base)))
    }

    /// Time of the processor since the first look.
    fn used(&self, base: Duration) -> Duration {
        // A system without such a clock has the wall's.
        ThreadTime::try_now().map_or_else(
            |_| self.base_at.elapsed(),
            |clock| clock.as_duration().saturating_sub(base),
        )
    }

    const fn left_after(&self, used: Duration) -> Duration {
        self.most.saturating_sub(self.before).saturating_sub(used)
    }

    /// Looks at the time, and waits where the call is held up.
    ///
    /// # Errors
    /// What is said of the call when it must stop.
    pub fn look(&mut self) -> Result<(), &'static str> {
        let now = Instant::now();
        if self.is_long && self.give_way_at <= now {
            std::thread::yield_now();
            self.give_way_at = now + GIVE_WAY;
        }
        if now < self.look_at {
            return Ok(());
        }
        let Some(base) = self.base else {
            let clock = ThreadTime::try_now().map(|t| t.as_duration());
            self.base = Some(clock.unwrap_or_default());
            self.before = now
                .saturating_duration_since(self.base_at)
                .min(self.most / 2);
            self.base_at = now;
            self.look_at = now + LONG.min(self.most);
            return Ok(());
        };
        let used = self.used(base);
        let left = self.left_after(used);
        if left.is_zero() {
            return Err(LATE);
        }
        if used >= LONG && !self.is_long {
            self.is_long = true;
            let hold = HOLD.with(|h| h.borrow_mut().take());
            if hold.is_some_and(|hold| !hold()) {
                return Err(HELD);
            }
        }
        let next = if self.is_long {
            left
        } else {
            LONG.saturating_sub(used).min(left)
        };
        self.look_at = Instant::now() + next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    /// Works until the watch says to stop; for ten seconds at most.
    fn work(most: Duration) -> (Result<(), &'static str>, Duration) {
        let (began, cpu) = (Instant::now(), ThreadTime::now());
        let mut watch = Watch::begin(most);
        let mut said = Ok(());
        while said.is_ok() && began.elapsed() < Duration::from_secs(10) {
            said = watch.look();
        }
        (said, cpu.elapsed())
    }

    #[test]
    fn a_call_is_stopped_when_it_took_its_time_of_the_processor() {
        let most = Duration::from_millis(30);
        let (said, took) = work(most);
        assert_eq!(said, Err(LATE));
        // What others took before the first look may count as its own.
        assert!(most / 2 <= took, "{took:?}");
        assert!(took < most * 3, "{took:?}");
    }

    #[test]
    fn time_in_which_it_waits_does_not_count() {
        let most = Duration::from_millis(30);
        let began = Instant::now();
        let waits = move || {
            while began.elapsed() < Duration::from_millis(100) {
                std::thread::park_timeout(Duration::from_millis(100));
            }
            true
        };
        let (said, took) = held(Box::new(waits), || work(most));
        assert_eq!(said, Err(LATE));
        assert!(most / 2 <= took, "{took:?}");
        assert!(Duration::from_millis(100) <= began.elapsed());
    }

    #[test]
    fn who_runs_long_is_asked_once_and_stops_when_told_so() {
        let asked = Rc::new(RefCell::new(0));
        let count = Rc::clone(&asked);
        let stops = move || {
            *count.borrow_mut() += 1;
            false
        };
        let (said, _) = held(Box::new(stops), || work(Duration::from_secs(5)));
        assert_eq!((said, *asked.borrow()), (Err(HELD), 1));
        // The next call on this thread has nobody to ask.
        assert_eq!(work(Duration::from_millis(5)).0, Err(LATE));
        assert_eq!(*asked.borrow(), 1);
    }

    #[test]
    fn a_repeated_call_ends_at_the_first_look_after_its_time() {
        let most = Duration::from_millis(20);
        let (began, mut watch) = (ThreadTime::now(), Watch::again(most));
        while began.elapsed() < most {
            std::hint::spin_loop();
        }
        assert_eq!(watch.look(), Err(LATE));
    }

    #[test]
    fn what_a_call_has_left_is_its_time_without_what_it_took() {
        let most = Duration::from_secs(5);
        let mut watch = Watch::begin(most);
        assert_eq!(watch.left(), most);
        let (began, spent) = (ThreadTime::now(), Duration::from_millis(30));
        while began.elapsed() < spent {
            assert_eq!(watch.look(), Ok(()));
        }
        assert!(watch.left() <= most - spent / 2, "{:?}", watch.left());
    }

    #[test]
    fn a_short_call_is_not_asked() {
        let never = || -> bool { panic!("it was asked") };
        let said = held(Box::new(never), || {
            Watch::begin(Duration::from_secs(1)).look()
        });
        assert_eq!(said, Ok(()));
    }
}
