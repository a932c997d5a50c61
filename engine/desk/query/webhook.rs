//! Webhooks, and what they are to be told of.

use std::collections::BTreeMap;

use crate::desk::journal::{JournalEntry, What};
use crate::desk::webhook::{Notice, Webhook, WebhookPage, WebhookProgress};
use crate::desk::{Actor, Desk, Error, Result, codec, keys};
use crate::store::{Pos, Table};

/// Most webhooks that are read.
const MAX_WEBHOOKS: usize = 200;

impl Desk {
    /// The webhooks, by name.
    ///
    /// # Errors
    /// When the asker is no administrator, or the store fails.
    pub fn webhooks(&self, actor: &Actor) -> Result<Vec<WebhookPage>> {
        actor.require_admin("reading webhooks")?;
        let snapshot = self.store.snapshot(None)?;
        let (from, to) = keys::webhooks();
        let rows = snapshot.range(Table::Delivery, &from, &to, false, MAX_WEBHOOKS)?;
        let (from, to) = keys::all_webhook_progress();
        let told = snapshot.range(Table::Delivery, &from, &to, false, MAX_WEBHOOKS)?;
        let mut progress: BTreeMap<Vec<u8>, WebhookProgress> = BTreeMap::new();
        for (key, row) in told {
            let name = key.get(1..).unwrap_or_default().to_vec();
            progress.insert(name, codec::decode(&row.bytes)?);
        }
        let mut pages = Vec::new();
        for (_, row) in rows {
            let webhook: Webhook = codec::decode(&row.bytes)?;
            let progress = progress.remove(webhook.name.as_bytes()).unwrap_or_default();
            pages.push(WebhookPage { webhook, progress });
        }
        Ok(pages)
    }

    /// One webhook.
    ///
    /// # Errors
    /// When the asker is no administrator, there is none, or the store fails.
    pub fn webhook(&self, actor: &Actor, name: &str) -> Result<WebhookPage> {
        let all = self.webhooks(actor)?.into_iter();
        let mut found = all.filter(|page| page.webhook.name == name);
        found.next().ok_or_else(Error::not_found)
    }

    /// What happened to records after a position, in order, out of at most `max` changes; with how
    /// many changes were looked at, and the position of the last.
    ///
    /// # Errors
    /// When the store fails.
    pub fn notices(&self, after: Pos, max: usize) -> Result<(Vec<Notice>, usize, Pos)> {
        let mut notices = Vec::new();
        let (mut seen, mut last) = (0, after);
        for row in self.store.journal(after, max.clamp(1, 1_000))? {
            seen += 1;
            last = row.pos;
            if !row.bytes.is_empty() {
                let entry: JournalEntry = codec::decode(&row.bytes)?;
                notices.extend(told(row.pos, &entry));
            }
        }
        Ok((notices, seen, last))
    }
}

fn told(pos: Pos, entry: &JournalEntry) -> Vec<Notice> {
    let actor = entry.actor.name();
    let notice = |kind: crate::domain::Kind, record, what: &str| Notice {
        pos,
        place: 0,
        at: entry.at,
        event: format!("{}.{what}", kind.name()),
        kind,
        record,
        fields: Vec::new(),
        entry: None,
        command: entry.input.command.clone(),
        actor: actor.clone(),
    };
    let changes = entry.changes.iter().map(|change| {
        let what = match change.what {
            What::Created => "created",
            What::Changed => "changed",
            What::Deleted => "deleted",
        };
        let fields = change.fields.iter().map(|f| f.field.clone());
        Notice {
            fields: fields.collect(),
            ..notice(change.kind, change.id, what)
        }
    });
    let added = entry.entries.iter().map(|added| Notice {
        entry: Some(added.entry),
        ..notice(added.kind, added.owner, "entry_added")
    });
    let mut all: Vec<Notice> = changes.chain(added).collect();
    for (place, one) in all.iter_mut().enumerate() {
        one.place = place;
    }
    all
}
