//! Applying effects: validated like any user's input, all of a rule's or none.

use std::sync::Arc;

use super::entries::{check_text, short};
use super::intake::{CONVERTED, SOURCE};
use super::notify::Words;
use super::rules::Ruled;
use super::{Deciding, MAX_DEPTH};
use crate::desk::journal::{By, Purpose, Timer};
use crate::desk::{Error, ErrorKind, Result, keys};
use crate::domain::entry::{Entry, EntryBody};
use crate::domain::{FieldDef, Id, Kind, Value, record::fields};
use crate::hooks::{Effect, Hook};
use crate::packs::nearest;
use crate::store::Table;

/// Furthest that a timer may be set ahead, in days.
const MAX_AHEAD_DAYS: i64 = 3_660;

impl Deciding<'_, '_> {
    /// Applies the effects of a rule. When one of them is refused, none is applied and the journal
    /// says why; a chain that is too deep fails the command.
    pub(super) fn apply_effects(&mut self, ruled: &Ruled, kind: Kind, id: Id) -> Result<()> {
        if ruled.decision.effects.is_empty() {
            return Ok(());
        }
        let rule = ruled.rule.id();
        if self.chain.len() >= MAX_DEPTH {
            let error = Error::new(
                ErrorKind::Conflict,
                "chain_too_deep",
                format!(
                    "rules cause one another without end: {} -> {rule}",
                    self.chain.join(" -> ")
                ),
            );
            self.too_deep(ruled, id, &error);
            return Err(error);
        }
        // The way goes on whatever becomes of the effects.
        let trace = std::mem::take(&mut self.draft.trace);
        let saved = self.draft.clone();
        self.draft.trace = trace;
        if !self.act(&ruled.rule, id)? {
            return Ok(());
        }
        let back = self.draft.trace.enter(ruled.run);
        let created = self.created;
        self.chain.push(rule);
        let mut result = Ok(());
        for (effect, spot) in &ruled.decision.effects {
            result = self
                .apply(ruled, effect, ruled.by(*spot), kind, id)
                .map_err(|mut e| {
                    if spot.line > 0 && e.code != "chain_too_deep" {
                        e.message = format!("line {}: {}", spot.line, e.message);
                    }
                    e
                });
            if result.is_err() {
                break;
            }
        }
        self.chain.pop();
        self.draft.trace.leave(result.is_err().then_some(back));
        let Err(error) = result else { return Ok(()) };
        if error.code == "chain_too_deep" {
            self.too_deep(ruled, id, &error);
            return Err(error);
        }
        let runs = std::mem::take(&mut self.draft.runs);
        let trace = std::mem::take(&mut self.draft.trace);
        self.draft = saved;
        self.draft.runs = runs;
        self.draft.trace = trace;
        self.created = created;
        self.retract(ruled, id, &error.message);
        Ok(())
    }

    /// The command fails, and the rule at the end of the chain failed: that one, and once.
    fn too_deep(&mut self, ruled: &Ruled, id: Id, error: &Error) {
        if !std::mem::replace(&mut self.went_too_deep, true) {
            self.retract(ruled, id, &error.message);
        }
    }

    fn apply(&mut self, ruled: &Ruled, effect: &Effect, by: By, kind: Kind, id: Id) -> Result<()> {
        match ruled.rule.hook {
            Hook::RecordDefaults => return self.apply_default(ruled, effect, by, kind, id),
            Hook::FieldCompute => return self.apply_computed(ruled, effect, by, kind, id),
            Hook::PackLifecycle => Self::only_create(ruled, effect)?,
            _ => {}
        }
        match effect {
            Effect::Set { field, value } => {
                let name = self.rule_field(ruled, kind, id, field)?;
                self.set_over(ruled, kind, id, &name, value.clone(), by)
            }
            Effect::Transition { to } => {
                let full = self
                    .status_code(kind, id, to)
                    .ok_or_else(|| self.unknown_status(kind, id, to))?;
                if self.draft.record(kind, id)?.status() != Some(full.as_str()) {
                    self.refuse_derived(kind, id)?;
                }
                self.transition(kind, id, &full, by)
            }
            Effect::Assign { agent, team } => {
                self.assign(kind, id, agent.as_deref(), team.as_deref(), by)
            }
            Effect::Comment { visibility, text } => {
                check_text("text", text)?;
                let body = EntryBody::Comment {
                    visibility: *visibility,
                    text: text.clone(),
                };
                self.add_rule_entry(ruled, kind, id, body);
                Ok(())
            }
            Effect::Create {
                kind: new,
                type_code,
                fields: values,
                relation,
            } => {
                let type_code = type_code.as_deref().map(|t| own(ruled, t));
                let values: Vec<(String, Value)> =
                    values.iter().map(|(n, v)| (n.clone(), v.clone())).collect();
                let values = self.full_names(ruled, *new, type_code.as_deref(), values);
                let of = (*new, type_code.as_deref());
                let Some(values) = self.unless_there(ruled, of, values)? else {
                    return Ok(());
                };
                if relation == CONVERTED && kind == Kind::Lead && *new == Kind::Ticket {
                    return self.convert_by_rule(id, type_code, &values, by).map(|_| ());
                }
                if relation == SOURCE && kind == Kind::Inquiry {
                    return self.accept_by_rule(id, (*new, type_code), values, by);
                }
                let made = self.create_by_rule(*new, type_code, &values, by)?;
                if relation.is_empty() {
                    return Ok(());
                }
                self.link(ruled, (*new, made), relation, (kind, id))
            }
            Effect::Link {
                relation,
                kind: to_kind,
                to,
            } => self.link(ruled, (kind, id), relation, (*to_kind, *to)),
            Effect::Tag(tag) => self.tag(kind, id, tag, true, by),
            Effect::Untag(tag) => self.tag(kind, id, tag, false, by),
            Effect::Schedule { name, at, data } => self.schedule(ruled, kind, id, name, *at, data),
            Effect::Unschedule { name } => {
                self.unset_by_old_names(ruled, id, name)?;
                self.draft
                    .timers
                    .insert((id, timer_name(ruled, name)), None);
                Ok(())
            }
            Effect::Notify {
                to,
                channel,
                subject,
                text,
            } => {
                let words = Words {
                    channel,
                    subject,
                    text,
                };
                self.notify(ruled, (kind, id), to, &words)
            }
            Effect::Webhook { name, body } => {
                let to = format!("webhook:{name}");
                self.queue((kind, id), "webhook", &to, "", body, &ruled.rule.id());
                Ok(())
            }
            Effect::Custom { kind: name, data } => {
                self.apply_custom(ruled, (name, data), by, (kind, id))
            }
        }
    }

    /// Values by the full names of their fields, as a rule names them.
    fn full_names(
        &self,
        ruled: &Ruled,
        kind: Kind,
        type_code: Option<&str>,
        values: Vec<(String, Value)>,
    ) -> Vec<(String, Value)> {
        let pack = Some(&*ruled.rule.pack);
        let full = |name: String| {
            let def = self.ground.catalog.resolve(kind, type_code, pack, &name);
            def.map_or(name, |def| def.code.clone())
        };
        values.into_iter().map(|(n, v)| (full(n), v)).collect()
    }

    /// A default never replaces a value that is there.
    fn apply_default(
        &mut self,
        ruled: &Ruled,
        effect: &Effect,
        by: By,
        kind: Kind,
        id: Id,
    ) -> Result<()> {
        let (field, value) = only_set(ruled, effect)?;
        let name = self.rule_field(ruled, kind, id, field)?;
        let held = self.draft.record(kind, id)?.get(&name).is_some();
        let by_definition = self
            .draft
            .records
            .get(&(kind, id))
            .and_then(|w| w.by.get(&name))
            .is_some_and(|by| *by == By::Engine);
        if self.draft.was_asked(kind, id, &name) || (held && !by_definition) {
            return Ok(());
        }
        self.set_by_rule(kind, id, &name, value.cloned(), by)
    }

    /// Sets a value over an earlier one; a person's own only with `override = true`.
    pub(super) fn set_over(
        &mut self,
        ruled: &Ruled,
        kind: Kind,
        id: Id,
        name: &str,
        value: Option<Value>,
        by: By,
    ) -> Result<()> {
        let record = self.draft.record(kind, id)?;
        if record.get(name) == value.as_ref() {
            return Ok(());
        }
        if self.draft.was_asked(kind, id, name) && !ruled.rule.overrides {
            self.note_once(format!("kept_asked:{name}:{}", ruled.rule.id()));
            return Ok(());
        }
        let earlier = self
            .draft
            .records
            .get(&(kind, id))
            .and_then(|w| w.by.get(name));
        let place = |run: u16| self.draft.runs.get(usize::from(run)).map(|r| r.rule);
        let overridden = match earlier {
            Some(By::Asked) => true,
            // A rule that has its say again corrects itself.
            Some(By::Rule { run, .. }) => place(*run) != place(ruled.run),
            _ => false,
        };
        if overridden {
            self.note_once(format!("override:{name}:{}", ruled.rule.id()));
        }
        self.set_by_rule(kind, id, name, value, by)
    }

    /// A remark for the journal, said once however often it comes up.
    pub(super) fn note_once(&mut self, note: String) {
        if !self.draft.notes.contains(&note) {
            self.draft.notes.push(note);
        }
    }

    /// Sets a value that a rule gives, checked by the field's definition.
    pub(super) fn set_by_rule(
        &mut self,
        kind: Kind,
        id: Id,
        name: &str,
        value: Option<Value>,
        by: By,
    ) -> Result<()> {
        let type_code = self.type_of(kind, id);
        let catalog = std::sync::Arc::clone(&self.ground.catalog);
        let def = catalog
            .field(kind, type_code.as_deref(), name)
            .ok_or_else(|| self.no_field(kind, type_code.as_deref(), name))?;
        // A pack's read-only fields are for rules; the engine's are for the engine.
        let engine_only = def.readonly && !def.code.contains('/');
        if engine_only || [fields::TYPE, fields::STATUS].contains(&def.code.as_str()) {
            return Err(Error::field(name, "readonly", "is not for rules to set"));
        }
        let value = match value {
            Some(v) => Some(
                def.check(&v)
                    .map_err(|m| Error::field(name, "malformed", near_option(def, &v, m)))?,
            ),
            None => None,
        };
        self.draft.set(kind, id, &def.code, value, by);
        Ok(())
    }

    pub(super) fn rule_field(
        &self,
        ruled: &Ruled,
        kind: Kind,
        id: Id,
        name: &str,
    ) -> Result<String> {
        let type_code = self.type_of(kind, id);
        let pack = Some(&*ruled.rule.pack);
        let found = self
            .ground
            .catalog
            .resolve(kind, type_code.as_deref(), pack, name);
        found
            .map(|def| def.code.clone())
            .ok_or_else(|| self.no_field(kind, type_code.as_deref(), name))
    }

    /// A rule named a field that the record does not have.
    fn no_field(&self, kind: Kind, type_code: Option<&str>, name: &str) -> Error {
        let fields = self.ground.catalog.fields(kind, type_code).iter();
        let near = nearest(name, fields.map(|def| def.code.as_str()));
        let shown: String = name.chars().take(64).collect();
        let message = format!("there is no field `{shown}` on this record");
        Error::field(name, "unknown_field", with_hint(message, near))
    }

    fn add_rule_entry(&mut self, ruled: &Ruled, kind: Kind, id: Id, body: EntryBody) {
        let entry = Entry {
            id: self.allot.id(self.ground.now),
            at: self.ground.now,
            author: format!("rule:{}", ruled.rule.id()),
            body,
        };
        self.draft.add_entry(kind, id, entry, Some(ruled.run));
    }

    fn link(
        &mut self,
        ruled: &Ruled,
        from: (Kind, Id),
        relation: &str,
        to: (Kind, Id),
    ) -> Result<()> {
        short("relation", relation, 64)?;
        self.draft.load(&[from, to])?;
        self.draft.record(to.0, to.1)?;
        let body = EntryBody::Link {
            relation: relation.to_owned(),
            kind: to.0,
            to: to.1,
        };
        self.add_rule_entry(ruled, from.0, from.1, body);
        Ok(())
    }

    fn tag(&mut self, kind: Kind, id: Id, tag: &str, add: bool, by: By) -> Result<()> {
        let mut tags = match self.draft.record(kind, id)?.get(fields::TAGS) {
            Some(Value::List(tags)) => tags.clone(),
            _ => Vec::new(),
        };
        let tag = Value::from(tag);
        tags.retain(|t| *t != tag);
        if add {
            tags.push(tag);
        }
        let value = if tags.is_empty() {
            None
        } else {
            Some(Value::List(tags))
        };
        self.set_by_rule(kind, id, fields::TAGS, value, by)
    }

    fn schedule(
        &mut self,
        ruled: &Ruled,
        kind: Kind,
        id: Id,
        name: &str,
        at: crate::domain::Instant,
        data: &str,
    ) -> Result<()> {
        let furthest = self.ground.now + chrono::TimeDelta::days(MAX_AHEAD_DAYS);
        if name.is_empty() || name.len() > 64 || at > furthest {
            return Err(Error::field(
                "schedule",
                "malformed",
                format!("a timer needs a name of 1 to 64 bytes and a time before {furthest}"),
            ));
        }
        self.unset_by_old_names(ruled, id, name)?;
        let name = timer_name(ruled, name);
        let purpose = Purpose::Rule {
            pack: ruled.rule.pack.to_string(),
            data: data.to_owned(),
        };
        self.set_timer(kind, id, &name, at, purpose);
        Ok(())
    }

    /// A timer that an older revision set, by what it called it: it is the same timer.
    fn unset_by_old_names(&mut self, ruled: &Ruled, owner: Id, name: &str) -> Result<()> {
        let catalog = Arc::clone(&self.ground.catalog);
        let Some(pack) = catalog.pack(&ruled.rule.pack) else {
            return Ok(());
        };
        for old in pack.timer_before(name) {
            let full = timer_name(ruled, &old);
            let key = keys::timer_name(owner, &full);
            let row = self.draft.snapshot.get(Table::TimerNames, &key)?;
            let set = row.and_then(|row| keys::id_at_end(&row.bytes));
            if set.is_some_and(|set| pack.timer_now(set, &old) == name) {
                self.draft.timers.insert((owner, full), None);
            }
        }
        Ok(())
    }

    /// Sets a timer of a record; one of the same name is replaced.
    pub(super) fn set_timer(
        &mut self,
        kind: Kind,
        owner: Id,
        name: &str,
        due: crate::domain::Instant,
        purpose: Purpose,
    ) {
        let id = self.allot.id(self.ground.now);
        let timer = Timer {
            id,
            due,
            kind,
            owner,
            name: name.to_owned(),
            purpose,
        };
        self.draft
            .timers
            .insert((owner, name.to_owned()), Some(timer));
    }
}

/// The effect of a hook that may set fields and nothing else.
pub(super) fn only_set<'e>(
    ruled: &Ruled,
    effect: &'e Effect,
) -> Result<(&'e str, Option<&'e Value>)> {
    match effect {
        Effect::Set { field, value } => Ok((field, value.as_ref())),
        other => Err(Error::field(
            "effect",
            "effect_not_allowed",
            format!(
                "`{}` may set fields only, not `{}`",
                ruled.rule.hook,
                other.name()
            ),
        )),
    }
}

/// What is wrong with a value, and the option that was probably meant.
fn near_option(def: &FieldDef, value: &Value, message: String) -> String {
    let is_known = |code: &&str| def.options.iter().all(|o| o.code != **code);
    let wrong = match value {
        Value::List(items) => items.iter().filter_map(Value::as_text).find(is_known),
        value => value.as_text().filter(|code| is_known(code)),
    };
    let options = def.options.iter().map(|o| o.code.as_str());
    with_hint(message, wrong.and_then(|wrong| nearest(wrong, options)))
}

/// A message with the word that was probably meant.
pub fn with_hint(message: String, near: Option<String>) -> String {
    match near {
        Some(near) => format!("{message}; did you mean `{near}`?"),
        None => message,
    }
}

/// Names of rules' timers carry the pack, so that packs do not meet.
fn timer_name(ruled: &Ruled, name: &str) -> String {
    format!("{}/{name}", ruled.rule.pack)
}

fn own(ruled: &Ruled, code: &str) -> String {
    crate::domain::Code::qualify(&ruled.rule.pack, code).0
}
