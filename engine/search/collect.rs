//! The collector of one page: best hits after a cursor, in any order, with the number of matches.
//!
//! Within a segment a hit is ordered by a rank and a 64-bit value (a number, or the ordinal of a
//! text in the segment's dictionary), then by id: in a descending order the newer one first. The id
//! columns are read only on ties and for hits that enter the page.

use std::collections::BinaryHeap;
use std::ops::Bound;
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{self, StrColumn};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

use super::cursor::{Cursor, SortKey};
use super::ranking::{Ranking, SegmentRanking};
use super::ranks::RankColumn;
use super::schema::{Column, ID_HIGH, ID_LOW, KIND, VERSION, column_name, join_id, split_id};

const MISSING_RANK: u8 = 9;

/// What the page is ordered by.
#[derive(Debug, Clone)]
pub(super) enum OrderBy {
    /// Best score first.
    Score,
    /// Newest id first.
    Newest,
    /// By a filter field.
    Field { name: String, descending: bool },
    /// By the place of a filter field's text among these.
    Ranked {
        name: String,
        values: Vec<String>,
        descending: bool,
    },
}

impl OrderBy {
    const fn is_descending(&self) -> bool {
        match self {
            Self::Score | Self::Newest => true,
            Self::Field { descending, .. } | Self::Ranked { descending, .. } => *descending,
        }
    }

    /// What the halves of ids are flipped with, so that the newer of equal hits comes first.
    const fn id_flip(&self) -> u64 {
        match self {
            Self::Score => 0,
            _ if self.is_descending() => u64::MAX,
            _ => 0,
        }
    }
}

/// Collects a page.
pub(super) struct PageCollector {
    pub(super) order: OrderBy,
    pub(super) after: Option<Cursor>,
    /// Hits wanted; one more tells whether there is a next page.
    pub(super) limit: usize,
    /// What scores are multiplied with.
    pub(super) ranking: Option<Arc<Ranking>>,
    /// Whether hits have scores although something else orders them.
    pub(super) scored: bool,
}

/// A page's hits in order, and how many documents match in all.
pub(super) struct Collected {
    pub(super) rows: Vec<Row>,
    pub(super) total: u64,
}

/// One hit, independent of its segment.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) key: SortKey,
    /// Relevance; 0 in a list.
    pub(super) score: Score,
    pub(super) id: [u8; 16],
    pub(super) kind: String,
    pub(super) version: u64,
    pub(super) address: DocAddress,
}

impl Collector for PageCollector {
    type Fruit = Collected;
    type Child = PageSegment;

    fn for_segment(
        &self,
        ordinal: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<PageSegment> {
        let fast = reader.fast_fields();
        let id_high = fast.u64(ID_HIGH)?;
        let order = SegmentOrder::open(&self.order, reader, &id_high)?;
        let after = match &self.after {
            Some(cursor) => {
                let (rank, value) = order.place(&cursor.key)?;
                let (high, low) = split_id(&cursor.id);
                let flip = self.order.id_flip();
                Some((rank, value, high ^ flip, low ^ flip))
            }
            None => None,
        };
        let ranking = self.ranking.as_ref();
        Ok(PageSegment {
            ordinal,
            order,
            ranking: ranking
                .map(|ranking| SegmentRanking::open(ranking, reader))
                .transpose()?,
            after,
            id_flip: self.order.id_flip(),
            keep: self.limit + 1,
            id_high,
            id_low: fast.u64(ID_LOW)?,
            version: fast.u64(VERSION)?,
            kind: fast.str(KIND)?,
            heap: BinaryHeap::with_capacity(self.limit + 2),
            total: 0,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.scored || matches!(self.order, OrderBy::Score)
    }

    fn merge_fruits(
        &self,
        segments: Vec<tantivy::Result<Collected>>,
    ) -> tantivy::Result<Collected> {
        let mut all = Collected {
            rows: Vec::new(),
            total: 0,
        };
        for segment in segments {
            let segment = segment?;
            all.total += segment.total;
            all.rows.extend(segment.rows);
        }
        let descending = self.order.is_descending();
        let flip = self.order.id_flip();
        let by_id = |a: &Row, b: &Row| match flip {
            0 => a.id.cmp(&b.id),
            _ => b.id.cmp(&a.id),
        };
        all.rows
            .sort_by(|a, b| compare(&a.key, &b.key, descending).then_with(|| by_id(a, b)));
        all.rows.truncate(self.limit + 1);
        Ok(all)
    }
}

/// Collects one segment's part of a page.
pub(super) struct PageSegment {
    ordinal: SegmentOrdinal,
    order: SegmentOrder,
    ranking: Option<SegmentRanking>,
    after: Option<(u8, u64, u64, u64)>,
    id_flip: u64,
    keep: usize,
    id_high: columnar::Column<u64>,
    id_low: columnar::Column<u64>,
    version: columnar::Column<u64>,
    kind: Option<StrColumn>,
    /// The last hit of the page is on top.
    heap: BinaryHeap<Candidate>,
    total: u64,
}

/// Ordered as hits are: rank, value, id as it is flipped.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    rank: u8,
    value: u64,
    high: u64,
    low: u64,
    doc: DocId,
    score_bits: u32,
}

impl PageSegment {
    /// Whether a hit of this score comes after a page that is full.
    fn is_behind(&self, score: Score) -> bool {
        let last = self.heap.peek().filter(|_| self.heap.len() >= self.keep);
        matches!(self.order, SegmentOrder::Score)
            && last.is_some_and(|last| (last.rank, last.value) < (0, !ordered_score(score)))
    }
}

impl SegmentCollector for PageSegment {
    type Fruit = tantivy::Result<Collected>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        let score = match &self.ranking {
            // What does not order hits is looked up for those of the page.
            _ if !matches!(self.order, SegmentOrder::Score) => score,
            // Looking at the columns of each hit takes longer than finding it.
            Some(ranking) if self.is_behind(score * ranking.most()) => return,
            Some(ranking) => score * ranking.factor(doc),
            None => score,
        };
        let (rank, value) = self.order.of(doc, score);
        if self
            .after
            .is_some_and(|after| (rank, value) < (after.0, after.1))
        {
            return;
        }
        let full = self.heap.len() >= self.keep;
        if full
            && self
                .heap
                .peek()
                .is_some_and(|last| (last.rank, last.value) < (rank, value))
        {
            return;
        }
        let candidate = Candidate {
            rank,
            value,
            high: self.id_high.first(doc).unwrap_or_default() ^ self.id_flip,
            low: self.id_low.first(doc).unwrap_or_default() ^ self.id_flip,
            doc,
            score_bits: score.to_bits(),
        };
        let place = (rank, value, candidate.high, candidate.low);
        if self.after.is_some_and(|after| place <= after) {
            return;
        }
        if full {
            if let Some(mut last) = self.heap.peek_mut()
                && candidate < *last
            {
                *last = candidate;
            }
        } else {
            self.heap.push(candidate);
        }
    }

    fn harvest(self) -> tantivy::Result<Collected> {
        let Self { heap, order, .. } = self;
        let mut rows = Vec::with_capacity(heap.len());
        for candidate in heap {
            let mut score = f32::from_bits(candidate.score_bits);
            if let Some(ranking) = &self.ranking
                && !matches!(order, SegmentOrder::Score)
            {
                score *= ranking.factor(candidate.doc);
            }
            let mut kind = String::new();
            if let Some(column) = &self.kind
                && let Some(ordinal) = column.ords().first(candidate.doc)
            {
                column.ord_to_str(ordinal, &mut kind)?;
            }
            rows.push(Row {
                key: order.key(candidate.doc, score)?,
                score,
                id: join_id(candidate.high ^ self.id_flip, candidate.low ^ self.id_flip),
                kind,
                version: self.version.first(candidate.doc).unwrap_or_default(),
                address: DocAddress::new(self.ordinal, candidate.doc),
            });
        }
        Ok(Collected {
            rows,
            total: self.total,
        })
    }
}

/// How one segment orders: the columns are opened once.
enum SegmentOrder {
    Score,
    Newest(columnar::Column<u64>),
    Field(Box<FieldColumns>),
    Ranked(Box<RankColumn>),
}

/// The columns of a filter field, one for each type of value.
struct FieldColumns {
    int: Option<columnar::Column<i64>>,
    decimal: Option<columnar::Column<i64>>,
    text: Option<StrColumn>,
    descending: bool,
}

impl SegmentOrder {
    fn open(
        order: &OrderBy,
        reader: &SegmentReader,
        id_high: &columnar::Column<u64>,
    ) -> tantivy::Result<Self> {
        let fast = reader.fast_fields();
        Ok(match order {
            OrderBy::Score => Self::Score,
            OrderBy::Newest => Self::Newest(id_high.clone()),
            OrderBy::Field { name, descending } => Self::Field(Box::new(FieldColumns {
                int: fast.column_opt::<i64>(&column_name(name, Column::Int))?,
                decimal: fast.column_opt::<i64>(&column_name(name, Column::Decimal))?,
                text: fast.str(&column_name(name, Column::Text))?,
                descending: *descending,
            })),
            OrderBy::Ranked {
                name,
                values,
                descending,
            } => {
                let text = fast.str(&column_name(name, Column::Text))?;
                Self::Ranked(Box::new(RankColumn::open(text, values, *descending)?))
            }
        })
    }

    /// Rank and value of a document: the smaller, the earlier.
    fn of(&self, doc: DocId, score: Score) -> (u8, u64) {
        match self {
            Self::Score => (0, !ordered_score(score)),
            Self::Newest(high) => (0, !high.first(doc).unwrap_or_default()),
            Self::Field(columns) => columns.of(doc),
            Self::Ranked(column) => column.rank(doc).map_or((MISSING_RANK, 0), |r| column.at(r)),
        }
    }

    /// Rank and value of a key that may be of another segment.
    fn place(&self, key: &SortKey) -> tantivy::Result<(u8, u64)> {
        match (self, key) {
            (Self::Field(columns), key) => columns.place(key),
            (Self::Ranked(column), SortKey::Int(rank)) => Ok(column.at(*rank)),
            (_, SortKey::Score(score)) => Ok((0, !ordered_score(*score))),
            (_, SortKey::Newest(high)) => Ok((0, !high)),
            (_, _) => Ok((MISSING_RANK, 0)),
        }
    }

    fn key(&self, doc: DocId, score: Score) -> tantivy::Result<SortKey> {
        match self {
            Self::Score => Ok(SortKey::Score(score)),
            Self::Newest(high) => Ok(SortKey::Newest(high.first(doc).unwrap_or_default())),
            Self::Field(columns) => columns.key(doc),
            Self::Ranked(column) => Ok(column.rank(doc).map_or(SortKey::Missing, SortKey::Int)),
        }
    }
}

impl FieldColumns {
    fn of(&self, doc: DocId) -> (u8, u64) {
        if let Some(value) = self.int.as_ref().and_then(|column| column.first(doc)) {
            return ranked(Column::Int, tantivy::i64_to_u64(value), self.descending);
        }
        if let Some(value) = self.decimal.as_ref().and_then(|column| column.first(doc)) {
            return ranked(Column::Decimal, tantivy::i64_to_u64(value), self.descending);
        }
        if let Some(ordinal) = self.text.as_ref().and_then(|text| text.ords().first(doc)) {
            return ranked(Column::Text, at_ordinal(ordinal), self.descending);
        }
        (MISSING_RANK, 0)
    }

    fn place(&self, key: &SortKey) -> tantivy::Result<(u8, u64)> {
        Ok(match key {
            SortKey::Int(value) => {
                ranked(Column::Int, tantivy::i64_to_u64(*value), self.descending)
            }
            SortKey::Decimal(value) => ranked(
                Column::Decimal,
                tantivy::i64_to_u64(*value),
                self.descending,
            ),
            SortKey::Text(value) => ranked(Column::Text, self.text_place(value)?, self.descending),
            _ => (MISSING_RANK, 0),
        })
    }

    /// The place of a text that need not be in this segment.
    fn text_place(&self, text: &str) -> tantivy::Result<u64> {
        let Some(column) = &self.text else {
            return Ok(0);
        };
        let dictionary = column.dictionary();
        if let Some(ordinal) = dictionary.term_ord(text)? {
            return Ok(at_ordinal(ordinal));
        }
        let (next, _) = dictionary.term_bounds_to_ord(Bound::Included(text), Bound::Unbounded)?;
        Ok(match next {
            Bound::Included(next) => before_ordinal(next),
            _ => u64::MAX,
        })
    }

    fn key(&self, doc: DocId) -> tantivy::Result<SortKey> {
        if let Some(value) = self.int.as_ref().and_then(|column| column.first(doc)) {
            return Ok(SortKey::Int(value));
        }
        if let Some(value) = self.decimal.as_ref().and_then(|column| column.first(doc)) {
            return Ok(SortKey::Decimal(value));
        }
        if let Some(column) = &self.text
            && let Some(ordinal) = column.ords().first(doc)
        {
            let mut value = String::new();
            column.ord_to_str(ordinal, &mut value)?;
            return Ok(SortKey::Text(value));
        }
        Ok(SortKey::Missing)
    }
}

/// Values of different types are ordered by type; in a descending order the types are, too.
pub(super) fn ranked(column: Column, value: u64, descending: bool) -> (u8, u64) {
    let rank = type_rank(column);
    if descending {
        (2 - rank, !value)
    } else {
        (rank, value)
    }
}

fn type_rank(column: Column) -> u8 {
    match column {
        Column::Int => 0,
        Column::Decimal => 1,
        Column::Text | Column::Facet => 2,
    }
}

/// Ordinals are spread so that there is a place before each.
fn at_ordinal(ordinal: u64) -> u64 {
    ordinal.saturating_mul(2).saturating_add(2)
}

fn before_ordinal(ordinal: u64) -> u64 {
    ordinal.saturating_mul(2).saturating_add(1)
}

/// A score as an integer of the same order; scores are never negative.
fn ordered_score(score: Score) -> u64 {
    u64::from(score.max(0.0).to_bits())
}

fn compare(a: &SortKey, b: &SortKey, descending: bool) -> std::cmp::Ordering {
    fn rank(key: &SortKey) -> u8 {
        match key {
            SortKey::Score(_) | SortKey::Newest(_) => 0,
            SortKey::Int(_) => type_rank(Column::Int),
            SortKey::Decimal(_) => type_rank(Column::Decimal),
            SortKey::Text(_) => type_rank(Column::Text),
            SortKey::Missing => MISSING_RANK,
        }
    }
    if let (SortKey::Missing, _) | (_, SortKey::Missing) = (a, b) {
        return rank(a).cmp(&rank(b));
    }
    let ordering = match (a, b) {
        (SortKey::Score(a), SortKey::Score(b)) => a.total_cmp(b),
        (SortKey::Newest(a), SortKey::Newest(b)) => a.cmp(b),
        (SortKey::Int(a), SortKey::Int(b)) | (SortKey::Decimal(a), SortKey::Decimal(b)) => a.cmp(b),
        (SortKey::Text(a), SortKey::Text(b)) => a.cmp(b),
        _ => rank(a).cmp(&rank(b)),
    };
    if descending {
        ordering.reverse()
    } else {
        ordering
    }
}
