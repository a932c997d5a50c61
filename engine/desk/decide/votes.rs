//! Votes on articles.

use super::{Answer, Deciding, config};
use crate::desk::votes::{self, Sums, Vote};
use crate::desk::{Error, ErrorKind, Result, codec, keys};
use crate::domain::{Id, Kind, Value};
use crate::store::Table;

/// Longest comment in bytes.
const MAX_COMMENT: usize = 4_000;
/// Most votes that go with an article at once; what is left is nobody's and is never read.
const MAX_DROPPED: usize = 2_000;

impl Deciding<'_, '_> {
    /// Says whether an article helped, instead of what the asker said before; none: takes it back.
    pub(super) fn vote(&mut self, id: Id, helpful: Option<bool>, comment: &str) -> Result<Answer> {
        self.seen_target(Kind::Article, id)?;
        let person = self.actor.record().ok_or_else(|| {
            let text = "the token belongs to nobody, so there is nobody whose vote it were";
            Error::new(ErrorKind::Conflict, "nobody", text)
        })?;
        if MAX_COMMENT < comment.len() {
            let text = format!(
                "{} bytes are over the limit of {MAX_COMMENT}",
                comment.len()
            );
            return Err(Error::field("comment", "too_long", text));
        }
        let (own, all) = (votes::vote_key(id, person), votes::sums_key(id));
        let wanted = [(Table::Meta, own.clone()), (Table::Meta, all.clone())];
        let mut found = self.draft.snapshot.get_many(&wanted)?.into_iter();
        let (old, sums_row) = (found.next().flatten(), found.next().flatten());
        let mut sums: Sums = match &sums_row {
            Some(row) => codec::decode(&row.bytes)?,
            None => Sums::default(),
        };
        if let Some(row) = &old {
            sums.count(&codec::decode(&row.bytes)?, false);
        }
        let new = helpful.map(|helpful| Vote {
            helpful,
            comment: comment.trim().to_owned(),
            at: self.ground.now,
        });
        if let Some(vote) = &new {
            sums.count(vote, true);
        }
        let rows = &mut self.draft.rows;
        let versions = [(own.clone(), old), (all.clone(), sums_row)];
        for (key, row) in versions {
            let expect = config::expected(row.map(|row| row.version));
            rows.expect.push((Table::Meta, key, expect));
        }
        match &new {
            Some(vote) => rows.put.push((Table::Meta, own, codec::encode(vote)?)),
            None => rows.delete.push((Table::Meta, own)),
        }
        rows.put.push((Table::Meta, all, codec::encode(&sums)?));
        let said = helpful.map_or(Value::from("taken_back"), Value::Bool);
        self.input.arguments.push(("helpful".to_owned(), said));
        Ok(Answer::record(Kind::Article, id))
    }

    /// Votes on an article that goes.
    pub(super) fn drop_votes(&mut self, id: Id) -> Result<()> {
        let prefix = votes::votes_of(id);
        let to = keys::after(&prefix);
        let snapshot = std::sync::Arc::clone(&self.draft.snapshot);
        for (key, _) in snapshot.range(Table::Meta, &prefix, &to, false, MAX_DROPPED)? {
            self.draft.rows.delete.push((Table::Meta, key));
        }
        self.draft
            .rows
            .delete
            .push((Table::Meta, votes::sums_key(id)));
        Ok(())
    }
}
