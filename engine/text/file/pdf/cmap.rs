//! A font's map from codes to letters (`ToUnicode`), read within a limit.

use std::collections::BTreeMap;

/// Most codes and ranges of codes in a map.
const MAX_ENTRIES: usize = 70_000;
/// Longest code in bytes, and most units of UTF-16 that one stands for.
const MAX_CODE: usize = 4;
const MAX_UNITS: usize = 32;

/// A map from codes to letters.
#[derive(Debug, Default)]
pub struct CMap {
    /// Bytes that it was read from.
    pub bytes: usize,
    /// Lengths of codes with the first and last one of that length.
    spaces: Vec<(usize, u32, u32)>,
    /// By length and first code: the last code, and the units of the first.
    ranges: BTreeMap<(usize, u32), (u32, Vec<u16>)>,
}

/// A piece of the map's text.
enum Token {
    /// `<0041>`.
    Hex(Vec<u8>),
    Open,
    Close,
    /// Anything else.
    Word(String),
}

impl CMap {
    /// Reads a map. What is not understood is passed over.
    pub fn read(text: &[u8]) -> Self {
        let mut map = Self {
            bytes: text.len(),
            ..Self::default()
        };
        let mut tokens = Tokens { text };
        while let Some(token) = tokens.next() {
            let Token::Word(word) = token else { continue };
            match word.as_str() {
                "begincodespacerange" => map.read_spaces(&mut tokens),
                "beginbfchar" => map.read_chars(&mut tokens),
                "beginbfrange" => map.read_ranges(&mut tokens),
                _ => {}
            }
        }
        map
    }

    fn read_spaces(&mut self, tokens: &mut Tokens<'_>) {
        while let (Some(Token::Hex(from)), Some(Token::Hex(to))) = (tokens.next(), tokens.next()) {
            if self.spaces.len() < 64 && from.len() == to.len() && is_code(&from) {
                self.spaces.push((from.len(), number(&from), number(&to)));
            }
            if tokens.is_at_word() {
                return;
            }
        }
    }

    fn read_chars(&mut self, tokens: &mut Tokens<'_>) {
        while let (Some(Token::Hex(code)), Some(Token::Hex(units))) = (tokens.next(), tokens.next())
        {
            self.add(&code, number(&code), &units);
            if tokens.is_at_word() {
                return;
            }
        }
    }

    fn read_ranges(&mut self, tokens: &mut Tokens<'_>) {
        while let (Some(Token::Hex(from)), Some(Token::Hex(to))) = (tokens.next(), tokens.next()) {
            match tokens.next() {
                Some(Token::Hex(units)) => self.add(&from, number(&to), &units),
                Some(Token::Open) => {
                    let mut code = from.clone();
                    while let Some(Token::Hex(units)) = tokens.next() {
                        self.add(&code, number(&code), &units);
                        let next = number(&code).wrapping_add(1).to_be_bytes();
                        code = next
                            .into_iter()
                            .skip(MAX_CODE - from.len().min(MAX_CODE))
                            .collect();
                    }
                }
                _ => return,
            }
            if tokens.is_at_word() {
                return;
            }
        }
    }

    fn add(&mut self, from: &[u8], to: u32, units: &[u8]) {
        let first = number(from);
        if MAX_ENTRIES <= self.ranges.len() || !is_code(from) || to < first {
            return;
        }
        let pairs = units.chunks_exact(2).take(MAX_UNITS);
        let mut units: Vec<u16> = pairs
            .filter_map(|pair| pair.first_chunk().copied().map(u16::from_be_bytes))
            .collect();
        if units.is_empty() {
            units.push(char::REPLACEMENT_CHARACTER as u16);
        }
        self.ranges.insert((from.len(), first), (to, units));
    }

    /// The letters of a string of codes.
    pub fn text(&self, bytes: &[u8]) -> String {
        let mut units: Vec<u16> = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = self.length_at(rest);
            let (code, after) = rest.split_at(length.min(rest.len()));
            self.push(code, &mut units);
            rest = after;
        }
        let letters = char::decode_utf16(units).flatten();
        letters
            .filter(|c| *c != char::REPLACEMENT_CHARACTER)
            .collect()
    }

    /// How long the next code is.
    fn length_at(&self, bytes: &[u8]) -> usize {
        let fits = |(length, from, to): &&(usize, u32, u32)| {
            let code = bytes.get(..*length).map(number);
            code.is_some_and(|code| (*from..=*to).contains(&code))
        };
        let space = self.spaces.iter().filter(fits).map(|space| space.0).min();
        let known = || self.ranges.keys().next().map(|(length, _)| *length);
        space.or_else(known).unwrap_or(1).max(1)
    }

    fn push(&self, code: &[u8], units: &mut Vec<u16>) {
        let (length, code) = (code.len(), number(code));
        let mut below = self.ranges.range(..=(length, code));
        let Some(((found, first), (last, letters))) = below.next_back() else {
            return;
        };
        if *found != length || *last < code {
            return;
        }
        units.extend_from_slice(letters);
        if let Some(unit) = units.last_mut() {
            *unit = unit.wrapping_add((code - first) as u16);
        }
    }
}

fn is_code(bytes: &[u8]) -> bool {
    (1..=MAX_CODE).contains(&bytes.len())
}

/// Bytes as a number, the highest first; of too many the first ones.
fn number(bytes: &[u8]) -> u32 {
    let bytes = bytes.iter().take(MAX_CODE);
    bytes.fold(0, |number, byte| number << 8 | u32::from(*byte))
}

struct Tokens<'t> {
    text: &'t [u8],
}

impl Tokens<'_> {
    /// Whether the next token is a word, which ends a list.
    fn is_at_word(&mut self) -> bool {
        self.skip_blanks();
        self.text.first().is_none_or(u8::is_ascii_alphabetic)
    }

    fn skip_blanks(&mut self) {
        loop {
            self.text = self.text.trim_ascii_start();
            if self.text.first() != Some(&b'%') {
                return;
            }
            let end = self.text.iter().position(|b| matches!(b, b'\n' | b'\r'));
            self.text = end.and_then(|end| self.text.get(end..)).unwrap_or_default();
        }
    }

    fn next(&mut self) -> Option<Token> {
        self.skip_blanks();
        let (first, rest) = self.text.split_first()?;
        match first {
            b'[' => Some(self.take(rest, Token::Open)),
            b']' => Some(self.take(rest, Token::Close)),
            b'<' if rest.first() != Some(&b'<') => {
                let end = rest.iter().position(|b| *b == b'>').unwrap_or(rest.len());
                let (digits, after) = rest.split_at(end);
                let token = Token::Hex(hex(digits));
                Some(self.take(after.get(1..).unwrap_or_default(), token))
            }
            _ => {
                let is_end = |b: &u8| b.is_ascii_whitespace() || b"[]<>/%()".contains(b);
                let end = rest.iter().position(is_end).unwrap_or(rest.len());
                let (word, after) = self.text.split_at(end + 1);
                let word = String::from_utf8_lossy(word.get(..64).unwrap_or(word)).into_owned();
                self.text = after;
                Some(Token::Word(word))
            }
        }
    }
}

impl<'t> Tokens<'t> {
    const fn take(&mut self, rest: &'t [u8], token: Token) -> Token {
        self.text = rest;
        token
    }
}

/// The bytes of hexadecimal digits, as far as a code or its letters may be long.
fn hex(digits: &[u8]) -> Vec<u8> {
    let digits = digits.iter().filter_map(|b| char::from(*b).to_digit(16));
    let digits: Vec<u8> = digits.take(MAX_UNITS * 4).map(|d| d as u8).collect();
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => high << 4 | low,
            [high] => high << 4,
            _ => 0,
        })
        .collect()
}
