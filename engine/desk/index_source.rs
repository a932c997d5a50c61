//! What the search index is fed with: documents made of records, in the order of the journal.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::files;
use super::index_rules::{InForce, IndexRules};
use super::journal::{JournalEntry, StoredEntry, What};
use super::votes::{self, Sums};
use super::{Error, ErrorKind, Result, codec, keys, merged};
use crate::domain::entry::{EntryBody, Visibility};
use crate::domain::{Id, Kind, Record, Value};
use crate::hooks::search::INDEXED;
use crate::search::{
    Change, FilterValue, ScanPage, SearchDoc, SearchError, SearchIndex, SearchOptions, Source,
    SourceError, Upsert,
};
use crate::store::{Pos, Snapshot, Store, Table};
use crate::text;

/// Filter field with the share of those whom an article helped, in thousandths.
pub const HELPFUL_SHARE: &str = "helpful_share";
/// Fields whose values searches can count, and the fields of records that they are made of.
pub const FACETS: [(&str, &[&str]); 11] = [
    ("kind", &[]),
    ("type", &["type"]),
    ("status", &["status"]),
    ("category", &["category"]),
    ("product", &["product", "products"]),
    ("locale", &["locale"]),
    ("audience", &["audience"]),
    ("assignee", &["assignee"]),
    ("team", &["team"]),
    ("priority", &["priority"]),
    ("tags", &["tags"]),
];
/// Commands that change what a record is found by, and not the record.
const BESIDE: [&str; 2] = ["keep_words", "vote"];
/// Most entries of a record whose text is indexed.
const MAX_ENTRIES: usize = 200;
/// Most bytes of text of a record that are indexed.
const MAX_TEXT: usize = 200_000;

/// Opens the search index of a store, in a folder or in memory.
pub fn open(
    store: &Arc<dyn Store>,
    folder: Option<&Path>,
    rules: IndexRules,
) -> Result<Arc<SearchIndex>> {
    let store = Arc::clone(store);
    let source = Arc::new(Journal { store, rules });
    SearchIndex::open(folder, source, SearchOptions::default()).map_err(error)
}

/// An error of the index as an error of the desk.
pub fn error(e: SearchError) -> Error {
    match e {
        SearchError::Cursor => Error::new(ErrorKind::Invalid, "bad_cursor", e.to_string()),
        SearchError::Invalid { .. } => Error::new(ErrorKind::Invalid, "bad_search", e.to_string()),
        other => Error::new(ErrorKind::Busy, "search_unavailable", other.to_string()),
    }
}

/// The store's journal as a source of documents.
struct Journal {
    store: Arc<dyn Store>,
    rules: IndexRules,
}

/// What documents are made of beside their records.
struct Maker<'m> {
    snapshot: &'m dyn Snapshot,
    rules: &'m IndexRules,
    in_force: Arc<InForce>,
}

impl Journal {
    fn maker<'m>(&'m self, snapshot: &'m dyn Snapshot) -> Result<Maker<'m>> {
        Ok(Maker {
            snapshot,
            rules: &self.rules,
            in_force: self.rules.in_force(snapshot)?,
        })
    }
}

impl Source for Journal {
    fn rules(&self) -> std::result::Result<u64, SourceError> {
        let snapshot = self.store.snapshot(None).map_err(source_error)?;
        let in_force = self.rules.in_force(&*snapshot).map_err(source_error)?;
        Ok(self.rules.stamp(&in_force))
    }

    fn last(&self) -> u64 {
        self.store.wait(Pos::ZERO, Duration::ZERO).0
    }

    fn changes(&self, after: u64, max: usize) -> std::result::Result<Vec<Change>, SourceError> {
        let rows = self.store.journal(Pos(after), max).map_err(source_error)?;
        let snapshot = self.store.snapshot(None).map_err(source_error)?;
        let maker = self.maker(&*snapshot).map_err(source_error)?;
        let mut changes = Vec::with_capacity(rows.len());
        for row in rows {
            let mut touched: Vec<(Kind, Id)> = Vec::new();
            let mut created: Vec<Id> = Vec::new();
            if !row.bytes.is_empty() {
                let entry: JournalEntry = codec::decode(&row.bytes).map_err(source_error)?;
                touched.extend(entry.changes.iter().map(|c| (c.kind, c.id)));
                let new = entry.changes.iter().filter(|c| c.what == What::Created);
                created.extend(new.map(|c| c.id));
                touched.extend(entry.entries.iter().map(|e| (e.kind, e.owner)));
                // The words of a file came to what it is attached to; votes are rows of their own.
                let read = entry.input.target;
                let read = read.filter(|_| BESIDE.contains(&entry.input.command.as_str()));
                touched.extend(read);
            }
            touched.retain(|(kind, _)| INDEXED.contains(kind));
            touched.sort_unstable();
            touched.dedup();
            let docs = maker.upserts(&touched, &created).map_err(source_error)?;
            changes.push(Change {
                pos: row.pos.0,
                docs,
            });
        }
        Ok(changes)
    }

    fn wait(&self, after: u64, timeout: Duration) -> u64 {
        self.store.wait(Pos(after), timeout).0
    }

    fn all(&self, from: Option<&[u8]>, max: usize) -> std::result::Result<ScanPage, SourceError> {
        let snapshot = self.store.snapshot(None).map_err(source_error)?;
        let maker = self.maker(&*snapshot).map_err(source_error)?;
        let start = match from {
            Some(key) => [key, &[0]].concat(),
            None => Vec::new(),
        };
        let rows = snapshot
            .range(
                Table::Records,
                &start,
                &[u8::MAX; 18],
                false,
                max.min(10_000),
            )
            .map_err(source_error)?;
        let mut page = ScanPage {
            at: snapshot.pos().0,
            ..ScanPage::default()
        };
        if rows.len() == max.min(10_000) {
            page.next = rows.last().map(|(key, _)| key.clone());
        }
        for (_, row) in rows {
            let record: Record = codec::decode(&row.bytes).map_err(source_error)?;
            if INDEXED.contains(&record.kind) {
                let doc = maker.document(&record, row.version);
                let doc = doc.map_err(source_error)?;
                page.docs.push(doc);
            }
        }
        Ok(page)
    }
}

fn source_error(e: impl std::fmt::Display) -> SourceError {
    SourceError(e.to_string())
}

impl Maker<'_> {
    /// The records as they are now: later changes of them come again, which does no harm.
    fn upserts(&self, touched: &[(Kind, Id)], created: &[Id]) -> Result<Vec<Upsert>> {
        let wanted: Vec<_> = touched
            .iter()
            .map(|(kind, id)| (Table::Records, keys::record(*kind, *id)))
            .collect();
        let rows = self.snapshot.get_many(&wanted)?;
        let mut docs = Vec::with_capacity(touched.len());
        for ((_, id), row) in touched.iter().zip(rows) {
            docs.push(match row {
                Some(row) => {
                    let record: Record = codec::decode(&row.bytes)?;
                    let doc = Box::new(self.document(&record, row.version)?);
                    if created.contains(id) {
                        Upsert::New(doc)
                    } else {
                        Upsert::Put(doc)
                    }
                }
                None => Upsert::Delete(id.0),
            });
        }
        Ok(docs)
    }

    /// The document of a record, with what packs add to it.
    fn document(&self, record: &Record, version: Pos) -> Result<SearchDoc> {
        let mut doc = document(self.snapshot, record, version)?;
        let added = self.rules.added(&self.in_force, self.snapshot, record)?;
        let joined = |texts: Vec<String>| {
            let mut joined = Text::default();
            texts.iter().for_each(|text| joined.add(Some(text)));
            joined.0
        };
        doc.extra = joined(added.public);
        doc.extra_internal = joined(added.internal);
        if record.kind == Kind::Article {
            let share = share_of(self.snapshot, record.id)?;
            let share = share.map(|share| (HELPFUL_SHARE.to_owned(), FilterValue::Int(share)));
            doc.filters.extend(share);
        }
        Ok(doc)
    }
}

/// The share of those whom an article helped, in thousandths; none when nobody says anything. As if one
/// of each had said so before, so that few voices weigh little.
fn share_of(snapshot: &dyn Snapshot, article: Id) -> Result<Option<i64>> {
    let Some(row) = snapshot.get(Table::Meta, &votes::sums_key(article))? else {
        return Ok(None);
    };
    let sums: Sums = codec::decode(&row.bytes)?;
    let all = sums.helpful.saturating_add(sums.not_helpful);
    let share = sums.helpful.saturating_add(1).saturating_mul(1_000) / all.saturating_add(2);
    Ok((all > 0).then(|| i64::try_from(share).unwrap_or(1_000)))
}

/// The document of a record.
fn document(snapshot: &dyn Snapshot, record: &Record, version: Pos) -> Result<SearchDoc> {
    let mut body = Text::default();
    let mut internal = Text::default();
    let mut codes = Vec::new();
    for name in ["description", "body", "solution", "notes"] {
        match record.text(name) {
            // Marks, tags and addresses of links are no words of an article.
            Some(written) if record.kind == Kind::Article => {
                let format = text::Format::named(record.text("format"));
                body.add(Some(&text::plain(format, written)));
            }
            other => body.add(other),
        }
    }
    for name in ["serial", "code", "external_id", "inn"] {
        codes.extend(record.text(name).map(str::to_owned));
    }
    for (name, value) in record.fields.iter().filter(|(name, _)| name.contains('/')) {
        // A pack's text fields are searched; its codes of options are not words.
        if let Value::Text(text) = value
            && (text.contains(' ') || name.ends_with("serial"))
        {
            internal.add(Some(text));
        }
    }
    if record.kind == Kind::Article {
        add_files(snapshot, record, &mut body, &mut internal)?;
    }
    if matches!(record.kind, Kind::Ticket | Kind::Inquiry | Kind::Lead) {
        // What was merged into a ticket is found with it.
        let mut owners = vec![record.id];
        owners.extend(merged::sources(snapshot, record)?.iter().map(|r| r.id));
        let mut rows = Vec::new();
        for owner in owners {
            let (from, to) = keys::owned(owner);
            let left = MAX_ENTRIES.saturating_sub(rows.len()).max(1);
            rows.extend(snapshot.range(Table::Entries, &from, &to, false, left)?);
        }
        for (_, row) in rows {
            let stored: StoredEntry = codec::decode(&row.bytes)?;
            match &stored.entry.body {
                EntryBody::Comment {
                    visibility: Visibility::Internal,
                    text,
                } => {
                    internal.add(Some(text));
                }
                EntryBody::Comment { text, .. } => body.add(Some(text)),
                EntryBody::Message { subject, text, .. } => {
                    body.add(Some(subject));
                    body.add(Some(text));
                }
                EntryBody::Attachment {
                    name,
                    visibility: Visibility::Public,
                    ..
                } => {
                    body.add(Some(name));
                }
                EntryBody::Attachment { name, .. } => internal.add(Some(name)),
                EntryBody::Link { .. } | EntryBody::Consumption(_) => {}
            }
        }
    }
    Ok(SearchDoc {
        kind: record.kind.name().to_owned(),
        id: record.id.0,
        title: record.title().to_owned(),
        body: body.0,
        internal: internal.0,
        extra: String::new(),
        extra_internal: String::new(),
        locale: record.text("locale").map(str::to_owned),
        number: record.number().and_then(|n| u64::try_from(n).ok()),
        codes,
        filters: filters(record),
        facets: facets(record),
        version: version.0,
    })
}

/// The names and words of attached files.
fn add_files(
    snapshot: &dyn Snapshot,
    record: &Record,
    body: &mut Text,
    internal: &mut Text,
) -> Result<()> {
    let (from, to) = keys::owned(record.id);
    for (_, row) in snapshot.range(Table::Entries, &from, &to, false, MAX_ENTRIES)? {
        let stored: StoredEntry = codec::decode(&row.bytes)?;
        let EntryBody::Attachment {
            name,
            hash,
            visibility,
            ..
        } = &stored.entry.body
        else {
            continue;
        };
        let place = match visibility {
            Visibility::Public => &mut *body,
            Visibility::Internal => &mut *internal,
        };
        place.add(Some(name));
        place.add_beginning(files::words(snapshot, hash)?.as_deref());
    }
    Ok(())
}

#[derive(Default)]
struct Text(String);

impl Text {
    /// Adds as much of a text as there is room for.
    fn add_beginning(&mut self, text: Option<&str>) {
        let Some(text) = text else { return };
        let room = MAX_TEXT.saturating_sub(self.0.len() + 1);
        let end = text.floor_char_boundary(room.min(text.len()));
        self.add(text.get(..end));
    }

    fn add(&mut self, text: Option<&str>) {
        let Some(text) = text else { return };
        if self.0.len() + text.len() <= MAX_TEXT {
            if !self.0.is_empty() {
                self.0.push('\n');
            }
            self.0.push_str(text);
        }
    }
}

/// Every field that can be filtered or sorted by: all but long texts and open values.
fn filters(record: &Record) -> Vec<(String, FilterValue)> {
    let mut filters = vec![(
        "kind".to_owned(),
        FilterValue::Text(record.kind.name().to_owned()),
    )];
    for (name, value) in &record.fields {
        if matches!(
            name.as_str(),
            "description" | "body" | "solution" | "satisfaction_comment"
        ) {
            continue;
        }
        let values = match value {
            Value::List(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        filters.extend(
            values
                .iter()
                .filter_map(filter_value)
                .map(|value| (name.clone(), value))
                .take(50),
        );
    }
    filters
}

/// The values that facets count.
fn facets(record: &Record) -> Vec<(String, Vec<String>)> {
    let values = |name: &str| -> Vec<String> {
        let items = match record.get(name) {
            Some(Value::List(items)) => items.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let shown = items.iter().filter_map(|value| match value {
            Value::Text(text) => Some(text.clone()),
            Value::Ref(id) => Some(id.to_string()),
            _ => None,
        });
        shown.collect()
    };
    let facet = |(name, fields): &(&str, &[&str])| {
        let mut all: Vec<String> = fields.iter().flat_map(|field| values(field)).collect();
        // A record counts once, however often it has a value.
        all.sort_unstable();
        all.dedup();
        if *name == "kind" {
            all.push(record.kind.name().to_owned());
        }
        (!all.is_empty()).then(|| ((*name).to_owned(), all))
    };
    FACETS.iter().filter_map(facet).collect()
}

/// A value as the index filters and sorts by it.
pub fn filter_value(value: &Value) -> Option<FilterValue> {
    Some(match value {
        Value::Text(text) => FilterValue::Text(text.chars().take(200).collect()),
        Value::Int(n) | Value::Duration(n) => FilterValue::Int(*n),
        Value::Bool(b) => FilterValue::Bool(*b),
        Value::Decimal(d) => FilterValue::Decimal(*d),
        Value::Date(d) => FilterValue::Text(d.to_string()),
        Value::Instant(at) => FilterValue::Instant(at.timestamp_millis()),
        Value::Ref(id) => FilterValue::Text(id.to_string()),
        Value::List(_) | Value::Json(_) => return None,
    })
}
