//! Articles that were put into answers: a row for each time, so that no two ever meet in one.
//!
//! A row stands under its article, the newest one first, and under the record that was answered.

use serde::{Deserialize, Serialize};

use super::{Actor, Desk, Error, ErrorKind, Page, Result, codec, keys};
use crate::domain::{Id, Instant, Kind, Record, StatusCategory};
use crate::packs::Catalog;
#[cfg(feature = "search")]
use crate::store::Span;
use crate::store::{Key, Table};

/// Days after which a use counts half.
#[cfg(feature = "search")]
const HALF_LIFE_DAYS: f32 = 90.0;
/// Newest uses of an article that are counted.
#[cfg(feature = "search")]
const MAX_COUNTED: usize = 20;

/// One use of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// The article.
    pub article: Id,
    /// Kind of the record that was answered.
    pub kind: Kind,
    /// The record.
    pub record: Id,
    /// The comment or message.
    pub entry: Id,
    /// When.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
}

impl Citation {
    /// Where it stands under its article.
    pub fn key(&self) -> Key {
        let mut key = of_article(self.article);
        let micros = self.at.timestamp_micros() ^ i64::MIN;
        key.extend((!micros).to_be_bytes());
        key.extend(self.entry.as_bytes());
        key
    }

    /// Where it stands under the record that was answered.
    pub fn key_of_record(&self) -> Key {
        let mut key = of_record((self.kind, self.record));
        key.extend(self.article.as_bytes());
        key.extend(self.entry.as_bytes());
        key
    }
}

/// Before all uses of all articles.
pub fn all() -> Key {
    b"cite/a/".to_vec()
}

/// Before all uses of an article.
pub fn of_article(article: Id) -> Key {
    let mut key = all();
    key.extend(article.as_bytes());
    key
}

/// Before all uses of articles in answers to a record.
pub fn of_record((kind, id): (Kind, Id)) -> Key {
    let mut key = b"cite/r/".to_vec();
    key.push(kind as u8);
    key.extend(id.as_bytes());
    key
}

/// The newest uses of an article.
#[cfg(feature = "search")]
pub fn newest(article: Id) -> Span {
    let from = of_article(article);
    Span {
        table: Table::Meta,
        to: keys::after(&from),
        from,
        limit: MAX_COUNTED,
    }
}

/// How much uses speak for an article, from 0 to 1: each counts less from day to day, and the more
/// there are the less one more adds.
#[cfg(feature = "search")]
pub fn worth(uses: &[Instant], now: Instant) -> f32 {
    let one = |at: &Instant| {
        let hours = (now - *at).num_hours().max(0);
        #[expect(clippy::cast_precision_loss, reason = "a rough measure")]
        let days = hours as f32 / 24.0;
        0.5_f32.powf(days / HALF_LIFE_DAYS)
    };
    let sum: f32 = uses.iter().map(one).sum();
    sum / (sum + 3.0)
}

/// What the status of a record means.
pub fn category(catalog: &Catalog, record: &Record) -> Option<StatusCategory> {
    let status = catalog.status(record.kind, record.type_code(), record.status()?)?;
    Some(status.category)
}

/// A ticket in whose answer an article was used.
#[derive(Debug, Clone, PartialEq)]
pub struct CitedTicket {
    /// The ticket.
    pub record: Record,
    /// Whether it is solved.
    pub solved: bool,
    /// When the article was used.
    pub at: Instant,
}

impl Desk {
    /// The tickets in whose answers an article was used, newest use first; as far as the asker may
    /// see them.
    ///
    /// # Errors
    /// When the asker is a customer or may not know of the article, or the store fails.
    pub fn tickets_of(
        &self,
        actor: &Actor,
        article: Id,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<CitedTicket>> {
        actor.require_agent("reading where an article was used")?;
        let limit = super::query::limit(limit)?;
        self.record(actor, Kind::Article, article, None)?;
        let prefix = of_article(article);
        let from = match cursor {
            Some(text) => [prefix.clone(), super::query::unhex(text)?, vec![0]].concat(),
            None => prefix.clone(),
        };
        let snapshot = self.store.snapshot(None)?;
        let rows = snapshot.range(Table::Meta, &from, &keys::after(&prefix), false, limit)?;
        let mut page = Page {
            items: Vec::with_capacity(rows.len()),
            next: None,
        };
        if let (true, Some((key, _))) = (rows.len() == limit, rows.last()) {
            page.next = key.get(prefix.len()..).map(super::decide::hex);
        }
        let catalog = self.catalog()?;
        let mut known: Vec<Id> = Vec::new();
        for (_, row) in rows {
            let used: Citation = codec::decode(&row.bytes)?;
            if used.kind != Kind::Ticket || known.contains(&used.record) {
                continue;
            }
            known.push(used.record);
            match self.record(actor, Kind::Ticket, used.record, None) {
                Ok(found) => page.items.push(CitedTicket {
                    solved: category(&catalog, &found.record) == Some(StatusCategory::Done),
                    record: found.record,
                    at: used.at,
                }),
                Err(Error {
                    kind: ErrorKind::NotFound,
                    ..
                }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(page)
    }
}

#[cfg(all(test, feature = "search"))]
mod tests {
    use super::worth;
    use crate::domain::Instant;

    #[test]
    fn uses_are_bounded_and_fade() {
        let now: Instant = "2026-06-01T00:00:00Z".parse().unwrap();
        let old: Instant = "2026-03-03T00:00:00Z".parse().unwrap();
        assert!(worth(&[], now).abs() < f32::EPSILON);
        assert!((worth(&[now], now) - 0.25).abs() < 0.001);
        assert!((worth(&[old], now) - 0.5 / 3.5).abs() < 0.001);
        assert!(worth(&[now; 20], now) < 0.9);
        assert!(worth(&[old; 3], now) < worth(&[now; 3], now));
    }
}
