//! Messages: what becomes of one about to be queued, and empty ones for unit tests.

use crate::Value;
use crate::notify_compose::{Choice, Decision, Message, Notice};

impl Decision {
    /// Does not send the message; the code of the reason is journalled.
    #[must_use]
    pub fn suppress(reason: &str) -> Self {
        Self {
            choice: Some(Choice::Suppress(reason.to_owned())),
            ..Self::default()
        }
    }

    /// Sends the message so.
    #[must_use]
    pub fn send(message: Message) -> Self {
        Self {
            choice: Some(Choice::Compose(message)),
            ..Self::default()
        }
    }

    /// Gives the message that is sent so as HTML, for mails; without it, one is made of the text.
    #[must_use]
    pub fn html(mut self, html: impl Into<String>) -> Self {
        self.extra.retain(|(name, _)| name != "html");
        self.extra
            .push(("html".to_owned(), Value::Text(html.into())));
        self
    }

    /// Lets a template of the pack say what the message does not: `templates/NAME.txt.jinja` and those
    /// beside it. `values` is JSON text of an object, such as `{"hours":4}`.
    #[must_use]
    pub fn template(mut self, name: &str, values: impl Into<String>) -> Self {
        let is_other = |(word, _): &(String, Value)| word != "template" && word != "values";
        self.extra.retain(is_other);
        self.extra.extend([
            ("template".to_owned(), Value::Text(name.to_owned())),
            ("values".to_owned(), Value::Json(values.into())),
        ]);
        self
    }
}

impl Default for Message {
    /// As it was asked for.
    fn default() -> Self {
        Self {
            to: None,
            channel: None,
            subject: None,
            text: None,
        }
    }
}

impl Message {
    /// To these recipients: `contact`, `assignee`, `team`, or addresses. Each gets a message.
    #[must_use]
    pub fn to(mut self, recipients: &[&str]) -> Self {
        self.to = Some(recipients.iter().map(|r| (*r).to_owned()).collect());
        self
    }

    /// Through this channel.
    #[must_use]
    pub fn channel(mut self, channel: &str) -> Self {
        self.channel = Some(channel.to_owned());
        self
    }

    /// With this subject.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// With this text.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }
}

impl Default for Notice {
    /// An empty message to the contact, for unit tests.
    fn default() -> Self {
        Self {
            source: "test/rule".to_owned(),
            to: "contact".to_owned(),
            address: None,
            channel: "mail".to_owned(),
            locale: "en".to_owned(),
            subject: String::new(),
            text: String::new(),
        }
    }
}

macro_rules! entry {
    ($module:ident) => {
        impl Default for crate::$module::Entry {
            /// An empty public comment of an agent, for unit tests.
            fn default() -> Self {
                Self {
                    id: "00000000-0000-0000-0000-000000000002".to_owned(),
                    at: 0,
                    form: "comment".to_owned(),
                    author: "agent".to_owned(),
                    channel: String::new(),
                    direction: String::new(),
                    visibility: "public".to_owned(),
                    subject: String::new(),
                    text: String::new(),
                }
            }
        }
    };
}

entry!(interaction_event);
entry!(sla_clock);
