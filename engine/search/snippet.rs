//! Snippets: the fragment of a text that shows best why it was found, with the matches marked.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use tantivy::tokenizer::TokenStream;

use super::analysis::{EXACT, Terms};
use super::words::{Matched, Word, WordMatch, words_of};

/// Matches of a text that are looked at.
const MAX_MATCHES: usize = 1_000;
/// Characters before the first match of a fragment.
const LEAD_CHARS: usize = 48;
/// How far a cut moves to fall between words, in characters.
const WORD_SLACK: usize = 24;

/// Marks what a query text found. The same analysis as in the index decides what matches, so that
/// every inflected form is marked.
#[derive(Debug, Clone)]
pub struct Highlighter {
    terms: HashMap<String, Term>,
    words: Vec<(Range<usize>, String)>,
    /// Synonyms of words.
    phrases: Vec<Phrase>,
}

/// What a term is searched for.
#[derive(Debug, Clone, Copy)]
struct Term {
    /// Number of the word.
    word: usize,
    how: Matched,
    /// Number of the word of synonyms that it is, too.
    part: Option<usize>,
}

/// Words that stand for a word of the query when a document has them all.
#[derive(Debug, Clone)]
struct Phrase {
    word: usize,
    parts: Vec<usize>,
}

/// A text with its matches.
pub(super) struct Looked<'a> {
    text: &'a str,
    matches: Vec<Match>,
}

struct Match {
    range: Range<usize>,
    word: usize,
    how: Matched,
    part: Option<usize>,
}

impl Highlighter {
    /// Marks the words of a query text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self::of(text, &words_of(text))
    }

    /// Marks words and what they may have meant.
    pub(super) fn of(text: &str, words: &[Word]) -> Self {
        let mut terms = HashMap::new();
        // A part of a code found nothing: its code did, or another word.
        let found_by = || words.iter().enumerate().filter(|(_, word)| !word.crumb);
        for (number, word) in found_by() {
            for term in &word.terms {
                let has_form = word.terms.len() > 1 && !term.starts_with(EXACT);
                let how = if has_form {
                    Matched::Form
                } else {
                    Matched::Exact
                };
                terms.insert(term.clone(), Term::of(number, how));
            }
        }
        for (number, word) in words.iter().enumerate() {
            for guess in &word.guesses {
                for term in [&guess.stem, &guess.form] {
                    let known = terms.entry(term.clone());
                    known.or_insert(Term::of(number, guess.how));
                }
            }
        }
        let phrases = phrases(words, &mut terms);
        let typed = |word: &Word| text.get(word.place.clone()).unwrap_or_default().to_owned();
        let words = words.iter().map(|word| (word.place.clone(), typed(word)));
        Self {
            terms,
            words: words.collect(),
            phrases,
        }
    }

    /// The whole text, escaped for HTML, with `<mark>` around matches.
    #[must_use]
    pub fn mark(&self, text: &str) -> String {
        self.look(text).marked()
    }

    /// The best fragment of about `max_chars` characters, escaped for HTML, with `<mark>` around
    /// matches; the beginning of the text when nothing matches.
    #[must_use]
    pub fn snippet(&self, text: &str, max_chars: usize) -> String {
        self.look(text).fragment(max_chars).0
    }

    /// Finds the matches of a text.
    pub(super) fn look<'a>(&self, text: &'a str) -> Looked<'a> {
        let mut found: Vec<Match> = Vec::new();
        let mut stream = Terms::of_document(text);
        while found.len() < MAX_MATCHES && stream.advance() {
            let token = stream.token();
            let Some(Term { word, how, part }) = self.terms.get(&token.text).copied() else {
                continue;
            };
            let range = token.offset_from..token.offset_to;
            match found.last_mut() {
                // A stem and its form, or a code and its parts: the longer one is marked once.
                Some(last) if range.start < last.range.end => {
                    last.range.start = last.range.start.min(range.start);
                    last.range.end = last.range.end.max(range.end);
                    last.part = last.part.or(part);
                    if last.word == word {
                        last.how = last.how.min(how);
                    }
                }
                _ => found.push(Match {
                    range,
                    word,
                    how,
                    part,
                }),
            }
        }
        Looked {
            text,
            matches: merge_overlaps(found),
        }
    }

    /// Drops words of synonyms that the texts of a document do not have whole.
    pub(super) fn settle(&self, texts: &mut [Looked<'_>]) {
        if self.phrases.is_empty() {
            return;
        }
        let all = texts.iter().flat_map(|looked| &looked.matches);
        let there: HashSet<usize> = all.filter_map(|found| found.part).collect();
        let is_whole = |phrase: &&Phrase| phrase.parts.iter().all(|part| there.contains(part));
        let whole = self.phrases.iter().filter(is_whole);
        let kept: HashSet<usize> = whole.flat_map(|p| p.parts.iter().copied()).collect();
        for looked in texts {
            looked.matches.retain(|found| {
                found.how != Matched::Synonym || found.part.is_some_and(|p| kept.contains(&p))
            });
        }
    }

    /// How each word was found in some texts, the closest way.
    pub(super) fn explain(&self, texts: &[&Looked<'_>]) -> Vec<WordMatch> {
        let mut best: BTreeMap<usize, (Matched, String)> = BTreeMap::new();
        let mut parts: HashMap<usize, &str> = HashMap::new();
        for looked in texts {
            for found in &looked.matches {
                let text = looked.text.get(found.range.clone()).unwrap_or_default();
                if let Some(part) = found.part {
                    parts.entry(part).or_insert(text);
                }
                let known = best.get(&found.word);
                if found.how != Matched::Synonym && known.is_none_or(|k| found.how < k.0) {
                    best.insert(found.word, (found.how, text.to_owned()));
                }
            }
        }
        for phrase in &self.phrases {
            let texts: Option<Vec<&str>> =
                phrase.parts.iter().map(|p| parts.get(p).copied()).collect();
            if let (Some(texts), false) = (texts, best.contains_key(&phrase.word)) {
                best.insert(phrase.word, (Matched::Synonym, texts.join(" ")));
            }
        }
        let explained = best.into_iter().filter_map(|(number, (how, found))| {
            let (place, word) = self.words.get(number)?;
            Some(WordMatch {
                word: word.clone(),
                place: place.clone(),
                how,
                found: found.to_lowercase(),
                added: false,
            })
        });
        explained.collect()
    }
}

impl Term {
    const fn of(word: usize, how: Matched) -> Self {
        Self {
            word,
            how,
            part: None,
        }
    }
}

/// The synonyms of words; their terms come to those that are looked for.
fn phrases(words: &[Word], terms: &mut HashMap<String, Term>) -> Vec<Phrase> {
    let mut phrases = Vec::new();
    let mut stems: Vec<&String> = Vec::new();
    for (number, word) in words.iter().enumerate() {
        for synonym in &word.synonyms {
            let mut parts = Vec::with_capacity(synonym.words.len());
            for own in &synonym.words {
                let Some(stem) = own.first() else { continue };
                let known = stems.iter().position(|s| *s == stem);
                let part = known.unwrap_or_else(|| {
                    stems.push(stem);
                    stems.len() - 1
                });
                parts.push(part);
                for term in own {
                    let new = Term::of(number, Matched::Synonym);
                    terms.entry(term.clone()).or_insert(new).part = Some(part);
                }
            }
            phrases.push(Phrase {
                word: number,
                parts,
            });
        }
    }
    phrases
}

impl Looked<'_> {
    /// Whether nothing matches.
    pub(super) fn is_plain(&self) -> bool {
        self.matches.is_empty()
    }

    /// The whole text, escaped, with its matches marked.
    pub(super) fn marked(&self) -> String {
        render(self.text, 0..self.text.len(), &self.matches)
    }

    /// A fragment and whether it has a match.
    pub(super) fn fragment(&self, max_chars: usize) -> (String, bool) {
        let Self { text, matches } = self;
        let first = best_start(text, matches, max_chars);
        let from = first.map_or(0, |at| cut_start(text, at));
        let range = from..cut_end(text, from, max_chars);
        let mut out = String::new();
        if range.start > 0 {
            out.push('…');
        }
        out.push_str(&render(text, range.clone(), matches));
        if range.end < text.trim_end().len() {
            out.push('…');
        }
        (out, first.is_some())
    }
}

/// A whole code comes after its parts, so that it may swallow several of them.
fn merge_overlaps(found: Vec<Match>) -> Vec<Match> {
    let mut merged: Vec<Match> = Vec::with_capacity(found.len());
    for next in found {
        let mut next = next;
        while let Some(last) = merged.pop_if(|last| next.range.start < last.range.end) {
            next.range.start = next.range.start.min(last.range.start);
            next.range.end = next.range.end.max(last.range.end);
        }
        merged.push(next);
    }
    merged
}

/// Where the run of matches begins that shows most different words within `max_chars`.
fn best_start(text: &str, matches: &[Match], max_chars: usize) -> Option<usize> {
    let mut best: Option<(usize, usize)> = None;
    for (index, first) in matches.iter().enumerate().take(MAX_STARTS) {
        let end = cut_end(
            text,
            first.range.start,
            max_chars.saturating_sub(LEAD_CHARS),
        );
        let inside = matches
            .iter()
            .skip(index)
            .take_while(|other| other.range.end <= end);
        let (mut words, mut count) = (HashSet::new(), 0);
        for other in inside.take(MAX_INSIDE) {
            words.insert(other.word);
            count += 1;
        }
        let worth = words.len() * (MAX_INSIDE + 1) + count;
        if best.is_none_or(|(most, _)| worth > most) {
            best = Some((worth, first.range.start));
        }
    }
    best.map(|(_, start)| start)
}

/// Matches that are tried as the start of a fragment.
const MAX_STARTS: usize = 200;
/// Matches of one fragment that are counted.
const MAX_INSIDE: usize = 16;

/// A little before a match, at the start of a word.
fn cut_start(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    let mut start = at;
    for (taken, (offset, c)) in before.char_indices().rev().enumerate() {
        if taken >= LEAD_CHARS {
            return start;
        }
        if c == '\n' && taken > 0 && before.get(..offset).is_some_and(|b| b.ends_with('\n')) {
            return start;
        }
        if c.is_whitespace() {
            start = offset + c.len_utf8();
        }
    }
    0
}

/// At most `max_chars` after `from`, at the end of a word if there is one near.
fn cut_end(text: &str, from: usize, max_chars: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let Some((end, _)) = rest.char_indices().nth(max_chars) else {
        return text.len();
    };
    let kept = rest.get(..end).unwrap_or_default();
    let near = kept
        .char_indices()
        .rev()
        .take(WORD_SLACK)
        .find(|(_, c)| c.is_whitespace());
    from + near.map_or(end, |(offset, _)| offset)
}

fn render(text: &str, range: Range<usize>, matches: &[Match]) -> String {
    let mut out = String::with_capacity(range.len() + 32);
    let mut at = range.start;
    for found in matches {
        let Range { start, end } = found.range;
        if start < at || end > range.end {
            continue;
        }
        escape(text.get(at..start).unwrap_or_default(), &mut out);
        out.push_str("<mark>");
        escape(text.get(start..end).unwrap_or_default(), &mut out);
        out.push_str("</mark>");
        at = end;
    }
    escape(text.get(at..range.end).unwrap_or_default(), &mut out);
    out.trim().to_owned()
}

/// Escapes for HTML and makes one blank of any white space.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_whitespace() || c.is_control() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
}
