//! What a word that nothing has may have meant: a longer word, another keyboard layout, a typing
//! mistake. A guess is a word of the index that is in a document which the request may find, so
//! that guesses reveal no more than hits do.

use std::collections::HashMap;
use std::ops::Range;

use tantivy::query::{BooleanQuery, EnableScoring, FuzzyTermQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::tokenizer::TokenStream;
use tantivy::{DocSet, Searcher, TERMINATED, Term};

use super::analysis::{EXACT, Terms, is_number_char};
use super::error::SearchResult;
use super::layout;
use super::schema::Section;
use super::words::{Guess, Matched, Role, Word, chunk_around, words_of};

/// Unknown words of a query that are taken for typing mistakes.
const MAX_MISTAKEN: usize = 8;
/// Guesses of one word.
pub(super) const MAX_GUESSES: usize = 12;
/// Words of the index that are looked at for one word.
const MAX_CANDIDATES: usize = 400;
/// Longer words of the index that are looked at for one beginning.
pub(super) const MAX_LONGER: usize = 4_000;
/// Of these the most frequent are tried against the request's conditions.
pub(super) const MAX_TRIED: usize = 24;
/// Letters of the shortest beginning of a word.
pub(super) const MIN_PREFIX: usize = 3;
/// Letters from which one mistake is put right, and two.
const MIN_TYPO: usize = 4;
const MIN_TWO_TYPOS: usize = 8;

pub(super) const PREFIX_WORTH: f32 = 0.8;
/// Of a longer word, when what was typed is a word itself.
const LONGER_WORTH: f32 = 0.6;
const LAYOUT_WORTH: f32 = 0.9;
/// By the number of mistakes less one.
const TYPO_WORTH: [f32; 2] = [0.9, 0.7];

/// Guesses within one state of the index.
pub(super) struct Guesser<'a> {
    pub(super) searcher: &'a Searcher,
    /// Sections that are searched.
    pub(super) sections: Vec<Section>,
    /// What the request finds by its conditions; everything without.
    pub(super) within: Option<&'a dyn Query>,
    /// Letters of the shortest beginning that is completed.
    pub(super) min_prefix: usize,
}

impl Guesser<'_> {
    /// Adds guesses to the words that no document has, and longer words to one still being typed.
    pub(super) fn fill(&self, text: &str, words: &mut Vec<Word>) -> SearchResult<()> {
        let last = words.last().map(|word| word.place.clone());
        // A word that is still being typed is the end of the text.
        let typing = last.filter(|place| place.end == text.len());
        let mut unknown = Vec::new();
        for (at, word) in words.iter().enumerate() {
            // Another form of a word that came before has no stem of its own.
            let has_stem = word.terms.first().is_some_and(|t| !t.starts_with(EXACT));
            // What an administrator explained is no mistake.
            let is_word = word.role == Role::Word && has_stem && word.synonyms.is_empty();
            if is_word && !self.is_known(word)? {
                unknown.push(at);
            }
        }
        let mut turned: Vec<Range<usize>> = Vec::new();
        let mut left = Vec::new();
        for at in unknown {
            let Some(word) = words.get_mut(at) else {
                continue;
            };
            // What stands between blanks is one guess, however many words it looks like.
            if turned.last().is_some_and(|t| word.place.start < t.end) {
                continue;
            }
            match self.by_layout(text, &word.place, typing.as_ref())? {
                Some((place, guesses)) => {
                    turned.push(place.clone());
                    word.place = place;
                    word.guesses = guesses;
                }
                None => left.push(at),
            }
        }
        for at in left.into_iter().take(MAX_MISTAKEN) {
            if let Some(word) = words.get_mut(at) {
                let is_last = typing.as_ref() == Some(&word.place);
                word.guesses = self.guess(word, is_last)?;
                if word.guesses.is_empty() && !turned.is_empty() {
                    word.guesses = self.mistaken_in_layout(text, word)?;
                }
            }
        }
        if !turned.is_empty() {
            self.follow(text, words, &turned)?;
        }
        match words.last_mut() {
            Some(word) if typing.is_some() => self.lengthen(word),
            _ => Ok(()),
        }
    }

    /// Where some words were typed in the wrong layout, others were, too: those that happen to be
    /// words as they stand are taken for what is the more frequent word.
    fn follow(
        &self,
        text: &str,
        words: &mut Vec<Word>,
        turned: &[Range<usize>],
    ) -> SearchResult<()> {
        let is_inside = |word: &Word| {
            let mut around = turned.iter();
            around.any(|t| t.start <= word.place.start && word.place.end <= t.end)
        };
        words.retain(|word| !is_inside(word) || turned.contains(&word.place));
        let typed = |place: &Range<usize>| text.get(place.clone()).unwrap_or_default();
        let was_latin = turned.first().is_some_and(|t| layout::is_latin(typed(t)));
        for word in words.iter_mut() {
            let is_plain = word.role == Role::Word && word.guesses.is_empty();
            let written = typed(&word.place);
            if !is_plain || !word.synonyms.is_empty() || layout::is_latin(written) != was_latin {
                continue;
            }
            let meant = layout::turned(written).map(|t| words_of(&t));
            let Some([meant]) = meant.as_deref() else {
                continue;
            };
            if !self.is_known(meant)? {
                continue;
            }
            word.guesses
                .extend(guess_of(&meant.terms, Matched::Layout, LAYOUT_WORTH));
            if self.frequency(&word.terms)? < self.frequency(&meant.terms)? {
                word.terms.clear();
            }
        }
        Ok(())
    }

    /// A word with a typing mistake in the wrong layout, as others of its text are.
    fn mistaken_in_layout(&self, text: &str, word: &Word) -> SearchResult<Vec<Guess>> {
        let part = layout::keys_around(text, &word.place);
        let meant = layout::turned(text.get(part).unwrap_or_default()).map(|t| words_of(&t));
        let form = match meant.as_deref() {
            Some([meant]) => meant.terms.iter().find_map(|t| t.strip_prefix(EXACT)),
            _ => None,
        };
        match form {
            Some(form) => self.by_mistake(form),
            None => Ok(Vec::new()),
        }
    }

    /// In how many documents a word is, as its most frequent term.
    fn frequency(&self, terms: &[String]) -> SearchResult<u64> {
        let mut most = 0;
        for section in &self.sections {
            for term in terms {
                most = most.max(self.searcher.doc_freq(&section.term(term))?);
            }
        }
        Ok(most)
    }

    /// A word that is known may still be the beginning of another one.
    fn lengthen(&self, word: &mut Word) -> SearchResult<()> {
        let form = word.terms.iter().find_map(|term| term.strip_prefix(EXACT));
        let Some(form) =
            form.filter(|_| word.guesses.is_empty() && word.role == Role::Word && !word.literal)
        else {
            return Ok(());
        };
        let longer = self.by_prefix(form, Matched::Prefix, LONGER_WORTH)?;
        let is_other = |guess: &Guess| !word.terms.contains(&guess.stem);
        word.guesses = longer.into_iter().filter(is_other).collect();
        Ok(())
    }

    fn guess(&self, word: &Word, is_last: bool) -> SearchResult<Vec<Guess>> {
        if word.literal {
            return Ok(Vec::new());
        }
        let Some(form) = word.terms.iter().find_map(|term| term.strip_prefix(EXACT)) else {
            return Ok(Vec::new());
        };
        if is_last {
            let longer = self.by_prefix(form, Matched::Prefix, PREFIX_WORTH)?;
            if !longer.is_empty() {
                return Ok(longer);
            }
        }
        self.by_mistake(form)
    }

    /// Whether a document that the request finds has the word.
    fn is_known(&self, word: &Word) -> SearchResult<bool> {
        for term in &word.terms {
            if self.is_found(term)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn is_found(&self, term: &str) -> SearchResult<bool> {
        for section in &self.sections {
            let term = section.term(term);
            if self.searcher.doc_freq(&term)? > 0 && self.is_within(term)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_within(&self, term: Term) -> SearchResult<bool> {
        let word: Box<dyn Query> = Box::new(TermQuery::new(term, IndexRecordOption::Basic));
        let query = match self.within {
            Some(within) => Box::new(BooleanQuery::new(vec![
                (Occur::Must, word),
                (Occur::Must, within.box_clone()),
            ])),
            None => word,
        };
        let weight = query.weight(EnableScoring::disabled_from_searcher(self.searcher))?;
        for reader in self.searcher.segment_readers() {
            let mut found = weight.scorer(reader, 1.0)?;
            let alive = reader.alive_bitset();
            while found.doc() != TERMINATED {
                if alive.is_none_or(|alive| alive.is_alive(found.doc())) {
                    return Ok(true);
                }
                found.advance();
            }
        }
        Ok(false)
    }

    /// The words that the same keys give in the other layout. A key that is a letter in one may be
    /// punctuation in the other, so what stands between blanks is turned as a whole, if it can be.
    fn by_layout(
        &self,
        text: &str,
        place: &Range<usize>,
        typing: Option<&Range<usize>>,
    ) -> SearchResult<Option<(Range<usize>, Vec<Guess>)>> {
        let whole = chunk_around(text, place);
        let chunk = text.get(whole.clone()).unwrap_or_default();
        let bare = chunk.trim_end_matches(|c: char| !c.is_alphanumeric());
        let bare = whole.start..whole.start + bare.len();
        for place in [whole, bare, layout::keys_around(text, place)] {
            let typed = text.get(place.clone()).unwrap_or_default();
            let Some(turned) = layout::turned(typed) else {
                continue;
            };
            let words = words_of(&turned);
            let mut guesses = Vec::new();
            for word in &words {
                if self.is_known(word)? {
                    guesses.extend(guess_of(&word.terms, Matched::Layout, LAYOUT_WORTH));
                }
            }
            if !guesses.is_empty() && guesses.len() == words.len() {
                guesses.truncate(MAX_GUESSES);
                return Ok(Some((place, guesses)));
            }
            let is_last = typing.is_some() && text.trim_end().len() <= place.end;
            if let ([word], true) = (words.as_slice(), is_last)
                && let Some(form) = word.terms.iter().find_map(|t| t.strip_prefix(EXACT))
            {
                let longer = self.by_prefix(form, Matched::Layout, LAYOUT_WORTH)?;
                if !longer.is_empty() {
                    return Ok(Some((place, longer)));
                }
            }
        }
        Ok(None)
    }

    fn by_prefix(&self, form: &str, how: Matched, worth: f32) -> SearchResult<Vec<Guess>> {
        if form.chars().count() < self.min_prefix {
            return Ok(Vec::new());
        }
        let start = format!("{EXACT}{form}");
        let mut forms = HashMap::new();
        for reader in self.searcher.segment_readers() {
            for section in &self.sections {
                let index = reader.inverted_index(section.forms)?;
                let mut stream = index.terms().range().ge(&start).into_stream()?;
                while forms.len() < MAX_LONGER && stream.advance() {
                    let Some(term) = std::str::from_utf8(stream.key()).ok() else {
                        continue;
                    };
                    if !term.starts_with(&start) {
                        break;
                    }
                    *forms.entry(term.to_owned()).or_insert(0) += stream.value().doc_freq;
                }
            }
        }
        self.best(forms, how, worth)
    }

    fn by_mistake(&self, form: &str) -> SearchResult<Vec<Guess>> {
        let letters = form.chars().count();
        if letters < MIN_TYPO || form.chars().any(is_number_char) {
            return Ok(Vec::new());
        }
        let most = if letters < MIN_TWO_TYPOS { 1 } else { 2 };
        for (mistakes, worth) in (1..=most).zip(TYPO_WORTH) {
            let mut forms = HashMap::new();
            for section in &self.sections {
                let field = section.forms;
                let term = Term::from_field_text(field, &format!("{EXACT}{form}"));
                let query = FuzzyTermQuery::new(term, mistakes, true);
                for reader in self.searcher.segment_readers() {
                    let index = reader.inverted_index(field)?;
                    let mut stream = index.terms().search(query.automaton()?).into_stream()?;
                    while forms.len() < MAX_CANDIDATES && stream.advance() {
                        match std::str::from_utf8(stream.key()) {
                            Ok(term) if term.starts_with(EXACT) => {
                                *forms.entry(term.to_owned()).or_insert(0) +=
                                    stream.value().doc_freq;
                            }
                            _ => {}
                        }
                    }
                }
            }
            let guesses = self.best(forms, Matched::Corrected, worth)?;
            if !guesses.is_empty() {
                return Ok(guesses);
            }
        }
        Ok(Vec::new())
    }

    /// The most frequent words, one for each stem, that the request may find.
    fn best(
        &self,
        forms: HashMap<String, u32>,
        how: Matched,
        worth: f32,
    ) -> SearchResult<Vec<Guess>> {
        let mut forms: Vec<(String, u32)> = forms.into_iter().collect();
        forms.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut guesses: Vec<Guess> = Vec::new();
        for (form, _) in forms.into_iter().take(MAX_TRIED) {
            if guesses.len() >= MAX_GUESSES {
                break;
            }
            let word = form.strip_prefix(EXACT).unwrap_or(&form);
            let Some(guess) = guess_of(&terms_of(word), how, worth) else {
                continue;
            };
            let is_new = guesses.iter().all(|known| known.stem != guess.stem);
            if is_new && self.is_found(&form)? {
                guesses.push(guess);
            }
        }
        Ok(guesses)
    }
}

fn guess_of(terms: &[String], how: Matched, worth: f32) -> Option<Guess> {
    let (stem, form) = (terms.first()?, terms.last()?);
    Some(Guess {
        stem: stem.clone(),
        form: form.clone(),
        how,
        worth,
    })
}

fn terms_of(word: &str) -> Vec<String> {
    let mut stream = Terms::new(word);
    let mut terms = Vec::new();
    while stream.advance() {
        terms.push(stream.token().text.clone());
    }
    terms
}
