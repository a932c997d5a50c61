//! What administrators say to the search: synonyms, stop words and pinned articles.
//!
//! Each is a row of its own; one more row, the stamp, changes with any of them, so that a search
//! knows by one read whether what it keeps ready is still true.

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::learning::KEEP_DAYS;
use super::{Actor, Desk, Result, codec, keys};
use crate::domain::{Id, Instant};
use crate::store::{Key, Snapshot, Table};

/// Most sets of synonyms.
pub const MAX_SYNONYMS: usize = 2_000;
/// Most languages with stop words.
pub const MAX_LOCALES: usize = 50;
/// Most pins.
pub const MAX_PINS: usize = 1_000;

/// Words and phrases of which one may stand for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Synonyms {
    /// Identity.
    pub id: Id,
    /// Language of the queries that it is for; all when there is none.
    pub locale: Option<String>,
    /// What is typed.
    pub words: Vec<String>,
    /// What is searched as well; when empty, each of the words finds all others.
    pub means: Vec<String>,
    /// When it was saved last.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub saved_at: Instant,
}

/// Words of a language that say nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopWords {
    /// The language.
    pub locale: String,
    /// The words.
    pub words: Vec<String>,
}

/// Articles that come first for some queries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Identity.
    pub id: Id,
    /// Language of the queries that it is for; all when there is none.
    pub locale: Option<String>,
    /// The queries: any form and order of their words.
    pub queries: Vec<String>,
    /// The articles, first ones first.
    pub articles: Vec<Id>,
    /// The first day on which it holds, in UTC.
    pub from_on: Option<NaiveDate>,
    /// The last day on which it holds, in UTC.
    pub until_on: Option<NaiveDate>,
    /// When it was saved last.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub saved_at: Instant,
}

impl Pin {
    /// Whether it holds on a day.
    #[must_use]
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.from_on.is_none_or(|from| from <= day) && self.until_on.is_none_or(|last| day <= last)
    }
}

/// A change of what administrators say to the search.
#[derive(Debug, Clone)]
pub enum TuningChange {
    /// Save synonyms, new ones when `id` is none.
    SaveSynonyms {
        /// Those that are saved anew.
        id: Option<Id>,
        /// Language, if only one.
        locale: Option<String>,
        /// What is typed.
        words: Vec<String>,
        /// What is searched as well.
        means: Vec<String>,
    },
    /// Remove synonyms.
    DeleteSynonyms {
        /// Which.
        id: Id,
    },
    /// Set the stop words of a language instead of those before.
    SetStopWords {
        /// The language.
        locale: String,
        /// The words; none: the language has no stop words.
        words: Vec<String>,
    },
    /// Save a pin, a new one when `id` is none.
    SavePin {
        /// The one that is saved anew.
        id: Option<Id>,
        /// Language, if only one.
        locale: Option<String>,
        /// The queries.
        queries: Vec<String>,
        /// The articles.
        articles: Vec<Id>,
        /// First and last day.
        days: (Option<NaiveDate>, Option<NaiveDate>),
    },
    /// Remove a pin.
    DeletePin {
        /// Which.
        id: Id,
    },
    /// Say how long what searches teach is kept.
    SetLearning {
        /// Days; 0: nothing is counted, and what was is dropped.
        keep_days: u32,
    },
}

impl TuningChange {
    /// The name written to the journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SaveSynonyms { .. } => "save_synonyms",
            Self::DeleteSynonyms { .. } => "delete_synonyms",
            Self::SetStopWords { .. } => "set_stop_words",
            Self::SavePin { .. } => "save_pin",
            Self::DeletePin { .. } => "delete_pin",
            Self::SetLearning { .. } => "set_learning",
        }
    }
}

/// How long what searches teach is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearningRow {
    /// Days; 0: nothing is counted.
    pub keep_days: u32,
}

impl Default for LearningRow {
    fn default() -> Self {
        Self {
            keep_days: KEEP_DAYS,
        }
    }
}

/// Where it stands how long what searches teach is kept.
pub fn learning_key() -> Key {
    b"learning".to_vec()
}

/// The row that changes with any other one here.
pub fn stamp_key() -> Key {
    b"tuning".to_vec()
}

/// Where synonyms stand; none: before all of them.
pub fn synonyms_key(id: Option<Id>) -> Key {
    own_key(b"tuning/s/", id)
}

/// Where a pin stands; none: before all of them.
pub fn pin_key(id: Option<Id>) -> Key {
    own_key(b"tuning/p/", id)
}

fn own_key(prefix: &[u8], id: Option<Id>) -> Key {
    let mut key = prefix.to_vec();
    key.extend(id.iter().flat_map(Id::as_bytes));
    key
}

/// Where the stop words of a language stand; of the empty one: before all of them.
pub fn stop_words_key(locale: &str) -> Key {
    let mut key = b"tuning/w/".to_vec();
    key.extend(locale.as_bytes());
    key
}

/// All rows of one sort.
pub fn rows<T: DeserializeOwned>(
    snapshot: &dyn Snapshot,
    from: &Key,
    most: usize,
) -> Result<Vec<T>> {
    let rows = snapshot.range(Table::Meta, from, &keys::after(from), false, most)?;
    rows.iter()
        .map(|(_, row)| codec::decode(&row.bytes))
        .collect()
}

impl Desk {
    /// The synonyms, oldest first.
    ///
    /// # Errors
    /// When the asker is a customer, or the store fails.
    pub fn synonyms(&self, actor: &Actor) -> Result<Vec<Synonyms>> {
        actor.require_agent("reading synonyms")?;
        let snapshot = self.store.snapshot(None)?;
        rows(&*snapshot, &synonyms_key(None), MAX_SYNONYMS)
    }

    /// The stop words by language.
    ///
    /// # Errors
    /// When the asker is a customer, or the store fails.
    pub fn stop_words(&self, actor: &Actor) -> Result<Vec<StopWords>> {
        actor.require_agent("reading stop words")?;
        let snapshot = self.store.snapshot(None)?;
        rows(&*snapshot, &stop_words_key(""), MAX_LOCALES)
    }

    /// The pins, oldest first.
    ///
    /// # Errors
    /// When the asker is a customer, or the store fails.
    pub fn pins(&self, actor: &Actor) -> Result<Vec<Pin>> {
        actor.require_agent("reading pins")?;
        let snapshot = self.store.snapshot(None)?;
        rows(&*snapshot, &pin_key(None), MAX_PINS)
    }

    /// For how many days what searches teach is kept; 0: nothing is counted.
    ///
    /// # Errors
    /// When the asker is a customer, or the store fails.
    pub fn keep_days(&self, actor: &Actor) -> Result<u32> {
        actor.require_agent("reading how searches are counted")?;
        let row = self
            .store
            .snapshot(None)?
            .get(Table::Meta, &learning_key())?;
        let row: Option<LearningRow> = row.map(|row| codec::decode(&row.bytes)).transpose()?;
        Ok(row.unwrap_or_default().keep_days)
    }
}
