//! The language of the search box: phrases, exclusions and fields, read as a person means them.
//!
//! There is no wrong text. What is not one of the forms below is words, an unpaired quote is a
//! character, and who asks decides which fields there are: `"a phrase"`, `-word`, `-"a phrase"`,
//! `field:value`, `field:"a value"` and `-field:value`.

use std::ops::Range;

/// Opening quotes and those that close them.
const QUOTES: [(char, &str); 4] = [('"', "\""), ('«', "»"), ('“', "”"), ('„', "“”")];
/// Letters of the longest name of a field.
const MAX_NAME_CHARS: usize = 64;

/// A part of a query text between blanks, or between quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Where it stands in the text, marks included, in bytes.
    pub place: Range<usize>,
    /// What is not to be found stands behind a minus.
    pub negated: bool,
    /// Where the name of a field stands.
    pub field: Option<Range<usize>>,
    /// Where the words or the value stand.
    pub value: Range<usize>,
    /// Whether they stand between quotes.
    pub quoted: bool,
}

impl Piece {
    /// Whether it is words and nothing else.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        !self.negated && !self.quoted && self.field.is_none()
    }
}

/// The pieces of a text in their order. Nothing but blanks lies between them.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(start) = next_word(text, at) {
        let piece = piece_at(text, start);
        at = piece.place.end.max(start + 1);
        pieces.push(piece);
    }
    pieces
}

/// A text of the same length that has blanks where nothing is kept: places in it are places in the
/// text.
#[must_use]
pub fn blanked(text: &str, kept: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    for range in kept {
        let blanks = range.start.saturating_sub(out.len());
        out.extend(std::iter::repeat_n(' ', blanks));
        out.push_str(text.get(range.clone()).unwrap_or_default());
    }
    let blanks = text.len().saturating_sub(out.len());
    out.extend(std::iter::repeat_n(' ', blanks));
    out
}

fn next_word(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.find(|c: char| !c.is_whitespace()).map(|at| from + at)
}

fn piece_at(text: &str, start: usize) -> Piece {
    let rest = text.get(start..).unwrap_or_default();
    let behind = rest.strip_prefix('-').and_then(|r| r.chars().next());
    // A minus before a digit is one: error codes are negative at times.
    let negated = behind.is_some_and(|c| c.is_alphabetic() || closers(c).is_some());
    let from = start + usize::from(negated);
    if let Some((value, end)) = quoted(text, from) {
        return Piece {
            place: start..end,
            negated,
            field: None,
            value,
            quoted: true,
        };
    }
    if let Some((name, value, end, quoted)) = field(text, from) {
        return Piece {
            place: start..end,
            negated,
            field: Some(name),
            value,
            quoted,
        };
    }
    let end = chunk_end(text, start);
    // A minus before an empty pair of quotes leaves nothing out.
    let rest = text.get(from..end).unwrap_or_default();
    let negated = negated && rest.contains(char::is_alphanumeric);
    let value = if negated { from..end } else { start..end };
    Piece {
        place: start..end,
        negated,
        field: None,
        value,
        quoted: false,
    }
}

fn chunk_end(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.find(char::is_whitespace).unwrap_or(rest.len())
}

fn closers(open: char) -> Option<&'static str> {
    let found = QUOTES.iter().find(|(quote, _)| *quote == open);
    found.map(|(_, closers)| *closers)
}

/// What stands between the quotes that open here, and where that ends. The closing one stands at
/// the end of a word: `15" and 17"` has none that opens.
fn quoted(text: &str, from: usize) -> Option<(Range<usize>, usize)> {
    let rest = text.get(from..)?;
    let open = rest.chars().next()?;
    let closers = closers(open)?;
    let inner = from + open.len_utf8();
    let body = text.get(inner..)?;
    let (at, close) = body.char_indices().find(|(at, c)| {
        let behind = body.get(at + c.len_utf8()..);
        let next = behind.and_then(|b| b.chars().next());
        closers.contains(*c) && next.is_none_or(|n| !n.is_alphanumeric())
    })?;
    let has_word = body.get(..at)?.contains(char::is_alphanumeric);
    has_word.then_some((inner..inner + at, inner + at + close.len_utf8()))
}

type Field = (Range<usize>, Range<usize>, usize, bool);

fn field(text: &str, from: usize) -> Option<Field> {
    let chunk = text.get(from..chunk_end(text, from))?;
    let colon = chunk.find(':')?;
    let name = chunk.get(..colon)?;
    let is_name = name.starts_with(char::is_alphabetic)
        && name.chars().count() <= MAX_NAME_CHARS
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.'));
    if !is_name {
        return None;
    }
    let behind = from + colon + 1;
    if let Some((value, end)) = quoted(text, behind) {
        return Some((from..from + colon, value, end, true));
    }
    let value = behind..from + chunk.len();
    let has_value = text
        .get(value.clone())?
        .contains(|c: char| c.is_alphanumeric());
    has_value.then(|| (from..from + colon, value.clone(), value.end, false))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Piece, blanked, pieces};

    fn read(text: &str) -> Vec<String> {
        let show = |p: &Piece| {
            let minus = if p.negated { "-" } else { "" };
            let name = p.field.clone().map_or("", |f| &text[f]);
            let value = &text[p.value.clone()];
            match (p.field.is_some(), p.quoted) {
                (true, _) => format!("{minus}{name}={value}"),
                (false, true) => format!("{minus}[{value}]"),
                (false, false) => format!("{minus}{value}"),
            }
        };
        pieces(text).iter().map(show).collect()
    }

    #[test]
    fn forms_of_the_language() {
        assert_eq!(
            read("не «печатает чек» -сканер -\"two words\""),
            ["не", "[печатает чек]", "-сканер", "-[two words]"]
        );
        assert_eq!(
            read("статус:открыта title:\"a b\" -tag:x created:>2026-01-01"),
            [
                "статус=открыта",
                "title=a b",
                "-tag=x",
                "created=>2026-01-01"
            ]
        );
    }

    #[test]
    fn what_only_looks_like_it_is_words() {
        assert_eq!(read("15\" и 17\" -"), ["15\"", "и", "17\"", "-"]);
        assert_eq!(read("ошибка -50 --help"), ["ошибка", "-50", "--help"]);
        assert_eq!(read("\"открыта : статус:"), ["\"открыта", ":", "статус:"]);
        assert_eq!(read("чёрно-белый 10:30"), ["чёрно-белый", "10:30"]);
        assert_eq!(read("лампа -\"\" -«»"), ["лампа", "-\"\"", "-«»"]);
    }

    proptest! {
        #[test]
        fn pieces_cover_any_text(text in "[-\"«»“”„:a-zа-я0-9 \\PC]{0,80}") {
            let mut at = 0;
            let mut kept = Vec::new();
            for piece in pieces(&text) {
                prop_assert!(at <= piece.place.start);
                prop_assert!(text[at..piece.place.start].trim().is_empty());
                prop_assert!(piece.place.start <= piece.value.start);
                prop_assert!(piece.value.end <= piece.place.end);
                at = piece.place.end;
                kept.push(piece.value);
            }
            prop_assert!(text[at..].trim().is_empty());
            let blank = blanked(&text, &kept);
            prop_assert_eq!(blank.len(), text.len());
            for range in kept {
                prop_assert_eq!(&blank[range.clone()], &text[range]);
            }
        }
    }
}
