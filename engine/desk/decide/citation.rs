//! Articles that are put into an answer.

use std::sync::Arc;

use super::{Answer, Deciding};
use crate::desk::citation::{Citation, of_article, of_record};
use crate::desk::{Command, Error, Result, codec};
use crate::domain::{Id, Kind, Value};
use crate::store::{MAX_RANGE_ROWS, Table};

/// Most articles of one answer.
const MAX_ARTICLES: usize = 10;

impl Deciding<'_, '_> {
    /// Adds a comment or message, and notes which articles are in it. The articles do not change.
    pub(super) fn cite(&mut self, entry: &Command, articles: &[Id]) -> Result<Answer> {
        self.actor.require_agent("naming articles")?;
        let is_entry = matches!(
            entry,
            Command::Comment { .. } | Command::Message { .. } | Command::Send { .. }
        );
        if !is_entry {
            let why = "articles are put into comments and messages";
            return Err(Error::field("articles", "unexpected", why));
        }
        if articles.len() > MAX_ARTICLES {
            let why = format!("an answer names at most {MAX_ARTICLES} articles");
            return Err(Error::field("articles", "too_many", why));
        }
        let mut wanted = articles.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let places: Vec<_> = wanted.iter().map(|id| (Kind::Article, *id)).collect();
        self.draft.load(&places)?;
        for (kind, id) in places {
            let seen = match self.draft.peek(kind, id) {
                Some(article) => self.sight.sees(article)?,
                None => false,
            };
            if !seen {
                let why = format!("there is no article `{id}`");
                return Err(Error::field("articles", "unknown_reference", why));
            }
        }
        let answer = self.run(entry)?;
        let (Some((kind, record)), Some(entry)) = (entry.target(), answer.entry) else {
            return Err(Error::internal("no entry was added"));
        };
        for article in &wanted {
            let used = Citation {
                article: *article,
                kind,
                record,
                entry,
                at: self.ground.now,
            };
            let row = codec::encode(&used)?;
            let rows = &mut self.draft.rows;
            rows.put.push((Table::Meta, used.key(), row.clone()));
            rows.put.push((Table::Meta, used.key_of_record(), row));
        }
        let named = wanted.into_iter().map(Value::Ref).collect();
        let argument = ("articles".to_owned(), Value::List(named));
        self.input.arguments.push(argument);
        Ok(answer)
    }

    /// What was noted of an article or of answers to a record, which goes.
    pub(super) fn drop_citations(&mut self, place: (Kind, Id)) -> Result<()> {
        let from = match place.0 {
            Kind::Article => of_article(place.1),
            _ => of_record(place),
        };
        let to = crate::desk::keys::after(&from);
        let snapshot = Arc::clone(&self.draft.snapshot);
        for (_, row) in snapshot.range(Table::Meta, &from, &to, false, MAX_RANGE_ROWS / 2)? {
            let used: Citation = codec::decode(&row.bytes)?;
            let rows = &mut self.draft.rows;
            rows.delete.push((Table::Meta, used.key()));
            rows.delete.push((Table::Meta, used.key_of_record()));
        }
        Ok(())
    }
}
