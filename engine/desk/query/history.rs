//! The history of a record: who changed what, when, and which rule was behind it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::desk::decide::Ground;
use crate::desk::journal::{By, JournalEntry, RuleName, RuleRun};
use crate::desk::sight::Sight;
use crate::desk::{
    Actor, Desk, FieldChangeView, HistoryItem, Page, Result, RuleRunView, codec, decide, keys,
};
use crate::domain::{Id, Kind, Record, record::fields};
use crate::store::{Pos, Snapshot, Store, Table};

impl Desk {
    /// The changes of a record, oldest first.
    ///
    /// # Errors
    /// When there is no such record, the cursor is foreign, or the store fails.
    pub fn history(
        &self,
        actor: &Actor,
        kind: Kind,
        id: Id,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<HistoryItem>> {
        let limit = super::limit(limit)?;
        let snapshot = self.store.snapshot(None)?;
        let (ground, _) = self.ground(Arc::clone(&snapshot), self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let page = super::record::read(&*snapshot, &sight, kind, id)?;
        let (mut from, to) = keys::owned(id);
        if let Some(cursor) = cursor {
            from = super::unhex(cursor)?;
            if from.get(..16) != Some(id.as_bytes().as_slice()) {
                return Err(super::bad_cursor());
            }
            from.push(0);
        }
        let rows = snapshot.range(Table::History, &from, &to, false, limit)?;
        let next = match rows.last() {
            Some((key, _)) if rows.len() == limit => Some(decide::hex(key)),
            _ => None,
        };
        let mut orders = Orders {
            snapshot: &*snapshot,
            kept: BTreeMap::new(),
        };
        let mut items = Vec::new();
        for (_, row) in rows {
            let Some(entry) = self.journal_at(row.version)? else {
                continue;
            };
            let mut item = view(&mut orders, row.version, &entry, id)?;
            mask_changes(&ground, &sight, &page.record, &mut item)?;
            // What an article was before it was published is not for its readers.
            if kind == Kind::Article && !actor.sees_internal() {
                item.changes.clear();
            }
            if !actor.sees_internal() {
                mask_rules(&*snapshot, actor, &page.record, &mut item)?;
            }
            if !sight.is_whole() && !tells_something(&item) {
                continue;
            }
            items.push(item);
        }
        Ok(Page { items, next })
    }

    /// The journal entry of a position.
    pub(in crate::desk) fn journal_at(&self, pos: Pos) -> Result<Option<JournalEntry>> {
        journal_entry(&*self.store, pos)
    }
}

/// Whether a masked item tells more than that something happened: when and by whom it did is part of
/// what is kept from the asker.
fn tells_something(item: &HistoryItem) -> bool {
    let mut changes = item.changes.iter();
    changes.any(|change| change.field != fields::UPDATED_AT) || !item.entries.is_empty()
}

/// Leaves the changes of fields that the asker may see.
fn mask_changes(
    ground: &Ground<'_>,
    sight: &Sight<'_, '_>,
    record: &Record,
    item: &mut HistoryItem,
) -> Result<()> {
    if sight.is_whole() {
        return Ok(());
    }
    // Which other records there are is not for everybody.
    item.reads.clear();
    let mut shown = Vec::with_capacity(item.changes.len());
    for change in std::mem::take(&mut item.changes) {
        let def = ground
            .catalog
            .field(record.kind, record.type_code(), &change.field);
        if let Some(def) = def
            && !sight.hides(record.kind, def)?
        {
            shown.push(change);
        }
    }
    item.changes = shown;
    if !sight.access(record.kind)?.masked.is_empty() {
        // Reasons tell what rules saw, and that may be what is masked.
        item.notes.clear();
        item.rules.iter_mut().for_each(|run| run.reasons.clear());
    }
    Ok(())
}

/// A customer sees public entries, and no rules.
fn mask_rules(
    snapshot: &dyn Snapshot,
    actor: &Actor,
    record: &Record,
    item: &mut HistoryItem,
) -> Result<()> {
    item.rules.clear();
    item.reads.clear();
    item.notes.clear();
    item.cause = None;
    for change in &mut item.changes {
        change.by = String::new();
    }
    let wanted: Vec<_> = item
        .entries
        .iter()
        .map(|e| (Table::Entries, keys::entry(record.id, *e)))
        .collect();
    let mut shown = Vec::new();
    for row in snapshot.get_many(&wanted)?.into_iter().flatten() {
        let stored: crate::desk::journal::StoredEntry = codec::decode(&row.bytes)?;
        if super::entries::shows(actor, &stored.entry.body) {
            shown.push(stored.entry.id);
        }
    }
    item.entries = shown;
    Ok(())
}

/// The journal's entry at a position.
///
/// # Errors
/// When the store fails.
pub fn journal_entry(store: &dyn Store, pos: Pos) -> Result<Option<JournalEntry>> {
    let rows = store.journal(Pos(pos.0.saturating_sub(1)), 1)?;
    let mut rows = rows.into_iter();
    let row = rows.find(|row| row.pos == pos && !row.bytes.is_empty());
    let entry = row.map(|row| codec::decode::<JournalEntry>(&row.bytes));
    Ok(entry.transpose()?.map(|entry| entry.at_pos(pos)))
}

/// The total orders of rules that journal entries refer to, read once each.
struct Orders<'s> {
    snapshot: &'s dyn Snapshot,
    kept: BTreeMap<Pos, Vec<RuleName>>,
}

impl Orders<'_> {
    fn rule(&mut self, catalog: Pos, place: u16) -> Result<RuleName> {
        if !self.kept.contains_key(&catalog) {
            let mut key = keys::rule_order();
            key.extend(catalog.0.to_be_bytes());
            let row = self.snapshot.get(Table::Packs, &key)?;
            let order = row.map(|row| codec::decode(&row.bytes)).transpose()?;
            self.kept.insert(catalog, order.unwrap_or_default());
        }
        let found = self
            .kept
            .get(&catalog)
            .and_then(|order| order.get(usize::from(place)));
        Ok(found.cloned().unwrap_or_else(|| RuleName {
            rule: format!("unknown rule {place}"),
            version: String::new(),
            revision: [0; 32],
            hook: String::new(),
        }))
    }
}

fn view(orders: &mut Orders<'_>, pos: Pos, entry: &JournalEntry, id: Id) -> Result<HistoryItem> {
    let mut rules = Vec::with_capacity(entry.runs.len());
    for run in &entry.runs {
        let name = orders.rule(entry.catalog, run.rule)?;
        rules.push(run_view(&name, run));
    }
    let own = entry
        .changes
        .iter()
        .filter(|c| c.id == id)
        .flat_map(|c| &c.fields);
    let changes = own.map(|f| FieldChangeView {
        field: f.field.clone(),
        old: f.old.clone(),
        new: f.new.clone(),
        by: by(f.by, &rules),
    });
    Ok(HistoryItem {
        pos,
        at: entry.at,
        actor: entry.actor.name(),
        command: entry.input.command.clone(),
        request: entry.request.clone(),
        cause: entry
            .cause
            .as_ref()
            .map(|c| format!("timer {} set at {}", c.name, c.set_at)),
        changes: changes.collect(),
        entries: entry
            .entries
            .iter()
            .filter(|e| e.owner == id)
            .map(|e| e.entry)
            .collect(),
        rules,
        reads: entry.reads.clone(),
        notes: entry.notes.clone(),
    })
}

fn run_view(name: &RuleName, run: &RuleRun) -> RuleRunView {
    RuleRunView {
        rule: name.rule.clone(),
        version: name.version.clone(),
        revision: decide::hex(&name.revision),
        hook: name.hook.clone(),
        verdict: run.verdict.name().to_owned(),
        used: run.used,
        reasons: run.reasons.clone(),
    }
}

fn by(by: By, rules: &[RuleRunView]) -> String {
    match by {
        By::Asked => "asked".to_owned(),
        By::Engine => "engine".to_owned(),
        By::Rule { run, line } => {
            let rule = rules
                .get(usize::from(run))
                .map_or("unknown rule", |r| r.rule.as_str());
            if line == 0 {
                rule.to_owned()
            } else {
                format!("{rule}:{line}")
            }
        }
    }
}
