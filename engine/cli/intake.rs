//! `opora intake mail`: a mail from a mail server's pipe, handed to the running desk. The exit codes
//! are those of sysexits, so that the mail server keeps what could not be taken now.

use std::io::Read;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::Value as Json;

use super::client::{Place, text_of};
use super::failure::{Failure, Outcome};
use super::out;
use super::settings::Shared;

/// The mail is none, or too large: it comes back to its sender.
const DATA_ERROR: u8 = 65;
/// It could not be taken now: the mail server tries again.
const TRY_AGAIN: u8 = 75;
/// Largest mail in bytes: what the server takes.
const MAX_MAIL_BYTES: u64 = 16 * 1_024 * 1_024;

/// What comes in.
#[derive(Debug, Subcommand)]
pub enum IntakeTask {
    /// Read a mail from the standard input and hand it to the server: exit code 0 when it was taken, 65
    /// when it is no mail, 75 when it is to be tried again.
    Mail,
}

/// Why a mail was not taken.
enum Refused {
    Mail(String),
    Now(Failure),
}

/// Runs `opora intake`.
pub fn run(task: &IntakeTask, place: &Place, shared: &Shared) -> ExitCode {
    let done = match task {
        IntakeTask::Mail => mail(place, shared),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Refused::Mail(why)) => {
            out::complain(&why);
            ExitCode::from(DATA_ERROR)
        }
        Err(Refused::Now(failure)) => {
            out::complain(&failure.to_string());
            ExitCode::from(TRY_AGAIN)
        }
    }
}

fn mail(place: &Place, shared: &Shared) -> Result<(), Refused> {
    let bytes = stdin().map_err(Refused::Now)?;
    if bytes.len() as u64 > MAX_MAIL_BYTES {
        let why = format!("the mail is over the limit of {MAX_MAIL_BYTES} bytes");
        return Err(Refused::Mail(why));
    }
    if bytes.is_empty() {
        return Err(Refused::Mail("there is no mail on the input".to_owned()));
    }
    let server = place.server(shared).map_err(Refused::Now)?;
    let done = server.post_bytes("/v1/mail", "message/rfc822", &bytes);
    let (status, told) = done.map_err(Refused::Now)?;
    match status {
        200..=299 => Ok(()),
        // What is wrong with this mail stays wrong; a wrong token or a busy server does not.
        400 | 413 | 415 | 422 => Err(Refused::Mail(detail(status, &told))),
        _ => Err(Refused::Now(Failure::new(detail(status, &told)))),
    }
}

fn stdin() -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut input = std::io::stdin().lock().take(MAX_MAIL_BYTES + 1);
    let read = input.read_to_end(&mut bytes);
    read.map_err(|e| Failure::new(format!("the input cannot be read: {e}")))?;
    Ok(bytes)
}

fn detail(status: u16, told: &Json) -> String {
    match text_of(told, "detail") {
        "" => format!("the server answered {status}"),
        detail => format!("{status}: {detail}"),
    }
}
