//! Webhooks: set up by administrators; how far each was told is kept by the engine.

use super::entries::short;
use super::{Answer, Deciding, config};
use crate::desk::webhook::{Webhook, WebhookChange, WebhookProgress};
use crate::desk::{Actor, Error, ErrorKind, Result, codec, keys};
use crate::domain::{Id, Value};
use crate::store::{Lease, Table, Versioned};

/// Most webhooks of a desk.
pub const MAX_WEBHOOKS: usize = 100;
/// Most events that one is told of.
const MAX_EVENTS: usize = 50;
/// Longest address in bytes.
const MAX_URL_BYTES: usize = 2_000;

impl Deciding<'_, '_> {
    /// Makes or changes a webhook.
    pub(super) fn save_webhook(&mut self, name: &str, change: &WebhookChange) -> Result<Answer> {
        self.actor.require_admin("setting up a webhook")?;
        check_name(name)?;
        let known = self.webhook_row(name)?;
        if change.is_new && known.is_some() {
            return Err(Error::new(
                ErrorKind::Conflict,
                "already_exists",
                format!("there is a webhook `{name}` already"),
            ));
        }
        let before: Option<Webhook> = match &known {
            Some(row) => Some(codec::decode(&row.bytes)?),
            None if !change.is_new => return Err(Error::not_found()),
            None => None,
        };
        if before.is_none() {
            let (from, to) = keys::webhooks();
            let all =
                self.draft
                    .snapshot
                    .range(Table::Delivery, &from, &to, false, MAX_WEBHOOKS)?;
            if all.len() == MAX_WEBHOOKS {
                let message = format!("a desk has at most {MAX_WEBHOOKS} webhooks");
                return Err(Error::field("name", "too_many", message));
            }
        }
        let webhook = self.changed_webhook(name, before, change)?;
        self.input
            .arguments
            .push(("webhook".to_owned(), Value::from(name)));
        let key = keys::webhook(name);
        let expect = config::expected(known.map(|row| row.version));
        // What failed so far is forgotten: somebody looked after it.
        let progress = self.progress(name)?;
        let progress = WebhookProgress {
            pos: progress.as_ref().map_or(webhook.since, |p| p.pos),
            refused: progress.as_ref().map_or(0, |p| p.refused),
            ..WebhookProgress::default()
        };
        let rows = &mut self.draft.rows;
        rows.expect.push((Table::Delivery, key.clone(), expect));
        rows.put
            .push((Table::Delivery, key, codec::encode(&webhook)?));
        let key = keys::webhook_progress(name);
        rows.put
            .push((Table::Delivery, key, codec::encode(&progress)?));
        Ok(Answer::nothing(Id::MIN))
    }

    fn changed_webhook(
        &self,
        name: &str,
        before: Option<Webhook>,
        change: &WebhookChange,
    ) -> Result<Webhook> {
        let required = |field: &str| Error::field(field, "required", "a value is needed");
        let url = change.url.clone();
        let url = url.or_else(|| before.as_ref().map(|w| w.url.clone()));
        let url = url.ok_or_else(|| required("url"))?;
        short("url", &url, MAX_URL_BYTES)?;
        let secret = change.secret.clone();
        let secret = secret.or_else(|| before.as_ref().map(|w| w.secret.clone()));
        let events = change.events.clone();
        let events = events.or_else(|| before.as_ref().map(|w| w.events.clone()));
        let events = events.unwrap_or_default();
        if events.len() > MAX_EVENTS {
            let message = format!("at most {MAX_EVENTS} events");
            return Err(Error::field("events", "too_many", message));
        }
        for event in &events {
            check_event(event)?;
        }
        let was = before.as_ref().is_none_or(|w| w.enabled);
        Ok(Webhook {
            name: name.to_owned(),
            url,
            events,
            enabled: change.enabled.unwrap_or(was),
            secret: secret.ok_or_else(|| required("secret"))?,
            created_at: before.as_ref().map_or(self.ground.now, |w| w.created_at),
            since: before
                .as_ref()
                .map_or(self.draft.snapshot.pos(), |w| w.since),
        })
    }

    /// Removes a webhook. What waits for it is not sent.
    pub(super) fn delete_webhook(&mut self, name: &str) -> Result<Answer> {
        self.actor.require_admin("removing a webhook")?;
        let row = self.webhook_row(name)?.ok_or_else(Error::not_found)?;
        self.input
            .arguments
            .push(("webhook".to_owned(), Value::from(name)));
        let key = keys::webhook(name);
        let expect = config::expected(Some(row.version));
        let rows = &mut self.draft.rows;
        rows.expect.push((Table::Delivery, key.clone(), expect));
        rows.delete.push((Table::Delivery, key));
        let key = keys::webhook_progress(name);
        rows.delete.push((Table::Delivery, key));
        Ok(Answer::nothing(Id::MIN))
    }

    /// Keeps how far a webhook was told; with `disable` it is called no more.
    pub(super) fn webhook_told(
        &mut self,
        lease: Option<&Lease>,
        name: &str,
        progress: &WebhookProgress,
        disable: bool,
    ) -> Result<Answer> {
        if self.actor != Actor::System {
            return Err(Error::forbidden("only the engine tells what it delivered"));
        }
        self.draft.rows.fence = lease.cloned();
        let Some(row) = self.webhook_row(name)? else {
            return Ok(Answer::nothing(Id::MIN));
        };
        let key = keys::webhook(name);
        let expect = config::expected(Some(row.version));
        let rows = &mut self.draft.rows;
        rows.expect.push((Table::Delivery, key.clone(), expect));
        let place = keys::webhook_progress(name);
        rows.put
            .push((Table::Delivery, place, codec::encode(progress)?));
        if disable {
            let mut webhook: Webhook = codec::decode(&row.bytes)?;
            webhook.enabled = false;
            rows.put
                .push((Table::Delivery, key, codec::encode(&webhook)?));
            let note = format!("webhook_disabled:{name}:{}", progress.last_error);
            self.draft.notes.push(note);
        }
        Ok(Answer::nothing(Id::MIN))
    }

    fn webhook_row(&self, name: &str) -> Result<Option<Versioned>> {
        Ok(self
            .draft
            .snapshot
            .get(Table::Delivery, &keys::webhook(name))?)
    }

    fn progress(&self, name: &str) -> Result<Option<WebhookProgress>> {
        let key = keys::webhook_progress(name);
        let row = self.draft.snapshot.get(Table::Delivery, &key)?;
        row.map(|row| codec::decode(&row.bytes)).transpose()
    }
}

/// A name that rules can call it by.
fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if (1..=32).contains(&name.len()) && name.chars().all(fits) && name != "mail" {
        return Ok(());
    }
    let message = "expected 1 to 32 small letters, digits, `_` and `-`, and not `mail`";
    Err(Error::field("name", "malformed", message))
}

/// An event, or several by their beginning.
fn check_event(event: &str) -> Result<()> {
    let bare = event.strip_suffix('*').unwrap_or(event);
    let fits = |c: char| c.is_ascii_lowercase() || "_.".contains(c);
    if !event.is_empty() && event.len() <= 64 && bare.chars().all(fits) {
        return Ok(());
    }
    let message = "expected an event such as `ticket.created`, `ticket.*` or `*`";
    Err(Error::field("events", "malformed", message))
}
