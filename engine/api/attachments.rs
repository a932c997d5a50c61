//! Files of a record.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::entries::{self, Sight};
use super::input::{Of, Params, PathParams, Raw};
use super::principal::Caller;
use super::problem::Problem;
use super::records::set;
use super::state::App;
use crate::desk::{Command, Error};
use crate::domain::EntryBody;

pub(super) async fn create_attachment(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    mut params: Params,
    Raw(content, media_type): Raw,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    let Some(name) = params.one("name")? else {
        let message = "give the file's name: `?name=report.pdf`";
        return Err(Error::field("name", "required", message).into());
    };
    let asked = match params.one("visibility")?.as_deref() {
        None => None,
        Some("public") => Some(Sight::Public),
        Some("internal") => Some(Sight::Internal),
        Some(_) => {
            let message = "expected `public` or `internal`";
            return Err(Error::field("visibility", "invalid_parameter", message).into());
        }
    };
    params.finish()?;
    let command = Command::Attach {
        kind,
        id,
        name,
        media_type: media_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
        content,
        visibility: entries::sight(&caller.actor, asked)?,
    };
    entries::create(&app, caller, "attachments", command).await
}

pub(super) async fn read_attachment(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let (id, entry) = (path.id("id")?, path.id("entry")?);
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        desk.attachment(&caller.actor, kind, id, entry)
    });
    let (_, (page, content)) = done.await?;
    let EntryBody::Attachment {
        name, media_type, ..
    } = page.entry.body
    else {
        return Err(Error::not_found().into());
    };
    let mut response = content.into_response();
    set(&mut response, header::CONTENT_TYPE, &media_type);
    // Files come from strangers: a browser saves them and never shows them as pages of ours.
    let disposition = format!("attachment; filename*=UTF-8''{}", percent(&name));
    set(&mut response, header::CONTENT_DISPOSITION, &disposition);
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(&mut response, header::CONTENT_SECURITY_POLICY, "sandbox");
    Ok(response)
}

/// The name in the encoding of RFC 8187.
fn percent(name: &str) -> String {
    use std::fmt::Write;
    name.bytes().fold(String::new(), |mut text, b| {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            text.push(char::from(b));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{b:02X}");
        }
        text
    })
}
