//! Reading ahead: what a command is known to need is read in one trip, before it is decided.
//!
//! A guess decides what is read, never what is found: rows that were not foreseen are asked for
//! later, in a trip of their own. So it does no harm that the guess is made with the rules that were
//! in force a moment ago.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{Actor, Command, changeset, keys, lookup};
use crate::domain::{Id, Kind, Record, record::fields};
use crate::packs::Catalog;
use crate::store::{Key, Pos, Read, Row, Snapshot, Span, StoreResult, Table, Versioned};

/// Most fields in one command.
pub const MAX_FIELDS: usize = 300;
/// Timers that most records do not exceed; the names of more are asked for one by one.
const TIMERS: usize = 24;

/// The clocks of a record.
pub fn clocks(owner: Id) -> Span {
    owned(Table::Clocks, owner, 16)
}

/// The timers of a record by name.
fn timer_names(owner: Id) -> Span {
    owned(Table::TimerNames, owner, TIMERS)
}

/// The surveys that were asked for on a record.
pub fn surveys_of(record: Id) -> Span {
    let from = keys::named_guard("survey-of", record.as_bytes());
    Span {
        table: Table::Guards,
        to: keys::after(&from),
        from,
        limit: 100,
    }
}

fn owned(table: Table, owner: Id, limit: usize) -> Span {
    let (from, to) = keys::owned(owner);
    Span {
        table,
        from,
        to,
        limit,
    }
}

/// What asked values refer to.
#[derive(Default)]
pub struct Named {
    /// Records named by id.
    pub records: Vec<(Kind, Id)>,
    /// Records named by code: their kind, and the guards that may hold the code.
    pub codes: Vec<(Kind, [Key; 2])>,
    /// Guards of unique values.
    pub unique: Vec<Key>,
}

impl Named {
    /// What asked values refer to, by the definitions of their fields.
    pub fn by(catalog: &Catalog, kind: Kind, asked: &Map<String, Json>) -> Self {
        let code = asked.get(fields::TYPE).and_then(Json::as_str);
        let type_def = code.and_then(|c| catalog.resolve_type(c));
        let type_code = type_def.map(|t| t.code.as_str());
        let mut named = Self::default();
        let mut sample = Record::new(Id::MIN, kind);
        for (name, json) in asked.iter().take(MAX_FIELDS) {
            let Some(def) = catalog.field(kind, type_code, name) else {
                continue;
            };
            if let Some(target) = def.target {
                let texts = json
                    .as_array()
                    .map_or(std::slice::from_ref(json), Vec::as_slice);
                for text in texts.iter().filter_map(Json::as_str) {
                    match text.parse::<Id>() {
                        Ok(id) => named.records.push((target, id)),
                        Err(_) if text.is_empty() => {}
                        Err(_) => named.codes.push((target, lookup::guards(target, text))),
                    }
                }
            }
            // A serial number is unique together with a product.
            let unique = def.unique || kind == Kind::Asset;
            if unique && let Ok(value) = def.read(json) {
                sample.put(&def.code, value);
            }
        }
        named.unique = changeset::guard_keys(catalog, Some(&sample))
            .into_iter()
            .collect();
        named
    }

    /// Every guard that tells something of these values.
    pub fn guards(&self) -> impl Iterator<Item = Key> {
        let codes = self.codes.iter().flat_map(|(_, keys)| keys);
        self.unique.iter().chain(codes).cloned()
    }
}

/// A snapshot that knows some rows already.
pub struct Ahead {
    inner: Arc<dyn Snapshot>,
    rows: Vec<(Table, Key, Option<Versioned>)>,
    spans: Vec<(Span, Vec<Row>)>,
}

impl Ahead {
    /// Reads `keys` and what the command will need beside them.
    pub fn read(
        inner: Arc<dyn Snapshot>,
        mut keys: Vec<(Table, Key)>,
        actor: &Actor,
        command: &Command,
        catalog: Option<&Catalog>,
    ) -> StoreResult<Self> {
        let mut spans = Vec::new();
        foresee(actor, command, catalog, &mut keys, &mut spans);
        Self::of(inner, keys, spans)
    }

    /// Reads keys and spans in one trip.
    pub fn of(
        inner: Arc<dyn Snapshot>,
        keys: Vec<(Table, Key)>,
        spans: Vec<Span>,
    ) -> StoreResult<Self> {
        let (rows, found) = inner.read(&keys, &spans)?;
        Ok(Self {
            inner,
            rows: keys
                .into_iter()
                .zip(rows)
                .map(|((table, key), row)| (table, key, row))
                .collect(),
            spans: spans.into_iter().zip(found).collect(),
        })
    }

    /// The row of a key, if it was read: then with whether there is one.
    fn known(&self, table: Table, key: &[u8]) -> Option<Option<Versioned>> {
        let mut rows = self.rows.iter();
        if let Some((_, _, row)) = rows.find(|(t, k, _)| *t == table && k == key) {
            return Some(row.clone());
        }
        let covers = |span: &Span| {
            span.table == table && *span.from <= *key && *key < *span.to && span.limit > 0
        };
        let (span, rows) = self.spans.iter().find(|(span, _)| covers(span))?;
        match rows.iter().find(|(k, _)| k == key) {
            Some((_, row)) => Some(Some(row.clone())),
            // Where the limit cut the span, an absent row may only be one that was not read.
            None => (rows.len() < span.limit).then_some(None),
        }
    }
}

/// What a command will read whatever the rules decide, as far as it can be told beforehand.
fn foresee(
    actor: &Actor,
    command: &Command,
    catalog: Option<&Catalog>,
    keys: &mut Vec<(Table, Key)>,
    spans: &mut Vec<Span>,
) {
    let mut records: Vec<(Kind, Id)> = actor.record().into_iter().chain(command.target()).collect();
    let asked = match command {
        Command::Create { kind, fields }
        | Command::Update { kind, fields, .. }
        | Command::Transition { kind, fields, .. }
        | Command::Process { kind, fields, .. } => Some((*kind, fields)),
        _ => None,
    };
    if let (Some((kind, asked)), Some(catalog)) = (asked, catalog) {
        let named = Named::by(catalog, kind, asked);
        keys.extend(named.guards().map(|key| (Table::Guards, key)));
        records.extend(named.records);
    }
    records.sort_unstable();
    records.dedup();
    let record = |(kind, id): (Kind, Id)| (Table::Records, keys::record(kind, id));
    keys.extend(records.into_iter().map(record));
    if let Command::FireTimer { timer, due, .. } = command {
        keys.push((Table::Timers, keys::timer(*due, *timer)));
    }
    let Some((Kind::Ticket, id)) = command.target() else {
        return;
    };
    let (clocks_move, may_finish) = match command {
        Command::Update { fields: asked, .. } => {
            let status = asked.contains_key(fields::STATUS);
            let level = asked.keys().any(|name| decides_level(name));
            (status || level, status)
        }
        Command::Transition { .. }
        | Command::Process { .. }
        | Command::Merge { .. }
        | Command::Unmerge { .. }
        | Command::FireTimer { .. } => (true, true),
        Command::Comment { .. }
        | Command::Message { .. }
        | Command::Send { .. }
        | Command::Cite { .. }
        | Command::Assign { .. } => (true, false),
        _ => (false, false),
    };
    if clocks_move {
        spans.extend([clocks(id), timer_names(id)]);
    }
    if may_finish {
        spans.push(surveys_of(id));
    }
}

/// Fields of a ticket that support levels may depend on.
pub const SELECTORS: [&str; 7] = [
    "type", "priority", "account", "contract", "category", "products", "assets",
];

fn decides_level(field: &str) -> bool {
    field == fields::SUPPORT_LEVEL || SELECTORS.contains(&field)
}

impl Snapshot for Ahead {
    fn pos(&self) -> Pos {
        self.inner.pos()
    }

    fn get_many(&self, keys: &[(Table, Key)]) -> StoreResult<Vec<Option<Versioned>>> {
        let mut found = Vec::with_capacity(keys.len());
        let mut unknown = Vec::new();
        for (place, (table, key)) in keys.iter().enumerate() {
            let row = self.known(*table, key);
            if row.is_none() {
                unknown.push((place, (*table, key.clone())));
            }
            found.push(row.flatten());
        }
        if unknown.is_empty() {
            return Ok(found);
        }
        let (places, keys): (Vec<usize>, Vec<(Table, Key)>) = unknown.into_iter().unzip();
        for (place, row) in places.into_iter().zip(self.inner.get_many(&keys)?) {
            if let Some(slot) = found.get_mut(place) {
                *slot = row;
            }
        }
        Ok(found)
    }

    fn range(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        reverse: bool,
        limit: usize,
    ) -> StoreResult<Vec<Row>> {
        let same = |span: &Span| {
            !reverse
                && span.table == table
                && span.from == from
                && span.to == to
                && span.limit == limit
        };
        if let Some((_, rows)) = self.spans.iter().find(|(span, _)| same(span)) {
            return Ok(rows.clone());
        }
        self.inner.range(table, from, to, reverse, limit)
    }

    fn read(&self, keys: &[(Table, Key)], spans: &[Span]) -> StoreResult<Read> {
        self.inner.read(keys, spans)
    }

    fn get(&self, table: Table, key: &[u8]) -> StoreResult<Option<Versioned>> {
        match self.known(table, key) {
            Some(row) => Ok(row),
            None => self.inner.get(table, key),
        }
    }
}

/// Reads a span of a snapshot.
pub fn rows_of(snapshot: &dyn Snapshot, span: &Span) -> StoreResult<Vec<Row>> {
    snapshot.range(span.table, &span.from, &span.to, false, span.limit)
}
