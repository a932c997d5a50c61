//! What searches teach: counted in memory while they are answered, written down now and then.
//!
//! No asker is kept. The same query of the same asker counts once a day; whether it is the same is
//! known by a hash whose seed is this process's own and never leaves it.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use parking_lot::Mutex;
#[cfg(feature = "search")]
use sha2::Digest;

#[cfg(feature = "search")]
use super::decide;
use super::{Actor, Command, Desk, Request, Result, keys};
#[cfg(feature = "search")]
use crate::domain::learned::normalised;
use crate::domain::learned::{Asked, Count, Shown, day_of};
use crate::domain::{Id, Instant, Kind};
use crate::store::Key;

/// Days for which counts are kept unless administrators say otherwise.
pub const KEEP_DAYS: u32 = 90;
/// Most days for which they may say.
pub const MAX_KEEP_DAYS: u32 = 365;
/// Different queries and articles that are counted between two writings.
const MAX_WAITING: usize = 2_000;
/// Askers with their queries that are remembered.
const MAX_SEEN: usize = 100_000;
/// Seconds between two writings.
const PAUSE_SECS: i64 = 30;

/// What a query is told apart by.
pub type QueryKey = [u8; 8];

/// Where the counts of a query stand; none: before all of them.
pub fn query_row(query: Option<&QueryKey>) -> Key {
    let mut key = b"learn/q/".to_vec();
    key.extend(query.into_iter().flatten());
    key
}

/// Where the counts of an article stand; none: before all of them.
pub fn article_row(article: Option<Id>) -> Key {
    let mut key = b"learn/a/".to_vec();
    key.extend(article.iter().flat_map(Id::as_bytes));
    key
}

/// What a day taught.
#[derive(Debug, Clone, Default)]
pub struct Lesson {
    /// The day.
    pub day: u32,
    /// Queries with their words, which are not known when only a click came.
    pub queries: HashMap<QueryKey, (String, Asked)>,
    /// Articles.
    pub articles: HashMap<Id, Shown>,
    /// Whether what is too old is looked for.
    pub sweep: bool,
}

impl Lesson {
    fn is_empty(&self) -> bool {
        self.queries.is_empty() && self.articles.is_empty()
    }
}

/// Counts that are not written down yet.
#[derive(Default)]
pub struct Learning {
    waiting: Mutex<Waiting>,
    seed: RandomState,
}

#[derive(Default)]
struct Waiting {
    lesson: Lesson,
    seen: HashSet<u64>,
    written_at: Option<Instant>,
    swept_on: u32,
}

impl Waiting {
    fn turn_to(&mut self, day: u32) {
        if self.lesson.day != day && self.lesson.is_empty() {
            self.seen.clear();
            self.lesson.day = day;
        }
    }

    fn query(&mut self, key: QueryKey) -> Option<&mut (String, Asked)> {
        let room = self.lesson.queries.len() < MAX_WAITING;
        if !room && !self.lesson.queries.contains_key(&key) {
            return None;
        }
        Some(self.lesson.queries.entry(key).or_default())
    }

    fn article(&mut self, id: Id, count: Shown) {
        let room = self.lesson.articles.len() < MAX_WAITING;
        if room || self.lesson.articles.contains_key(&id) {
            self.lesson.articles.entry(id).or_default().add(count);
        }
    }
}

impl Learning {
    /// Counts a search; gives what clicks on its hits name it by.
    #[cfg(feature = "search")]
    pub fn searched(
        &self,
        actor: &Actor,
        text: &str,
        hits: usize,
        articles: impl Iterator<Item = Id>,
        now: Instant,
    ) -> Option<String> {
        let text = normalised(text)?;
        let hash = sha2::Sha256::digest(text.as_bytes());
        let key: QueryKey = *hash.first_chunk()?;
        let mut waiting = self.waiting.lock();
        waiting.turn_to(day_of(now));
        let is_new = self.is_new(&mut waiting, (actor, &key, None));
        for id in articles {
            let count = Shown {
                shown: 1,
                clicks: 0,
            };
            waiting.article(id, count);
        }
        let (words, asked) = waiting.query(key)?;
        words.clone_from(&text);
        asked.add(Asked {
            searches: 1,
            askers: u32::from(is_new),
            empty: u32::from(hits == 0),
            clicks: 0,
        });
        Some(decide::hex(&key))
    }

    /// Counts that a hit was opened, once a day for an asker.
    pub fn clicked(&self, actor: &Actor, query: QueryKey, article: Id, now: Instant) {
        let mut waiting = self.waiting.lock();
        waiting.turn_to(day_of(now));
        if !self.is_new(&mut waiting, (actor, &query, Some(article))) {
            return;
        }
        if let Some((_, asked)) = waiting.query(query) {
            asked.clicks = asked.clicks.saturating_add(1);
        }
        let count = Shown {
            shown: 0,
            clicks: 1,
        };
        waiting.article(article, count);
    }

    fn is_new(&self, waiting: &mut Waiting, of: (&Actor, &QueryKey, Option<Id>)) -> bool {
        let (actor, query, article) = of;
        let hash = self
            .seed
            .hash_one((actor.name(), query, article.map(|id| id.0)));
        waiting.seen.len() < MAX_SEEN && waiting.seen.insert(hash)
    }

    /// Takes what is to be written down, if it is time.
    fn take(&self, now: Instant, at_once: bool) -> Option<Lesson> {
        let mut waiting = self.waiting.lock();
        let is_time = waiting
            .written_at
            .is_none_or(|at| PAUSE_SECS <= (now - at).num_seconds());
        if waiting.lesson.is_empty() || !(is_time || at_once) {
            return None;
        }
        let day = waiting.lesson.day;
        let mut lesson = std::mem::take(&mut waiting.lesson);
        lesson.sweep = waiting.swept_on != day;
        waiting.lesson.day = day;
        waiting.swept_on = day;
        waiting.written_at = Some(now);
        Some(lesson)
    }
}

impl Desk {
    /// Writes down what searches taught, if it is time or at once.
    ///
    /// # Errors
    /// When the store fails; what was to be written is lost then.
    pub fn keep_lessons(&self, at_once: bool) -> Result<()> {
        let Some(lesson) = self.learning.take(self.now(), at_once) else {
            return Ok(());
        };
        let command = Command::KeepLesson {
            lesson: Box::new(lesson),
        };
        self.run(&Request::by(Actor::System), &command).map(|_| ())
    }
}

impl Desk {
    /// Counts that a hit of a search was opened.
    ///
    /// # Errors
    /// When the asker may not read the article, or the store fails.
    pub fn clicked(&self, actor: &Actor, query: QueryKey, article: Id) -> Result<()> {
        self.record(actor, Kind::Article, article, None)?;
        self.learning.clicked(actor, query, article, self.now());
        Ok(())
    }
}

/// The rows of queries, or those of articles.
pub fn all_of(first: &Key) -> (Key, Key) {
    (first.clone(), keys::after(first))
}
