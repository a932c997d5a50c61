//! Counters of days: how often something happened, kept for a number of days and no longer.

use serde::{Deserialize, Serialize};

use super::Instant;

/// Askers that a query must have had before it is written down in words: one asker counts once a
/// day.
pub const MIN_ASKERS: u32 = 3;
/// Days after which a query that has not had as many is forgotten.
pub const RARE_DAYS: u32 = 14;
/// Longest query that is counted, in characters and in words.
const MAX_CHARS: usize = 100;
const MAX_WORDS: usize = 10;
/// Digits from which a number may be somebody's.
const MANY_DIGITS: usize = 5;

/// What was counted of a query on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Searches.
    pub searches: u32,
    /// Askers who had not asked it before on that day.
    pub askers: u32,
    /// Searches that found nothing.
    pub empty: u32,
    /// Hits that were opened.
    pub clicks: u32,
}

/// What was counted of an article on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Searches that showed it.
    pub shown: u32,
    /// How often it was opened out of them.
    pub clicks: u32,
}

/// Counts that add up.
pub trait Count: Copy + Default {
    /// Adds another count.
    fn add(&mut self, other: Self);
}

impl Count for Asked {
    fn add(&mut self, other: Self) {
        self.searches = self.searches.saturating_add(other.searches);
        self.askers = self.askers.saturating_add(other.askers);
        self.empty = self.empty.saturating_add(other.empty);
        self.clicks = self.clicks.saturating_add(other.clicks);
    }
}

impl Count for Shown {
    fn add(&mut self, other: Self) {
        self.shown = self.shown.saturating_add(other.shown);
        self.clicks = self.clicks.saturating_add(other.clicks);
    }
}

/// Counts by day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days<C>(Vec<(u32, C)>);

impl<C: Count> Days<C> {
    /// Adds to a day.
    pub fn add(&mut self, day: u32, count: C) {
        match self.0.iter_mut().find(|(known, _)| *known == day) {
            Some((_, known)) => known.add(count),
            None => self.0.push((day, count)),
        }
    }

    /// Forgets the days before one.
    pub fn forget_before(&mut self, first: u32) {
        self.0.retain(|(day, _)| first <= *day);
    }

    /// The sum over some days, both included.
    #[must_use]
    pub fn sum(&self, from: u32, last: u32) -> C {
        let mut sum = C::default();
        let within = self.0.iter().filter(|(day, _)| (from..=last).contains(day));
        within.for_each(|(_, count)| sum.add(*count));
        sum
    }

    /// The last day that has a count.
    #[must_use]
    pub fn last(&self) -> Option<u32> {
        self.0.iter().map(|(day, _)| *day).max()
    }
}

/// What was counted of a query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryCounts {
    /// Its words, once enough askers had them.
    pub text: Option<String>,
    /// By day.
    pub days: Days<Asked>,
}

impl QueryCounts {
    /// Adds what was counted on a day, and forgets what is too old. The words are kept from the asker
    /// on that is one of enough.
    pub fn add(&mut self, text: &str, day: u32, count: Asked, keep_days: u32) {
        self.days.add(day, count);
        self.forget(day, keep_days);
        if self.text.is_none() && !text.is_empty() && self.is_common() {
            self.text = Some(text.to_owned());
        }
    }

    /// Forgets what is too old; false when nothing is left.
    pub fn forget(&mut self, today: u32, keep_days: u32) -> bool {
        let days = if self.text.is_some() || self.is_common() {
            keep_days
        } else {
            keep_days.min(RARE_DAYS)
        };
        self.days
            .forget_before(today.saturating_sub(days.saturating_sub(1)));
        if !self.is_common() {
            self.text = None;
        }
        self.days.last().is_some()
    }

    fn is_common(&self) -> bool {
        MIN_ASKERS <= self.days.sum(0, u32::MAX).askers
    }
}

/// The day of an instant, in UTC, counted from 1970.
#[must_use]
pub fn day_of(at: Instant) -> u32 {
    u32::try_from(at.timestamp().div_euclid(86_400)).unwrap_or(0)
}

/// A query as it is counted: in lower case, its words parted by one blank, without what may be
/// somebody's address or number. None: nothing is left to count.
#[must_use]
pub fn normalised(text: &str) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    for chunk in text.split_whitespace() {
        let word = chunk.trim_matches(|c: char| !c.is_alphanumeric() && c != '@');
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let is_number = MANY_DIGITS <= digits && !word.contains(char::is_alphabetic);
        let word = match word {
            "" => continue,
            word if word.contains('@') => "@".to_owned(),
            _ if is_number => "#".to_owned(),
            word => word.to_lowercase().replace('ё', "е"),
        };
        words.push(word);
    }
    let says = words
        .iter()
        .any(|word| word.contains(char::is_alphanumeric));
    let text = words.join(" ");
    let fits = words.len() <= MAX_WORDS && text.chars().count() <= MAX_CHARS;
    (says && fits).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{Asked, QueryCounts, normalised};

    #[test]
    fn queries_are_told_apart_from_what_is_somebodys() {
        let told = |text| normalised(text);
        assert_eq!(
            told("  Принтер  НЕ печатает! ").unwrap(),
            "принтер не печатает"
        );
        assert_eq!(told("счёт ivan@example.org").unwrap(), "счет @");
        assert_eq!(told("звонок +7(495)123-45-67").unwrap(), "звонок #");
        assert_eq!(
            told("ошибка 0x80070057 или 404").unwrap(),
            "ошибка 0x80070057 или 404"
        );
        for nothing in [
            "",
            "?!",
            "ivan@example.org",
            "79161234567",
            &"x ".repeat(11),
            &"x".repeat(101),
        ] {
            assert_eq!(told(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn words_are_kept_from_the_third_asker_on_and_forgotten_in_time() {
        let one = Asked {
            searches: 1,
            askers: 1,
            ..Asked::default()
        };
        let mut counts = QueryCounts::default();
        counts.add("vpn", 100, one, 90);
        counts.add("vpn", 101, one, 90);
        assert_eq!(counts.text, None);
        counts.add("vpn", 102, one, 90);
        assert_eq!(counts.text.as_deref(), Some("vpn"));
        assert_eq!(counts.days.sum(101, 102).searches, 2);
        assert!(counts.forget(190, 90));
        assert_eq!(counts.text, None, "the first two days are gone");
        assert!(!counts.forget(250, 90));

        let mut rare = QueryCounts::default();
        rare.add("vpn", 100, one, 90);
        assert!(rare.forget(113, 90));
        assert!(!rare.forget(114, 90));
    }
}
