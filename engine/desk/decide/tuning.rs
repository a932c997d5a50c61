//! Changing what administrators say to the search.

use chrono::NaiveDate;
use serde::Serialize;

use super::{Answer, Deciding, config};
use crate::desk::learning::MAX_KEEP_DAYS;
use crate::desk::tuning::{
    LearningRow, MAX_LOCALES, MAX_PINS, MAX_SYNONYMS, Pin, StopWords, Synonyms, TuningChange,
    learning_key, pin_key, stamp_key, stop_words_key, synonyms_key,
};
use crate::desk::{Error, ErrorKind, Result, codec, keys};
use crate::domain::{Id, Kind, Value};
use crate::store::{Key, Table};

/// Most words of a set of synonyms, on either side.
const MAX_WORDS: usize = 20;
/// Longest word or phrase in characters.
const MAX_WORD_CHARS: usize = 100;
/// Most stop words of a language, and the longest in characters.
const MAX_STOP_WORDS: usize = 500;
const MAX_STOP_CHARS: usize = 40;
/// Most queries of a pin, and the longest in characters.
const MAX_QUERIES: usize = 20;
const MAX_QUERY_CHARS: usize = 200;
/// Most articles of a pin.
const MAX_ARTICLES: usize = 10;
/// Longest language tag in bytes.
const MAX_LOCALE: usize = 16;

impl Deciding<'_, '_> {
    /// Changes synonyms, stop words or pins. They are changed one after another.
    pub(super) fn tune(&mut self, change: &TuningChange) -> Result<Answer> {
        self.actor.require_admin("changing how is searched")?;
        let stamp = self.draft.snapshot.get(Table::Meta, &stamp_key())?;
        let expect = config::expected(stamp.map(|row| row.version));
        let rows = &mut self.draft.rows;
        rows.expect.push((Table::Meta, stamp_key(), expect));
        rows.put.push((Table::Meta, stamp_key(), Vec::new()));
        match change {
            TuningChange::SaveSynonyms {
                id,
                locale,
                words,
                means,
            } => self.save_synonyms(*id, locale.as_deref(), words, means),
            TuningChange::DeleteSynonyms { id } => self.drop_row(*id, synonyms_key(Some(*id))),
            TuningChange::SetStopWords { locale, words } => self.set_stop_words(locale, words),
            TuningChange::SavePin {
                id,
                locale,
                queries,
                articles,
                days,
            } => self.save_pin(*id, locale.as_deref(), queries, articles, *days),
            TuningChange::DeletePin { id } => self.drop_row(*id, pin_key(Some(*id))),
            TuningChange::SetLearning { keep_days } => self.set_learning(*keep_days),
        }
    }

    fn save_synonyms(
        &mut self,
        id: Option<Id>,
        locale: Option<&str>,
        words: &[String],
        means: &[String],
    ) -> Result<Answer> {
        let words = texts("words", words, MAX_WORDS, MAX_WORD_CHARS)?;
        let means = texts("means", means, MAX_WORDS, MAX_WORD_CHARS)?;
        if words.len() + means.len() < 2 || words.is_empty() {
            let why = "name at least two words that mean the same, or a word and what it means";
            return Err(Error::field("words", "required", why));
        }
        let id = self.own_id(id, synonyms_key, MAX_SYNONYMS)?;
        self.note_texts("words", &words);
        self.note_texts("means", &means);
        let synonyms = Synonyms {
            id,
            locale: locale.map(tag).transpose()?,
            words,
            means,
            saved_at: self.ground.now,
        };
        self.put_row(synonyms_key(Some(id)), &synonyms)?;
        Ok(Answer::nothing(id))
    }

    fn set_stop_words(&mut self, locale: &str, words: &[String]) -> Result<Answer> {
        let locale = tag(locale)?;
        let words = texts("words", words, MAX_STOP_WORDS, MAX_STOP_CHARS)?;
        if let Some(word) = words.iter().find(|word| word.contains(char::is_whitespace)) {
            let why = format!("`{word}` is more than one word");
            return Err(Error::field("words", "malformed", why));
        }
        let key = stop_words_key(&locale);
        let is_new = self.draft.snapshot.get(Table::Meta, &key)?.is_none();
        if is_new && !words.is_empty() {
            self.room_for_one(&stop_words_key(""), MAX_LOCALES)?;
        }
        let argument = ("locale".to_owned(), Value::from(locale.as_str()));
        self.input.arguments.push(argument);
        self.note_texts("words", &words);
        if words.is_empty() {
            self.draft.rows.delete.push((Table::Meta, key));
        } else {
            self.put_row(key, &StopWords { locale, words })?;
        }
        Ok(Answer::nothing(Id::MIN))
    }

    fn save_pin(
        &mut self,
        id: Option<Id>,
        locale: Option<&str>,
        queries: &[String],
        articles: &[Id],
        (from_on, until_on): (Option<NaiveDate>, Option<NaiveDate>),
    ) -> Result<Answer> {
        let queries = texts("queries", queries, MAX_QUERIES, MAX_QUERY_CHARS)?;
        let mut wanted: Vec<Id> = Vec::with_capacity(articles.len().min(MAX_ARTICLES + 1));
        for id in articles.iter().take(MAX_ARTICLES + 1) {
            if !wanted.contains(id) {
                wanted.push(*id);
            }
        }
        for (field, is_empty) in [
            ("queries", queries.is_empty()),
            ("articles", wanted.is_empty()),
        ] {
            if is_empty {
                return Err(Error::field(field, "required", "name at least one"));
            }
        }
        if articles.len() > MAX_ARTICLES {
            let why = format!("at most {MAX_ARTICLES}");
            return Err(Error::field("articles", "too_many", why));
        }
        if from_on
            .zip(until_on)
            .is_some_and(|(from, last)| last < from)
        {
            let why = "lies before `from_on`";
            return Err(Error::field("until_on", "malformed", why));
        }
        let places: Vec<_> = wanted.iter().map(|id| (Kind::Article, *id)).collect();
        self.draft.load(&places)?;
        if let Some(id) = wanted
            .iter()
            .find(|id| self.draft.record(Kind::Article, **id).is_err())
        {
            let why = format!("there is no article `{id}`");
            return Err(Error::field("articles", "unknown_reference", why));
        }
        let id = self.own_id(id, pin_key, MAX_PINS)?;
        self.note_texts("queries", &queries);
        let pin = Pin {
            id,
            locale: locale.map(tag).transpose()?,
            queries,
            articles: wanted,
            from_on,
            until_on,
            saved_at: self.ground.now,
        };
        self.put_row(pin_key(Some(id)), &pin)?;
        Ok(Answer::nothing(id))
    }

    fn set_learning(&mut self, keep_days: u32) -> Result<Answer> {
        if MAX_KEEP_DAYS < keep_days {
            let why = format!("must lie between 0 and {MAX_KEEP_DAYS}");
            return Err(Error::field("keep_days", "out_of_range", why));
        }
        let argument = ("keep_days".to_owned(), Value::Int(i64::from(keep_days)));
        self.input.arguments.push(argument);
        self.put_row(learning_key(), &LearningRow { keep_days })?;
        if keep_days == 0 {
            self.forget(0, 0)?;
        }
        Ok(Answer::nothing(Id::MIN))
    }

    /// The id of what is saved: the one that is there, or another one while there is room.
    fn own_id(&mut self, id: Option<Id>, key: fn(Option<Id>) -> Key, most: usize) -> Result<Id> {
        if let Some(id) = id {
            let row = self.draft.snapshot.get(Table::Meta, &key(Some(id)))?;
            return row.map(|_| id).ok_or_else(Error::not_found);
        }
        self.room_for_one(&key(None), most)?;
        Ok(self.allot.id(self.ground.now))
    }

    fn room_for_one(&self, from: &Key, most: usize) -> Result<()> {
        let snapshot = &self.draft.snapshot;
        let rows = snapshot.range(Table::Meta, from, &keys::after(from), false, most)?;
        if rows.len() < most {
            return Ok(());
        }
        let why = format!("there are {most} already, which is the most; remove some first");
        Err(Error::new(ErrorKind::Limit, "too_many", why))
    }

    fn drop_row(&mut self, id: Id, key: Key) -> Result<Answer> {
        if self.draft.snapshot.get(Table::Meta, &key)?.is_none() {
            return Err(Error::not_found());
        }
        let argument = ("id".to_owned(), Value::Text(id.to_string()));
        self.input.arguments.push(argument);
        self.draft.rows.delete.push((Table::Meta, key));
        Ok(Answer::nothing(id))
    }

    fn put_row<T: Serialize>(&mut self, key: Key, row: &T) -> Result<()> {
        let row = codec::encode(row)?;
        self.draft.rows.put.push((Table::Meta, key, row));
        Ok(())
    }

    /// Notes texts in the journal.
    fn note_texts(&mut self, name: &str, texts: &[String]) {
        let all = texts
            .iter()
            .map(|text| Value::from(text.as_str()))
            .collect();
        let argument = (name.to_owned(), Value::List(all));
        self.input.arguments.push(argument);
    }
}

/// Checks words, without blanks around them and without those that come again.
fn texts(field: &str, given: &[String], most: usize, chars: usize) -> Result<Vec<String>> {
    if given.len() > most {
        let why = format!("at most {most}");
        return Err(Error::field(field, "too_many", why));
    }
    let mut kept: Vec<String> = Vec::with_capacity(given.len());
    let mut known: Vec<String> = Vec::with_capacity(given.len());
    for text in given {
        let text = text.trim();
        if chars < text.chars().count() {
            let why = format!("an entry is over the limit of {chars} characters");
            return Err(Error::field(field, "too_long", why));
        }
        if !text.contains(char::is_alphanumeric) {
            let why = format!("`{text}` has neither letter nor digit");
            return Err(Error::field(field, "malformed", why));
        }
        let folded = text.to_lowercase();
        if !known.contains(&folded) {
            known.push(folded);
            kept.push(text.to_owned());
        }
    }
    Ok(kept)
}

/// A language tag such as `ru` or `en-GB`.
fn tag(text: &str) -> Result<String> {
    let mut parts = text.split('-');
    let is_language =
        |part: &str| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase());
    let is_more = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let fits =
        text.len() <= MAX_LOCALE && parts.next().is_some_and(is_language) && parts.all(is_more);
    if fits {
        return Ok(text.to_owned());
    }
    let why = "expected a language such as `ru` or `en-GB`";
    Err(Error::field("locale", "malformed", why))
}
