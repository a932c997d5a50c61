//! What plugins make of messages.

use super::{Answer, unknown};
use crate::hooks::wasm::bindings::guest::notify_compose::{self, Choice};
use crate::hooks::wasm::bindings::types::Value as WitValue;
use crate::hooks::wasm::fault::Fault;
use crate::hooks::wasm::values::{list, short, some_text, text};
use crate::hooks::{Decision, NoticeChoice, Spot, TemplateChoice};

pub(in crate::hooks::wasm) fn notify_compose(d: notify_compose::Decision) -> Answer {
    let extra = Extra::read(d.extra)?;
    if let Some(name) = extra.first()
        && !matches!(d.choice, Some(Choice::Compose(_)))
    {
        return Err(Fault::broken(format!(
            "returned `{name}` in `extra` for a message that it does not compose"
        )));
    }
    Ok(Decision {
        notice: d.choice.map(|choice| notice(choice, extra)).transpose()?,
        ..Decision::default()
    })
}

/// The entries of `extra` that there are.
#[derive(Default)]
struct Extra {
    html: Option<String>,
    template: Option<String>,
    values: Option<String>,
}

impl Extra {
    fn read(extra: Vec<(String, WitValue)>) -> Result<Self, Fault> {
        let mut found = Self::default();
        for (name, value) in extra {
            let (place, given) = match (name.as_str(), value) {
                ("html", WitValue::Text(given)) => (&mut found.html, given),
                ("template", WitValue::Text(given)) => (&mut found.template, given),
                ("values", WitValue::Json(given)) => (&mut found.values, given),
                ("html" | "template", _) => return Err(no(&name, "text")),
                ("values", _) => return Err(no(&name, "JSON")),
                _ => return Err(unknown(&name)),
            };
            if place.is_some() {
                return Err(Fault::broken(format!("returned `{name}` twice in `extra`")));
            }
            *place = Some(text(given)?);
        }
        if found.values.is_some() && found.template.is_none() {
            return Err(Fault::broken(
                "returned `values` in `extra` without a `template` that they go into",
            ));
        }
        Ok(found)
    }

    /// The name of an entry that is there.
    fn first(&self) -> Option<&'static str> {
        let html = self.html.as_ref().map(|_| "html");
        html.or(self.template.as_ref().map(|_| "template"))
    }
}

fn no(name: &str, what: &str) -> Fault {
    Fault::broken(format!("returned `{name}` in `extra`, which is no {what}"))
}

fn notice(choice: Choice, extra: Extra) -> Result<NoticeChoice, Fault> {
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
            html: extra.html,
            template: extra.template.map(|name| TemplateChoice {
                name,
                values: extra.values.unwrap_or_else(|| "{}".to_owned()),
            }),
            spot: Spot::default(),
        }),
        Choice::Other((name, _)) => Err(Fault::broken(format!(
            "treats a message in the way `{}`, which this engine does not know",
            short(&name)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composed(extra: &[(&str, WitValue)]) -> Result<NoticeChoice, Fault> {
        let message = notify_compose::Message {
            to: None,
            channel: None,
            subject: None,
            text: None,
        };
        let decision = notify_compose(notify_compose::Decision {
            choice: Some(Choice::Compose(message)),
            extra: extra
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        })?;
        Ok(decision.notice.expect("a message"))
    }

    #[test]
    fn a_plugin_names_a_template_and_its_values() {
        let named = [
            ("template", WitValue::Text("closed".to_owned())),
            ("values", WitValue::Json(r#"{"hours":4}"#.to_owned())),
        ];
        let Ok(NoticeChoice::Compose { template, .. }) = composed(&named) else {
            panic!("no message");
        };
        let template = template.expect("a template");
        assert_eq!(
            (template.name.as_str(), template.values.as_str()),
            ("closed", r#"{"hours":4}"#)
        );
        let Ok(NoticeChoice::Compose { template, .. }) = composed(&named[..1]) else {
            panic!("no message");
        };
        assert_eq!(template.expect("a template").values, "{}");
    }

    #[test]
    fn values_without_a_template_and_strange_entries_are_broken() {
        let json = || WitValue::Json("{}".to_owned());
        let text = || WitValue::Text("a".to_owned());
        assert!(composed(&[("values", json())]).is_err());
        assert!(composed(&[("template", json())]).is_err());
        assert!(composed(&[("template", text()), ("template", text())]).is_err());
        assert!(composed(&[("template", text()), ("values", text())]).is_err());
        assert!(composed(&[("look", text())]).is_err());
        assert!(composed(&[("html", text())]).is_ok());
    }
}
