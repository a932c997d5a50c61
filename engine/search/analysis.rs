//! Analysis: what a word is, for documents, queries and highlights alike.
//!
//! A text is cut into runs of words joined by characters such as `-` or `.`. Each word gives a
//! term with its stem (Russian or English Snowball, by the script of the word) and, behind
//! [`EXACT`], one with the folded word itself, which ranks the very form above other forms. A run
//! with a digit or an `@` in it, such as `E-1045`, `10.0.19045` or an e-mail address, is kept whole
//! as well. Folding: lower case, `ё` to `е`, composed letters, no combining marks; a code in which
//! Cyrillic letters stand for the Latin ones they look like is the Latin code.

use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::stems::Stems;

/// Raise it with every change of what [`Analysis`] emits: an older index is then built anew.
pub(super) const ANALYSIS_VERSION: u32 = 3;
/// Starts the term of a folded word or a code, as against that of a stem.
pub(super) const EXACT: char = '=';
/// Letters of a word that count; the rest is cut off, never the word.
const MAX_WORD_CHARS: usize = 128;
/// Longest run that is kept whole, in bytes.
const MAX_WHOLE_BYTES: usize = 160;

/// Words of one run; a longer one is cut in two.
const MAX_RUN_WORDS: usize = 64;

/// Which terms of a text are wanted: an index keeps stems and forms in fields of their own, so that
/// only forms need positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Stems, words with digits and plain codes.
    Stems,
    /// What stands behind [`EXACT`], and words with digits, each at its place among the words.
    Forms,
    /// Everything, as queries and highlights need it.
    Both,
}

/// The tokenizer of every text field. All of its copies share what they work with, since tantivy
/// makes a copy for each field of each segment.
#[derive(Clone)]
pub(super) struct Analysis {
    part: Part,
    spare: Arc<Mutex<Vec<Workspace>>>,
}

impl Analysis {
    pub(super) fn of(part: Part) -> Self {
        Self {
            part,
            spare: Arc::default(),
        }
    }
}

impl Tokenizer for Analysis {
    type TokenStream<'a> = Terms<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Terms<'a> {
        let spare = self.spare.lock().pop();
        let work = spare.unwrap_or_else(Workspace::remembering);
        Terms::with(self.part, work, text, Some(&self.spare))
    }
}

/// What is kept from one text to the next.
#[derive(Default)]
struct Workspace {
    ready: Vec<Token>,
    words: Vec<(usize, usize)>,
    folded: String,
    stems: Stems,
}

/// What texts of documents that are shown are read with.
static SHOWN: Mutex<Vec<Workspace>> = Mutex::new(Vec::new());
/// Workspaces that are kept at most: each remembers some thousand words.
const MAX_SPARE: usize = 4;

impl Workspace {
    /// One for many texts: their words come again.
    fn remembering() -> Self {
        let mut work = Self::default();
        work.stems.remember();
        work
    }
}

/// The terms of a text.
pub(super) struct Terms<'a> {
    part: Part,
    text: &'a str,
    at: usize,
    position: usize,
    filled: usize,
    emitted: usize,
    current: Token,
    work: Workspace,
    home: Option<&'a Mutex<Vec<Workspace>>>,
}

impl Drop for Terms<'_> {
    fn drop(&mut self) {
        if let Some(home) = self.home {
            let mut spare = home.lock();
            if spare.len() < MAX_SPARE {
                spare.push(std::mem::take(&mut self.work));
            }
        }
    }
}

impl<'a> Terms<'a> {
    /// Of a query.
    pub(super) fn new(text: &'a str) -> Self {
        Self::with(Part::Both, Workspace::default(), text, None)
    }

    /// Of a document.
    pub(super) fn of_document(text: &'a str) -> Self {
        let spare = SHOWN.lock().pop();
        let work = spare.unwrap_or_else(Workspace::remembering);
        Self::with(Part::Both, work, text, Some(&SHOWN))
    }

    fn with(
        part: Part,
        work: Workspace,
        text: &'a str,
        home: Option<&'a Mutex<Vec<Workspace>>>,
    ) -> Self {
        Self {
            part,
            text,
            at: 0,
            position: 0,
            filled: 0,
            emitted: 0,
            current: Token::default(),
            work,
            home,
        }
    }

    /// Fills `ready` with the terms of the next run; false at the end of the text.
    fn read_run(&mut self) -> bool {
        self.filled = 0;
        self.emitted = 0;
        if !self.find_run() {
            return false;
        }
        let words = std::mem::take(&mut self.work.words);
        self.push_wholes(&words);
        for (from, to) in &words {
            self.push_word(*from, *to);
        }
        self.work.words = words;
        true
    }

    /// Keeps whole what looks like a code: the run itself, and its parts between strong joiners.
    fn push_wholes(&mut self, words: &[(usize, usize)]) {
        let text = self.text;
        let (Some(first), Some(last)) = (words.first(), words.last()) else {
            return;
        };
        if words.len() < 2 || last.1 - first.0 > MAX_WHOLE_BYTES {
            return;
        }
        self.push_whole(first.0..last.1, words.len());
        let (mut start, mut parts) = (0, 0);
        for (index, pair) in words.windows(2).enumerate() {
            let [left, right] = pair else { continue };
            let between = text.get(left.1..right.0).unwrap_or_default();
            if between.chars().all(|c| !is_strong_joiner(c)) {
                continue;
            }
            self.push_part(words.get(start..=index).unwrap_or_default(), start);
            start = index + 1;
            parts += 1;
        }
        if parts > 0 {
            self.push_part(words.get(start..).unwrap_or_default(), start);
        }
    }

    fn push_part(&mut self, words: &[(usize, usize)], skipped: usize) {
        if let [first, .., last] = words {
            let position = self.position;
            self.position += skipped;
            self.push_whole(first.0..last.1, words.len());
            self.position = position;
        }
    }

    /// Finds the words of the next run and moves behind it.
    fn find_run(&mut self) -> bool {
        self.work.words.clear();
        let text = self.text;
        let mut word_from: Option<usize> = None;
        let mut rest = text
            .get(self.at..)
            .unwrap_or_default()
            .char_indices()
            .peekable();
        let base = self.at;
        let mut end = text.len();
        while let Some((offset, c)) = rest.next() {
            let at = base + offset;
            if is_word_char(c) || (word_from.is_some() && is_mark(c)) {
                word_from.get_or_insert(at);
                continue;
            }
            let next_is_word = rest.peek().is_some_and(|(_, next)| is_word_char(*next));
            let apostrophe = matches!(c, '\'' | '’')
                && next_is_word
                && text
                    .get(..at)
                    .is_some_and(|before| before.ends_with(|p: char| p.is_ascii_alphabetic()));
            if word_from.is_some() && apostrophe {
                continue;
            }
            if let Some(from) = word_from.take() {
                self.work.words.push((from, at));
            }
            if self.work.words.is_empty() {
                continue;
            }
            if !next_is_word || !is_joiner(c) || self.work.words.len() >= MAX_RUN_WORDS {
                end = at + c.len_utf8();
                break;
            }
        }
        if let Some(from) = word_from {
            self.work.words.push((from, text.len()));
        }
        self.at = end;
        !self.work.words.is_empty()
    }

    fn push_word(&mut self, from: usize, to: usize) {
        let Some(word) = self.text.get(from..to) else {
            return;
        };
        let mut folded = std::mem::take(&mut self.work.folded);
        let has_digit = fold_word(word, &mut folded);
        if !folded.is_empty() {
            let first = folded.chars().next().unwrap_or_default();
            if has_digit {
                self.push_term(None, &folded, from, to);
            } else {
                if self.part != Part::Forms {
                    let Workspace { stems, ready, .. } = &mut self.work;
                    let stem = if is_cyrillic(first) {
                        stems.russian(&folded)
                    } else if first.is_ascii_alphabetic() {
                        stems.english(&folded)
                    } else {
                        folded.as_str()
                    };
                    let (filled, position) = (&mut self.filled, self.position);
                    fill(ready, filled, position, (from, to), None, stem);
                }
                if self.part != Part::Stems {
                    self.push_term(Some(EXACT), &folded, from, to);
                }
            }
            self.position += 1;
        }
        self.work.folded = folded;
    }

    fn push_whole(&mut self, range: Range<usize>, words: usize) {
        let run = self.text.get(range.clone()).unwrap_or_default();
        if !run.chars().any(|c| is_number_char(c) || c == '@') {
            return;
        }
        let mut folded = std::mem::take(&mut self.work.folded);
        fold_word(run, &mut folded);
        // `E-1045` and `E1045` are one code; a single word gives the same term by the way of
        // `push_word`, which is why the whole of it carries no mark when it is just word and digits.
        folded.retain(|c| !matches!(c, '-' | '_'));
        let plain = folded.chars().all(is_word_char);
        let mark = if plain { None } else { Some(EXACT) };
        let other = if plain { Part::Forms } else { Part::Stems };
        if self.part != other {
            self.push_term(mark, &folded, range.start, range.end);
            if let Some(token) = self.work.ready.get_mut(self.filled.saturating_sub(1)) {
                token.position_length = words;
            }
        }
        self.work.folded = folded;
    }

    fn push_term(&mut self, mark: Option<char>, term: &str, from: usize, to: usize) {
        fill(
            &mut self.work.ready,
            &mut self.filled,
            self.position,
            (from, to),
            mark,
            term,
        );
    }
}

fn fill(
    ready: &mut Vec<Token>,
    filled: &mut usize,
    position: usize,
    (from, to): (usize, usize),
    mark: Option<char>,
    term: &str,
) {
    if ready.len() <= *filled {
        ready.push(Token::default());
    }
    if let Some(token) = ready.get_mut(*filled) {
        token.offset_from = from;
        token.offset_to = to;
        token.position = position;
        token.position_length = 1;
        token.text.clear();
        token.text.extend(mark);
        token.text.push_str(term);
        *filled += 1;
    }
}

impl TokenStream for Terms<'_> {
    fn advance(&mut self) -> bool {
        while self.emitted >= self.filled {
            if !self.read_run() {
                return false;
            }
        }
        if let Some(token) = self.work.ready.get_mut(self.emitted) {
            std::mem::swap(token, &mut self.current);
        }
        self.emitted += 1;
        true
    }

    fn token(&self) -> &Token {
        &self.current
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.current
    }
}

/// Folds a text for sorting and for ranges: as words are folded, with blanks collapsed, cut off
/// after `max_chars`.
pub(super) fn fold_text(text: &str, max_chars: usize) -> String {
    let mut folded = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        if count > 0 {
            folded.push(' ');
            count += 1;
        }
        for c in word.chars() {
            if count >= max_chars {
                return folded;
            }
            let before = folded.len();
            fold_char(c, &mut folded);
            count += usize::from(folded.len() > before);
        }
    }
    folded
}

/// The tables of all of Unicode are slow, and nearly every letter is one of these.
fn is_word_char(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё' => true,
        c if c.is_ascii() => false,
        c => c.is_alphanumeric(),
    }
}

pub(super) fn is_number_char(c: char) -> bool {
    match c {
        '0'..='9' => true,
        c if c.is_ascii() || is_cyrillic(c) => false,
        c => c.is_numeric(),
    }
}

/// Characters inside a word that are not part of its spelling.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{feff}')
}

fn is_joiner(c: char) -> bool {
    matches!(
        c,
        '-' | '_' | '.' | '@' | '/' | ':' | '\\' | '+' | '#' | '‑' | '–'
    )
}

/// Joiners that part one code from another, as in `550/5.7.57`.
pub(super) fn is_strong_joiner(c: char) -> bool {
    matches!(c, '/' | ':' | '\\' | '+' | '#')
}

fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{4ff}')
}

/// Folds a word; true when there is a digit in it.
fn fold_word(word: &str, out: &mut String) -> bool {
    out.clear();
    let mut has_digit = false;
    for c in word.chars().take(MAX_WORD_CHARS) {
        has_digit |= is_number_char(c);
        fold_char(c, out);
    }
    if has_digit && !out.is_ascii() && out.chars().all(|c| c.is_ascii() || lookalike(c).is_some()) {
        let latin: String = out.chars().map(|c| lookalike(c).unwrap_or(c)).collect();
        out.clear();
        out.push_str(&latin);
    }
    has_digit
}

fn fold_char(c: char, out: &mut String) {
    match c {
        'a'..='z' | '0'..='9' | 'а'..='я' => out.push(c),
        'A'..='Z' => out.push(c.to_ascii_lowercase()),
        'ё' | 'Ё' => out.push('е'),
        '’' => out.push('\''),
        '‑' | '–' => out.push('-'),
        '\u{306}' if out.ends_with('и') => {
            out.pop();
            out.push('й');
        }
        c if is_mark(c) => {}
        c => out.extend(c.to_lowercase()),
    }
}

/// The Latin letter that a Cyrillic one looks like.
fn lookalike(c: char) -> Option<char> {
    Some(match c {
        'а' => 'a',
        'в' => 'b',
        'е' => 'e',
        'к' => 'k',
        'м' => 'm',
        'н' => 'h',
        'о' => 'o',
        'р' => 'p',
        'с' => 'c',
        'т' => 't',
        'у' => 'y',
        'х' => 'x',
        _ => return None,
    })
}
