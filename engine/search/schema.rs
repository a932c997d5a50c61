//! The index's fields, and how a document becomes one of tantivy's.
//!
//! Filter fields need no schema: every value is a term `name, type, value` of one field, and the
//! first value of each name is a column of one JSON fast field. A new custom field is just there.

use std::collections::{BTreeMap, HashSet};

use rust_decimal::prelude::ToPrimitive;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, JsonObjectOptions, OwnedValue, Schema,
    TantivyDocument, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{Index, Term};

use super::analysis::{ANALYSIS_VERSION, Analysis, fold_text};
use super::doc::{FilterValue, MAX_FILTERS_PER_DOC, SearchDoc, field_name_is_valid};

/// Version of fields and of the way documents are written; kept in every commit.
pub(super) const FORMAT: u32 = 100 + ANALYSIS_VERSION;

const TOKENIZER: &str = "opora";
const MAX_TITLE_BYTES: usize = 4_096;
const MAX_BODY_BYTES: usize = 1_048_576;
/// Part of a text that is stored for snippets.
const MAX_STORED_BYTES: usize = 32_768;
const MAX_TERM_BYTES: usize = 256;
const MAX_SORT_CHARS: usize = 64;
const SEPARATOR: char = '\u{1f}';

/// Names of the fixed columns.
pub(super) const ID_HIGH: &str = "id_high";
pub(super) const ID_LOW: &str = "id_low";
pub(super) const KIND: &str = "kind";
pub(super) const VERSION: &str = "version";
const ORDER: &str = "order";

/// Handles of the fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    key: Field,
    id_high: Field,
    id_low: Field,
    kind: Field,
    version: Field,
    terms: Field,
    pub(super) order: Field,
    pub(super) title: Field,
    pub(super) body: Field,
    pub(super) internal: Field,
    pub(super) stored_title: Field,
    pub(super) stored_body: Field,
    pub(super) stored_internal: Field,
}

/// The type of a column that sorts a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Int,
    Decimal,
    Text,
}

/// Builds the schema.
pub(super) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let raw = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::Basic),
    );
    // No positions: there are no phrase queries yet, and they are a third of an index.
    let text = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer(TOKENIZER)
            .set_index_option(IndexRecordOption::WithFreqs),
    );
    let stored = TextOptions::default().set_stored();
    let fields = Fields {
        key: builder.add_bytes_field("key", INDEXED),
        id_high: builder.add_u64_field(ID_HIGH, FAST),
        id_low: builder.add_u64_field(ID_LOW, FAST),
        kind: builder.add_text_field(KIND, TextOptions::default().set_fast("raw")),
        version: builder.add_u64_field(VERSION, FAST),
        terms: builder.add_text_field("terms", raw),
        order: builder.add_json_field(ORDER, JsonObjectOptions::default().set_fast("raw")),
        title: builder.add_text_field("title", text.clone()),
        body: builder.add_text_field("body", text.clone()),
        internal: builder.add_text_field("internal", text),
        stored_title: builder.add_text_field("stored_title", stored.clone()),
        stored_body: builder.add_text_field("stored_body", stored.clone()),
        stored_internal: builder.add_text_field("stored_internal", stored),
    };
    (builder.build(), fields)
}

/// Makes the analysis known to an index that was created or opened.
pub(super) fn register(index: &Index) {
    index
        .tokenizers()
        .register(TOKENIZER, TextAnalyzer::from(Analysis));
}

impl Fields {
    /// The term that deletes a document.
    pub(super) fn key_term(&self, id: &[u8; 16]) -> Term {
        Term::from_field_bytes(self.key, id)
    }

    /// The term of a kind.
    pub(super) fn kind_term(&self, kind: &str) -> Term {
        Term::from_field_text(self.terms, &cut_term(format!("{SEPARATOR}{kind}")))
    }

    /// The term of a value of a filter field.
    pub(super) fn value_term(&self, name: &str, value: &FilterValue) -> Term {
        Term::from_field_text(self.terms, &value_term_text(name, value))
    }

    /// The term of a code that is found as a whole.
    pub(super) fn code_term(&self, code: &str) -> Term {
        Term::from_field_text(self.terms, &code_term_text(code))
    }

    /// The term of every document that has a value in a filter field.
    pub(super) fn exists_term(&self, name: &str) -> Term {
        Term::from_field_text(self.terms, &exists_term_text(name))
    }

    /// A document as the index keeps it.
    pub(super) fn document(&self, doc: &SearchDoc) -> TantivyDocument {
        let mut out = TantivyDocument::default();
        let (high, low) = split_id(&doc.id);
        out.add_bytes(self.key, &doc.id);
        out.add_u64(self.id_high, high);
        out.add_u64(self.id_low, low);
        out.add_u64(self.version, doc.version);
        out.add_text(self.kind, cut(&doc.kind, MAX_TERM_BYTES));
        self.add_text(
            &mut out,
            (self.title, self.stored_title),
            &doc.title,
            MAX_TITLE_BYTES,
        );
        self.add_text(
            &mut out,
            (self.body, self.stored_body),
            &doc.body,
            MAX_BODY_BYTES,
        );
        let internal = (self.internal, self.stored_internal);
        self.add_text(&mut out, internal, &doc.internal, MAX_BODY_BYTES);
        self.add_filters(&mut out, doc);
        out
    }

    fn add_text(
        &self,
        out: &mut TantivyDocument,
        (indexed, stored): (Field, Field),
        text: &str,
        max_bytes: usize,
    ) {
        if !text.is_empty() {
            out.add_text(indexed, cut(text, max_bytes));
            out.add_text(stored, cut(text, MAX_STORED_BYTES));
        }
    }

    fn add_filters(&self, out: &mut TantivyDocument, doc: &SearchDoc) {
        let mut terms = HashSet::new();
        let mut columns = BTreeMap::new();
        terms.insert(cut_term(format!("{SEPARATOR}{}", doc.kind)));
        for code in doc.codes.iter().take(MAX_FILTERS_PER_DOC) {
            terms.insert(code_term_text(code));
        }
        let number = doc.number.map(|number| {
            terms.insert(code_term_text(&number.to_string()));
            (
                "number",
                FilterValue::Int(i64::try_from(number).unwrap_or(i64::MAX)),
            )
        });
        let locale = doc
            .locale
            .as_ref()
            .map(|locale| ("locale", FilterValue::Text(locale.clone())));
        let built_in = number
            .iter()
            .chain(locale.iter())
            .map(|(name, value)| (*name, value));
        let given = doc
            .filters
            .iter()
            .map(|(name, value)| (name.as_str(), value));
        for (name, value) in built_in.chain(given.take(MAX_FILTERS_PER_DOC)) {
            if !field_name_is_valid(name) {
                continue;
            }
            terms.insert(value_term_text(name, value));
            terms.insert(exists_term_text(name));
            let (column, value) = column_value(value);
            columns.entry(column_key(name, column)).or_insert(value);
        }
        for term in &terms {
            out.add_text(self.terms, term);
        }
        out.add_object(self.order, columns);
    }
}

/// Path of a sort column inside the JSON field. A dot would part the path, so it is another
/// character, one that no field name has.
pub(super) fn column_key(name: &str, column: Column) -> String {
    let suffix = match column {
        Column::Int => 'i',
        Column::Decimal => 'd',
        Column::Text => 's',
    };
    format!("{}~{suffix}", name.replace('.', "|"))
}

/// Full name of a sort column.
pub(super) fn column_name(name: &str, column: Column) -> String {
    format!("{ORDER}.{}", column_key(name, column))
}

fn column_value(value: &FilterValue) -> (Column, OwnedValue) {
    match value {
        FilterValue::Text(text) => (Column::Text, OwnedValue::Str(sort_text(text))),
        FilterValue::Int(number) => (Column::Int, OwnedValue::I64(*number)),
        FilterValue::Bool(flag) => (Column::Int, OwnedValue::I64(i64::from(*flag))),
        FilterValue::Instant(millis) => (Column::Int, OwnedValue::I64(*millis)),
        FilterValue::Decimal(decimal) => {
            let float = decimal.to_f64().unwrap_or_default();
            (Column::Decimal, OwnedValue::I64(ordered_float(float)))
        }
    }
}

/// A text as it is sorted and compared in ranges.
pub(super) fn sort_text(text: &str) -> String {
    fold_text(text, MAX_SORT_CHARS)
}

/// A float as an integer of the same order.
pub(super) fn ordered_float(float: f64) -> i64 {
    tantivy::u64_to_i64(tantivy::f64_to_u64(float))
}

/// The two halves of an id.
pub(super) fn split_id(id: &[u8; 16]) -> (u64, u64) {
    let whole = u128::from_be_bytes(*id);
    #[expect(clippy::cast_possible_truncation, reason = "the halves are wanted")]
    ((whole >> 64) as u64, whole as u64)
}

/// An id of two halves.
pub(super) fn join_id(high: u64, low: u64) -> [u8; 16] {
    ((u128::from(high) << 64) | u128::from(low)).to_be_bytes()
}

fn value_term_text(name: &str, value: &FilterValue) -> String {
    let s = SEPARATOR;
    cut_term(match value {
        FilterValue::Text(text) => format!("{name}{s}t{text}"),
        FilterValue::Int(number) => format!("{name}{s}i{number}"),
        FilterValue::Bool(flag) => format!("{name}{s}b{}", u8::from(*flag)),
        FilterValue::Instant(millis) => format!("{name}{s}a{millis}"),
        FilterValue::Decimal(decimal) => format!("{name}{s}d{}", decimal.normalize()),
    })
}

fn exists_term_text(name: &str) -> String {
    format!("{name}{SEPARATOR}?")
}

fn code_term_text(code: &str) -> String {
    cut_term(format!(
        "{SEPARATOR}{SEPARATOR}{}",
        fold_text(code, MAX_TERM_BYTES)
    ))
}

/// Keeps long values apart by a hash of what is cut off.
fn cut_term(mut text: String) -> String {
    if text.len() > MAX_TERM_BYTES {
        let hash = fnv(text.as_bytes());
        let kept = cut(&text, MAX_TERM_BYTES - 17).len();
        text.truncate(kept);
        text.push_str(&format!("{SEPARATOR}{hash:016x}"));
    }
    text
}

/// A small stable hash; nothing here is a secret.
pub(super) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The start of a text, at most `max` bytes of whole characters.
pub(super) fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}
