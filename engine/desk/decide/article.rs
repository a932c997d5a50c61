//! What articles and categories demand beyond their fields.

use serde_json::{Map, Value as Json};

use super::{Answer, Deciding};
use crate::desk::journal::By;
use crate::desk::{
    Error, ErrorKind, Result, codec, keys,
    rebuild::{self, Base},
};
use crate::domain::article::{self, fields};
use crate::domain::category::{self, MAX_DEPTH};
use crate::domain::{Id, Kind, Record, Value, record};
use crate::store::{Expect, Pos, Table};

/// Most languages of one text.
const MAX_VARIANTS: usize = 50;

/// Fields that are the text of an article.
const WRITTEN: [&str; 3] = [record::fields::TITLE, fields::BODY, "format"];
/// Fields that a variant has from its main article unless it says otherwise.
const SHARED: [&str; 8] = [
    "format",
    fields::CATEGORY,
    "product",
    fields::AUDIENCE,
    fields::ACCOUNTS,
    "tags",
    fields::VALID_FROM,
    fields::VALID_UNTIL,
];

impl Deciding<'_, '_> {
    /// Adds a variant of an article in another language.
    pub(super) fn add_variant(&mut self, id: Id, asked: &Map<String, Json>) -> Result<Answer> {
        self.actor.require_write(Kind::Article)?;
        self.seen_target(Kind::Article, id)?;
        let source = self.draft.record(Kind::Article, id)?.clone();
        let main = article::main_of(&source);
        let mut all = Map::new();
        let catalog = std::sync::Arc::clone(&self.ground.catalog);
        for name in SHARED {
            let def = catalog.field(Kind::Article, None, name);
            if let (Some(def), Some(value)) = (def, source.get(name))
                && !self.sight.hides(Kind::Article, def)?
            {
                all.insert(name.to_owned(), value.to_json());
            }
        }
        all.extend(asked.clone());
        let of = Json::String(main.to_string());
        if all
            .get(fields::VARIANT_OF)
            .is_some_and(|named| *named != of)
        {
            let text = "the path says of which article it is a variant";
            return Err(Error::field(fields::VARIANT_OF, "readonly", text));
        }
        all.insert(fields::VARIANT_OF.to_owned(), of);
        if !all.contains_key(fields::LOCALE) {
            let text = "say in which language the variant is";
            return Err(Error::field(fields::LOCALE, "required", text));
        }
        self.create(Kind::Article, &all)
    }

    /// Gives an article the text of one of its versions again, as a new change.
    pub(super) fn restore(&mut self, id: Id, version: Pos) -> Result<Answer> {
        self.actor.require_write(Kind::Article)?;
        self.target(Kind::Article, id)?;
        let place = (Kind::Article, id);
        let (snapshot, base) = (&*self.ground.snapshot, Base::at(version));
        let found = rebuild::record_then(snapshot, self.ground.store, place, &base)?;
        let found = found.filter(|(pos, _)| *pos == version);
        let (_, then) = found.ok_or_else(|| no_version("version", version))?;
        let text = WRITTEN.iter().map(|name| {
            let value = then.get(name).map_or(Json::Null, Value::to_json);
            ((*name).to_owned(), value)
        });
        self.set_asked(Kind::Article, id, &text.collect())?;
        let at = i64::try_from(version.0).unwrap_or(i64::MAX);
        self.input
            .arguments
            .push(("version".to_owned(), Value::Int(at)));
        self.settle(&[place])?;
        Ok(Answer::record(Kind::Article, id))
    }

    /// An article that does not say its language is in that of whoever writes it, else of the desk.
    pub(super) fn name_language(&mut self, id: Id) {
        let article = self.draft.peek(Kind::Article, id);
        let is_said = article.is_none_or(|a| a.get(fields::LOCALE).is_some());
        let tag = self.locale().to_owned();
        if !is_said && article::tag_fault(&tag).is_none() {
            let tag = Some(Value::Text(tag));
            self.draft
                .set(Kind::Article, id, fields::LOCALE, tag, By::Engine);
        }
    }

    /// Gives an article that has a text and no title its first line for one.
    pub(super) fn call_article(&mut self, id: Id) {
        let place = (Kind::Article, id);
        let Some(article) = self.draft.peek(place.0, id) else {
            return;
        };
        if article.get(record::fields::TITLE).is_some() {
            return;
        }
        let title = article.text(fields::BODY).and_then(|body| {
            let format = article.text("format");
            article::title_of(&words_of(format, body))
        });
        let title = title.map(Value::Text);
        self.draft
            .set(place.0, id, record::fields::TITLE, title, By::Engine);
    }

    /// Checks an article, and notes when its text changed and was checked.
    pub(super) fn check_article(&mut self, id: Id) -> Result<()> {
        let place = (Kind::Article, id);
        let article = self.draft.record(place.0, id)?.clone();
        let before = self
            .draft
            .records
            .get(&place)
            .and_then(|w| w.before.clone());
        let changed = |name: &str| article.get(name) != before.as_ref().and_then(|b| b.get(name));
        check_audience(&article)?;
        check_dates(&article)?;
        let tag = article
            .text(fields::LOCALE)
            .filter(|_| changed(fields::LOCALE));
        if let Some(fault) = tag.and_then(article::tag_fault) {
            return Err(Error::field(fields::LOCALE, "malformed", fault));
        }
        if changed(record::fields::TITLE) || changed(fields::BODY) {
            let now = Some(Value::Instant(self.ground.now));
            self.draft
                .set(place.0, id, fields::REVISED_AT, now, By::Engine);
        }
        if changed(fields::REVIEWED_BY) {
            let now = article.get(fields::REVIEWED_BY);
            let now = now.map(|_| Value::Instant(self.ground.now));
            self.draft
                .set(place.0, id, fields::REVIEWED_AT, now, By::Engine);
        }
        if changed(fields::VARIANT_OF) || changed(fields::LOCALE) {
            self.check_variant(&article, before.is_none())?;
        }
        self.follow_main(&article, before.as_deref());
        match article
            .text(fields::CATEGORY)
            .filter(|_| changed(fields::CATEGORY))
        {
            Some(code) => self.check_category_of(code),
            None => Ok(()),
        }
    }

    /// A variant is of a main article in another language; that no two are in one is held by a guard.
    fn check_variant(&mut self, article: &Record, is_new: bool) -> Result<()> {
        let tag = article.text(fields::LOCALE).unwrap_or_default();
        let wrong =
            |code: &str, message: &str| Err(Error::field(fields::VARIANT_OF, code, message));
        let taken = |tag: &str| {
            let text = format!("there is a text in `{}` already", article::language(tag));
            Err(Error::field(fields::LOCALE, "not_unique", text))
        };
        let own = if is_new {
            Vec::new()
        } else {
            self.variants_of(article.id)?
        };
        let Some(main) = article.reference(fields::VARIANT_OF) else {
            let same = own.iter().any(|variant| article::is_in(variant, tag));
            return if same { taken(tag) } else { Ok(()) };
        };
        if main == article.id || !own.is_empty() {
            return wrong(
                "has_variants",
                "a main article is no variant of another one",
            );
        }
        self.draft.load(&[(Kind::Article, main)])?;
        let main = self.draft.record(Kind::Article, main)?;
        if main.reference(fields::VARIANT_OF).is_some() {
            return wrong(
                "not_main",
                "that article is a variant itself; name its main article",
            );
        }
        if article::is_in(main, tag) {
            return taken(tag);
        }
        let (key, version) = (
            keys::record(Kind::Article, main.id),
            self.version(Kind::Article, main.id),
        );
        self.draft
            .rows
            .expect
            .extend(version.map(|v| (Table::Records, key, v)));
        Ok(())
    }

    /// A variant whose own text changed follows the main text as it is now.
    fn follow_main(&mut self, article: &Record, before: Option<&Record>) {
        let Some(main) = article.reference(fields::VARIANT_OF) else {
            return;
        };
        let changed = |name: &str| article.get(name) != before.and_then(|b| b.get(name));
        let is_new_text = changed(record::fields::TITLE) || changed(fields::BODY);
        let asked = self
            .draft
            .was_asked(Kind::Article, article.id, fields::FOLLOWS);
        if asked || !(is_new_text || changed(fields::VARIANT_OF)) {
            return;
        }
        // Without it, the main article is read when the variant becomes one.
        if self.draft.load(&[(Kind::Article, main)]).is_err() {
            return;
        }
        let revised = self.draft.peek(Kind::Article, main);
        let revised = revised.and_then(|m| m.get(fields::REVISED_AT).cloned());
        self.draft.set(
            Kind::Article,
            article.id,
            fields::FOLLOWS,
            revised,
            By::Engine,
        );
    }

    /// The variants of a main article, as they are stored.
    pub(super) fn variants_of(&self, main: Id) -> Result<Vec<Record>> {
        let prefix = keys::index_prefix(Kind::Article, fields::VARIANT_OF, &Value::Ref(main));
        let to = keys::after(&prefix);
        let snapshot = &self.draft.snapshot;
        let rows = snapshot.range(Table::Index, &prefix, &to, false, MAX_VARIANTS)?;
        let wanted: Vec<_> = rows
            .iter()
            .filter_map(|(key, _)| keys::id_at_end(key))
            .map(|id| (Table::Records, keys::record(Kind::Article, id)))
            .collect();
        let found = snapshot.get_many(&wanted)?.into_iter().flatten();
        found.map(|row| codec::decode(&row.bytes)).collect()
    }

    /// As soon as a desk has categories, articles name one of them.
    fn check_category_of(&mut self, code: &str) -> Result<()> {
        let guard = keys::guard(Kind::Category, category::fields::CODE, &Value::from(code));
        self.draft.load_guards(vec![guard.clone()])?;
        if let Some(id) = self.draft.guards.get(&guard).copied().flatten() {
            self.draft.load(&[(Kind::Category, id)])?;
            let key = keys::record(Kind::Category, id);
            let expect = self.version(Kind::Category, id);
            self.draft
                .rows
                .expect
                .extend(expect.map(|v| (Table::Records, key, v)));
            return Ok(());
        }
        let (from, to) = keys::records(Kind::Category);
        let any = self
            .draft
            .snapshot
            .range(Table::Records, &from, &to, false, 1)?;
        if any.is_empty() {
            return Ok(());
        }
        let short: String = code.chars().take(64).collect();
        let text = format!("there is no category `{short}`; GET /v1/categories/tree lists them");
        Err(Error::field(fields::CATEGORY, "unknown_category", text))
    }

    /// Checks a category: its code stays, and it does not lie in itself.
    pub(super) fn check_category(&mut self, id: Id) -> Result<()> {
        let record = self.draft.record(Kind::Category, id)?.clone();
        let code = record.text(category::fields::CODE).unwrap_or_default();
        if let Some(fault) = category::code_fault(code) {
            return Err(Error::field(category::fields::CODE, "malformed", fault));
        }
        let before = self.draft.records.get(&(Kind::Category, id));
        let before = before.and_then(|w| w.before.clone());
        let was = before.as_ref().and_then(|b| b.text(category::fields::CODE));
        if was.is_some_and(|was| was != code) {
            let text =
                "the code stays, because articles name it; make another category and move them";
            return Err(Error::field(category::fields::CODE, "readonly", text));
        }
        let mut above = record.reference(category::fields::PARENT);
        for _ in 0..MAX_DEPTH {
            let Some(parent) = above else { return Ok(()) };
            if parent == id {
                let text = "a category cannot lie in itself or in one that lies in it";
                return Err(Error::field(category::fields::PARENT, "cycle", text));
            }
            self.draft.load(&[(Kind::Category, parent)])?;
            // Whoever moves one of them meanwhile decides again.
            let key = keys::record(Kind::Category, parent);
            let expect = self.version(Kind::Category, parent);
            self.draft
                .rows
                .expect
                .extend(expect.map(|v| (Table::Records, key, v)));
            let parent = self.draft.peek(Kind::Category, parent);
            above = parent.and_then(|p| p.reference(category::fields::PARENT));
        }
        let text = format!("categories lie in each other at most {MAX_DEPTH} deep");
        Err(Error::field(category::fields::PARENT, "too_deep", text))
    }

    /// The version that a record has in the snapshot, when this command leaves it alone.
    fn version(&self, kind: Kind, id: Id) -> Option<Expect> {
        let work = self.draft.records.get(&(kind, id))?;
        if work.is_changed() {
            None
        } else {
            work.version.map(Expect::Version)
        }
    }

    /// Refuses to delete what articles or categories need.
    pub(super) fn refuse_needed(&self, kind: Kind, id: Id) -> Result<()> {
        let has = |of: Kind, field: &str, value: &Value| -> Result<bool> {
            let prefix = keys::index_prefix(of, field, value);
            let snapshot = &self.draft.snapshot;
            let rows = snapshot.range(Table::Index, &prefix, &keys::after(&prefix), false, 1)?;
            Ok(!rows.is_empty())
        };
        let refused =
            |code: &'static str, text: &str| Err(Error::new(ErrorKind::Conflict, code, text));
        match kind {
            Kind::Article if has(kind, fields::VARIANT_OF, &Value::Ref(id))? => refused(
                "has_variants",
                "the article has variants in other languages: delete them first, or archive it",
            ),
            Kind::Category => {
                let code = self
                    .draft
                    .record(kind, id)?
                    .get(category::fields::CODE)
                    .cloned();
                let code = code.unwrap_or_else(|| Value::from(""));
                if has(kind, category::fields::PARENT, &Value::Ref(id))? {
                    return refused(
                        "category_in_use",
                        "other categories lie in it: move them first",
                    );
                }
                if has(Kind::Article, fields::CATEGORY, &code)? {
                    return refused(
                        "category_in_use",
                        "articles name it: give them another category first",
                    );
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The refusal of a version that an article does not have.
pub fn no_version(name: &str, version: Pos) -> Error {
    let text = format!("the article has no version {version}; GET …/versions lists them");
    Error::field(name, "unknown_version", text)
}

fn check_audience(article: &Record) -> Result<()> {
    let of_accounts = article.text(fields::AUDIENCE) == Some(article::OF_ACCOUNTS);
    let names_some = article.get(fields::ACCOUNTS).is_some_and(Value::is_filled);
    if of_accounts && !names_some {
        let text = "the audience is some customers: say which";
        return Err(Error::field(fields::ACCOUNTS, "required", text));
    }
    Ok(())
}

fn check_dates(article: &Record) -> Result<()> {
    let from = article.instant(fields::VALID_FROM);
    let until = article.instant(fields::VALID_UNTIL);
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        let text = "the article would never be valid: the end must come after the beginning";
        return Err(Error::field(fields::VALID_UNTIL, "out_of_order", text));
    }
    Ok(())
}

/// The words of a text without its marks.
#[cfg(feature = "text")]
fn words_of(format: Option<&str>, body: &str) -> String {
    crate::text::plain(crate::text::Format::named(format), body)
}

#[cfg(not(feature = "text"))]
fn words_of(_: Option<&str>, body: &str) -> String {
    body.to_owned()
}
