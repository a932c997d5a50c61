//! The index's fields, and how a document becomes one of tantivy's.
//!
//! Filter fields need no schema: every value is a term of one field, and the first value of each
//! name is a column of one JSON fast field. A new custom field is just there. A term is a hash of
//! name, type and value, because a term dictionary costs time for each byte in which its terms
//! differ; two values that meet in a hash cost a false hit, and every hit is checked by its reader.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rust_decimal::prelude::ToPrimitive;
use tantivy::schema::{
    BytesOptions, FAST, Field, IndexRecordOption, JsonObjectOptions, OwnedValue, Schema,
    TantivyDocument, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{Index, Term};
use uuid::Uuid;

use super::analysis::{ANALYSIS_VERSION, Analysis, EXACT, Part, fold_text};
use super::doc::{FilterValue, MAX_FILTERS_PER_DOC, SearchDoc, field_name_is_valid};
use super::ranking::Factors;

/// Version of fields and of the way documents are written; kept in every commit.
pub(super) const FORMAT: u32 = 500 + ANALYSIS_VERSION;

const STEMS: &str = "opora_stems";
const FORMS: &str = "opora_forms";
const MAX_TITLE_BYTES: usize = 4_096;
const MAX_BODY_BYTES: usize = 1_048_576;
/// Part of a text that is stored for snippets.
const MAX_STORED_BYTES: usize = 32_768;
const MAX_KIND_BYTES: usize = 256;
/// Bytes of the term of a value: with a million values, one query in a hundred million meets two.
const TERM_BYTES: usize = 6;
/// Bytes of the term of an id.
const KEY_BYTES: usize = 9;
/// Shortest title that is taken for the beginning of its text.
const MIN_CUT_CHARS: usize = 40;
const MAX_CODE_CHARS: usize = 256;
const MAX_SORT_CHARS: usize = 64;
/// Longest value of a facet, and most values that a document counts for.
const MAX_FACET_BYTES: usize = 256;
const MAX_FACET_VALUES: usize = 50;

/// The filter field of a document's id, which has no terms and columns of its own.
pub(super) const ID: &str = "id";

/// Names of the fixed columns.
pub(super) const ID_HIGH: &str = "id_high";
pub(super) const ID_LOW: &str = "id_low";
pub(super) const KIND: &str = "kind";
pub(super) const VERSION: &str = "version";
const ORDER: &str = "order";

/// Handles of the fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    id_high: Field,
    id_low: Field,
    kind: Field,
    version: Field,
    terms: Field,
    pub(super) order: Field,
    pub(super) title: Section,
    pub(super) body: Section,
    pub(super) internal: Section,
    /// What packs added.
    pub(super) extra: Section,
    pub(super) extra_internal: Section,
    pub(super) stored_title: Field,
    pub(super) stored_body: Field,
    pub(super) stored_internal: Field,
    pub(super) stored_extra: Field,
    pub(super) stored_extra_internal: Field,
    /// How much the sections count in a search.
    pub(super) factors: Factors,
}

/// The two fields of one section of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) stems: Field,
    /// Has positions, for phrases.
    pub(super) forms: Field,
}

impl Section {
    /// A term of the section: where it stands is seen from its mark.
    pub(super) fn term(self, term: &str) -> Term {
        let field = if term.starts_with(EXACT) {
            self.forms
        } else {
            self.stems
        };
        Term::from_field_text(field, term)
    }
}

/// The type of a column that sorts a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Int,
    Decimal,
    Text,
    /// Not for sorting: every value of a facet as it is.
    Facet,
}

/// Builds the schema.
pub(super) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let text = |tokenizer, option, lengths| {
        TextOptions::default().set_indexing_options(
            TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_index_option(option)
                .set_fieldnorms(lengths),
        )
    };
    let mut section = |name: &str, lengths| Section {
        stems: builder.add_text_field(name, text(STEMS, IndexRecordOption::WithFreqs, lengths)),
        // Phrases are of forms, so only these have positions: they are a large part of an index.
        forms: builder.add_text_field(
            &format!("{name}_forms"),
            text(FORMS, IndexRecordOption::WithFreqsAndPositions, lengths),
        ),
    };
    let (title, body) = (section("title", true), section("body", true));
    let internal = section("internal", true);
    // Few documents have them, and short ones: their lengths would say nothing.
    let (extra, extra_internal) = (section("extra", false), section("extra_internal", false));
    let stored = TextOptions::default().set_stored();
    let fields = Fields {
        id_high: builder.add_u64_field(ID_HIGH, FAST),
        id_low: builder.add_u64_field(ID_LOW, FAST),
        kind: builder.add_text_field(KIND, TextOptions::default().set_fast("raw")),
        version: builder.add_u64_field(VERSION, FAST),
        terms: builder.add_bytes_field("terms", BytesOptions::default().set_indexed()),
        order: builder.add_json_field(ORDER, JsonObjectOptions::default().set_fast("raw")),
        title,
        body,
        internal,
        extra,
        extra_internal,
        stored_title: builder.add_text_field("stored_title", stored.clone()),
        stored_body: builder.add_text_field("stored_body", stored.clone()),
        stored_internal: builder.add_text_field("stored_internal", stored.clone()),
        stored_extra: builder.add_text_field("stored_extra", stored.clone()),
        stored_extra_internal: builder.add_text_field("stored_extra_internal", stored),
        factors: Factors::NONE,
    };
    (builder.build(), fields)
}

/// Makes the analysis known to an index that was created or opened.
pub(super) fn register(index: &Index) {
    for (name, part) in [(STEMS, Part::Stems), (FORMS, Part::Forms)] {
        let analysis = TextAnalyzer::from(Analysis::of(part));
        index.tokenizers().register(name, analysis);
    }
}

impl Fields {
    /// The term that deletes a document.
    pub(super) fn key_term(&self, id: &[u8; 16]) -> Term {
        Term::from_field_bytes(self.terms, &key_hash(id))
    }

    /// The term of a kind.
    pub(super) fn kind_term(&self, kind: &str) -> Term {
        Term::from_field_bytes(self.terms, &kind_hash(kind))
    }

    /// The term of a value of a filter field.
    pub(super) fn value_term(&self, name: &str, value: &FilterValue) -> Term {
        if let FilterValue::Text(text) = value
            && name == ID
            && let Ok(id) = Uuid::try_parse(text)
        {
            return self.key_term(id.as_bytes());
        }
        Term::from_field_bytes(self.terms, &value_hash(name, value))
    }

    /// The term of a code that is found as a whole.
    pub(super) fn code_term(&self, code: &str) -> Term {
        Term::from_field_bytes(self.terms, &code_hash(code))
    }

    /// A document as the index keeps it.
    pub(super) fn document(&self, doc: &SearchDoc) -> TantivyDocument {
        let mut out = TantivyDocument::default();
        let (high, low) = split_id(&doc.id);
        out.add_bytes(self.terms, &key_hash(&doc.id));
        out.add_u64(self.id_high, high);
        out.add_u64(self.id_low, low);
        out.add_u64(self.version, doc.version);
        out.add_text(self.kind, cut(&doc.kind, MAX_KIND_BYTES));
        let title = cut(&doc.title, MAX_TITLE_BYTES);
        if !title.is_empty() {
            if !is_cut_off(title, &doc.body) {
                out.add_text(self.title.stems, title);
            }
            out.add_text(self.title.forms, title);
            out.add_text(self.stored_title, title);
        }
        self.add_text(&mut out, (self.body, self.stored_body), &doc.body);
        let internal = (self.internal, self.stored_internal);
        self.add_text(&mut out, internal, &doc.internal);
        self.add_text(&mut out, (self.extra, self.stored_extra), &doc.extra);
        let extra = (self.extra_internal, self.stored_extra_internal);
        self.add_text(&mut out, extra, &doc.extra_internal);
        self.add_filters(&mut out, doc);
        out
    }

    fn add_text(&self, out: &mut TantivyDocument, (section, stored): (Section, Field), text: &str) {
        if !text.is_empty() {
            out.add_text(section.stems, cut(text, MAX_BODY_BYTES));
            out.add_text(section.forms, cut(text, MAX_BODY_BYTES));
            out.add_text(stored, cut(text, MAX_STORED_BYTES));
        }
    }

    fn add_filters(&self, out: &mut TantivyDocument, doc: &SearchDoc) {
        let mut terms = Vec::with_capacity(doc.filters.len() + doc.codes.len() + 4);
        let mut columns = BTreeMap::new();
        terms.push(kind_hash(&doc.kind));
        for code in doc.codes.iter().take(MAX_FILTERS_PER_DOC) {
            terms.push(code_hash(code));
        }
        let number = doc.number.map(|number| {
            terms.push(code_hash(&number.to_string()));
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
            if !field_name_is_valid(name) || name == ID {
                continue;
            }
            let (column, ordered) = column_value(value);
            let is_first = match columns.entry(column_key(name, column)) {
                Entry::Vacant(place) => {
                    place.insert(ordered);
                    true
                }
                Entry::Occupied(_) => false,
            };
            if !(is_first && is_found_by_column(name, value)) {
                terms.push(value_hash(name, value));
            }
        }
        terms.sort_unstable();
        terms.dedup();
        for term in &terms {
            out.add_bytes(self.terms, term);
        }
        for (name, values) in &doc.facets {
            let values = values.iter().take(MAX_FACET_VALUES);
            let values =
                values.map(|value| OwnedValue::Str(cut(value, MAX_FACET_BYTES).to_owned()));
            if field_name_is_valid(name) {
                let key = column_key(name, Column::Facet);
                columns.insert(key, OwnedValue::Array(values.collect()));
            }
        }
        out.add_object(self.order, columns);
    }
}

/// Whether a title is only where its text was cut off, as programs make titles of texts without
/// one: long, and the text goes on within the sentence. It says nothing that the text does not, so
/// ranking gives it no more weight than that; by its very words it is found like any title.
fn is_cut_off(title: &str, body: &str) -> bool {
    let title = title.trim().trim_end_matches('…').trim_end();
    let rest = body.trim_start().strip_prefix(title).unwrap_or_default();
    let next = rest.trim_start_matches(' ').chars().next();
    title.chars().nth(MIN_CUT_CHARS - 1).is_some()
        && !title.ends_with(['.', '!', '?', ':', ';'])
        && next.is_some_and(|c| c != '\n' && c != '\r')
}

/// Whether the first value of a field has no term, since its column finds it: nearly every record
/// has an instant and a number of its own, so that their terms would be most of the dictionary.
pub(super) fn is_found_by_column(name: &str, value: &FilterValue) -> bool {
    match value {
        FilterValue::Instant(_) => true,
        FilterValue::Int(_) => name == "number",
        _ => false,
    }
}

/// Path of a sort column inside the JSON field. A dot would part the path, so it is another
/// character, one that no field name has.
pub(super) fn column_key(name: &str, column: Column) -> String {
    let suffix = match column {
        Column::Int => 'i',
        Column::Decimal => 'd',
        Column::Text => 's',
        Column::Facet => 'f',
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

fn key_hash(id: &[u8; 16]) -> [u8; KEY_BYTES] {
    let (high, low) = split_id(id);
    // Ids differ most in their last bytes, and their first ones are the time.
    let hash = mixed(low ^ mixed(high));
    let mut bytes = [0; KEY_BYTES];
    let rest = (high ^ low).to_be_bytes();
    let both = hash.to_be_bytes().into_iter().chain(rest.into_iter().rev());
    for (to, from) in bytes.iter_mut().zip(both) {
        *to = from;
    }
    bytes
}

/// Spreads what differs in any bit over all of them; different numbers stay different.
fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 32)
}

fn first_bytes(bytes: &[u8; 8]) -> [u8; TERM_BYTES] {
    bytes.first_chunk().copied().unwrap_or_default()
}

fn kind_hash(kind: &str) -> [u8; TERM_BYTES] {
    TermHash::new('k').add(kind.as_bytes()).finish()
}

fn code_hash(code: &str) -> [u8; TERM_BYTES] {
    let folded = fold_text(code, MAX_CODE_CHARS);
    TermHash::new('c').add(folded.as_bytes()).finish()
}

fn value_hash(name: &str, value: &FilterValue) -> [u8; TERM_BYTES] {
    let start = |kind: char| TermHash::new(kind).add(name.as_bytes()).add(&[0]);
    let whole = match value {
        FilterValue::Text(text) => start('t').add(text.as_bytes()),
        FilterValue::Int(number) => start('i').add(&number.to_be_bytes()),
        FilterValue::Bool(flag) => start('b').add(&[u8::from(*flag)]),
        FilterValue::Instant(millis) => start('a').add(&millis.to_be_bytes()),
        FilterValue::Decimal(decimal) => start('d').add(&decimal.normalize().serialize()),
    };
    whole.finish()
}

/// Makes terms; nothing here is a secret.
struct TermHash(u64);

impl TermHash {
    fn new(what: char) -> Self {
        Self(fnv(&[])).add(&u32::from(what).to_be_bytes())
    }

    fn add(self, bytes: &[u8]) -> Self {
        Self(fnv_from(self.0, bytes))
    }

    fn finish(self) -> [u8; TERM_BYTES] {
        first_bytes(&mixed(self.0).to_be_bytes())
    }
}

/// A small stable hash.
pub(super) fn fnv(bytes: &[u8]) -> u64 {
    fnv_from(0xcbf2_9ce4_8422_2325, bytes)
}

fn fnv_from(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The start of a text, at most `max` bytes of whole characters.
pub(super) fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}
