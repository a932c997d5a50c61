//! What rules say of the order of hits: how much sections count, and the factor of a document by its
//! values, its age and what people say of it. Without rules nothing here is looked at.

use std::collections::HashMap;
use std::sync::Arc;

use tantivy::columnar::{self, StrColumn};
use tantivy::{DocId, Score, SegmentReader};

use super::cursor::Cursor;
use super::schema::{Column, Fields, Section, column_name, fnv};

/// Least and greatest factor of all values of a document together.
const VALUES: (f32, f32) = (0.25, 4.0);
/// What is left of a score in any case.
const LEAST: f32 = 0.01;
/// Thousandths: a document of which nobody says anything.
const UNDECIDED: f32 = 500.0;

/// How much words in a section count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Factors {
    /// In the title.
    pub title: f32,
    /// In texts, internal ones included.
    pub text: f32,
    /// In numbers and codes.
    pub codes: f32,
    /// In what packs added.
    pub extra: f32,
}

impl Factors {
    /// They count as they are.
    pub const NONE: Self = Self {
        title: 1.0,
        text: 1.0,
        codes: 1.0,
        extra: 1.0,
    };
}

/// How much documents with a value count.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueFactor {
    /// The field, as [`super::SearchDoc::facets`] names it.
    pub field: String,
    /// The value.
    pub value: String,
    /// The factor.
    pub factor: f32,
}

/// How much less what is old counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Fresh {
    /// Days after which half of the weight is lost.
    pub half_life_days: f32,
    /// Part of the score that is lost at most.
    pub weight: f32,
}

/// What rules say of the order of hits.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// By section.
    pub sections: Factors,
    /// By value.
    pub values: Vec<ValueFactor>,
    /// By age; each counts.
    pub fresh: Vec<Fresh>,
    /// Filter field with the instant from which age counts.
    pub age_field: &'static str,
    /// Parts of the score that votes give or take at most; each counts.
    pub votes: Vec<f32>,
    /// Filter field with the share of good votes, in thousandths.
    pub votes_field: &'static str,
    /// The moment to which age counts, in milliseconds since 1970 UTC. A cursor keeps it, so that
    /// all pages of a list have the same order.
    pub at: i64,
}

impl Ranking {
    /// Stands for the order, whatever the moment.
    pub(super) fn stamp(&self) -> u64 {
        fnv(format!(
            "{:?}",
            Self {
                at: 0,
                ..self.clone()
            }
        )
        .as_bytes())
    }
}

/// The moment that a cursor keeps; none for one without, or one that is none.
#[must_use]
pub fn moment_of(cursor: &str) -> Option<i64> {
    Cursor::read(cursor).ok()?.at
}

impl Fields {
    /// The fields as a ranking counts them.
    pub(super) fn ranked(&self, ranking: Option<&Ranking>) -> Self {
        let mut ranked = *self;
        ranked.factors = ranking.map_or(Factors::NONE, |ranking| ranking.sections);
        ranked
    }

    /// How much a section counts.
    pub(super) fn factor(&self, section: Section) -> f32 {
        if section == self.title {
            self.factors.title
        } else if section == self.extra || section == self.extra_internal {
            self.factors.extra
        } else {
            self.factors.text
        }
    }
}

/// What a document's score is multiplied with, and why.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// The field, and its value when it is one of several that count.
    pub(super) field: String,
    pub(super) value: Option<String>,
    pub(super) factor: f32,
}

/// A ranking in one segment.
pub(super) struct SegmentRanking {
    ranking: Arc<Ranking>,
    values: Vec<Facet>,
    age: Option<columnar::Column<i64>>,
    votes: Option<columnar::Column<i64>>,
    /// What no factor of a document is greater than.
    most: f32,
}

/// A field's values that count: their places in the ranking, by their ordinals in the segment.
struct Facet {
    column: StrColumn,
    places: HashMap<u64, usize>,
}

impl SegmentRanking {
    pub(super) fn open(ranking: &Arc<Ranking>, reader: &SegmentReader) -> tantivy::Result<Self> {
        let fast = reader.fast_fields();
        let mut by_field: Vec<(&str, Vec<(usize, &str)>)> = Vec::new();
        for (at, value) in ranking.values.iter().enumerate() {
            let one = (at, value.value.as_str());
            match by_field.iter_mut().find(|(field, _)| *field == value.field) {
                Some((_, known)) => known.push(one),
                None => by_field.push((&value.field, vec![one])),
            }
        }
        let mut values = Vec::with_capacity(by_field.len());
        for (field, wanted) in by_field {
            let Some(column) = fast.str(&column_name(field, Column::Facet))? else {
                continue;
            };
            let mut places = HashMap::with_capacity(wanted.len());
            for (at, value) in wanted {
                if let Some(ordinal) = column.dictionary().term_ord(value)? {
                    places.insert(ordinal, at);
                }
            }
            if !places.is_empty() {
                values.push(Facet { column, places });
            }
        }
        let int = |name: &str, wanted: bool| match wanted {
            true => fast.column_opt::<i64>(&column_name(name, Column::Int)),
            false => Ok(None),
        };
        Ok(Self {
            ranking: Arc::clone(ranking),
            values,
            age: int(ranking.age_field, !ranking.fresh.is_empty())?,
            votes: int(ranking.votes_field, !ranking.votes.is_empty())?,
            most: most(ranking),
        })
    }

    /// What no factor of a document is greater than.
    pub(super) const fn most(&self) -> Score {
        self.most
    }

    /// What the score of a document is multiplied with.
    pub(super) fn factor(&self, doc: DocId) -> Score {
        let values = self.values_of(doc).map(|value| value.factor);
        let values: f32 = values.product();
        let (least, most) = VALUES;
        (values.clamp(least, most) * self.freshness(doc) * self.voted(doc)).max(LEAST)
    }

    /// The same, part by part; what changes nothing is left out.
    pub(super) fn parts(&self, doc: DocId) -> Vec<Part> {
        let values = self.values_of(doc).map(|value| Part {
            field: value.field.clone(),
            value: Some(value.value.clone()),
            factor: value.factor,
        });
        let whole = |field: &str, factor| Part {
            field: field.to_owned(),
            value: None,
            factor,
        };
        let mut parts: Vec<Part> = values.collect();
        parts.push(whole("freshness", self.freshness(doc)));
        parts.push(whole("votes", self.voted(doc)));
        parts.retain(|part| (part.factor - 1.0).abs() > f32::EPSILON);
        parts
    }

    fn values_of(&self, doc: DocId) -> impl Iterator<Item = &ValueFactor> + '_ {
        self.values.iter().flat_map(move |facet| {
            let ordinals = facet.column.ords().values_for_doc(doc);
            let places = ordinals.filter_map(|ordinal| facet.places.get(&ordinal).copied());
            places.filter_map(|at| self.ranking.values.get(at))
        })
    }

    /// What is left of it for its age; all of what has none.
    fn freshness(&self, doc: DocId) -> Score {
        const DAY: f32 = 86_400_000.0;
        let Some(changed) = self.age.as_ref().and_then(|column| column.first(doc)) else {
            return 1.0;
        };
        let age = self.ranking.at.saturating_sub(changed).max(0);
        #[expect(clippy::cast_precision_loss, reason = "a day more or less is the same")]
        let days = age as f32 / DAY;
        let left = self.ranking.fresh.iter().map(|fresh| {
            let fades = (-days / fresh.half_life_days).exp2();
            fresh.weight.mul_add(fades, 1.0 - fresh.weight)
        });
        left.product()
    }

    /// What votes give or take.
    fn voted(&self, doc: DocId) -> Score {
        let Some(share) = self.votes.as_ref().and_then(|column| column.first(doc)) else {
            return 1.0;
        };
        #[expect(clippy::cast_precision_loss, reason = "it is at most a thousand")]
        let leaning = (share as f32 - UNDECIDED) / UNDECIDED;
        let votes = self.ranking.votes.iter();
        votes.map(|weight| weight.mul_add(leaning, 1.0)).product()
    }
}

/// The greatest factor that a document can have.
fn most(ranking: &Ranking) -> f32 {
    /// Products of as many numbers may differ in their last digits.
    const ROUNDING: f32 = 1.001;
    let values = ranking.values.iter();
    let values: f32 = values.map(|value| value.factor.max(1.0)).product();
    let votes: f32 = ranking.votes.iter().map(|weight| 1.0 + weight).product();
    values.clamp(VALUES.0, VALUES.1) * votes * ROUNDING
}
