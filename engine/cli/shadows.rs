//! The thread that lets shadows of packs follow what is committed.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::failure::{Failure, Outcome};
use crate::desk::Desk;

/// How long the thread rests when there is nothing to follow.
const NAP: Duration = Duration::from_secs(1);

/// The thread.
pub struct Shadows {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Shadows {
    /// Starts it.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start(desk: Arc<Desk>) -> Outcome<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("opora-shadows".to_owned())
            .spawn(move || follow(&desk, &stopped))
            .map_err(|e| Failure::new(format!("shadows cannot be run: {e}")))?;
        Ok(Self { stop, thread })
    }

    /// Stops it and waits until it has.
    pub fn stop(self) {
        // The thread may have ended on its own: then nobody hears this, which is as well.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            tracing::error!("the thread of the shadows broke");
        }
    }
}

fn follow(desk: &Desk, stopped: &mpsc::Receiver<()>) {
    loop {
        let looked = desk.follow_shadows().unwrap_or_else(|e| {
            tracing::error!(code = e.code, "shadows could not follow: {}", e.message);
            0
        });
        let nap = if looked > 0 { Duration::ZERO } else { NAP };
        match stopped.recv_timeout(nap) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
