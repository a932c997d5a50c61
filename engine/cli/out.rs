//! What the commands print.

use std::io::Write;

use super::failure::{Failure, Outcome};

/// Prints a text and a line's end.
///
/// # Errors
/// When nobody reads any more.
pub fn say(text: &str) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    let done = writeln!(out, "{text}").and_then(|()| out.flush());
    done.map_err(|e| Failure::new(format!("cannot print: {e}")))
}

/// Prints a text as it is.
///
/// # Errors
/// When nobody reads any more.
pub fn print(text: &str) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    let done = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    done.map_err(|e| Failure::new(format!("cannot print: {e}")))
}

/// Prints what went wrong where errors go.
pub fn complain(text: &str) {
    // When even this fails there is nobody left to tell.
    let _ = writeln!(std::io::stderr().lock(), "opora: {text}");
}

/// A progress bar for a step that may take longer than a second; none where nobody watches.
#[must_use]
pub fn progress(steps: u64, what: &str) -> indicatif::ProgressBar {
    let template = "{msg:24} {wide_bar} {pos}/{len} {eta}";
    let style = indicatif::ProgressStyle::with_template(template);
    let bar = indicatif::ProgressBar::new(steps).with_message(what.to_owned());
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A sign of life for a step whose length is not known.
#[must_use]
pub fn spinner(what: &str) -> indicatif::ProgressBar {
    let spinner = indicatif::ProgressBar::new_spinner().with_message(what.to_owned());
    spinner.enable_steady_tick(std::time::Duration::from_millis(120));
    spinner
}
