//! Log output, to where errors go.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::SystemTime;

use super::failure::{Failure, Outcome};
use super::settings::{LogFormat, Settings};

/// Starts logging. Without a setting, `info` and worse; of tantivy errors only, which warns of merges
/// that were overtaken, as happens all the time.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(settings: &Settings) -> Outcome<()> {
    let text = settings.log.as_deref().unwrap_or("info,tantivy=error");
    let filter = EnvFilter::try_new(text)
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
