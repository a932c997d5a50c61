//! What the score of a hit is made of: what each word gave in each section, and what rules made of it.
//!
//! Every part is scored by itself with the query's own parts, so that they add up to the score. What
//! the request may not search gives nothing and is not named.

use tantivy::query::{Query, Weight};
use tantivy::{DocAddress, DocSet, Searcher, TERMINATED};

use super::collect::Row;
use super::error::SearchResult;
use super::fusion::MeaningPart;
use super::query;
use super::ranking::SegmentRanking;
use super::request::{SearchRequest, Sections};
use super::schema::Fields;
use super::statistics::Statistics;
use super::words::{Matched, Word, WordMatch, looked_at};

/// Words that are looked at one by one; what the others give is in [`Explanation::other`].
const MAX_WORDS: usize = 16;
/// What is less than this part of a score comes from counting with so many places.
const ROUNDING: f32 = 0.001;

/// What a score is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What its words gave: [`Self::words`], [`Self::codes`] and [`Self::other`] together.
    pub base: f32,
    /// What each word gave.
    pub words: Vec<WordPart>,
    /// What numbers and codes gave that were found as a whole.
    pub codes: f32,
    /// What paths gave that were found as a whole, and words beyond the first sixteen.
    pub other: f32,
    /// What rules multiplied it with, all together.
    pub factor: f32,
    /// The same by value, age and votes.
    pub factors: Vec<FactorPart>,
    /// What meaning added.
    pub meaning: Option<MeaningPart>,
}

/// What a word gave.
#[derive(Debug, Clone, PartialEq)]
pub struct WordPart {
    /// The word as it was typed.
    pub word: String,
    /// How it was found.
    pub how: Matched,
    /// What stands in the document, in lower case; none beyond the part of a text that is kept for
    /// snippets.
    pub found: Option<String>,
    /// What it gave.
    pub gave: f32,
    /// The same by section: `title`, `text`, `internal`, `extra`, `extra_internal`.
    pub sections: Vec<(&'static str, f32)>,
}

/// What a score was multiplied with.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorPart {
    /// `freshness`, `votes`, or the field of a value.
    pub what: String,
    /// The value.
    pub value: Option<String>,
    /// The factor.
    pub factor: f32,
}

/// A way in which a document may have a word.
struct Way {
    how: Matched,
    whole: Box<dyn Weight>,
    /// What it gives in a section.
    parts: Vec<(&'static str, Box<dyn Weight>)>,
    /// What the parts count.
    worth: f32,
}

/// Explains the hits of one request.
pub(super) struct Explainer<'e> {
    searcher: &'e Searcher,
    request: &'e SearchRequest,
    words: Vec<(&'e Word, Vec<Way>)>,
    codes: Box<dyn Weight>,
}

/// Makes what scores the parts of a query.
struct Maker<'m> {
    fields: &'m Fields,
    statistics: Statistics<'m>,
    sections: Vec<(&'static str, Sections)>,
    all: Sections,
}

impl Maker<'_> {
    fn weight(&self, query: &dyn Query) -> SearchResult<Box<dyn Weight>> {
        Ok(query.weight(self.statistics.scoring())?)
    }

    fn of(&self, word: &Word, sections: Sections) -> SearchResult<Box<dyn Weight>> {
        let words = std::slice::from_ref(word);
        self.weight(&*query::text_query(self.fields, "", words, sections))
    }

    fn way(&self, how: Matched, word: &Word, parts: &[Word], worth: f32) -> SearchResult<Way> {
        let mut made = Vec::new();
        for part in parts {
            for (name, section) in &self.sections {
                made.push((*name, self.of(part, *section)?));
            }
        }
        Ok(Way {
            how,
            whole: self.of(word, self.all)?,
            parts: made,
            worth,
        })
    }

    /// The ways in which a word is searched for, of which the best one counts.
    fn ways(&self, word: &Word) -> SearchResult<Vec<Way>> {
        // By itself a crumb would find nothing, and give nothing.
        let bare = Word {
            crumb: false,
            guesses: Vec::new(),
            synonyms: Vec::new(),
            ..word.clone()
        };
        let mut ways = vec![self.way(Matched::Form, &bare, std::slice::from_ref(&bare), 1.0)?];
        for guess in &word.guesses {
            let only = Word {
                terms: Vec::new(),
                guesses: vec![guess.clone()],
                ..bare.clone()
            };
            ways.push(self.way(guess.how, &only, std::slice::from_ref(&only), 1.0)?);
        }
        for synonym in &word.synonyms {
            let only = Word {
                terms: Vec::new(),
                synonyms: vec![synonym.clone()],
                ..bare.clone()
            };
            let each = synonym.words.iter().map(|terms| Word {
                role: super::words::Role::Word,
                terms: terms.clone(),
                ..bare.clone()
            });
            let each: Vec<Word> = each.collect();
            ways.push(self.way(Matched::Synonym, &only, &each, synonym.worth)?);
        }
        Ok(ways)
    }
}

impl<'e> Explainer<'e> {
    pub(super) fn new(
        fields: &Fields,
        searcher: &'e Searcher,
        request: &'e SearchRequest,
        words: &'e [Word],
    ) -> SearchResult<Self> {
        let counted = fields.ranked(request.ranking.as_deref());
        let all = Sections {
            codes: false,
            ..request.sections
        };
        let maker = Maker {
            fields: &counted,
            statistics: Statistics::new(fields, searcher),
            sections: single(all),
            all,
        };
        let mut explained = Vec::new();
        for word in words.iter().take(MAX_WORDS) {
            explained.push((word, maker.ways(word)?));
        }
        let codes = Sections {
            codes: request.sections.codes,
            ..Sections::NONE
        };
        let text = looked_at(request.text.as_deref().unwrap_or_default());
        let codes = maker.weight(&*query::text_query(&counted, text, &[], codes))?;
        Ok(Self {
            searcher,
            request,
            words: explained,
            codes,
        })
    }

    /// What the score of a hit is made of.
    pub(super) fn explain(&self, row: &Row, matches: &[WordMatch]) -> SearchResult<Explanation> {
        let reader = self.searcher.segment_reader(row.address.segment_ord);
        let (mut factor, mut factors) = (1.0, Vec::new());
        if let Some(ranking) = &self.request.ranking {
            let ranking = SegmentRanking::open(ranking, reader)?;
            factor = ranking.factor(row.address.doc_id);
            let parts = ranking.parts(row.address.doc_id).into_iter();
            factors.extend(parts.map(|part| FactorPart {
                what: part.field,
                value: part.value,
                factor: part.factor,
            }));
        }
        let base = row.score / factor;
        let mut words = Vec::new();
        for (word, ways) in &self.words {
            words.extend(self.word(word, ways, row.address, matches)?);
        }
        let codes = self.score(&*self.codes, row.address)?;
        let told: f32 = words.iter().map(|word: &WordPart| word.gave).sum::<f32>() + codes;
        let other = base - told;
        Ok(Explanation {
            base,
            words,
            codes,
            other: if other.abs() < base * ROUNDING {
                0.0
            } else {
                other
            },
            factor,
            factors,
            meaning: None,
        })
    }

    /// What a word gave, in the best of its ways; nothing when the document does not have it.
    fn word(
        &self,
        word: &Word,
        ways: &[Way],
        address: DocAddress,
        matches: &[WordMatch],
    ) -> SearchResult<Option<WordPart>> {
        let mut best: Option<(f32, &Way)> = None;
        for way in ways {
            let gave = self.score(&*way.whole, address)?;
            if best.is_none_or(|(most, _)| most < gave) {
                best = Some((gave, way));
            }
        }
        let Some((gave, way)) = best.filter(|(gave, _)| *gave > 0.0) else {
            return Ok(None);
        };
        let mut sections: Vec<(&'static str, f32)> = Vec::new();
        for (name, part) in &way.parts {
            let part = self.score(&**part, address)? * way.worth;
            match sections.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => *sum += part,
                None => sections.push((name, part)),
            }
        }
        sections.retain(|(_, part)| *part > 0.0);
        let found = matches.iter().find(|found| found.place == word.place);
        let text = self.request.text.as_deref().unwrap_or_default();
        Ok(Some(WordPart {
            word: text.get(word.place.clone()).unwrap_or_default().to_owned(),
            how: match (way.how, found) {
                // Which of the two it is stands in the text.
                (Matched::Form, Some(found)) if found.how == Matched::Exact => found.how,
                (Matched::Form, _) if word.crumb => Matched::Exact,
                (how, _) => how,
            },
            found: found.map(|found| found.found.clone()),
            gave,
            sections,
        }))
    }

    fn score(&self, weight: &dyn Weight, address: DocAddress) -> SearchResult<f32> {
        let reader = self.searcher.segment_reader(address.segment_ord);
        let mut scorer = weight.scorer(reader, 1.0)?;
        let mut at = scorer.doc();
        if at != TERMINATED && at < address.doc_id {
            at = scorer.seek(address.doc_id);
        }
        Ok(if at == address.doc_id {
            scorer.score()
        } else {
            0.0
        })
    }
}

/// Each of the sections by itself, with its name.
fn single(all: Sections) -> Vec<(&'static str, Sections)> {
    let none = Sections::NONE;
    let each = [
        (
            "title",
            all.title,
            Sections {
                title: true,
                ..none
            },
        ),
        ("text", all.body, Sections { body: true, ..none }),
        (
            "internal",
            all.internal,
            Sections {
                internal: true,
                ..none
            },
        ),
        (
            "extra",
            all.extra,
            Sections {
                extra: true,
                ..none
            },
        ),
        (
            "extra_internal",
            all.extra_internal,
            Sections {
                extra_internal: true,
                ..none
            },
        ),
    ];
    let searched = each.into_iter().filter(|(_, searched, _)| *searched);
    searched.map(|(name, _, one)| (name, one)).collect()
}
