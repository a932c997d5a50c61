//! Queries as people type them: words of a title that somebody looks for.

use opora_benches::kit::{Tongue, scatter};

use super::library::{Library, Written};

/// Letters of the shortest word that tells anything.
const MIN_CHARS: usize = 5;

/// How a query is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Two words of a title.
    Plain,
    /// Four words of a title.
    Several,
    /// One of the most frequent words.
    Frequent,
    /// Two letters of one word are changed over.
    Mistyped,
    /// The keyboard was in the other language.
    Layout,
    /// The last word is not complete yet.
    Unfinished,
}

/// A query.
pub struct Asked {
    pub text: String,
    /// Title of what is looked for; none: anything that has the word.
    pub meant: Option<String>,
}

impl Way {
    pub const ALL: [Self; 6] = [
        Self::Plain,
        Self::Several,
        Self::Frequent,
        Self::Mistyped,
        Self::Layout,
        Self::Unfinished,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "two words",
            Self::Several => "four words",
            Self::Frequent => "a frequent word",
            Self::Mistyped => "a mistake",
            Self::Layout => "wrong layout",
            Self::Unfinished => "unfinished",
        }
    }

    /// Aims for the median, if there is one, and the 95th percentile, in milliseconds.
    pub const fn aims(self) -> (Option<u64>, u64) {
        match self {
            Self::Plain | Self::Several | Self::Frequent => (Some(3), 10),
            Self::Mistyped | Self::Layout | Self::Unfinished => (None, 20),
        }
    }

    /// Whether SQLite FTS5 has anything for it.
    pub const fn rival_can(self) -> bool {
        !matches!(self, Self::Mistyped | Self::Layout)
    }

    /// The query of a turn.
    pub fn query(self, library: Library, turn: u64) -> Asked {
        if self == Self::Frequent {
            let words = ["принтер", "картридж", "printer", "toner", "бумага", "paper"];
            let place = usize::try_from(turn).unwrap_or(0) % words.len();
            let text = words.get(place).copied().unwrap_or_default().to_owned();
            return Asked { text, meant: None };
        }
        let wanted = if self == Self::Several { 4 } else { 2 };
        let mut tries = (0..).map(|n| library.drawn(scatter(turn.wrapping_mul(1_000) + n)));
        // Some title has as many words of that length.
        let found = tries.find_map(|written| {
            let words = telling(&written, wanted);
            (words.len() == wanted).then_some((written, words))
        });
        let Some((written, words)) = found else {
            return Asked {
                text: String::new(),
                meant: None,
            };
        };
        Asked {
            text: self.typed(words, written.tongue),
            meant: Some(written.title),
        }
    }

    fn typed(self, mut words: Vec<String>, tongue: Tongue) -> String {
        match self {
            Self::Mistyped => {
                let longest = words.iter_mut().max_by_key(|word| word.chars().count());
                if let Some(word) = longest {
                    *word = changed_over(word);
                }
            }
            Self::Unfinished => {
                if let Some(last) = words.last_mut() {
                    let kept = last.chars().count() * 2 / 3;
                    *last = last.chars().take(kept).collect();
                }
            }
            _ => {}
        }
        let text = words.join(" ");
        match self {
            Self::Layout => other_layout(&text, tongue),
            _ => text,
        }
    }
}

/// Words of a title that tell something, in their order.
fn telling(written: &Written, most: usize) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in written.title.split(' ') {
        if MIN_CHARS < word.chars().count() && words.iter().all(|known| known != word) {
            words.push(word.to_owned());
        }
    }
    words.truncate(most);
    words
}

/// A word with two letters in its middle changed over.
fn changed_over(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let middle = letters.len() / 2;
    let place = (middle..letters.len().saturating_sub(1))
        .find(|at| letters.get(*at) != letters.get(at + 1));
    if let Some(place) = place {
        letters.swap(place, place + 1);
    }
    letters.into_iter().collect()
}

fn other_layout(text: &str, tongue: Tongue) -> String {
    const RUSSIAN: &str = "йцукенгшщзхъфывапролджэячсмитьбю";
    const ENGLISH: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.";
    let (from, to) = match tongue {
        Tongue::Russian => (RUSSIAN, ENGLISH),
        Tongue::English => (ENGLISH, RUSSIAN),
    };
    let key = |c: char| {
        let place = from.chars().position(|known| known == c);
        place.and_then(|place| to.chars().nth(place)).unwrap_or(c)
    };
    text.chars().map(key).collect()
}
