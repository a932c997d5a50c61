//! What plugins make of messages.

use super::{Answer, unknown};
use crate::hooks::wasm::bindings::guest::notify_compose::{self, Choice};
use crate::hooks::wasm::bindings::types::Value as WitValue;
use crate::hooks::wasm::fault::Fault;
use crate::hooks::wasm::values::{list, short, some_text, text};
use crate::hooks::{Decision, NoticeChoice, Spot};

pub(in crate::hooks::wasm) fn notify_compose(d: notify_compose::Decision) -> Answer {
    let html = html(d.extra)?;
    if html.is_some() && !matches!(d.choice, Some(Choice::Compose(_))) {
        return Err(Fault::broken(
            "returned `html` in `extra` for a message that it does not compose",
        ));
    }
    Ok(Decision {
        notice: d.choice.map(|choice| notice(choice, html)).transpose()?,
        ..Decision::default()
    })
}

/// The one entry of `extra` that there is.
fn html(extra: Vec<(String, WitValue)>) -> Result<Option<String>, Fault> {
    let mut html = None;
    for (name, value) in extra {
        match value {
            _ if name != "html" => return Err(unknown(&name)),
            WitValue::Text(_) if html.is_some() => {
                return Err(Fault::broken("returned `html` twice in `extra`"));
            }
            WitValue::Text(given) => html = Some(text(given)?),
            _ => {
                return Err(Fault::broken(
                    "returned `html` in `extra`, which is no text",
                ));
            }
        }
    }
    Ok(html)
}

fn notice(choice: Choice, html: Option<String>) -> Result<NoticeChoice, Fault> {
    match choice {
        Choice::Suppress(reason) if reason.trim().is_empty() => Err(Fault::broken(
            "suppresses a message without the code of a reason",
        )),
        Choice::Suppress(reason) => Ok(NoticeChoice::Suppress {
            reason: text(reason)?,
            spot: Spot::default(),
        }),
        Choice::Compose(message) => Ok(NoticeChoice::Compose {
            to: message.to.map(|to| list(to, text)).transpose()?,
            channel: some_text(message.channel)?,
            subject: some_text(message.subject)?,
            text: some_text(message.text)?,
            html,
            spot: Spot::default(),
        }),
        Choice::Other((name, _)) => Err(Fault::broken(format!(
            "treats a message in the way `{}`, which this engine does not know",
            short(&name)
        ))),
    }
}
