//! Calls of webhooks: those that rules ask for, and messages of channels that a webhook carries.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::http::{Answered, Client, Reach};
use super::signature::signature;
use super::{Sink, Verdict};
use crate::desk::{
    Actor, Command, Desk, Letter, Request, Result, Webhook, WebhookProgress, receiver,
};
use crate::domain::Instant;
use crate::store::Lease;

/// Channel of calls that rules ask for.
const CALLS: &str = "webhook";
/// Makes signed calls.
#[derive(Clone)]
pub struct Caller {
    desk: Arc<Desk>,
    client: Client,
}

impl Caller {
    /// One that goes so far.
    #[must_use]
    pub fn new(desk: Arc<Desk>, reach: Reach) -> Self {
        Self {
            desk,
            client: Client::new(reach),
        }
    }

    /// Where it takes what it tells from.
    pub(super) const fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Calls a webhook once.
    pub(super) fn call(&self, webhook: &Webhook, id: &str, body: &Json) -> Verdict {
        let body = body.to_string();
        let timestamp = self.desk.now().timestamp();
        let signed = signature(&webhook.secret.0, id, timestamp, body.as_bytes());
        let headers = [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signed),
        ];
        judged(self.client.post(&webhook.url, &headers, body.as_bytes()))
    }
}

/// What an answer means for a call.
fn judged(answered: Answered) -> Verdict {
    match answered {
        Answered::Status(status @ 200..=299, _) => Verdict::Taken(status.to_string()),
        // Not yet, too early, too many: what was asked for may be right.
        Answered::Status(status @ (408 | 409 | 423 | 425 | 429), said) => {
            Verdict::Later(format!("{status} {said}"))
        }
        Answered::Status(status @ 400..=499, said) => Verdict::Never(format!("{status} {said}")),
        Answered::Status(status @ 300..=399, _) => {
            Verdict::Never(format!("{status}: nobody is followed elsewhere"))
        }
        Answered::Status(status, said) => Verdict::Later(format!("{status} {said}")),
        Answered::Nothing(why) => Verdict::Later(why),
        Answered::Forbidden(why) => Verdict::Never(why),
    }
}

/// Whether a refusal says that the webhook is gone for good.
pub(super) fn is_gone(why: &str) -> bool {
    why.starts_with("410")
}

impl Sink for Caller {
    fn hand(&self) -> Option<Box<dyn Sink>> {
        Some(Box::new(self.clone()))
    }

    fn takes(&self, channel: &str) -> bool {
        let all = self.desk.webhooks(&Actor::System).unwrap_or_default();
        channel == CALLS || all.iter().any(|page| page.webhook.name == channel)
    }

    fn send(&mut self, letter: &Letter) -> Verdict {
        let item = &letter.item;
        let name = receiver(item);
        let page = match self.desk.webhook(&Actor::System, name) {
            Ok(page) if page.webhook.enabled => page,
            Ok(_) => return Verdict::Never(format!("the webhook `{name}` is switched off")),
            Err(_) => return Verdict::Never(format!("there is no webhook `{name}`")),
        };
        let record = json!({"kind": item.kind.name(), "id": item.record, "number": letter.number});
        let body = match item.channel.as_str() {
            CALLS => json!({
                "type": "rule.call",
                "timestamp": told(item.at),
                "data": {
                    "record": record,
                    "rule": item.rule,
                    "call": serde_json::from_str::<Json>(&item.text)
                        .unwrap_or_else(|_| Json::from(item.text.as_str())),
                },
            }),
            channel => json!({
                "type": format!("message.{channel}"),
                "timestamp": told(item.at),
                "data": {
                    "record": record,
                    "to": item.to,
                    "subject": item.subject,
                    "text": item.text,
                    "automatic": letter.automatic,
                },
            }),
        };
        let verdict = self.call(&page.webhook, &item.id.to_string(), &body);
        if let Verdict::Never(why) = &verdict
            && is_gone(why)
        {
            let progress = WebhookProgress {
                last_error: why.clone(),
                ..page.progress
            };
            if let Err(e) = tell(&self.desk, None, name, progress, true) {
                tracing::error!(
                    name,
                    "a webhook that is gone could not be switched off: {e}"
                );
            }
        }
        verdict
    }
}

pub(super) fn tell(
    desk: &Desk,
    lease: Option<&Lease>,
    name: &str,
    progress: WebhookProgress,
    disable: bool,
) -> Result<()> {
    let command = Command::WebhookTold {
        lease: lease.cloned(),
        name: name.to_owned(),
        progress,
        disable,
    };
    desk.run(&Request::by(Actor::System), &command).map(|_| ())
}

pub(super) fn told(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
