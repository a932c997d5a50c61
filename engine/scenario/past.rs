//! What scenarios say of a record's past: which fields a step changed, and its whole history.

use super::command::Names;
use super::compare::{field, is_code, same, shown};
use super::driver::{Seen, ShownChange, ShownFieldChange};
use super::file::{FieldChangeLike, PastLike, instant};
use super::look::Look;
use super::report::Difference;
use super::unlike::Unlike;
use super::words;

/// Fields that every change touches.
const STAMPS: [&str; 2] = ["created_at", "updated_at"];

impl Look<'_> {
    /// The fields that this step changed: these and no others.
    pub(super) fn changed(&mut self, new: &[&ShownChange]) -> Seen<()> {
        let Some(wanted) = &self.then.changed else {
            return Ok(());
        };
        let all = new.iter().flat_map(|c| &c.fields);
        let got: Vec<&ShownFieldChange> = all
            .filter(|c| !STAMPS.contains(&c.field.as_str()))
            .collect();
        let (missing, others) = unmatched(wanted, &got, self.names)?;
        if !missing.is_empty() || !others.is_empty() {
            let missing: Vec<String> = missing.into_iter().map(like).collect();
            let others = others.into_iter();
            let others: Vec<String> = others.map(|c| words::field_change(c, self.names)).collect();
            let what = "fields changed in this step";
            let wanted = match missing.as_slice() {
                [] => "no more than these".to_owned(),
                missing => words::tables(missing),
            };
            self.found
                .push(Difference::new(what, wanted, words::tables(&others)));
        }
        Ok(())
    }

    /// The changes of this step, all of them and in order.
    pub(super) fn history(&mut self, new: &[&ShownChange]) -> Seen<()> {
        match &self.then.history {
            Some(wanted) => self.is_told("changes of this step", wanted, new),
            None => Ok(()),
        }
    }

    /// Every change there was, oldest first.
    pub(super) fn past(&mut self, all: &[ShownChange]) -> Seen<()> {
        match &self.then.past {
            Some(wanted) => self.is_told("all changes", wanted, &all.iter().collect::<Vec<_>>()),
            None => Ok(()),
        }
    }

    fn is_told(&mut self, what: &str, wanted: &[PastLike], all: &[&ShownChange]) -> Seen<()> {
        if wanted.len() != all.len() {
            let told: Vec<String> = all.iter().map(|c| words::change(c, self.names)).collect();
            let (wanted, got) = (wanted.len().to_string(), words::tables(&told));
            self.found.push(Difference::new(what, wanted, got));
            return Ok(());
        }
        for (place, (wanted, got)) in wanted.iter().zip(all).enumerate() {
            let unlike = self.unlike(wanted, got)?;
            let what = format!("{what}, change {}", place + 1);
            self.found.extend(unlike.difference(what));
        }
        Ok(())
    }

    fn unlike(&mut self, wanted: &PastLike, got: &ShownChange) -> Seen<Unlike> {
        let mut unlike = Unlike::default();
        unlike.text("command", wanted.command.as_deref(), Some(&got.command));
        if let Some(name) = &wanted.actor
            && self.names.actor_name(name, self.driver)? != got.actor
        {
            let is = self.names.named_actor(&got.actor);
            unlike.key("actor", &words::text(name), &words::text(&is));
        }
        if let Some(at) = wanted.at.as_ref().map(instant).transpose()?
            && at != got.at
        {
            let (at, is) = (words::instant(at), words::instant(got.at));
            unlike.key("at", &words::text(&at), &words::text(&is));
        }
        let fields: Vec<&ShownFieldChange> = got.fields.iter().collect();
        let (missing, others) = unmatched(&wanted.changes, &fields, self.names)?;
        if !missing.is_empty() {
            let missing: Vec<String> = missing.into_iter().map(like).collect();
            let others = others.into_iter();
            let others: Vec<String> = others.map(|c| words::field_change(c, self.names)).collect();
            unlike.key("changes", &words::tables(&missing), &words::tables(&others));
        }
        Ok(unlike)
    }

    /// Fields with the same value as another record's, and with another one.
    pub(super) fn likeness(
        &mut self,
        got: &serde_json::Map<String, serde_json::Value>,
    ) -> Seen<()> {
        let then = self.then;
        let like = then.like.iter().map(|pair| (pair, true));
        for ((name, fields), alike) in like.chain(then.unlike.iter().map(|pair| (pair, false))) {
            let (kind, id) = self.names.get(name)?;
            let other = self.driver.record(&self.actor, kind, id)?;
            let other = other.ok_or_else(|| format!("`{name}` is not there"))?;
            for code in fields {
                let (is, of_other) = (field(got, code), field(&other, code));
                let fits = is.is_some() && of_other.is_some() && (is == of_other) == alike;
                self.expect(fits, || {
                    let word = if alike { "as" } else { "another than" };
                    let wanted = format!("{word} that of `{name}`, {}", shown(of_other));
                    Difference::new(format!("`{code}`"), wanted, shown(is))
                });
            }
        }
        Ok(())
    }
}

/// A change of a field as the scenario writes it.
fn like(change: &FieldChangeLike) -> String {
    let mut row = toml::Table::new();
    row.insert("field".to_owned(), change.field.clone().into());
    let by = change.by.clone().map(toml::Value::String);
    let parts = [("old", &change.old), ("new", &change.new), ("by", &by)];
    for (key, value) in parts {
        row.extend(value.clone().map(|value| (key.to_owned(), value)));
    }
    words::row(&row)
}

type Unmatched<'w, 'g> = (Vec<&'w FieldChangeLike>, Vec<&'g ShownFieldChange>);

/// The wanted changes that are not there, and those that are there and not wanted.
fn unmatched<'w, 'g>(
    wanted: &'w [FieldChangeLike],
    got: &[&'g ShownFieldChange],
    names: &Names,
) -> Seen<Unmatched<'w, 'g>> {
    let value = |v: &Option<toml::Value>| v.as_ref().map(|v| names.json(v)).transpose();
    let mut others = got.to_vec();
    let mut missing = Vec::new();
    for wanted in wanted {
        let (old, new) = (value(&wanted.old)?, value(&wanted.new)?);
        let is = |wanted: &Option<serde_json::Value>, got: &serde_json::Value, name: &str| {
            let Some(wanted) = wanted else {
                return true;
            };
            // TOML has no word for no value.
            same(name, wanted, got) || (got.is_null() && wanted.as_str() == Some(""))
        };
        let found = others.iter().position(|got| {
            let by = wanted.by.as_ref();
            let without_line = got.by.rsplit_once(':').map_or(&*got.by, |(rule, _)| rule);
            is_code(&got.field, &wanted.field)
                && is(&old, &got.old, &wanted.field)
                && is(&new, &got.new, &wanted.field)
                && by.is_none_or(|by| *by == got.by || by == without_line)
        });
        match found {
            Some(place) => drop(others.remove(place)),
            None => missing.push(wanted),
        }
    }
    Ok((missing, others))
}
