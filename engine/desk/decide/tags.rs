//! Tags that a person keeps to itself.

use super::{Answer, Deciding, config};
use crate::desk::{Error, ErrorKind, Result, codec, tags as stored};
use crate::domain::{Id, Kind};
use crate::store::{MAX_RANGE_ROWS, Table};

/// Most personal tags of a record.
const MAX_TAGS: usize = 50;
/// Longest tag in bytes.
const MAX_TEXT: usize = 100;

impl Deciding<'_, '_> {
    /// Gives a record the asker's own tags, instead of those it had from the asker before.
    pub(super) fn tag_personally(
        &mut self,
        (kind, id): (Kind, Id),
        tags: &[String],
    ) -> Result<Answer> {
        self.actor.require_agent("personal tags")?;
        self.seen_target(kind, id)?;
        let person = self.actor.id().ok_or_else(|| {
            let text = "the token belongs to no agent, so there is nobody whose tags they were";
            Error::new(ErrorKind::Conflict, "nobody", text)
        })?;
        if tags.len() > MAX_TAGS {
            let text = format!("a record has at most {MAX_TAGS} personal tags");
            return Err(Error::field("tags", "too_many", text));
        }
        for tag in tags {
            super::entries::short("tags", tag, MAX_TEXT)?;
        }
        let mut tags: Vec<String> = tags.iter().map(|t| t.trim().to_owned()).collect();
        tags.sort_unstable();
        tags.dedup();
        let key = stored::tags_key((kind, id), person);
        let row = self.draft.snapshot.get(Table::Meta, &key)?;
        let old: Vec<String> = match &row {
            Some(row) => codec::decode(&row.bytes)?,
            None => Vec::new(),
        };
        let rows = &mut self.draft.rows;
        let expect = config::expected(row.map(|row| row.version));
        rows.expect.push((Table::Meta, key.clone(), expect));
        for tag in &old {
            rows.delete
                .push((Table::Meta, stored::cloud_key(person, tag, (kind, id))));
        }
        for tag in &tags {
            let key = stored::cloud_key(person, tag, (kind, id));
            rows.put.push((Table::Meta, key, Vec::new()));
        }
        match tags.is_empty() {
            true => rows.delete.push((Table::Meta, key)),
            false => rows.put.push((Table::Meta, key, codec::encode(&tags)?)),
        }
        Ok(Answer::record(kind, id))
    }

    /// Personal tags of a record that goes.
    pub(super) fn drop_personal_tags(&mut self, place: (Kind, Id)) -> Result<()> {
        let (from, to) = stored::tags_of(place);
        let snapshot = std::sync::Arc::clone(&self.draft.snapshot);
        for (key, row) in snapshot.range(Table::Meta, &from, &to, false, MAX_RANGE_ROWS)? {
            let tags: Vec<String> = codec::decode(&row.bytes)?;
            let person = crate::desk::keys::id_at_end(&key).unwrap_or(Id::MIN);
            let rows = &mut self.draft.rows;
            for tag in tags {
                rows.delete
                    .push((Table::Meta, stored::cloud_key(person, &tag, place)));
            }
            rows.delete.push((Table::Meta, key));
        }
        Ok(())
    }
}
