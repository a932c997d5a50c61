//! Events for webhooks: what happens to records is told to each in its own pace and in its order. One
//! that answers slowly has its turns beside those of the others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::http::Reach;
use super::schedule::{MAX_ATTEMPTS, delay_after};
use super::turn::DUTY as DUTY_TIME;
use super::turns::{End, Turns};
use super::webhook::{Caller, is_gone, tell, told};
use super::{Halt, Round, Verdict};
use crate::desk::{Actor, Desk, Fate, Notice, Result, Way, Webhook, WebhookPage, WebhookProgress};
use crate::store::{Lease, Pos};

/// Changes that are looked at in one turn of a webhook.
const CHANGES_AT_ONCE: usize = 200;
/// Calls of one webhook in one turn.
const CALLS_AT_ONCE: usize = 50;
/// Longest wait of a round for a turn that is under way.
const WAIT: Duration = Duration::from_millis(100);
/// The duty of telling webhooks.
const DUTY: &str = "delivery.feed";

/// Tells webhooks what happens to records.
pub struct Feed {
    caller: Caller,
    node: String,
    /// How far each was looked at: further than it was told, where nothing was for it.
    seen: BTreeMap<String, Pos>,
    turns: Turns<Result<Told>>,
    halt: Halt,
}

/// What a turn came to.
struct Told {
    calls: usize,
    /// How far everything was told; none: not to the end of what was looked at.
    through: Option<Pos>,
}

impl Feed {
    /// One on a node of that name that goes so far.
    #[must_use]
    pub fn new(desk: Arc<Desk>, reach: Reach, node: &str) -> Self {
        Self {
            caller: Caller::new(desk, reach),
            node: node.to_owned(),
            seen: BTreeMap::new(),
            turns: Turns::new(),
            halt: Halt::default(),
        }
    }

    /// The same, with rounds that end early when somebody says so.
    #[must_use]
    pub fn until(mut self, halt: &Halt) -> Self {
        self.halt = Arc::clone(halt);
        self
    }

    /// Gives each webhook its turn. Turns go on behind; a round then waits a moment for one that ends.
    ///
    /// # Errors
    /// When the desk fails; what was not noted is told again.
    pub fn round(&mut self) -> Result<Round> {
        // Before anything is read of how far each was told.
        let mut moved = self.settle(Duration::ZERO)?;
        let desk = Arc::clone(self.caller.desk());
        let wants = |page: &WebhookPage| page.webhook.enabled && !page.webhook.events.is_empty();
        let mut all: Vec<WebhookPage> = desk.webhooks(&Actor::System)?;
        all.retain(wants);
        if all.is_empty() && self.turns.is_empty() {
            return Ok(Round::Idle);
        }
        let Some(lease) = desk.lease_duty(DUTY, &self.node, DUTY_TIME)? else {
            return Ok(Round::Elsewhere);
        };
        all.sort_by_key(|page| self.turns.last(&page.webhook.name));
        for page in all {
            if !self.turns.has(&page.webhook.name) && !self.halt.load(Ordering::Acquire) {
                moved += self.begin(page, &lease)?;
            }
        }
        if moved == 0 && !self.turns.is_empty() {
            return Ok(Round::Moved(self.settle(WAIT)?));
        }
        Ok(match moved {
            0 => Round::Idle,
            moved => Round::Moved(moved),
        })
    }

    /// Sees to turns that ended; waits so long for the first. How many calls were made.
    fn settle(&mut self, mut wait: Duration) -> Result<usize> {
        let mut calls = 0;
        while let Some((name, ended)) = self.turns.ended(wait) {
            wait = Duration::ZERO;
            let Some(told) = ended.transpose()? else {
                continue;
            };
            calls += told.calls;
            if let Some(through) = told.through {
                self.seen.insert(name, through);
            }
        }
        Ok(calls)
    }

    /// Looks for what a webhook is to be told, and begins its turn. How much was begun.
    fn begin(&mut self, page: WebhookPage, lease: &Lease) -> Result<usize> {
        let desk = Arc::clone(self.caller.desk());
        let WebhookPage {
            webhook,
            mut progress,
        } = page;
        if progress.next_at.is_some_and(|next| desk.now() < next) {
            return Ok(0);
        }
        let known = self.seen.get(&webhook.name).copied().unwrap_or_default();
        let after = progress.pos.max(known);
        let (mut notices, looked_at, last) = desk.notices(after, CHANGES_AT_ONCE)?;
        notices.retain(|n| webhook.wants(&n.event));
        if notices.is_empty() {
            self.seen.insert(webhook.name.clone(), last);
            if looked_at < CHANGES_AT_ONCE {
                return Ok(0);
            }
            // A way without calls is kept when it is long: to keep it is a change itself.
            progress.pos = last;
            tell(&desk, Some(lease), &webhook.name, progress, false)?;
            return Ok(1);
        }
        let name = webhook.name.clone();
        let telling = Telling {
            caller: self.caller.clone(),
            webhook,
            progress,
            lease: lease.clone(),
            halt: Arc::clone(&self.halt),
            end: End::in_time(),
        };
        let began = self.turns.start(&name, move || telling.run(&notices, last));
        Ok(usize::from(began))
    }
}

/// One turn of a webhook.
struct Telling {
    caller: Caller,
    webhook: Webhook,
    progress: WebhookProgress,
    lease: Lease,
    halt: Halt,
    end: End,
}

impl Telling {
    fn run(mut self, notices: &[Notice], last: Pos) -> Result<Told> {
        for (calls, notice) in notices.iter().enumerate() {
            let ends = self.halt.load(Ordering::Acquire) || (calls > 0 && self.end.is_now());
            if calls == CALLS_AT_ONCE || ends {
                let through = None;
                return Ok(Told { calls, through });
            }
            let id = format!("evt_{}_{}", notice.pos, notice.place);
            let verdict = self.caller.call(&self.webhook, &id, &body(notice));
            let next = notices.get(calls + 1);
            let is_last = next.is_none_or(|next| next.pos != notice.pos);
            if !self.step(notice, verdict, is_last)? {
                return Ok(Told {
                    calls: calls + 1,
                    through: None,
                });
            }
        }
        Ok(Told {
            calls: notices.len(),
            through: Some(last),
        })
    }

    /// Notes what came of a call. Whether the webhook may be told more now.
    fn step(&mut self, notice: &Notice, verdict: Verdict, is_last: bool) -> Result<bool> {
        let desk = Arc::clone(self.caller.desk());
        let progress = &mut self.progress;
        let mut disable = false;
        let mut goes_on = true;
        let fate = match verdict {
            Verdict::Taken(said) => {
                progress.last_error.clear();
                Fate::Sent(said)
            }
            Verdict::Never(why) => {
                disable = is_gone(&why);
                goes_on = !disable;
                progress.refused = progress.refused.saturating_add(1);
                progress.last_error.clone_from(&why);
                Fate::Failed(why)
            }
            Verdict::Later(why) | Verdict::Down(why) => {
                progress.attempts = progress.attempts.saturating_add(1);
                progress.last_error.clone_from(&why);
                // It is told again of everything at this position: its id is the same.
                disable = MAX_ATTEMPTS <= progress.attempts;
                let next = desk.now() + delay_after(progress.attempts);
                progress.next_at = (!disable).then_some(next);
                self.tell(&desk, disable)?;
                desk.count_attempt(Way::Events, &Fate::Again(next, why));
                return Ok(false);
            }
        };
        progress.attempts = 0;
        progress.next_at = None;
        if is_last || disable {
            progress.pos = notice.pos;
            self.tell(&desk, disable)?;
        }
        desk.count_attempt(Way::Events, &fate);
        Ok(goes_on)
    }

    fn tell(&self, desk: &Desk, disable: bool) -> Result<()> {
        let name = &self.webhook.name;
        tell(
            desk,
            Some(&self.lease),
            name,
            self.progress.clone(),
            disable,
        )
    }
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
