//! Codes that are still being typed: the longer ones that begin so.

use std::collections::HashMap;

use tantivy::schema::Field;

use super::analysis::{EXACT, is_number_char};
use super::error::SearchResult;
use super::guesses::{Guesser, MAX_GUESSES, MAX_LONGER, MAX_TRIED, PREFIX_WORTH};
use super::suggest::MAX_COMPLETIONS;
use super::words::{Guess, Matched, Role, Word};

impl Guesser<'_> {
    /// Gives a code at the end of a text, which is still being typed, the longer codes that begin so,
    /// and the text with each of them.
    pub(super) fn finish_code(&self, text: &str, words: &mut [Word]) -> SearchResult<Vec<String>> {
        let typed = text.trim_end_matches(|c: char| !c.is_alphanumeric());
        let is_typed = |word: &&mut Word| {
            let mut terms = word.terms.iter();
            let has_digit = terms.any(|term| term.chars().any(is_number_char));
            word.role != Role::CodePart && has_digit && word.place.end == typed.len()
        };
        let end = text.get(typed.len()..).unwrap_or_default();
        if end.contains(char::is_whitespace) {
            return Ok(Vec::new());
        }
        let mut whole = Vec::new();
        for word in words.iter_mut().filter(is_typed).take(1) {
            let Some(term) = word.terms.first() else {
                continue;
            };
            let bare = term.strip_prefix(EXACT).unwrap_or(term).to_owned();
            for longer in self.longer_codes(&bare)? {
                let code = longer.strip_prefix(EXACT).unwrap_or(&longer);
                let rest = code.get(bare.len()..).unwrap_or_default();
                whole.push(format!("{typed}{rest}"));
                word.guesses.push(Guess {
                    stem: longer.clone(),
                    form: longer,
                    how: Matched::Prefix,
                    worth: PREFIX_WORTH,
                });
            }
        }
        whole.truncate(MAX_COMPLETIONS);
        Ok(whole)
    }

    /// The terms of longer codes that the request may find, the most frequent ones first.
    fn longer_codes(&self, start: &str) -> SearchResult<Vec<String>> {
        let mut codes: HashMap<String, u32> = HashMap::new();
        for (mark, of_forms) in [(None, false), (Some(EXACT), true)] {
            let start: String = mark.into_iter().chain(start.chars()).collect();
            for section in &self.sections {
                let field = match of_forms {
                    true => section.forms,
                    false => section.stems,
                };
                for (term, count) in self.beginning_with(field, &start)? {
                    *codes.entry(term).or_default() += count;
                }
            }
        }
        let mut codes: Vec<(String, u32)> = codes.into_iter().collect();
        codes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut found = Vec::new();
        for (code, _) in codes.into_iter().take(MAX_TRIED) {
            if found.len() < MAX_GUESSES && self.is_found(&code)? {
                found.push(code);
            }
        }
        Ok(found)
    }

    /// Longer terms of a field that begin so, and how many documents have each.
    fn beginning_with(&self, field: Field, start: &str) -> SearchResult<HashMap<String, u32>> {
        let mut terms = HashMap::new();
        for reader in self.searcher.segment_readers() {
            let index = reader.inverted_index(field)?;
            let mut stream = index.terms().range().ge(start).into_stream()?;
            while terms.len() < MAX_LONGER && stream.advance() {
                let Some(term) = std::str::from_utf8(stream.key()).ok() else {
                    continue;
                };
                if !term.starts_with(start) {
                    break;
                }
                if term.len() > start.len() {
                    *terms.entry(term.to_owned()).or_insert(0) += stream.value().doc_freq;
                }
            }
        }
        Ok(terms)
    }
}
