//! The words of a query: the terms they are searched by, and how a hit was found by them.

use std::ops::Range;

use tantivy::tokenizer::TokenStream;

use super::analysis::{Terms, is_strong_joiner};
use super::request::{MAX_QUERY_CHARS, MAX_QUERY_TOKENS};

/// Letters of the shortest part of a code that says something by itself.
const MIN_TELLING: usize = 3;
/// Characters of the shortest part that does, whatever they are: six digits of a key are nobody else's.
const MIN_LONG: usize = 5;
/// More parts than these between strong joiners, none of which says anything, are one code.
const MAX_ALONE: usize = 3;

/// What a term is within the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Word,
    /// A code of several words, kept whole.
    Code,
    /// A word of such a code: alone it says little.
    CodePart,
}

/// How a word was found in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Matched {
    /// As it was typed.
    Exact,
    /// In another form, such as `принтеры` for `принтер`.
    Form,
    /// As the beginning of a longer word.
    Prefix,
    /// Typed in the wrong keyboard layout.
    Layout,
    /// With a typing mistake put right.
    Corrected,
    /// By words that an administrator said mean the same.
    Synonym,
}

impl Matched {
    /// The name used in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Form => "form",
            Self::Prefix => "prefix",
            Self::Layout => "layout",
            Self::Corrected => "corrected",
            Self::Synonym => "synonym",
        }
    }
}

/// A word of a query that a hit has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordMatch {
    /// The word as it was typed.
    pub word: String,
    /// Its place in the query text, in bytes.
    pub place: Range<usize>,
    /// How it was found, the closest way.
    pub how: Matched,
    /// What stands in the document, in lower case.
    pub found: String,
    /// Whether it stands only in what packs added.
    pub added: bool,
}

/// What a word that no document has may have meant.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Guess {
    /// Stem of the meant word, as a term.
    pub(super) stem: String,
    /// The meant word itself, as a term.
    pub(super) form: String,
    pub(super) how: Matched,
    /// How much less it counts than the word would.
    pub(super) worth: f32,
}

/// Words that mean what a word of a query means, all of which a document has to have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Synonym {
    /// Each with its terms: the stem and the form.
    pub(super) words: Vec<Vec<String>>,
    /// How much less their sum counts than the word would.
    pub(super) worth: f32,
}

/// A word of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    pub(super) role: Role,
    /// Where it stands in the text.
    pub(super) place: Range<usize>,
    /// Its terms: the stem and the form, or a code.
    pub(super) terms: Vec<String>,
    /// Whether it is part of a path, an address or the like, which is never taken for another word.
    pub(super) literal: bool,
    /// Whether it is a part of a code that says nothing by itself: documents that have it come
    /// earlier, and none is found by it.
    pub(super) crumb: bool,
    pub(super) guesses: Vec<Guess>,
    pub(super) synonyms: Vec<Synonym>,
}

/// Whether what stands between blanks is a path, an address, a file's or a program's name: Latin
/// words joined by what joins no words of a language.
pub(super) fn is_path(chunk: &str) -> bool {
    let mut inner = false;
    let mut last = ' ';
    for c in chunk.chars() {
        // With a digit it is a code, which is a term of its own.
        if !c.is_ascii() || c.is_ascii_digit() {
            return false;
        }
        let joins = matches!(last, '.' | '/' | '\\' | '_' | '@');
        inner |= joins && c.is_ascii_alphanumeric();
        last = c;
    }
    inner
}

/// Whether a word is what stands before a colon, as the name of a field does: `http:`, `title:`.
fn is_name(text: &str, place: &Range<usize>) -> bool {
    let behind = text
        .get(place.end..)
        .and_then(|rest| rest.strip_prefix(':'));
    behind.is_some_and(|rest| !rest.starts_with(char::is_whitespace))
}

/// Whether a part of a code says nothing by itself: `E` and `1045` of `E-1045` do not, `nginx` of
/// `nginx-1.2` does. What stands alone between strong joiners does, as in `10/11` and `1С:УТ`, unless
/// there is a row of such, as in a MAC address.
fn is_crumb(text: &str, codes: &[Range<usize>], place: &Range<usize>) -> bool {
    let tells = |word: &str| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        letters >= MIN_TELLING || word.chars().count() >= MIN_LONG
    };
    let at = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
    let around = |code: &&Range<usize>| code.start <= place.start && place.end <= code.end;
    let Some(code) = codes.iter().filter(around).min_by_key(|code| code.len()) else {
        return false;
    };
    if tells(at(place)) {
        return false;
    }
    let parts: Vec<&str> = at(code).split(is_strong_joiner).collect();
    parts.len() == 1 || (parts.len() > MAX_ALONE && !parts.iter().any(|part| tells(part)))
}

/// What stands between blanks around a place.
pub(super) fn chunk_around(text: &str, place: &Range<usize>) -> Range<usize> {
    let before = text.get(..place.start).unwrap_or_default();
    let after = text.get(place.end..).unwrap_or_default();
    let from = before
        .char_indices()
        .rev()
        .find(|(_, c)| c.is_whitespace())
        .map_or(0, |(at, c)| at + c.len_utf8());
    let to = after.find(char::is_whitespace).unwrap_or(after.len());
    from..place.end + to
}

/// The part of a query text that is looked at.
pub(super) fn looked_at(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(MAX_QUERY_CHARS)
        .map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// The different words of a query text, at most [`MAX_QUERY_TOKENS`].
pub(super) fn words_of(text: &str) -> Vec<Word> {
    let text = looked_at(text);
    let mut words: Vec<Word> = Vec::new();
    let mut stream = Terms::new(text);
    let mut code_end = 0;
    let mut codes: Vec<Range<usize>> = Vec::new();
    while stream.advance() && stream.token().position < MAX_QUERY_TOKENS {
        let token = stream.token();
        let place = token.offset_from..token.offset_to;
        let role = if token.position_length > 1 {
            codes.push(place.clone());
            code_end = code_end.max(token.position + token.position_length);
            Role::Code
        } else if token.position < code_end {
            Role::CodePart
        } else {
            Role::Word
        };
        let known = |word: &&mut Word| word.terms.contains(&token.text);
        if let Some(known) = words.iter_mut().find(known) {
            // What stands by itself, too, is meant by itself.
            if known.crumb && role == Role::Word {
                (known.role, known.crumb) = (role, false);
            }
            continue;
        }
        let term = token.text.clone();
        match words.last_mut() {
            Some(word) if word.place == place && word.role == role => word.terms.push(term),
            _ => words.push(Word {
                role,
                literal: is_name(text, &place)
                    || is_path(text.get(chunk_around(text, &place)).unwrap_or_default()),
                crumb: role == Role::CodePart && is_crumb(text, &codes, &place),
                place,
                terms: vec![term],
                guesses: Vec::new(),
                synonyms: Vec::new(),
            }),
        }
    }
    words
}

/// A word as it stands in a text.
pub(super) struct Spoken {
    /// Where.
    pub(super) place: Range<usize>,
    /// Term of its stem; of a word with digits its only term.
    pub(super) stem: String,
    /// Term of the word itself.
    pub(super) form: String,
}

impl Spoken {
    /// Its terms, as those of [`Word`].
    pub(super) fn terms(self) -> Vec<String> {
        let same = self.stem == self.form;
        let form = Some(self.form).filter(|_| !same);
        std::iter::once(self.stem).chain(form).collect()
    }
}

/// The words of a text one after another, as often as they stand there; at most
/// [`MAX_QUERY_TOKENS`].
pub(super) fn spoken(text: &str) -> Vec<Spoken> {
    let mut words: Vec<Spoken> = Vec::new();
    let mut stream = Terms::new(looked_at(text));
    while stream.advance() && stream.token().position < MAX_QUERY_TOKENS {
        let token = stream.token();
        if token.position_length > 1 {
            continue;
        }
        let place = token.offset_from..token.offset_to;
        match words.last_mut() {
            Some(word) if word.place == place => word.form.clone_from(&token.text),
            _ => words.push(Spoken {
                place,
                stem: token.text.clone(),
                form: token.text.clone(),
            }),
        }
    }
    words
}
