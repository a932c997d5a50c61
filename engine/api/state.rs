//! What every request shares: the desk, limits, and the way from async code to the desk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::metrics::Metrics;
use super::problem::Problem;
use super::rating::Turns;
use crate::delivery::Reach;
use crate::desk::{Desk, Result};
use crate::store::Pos;

/// Limits of the HTTP layer.
#[derive(Debug, Clone)]
pub struct ApiOptions {
    /// Greatest body in bytes.
    pub body_bytes: usize,
    /// Greatest body of an attachment or a bulk call in bytes.
    pub file_bytes: usize,
    /// Greatest body of a pack in bytes: its plugin comes in base64.
    pub pack_bytes: usize,
    /// Greatest body of a form that a page without login sends, in bytes.
    pub form_bytes: usize,
    /// Most pages without login shown at once, and a second in the long run.
    pub pages: (u32, u32),
    /// Longest time a request may take.
    pub request_timeout: Duration,
    /// Longest time the installing of a pack may take: a plugin of an interpreted language is
    /// compiled for tens of seconds.
    pub pack_timeout: Duration,
    /// Most calls into the desk at once. Writes that wait together share a commit, so this is also
    /// how many changes one commit may hold.
    pub calls_at_once: usize,
    /// Longest time a call waits for its turn.
    pub turn_timeout: Duration,
    /// Most event streams at once.
    pub streams_at_once: usize,
    /// Time between signs of life on a silent event stream.
    pub heartbeat: Duration,
    /// Where webhooks may lead.
    pub webhooks: Reach,
    /// Path under which the portal is served; empty: nowhere but beside the rest.
    pub portal_path: String,
}

impl Default for ApiOptions {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            file_bytes: 16 * 1024 * 1024,
            pack_bytes: 56 * 1024 * 1024,
            form_bytes: 256 * 1024,
            pages: (100, 20),
            request_timeout: Duration::from_secs(30),
            pack_timeout: Duration::from_secs(240),
            calls_at_once: 128,
            turn_timeout: Duration::from_secs(5),
            streams_at_once: 256,
            heartbeat: Duration::from_secs(15),
            webhooks: Reach::default(),
            portal_path: "/portal".to_owned(),
        }
    }
}

/// What every request shares.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    desk: Arc<Desk>,
    options: ApiOptions,
    metrics: Metrics,
    calls: Arc<Semaphore>,
    pages: Turns,
    streams: Arc<Semaphore>,
    draining: watch::Sender<bool>,
    positions: watch::Sender<Pos>,
    watching: AtomicBool,
    secret: [u8; 32],
}

impl App {
    pub(super) fn new(desk: Arc<Desk>, options: ApiOptions) -> Self {
        let mut secret = [0; 32];
        // Without entropy, secrets of tokens could be guessed: `tokens` refuses to make any then.
        let seeded = getrandom::fill(&mut secret).is_ok();
        Self(Arc::new(Inner {
            calls: Arc::new(Semaphore::new(options.calls_at_once)),
            pages: Turns::new(options.pages.0, options.pages.1),
            streams: Arc::new(Semaphore::new(options.streams_at_once)),
            draining: watch::Sender::new(false),
            positions: watch::Sender::new(desk.pos()),
            watching: AtomicBool::new(false),
            metrics: Metrics::default(),
            secret: if seeded { secret } else { [0; 32] },
            desk,
            options,
        }))
    }

    /// Limits.
    pub fn options(&self) -> &ApiOptions {
        &self.0.options
    }

    /// Counters.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The desk, for calls that do not wait for storage.
    pub fn desk(&self) -> &Desk {
        &self.0.desk
    }

    /// Turns of pages that need no login.
    pub fn pages(&self) -> &Turns {
        &self.0.pages
    }

    /// Turns of event streams.
    pub fn streams(&self) -> &Arc<Semaphore> {
        &self.0.streams
    }

    /// Bytes that only this process knows; none when the machine has no entropy.
    pub fn secret(&self) -> Option<&[u8; 32]> {
        (self.0.secret != [0; 32]).then_some(&self.0.secret)
    }

    /// Stops new streams and ends those that run.
    pub fn drain(&self) {
        self.0.draining.send_replace(true);
    }

    /// Whether the server is stopping.
    pub fn is_draining(&self) -> bool {
        *self.0.draining.borrow()
    }

    /// Turns true when the server stops.
    pub fn draining(&self) -> watch::Receiver<bool> {
        self.0.draining.subscribe()
    }

    /// Runs `work` with the desk on a thread that may wait.
    ///
    /// # Errors
    /// What `work` answers; busy when no turn came in time.
    pub async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Desk) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Problem> {
        let turn = self.0.calls.clone().acquire_owned();
        let turn = match tokio::time::timeout(self.0.options.turn_timeout, turn).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) | Err(_) => {
                return Err(Problem::busy(
                    "overloaded",
                    "too many requests are under way; try again",
                ));
            }
        };
        let (app, span) = (self.clone(), tracing::Span::current());
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            span.in_scope(|| work(&app.0.desk))
        });
        match done.await {
            Ok(result) => result.map_err(Problem::from),
            Err(e) => Err(Problem::internal(format!(
                "a call into the desk broke: {e}"
            ))),
        }
    }

    /// Reads from the desk once it has reached `at_least`; tells the position that is shown at least.
    ///
    /// # Errors
    /// What `work` answers; busy when the position is not reached or no turn comes in time.
    pub async fn read<T: Send + 'static>(
        &self,
        at_least: Option<Pos>,
        work: impl FnOnce(&Desk) -> Result<T> + Send + 'static,
    ) -> std::result::Result<(Pos, T), Problem> {
        let done = self.call(move |desk| {
            desk.reach(at_least)?;
            let pos = desk.pos();
            Ok((pos, work(desk)?))
        });
        done.await
    }

    /// The last position, as it moves. The first call starts a thread that watches the journal for
    /// all streams together; it ends with the API.
    pub fn positions(&self) -> watch::Receiver<Pos> {
        if !self.0.watching.swap(true, Ordering::AcqRel) {
            let weak = Arc::downgrade(&self.0);
            let started = std::thread::Builder::new()
                .name("opora-events".to_owned())
                .spawn(move || {
                    let mut last = Pos::ZERO;
                    while let Some(inner) = weak.upgrade() {
                        if *inner.draining.borrow() {
                            return;
                        }
                        let pos = inner.desk.wait(last, Duration::from_millis(500));
                        if last < pos {
                            inner.positions.send_replace(pos);
                            last = pos;
                        }
                    }
                });
            if let Err(e) = started {
                tracing::error!(error = %e, "the journal cannot be watched");
                self.0.watching.store(false, Ordering::Release);
            }
        }
        self.0.positions.subscribe()
    }
}
