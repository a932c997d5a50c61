//! Tags that a person keeps to itself, and clouds of tags.

use std::collections::BTreeMap;

use super::{Actor, Desk, Result, codec, keys};
use crate::domain::{Id, Kind, Value, record::fields};
use crate::store::{Key, Table};

/// Most rows that a cloud counts.
const MAX_COUNTED: usize = 10_000;

/// The tags that a person gave to a record.
pub fn tags_key(place: (Kind, Id), person: Id) -> Key {
    let mut key = tags_of(place).0;
    key.extend(person.as_bytes());
    key
}

/// The tags that anybody gave to a record: from, to.
pub fn tags_of((kind, id): (Kind, Id)) -> (Key, Key) {
    let mut from = b"tag/r/".to_vec();
    from.push(kind as u8);
    from.extend(id.as_bytes());
    let to = keys::after(&from);
    (from, to)
}

/// A record under a person's tag.
pub fn cloud_key(person: Id, tag: &str, (kind, id): (Kind, Id)) -> Key {
    let mut key = cloud_of(person);
    key.extend(tag.as_bytes());
    key.push(0);
    key.push(kind as u8);
    key.extend(id.as_bytes());
    key
}

fn cloud_of(person: Id) -> Key {
    let mut key = b"tag/p/".to_vec();
    key.extend(person.as_bytes());
    key
}

/// Tags with the number of records that have them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagCloud {
    /// Tags by name.
    pub tags: BTreeMap<String, u64>,
    /// Whether there are more rows than were counted.
    pub cut: bool,
}

impl Desk {
    /// The asker's own tags of a record.
    ///
    /// # Errors
    /// When the asker may not know of the record, or the store fails.
    pub fn personal_tags(&self, actor: &Actor, kind: Kind, id: Id) -> Result<Vec<String>> {
        actor.require_agent("personal tags")?;
        self.record(actor, kind, id, None)?;
        let Some(person) = actor.id() else {
            return Ok(Vec::new());
        };
        let snapshot = self.store.snapshot(None)?;
        match snapshot.get(Table::Meta, &tags_key((kind, id), person))? {
            Some(row) => codec::decode(&row.bytes),
            None => Ok(Vec::new()),
        }
    }

    /// The asker's own tags, with the number of records under each.
    ///
    /// # Errors
    /// When the store fails.
    pub fn personal_cloud(&self, actor: &Actor) -> Result<TagCloud> {
        actor.require_agent("personal tags")?;
        let Some(person) = actor.id() else {
            return Ok(TagCloud::default());
        };
        let from = cloud_of(person);
        let snapshot = self.store.snapshot(None)?;
        let rows = snapshot.range(Table::Meta, &from, &keys::after(&from), false, MAX_COUNTED)?;
        let mut cloud = TagCloud {
            cut: rows.len() == MAX_COUNTED,
            ..TagCloud::default()
        };
        for (key, _) in rows {
            let tag = key.get(from.len()..key.len().saturating_sub(18));
            let tag = String::from_utf8_lossy(tag.unwrap_or_default()).into_owned();
            *cloud.tags.entry(tag).or_default() += 1;
        }
        Ok(cloud)
    }

    /// The tags that records of a kind share, with the number of records under each; only of the
    /// newest records, and as far as the asker may see them.
    ///
    /// # Errors
    /// When the asker may not list such records, or the store fails.
    pub fn shared_cloud(&self, actor: &Actor, kind: Kind) -> Result<TagCloud> {
        let mut cloud = TagCloud::default();
        let mut query = super::ListQuery::newest(kind, super::query::MAX_LIMIT);
        let mut seen = 0;
        loop {
            let page = self.list(actor, &query)?;
            seen += page.items.len();
            for item in &page.items {
                let Some(Value::List(tags)) = item.record.get(fields::TAGS) else {
                    continue;
                };
                for tag in tags.iter().filter_map(Value::as_text) {
                    *cloud.tags.entry(tag.to_owned()).or_default() += 1;
                }
            }
            query.cursor = page.next;
            if query.cursor.is_none() {
                return Ok(cloud);
            }
            if seen >= MAX_COUNTED {
                cloud.cut = true;
                return Ok(cloud);
            }
        }
    }
}
