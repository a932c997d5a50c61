//! Words of a text.

/// Most characters of a text that are read: who has not come to the point by then will not.
const MAX_CHARS: usize = 4_000;

/// The words of a text in lower case, with `ё` as `е`; an empty word stands between sentences.
pub struct Tokens(Vec<String>);

impl Tokens {
    /// Reads a text.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut words = Vec::new();
        let mut word = String::new();
        let mut is_cut = false;
        for c in text.chars().take(MAX_CHARS) {
            match kind(c) {
                Kind::Letter(c) => {
                    if is_cut && !words.is_empty() && word.is_empty() {
                        words.push(String::new());
                    }
                    is_cut = false;
                    word.push(c);
                }
                Kind::Silent => {}
                gap => {
                    if !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                    is_cut |= matches!(gap, Kind::End);
                }
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
        Self(words)
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

enum Kind {
    /// Part of a word, in lower case.
    Letter(char),
    /// Holds a word together: `doesn't` is one negation.
    Silent,
    /// Ends a word.
    Space,
    /// Ends a sentence or a part of one.
    End,
}

/// Letters of both languages are known by their range: the tables of Unicode cost a hundred times
/// the fuel.
fn kind(c: char) -> Kind {
    match c {
        'a'..='z' | 'а'..='я' | '0'..='9' => Kind::Letter(c),
        'A'..='Z' => Kind::Letter(c.to_ascii_lowercase()),
        'А'..='Я' => Kind::Letter(char::from_u32(u32::from(c) + 32).unwrap_or(c)),
        'ё' | 'Ё' => Kind::Letter('е'),
        '\'' | '’' => Kind::Silent,
        '.' | '!' | '?' | ';' | ',' | ':' | '\n' => Kind::End,
        _ => Kind::Space,
    }
}
