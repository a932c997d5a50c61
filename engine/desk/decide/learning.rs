//! Writing down what searches taught.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Answer, Deciding, config};
use crate::desk::learning::{Lesson, all_of, article_row, query_row};
use crate::desk::tuning::{LearningRow, learning_key};
use crate::desk::{Result, codec};
use crate::domain::learned::{Days, QueryCounts, Shown};
use crate::domain::{Id, Value};
use crate::store::{Key, Pos, Table};

/// Most rows of queries; beyond them no new ones are counted until some are forgotten.
const MAX_QUERIES: usize = 10_000;
/// Rows of each sort that are swept at once.
const MAX_SWEPT: usize = 3_000;

impl Deciding<'_, '_> {
    /// Adds counts to those that are kept, and forgets what is too old. The journal tells how many
    /// there were and not which.
    pub(super) fn keep_lesson(&mut self, lesson: &Lesson) -> Result<Answer> {
        self.actor
            .require_admin("writing down what searches taught")?;
        let snapshot = Arc::clone(&self.draft.snapshot);
        let kept = snapshot.get(Table::Meta, &learning_key())?;
        let kept: Option<LearningRow> = kept.map(|row| codec::decode(&row.bytes)).transpose()?;
        let keep_days = kept.unwrap_or_default().keep_days;
        if lesson.sweep || keep_days == 0 {
            self.forget(lesson.day, keep_days)?;
        }
        let counts = [
            ("queries", lesson.queries.len()),
            ("articles", lesson.articles.len()),
        ];
        for (name, count) in counts {
            let count = Value::Int(i64::try_from(count).unwrap_or(i64::MAX));
            self.input.arguments.push((name.to_owned(), count));
        }
        if keep_days == 0 {
            return Ok(Answer::nothing(Id::MIN));
        }
        let (from, to) = all_of(&query_row(None));
        let known = snapshot
            .range(Table::Meta, &from, &to, false, MAX_QUERIES)?
            .len();
        let mut room = MAX_QUERIES.saturating_sub(known);
        for (key, (text, count)) in &lesson.queries {
            let (mut counts, version) = self.row::<QueryCounts>(&query_row(Some(key)))?;
            // A click on a query that nobody remembers says nothing.
            if version.is_none() && (text.is_empty() || room == 0) {
                continue;
            }
            room -= usize::from(version.is_none());
            counts.add(text, lesson.day, *count, keep_days);
            self.keep(query_row(Some(key)), &counts, version)?;
        }
        for (id, count) in &lesson.articles {
            let key = article_row(Some(*id));
            let (mut days, version) = self.row::<Days<Shown>>(&key)?;
            days.add(lesson.day, *count);
            days.forget_before(lesson.day.saturating_sub(keep_days - 1));
            self.keep(key, &days, version)?;
        }
        Ok(Answer::nothing(Id::MIN))
    }

    fn row<T: DeserializeOwned + Default>(&self, key: &Key) -> Result<(T, Option<Pos>)> {
        match self.draft.snapshot.get(Table::Meta, key)? {
            Some(row) => Ok((codec::decode(&row.bytes)?, Some(row.version))),
            None => Ok((T::default(), None)),
        }
    }

    fn keep<T: Serialize>(&mut self, key: Key, row: &T, version: Option<Pos>) -> Result<()> {
        let row = codec::encode(row)?;
        let rows = &mut self.draft.rows;
        rows.expect
            .push((Table::Meta, key.clone(), config::expected(version)));
        rows.put.push((Table::Meta, key, row));
        Ok(())
    }

    /// Rows of which nothing is left go, and the others lose what is too old.
    pub(super) fn forget(&mut self, today: u32, keep_days: u32) -> Result<()> {
        let first = today.saturating_sub(keep_days.saturating_sub(1));
        self.sweep::<QueryCounts>(&query_row(None), |counts| {
            keep_days > 0 && counts.forget(today, keep_days)
        })?;
        self.sweep::<Days<Shown>>(&article_row(None), |days| {
            days.forget_before(first);
            keep_days > 0 && days.last().is_some()
        })
    }

    fn sweep<T: Serialize + DeserializeOwned + PartialEq + Clone>(
        &mut self,
        rows: &Key,
        mut lives: impl FnMut(&mut T) -> bool,
    ) -> Result<()> {
        let snapshot = Arc::clone(&self.draft.snapshot);
        let (from, to) = all_of(rows);
        let mut changed = 0;
        for (key, row) in snapshot.range(Table::Meta, &from, &to, false, MAX_QUERIES)? {
            let before: T = codec::decode(&row.bytes)?;
            let mut after = before.clone();
            let rows = &mut self.draft.rows;
            if !lives(&mut after) {
                rows.delete.push((Table::Meta, key));
            } else if before != after {
                rows.put.push((Table::Meta, key, codec::encode(&after)?));
            } else {
                continue;
            }
            changed += 1;
            // The rest another day: a batch has its limits.
            if changed == MAX_SWEPT {
                break;
            }
        }
        Ok(())
    }
}
