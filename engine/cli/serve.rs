//! Serving a desk until a signal says stop.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;

use super::deliver::Couriers;
use super::failure::{Failure, Outcome};
use super::folder::{Around, Folder, Opening, ServerFile, write_private};
use super::listen::Limited;
use super::settings::{ServeArgs, Settings, Shared};
use super::shadows::Shadows;
use super::watch::Watch;
use super::{logging, out};
use crate::api::{Api, ApiOptions};
use crate::desk::{Clock, Desk, SystemClock};

/// Timers fired before the thread looks whether it is to stop.
const TIMERS_AT_ONCE: usize = 100;
/// Longest sleep of the thread that reads files; one that is attached wakes it.
const FILE_NAP: Duration = Duration::from_secs(60);
/// Longest sleep of the timer thread: timers that a command sets meanwhile wait no longer.
const TIMER_NAP: Duration = Duration::from_millis(500);
/// Rounds of the timer thread between two sweeps of kept answers.
const ROUNDS_PER_SWEEP: u32 = 120;

/// Runs `opora serve`.
///
/// # Errors
/// When the desk cannot be opened or the address cannot be taken.
pub fn serve(args: &ServeArgs, shared: &Shared) -> Outcome<()> {
    let settings = Settings::of(args, shared)?;
    logging::start(&settings)?;
    let Some(data) = &settings.data else {
        return Err(Failure::new(
            "name the folder of the desk: `opora serve --data DIR`",
        ));
    };
    // Before anything is made: a slip in a name must not leave a desk behind.
    super::watch::check(&args.watch)?;
    let folder = Folder::at(data)?;
    let server = Server::bind(&settings)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let around = Around::new(clock, server.survey_link(&settings)).with_model_of(&settings);
    let desk = folder.open(Opening::Serving(around))?;
    folder.bootstrap(&desk)?;
    if desk.packs()?.is_empty() {
        tracing::info!("no pack is installed yet: `opora pack install DIR` brings ticket types");
    }
    let watch = Watch::start(&desk, &args.watch)?;
    let served = server.run(&folder, desk, &settings, |url| {
        out::say(&format!("opora serves {url}, documentation at {url}/docs"))
    });
    drop(watch);
    served
}

/// A server that has taken its address and serves nothing yet.
pub struct Server {
    runtime: tokio::runtime::Runtime,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the address, so that a clash is told before anything long begins.
    ///
    /// # Errors
    /// When it is taken.
    pub fn bind(settings: &Settings) -> Outcome<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(256)
            .build()
            .map_err(|e| Failure::new(format!("the runtime cannot be started: {e}")))?;
        let listen = settings.listen;
        let taken = |e: std::io::Error| {
            Failure::new(format!(
                "cannot listen on {listen}: {e}; another one is taken with --listen"
            ))
        };
        let listener = runtime.block_on(TcpListener::bind(listen)).map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        Ok(Self {
            runtime,
            listener,
            address,
        })
    }

    /// The server's own address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Prefix of the addresses of surveys.
    #[must_use]
    pub fn survey_link(&self, settings: &Settings) -> String {
        let base = settings.public_url.clone().unwrap_or_else(|| self.url());
        format!("{}/r/", base.trim_end_matches('/'))
    }

    /// Serves until SIGTERM or SIGINT, then drains, and closes the desk.
    ///
    /// # Errors
    /// When serving or closing fails.
    pub fn run(
        self,
        folder: &Folder,
        desk: Arc<Desk>,
        settings: &Settings,
        ready: impl FnOnce(&str) -> Outcome<()>,
    ) -> Outcome<()> {
        let url = self.url();
        let Self {
            runtime, listener, ..
        } = self;
        // Before anybody is told that the server serves: from here on it stops in good order only.
        let signals = {
            let _inside = runtime.enter();
            Signals::catch()?
        };
        let options = ApiOptions {
            webhooks: settings.webhooks,
            portal_path: settings.portal_path.clone(),
            ..ApiOptions::default()
        };
        let api = Api::new(desk.clone(), options);
        let place = folder.file("server.json");
        let file = ServerFile {
            url: url.clone(),
            pid: std::process::id(),
        };
        let text = serde_json::to_vec(&file).map_err(|e| Failure::file(&place, &e))?;
        write_private(&place, &text)?;
        let timers = Timers::start(desk.clone())?;
        let reader = FileReader::start(desk.clone())?;
        let shadows = Shadows::start(desk.clone())?;
        let couriers = Couriers::start(&desk, folder, (&settings.mail, settings.webhooks))?;
        ready(&url)?;
        tracing::info!(url, "serving");
        let listener = Limited::new(listener, settings.max_connections);
        let served = runtime.block_on(until_stopped(&api, listener, signals, settings.drain));
        runtime.shutdown_timeout(Duration::from_secs(1));
        couriers.stop();
        timers.stop();
        reader.stop();
        shadows.stop();
        let closed = desk.close();
        if let Err(e) = fs::remove_file(&place) {
            tracing::warn!(error = %e, "server.json is left behind");
        }
        tracing::info!("stopped");
        served?;
        Ok(closed?)
    }
}

async fn until_stopped(
    api: &Api,
    listener: Limited,
    mut signals: Signals,
    drain: Duration,
) -> Outcome<()> {
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    let mut when = stop.subscribe();
    let serving = axum::serve(listener, api.router()).with_graceful_shutdown(async move {
        // An error means that the sender is gone: stop as well.
        let _ = when.wait_for(|stop| *stop).await;
    });
    let serving = tokio::spawn(serving.into_future());
    signals.wait().await;
    tracing::info!("stopping: requests under way are answered first");
    api.drain();
    stop.send_replace(true);
    let _ = stopped.wait_for(|stop| *stop).await;
    match tokio::time::timeout(drain, serving).await {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(e))) => Err(Failure::new(format!("serving failed: {e}"))),
        Ok(Err(e)) => Err(Failure::new(format!("serving broke: {e}"))),
        Err(_) => {
            tracing::warn!("some connections were cut: they took too long to end");
            Ok(())
        }
    }
}

/// The signals that ask the program to stop.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn catch() -> Outcome<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |e: std::io::Error| Failure::new(format!("signals cannot be caught: {e}"));
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The signals that ask the program to stop.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn catch() -> Outcome<Self> {
        Ok(Self)
    }

    async fn wait(&mut self) {
        if let Err(e) = tokio::signal::ctrl_c().await {
            tracing::error!(error = %e, "signals cannot be caught");
        }
    }
}

/// The thread that reads attached files.
struct FileReader {
    desk: Arc<Desk>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl FileReader {
    fn start(desk: Arc<Desk>) -> Outcome<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (own, stopped) = (Arc::clone(&desk), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("opora-files".to_owned())
            .spawn(move || read(&own, &stopped))
            .map_err(|e| Failure::new(format!("files cannot be read: {e}")))?;
        Ok(Self { desk, stop, thread })
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Release);
        self.desk.wake_reader();
        if self.thread.join().is_err() {
            tracing::error!("the thread that reads files broke");
        }
    }
}

fn read(desk: &Desk, stopped: &AtomicBool) {
    let goes_on = || !stopped.load(Ordering::Acquire);
    match desk.read_overlooked(&goes_on) {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "files that were overlooked have been read"),
        Err(e) => tracing::error!(code = e.code, "files could not be read: {}", e.message),
    }
    while !stopped.load(Ordering::Acquire) {
        match desk.read_files(1) {
            Ok(0) => desk.wait_files(FILE_NAP),
            Ok(_) => {}
            Err(e) => {
                tracing::error!(code = e.code, "files could not be read: {}", e.message);
                desk.wait_files(FILE_NAP);
            }
        }
    }
}

/// The thread that fires timers and sweeps kept answers.
struct Timers {
    desk: Arc<Desk>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Timers {
    fn start(desk: Arc<Desk>) -> Outcome<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (own, stopped) = (Arc::clone(&desk), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("opora-timers".to_owned())
            .spawn(move || fire(&own, &stopped))
            .map_err(|e| Failure::new(format!("timers cannot be run: {e}")))?;
        Ok(Self { desk, stop, thread })
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Release);
        self.desk.wake_timers();
        if self.thread.join().is_err() {
            tracing::error!("the timer thread broke");
        }
    }
}

fn fire(desk: &Desk, stopped: &AtomicBool) {
    let mut round: u32 = 0;
    while !stopped.load(Ordering::Acquire) {
        round = round.wrapping_add(1);
        let fired = desk.fire_due(TIMERS_AT_ONCE).unwrap_or_else(|e| {
            tracing::error!(code = e.code, "timers could not be fired: {}", e.message);
            desk.pause_timers(TIMER_NAP);
            0
        });
        if round.is_multiple_of(ROUNDS_PER_SWEEP)
            && let Err(e) = desk.sweep_replies(1_000)
        {
            tracing::error!(
                code = e.code,
                "kept answers could not be swept: {}",
                e.message
            );
        }
        if fired < TIMERS_AT_ONCE
            && let Err(e) = desk.wait_due(TIMER_NAP)
        {
            tracing::error!(code = e.code, "timers cannot be read: {}", e.message);
            desk.pause_timers(TIMER_NAP);
        }
    }
}
