//! What scenarios say of a record's past: which fields a step changed, and its whole history.

use super::command::Names;
use super::compare::{field, is_code, same, shown};
use super::driver::{Seen, ShownChange, ShownFieldChange};
use super::file::{FieldChangeLike, PastLike, instant};
use super::look::Look;
use super::report::Difference;

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
        let alike = wanted.len() == got.len() && holds_all(wanted, &got, self.names)?;
        self.expect(alike, || {
            let (wanted, got) = (format!("{wanted:?}"), format!("{got:?}"));
            Difference::new("fields changed in this step", wanted, got)
        });
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
        let mut alike = wanted.len() == all.len();
        for (wanted, got) in wanted.iter().zip(all) {
            alike &= self.is_past(wanted, got)?;
        }
        self.expect(alike, || {
            let brief = |c: &&ShownChange| {
                let (command, actor, at, fields) = (&c.command, &c.actor, c.at, &c.fields);
                format!("{command} by {actor} at {at}: {fields:?}")
            };
            let got: Vec<String> = all.iter().map(brief).collect();
            Difference::new(what, format!("{wanted:?}"), got.join("; "))
        });
        Ok(())
    }

    fn is_past(&mut self, wanted: &PastLike, got: &ShownChange) -> Seen<bool> {
        let actor = match &wanted.actor {
            Some(name) => Some(self.names.actor_name(name, self.driver)?),
            None => None,
        };
        let at = wanted.at.as_ref().map(instant).transpose()?;
        let fields: Vec<&ShownFieldChange> = got.fields.iter().collect();
        Ok(wanted.command.as_ref().is_none_or(|w| *w == got.command)
            && actor.is_none_or(|actor| actor == got.actor)
            && at.is_none_or(|at| at == got.at)
            && holds_all(&wanted.changes, &fields, self.names)?)
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

/// Whether each of the wanted changes is there.
fn holds_all(wanted: &[FieldChangeLike], got: &[&ShownFieldChange], names: &Names) -> Seen<bool> {
    let value = |v: &Option<toml::Value>| v.as_ref().map(|v| names.json(v)).transpose();
    for wanted in wanted {
        let (old, new) = (value(&wanted.old)?, value(&wanted.new)?);
        let is = |wanted: &Option<serde_json::Value>, got: &serde_json::Value, name: &str| {
            let Some(wanted) = wanted else {
                return true;
            };
            // TOML has no word for no value.
            same(name, wanted, got) || (got.is_null() && wanted.as_str() == Some(""))
        };
        let found = got.iter().any(|got| {
            let by = wanted.by.as_ref();
            let without_line = got.by.rsplit_once(':').map_or(&*got.by, |(rule, _)| rule);
            is_code(&got.field, &wanted.field)
                && is(&old, &got.old, &wanted.field)
                && is(&new, &got.new, &wanted.field)
                && by.is_none_or(|by| *by == got.by || by == without_line)
        });
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}
