//! Log output, to where errors go.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::SystemTime;

use super::failure::{Failure, Outcome};
use super::settings::{LogFormat, Settings};

/// Starts logging; without a setting, `info` and worse. The library of the search index warns of
/// merges that were overtaken, as happens all the time: of it only errors, unless it is asked for. The
/// reader of attached PDFs tells of every fault of a stranger's file: what matters stands with the file.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(settings: &Settings) -> Outcome<()> {
    let text = settings.log.as_deref().unwrap_or("info");
    let filter = EnvFilter::try_new(format!("tantivy=error,lopdf=off,{text}"))
        .map_err(|e| Failure::new(format!("the log filter `{text}` cannot be read: {e}")))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_timer(SystemTime);
    let started = match settings.log_format {
        LogFormat::Text => subscriber.with_ansi(false).try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
    started.map_err(|e| Failure::new(format!("logging cannot be started: {e}")))
}
