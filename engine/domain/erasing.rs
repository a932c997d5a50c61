//! Erasing a person from texts: what is looked for, and what takes its place.

use super::{Id, Kind, Value};

/// What stands where something was erased.
pub const ERASED: &str = "[erased]";
/// Shortest name or number that is looked for in other texts, in characters.
const MIN_CHARS: usize = 5;
/// Shortest other text that is looked for: shorter ones say the same of others.
const MIN_WORDS_CHARS: usize = 20;
/// Most texts that are looked for.
const MAX_MARKS: usize = 2_000;
/// Digits of a text that is a phone number.
const MIN_DIGITS: usize = 7;

/// The fields of a contact or agent that say who it is, beside those marked as personal.
pub const IDENTITY: [&str; 6] = [
    "title",
    "phones",
    "mails",
    "other_contacts",
    "external_id",
    "code",
];
/// Texts of a contact or agent that say nothing of a person.
pub const IMPERSONAL: [&str; 5] = ["type", "status", "locale", "roles", "skills"];

/// What tells of a person wherever it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    texts: Vec<String>,
}

impl Marks {
    /// The marks that these texts were.
    #[must_use]
    pub fn of(texts: Vec<String>) -> Self {
        Self { texts }
    }

    /// Adds the texts of a value.
    pub fn add(&mut self, value: &Value) {
        match value {
            Value::Text(text) => self.add_text(text),
            Value::List(items) => items.iter().for_each(|item| self.add(item)),
            _ => {}
        }
    }

    /// Adds what a person wrote: looked for whole, when it is long enough to be nobody else's.
    pub fn add_words(&mut self, value: &Value) {
        match value {
            Value::Text(text) if MIN_WORDS_CHARS <= text.trim().chars().count() => {
                self.push(text.trim());
            }
            Value::List(items) => items.iter().for_each(|item| self.add_words(item)),
            _ => {}
        }
    }

    /// Adds a name, number or address, and the digits of a phone number. A single word says nothing by
    /// itself: others have the same name.
    pub fn add_text(&mut self, text: &str) {
        let text = text.trim();
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let number = MIN_DIGITS <= digits.len() && !text.chars().any(char::is_alphabetic);
        let is_told = |c: char| c.is_whitespace() || "@.:/_".contains(c);
        if !number && !text.contains(is_told) {
            return;
        }
        for text in [text, &text.to_lowercase()] {
            self.push(text);
        }
        if number {
            self.push(&digits);
        }
    }

    fn push(&mut self, text: &str) {
        let known = self.texts.iter().any(|t| t == text);
        let fits = MIN_CHARS <= text.chars().count() && text != ERASED;
        if fits && !known && self.texts.len() < MAX_MARKS {
            self.texts.push(text.to_owned());
            // What contains another one goes first.
            self.texts.sort_by_key(|t| std::cmp::Reverse(t.len()));
        }
    }

    /// The texts, longest first.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The text without what tells of the person; none when it tells nothing.
    #[must_use]
    pub fn clean(&self, text: &str) -> Option<String> {
        let mut clean = None;
        for mark in &self.texts {
            let now: &str = clean.as_deref().unwrap_or(text);
            if let Some(next) = without(now, mark) {
                clean = Some(next);
            }
        }
        clean
    }

    /// The value without what tells of the person; none when it tells nothing.
    #[must_use]
    pub fn clean_value(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Text(text) => self.clean(text).map(Value::Text),
            Value::Json(text) => self.clean(text).map(Value::Json),
            Value::List(items) => {
                let cleaned: Vec<Option<Value>> =
                    items.iter().map(|item| self.clean_value(item)).collect();
                cleaned.iter().any(Option::is_some).then(|| {
                    let all = items.iter().zip(cleaned);
                    Value::List(
                        all.map(|(old, new)| new.unwrap_or_else(|| old.clone()))
                            .collect(),
                    )
                })
            }
            _ => None,
        }
    }
}

/// The text with a mark replaced where it stands as a word of its own.
fn without(text: &str, mark: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    let mut before: Option<char> = None;
    let mut found = false;
    while let Some((head, tail)) = rest.split_once(mark) {
        let left = head
            .chars()
            .next_back()
            .or(before.filter(|_| head.is_empty()));
        let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        out.push_str(head);
        let within = is_part(left) || is_part(tail.chars().next());
        out.push_str(if within { mark } else { ERASED });
        found |= !within;
        before = mark.chars().next_back();
        rest = tail;
    }
    out.push_str(rest);
    found.then_some(out)
}

/// What is left of a personal value: its shape.
#[must_use]
pub fn wiped(value: &Value) -> Value {
    match value {
        Value::Text(_) => Value::from(ERASED),
        Value::Json(_) => Value::Json(format!("\"{ERASED}\"")),
        Value::List(items) => Value::List(items.iter().map(wiped).collect()),
        Value::Ref(_) | Value::Bool(_) | Value::Instant(_) => value.clone(),
        Value::Int(_) | Value::Duration(_) | Value::Decimal(_) | Value::Date(_) => {
            Value::from(ERASED)
        }
    }
}

/// The author of what is a person's own words: what an agent wrote, it wrote for the desk.
#[must_use]
pub fn author((kind, id): (Kind, Id)) -> Option<String> {
    (kind == Kind::Contact).then(|| format!("contact:{id}"))
}

#[cfg(test)]
mod tests {
    use super::{ERASED, Marks, wiped};
    use crate::domain::Value;

    fn marks(texts: &[&str]) -> Marks {
        let mut marks = Marks::default();
        texts.iter().for_each(|text| marks.add_text(text));
        marks
    }

    #[test]
    fn whole_words_go_and_parts_of_others_stay() {
        let marks = marks(&["Anna Petrova", "+7 495 787-40-08", "Anna"]);
        let clean = |text: &str| marks.clean(text);
        assert_eq!(
            clean("call Anna Petrova, now").unwrap(),
            "call [erased], now"
        );
        assert_eq!(clean("anna petrova!").unwrap(), "[erased]!");
        assert_eq!(clean("74957874008").unwrap(), ERASED);
        assert_eq!(clean("Anna Petrovama"), None);
        // Too short to be looked for: it would be found everywhere.
        assert_eq!(clean("Anna called"), None);
        assert_eq!(
            clean("Anna Petrova Anna Petrova").unwrap(),
            "[erased] [erased]"
        );
    }

    #[test]
    fn lists_and_json_keep_their_shape() {
        let marks = marks(&["anna@mill.example"]);
        let list = Value::List(vec![Value::from("anna@mill.example"), Value::from("other")]);
        let clean = marks.clean_value(&list).unwrap();
        assert_eq!(
            clean,
            Value::List(vec![Value::from(ERASED), Value::from("other")])
        );
        let json = Value::Json(r#"{"from":"anna@mill.example"}"#.to_owned());
        assert_eq!(
            marks.clean_value(&json).unwrap(),
            Value::Json(r#"{"from":"[erased]"}"#.to_owned())
        );
        assert_eq!(
            wiped(&list),
            Value::List(vec![Value::from(ERASED), Value::from(ERASED)])
        );
        assert_eq!(marks.clean_value(&Value::Int(1)), None);
    }
}
