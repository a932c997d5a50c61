//! The columns of all documents that meet conditions, for reports: no page, no order, no record read.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tantivy::columnar::{self, StrColumn};
use tantivy::query::EnableScoring;
use tantivy::{DocId, Searcher, SegmentReader};

use super::doc::field_name_is_valid;
use super::error::{SearchError, SearchResult};
use super::query;
use super::request::{Filter, SearchRequest, Sections};
use super::schema::{Column, Fields, ID_HIGH, ID_LOW, column_name, join_id};

/// Documents between two looks at the clock.
const BLOCK: u64 = 4_096;

/// Which documents, and what of them.
#[derive(Debug, Clone)]
pub struct ColumnsRequest {
    /// Kinds of records.
    pub kinds: Vec<String>,
    /// Conditions, all of which hold.
    pub filters: Vec<Filter>,
    /// Names of the fields.
    pub names: Vec<String>,
    /// Most documents.
    pub most: u64,
    /// Longest time.
    pub time: Duration,
}

/// The first value of a field of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnValue {
    /// A whole number, a truth value, or an instant in milliseconds.
    Int(i64),
    /// A decimal number.
    Float(f64),
    /// The folded beginning of a text.
    Text(Arc<str>),
}

/// Takes the columns and the id of a document.
pub type Each<'e> = dyn FnMut(&[Option<ColumnValue>], [u8; 16]) + 'e;

/// What was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Documents shown.
    pub docs: u64,
    /// Whether there were more of them than were asked for, or time for.
    pub cut: bool,
    /// Journal position up to which changes are in it.
    pub position: u64,
    /// Whether the index is being built, so that documents may be missing.
    pub rebuilding: bool,
}

/// Shows what a request asks for.
pub(super) fn scan(
    fields: &Fields,
    searcher: &Searcher,
    request: &ColumnsRequest,
    each: &mut Each<'_>,
) -> SearchResult<Scanned> {
    if let Some(name) = request.names.iter().find(|n| !field_name_is_valid(n)) {
        let message = format!("`{name}` is no name of a field");
        return Err(SearchError::invalid("names", message));
    }
    let asked = SearchRequest {
        kinds: request.kinds.clone(),
        filters: request.filters.clone(),
        ..SearchRequest::default()
    };
    let conditions = query::conditions(fields, &asked, false)?;
    let query = query::build(fields, conditions, None, Sections::PUBLIC);
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let until = Instant::now() + request.time;
    let mut scanned = Scanned::default();
    for reader in searcher.segment_readers() {
        let mut columns = SegmentColumns::open(reader, &request.names)?;
        let alive = reader.alive_bitset();
        let mut damage = None;
        weight.for_each_no_score(reader, &mut |docs| {
            if scanned.cut || damage.is_some() {
                return;
            }
            for doc in docs {
                if alive.is_some_and(|alive| alive.is_deleted(*doc)) {
                    continue;
                }
                let late = scanned.docs.is_multiple_of(BLOCK) && until < Instant::now();
                if late || scanned.docs == request.most {
                    scanned.cut = true;
                    return;
                }
                match columns.of(*doc) {
                    Ok((values, id)) => each(values, id),
                    Err(error) => {
                        damage = Some(error);
                        return;
                    }
                }
                scanned.docs += 1;
            }
        })?;
        if let Some(error) = damage {
            return Err(error.into());
        }
        if scanned.cut {
            break;
        }
    }
    Ok(scanned)
}

/// The columns of one segment.
struct SegmentColumns {
    id_high: columnar::Column<u64>,
    id_low: columnar::Column<u64>,
    columns: Vec<FieldColumn>,
    row: Vec<Option<ColumnValue>>,
}

struct FieldColumn {
    int: Option<columnar::Column<i64>>,
    decimal: Option<columnar::Column<i64>>,
    text: Option<StrColumn>,
    /// Texts by their ordinals: looking one up in the dictionary costs more than counting it.
    known: HashMap<u64, Arc<str>>,
}

impl SegmentColumns {
    fn open(reader: &SegmentReader, names: &[String]) -> tantivy::Result<Self> {
        let fast = reader.fast_fields();
        let column = |name: &String| {
            Ok(FieldColumn {
                int: fast.column_opt::<i64>(&column_name(name, Column::Int))?,
                decimal: fast.column_opt::<i64>(&column_name(name, Column::Decimal))?,
                text: fast.str(&column_name(name, Column::Text))?,
                known: HashMap::new(),
            })
        };
        let columns: tantivy::Result<Vec<FieldColumn>> = names.iter().map(column).collect();
        Ok(Self {
            id_high: fast.u64(ID_HIGH)?,
            id_low: fast.u64(ID_LOW)?,
            row: vec![None; names.len()],
            columns: columns?,
        })
    }

    fn of(&mut self, doc: DocId) -> tantivy::Result<(&[Option<ColumnValue>], [u8; 16])> {
        for (cell, column) in self.row.iter_mut().zip(&mut self.columns) {
            *cell = column.of(doc)?;
        }
        let half = |column: &columnar::Column<u64>| column.first(doc).unwrap_or_default();
        Ok((&self.row, join_id(half(&self.id_high), half(&self.id_low))))
    }
}

impl FieldColumn {
    fn of(&mut self, doc: DocId) -> tantivy::Result<Option<ColumnValue>> {
        if let Some(value) = self.int.as_ref().and_then(|column| column.first(doc)) {
            return Ok(Some(ColumnValue::Int(value)));
        }
        if let Some(value) = self.decimal.as_ref().and_then(|column| column.first(doc)) {
            let float = tantivy::u64_to_f64(tantivy::i64_to_u64(value));
            return Ok(Some(ColumnValue::Float(float)));
        }
        let Some(column) = &self.text else {
            return Ok(None);
        };
        let Some(ordinal) = column.ords().first(doc) else {
            return Ok(None);
        };
        if let Some(text) = self.known.get(&ordinal) {
            return Ok(Some(ColumnValue::Text(Arc::clone(text))));
        }
        let mut text = String::new();
        column.ord_to_str(ordinal, &mut text)?;
        let text: Arc<str> = text.into();
        self.known.insert(ordinal, Arc::clone(&text));
        Ok(Some(ColumnValue::Text(text)))
    }
}
