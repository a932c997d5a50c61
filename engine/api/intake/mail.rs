//! Mails that come in, as they came.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::receive::{IntakeView, done};
use crate::api::input::Raw;
use crate::api::principal::{Access, Caller};
use crate::api::problem::Problem;
use crate::api::route::{Op, Routes};
use crate::api::state::App;
use crate::delivery::incoming;
use crate::desk::Command;

/// Adds the route.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::post("/v1/mail", "receive_mail")
        .about("intake", "Take in a mail as it came: onto the record whose conversation it goes on with, or into a new inquiry. Bounces mark what they are about, and what a program answered makes no inquiry.")
        .access(Access::Agent)
        .large()
        .bytes_of("message/rfc822")
        .reply_with::<IntakeView>(200, "It was recorded before, or makes no inquiry")
        .reply_with::<IntakeView>(201, "Recorded");
    routes.add(op, receive_mail);
}

async fn receive_mail(
    caller: Caller,
    State(app): State<App>,
    Raw(bytes, media): Raw,
) -> Result<Response, Problem> {
    if !matches!(media.as_deref(), Some("message/rfc822" | "message/global")) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "send the mail as it came with the header `Content-Type: message/rfc822`",
        ));
    }
    // Reading a mail takes time: it is done where nothing else waits.
    let read = tokio::task::spawn_blocking(move || incoming::read(&bytes)).await;
    let read = read.map_err(|e| Problem::internal(format!("reading a mail broke: {e}")))?;
    let event = read.map_err(|why| {
        let detail = format!("the body is no mail: {why}");
        Problem::new(StatusCode::BAD_REQUEST, "malformed_mail", detail)
    })?;
    let event = Box::new(event);
    done(&app, caller, Command::Receive { event }).await
}
