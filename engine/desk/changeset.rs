//! From a draft to the batch that the store commits: rows, indexes, guards, journal.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::queue_rows;
use super::draft::{Draft, Work};
use super::journal::{By, Cause, FieldChange, Input, JournalEntry, RecordChange, What};
use super::{Actor, Result, codec, keys, trace};
use crate::domain::{EntryBody, Id, Kind, Record, Value, article, party, plan, record::fields};
use crate::packs::{Catalog, Shift};
use crate::store::{Batch, Expect, Key, OpId, Pos, Table};

/// The index by which open work is counted: references to agents, of records that are not closed.
pub const OPEN_INDEX: &str = "@open";

/// What a batch says of itself in the journal, beside the draft.
pub struct Heading {
    /// Who asked.
    pub actor: Actor,
    /// Request id.
    pub request: String,
    /// What was asked for.
    pub input: Input,
    /// Timer that caused it.
    pub cause: Option<Cause>,
    /// Version of the list of active packs.
    pub catalog: Pos,
    /// Version of agents, teams, levels and calendars.
    pub service: Pos,
}

/// Builds the batch of a draft.
pub fn batch(mut draft: Draft, catalog: &Catalog, heading: Heading, op: OpId) -> Result<Batch> {
    let rows = std::mem::take(&mut draft.rows);
    let mut batch = Batch {
        op,
        expect: rows.expect,
        fence: rows.fence,
        after: None,
        put: rows.put,
        delete: rows.delete,
        put_at_pos: rows.put_at_pos,
        journal: Vec::new(),
    };
    let mut changes = Vec::new();
    for ((kind, id), work) in &draft.records {
        if work.is_changed() {
            write_record(&mut batch, *kind, *id, work)?;
            changes.push(change_of(*kind, *id, work));
        }
        if work.is_changed() || draft.reindexed.contains(&(*kind, *id)) {
            let shift = draft.shift.as_ref().or_else(|| catalog.shift());
            write_keys(&mut batch, catalog, shift.map(|s| &**s), work, *id);
        }
    }
    hand_over(&mut batch);
    write_history(&mut batch, &draft, heading.input.target);
    write_entries(&mut batch, &draft)?;
    write_timers(&mut batch, &draft)?;
    write_clocks(&mut batch, &draft)?;
    for (id, (version, survey)) in &draft.surveys {
        let key = id.0.to_vec();
        batch
            .expect
            .push((Table::Surveys, key.clone(), expected(*version)));
        batch
            .put
            .push((Table::Surveys, key, codec::encode(survey)?));
    }
    write_outbox(&mut batch, &draft)?;
    let trace = std::mem::take(&mut draft.trace);
    let trace = trace.finish(&changes, &heading.actor, heading.service);
    let entry = JournalEntry {
        at: draft.now,
        actor: heading.actor,
        request: heading.request,
        input: heading.input,
        catalog: heading.catalog,
        base: draft.snapshot.pos(),
        cause: heading.cause,
        reads: draft
            .reads
            .iter()
            .map(|((kind, id), pos)| (*kind, *id, *pos))
            .collect(),
        changes,
        entries: draft.entries_added(),
        runs: draft.runs,
        notes: draft.notes,
        group: None,
    };
    batch.journal = trace::encode(&entry, trace.as_ref())?;
    Ok(batch)
}

const fn expected(version: Option<Pos>) -> Expect {
    match version {
        Some(pos) => Expect::Version(pos),
        None => Expect::Absent,
    }
}

fn write_record(batch: &mut Batch, kind: Kind, id: Id, work: &Work) -> Result<()> {
    let key = keys::record(kind, id);
    match &work.now {
        Some(record) => batch
            .put
            .push((Table::Records, key, codec::encode(&**record)?)),
        None => batch.delete.push((Table::Records, key)),
    }
    Ok(())
}

/// The index rows and guards of a record. While rules change, the rows that lie there are those of
/// the rules before, and for a record that has moved already those of the rules after.
fn write_keys(batch: &mut Batch, catalog: &Catalog, shift: Option<&Shift>, work: &Work, id: Id) {
    let before = work.before.as_deref();
    let after = work.now.as_deref();
    if let Some(record) = before.or(after) {
        let key = keys::record(record.kind, id);
        batch
            .expect
            .push((Table::Records, key, expected(work.version)));
    }
    let (from, to) = match shift {
        Some(shift) => (&*shift.previous, &*shift.next),
        None => (catalog, catalog),
    };
    let moved = shift.filter(|s| s.staged).map(|s| &*s.next);
    let mut old = index_keys(from, before);
    let new = index_keys(to, after);
    let mut sure = old.clone();
    if let Some(moved) = moved {
        let more = index_keys(moved, before);
        sure.retain(|key| more.contains(key));
        old.extend(more);
    }
    batch
        .delete
        .extend(old.difference(&new).map(|k| (Table::Index, k.clone())));
    batch.put.extend(
        new.difference(&sure)
            .map(|k| (Table::Index, k.clone(), Vec::new())),
    );
    let mut old = guard_keys(from, before);
    let new = guard_keys(to, after);
    if let Some(moved) = moved {
        old.extend(guard_keys(moved, before));
    }
    for key in old.difference(&new) {
        batch.delete.push((Table::Guards, key.clone()));
    }
    for key in new.difference(&old) {
        batch
            .expect
            .push((Table::Guards, key.clone(), Expect::Absent));
        batch.put.push((Table::Guards, key.clone(), id.0.to_vec()));
    }
}

/// A unique value that one record gives up and another takes in the same command changes its holder;
/// that it was held is held by the version of the record that gives it up.
fn hand_over(batch: &mut Batch) {
    let puts = batch
        .put
        .iter()
        .filter(|(table, _, _)| *table == Table::Guards);
    let taken: BTreeSet<Key> = puts.map(|(_, key, _)| key.clone()).collect();
    let deletes = batch
        .delete
        .iter()
        .filter(|(table, _)| *table == Table::Guards);
    let given: BTreeSet<Key> = deletes
        .map(|(_, key)| key.clone())
        .filter(|key| taken.contains(key))
        .collect();
    if given.is_empty() {
        return;
    }
    let handed = |table: Table, key: &Key| table == Table::Guards && given.contains(key);
    batch.delete.retain(|(table, key)| !handed(*table, key));
    batch.expect.retain(|(table, key, _)| !handed(*table, key));
}

/// The change stands in the history of every record that it changed or added to, and of the one it
/// was about, when there is more to tell than that it was looked at.
fn write_history(batch: &mut Batch, draft: &Draft, target: Option<(Kind, Id)>) {
    let changed = draft.records.iter().filter(|(_, work)| work.is_changed());
    let mut told: BTreeSet<Id> = changed.map(|((_, id), _)| *id).collect();
    told.extend(draft.entries.iter().map(|(_, owner, _)| *owner));
    if !draft.runs.is_empty() || !draft.notes.is_empty() {
        told.extend(target.map(|(_, id)| id));
    }
    let row = |id| (Table::History, keys::history(id), Vec::new());
    batch.put_at_pos.extend(told.into_iter().map(row));
}

/// The index rows that a record has: one per value of each indexed field.
pub fn index_keys(catalog: &Catalog, record: Option<&Record>) -> BTreeSet<Key> {
    let mut rows = BTreeSet::new();
    let Some(record) = record else { return rows };
    for (name, value) in &record.fields {
        let def = catalog.field(record.kind, record.type_code(), name);
        if !def.is_some_and(|d| d.indexed) {
            continue;
        }
        for one in each(value) {
            rows.insert(keys::index(record.kind, name, one, record.id));
        }
    }
    if let Some(agent) = record.get(fields::ASSIGNEE)
        && record.kind == Kind::Ticket
        && record.get(fields::CLOSED_AT).is_none()
    {
        rows.insert(keys::index(record.kind, OPEN_INDEX, agent, record.id));
    }
    if record.kind == Kind::Inquiry && record.get(fields::CLOSED_AT).is_none() {
        let nobody = Value::Bool(false);
        let who = record.get(fields::ASSIGNEE).unwrap_or(&nobody);
        rows.insert(keys::index(record.kind, keys::INBOX_INDEX, who, record.id));
    }
    let parties = party::keys(record).into_iter();
    rows.extend(
        parties
            .map(|(field, begins, text)| keys::party(record.kind, field, begins, &text, record.id)),
    );
    rows
}

/// The guards that a record holds: one per value of each unique field.
pub fn guard_keys(catalog: &Catalog, record: Option<&Record>) -> BTreeSet<Key> {
    let mut rows = BTreeSet::new();
    let Some(record) = record else { return rows };
    for (name, value) in &record.fields {
        let def = catalog.field(record.kind, record.type_code(), name);
        if def.is_some_and(|d| d.unique) && value.is_filled() {
            rows.insert(keys::guard(record.kind, name, value));
        }
    }
    // A serial number is unique among the assets of a product: two makers may use the same one.
    if let (Kind::Asset, Some(serial), Some(product)) = (
        record.kind,
        record.text("serial"),
        record.reference("product"),
    ) {
        let value = Value::Text(format!("{product}/{}", serial.trim().to_lowercase()));
        rows.insert(keys::guard(Kind::Asset, "serial", &value));
    }
    // Of the variants of an article, one is in a language.
    if let (Kind::Article, Some(main), Some(tag)) = (
        record.kind,
        record.reference(article::fields::VARIANT_OF),
        record.text(article::fields::LOCALE),
    ) {
        let value = Value::Text(format!("{main}/{}", article::language(tag)));
        rows.insert(keys::guard(Kind::Article, article::fields::LOCALE, &value));
    }
    // Of the open automatic activities of a record, one has a key.
    if record.kind == Kind::Activity
        && let Some(value) = plan::guard(record)
    {
        rows.insert(keys::guard(Kind::Activity, plan::fields::AUTO_KEY, &value));
    }
    rows
}

fn each(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => items,
        one => std::slice::from_ref(one),
    }
}

fn change_of(kind: Kind, id: Id, work: &Work) -> RecordChange {
    let none = std::collections::BTreeMap::new();
    let before = work.before.as_ref().map_or(&none, |r| &r.fields);
    let after = work.now.as_ref().map_or(&none, |r| &r.fields);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name));
    let what = match (&work.before, &work.now) {
        (None, _) => What::Created,
        (Some(_), Some(_)) => What::Changed,
        (Some(_), None) => What::Deleted,
    };
    RecordChange {
        kind,
        id,
        what,
        fields: changed
            .map(|name| FieldChange {
                field: name.clone(),
                old: before.get(name).cloned(),
                new: after.get(name).cloned(),
                by: work.by.get(name).copied().unwrap_or(By::Engine),
            })
            .collect(),
    }
}

fn write_entries(batch: &mut Batch, draft: &Draft) -> Result<()> {
    for (stored, owner, _) in &draft.entries {
        let key = keys::entry(*owner, stored.entry.id);
        // Nothing is added to a record that goes meanwhile. A ledger's row expects less, so that many
        // are added to one contract at once.
        let counted = matches!(stored.entry.body, EntryBody::Consumption(_));
        let work = draft.records.get(&(stored.kind, *owner));
        let version = work.and_then(|w| w.version);
        if let Some(version) = version.filter(|_| !counted) {
            let record = keys::record(stored.kind, *owner);
            batch
                .expect
                .push((Table::Records, record, Expect::Version(version)));
        }
        batch
            .put
            .push((Table::Entries, key, codec::encode(stored)?));
    }
    Ok(())
}

/// Messages that leave, each with its place in its queue.
fn write_outbox(batch: &mut Batch, draft: &Draft) -> Result<()> {
    for item in &draft.outbox {
        let mut row = codec::encode(item)?;
        // Behind the message, so that messages queued before there were files are read as ever.
        if let Some(mailing) = draft.mailings.get(&item.id) {
            row.extend(codec::encode(mailing)?);
        }
        batch.put.push((Table::Outbox, item.id.0.to_vec(), row));
        batch.put.extend(queue_rows(item));
        if let Some(html) = draft.htmls.get(&item.id) {
            let key = keys::delivery_html(item.id);
            batch.put.push((Table::Delivery, key, codec::encode(html)?));
        }
    }
    Ok(())
}

fn write_timers(batch: &mut Batch, draft: &Draft) -> Result<()> {
    let name_of = |owner: Id, name: &str| (Table::TimerNames, keys::timer_name(owner, name));
    let asked = draft
        .timers
        .keys()
        .filter(|(owner, _)| !draft.is_new(*owner));
    let asked: Vec<(Table, Key)> = asked.map(|(owner, name)| name_of(*owner, name)).collect();
    // A record that is being made has no timers yet.
    let mut present = BTreeMap::new();
    if !asked.is_empty() {
        let rows = draft.snapshot.get_many(&asked)?;
        present.extend(asked.into_iter().map(|(_, key)| key).zip(rows));
    }
    for ((owner, name), timer) in &draft.timers {
        let (table, name_key) = name_of(*owner, name);
        if let Some(row) = present.remove(&name_key) {
            // Who sets the same timer meanwhile would leave one behind that nobody can remove.
            let version = row.as_ref().map(|r| r.version);
            batch
                .expect
                .push((table, name_key.clone(), expected(version)));
            // A timer of the same name is replaced: its row by time goes with it.
            batch.delete.extend(row.map(|r| (Table::Timers, r.bytes)));
        }
        match timer {
            Some(timer) => {
                let key = keys::timer(timer.due, timer.id);
                batch
                    .put
                    .push((Table::Timers, key.clone(), codec::encode(timer)?));
                batch.put.push((Table::TimerNames, name_key, key));
            }
            None => batch.delete.push((Table::TimerNames, name_key)),
        }
    }
    Ok(())
}

fn write_clocks(batch: &mut Batch, draft: &Draft) -> Result<()> {
    for (owner, clocks) in &draft.clocks {
        for (name, work) in clocks.iter().filter(|(_, w)| w.changed) {
            let key = keys::clock(*owner, name);
            batch
                .expect
                .push((Table::Clocks, key.clone(), expected(work.version)));
            batch
                .put
                .push((Table::Clocks, key, codec::encode(&work.clock)?));
        }
    }
    Ok(())
}
