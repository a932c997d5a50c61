//! What a person or organisation is found by: names, tax numbers, phones and mail addresses in one
//! form each, however they were typed.

use std::collections::BTreeSet;

use super::{Kind, Record, Value};

/// Characters of a value that keys hold; the record holds the rest.
const KEPT_CHARS: usize = 48;
/// Shortest end of a value that has a key of its own.
const SHORTEST_PART: usize = 2;
/// Digits of a phone with its country, as the plan of Russia and Kazakhstan has them.
const NATIONAL_DIGITS: usize = 10;
/// Digits by which a text is taken for a phone at all.
const FEWEST_DIGITS: usize = 3;

/// What a value tells of a party. The number is stored in keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PartyField {
    /// Name of a person or organisation.
    Name = 1,
    /// Tax number.
    TaxNumber = 2,
    /// Phone number.
    Phone = 3,
    /// Mail address.
    Mail = 4,
    /// Other ways to reach somebody: a messenger, an account of a network, a site.
    Other = 5,
}

/// How an asked text must fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartyMode {
    /// The whole value.
    Exact,
    /// The beginning of the value or of a word of it.
    Prefix,
    /// Any piece of it.
    Part,
}

/// Where in a value the text of a key begins. The number is stored in keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Begins {
    /// At its beginning.
    Value = 1,
    /// At the beginning of a later word.
    Word = 2,
    /// Inside a word.
    Inside = 3,
}

impl PartyField {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Name,
        Self::TaxNumber,
        Self::Phone,
        Self::Mail,
        Self::Other,
    ];

    /// The name used in requests and by rules.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::TaxNumber => "tax_number",
            Self::Phone => "phone",
            Self::Mail => "mail",
            Self::Other => "other",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }

    /// A value in the form in which it is compared; none when nothing of it counts.
    #[must_use]
    pub fn normalise(self, text: &str) -> Option<String> {
        let found = match self {
            Self::Name | Self::Other => words(text),
            Self::TaxNumber => text
                .chars()
                .filter(|c| c.is_alphanumeric())
                .flat_map(char::to_lowercase)
                .collect(),
            Self::Phone => phone(text)?,
            Self::Mail => mail(text),
        };
        (!found.is_empty()).then_some(found)
    }

    /// The forms in which an asked text may stand in a value; more than one for pieces of phones,
    /// which do not tell whether they begin with a country.
    #[must_use]
    pub fn asked(self, text: &str, mode: PartyMode) -> Vec<String> {
        let Some(whole) = self.normalise(text) else {
            return Vec::new();
        };
        if self != Self::Phone || mode == PartyMode::Exact {
            return vec![whole];
        }
        let digits: String = number(text).chars().filter(char::is_ascii_digit).collect();
        let mut forms = vec![whole];
        if !text.trim_start().starts_with('+') {
            if let Some(rest) = digits.strip_prefix('8') {
                forms.push(format!("7{rest}"));
            }
            if mode == PartyMode::Prefix {
                forms.push(format!("7{digits}"));
            }
        }
        if mode == PartyMode::Part {
            forms.push(digits);
        }
        forms.retain(|form| FEWEST_DIGITS <= form.len());
        forms.sort();
        forms.dedup();
        forms
    }

    /// Whether a character lies between words of such a value.
    fn parts(self, c: char) -> bool {
        match self {
            Self::Name | Self::Other => c == ' ',
            Self::Mail => !c.is_alphanumeric(),
            Self::TaxNumber | Self::Phone => false,
        }
    }

    /// Whether a normalised value has a normalised text so.
    #[must_use]
    pub fn fits(self, value: &str, text: &str, mode: PartyMode) -> bool {
        match mode {
            PartyMode::Exact => value == text,
            PartyMode::Part => value.contains(text),
            PartyMode::Prefix => {
                let mut starts = value.match_indices(text).map(|(at, _)| at);
                starts.any(|at| {
                    let before = value.get(..at).and_then(|v| v.chars().next_back());
                    before.is_none_or(|c| self.parts(c))
                })
            }
        }
    }
}

impl PartyMode {
    /// The name used in requests and by rules.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Prefix => "prefix",
            Self::Part => "part",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Exact, Self::Prefix, Self::Part]
            .into_iter()
            .find(|m| m.name() == name)
    }

    /// The keys in which a text of this mode is looked for.
    #[must_use]
    pub const fn begins(self) -> &'static [Begins] {
        match self {
            Self::Exact => &[Begins::Value],
            Self::Prefix => &[Begins::Value, Begins::Word],
            Self::Part => &[Begins::Value, Begins::Word, Begins::Inside],
        }
    }
}

/// The kinds whose records are parties, or speak for one.
pub const KINDS: [Kind; 3] = [Kind::Contact, Kind::Account, Kind::Lead];

/// The engine's fields of a kind that tell of a party.
#[must_use]
pub const fn sources(kind: Kind) -> &'static [(&'static str, PartyField)] {
    use PartyField as F;
    match kind {
        Kind::Account => &[
            ("title", F::Name),
            ("inn", F::TaxNumber),
            ("phones", F::Phone),
            ("mails", F::Mail),
            ("other_contacts", F::Other),
        ],
        Kind::Contact => &[
            ("title", F::Name),
            ("phones", F::Phone),
            ("mails", F::Mail),
            ("other_contacts", F::Other),
        ],
        Kind::Lead | Kind::Inquiry => &[
            ("person", F::Name),
            ("company", F::Name),
            ("inn", F::TaxNumber),
            ("phones", F::Phone),
            ("mails", F::Mail),
            ("other_contacts", F::Other),
        ],
        _ => &[],
    }
}

/// Texts of a value, one or several.
pub fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let all = match value {
        Value::List(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    all.iter().filter_map(Value::as_text)
}

/// What a record is found by: every value of it from its beginning, from each word, and from inside.
#[must_use]
pub fn keys(record: &Record) -> BTreeSet<(PartyField, Begins, String)> {
    let mut found = BTreeSet::new();
    if !KINDS.contains(&record.kind) {
        return found;
    }
    for (name, field) in sources(record.kind) {
        let values = record.get(name).into_iter().flat_map(texts);
        for value in values.filter_map(|text| field.normalise(text)) {
            add_keys(*field, &value, &mut found);
        }
    }
    found
}

fn add_keys(field: PartyField, value: &str, found: &mut BTreeSet<(PartyField, Begins, String)>) {
    let chars: Vec<char> = value.chars().take(2 * KEPT_CHARS).collect();
    for (at, c) in chars.iter().enumerate() {
        let left = chars.len() - at;
        if at > 0 && (left < SHORTEST_PART || field.parts(*c)) {
            continue;
        }
        let before = at.checked_sub(1).and_then(|b| chars.get(b));
        let begins = match before {
            None => Begins::Value,
            Some(c) if field.parts(*c) => Begins::Word,
            Some(_) => Begins::Inside,
        };
        found.insert((field, begins, kept(chars.iter().skip(at))));
    }
}

/// As much of a text as keys hold.
pub fn kept<'c>(chars: impl IntoIterator<Item = &'c char>) -> String {
    chars.into_iter().take(KEPT_CHARS).collect()
}

/// Words in small letters with one space between them; quotes and other signs do not count.
fn words(text: &str) -> String {
    let plain = text.chars().map(|c| match c {
        'ё' | 'Ё' => 'е',
        c if c.is_alphanumeric() => c,
        _ => ' ',
    });
    let plain: String = plain.flat_map(char::to_lowercase).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.join(" ")
}

/// An address in small letters, without the name beside it.
fn mail(text: &str) -> String {
    let inner = text.rsplit_once('<').map(|(_, rest)| rest);
    let address = inner.and_then(|rest| rest.split_once('>')).map(|(a, _)| a);
    address.unwrap_or(text).trim().to_lowercase()
}

/// A phone without what follows the number: an extension.
fn number(text: &str) -> &str {
    let end = text
        .char_indices()
        .find(|(at, c)| *at > 0 && (c.is_alphabetic() || [';', ',', '#'].contains(c)));
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// A phone as digits with the country. Without one, and with the trunk prefix 8, it is of country 7.
fn phone(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let text = number(text);
    let mut digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < FEWEST_DIGITS {
        return None;
    }
    if text.starts_with('+') {
        return Some(digits);
    }
    if let Some(rest) = digits.strip_prefix("00")
        && NATIONAL_DIGITS < rest.len()
    {
        return Some(rest.to_owned());
    }
    match digits.strip_prefix('8') {
        Some(rest) if rest.len() == NATIONAL_DIGITS => digits = format!("7{rest}"),
        _ if digits.len() == NATIONAL_DIGITS => digits.insert(0, '7'),
        _ => {}
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Id;

    #[test]
    fn phones_are_one_however_they_are_typed() {
        let all = [
            "+7 495 787-40-08",
            "84957874008",
            "8 (495) 787 40 08",
            "495 787-40-08",
            "74957874008",
            "+7(495)7874008 доб. 12",
            "tel:+7-495-787-40-08",
            "007 495 787 40 08",
        ];
        for text in all {
            let found = PartyField::Phone.normalise(text);
            assert_eq!(found.as_deref(), Some("74957874008"), "{text}");
        }
        let abroad = PartyField::Phone.normalise("+49 57 874008");
        assert_eq!(abroad.as_deref(), Some("4957874008"));
        assert_eq!(PartyField::Phone.normalise("12"), None);
        assert_eq!(PartyField::Phone.normalise("доб."), None);
    }

    #[test]
    fn names_fit_by_beginning_by_part_and_whole() {
        let name = PartyField::Name.normalise("ООО «Ромашка»").unwrap();
        let fits = |text: &str, mode| PartyField::Name.fits(&name, text, mode);
        assert!(fits("рома", PartyMode::Prefix));
        assert!(fits("ооо ром", PartyMode::Prefix));
        assert!(fits("машка", PartyMode::Part));
        assert!(!fits("машка", PartyMode::Prefix));
        assert!(!fits("ромашка", PartyMode::Exact));
        assert!(fits("ооо ромашка", PartyMode::Exact));
    }

    #[test]
    fn pieces_of_phones_fit_with_and_without_a_country() {
        for text in ["495 787", "8 495", "7495", "+7 495 78"] {
            let asked = PartyField::Phone.asked(text, PartyMode::Prefix);
            let fits = |a: &String| PartyField::Phone.fits("74957874008", a, PartyMode::Prefix);
            assert!(asked.iter().any(fits), "{text}: {asked:?}");
        }
        let asked = PartyField::Phone.asked("787-40-08", PartyMode::Part);
        let fits = |a: &String| PartyField::Phone.fits("74957874008", a, PartyMode::Part);
        assert!(asked.iter().any(fits), "{asked:?}");
    }

    #[test]
    fn every_piece_of_a_value_has_a_key() {
        let mut record = Record::new(Id::MIN, Kind::Account);
        record.put("title", Some("Ёлка и сын".into()));
        let keys = keys(&record);
        let has = |begins, text: &str| keys.contains(&(PartyField::Name, begins, text.to_owned()));
        assert!(has(Begins::Value, "елка и сын"));
        assert!(has(Begins::Word, "сын"));
        assert!(has(Begins::Inside, "лка и сын"));
        assert!(!keys.iter().any(|(_, _, text)| text.starts_with(' ')));
    }

    #[test]
    fn a_mail_address_counts_without_its_name() {
        let found = PartyField::Mail
            .normalise("Anna <Anna.K@Mill.example>")
            .unwrap();
        assert_eq!(found, "anna.k@mill.example");
        assert!(PartyField::Mail.fits(&found, "mill.ex", PartyMode::Prefix));
        assert!(!PartyField::Mail.fits(&found, "ill.ex", PartyMode::Prefix));
    }
}
