//! What ranking knows of all documents.

use tantivy::query::{Bm25StatisticsProvider, EnableScoring};
use tantivy::schema::Field;
use tantivy::{Searcher, Term};

use super::schema::{Fields, Section};

/// How many times as long as they are texts are taken to be on average: the length of a text then
/// counts less than BM25 has it. An article that explains much is not worse for it.
const LENGTHS: f64 = 1.3;

/// The statistics of an index, with lengths that count less. Few documents have what packs added: its
/// words are as rare as they are in all texts together, and its length does not count.
pub(super) struct Statistics<'s> {
    searcher: &'s Searcher,
    /// Fields of what was added, each with that of the texts.
    added: [(Field, Field); 4],
}

impl<'s> Statistics<'s> {
    pub(super) fn new(fields: &Fields, searcher: &'s Searcher) -> Self {
        let body = fields.body;
        let pairs = |section: Section| [(section.stems, body.stems), (section.forms, body.forms)];
        let ([a, b], [c, d]) = (pairs(fields.extra), pairs(fields.extra_internal));
        Self {
            searcher,
            added: [a, b, c, d],
        }
    }

    /// Scores by these statistics.
    pub(super) fn scoring(&'s self) -> EnableScoring<'s> {
        EnableScoring::enabled_from_statistics_provider(self, self.searcher)
    }

    fn text_of(&self, field: Field) -> Option<Field> {
        let mut added = self.added.iter();
        added.find(|(own, _)| *own == field).map(|(_, text)| *text)
    }
}

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        if self.text_of(field).is_some() {
            return self.searcher.total_num_docs();
        }
        #[expect(clippy::cast_precision_loss, reason = "an average is made of it")]
        let tokens = self.searcher.total_num_tokens(field)? as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it was a number of tokens"
        )]
        Ok((tokens * LENGTHS) as u64)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.searcher.total_num_docs()
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let own = self.searcher.doc_freq(term)?;
        let Some(text) = self.text_of(term.field()) else {
            return Ok(own);
        };
        let value = term.value();
        let same = Term::from_field_text(text, value.as_str().unwrap_or_default());
        let all = own.saturating_add(self.searcher.doc_freq(&same)?);
        Ok(all.min(self.searcher.total_num_docs()?))
    }
}
