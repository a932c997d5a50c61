//! Calls of webhooks: those that rules ask for, messages of channels that a webhook carries, and what
//! happens to records.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::http::{Answered, Client, Reach};
use super::schedule::{MAX_ATTEMPTS, delay_after};
use super::signature::signature;
use super::{Halt, Round, Sink, Verdict};
use crate::desk::{
    Actor, Command, Desk, Letter, Notice, Request, Result, Webhook, WebhookPage, WebhookProgress,
};
use crate::domain::Instant;
use crate::store::{Lease, Pos};

/// What stands before the name of a webhook that a rule calls.
const CALLED: &str = "webhook:";
/// Channel of calls that rules ask for.
const CALLS: &str = "webhook";
/// Changes that are looked at in one turn of a webhook.
const CHANGES_AT_ONCE: usize = 200;
/// Calls of one webhook in one turn, so that none keeps the others waiting.
const CALLS_AT_ONCE: usize = 50;

/// The duty of telling webhooks, and how long a node keeps it: longer than a turn takes.
const DUTY: &str = "delivery.feed";
const DUTY_TIME: Duration = Duration::from_secs(900);

/// Makes signed calls.
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

    /// Calls a webhook once.
    fn call(&self, webhook: &Webhook, id: &str, body: &Json) -> Verdict {
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
fn is_gone(why: &str) -> bool {
    why.starts_with("410")
}

impl Sink for Caller {
    fn takes(&self, channel: &str) -> bool {
        let all = self.desk.webhooks(&Actor::System).unwrap_or_default();
        channel == CALLS || all.iter().any(|page| page.webhook.name == channel)
    }

    fn send(&mut self, letter: &Letter) -> Verdict {
        let item = &letter.item;
        let name = match item.channel.as_str() {
            CALLS => item.to.strip_prefix(CALLED).unwrap_or(&item.to),
            channel => channel,
        };
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

/// Tells webhooks what happens to records, each in its own pace and in order.
pub struct Feed {
    caller: Caller,
    node: String,
    /// How far each was looked at: further than it was told, where nothing was for it.
    seen: BTreeMap<String, Pos>,
    halt: Halt,
}

impl Feed {
    /// One on a node of that name that goes so far.
    #[must_use]
    pub fn new(desk: Arc<Desk>, reach: Reach, node: &str) -> Self {
        Self {
            caller: Caller::new(desk, reach),
            node: node.to_owned(),
            seen: BTreeMap::new(),
            halt: Halt::default(),
        }
    }

    /// The same, with rounds that end early when somebody says so.
    #[must_use]
    pub fn until(mut self, halt: &Halt) -> Self {
        self.halt = Arc::clone(halt);
        self
    }

    /// Gives each webhook its turn.
    ///
    /// # Errors
    /// When the desk fails; what was not noted is told again.
    pub fn round(&mut self) -> Result<Round> {
        let desk = Arc::clone(&self.caller.desk);
        let all = desk.webhooks(&Actor::System)?;
        let told = |page: &WebhookPage| page.webhook.enabled && !page.webhook.events.is_empty();
        if !all.iter().any(told) {
            return Ok(Round::Idle);
        }
        let Some(lease) = desk.lease_duty(DUTY, &self.node, DUTY_TIME)? else {
            return Ok(Round::Elsewhere);
        };
        let mut moved = 0;
        for page in all.into_iter().filter(told) {
            moved += self.turn(&page, &lease)?;
        }
        Ok(match moved {
            0 => Round::Idle,
            moved => Round::Moved(moved),
        })
    }

    fn turn(&mut self, page: &WebhookPage, lease: &Lease) -> Result<usize> {
        let desk = Arc::clone(&self.caller.desk);
        let desk = &*desk;
        let webhook = &page.webhook;
        let mut progress = page.progress.clone();
        if progress.next_at.is_some_and(|next| desk.now() < next) {
            return Ok(0);
        }
        let known = self.seen.get(&webhook.name).copied().unwrap_or_default();
        let after = progress.pos.max(known);
        let (notices, looked_at, last) = desk.notices(after, CHANGES_AT_ONCE)?;
        let wanted = notices.iter().filter(|n| webhook.wants(&n.event));
        let wanted: Vec<&Notice> = wanted.collect();
        let mut calls = 0;
        for (place, notice) in wanted.iter().enumerate() {
            if calls == CALLS_AT_ONCE || self.halt.load(Ordering::Acquire) {
                return Ok(calls);
            }
            calls += 1;
            let id = format!("evt_{}_{}", notice.pos, notice.place);
            let verdict = self.caller.call(webhook, &id, &body(notice));
            let is_last = wanted
                .get(place + 1)
                .is_none_or(|next| next.pos != notice.pos);
            if !step(
                desk,
                webhook,
                &mut progress,
                notice,
                verdict,
                (is_last, lease),
            )? {
                return Ok(calls);
            }
        }
        self.seen.insert(webhook.name.clone(), last);
        if looked_at < CHANGES_AT_ONCE {
            return Ok(calls);
        }
        // A way without calls is kept when it is long: to keep it is a change itself.
        if calls == 0 {
            progress.pos = last;
            tell(desk, Some(lease), &webhook.name, progress, false)?;
        }
        Ok(calls.max(1))
    }
}

/// Notes what came of a call. Whether the webhook may be told more now.
fn step(
    desk: &Desk,
    webhook: &Webhook,
    progress: &mut WebhookProgress,
    notice: &Notice,
    verdict: Verdict,
    (is_last, lease): (bool, &Lease),
) -> Result<bool> {
    let mut disable = false;
    let goes_on = match verdict {
        Verdict::Taken(_) => {
            progress.last_error.clear();
            true
        }
        Verdict::Never(why) => {
            disable = is_gone(&why);
            progress.refused = progress.refused.saturating_add(1);
            progress.last_error = why;
            !disable
        }
        Verdict::Later(why) | Verdict::Down(why) => {
            progress.attempts = progress.attempts.saturating_add(1);
            progress.last_error = why;
            // It is told again of everything at this position: its id is the same.
            disable = MAX_ATTEMPTS <= progress.attempts;
            progress.next_at = (!disable).then(|| desk.now() + delay_after(progress.attempts));
            tell(desk, Some(lease), &webhook.name, progress.clone(), disable)?;
            return Ok(false);
        }
    };
    progress.attempts = 0;
    progress.next_at = None;
    if is_last {
        progress.pos = notice.pos;
        tell(desk, Some(lease), &webhook.name, progress.clone(), disable)?;
    } else if disable {
        progress.pos = notice.pos;
        tell(desk, Some(lease), &webhook.name, progress.clone(), true)?;
    }
    Ok(goes_on)
}

fn tell(
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

/// What a webhook is told of something that happened: what it was about, and nothing that is not for
/// everybody.
fn body(notice: &Notice) -> Json {
    json!({
        "type": notice.event,
        "timestamp": told(notice.at),
        "data": {
            "kind": notice.kind.name(),
            "id": notice.record,
            "fields": notice.fields,
            "entry": notice.entry,
            "command": notice.command,
            "actor": notice.actor,
            "position": notice.pos.0,
        },
    })
}

fn told(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
