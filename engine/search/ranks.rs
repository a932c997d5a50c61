//! Order by the place of a text in a list: options come as their definition has them.

use std::collections::HashMap;

use tantivy::DocId;
use tantivy::columnar::StrColumn;

use super::collect::ranked;
use super::schema::{Column, sort_text};

/// The texts of a filter field with their ranks.
pub(super) struct RankColumn {
    text: Option<StrColumn>,
    /// By ordinal in the segment.
    ranks: HashMap<u64, i64>,
    /// Of a text that has none.
    behind: i64,
    descending: bool,
}

impl RankColumn {
    /// The column of a segment; texts of the list that it does not have have no rank.
    pub(super) fn open(
        text: Option<StrColumn>,
        values: &[String],
        descending: bool,
    ) -> tantivy::Result<Self> {
        let mut ranks = HashMap::with_capacity(values.len());
        if let Some(column) = &text {
            for (value, rank) in values.iter().zip(0..) {
                if let Some(ordinal) = column.dictionary().term_ord(sort_text(value))? {
                    ranks.entry(ordinal).or_insert(rank);
                }
            }
        }
        Ok(Self {
            text,
            ranks,
            behind: i64::try_from(values.len()).unwrap_or(i64::MAX),
            descending,
        })
    }

    /// The rank of a document; none without a value.
    pub(super) fn rank(&self, doc: DocId) -> Option<i64> {
        let ordinal = self.text.as_ref()?.ords().first(doc)?;
        Some(self.ranks.get(&ordinal).copied().unwrap_or(self.behind))
    }

    /// Where a rank stands in the order.
    pub(super) fn at(&self, rank: i64) -> (u8, u64) {
        ranked(Column::Int, tantivy::i64_to_u64(rank), self.descending)
    }
}
