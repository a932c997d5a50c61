//! Keyboard layouts: what the same keys give in the Russian and in the English one.

use std::ops::Range;

/// Keys in the order of the keyboard, in both layouts.
const KEYS: [(char, char); 33] = [
    ('`', 'ё'),
    ('q', 'й'),
    ('w', 'ц'),
    ('e', 'у'),
    ('r', 'к'),
    ('t', 'е'),
    ('y', 'н'),
    ('u', 'г'),
    ('i', 'ш'),
    ('o', 'щ'),
    ('p', 'з'),
    ('[', 'х'),
    (']', 'ъ'),
    ('a', 'ф'),
    ('s', 'ы'),
    ('d', 'в'),
    ('f', 'а'),
    ('g', 'п'),
    ('h', 'р'),
    ('j', 'о'),
    ('k', 'л'),
    ('l', 'д'),
    (';', 'ж'),
    ('\'', 'э'),
    ('z', 'я'),
    ('x', 'ч'),
    ('c', 'с'),
    ('v', 'м'),
    ('b', 'и'),
    ('n', 'т'),
    ('m', 'ь'),
    (',', 'б'),
    ('.', 'ю'),
];
/// The keys of [`KEYS`] that are punctuation in the English layout, with shift held.
const SHIFTED: [(char, char); 7] = [
    ('~', 'ё'),
    ('{', 'х'),
    ('}', 'ъ'),
    (':', 'ж'),
    ('"', 'э'),
    ('<', 'б'),
    ('>', 'ю'),
];

/// A text as it would have been in the other layout, in lower case; nothing for a text of both
/// alphabets, of neither, or with a character that no key of letters gives.
#[must_use]
pub fn turned(text: &str) -> Option<String> {
    let latin = text.chars().any(|c| c.is_ascii_alphabetic());
    let cyrillic = text.chars().any(|c| matches!(c, '\u{400}'..='\u{4ff}'));
    if latin == cyrillic {
        return None;
    }
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars().flat_map(char::to_lowercase) {
        out.push(if latin {
            to_russian(c)?
        } else {
            to_english(c)?
        });
    }
    Some(out)
}

/// Whether a text has Latin letters.
pub(super) fn is_latin(text: &str) -> bool {
    text.chars().any(|c| c.is_ascii_alphabetic())
}

/// What stands around a place that keys of letters give in either layout, and digits and dashes.
pub(super) fn keys_around(text: &str, place: &Range<usize>) -> Range<usize> {
    let is_key = |c: &char| {
        let mut keys = KEYS.iter().chain(&SHIFTED);
        c.is_alphanumeric() || kept(*c).is_some() || keys.any(|(english, _)| english == c)
    };
    let before = text.get(..place.start).unwrap_or_default();
    let after = text.get(place.end..).unwrap_or_default();
    let before: usize = before
        .chars()
        .rev()
        .take_while(is_key)
        .map(char::len_utf8)
        .sum();
    let after: usize = after.chars().take_while(is_key).map(char::len_utf8).sum();
    place.start - before..place.end + after
}

fn to_russian(c: char) -> Option<char> {
    let keys = KEYS.iter().chain(&SHIFTED);
    let found = keys.into_iter().find(|(english, _)| *english == c);
    found.map(|(_, russian)| *russian).or_else(|| kept(c))
}

fn to_english(c: char) -> Option<char> {
    let found = KEYS.iter().find(|(_, russian)| *russian == c);
    found.map(|(english, _)| *english).or_else(|| kept(c))
}

/// Digits and dashes are the same in both.
fn kept(c: char) -> Option<char> {
    (c.is_ascii_digit() || c == '-').then_some(c)
}

#[cfg(test)]
mod tests {
    use super::{keys_around, turned};

    #[test]
    fn words_of_the_other_layout() {
        assert_eq!(turned("ghbynth").as_deref(), Some("принтер"));
        assert_eq!(turned("Jib,rf").as_deref(), Some("ошибка"));
        assert_eq!(turned("зкштеук").as_deref(), Some("printer"));
        assert_eq!(turned("\"kbnf").as_deref(), Some("элита"));
        assert_eq!(turned("принтер hp"), None);
        assert_eq!(turned("12"), None);
        assert_eq!(turned("e=mc²"), None);
    }

    #[test]
    fn punctuation_that_is_a_letter_elsewhere_belongs_to_the_word() {
        let around = |text: &str, word: &str| {
            let at = text.find(word).unwrap_or_default();
            let place = keys_around(text, &(at..at + word.len()));
            text.get(place).unwrap_or_default().to_owned()
        };
        assert_eq!(around("dct Jib,rf gtxfnb", "Jib"), "Jib,rf");
        assert_eq!(around("nj;t [jkjl", "jkjl"), "[jkjl");
        assert_eq!(around("что\u{ab}ghbynth\u{bb}", "ghbynth"), "ghbynth");
        assert_eq!(around("e-mail (gjxnf)", "gjxnf"), "gjxnf");
        assert_eq!(around("ошибка-50 тут", "ошибка"), "ошибка-50");
    }
}
