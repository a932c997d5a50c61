//! One record after a step: its fields and all that stands around them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::check::Check;
use super::command::Names;
use super::compare::{field, is_code, same, shown};
use super::driver::{Driver, Seen, ShownChange};
use super::file::{ClockLike, Then};
use super::known::asked;
use super::report::Difference;
use super::unlike::{self, Unlike};
use super::words;
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
            let (names, known) = (self.names, &self.names.known);
            self.expect(is.is_some_and(|is| same(name, value, is)), || {
                let named = |json: Option<&Json>| shown(json.map(|j| names.named(j)).as_ref());
                let word = value.as_str().unwrap_or_default();
                let hint = match name.as_str() {
                    "status" => known.status(word),
                    "type" => known.type_code(word),
                    _ => String::new(),
                };
                let what = match is {
                    None => format!("`{name}`{}", known.field(name)),
                    Some(_) => format!("`{name}`"),
                };
                Difference::new(what, format!("{}{hint}", named(Some(value))), named(is))
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
            let known = &self.names.known;
            self.expect(is.is_some_and(|v| !v.is_null()), || {
                Difference::new(format!("`{name}`{}", known.field(name)), "a value", "none")
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
            let hint = self.names.known.rule(rule);
            self.expect(as_said && hint.is_empty(), || {
                let said = match said.as_slice() {
                    [] => "not_called".to_owned(),
                    said => said.join(", "),
                };
                Difference::new(format!("rule `{rule}`{hint}"), verdict.as_str(), said)
            });
        }
        let given: Vec<&String> = new
            .iter()
            .flat_map(|c| &c.runs)
            .flat_map(|r| &r.reasons)
            .collect();
        for piece in &then.reasons {
            self.expect(given.iter().any(|r| r.contains(piece.as_str())), || {
                Difference::new("reasons", words::text(piece), words::texts(&given))
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
                Difference::new("notes", words::text(start), words::texts(&noted))
            });
        }
        self.expect(!wanted.is_empty() || noted.is_empty(), || {
            Difference::new("notes", "none", words::texts(&noted))
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
                words::tables(
                    &got.iter()
                        .map(|e| words::entry(e, self.names))
                        .collect::<Vec<_>>(),
                ),
            ));
            return Ok(());
        }
        for (place, (wanted, got)) in wanted.iter().zip(&got).enumerate() {
            let mut unlike = unlike::entry(wanted, got, self.names)?;
            if let Some(name) = &wanted.author {
                let author = self.names.actor_name(name, self.driver)?;
                if author != got.author {
                    let got = self.names.named_actor(&got.author);
                    unlike.key("author", &words::text(name), &words::text(&got));
                }
            }
            if let Some(content) = &wanted.content {
                let file = got.id.ok_or("an entry without an id")?;
                let bytes = self.driver.content(&self.actor, self.place, file)?;
                let is = String::from_utf8_lossy(&bytes);
                unlike.text("content", Some(content), Some(&is));
            }
            let what = format!("entry {} of this step", place + 1);
            self.found.extend(unlike.difference(what));
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
            Difference::new("entries shown", words::texts(wanted), words::texts(&got))
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
                words::tables(&got.iter().map(words::message).collect::<Vec<_>>()),
            ));
            return Ok(());
        }
        for (place, (wanted, got)) in wanted.iter().zip(&got).enumerate() {
            let what = format!("message {} of this step", place + 1);
            self.found
                .extend(unlike::message(wanted, got).difference(what));
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
            let what = match got {
                Some(_) => format!("clock `{name}`"),
                None => {
                    let running = all.iter().map(|c| c.clock.as_str());
                    format!(
                        "clock `{name}`{}",
                        asked(crate::packs::nearest(name, running))
                    )
                }
            };
            let unlike = unlike::clock(wanted, got)?;
            self.found.extend(unlike.difference(what));
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
            let what = format!("field `{name}` of the form");
            let found = match got {
                Some(got) => unlike::field(wanted, got).difference(what),
                None => {
                    let codes = form.fields.iter().map(|f| f.code.as_str());
                    let hint = asked(crate::packs::nearest(name, codes));
                    Some(Difference::new(
                        what,
                        "a field",
                        format!("no such field{hint}"),
                    ))
                }
            };
            self.found.extend(found);
        }
        if let Some(wanted) = &then.named_actions {
            let got = &form.named_actions;
            self.expect(wanted == got, || {
                Difference::new("named actions", words::texts(wanted), words::texts(got))
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
                let ways = form.actions.iter().map(|a| a.to.as_str());
                let is = match got {
                    Some(got) => words::way(got),
                    None => format!("no such way{}", asked(crate::packs::nearest(status, ways))),
                };
                let what = format!("the way to `{status}`");
                Difference::new(what, words::closed(&why), is)
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
                Difference::new("stages", words::texts(wanted), words::texts(&got.stages))
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
                let is = match step {
                    Some((_, codes)) => words::closed(codes),
                    None => "no such step".to_owned(),
                };
                Difference::new(what, words::closed(&why), is)
            });
        }
        self.expect(wanted.len() == got.steps.len(), || {
            let names: Vec<&String> = wanted.keys().collect();
            let got: Vec<&String> = got.steps.iter().map(|(name, _)| name).collect();
            Difference::new("steps", words::texts(&names), words::texts(&got))
        });
        Ok(())
    }

    fn plan(&mut self) -> Seen<()> {
        let Some(wanted) = &self.then.plan else {
            return Ok(());
        };
        let (kind, id) = self.place;
        let got = self.driver.plan(&self.actor, kind, id)?;
        if wanted.len() != got.len() {
            let title = |row: &Map<String, Json>| match field(row, "title") {
                Some(title) => words::value(title, self.names),
                None => "an activity".to_owned(),
            };
            let got: Vec<String> = got.iter().map(title).collect();
            let (count, got) = (wanted.len().to_string(), words::tables(&got));
            self.found
                .push(Difference::new("rows of the plan", count, got));
            return Ok(());
        }
        for (place, (row, is)) in wanted.iter().zip(&got).enumerate() {
            let mut unlike = Unlike::default();
            for (name, value) in self.names.object(row)? {
                let is = field(is, &name);
                let fits = match is {
                    Some(is) => same(&name, &value, is),
                    None => value.as_str() == Some(""),
                };
                if !fits {
                    let is = is.map_or_else(String::new, |is| words::value(is, self.names));
                    unlike.key(&name, &words::value(&value, self.names), &is);
                }
            }
            let what = format!("row {} of the plan", place + 1);
            self.found.extend(unlike.difference(what));
        }
        Ok(())
    }
}
