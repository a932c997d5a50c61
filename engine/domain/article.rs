//! What holds of articles beyond their fields: who outside the desk reads them and when, and which
//! are one text in several languages.

use super::{Id, Instant, Record, Value};

/// Names of the fields that these rules read.
pub mod fields {
    /// Text.
    pub const BODY: &str = "body";
    /// Language.
    pub const LOCALE: &str = "locale";
    /// Code of the category.
    pub const CATEGORY: &str = "category";
    /// Who reads it.
    pub const AUDIENCE: &str = "audience";
    /// Accounts that read it.
    pub const ACCOUNTS: &str = "accounts";
    /// First instant at which it is found.
    pub const VALID_FROM: &str = "valid_from";
    /// First instant at which it is no longer found.
    pub const VALID_UNTIL: &str = "valid_until";
    /// The article that it is a variant of.
    pub const VARIANT_OF: &str = "variant_of";
    /// When title or text changed last.
    pub const REVISED_AT: &str = "revised_at";
    /// Which text of the main article a variant follows: its `revised_at`.
    pub const FOLLOWS: &str = "follows_revision_at";
    /// Who checked it last.
    pub const REVIEWED_BY: &str = "reviewed_by";
    /// When it was checked last.
    pub const REVIEWED_AT: &str = "reviewed_at";
}

/// Status of an article that readers see.
pub const PUBLISHED: &str = "published";
/// Audience: everybody.
pub const PUBLIC: &str = "public";
/// Audience: customers of some accounts.
pub const OF_ACCOUNTS: &str = "accounts";

/// Longest language tag in bytes.
const MAX_TAG: usize = 35;
/// Longest title that is taken from a text, in characters, and the part of it in which no word is sought
/// to end it at.
const TITLE_CHARS: std::ops::RangeInclusive<usize> = 40..=80;

/// Whether somebody outside the desk reads an article: it is published, in force, and for everybody
/// or for the reader's account.
#[must_use]
pub fn is_open_to(record: &Record, account: Option<Id>, now: Instant) -> bool {
    let is_meant = match record.text(fields::AUDIENCE) {
        Some(PUBLIC) | None => true,
        Some(OF_ACCOUNTS) => account.is_some_and(|own| names(record, own)),
        Some(_) => false,
    };
    is_meant && record.status() == Some(PUBLISHED) && in_force(record, now)
}

/// Whether `now` lies between the dates of an article.
#[must_use]
pub fn in_force(record: &Record, now: Instant) -> bool {
    let early = record
        .instant(fields::VALID_FROM)
        .is_some_and(|from| now < from);
    let late = record
        .instant(fields::VALID_UNTIL)
        .is_some_and(|until| until <= now);
    !early && !late
}

fn names(record: &Record, account: Id) -> bool {
    matches!(record.get(fields::ACCOUNTS), Some(Value::List(all)) if all.contains(&Value::Ref(account)))
}

/// The article whose variants an article belongs to: itself when it is the main one.
#[must_use]
pub fn main_of(record: &Record) -> Id {
    record.reference(fields::VARIANT_OF).unwrap_or(record.id)
}

/// What an article without a title is called: its first line of words, cut between two words where it is
/// long.
#[must_use]
pub fn title_of(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let Some((end, _)) = line.char_indices().nth(*TITLE_CHARS.end()) else {
        return Some(line.to_owned());
    };
    let (least, _) = line.char_indices().nth(*TITLE_CHARS.start())?;
    let cut = line.get(..end)?;
    let space = cut.rfind(char::is_whitespace).filter(|at| least < *at);
    let cut = space.and_then(|at| cut.get(..at)).unwrap_or(cut);
    Some(format!("{}…", cut.trim_end()))
}

/// The language of a tag: `ru` of `ru-RU`.
#[must_use]
pub fn language(tag: &str) -> String {
    let first = tag.split(['-', '_']).next().unwrap_or_default();
    first.trim().to_ascii_lowercase()
}

/// Whether an article is in a language.
#[must_use]
pub fn is_in(record: &Record, tag: &str) -> bool {
    let own = record.text(fields::LOCALE).unwrap_or_default();
    language(own) == language(tag)
}

/// What is wrong with a language tag, if anything is.
#[must_use]
pub fn tag_fault(tag: &str) -> Option<String> {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    let is_language =
        (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_lowercase());
    let rest =
        parts.all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
    if is_language && rest && tag.len() <= MAX_TAG {
        return None;
    }
    let short: String = tag.chars().take(MAX_TAG).collect();
    Some(format!(
        "`{short}` is no language; expected a tag such as `ru` or `en-GB`"
    ))
}

/// Whether the text of the main article changed after a variant followed it.
#[must_use]
pub fn is_stale(variant: &Record, main: &Record) -> bool {
    let followed = variant.instant(fields::FOLLOWS);
    match (main.instant(fields::REVISED_AT), followed) {
        (Some(revised), Some(followed)) => followed < revised,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{in_force, is_open_to, language, tag_fault, title_of};
    use crate::domain::{Id, Instant, Kind, Record, Value};

    fn article(values: &[(&str, Value)]) -> Record {
        let mut record = Record::new(Id::MIN, Kind::Article);
        for (name, value) in values {
            record.put(name, Some(value.clone()));
        }
        record
    }

    #[test]
    fn an_article_without_a_title_is_called_by_its_first_line() {
        assert_eq!(title_of("  \n\n"), None);
        assert_eq!(title_of("\n Printer \nIt jams"), Some("Printer".to_owned()));
        let long =
            "Если принтер печатает пустые листы, сначала проверьте картридж и только потом чернила";
        let cut = "Если принтер печатает пустые листы, сначала проверьте картридж и только потом…";
        assert_eq!(title_of(long).as_deref(), Some(cut));
        let endless = "ы".repeat(200);
        let title = title_of(&endless).unwrap();
        assert_eq!(title.chars().count(), 81);
    }

    #[test]
    fn dates_begin_with_the_first_and_end_before_the_last() {
        let at = |text: &str| text.parse::<Instant>().unwrap();
        let (from, until) = (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"));
        let dated = article(&[
            ("valid_from", Value::Instant(from)),
            ("valid_until", Value::Instant(until)),
        ]);
        for (now, holds) in [
            ("2025-12-31T23:59:59Z", false),
            ("2026-01-01T00:00:00Z", true),
            ("2026-01-31T23:59:59Z", true),
            ("2026-02-01T00:00:00Z", false),
        ] {
            assert_eq!(in_force(&dated, at(now)), holds, "{now}");
            assert!(in_force(&article(&[]), at(now)));
        }
    }

    #[test]
    fn an_article_of_accounts_is_open_to_them_alone() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let (own, other) = (Id([1; 16]), Id([2; 16]));
        let of = |audience: &str, status: &str| {
            article(&[
                ("status", status.into()),
                ("audience", audience.into()),
                ("accounts", Value::List(vec![Value::Ref(own)])),
            ])
        };
        for (audience, status, open) in [
            ("public", "published", [true, true, true]),
            ("accounts", "published", [true, false, false]),
            ("internal", "published", [false; 3]),
            ("public", "review", [false; 3]),
        ] {
            let readers = [Some(own), Some(other), None];
            let read = readers.map(|account| is_open_to(&of(audience, status), account, now));
            assert_eq!(read, open, "{audience} {status}");
        }
    }

    #[test]
    fn tags_of_languages() {
        for tag in ["ru", "en-GB", "zh-Hant-TW", "tlh"] {
            assert_eq!(tag_fault(tag), None);
        }
        for tag in ["", "r", "RU", "ru_RU", "russian", "ru-", "en-x", "ru-🙂"] {
            assert!(tag_fault(tag).is_some(), "{tag}");
        }
        assert_eq!(language("en-GB"), "en");
    }
}
