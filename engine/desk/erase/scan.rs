//! Everything in the store that tells of a person, found by looking at every row: erasing is seldom, and
//! nothing may be left.

use std::collections::BTreeSet;

use super::journal::is_kept_apart;
use super::{EraseStep, Person, meta};
use crate::desk::delivery::Delivery;
use crate::desk::journal::{StoredEntry, Timer};
use crate::desk::survey::Survey;
use crate::desk::tuning::stamp_key;
use crate::desk::view::{OutboxItem, Token};
use crate::desk::{Desk, Result, codec, keys};
use crate::domain::erasing::{ERASED, Marks, author};
use crate::domain::{EntryBody, Id, Kind, Record};
use crate::store::{Key, MAX_RANGE_ROWS, Pos, Snapshot, Table, Versioned};

/// What tells of a person.
#[derive(Default)]
pub(super) struct Found {
    records: Vec<(Kind, Id)>,
    entries: Vec<(Kind, Id, Id)>,
    rows: Vec<(Table, Key, Pos, Option<Vec<u8>>)>,
    /// Contents of files that go, and of those that stay.
    gone: BTreeSet<[u8; 32]>,
    kept: BTreeSet<[u8; 32]>,
}

impl Found {
    /// What was read of a content that goes.
    #[cfg(feature = "text")]
    fn add_words(&mut self, snapshot: &dyn Snapshot, hash: &[u8; 32]) -> Result<()> {
        for from in crate::desk::files::rows_of(hash) {
            let to = keys::after(&from);
            for (key, row) in snapshot.range(Table::Meta, &from, &to, false, 1_000)? {
                self.rows.push((Table::Meta, key, row.version, None));
            }
        }
        Ok(())
    }

    #[cfg(not(feature = "text"))]
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "as the other one"
    )]
    fn add_words(&mut self, _: &dyn Snapshot, _: &[u8; 32]) -> Result<()> {
        Ok(())
    }

    /// The steps in which it is changed.
    pub(super) fn steps(self, person: &Person, size: usize) -> Vec<EraseStep> {
        let step = || EraseStep {
            marks: person.marks.clone(),
            own: person.own.iter().copied().collect(),
            ..EraseStep::default()
        };
        let mut steps = Vec::new();
        for records in self.records.chunks(size) {
            let records = records.to_vec();
            steps.push(EraseStep { records, ..step() });
        }
        for entries in self.entries.chunks(size) {
            let entries = entries.to_vec();
            steps.push(EraseStep { entries, ..step() });
        }
        // Pieces of files are large.
        for rows in self.rows.chunks(size.min(50)) {
            let rows = rows.to_vec();
            steps.push(EraseStep { rows, ..step() });
        }
        steps
    }
}

impl Desk {
    /// Looks at every row.
    pub(super) fn scan_person(&self, person: &Person) -> Result<Found> {
        let snapshot = self.store.snapshot(None)?;
        let mut found = Found::default();
        each(&*snapshot, Table::Records, |_, row| {
            let record: Record = codec::decode(&row.bytes)?;
            let place = (record.kind, record.id);
            let tells = |value| person.marks.clean_value(value).is_some();
            let own = person.own.contains(&place) || record.fields.values().any(tells);
            if own && !is_kept_apart(record.kind) && record.id != person.place.1 {
                found.records.push(place);
            }
            Ok(())
        })?;
        let author = author(person.place);
        each(&*snapshot, Table::Entries, |key, row| {
            let stored: StoredEntry = codec::decode(&row.bytes)?;
            let owner = key.get(..16).and_then(Id::from_slice).unwrap_or(Id::MIN);
            let place = (stored.kind, owner, stored.entry.id);
            let next = redacted_entry(
                &person.marks,
                person.own.contains(&(stored.kind, owner)),
                &author,
                &stored,
            );
            if let EntryBody::Attachment { hash, .. } = &stored.entry.body {
                match &next {
                    Some(_) => found.gone.insert(*hash),
                    None => found.kept.insert(*hash),
                };
            }
            if next.is_some() {
                found.entries.push(place);
            }
            Ok(())
        })?;
        for table in [Table::Outbox, Table::Surveys, Table::Replies, Table::Timers] {
            each(&*snapshot, table, |key, row| {
                if let Some(next) = redacted_row(person, table, row)? {
                    found.rows.push((table, key.clone(), row.version, next));
                }
                Ok(())
            })?;
        }
        self.scan_deliveries(&*snapshot, person, &mut found)?;
        self.scan_single_rows(&*snapshot, person, &mut found)?;
        self.find_tokens(&*snapshot, person, &mut found)?;
        let gone: Vec<[u8; 32]> = found.gone.difference(&found.kept).copied().collect();
        for hash in gone {
            let (from, to) = (
                keys::blob_chunk(&hash, 0),
                keys::blob_chunk(&hash, u32::MAX),
            );
            for (key, row) in snapshot.range(Table::Blobs, &from, &to, false, 1_000)? {
                found.rows.push((Table::Blobs, key, row.version, None));
            }
            found.add_words(&*snapshot, &hash)?;
        }
        Ok(found)
    }

    /// What is kept of messages beside them.
    fn scan_deliveries(
        &self,
        snapshot: &dyn Snapshot,
        person: &Person,
        found: &mut Found,
    ) -> Result<()> {
        let rows = found.rows.iter();
        let unsent = rows.filter(|(table, _, _, next)| *table == Table::Outbox && next.is_none());
        let unsent: BTreeSet<Id> = unsent
            .filter_map(|(_, key, _, _)| keys::id_at_end(key))
            .collect();
        // What is not sent any more waits in no queue; webhooks, which stand behind, stay.
        each(snapshot, Table::Delivery, |key, row| {
            let is_html = key.first() == Some(&6);
            let queued = is_html || key.first().is_some_and(|first| *first < 4);
            let gone = || keys::id_at_end(key).is_some_and(|id| unsent.contains(&id));
            if queued && gone() {
                let place = (Table::Delivery, key.clone(), row.version, None);
                found.rows.push(place);
            } else if let Some(next) = redacted_delivery(person, key, row)? {
                let place = (Table::Delivery, key.clone(), row.version, next);
                found.rows.push(place);
            }
            Ok(())
        })
    }

    /// Rows that stand alone.
    fn scan_single_rows(
        &self,
        snapshot: &dyn Snapshot,
        person: &Person,
        found: &mut Found,
    ) -> Result<()> {
        let mut tunes = false;
        each(snapshot, Table::Meta, |key, row| {
            if let Some(next) = meta::redacted(person, key, &row.bytes)? {
                tunes |= meta::tunes(key);
                found
                    .rows
                    .push((Table::Meta, key.clone(), row.version, next));
            }
            Ok(())
        })?;
        // Searches see by the stamp that what they keep ready is not true any more.
        if tunes && let Some(stamp) = snapshot.get(Table::Meta, &stamp_key())? {
            let next = Some(stamp.bytes);
            found
                .rows
                .push((Table::Meta, stamp_key(), stamp.version, next));
        }
        Ok(())
    }

    /// Tokens by which the person came in.
    fn find_tokens(
        &self,
        snapshot: &dyn Snapshot,
        person: &Person,
        found: &mut Found,
    ) -> Result<()> {
        each(snapshot, Table::Tokens, |key, row| {
            let token: Token = codec::decode(&row.bytes)?;
            let own = token.actor.record() == Some(person.place);
            if own {
                let by_id = keys::named_guard("token", token.id.as_bytes());
                let guard = snapshot.get(Table::Guards, &by_id)?;
                found
                    .rows
                    .push((Table::Tokens, key.clone(), row.version, None));
                found
                    .rows
                    .extend(guard.map(|g| (Table::Guards, by_id, g.version, None)));
            }
            Ok(())
        })
    }
}

/// What becomes of what is kept of a delivery: reasons of other sides name whom they refused, and HTML
/// says what the text says.
fn redacted_delivery(
    person: &Person,
    key: &[u8],
    row: &Versioned,
) -> Result<Option<Option<Vec<u8>>>> {
    match key.first() {
        Some(0) => {
            let mut delivery: Delivery = codec::decode(&row.bytes)?;
            let Some(clean) = person.marks.clean(&delivery.reason) else {
                return Ok(None);
            };
            delivery.reason = clean;
            Ok(Some(Some(codec::encode(&delivery)?)))
        }
        Some(6) => {
            let html: String = codec::decode(&row.bytes)?;
            let clean = person.marks.clean(&html);
            clean.map(|html| codec::encode(&html).map(Some)).transpose()
        }
        _ => Ok(None),
    }
}

/// The entry without the person; none when it tells nothing of it.
pub(super) fn redacted_entry(
    marks: &Marks,
    own: bool,
    author: &Option<String>,
    stored: &StoredEntry,
) -> Option<StoredEntry> {
    use sha2::Digest;
    let mut next = stored.clone();
    let wrote = author.as_ref() == Some(&stored.entry.author);
    let clean = |text: &mut String, whole: bool| match whole {
        true => ERASED.clone_into(text),
        false => {
            if let Some(clean) = marks.clean(text) {
                *text = clean;
            }
        }
    };
    match &mut next.entry.body {
        EntryBody::Comment { text, .. } => clean(text, wrote),
        EntryBody::Message {
            subject,
            text,
            external_id,
            ..
        } => {
            clean(subject, (wrote || own) && !subject.is_empty());
            clean(text, wrote || own);
            if let Some(external) = external_id {
                clean(external, false);
            }
        }
        EntryBody::Attachment {
            name, size, hash, ..
        } => {
            clean(name, wrote);
            if wrote {
                (*size, *hash) = (0, sha2::Sha256::digest([]).into());
            }
        }
        EntryBody::Consumption(row) => clean(&mut row.reason, false),
        EntryBody::Link { .. } => {}
    }
    (next != *stored).then_some(next)
}

/// What becomes of a row of another table; none when it tells nothing of the person.
fn redacted_row(person: &Person, table: Table, row: &Versioned) -> Result<Option<Option<Vec<u8>>>> {
    let marks = &person.marks;
    let tells = |text: &str| marks.clean(text).is_some();
    Ok(match table {
        Table::Outbox if !person.is_contact() => {
            let (mut item, rest): (OutboxItem, _) = codec::decode_first(&row.bytes)?;
            if tells(&item.to) {
                return Ok(Some(None));
            }
            // What an agent signed is still for its customer.
            let mut changed = false;
            for text in [&mut item.subject, &mut item.text] {
                if let Some(clean) = marks.clean(text) {
                    *text = clean;
                    changed = true;
                }
            }
            let mut bytes = codec::encode(&item)?;
            bytes.extend(rest);
            changed.then_some(Some(bytes))
        }
        Table::Outbox => {
            let item: OutboxItem = codec::decode(&row.bytes)?;
            let own = person.own.contains(&(item.kind, item.record)) && tells(&item.to);
            // What goes to the person is not sent any more; what speaks of it neither.
            (own || [&item.to, &item.subject, &item.text]
                .into_iter()
                .any(|t| tells(t)))
            .then_some(None)
        }
        Table::Surveys => {
            let mut survey: Survey = codec::decode(&row.bytes)?;
            let mut changed = false;
            for text in [&mut survey.to, &mut survey.subject, &mut survey.text] {
                if let Some(clean) = marks.clean(text) {
                    *text = clean;
                    changed = true;
                }
            }
            match changed {
                true => Some(Some(codec::encode(&survey)?)),
                false => None,
            }
        }
        Table::Timers => {
            let timer: Timer = codec::decode(&row.bytes)?;
            let mut next = timer.clone();
            if let crate::desk::journal::Purpose::Rule { data, .. } = &mut next.purpose
                && let Some(clean) = marks.clean(data)
            {
                *data = clean;
            }
            match next == timer {
                true => None,
                false => Some(Some(codec::encode(&next)?)),
            }
        }
        // A kept answer is only bytes here: one that tells of the person is forgotten.
        _ => {
            let text = String::from_utf8_lossy(&row.bytes);
            tells(&text).then_some(None)
        }
    })
}

/// Reads a whole table page by page.
fn each(
    snapshot: &dyn Snapshot,
    table: Table,
    mut one: impl FnMut(&Key, &Versioned) -> Result<()>,
) -> Result<()> {
    let mut from = Vec::new();
    loop {
        let rows = snapshot.range(
            table,
            &from,
            &[u8::MAX; 80],
            false,
            MAX_RANGE_ROWS.min(1_000),
        )?;
        for (key, row) in &rows {
            one(key, row)?;
        }
        match rows.last() {
            Some((key, _)) if rows.len() == 1_000 => {
                from.clone_from(key);
                from.push(0);
            }
            _ => return Ok(()),
        }
    }
}
