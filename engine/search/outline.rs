//! The documents of a kind and their texts, for whoever makes something of them beside the index.

use tantivy::query::EnableScoring;
use tantivy::schema::{Field, TantivyDocument, Value};
use tantivy::{DocAddress, Searcher, columnar};

use super::error::SearchResult;
use super::query;
use super::request::{SearchRequest, Sections};
use super::schema::{Fields, ID_HIGH, ID_LOW, VERSION, join_id};

/// A document as it stands in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outline {
    /// Id of the record.
    pub id: [u8; 16],
    /// Version of the record that was indexed.
    pub version: u64,
}

/// What any reader of a document may read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicText {
    /// The document.
    pub of: Outline,
    /// The title.
    pub title: String,
    /// The part of the text that is kept for snippets.
    pub body: String,
}

/// Shows every document of a kind, in no order, and reads the texts of the first so many that are
/// wanted.
pub(super) fn texts(
    fields: &Fields,
    searcher: &Searcher,
    kind: &str,
    most: usize,
    wanted: &mut dyn FnMut(Outline) -> bool,
) -> SearchResult<Vec<PublicText>> {
    let asked = SearchRequest {
        kinds: vec![kind.to_owned()],
        ..SearchRequest::default()
    };
    let conditions = query::conditions(fields, &asked, false)?;
    let query = query::build(fields, conditions, None, Sections::NONE);
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let mut chosen: Vec<(Outline, DocAddress)> = Vec::new();
    for (ordinal, reader) in (0..).zip(searcher.segment_readers()) {
        let fast = reader.fast_fields();
        let (high, low) = (fast.u64(ID_HIGH)?, fast.u64(ID_LOW)?);
        let version = fast.u64(VERSION)?;
        let alive = reader.alive_bitset();
        weight.for_each_no_score(reader, &mut |docs| {
            let there = docs
                .iter()
                .filter(|doc| alive.is_none_or(|alive| alive.is_alive(**doc)));
            for doc in there {
                let of = |column: &columnar::Column<u64>| column.first(*doc).unwrap_or_default();
                let outline = Outline {
                    id: join_id(of(&high), of(&low)),
                    version: of(&version),
                };
                if wanted(outline) && chosen.len() < most {
                    chosen.push((outline, DocAddress::new(ordinal, *doc)));
                }
            }
        })?;
    }
    let text = |(of, address): (Outline, DocAddress)| {
        let doc: TantivyDocument = searcher.doc(address)?;
        let text = |field: Field| {
            let value = doc.get_first(field);
            let text = value.as_ref().and_then(|value| value.as_str());
            text.unwrap_or_default().to_owned()
        };
        Ok(PublicText {
            of,
            title: text(fields.stored_title),
            body: text(fields.stored_body),
        })
    };
    chosen.into_iter().map(text).collect()
}
