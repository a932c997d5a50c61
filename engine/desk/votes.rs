//! Votes on articles: a row for each person and article, and one with their sums. Voting touches no
//! article, so that readers and editors are never in each other's way.

use serde::{Deserialize, Serialize};

use super::sight::Sight;
use super::{Actor, Desk, Page, Result, codec, keys, query};
use crate::domain::{Id, Instant, Kind, Record, Value};
use crate::store::{Key, Snapshot, Table};

/// Field with the number of those whom the article helped.
pub const HELPFUL: &str = "helpful_count";
/// Field with the number of those whom it did not help.
pub const NOT_HELPFUL: &str = "not_helpful_count";

/// What a person says of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Whether it helped.
    pub helpful: bool,
    /// Why, in words; may be empty.
    pub comment: String,
    /// When it was said.
    pub at: Instant,
}

/// What all say of an article.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// How many it helped.
    pub helpful: u64,
    /// How many it did not help.
    pub not_helpful: u64,
}

impl Sums {
    /// Counts a vote, or no longer.
    pub fn count(&mut self, vote: &Vote, counts: bool) {
        let sum = match vote.helpful {
            true => &mut self.helpful,
            false => &mut self.not_helpful,
        };
        *sum = match counts {
            true => sum.saturating_add(1),
            false => sum.saturating_sub(1),
        };
    }
}

/// The sums of an article.
pub fn sums_key(article: Id) -> Key {
    [b"vote/s/".as_slice(), article.as_bytes()].concat()
}

/// A person's vote on an article.
pub fn vote_key(article: Id, (kind, person): (Kind, Id)) -> Key {
    let mut key = votes_of(article);
    key.push(kind as u8);
    key.extend(person.as_bytes());
    key
}

/// Before every vote on an article.
pub fn votes_of(article: Id) -> Key {
    [b"vote/p/".as_slice(), article.as_bytes()].concat()
}

/// Adds the sums to articles that are shown: one trip, and none when there is no article among them.
pub fn add_sums<'r>(
    snapshot: &dyn Snapshot,
    records: impl Iterator<Item = &'r mut Record>,
) -> Result<()> {
    let mut articles: Vec<&mut Record> = records.filter(|r| r.kind == Kind::Article).collect();
    if articles.is_empty() {
        return Ok(());
    }
    let wanted: Vec<(Table, Key)> = articles
        .iter()
        .map(|r| (Table::Meta, sums_key(r.id)))
        .collect();
    for (record, row) in articles.iter_mut().zip(snapshot.get_many(&wanted)?) {
        let sums: Sums = match row {
            Some(row) => codec::decode(&row.bytes)?,
            None => Sums::default(),
        };
        for (field, sum) in [(HELPFUL, sums.helpful), (NOT_HELPFUL, sums.not_helpful)] {
            let sum = i64::try_from(sum).unwrap_or(i64::MAX);
            record.put(field, Some(Value::Int(sum)));
        }
    }
    Ok(())
}

/// A vote and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteOf {
    /// Kind of the person: an agent or a contact.
    pub kind: Kind,
    /// The person.
    pub person: Id,
    /// What it says.
    pub vote: Vote,
}

impl Desk {
    /// The votes on an article, in the order of the people's ids.
    ///
    /// # Errors
    /// When the asker may not, there is no such article, the cursor is foreign, or the store fails.
    pub fn votes(
        &self,
        actor: &Actor,
        article: Id,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<VoteOf>> {
        actor.require_agent("reading votes")?;
        let limit = query::limit(limit)?;
        let snapshot = self.store.snapshot(None)?;
        let (ground, _) = self.ground(snapshot, self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        query::record::read(&*ground.snapshot, &sight, Kind::Article, article)?;
        let prefix = votes_of(article);
        let from = match cursor {
            None => prefix.clone(),
            Some(cursor) => {
                let mut key = query::unhex(cursor)?;
                if !key.starts_with(&prefix) {
                    return Err(query::bad_cursor());
                }
                key.push(0);
                key
            }
        };
        let to = keys::after(&prefix);
        let rows = ground
            .snapshot
            .range(Table::Meta, &from, &to, false, limit)?;
        let next = match rows.last() {
            Some((key, _)) if rows.len() == limit => Some(super::decide::hex(key)),
            _ => None,
        };
        let mut items = Vec::with_capacity(rows.len());
        for (key, row) in rows {
            let kind = key.get(prefix.len()).copied().and_then(Kind::from_u8);
            if let (Some(kind), Some(person)) = (kind, keys::id_at_end(&key)) {
                let vote = codec::decode(&row.bytes)?;
                items.push(VoteOf { kind, person, vote });
            }
        }
        Ok(Page { items, next })
    }

    /// The asker's own vote on an article.
    ///
    /// # Errors
    /// When there is no such article, or the store fails.
    pub fn own_vote(&self, actor: &Actor, article: Id) -> Result<Option<Vote>> {
        self.record(actor, Kind::Article, article, None)?;
        let Some(person) = actor.record() else {
            return Ok(None);
        };
        let snapshot = self.store.snapshot(None)?;
        let row = snapshot.get(Table::Meta, &vote_key(article, person))?;
        row.map(|row| codec::decode(&row.bytes)).transpose()
    }
}
