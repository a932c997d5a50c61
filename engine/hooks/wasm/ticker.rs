//! A clock for plugins: a thread that turns the epochs of compiled code while calls are under way, so
//! that each call looks now and then how long it has run. It rests when there are none.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

use wasmtime::Engine;

/// Time between two looks of a call.
const TICK: Duration = Duration::from_millis(5);
/// Ticks without a call after which the thread rests: waking it costs a call more than all else here.
const IDLE_TICKS: u32 = 200;

/// The clock of a host.
pub(super) struct Ticker {
    shared: Arc<Shared>,
    /// Its thread, from the first call on; none when the system gave none, and fuel alone decides.
    thread: OnceLock<Option<Thread>>,
}

struct Shared {
    engines: Vec<Engine>,
    under_way: AtomicUsize,
    rests: AtomicBool,
    is_over: AtomicBool,
}

/// A call that is under way.
pub(super) struct Running<'a>(&'a Shared);

impl Ticker {
    pub(super) fn of(engines: Vec<Engine>) -> Self {
        Self {
            shared: Arc::new(Shared {
                engines,
                under_way: AtomicUsize::new(0),
                rests: AtomicBool::new(false),
                is_over: AtomicBool::new(false),
            }),
            thread: OnceLock::new(),
        }
    }

    /// A call begins; it ends when the answer is dropped.
    pub(super) fn begin(&self) -> Running<'_> {
        self.shared.under_way.fetch_add(1, Ordering::SeqCst);
        let thread = self.thread.get_or_init(|| start(&self.shared));
        if self.shared.rests.load(Ordering::SeqCst)
            && let Some(thread) = thread
        {
            thread.unpark();
        }
        Running(&self.shared)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        if let Some(Some(thread)) = self.thread.get() {
            thread.unpark();
        }
    }
}

fn start(shared: &Arc<Shared>) -> Option<Thread> {
    let shared = Arc::clone(shared);
    let thread = std::thread::Builder::new().name("opora-ticker".to_owned());
    match thread.spawn(move || shared.run()) {
        Ok(handle) => Some(handle.thread().clone()),
        Err(e) => {
            tracing::error!("no clock for plugins, their fuel alone counts: {e}");
            None
        }
    }
}

impl Shared {
    fn run(&self) {
        let mut idle = 0;
        while !self.is_over.load(Ordering::SeqCst) {
            if idle < IDLE_TICKS {
                std::thread::park_timeout(TICK);
            } else {
                // Said before the last look: a call that begins after it sees that it has to wake.
                self.rests.store(true, Ordering::SeqCst);
                if self.under_way.load(Ordering::SeqCst) == 0
                    && !self.is_over.load(Ordering::SeqCst)
                {
                    std::thread::park();
                }
                self.rests.store(false, Ordering::SeqCst);
                idle = 0;
            }
            for engine in &self.engines {
                engine.increment_epoch();
            }
            idle = match self.under_way.load(Ordering::SeqCst) {
                0 => idle + 1,
                _ => 0,
            };
        }
    }
}
