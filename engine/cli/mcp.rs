//! `opora mcp`: the desk's tools for an agent program, on standard input and output.

use std::sync::Arc;

use super::client::{Client, Peer, Place};
use super::failure::{Failure, Outcome};
use super::folder::{Around, Opening};
use super::logging;
use super::settings::{Settings, Shared};
use crate::api::mcp::{Answers, Question, problem_text, serve_stdio, within};
use crate::api::{Api, ApiOptions};
use crate::desk::SystemClock;

/// Serves the protocol until the input ends. What is read is what the token may read.
///
/// # Errors
/// When neither folder nor server can be reached, or the peer does not speak the protocol.
pub fn run(place: &Place, shared: &Shared) -> Outcome<()> {
    logging::start(&Settings::of_client(shared)?)?;
    let whole = Opening::Whole(Around::new(Arc::new(SystemClock::default()), String::new()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|e| Failure::new(format!("no threads can be had: {e}")))?;
    let (answers, desk) = match place.peer_as(shared, whole)? {
        Peer::Server(client) => (through(client), None),
        Peer::Desk(desk) => {
            let token = place.secret(shared)?;
            let router = Api::new(desk.clone(), ApiOptions::default()).router();
            (within(router, Some(&token)), Some(desk))
        }
    };
    let done = runtime.block_on(serve_stdio(answers));
    // A read of standard input cannot be called back.
    runtime.shutdown_background();
    if let Some(desk) = desk {
        desk.close()?;
    }
    done.map_err(Failure::new)
}

/// Answers of a running server, with the client's token.
fn through(client: Client) -> Answers {
    let client = Arc::new(client);
    Arc::new(move |question: Question| {
        let client = Arc::clone(&client);
        Box::pin(async move {
            let ask = move || client.ask(&question.path, question.body.as_ref());
            let answer = tokio::task::spawn_blocking(ask).await;
            let (status, told) = answer
                .map_err(|e| e.to_string())?
                .map_err(|e| e.to_string())?;
            match status {
                200..300 => Ok(told),
                _ => Err(problem_text(&told)),
            }
        })
    })
}
