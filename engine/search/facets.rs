//! Facets: how many of the documents found have each value of a field.
//!
//! What is counted is what the request's query finds, conditions of rights included, so that counts
//! tell no more than the hits of all pages together.

use std::collections::HashMap;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::StrColumn;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use super::request::{Facet, FacetAsk};
use super::schema::{Column, KIND, column_name};

/// Most values of one facet that are given back, the most frequent ones.
pub const MAX_FACET_COUNTS: usize = 100;

/// Counts the values of fields.
pub(super) struct FacetCollector {
    pub(super) asks: Vec<FacetAsk>,
}

/// One segment's counts.
pub(super) struct FacetSegment {
    kind: Option<StrColumn>,
    facets: Vec<SegmentFacet>,
}

struct SegmentFacet {
    /// Absent when no document of the segment has a value.
    column: Option<StrColumn>,
    /// Ordinals of the kinds that count; all when there is none.
    kinds: Option<Vec<u64>>,
    counts: HashMap<u64, u64>,
}

type Counts = Vec<HashMap<String, u64>>;

impl Collector for FacetCollector {
    type Fruit = Vec<Facet>;
    type Child = FacetSegment;

    fn for_segment(
        &self,
        _ordinal: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<FacetSegment> {
        let fast = reader.fast_fields();
        let kind = fast.str(KIND)?;
        let open = |ask: &FacetAsk| -> tantivy::Result<SegmentFacet> {
            let mut kinds = None;
            if let (Some(wanted), Some(column)) = (&ask.kinds, &kind) {
                let mut ordinals = Vec::with_capacity(wanted.len());
                for name in wanted {
                    ordinals.extend(column.dictionary().term_ord(name)?);
                }
                kinds = Some(ordinals);
            }
            Ok(SegmentFacet {
                column: fast.str(&column_name(&ask.name, Column::Facet))?,
                kinds,
                counts: HashMap::new(),
            })
        };
        let facets = self.asks.iter().map(open);
        Ok(FacetSegment {
            facets: facets.collect::<tantivy::Result<_>>()?,
            kind,
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<tantivy::Result<Counts>>) -> tantivy::Result<Vec<Facet>> {
        let mut all: Counts = vec![HashMap::new(); self.asks.len()];
        for segment in segments {
            for (sum, counts) in all.iter_mut().zip(segment?) {
                for (value, count) in counts {
                    *sum.entry(value).or_insert(0) += count;
                }
            }
        }
        let facet = |(ask, counts): (&FacetAsk, HashMap<String, u64>)| {
            let mut values: Vec<(String, u64)> = counts.into_iter().collect();
            values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            values.truncate(ask.most);
            Facet {
                name: ask.name.clone(),
                values,
            }
        };
        Ok(self.asks.iter().zip(all).map(facet).collect())
    }
}

impl SegmentCollector for FacetSegment {
    type Fruit = tantivy::Result<Counts>;

    fn collect(&mut self, doc: DocId, _score: Score) {
        let kind = self.kind.as_ref().and_then(|k| k.ords().first(doc));
        for facet in &mut self.facets {
            let counts = match (&facet.kinds, kind) {
                (None, _) => true,
                (Some(kinds), Some(kind)) => kinds.contains(&kind),
                (Some(_), None) => false,
            };
            if let (true, Some(column)) = (counts, &facet.column) {
                for ordinal in column.term_ords(doc) {
                    *facet.counts.entry(ordinal).or_insert(0) += 1;
                }
            }
        }
    }

    fn harvest(self) -> tantivy::Result<Counts> {
        let named = |facet: SegmentFacet| -> tantivy::Result<HashMap<String, u64>> {
            let mut named = HashMap::with_capacity(facet.counts.len());
            let Some(column) = &facet.column else {
                return Ok(named);
            };
            for (ordinal, count) in facet.counts {
                let mut value = String::new();
                if column.ord_to_str(ordinal, &mut value)? {
                    named.insert(value, count);
                }
            }
            Ok(named)
        };
        self.facets.into_iter().map(named).collect()
    }
}
