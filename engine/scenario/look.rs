//! One record after a step: its fields and all that stands around them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::check::Check;
use super::command::Names;
use super::compare::{field, is_code, same, shown};
use super::driver::{Driver, Seen, ShownChange, ShownEntry, ShownField, ShownMessage};
use super::file::{ClockLike, EntryLike, FieldLike, MessageLike, Then, instant};
use super::report::Difference;
use crate::desk::Actor;
use crate::domain::{Id, Kind};

/// A look at one record.
pub(super) struct Look<'a> {
    pub(super) check: &'a Check,
    pub(super) then: &'a Then,
    pub(super) names: &'a Names,
    pub(super) driver: &'a mut dyn Driver,
    pub(super) actor: Actor,
    pub(super) place: (Kind, Id),
    pub(super) found: Vec<Difference>,
}
impl Look<'_> {
    /// What is not as it should be.
    pub(super) fn differences(mut self, fields: &Map<String, Json>) -> Seen<Vec<Difference>> {
        self.fields(fields)?;
        self.likeness(fields)?;
        self.journal()?;
        self.outbox()?;
        self.shown()?;
        self.clocks()?;
        self.form()?;
        self.process()?;
        self.plan()?;
        Ok(self.found)
    }

    pub(super) fn expect(&mut self, holds: bool, what: impl FnOnce() -> Difference) {
        if !holds {
            self.found.push(what());
        }
    }

    fn fields(&mut self, got: &Map<String, Json>) -> Seen<()> {
        let wanted = self.names.object(&self.then.fields)?;
        for (name, value) in &wanted {
            let is = field(got, name);
            self.expect(is.is_some_and(|is| same(name, value, is)), || {
                Difference::new(format!("`{name}`"), shown(Some(value)), shown(is))
            });
        }
        for name in &self.then.absent {
            let is = field(got, name);
            self.expect(is.is_none_or(Json::is_null), || {
                Difference::new(format!("`{name}`"), "no value", shown(is))
            });
        }
        for name in &self.then.present {
            let is = field(got, name);
            self.expect(is.is_some_and(|v| !v.is_null()), || {
                Difference::new(format!("`{name}`"), "a value", "none")
            });
        }
        Ok(())
    }

    /// What the journal says: who set what, which rules ran, notes and entries.
    fn journal(&mut self) -> Seen<()> {
        let then = self.then;
        if then.set_by.is_empty()
            && then.ran.is_empty()
            && then.reasons.is_empty()
            && then.notes.is_none()
            && then.changed.is_none()
            && then.past.is_none()
            && then.entries.is_none()
            && then.history.is_none()
        {
            return Ok(());
        }
        let all = self.driver.history(self.place.0, self.place.1)?;
        for (name, by) in &then.set_by {
            let mut changes = all.iter().flat_map(|c| &c.fields);
            let last = changes.rfind(|c| is_code(&c.field, name));
            let is = last.map_or("nobody", |c| c.by.as_str());
            let without_line = is.rsplit_once(':').map_or(is, |(rule, _)| rule);
            self.expect(is == by || without_line == by, || {
                Difference::new(format!("who set `{name}`"), by.as_str(), is)
            });
        }
        let new: Vec<&ShownChange> = all.iter().filter(|c| c.pos > self.check.pos).collect();
        self.runs(&new);
        self.notes(&new);
        self.changed(&new)?;
        self.history(&new)?;
        self.past(&all)?;
        self.entries(&new)
    }

    fn runs(&mut self, new: &[&ShownChange]) {
        let then = self.then;
        for (rule, verdict) in &then.ran {
            let runs = new.iter().flat_map(|c| &c.runs).filter(|r| r.rule == *rule);
            let said: Vec<&str> = runs.map(|r| r.verdict.as_str()).collect();
            let as_said = match verdict.as_str() {
                "not_called" => said.is_empty(),
                verdict => said.contains(&verdict),
            };
            self.expect(as_said, || {
                Difference::new(
                    format!("rule {rule}"),
                    verdict.as_str(),
                    format!("{said:?}"),
                )
            });
        }
        let given: Vec<&String> = new
            .iter()
            .flat_map(|c| &c.runs)
            .flat_map(|r| &r.reasons)
            .collect();
        for piece in &then.reasons {
            self.expect(given.iter().any(|r| r.contains(piece.as_str())), || {
                Difference::new("reasons", format!("`{piece}`"), format!("{given:?}"))
            });
        }
    }

    fn notes(&mut self, new: &[&ShownChange]) {
        let Some(wanted) = &self.then.notes else {
            return;
        };
        let noted: Vec<&String> = new.iter().flat_map(|c| &c.notes).collect();
        for start in wanted {
            self.expect(noted.iter().any(|n| n.starts_with(start.as_str())), || {
                Difference::new("notes", format!("`{start}`"), format!("{noted:?}"))
            });
        }
        self.expect(!wanted.is_empty() || noted.is_empty(), || {
            Difference::new("notes", "none", format!("{noted:?}"))
        });
    }

    fn entries(&mut self, new: &[&ShownChange]) -> Seen<()> {
        let Some(wanted) = &self.then.entries else {
            return Ok(());
        };
        let added: BTreeSet<Id> = new.iter().flat_map(|c| c.entries.iter().copied()).collect();
        let (kind, id) = self.place;
        let mut got = self.driver.entries(&self.actor, kind, id)?;
        got.retain(|entry| entry.id.is_some_and(|id| added.contains(&id)));
        if got.len() != wanted.len() {
            self.found.push(Difference::new(
                "entries of this step",
                wanted.len().to_string(),
                format!("{}: {got:?}", got.len()),
            ));
            return Ok(());
        }
        for (wanted, got) in wanted.iter().zip(&got) {
            let mut fits = entry_fits(wanted, got, self.names)?;
            if let Some(name) = &wanted.author {
                let author = self.names.actor_name(name, self.driver)?;
                fits &= author == got.author;
            }
            if let Some(content) = &wanted.content {
                let file = got.id.ok_or("an entry without an id")?;
                let bytes = self.driver.content(&self.actor, self.place, file)?;
                fits &= bytes == content.as_bytes();
            }
            self.expect(fits, || {
                Difference::new("entry", format!("{wanted:?}"), format!("{got:?}"))
            });
        }
        Ok(())
    }

    /// Everything that the record shows, whenever it was added.
    fn shown(&mut self) -> Seen<()> {
        let Some(wanted) = &self.then.shown else {
            return Ok(());
        };
        let got = self
            .driver
            .entries(&self.actor, self.place.0, self.place.1)?;
        let got: Vec<&String> = got.iter().map(|entry| &entry.text).collect();
        let same = got.len() == wanted.len()
            && wanted
                .iter()
                .zip(&got)
                .all(|(piece, text)| text.contains(piece.as_str()));
        self.expect(same, || {
            Difference::new("entries shown", format!("{wanted:?}"), format!("{got:?}"))
        });
        Ok(())
    }

    fn outbox(&mut self) -> Seen<()> {
        let Some(wanted) = &self.then.outbox else {
            return Ok(());
        };
        let mut got = self.driver.outbox()?;
        got.retain(|m| m.record == Some(self.place.1) && !self.check.outbox.contains(&m.id));
        if got.len() != wanted.len() {
            self.found.push(Difference::new(
                "messages queued in this step",
                wanted.len().to_string(),
                format!("{}: {got:?}", got.len()),
            ));
            return Ok(());
        }
        for (wanted, got) in wanted.iter().zip(&got) {
            self.expect(message_fits(wanted, got), || {
                Difference::new("message", format!("{wanted:?}"), format!("{got:?}"))
            });
        }
        Ok(())
    }

    fn clocks(&mut self) -> Seen<()> {
        if self.then.clocks.is_empty() {
            return Ok(());
        }
        let all = self.driver.clocks(self.place.1)?;
        let wanted: &BTreeMap<String, ClockLike> = &self.then.clocks;
        for (name, wanted) in wanted {
            let got = all.iter().find(|c| c.clock == *name);
            let state = got.map_or("none", |c| c.state.as_str());
            let due = wanted.due_at.as_ref().map(instant).transpose()?;
            let fits = wanted.state.as_deref().is_none_or(|s| s == state)
                && due.is_none_or(|due| got.is_some_and(|c| c.due_at == due))
                && wanted
                    .breached
                    .is_none_or(|b| got.is_some_and(|c| c.breached_at.is_some() == b))
                && wanted
                    .level
                    .as_ref()
                    .is_none_or(|l| got.is_some_and(|c| c.level == *l));
            self.expect(fits, || {
                let what = format!("clock `{name}`");
                Difference::new(what, format!("{wanted:?}"), format!("{got:?}"))
            });
        }
        Ok(())
    }

    fn form(&mut self) -> Seen<()> {
        let then = self.then;
        if then.form.is_empty() && then.actions.is_empty() && then.named_actions.is_none() {
            return Ok(());
        }
        let form = self.driver.form(&self.actor, self.place.0, self.place.1)?;
        for (name, wanted) in &then.form {
            let got = form.fields.iter().find(|f| is_code(&f.code, name));
            let fits = got.is_some_and(|got| field_fits(wanted, got));
            self.expect(fits, || {
                let what = format!("field `{name}` of the form");
                Difference::new(what, format!("{wanted:?}"), format!("{got:?}"))
            });
        }
        if let Some(wanted) = &then.named_actions {
            let got = &form.named_actions;
            self.expect(wanted == got, || {
                Difference::new("named actions", format!("{wanted:?}"), format!("{got:?}"))
            });
        }
        for (status, why) in &then.actions {
            let got = form.actions.iter().find(|a| is_code(&a.to, status));
            let mut why = why.clone();
            why.sort();
            let fits = got.is_some_and(|got| {
                let mut codes = got.why_not.clone();
                codes.sort();
                codes == why && got.open == why.is_empty()
            });
            self.expect(fits, || {
                let what = format!("the way to `{status}`");
                Difference::new(what, format!("closed by {why:?}"), format!("{got:?}"))
            });
        }
        Ok(())
    }

    fn process(&mut self) -> Seen<()> {
        let then = self.then;
        if then.steps.is_none() && then.stages.is_none() {
            return Ok(());
        }
        let (kind, id) = self.place;
        let got = self.driver.process(&self.actor, kind, id)?;
        if let Some(wanted) = &then.stages {
            let pairs = wanted.iter().zip(&got.stages);
            let alike =
                wanted.len() == got.stages.len() && pairs.clone().all(|(w, g)| is_code(g, w));
            self.expect(alike, || {
                Difference::new("stages", format!("{wanted:?}"), format!("{:?}", got.stages))
            });
        }
        let Some(wanted) = &then.steps else {
            return Ok(());
        };
        for (name, why) in wanted {
            let step = got.steps.iter().find(|(n, _)| is_code(n, name));
            let mut why = why.clone();
            why.sort();
            let fits = step.is_some_and(|(_, codes)| {
                let mut codes = codes.clone();
                codes.sort();
                codes == why
            });
            self.expect(fits, || {
                let what = format!("step `{name}`");
                Difference::new(
                    what,
                    format!("closed by {why:?}"),
                    format!("{:?}", got.steps),
                )
            });
        }
        self.expect(wanted.len() == got.steps.len(), || {
            let names: Vec<&String> = wanted.keys().collect();
            Difference::new("steps", format!("{names:?}"), format!("{:?}", got.steps))
        });
        Ok(())
    }

    fn plan(&mut self) -> Seen<()> {
        let Some(wanted) = &self.then.plan else {
            return Ok(());
        };
        let (kind, id) = self.place;
        let got = self.driver.plan(&self.actor, kind, id)?;
        let mut alike = wanted.len() == got.len();
        for (row, is) in wanted.iter().zip(&got) {
            let row = self.names.object(row)?;
            alike &= row.iter().all(|(name, value)| match field(is, name) {
                Some(is) => same(name, value, is),
                None => value.as_str() == Some(""),
            });
        }
        self.expect(alike, || {
            Difference::new("plan", format!("{wanted:?}"), format!("{got:?}"))
        });
        Ok(())
    }
}

fn fits(wanted: Option<&String>, got: Option<&str>) -> bool {
    wanted.is_none_or(|w| got == Some(w.as_str()))
}

fn entry_fits(wanted: &EntryLike, got: &ShownEntry, names: &Names) -> Seen<bool> {
    let to = wanted.to.as_ref().map(|to| names.get(to)).transpose()?;
    Ok(fits(wanted.kind.as_ref(), Some(&got.kind))
        && fits(wanted.visibility.as_ref(), got.visibility.as_deref())
        && fits(wanted.channel.as_ref(), got.channel.as_deref())
        && fits(wanted.direction.as_ref(), got.direction.as_deref())
        && fits(wanted.relation.as_ref(), got.relation.as_deref())
        && fits(wanted.author_name.as_ref(), got.author_name.as_deref())
        && to.is_none_or(|(_, id)| got.to == Some(id))
        && wanted
            .says
            .all()
            .iter()
            .all(|piece| got.text.contains(piece)))
}

fn message_fits(wanted: &MessageLike, got: &ShownMessage) -> bool {
    fits(wanted.to.as_ref(), Some(&got.to))
        && fits(wanted.channel.as_ref(), Some(&got.channel))
        && wanted.subject.all().iter().all(|p| got.subject.contains(p))
        && wanted.says.all().iter().all(|p| got.text.contains(p))
}

fn field_fits(wanted: &FieldLike, got: &ShownField) -> bool {
    wanted.visible.is_none_or(|w| got.visible == w)
        && wanted.required.is_none_or(|w| got.required == w)
        && wanted.readonly.is_none_or(|w| got.readonly == w)
        && wanted.options.as_ref().is_none_or(|w| got.options == *w)
        && wanted
            .advice
            .all()
            .iter()
            .all(|piece| got.advice.iter().any(|a| a.contains(piece)))
}
