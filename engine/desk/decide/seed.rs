//! Records that a pack brings: made once, and its users' own from then on.

use super::Deciding;
use super::rules::Ruled;
use crate::desk::{Error, Result};
use crate::domain::{FieldDef, Id, Kind, Value};
use crate::hooks::Effect;
use crate::packs::{Loaded, seed};

impl Deciding<'_, '_> {
    /// Leaves out what the revision before brought already: whoever deleted it does not want it back.
    pub(super) fn only_new_seeds(ruled: &mut Ruled, old: Option<&Loaded>) {
        let (true, Some(old)) = (is_seed(ruled), old) else {
            return;
        };
        let known = |effect: &Effect| match effect {
            Effect::Create { kind, fields, .. } => {
                let of = |seed: &seed::Seed| {
                    seed.kind == *kind && Some(seed.external_id.as_str()) == external_id(fields)
                };
                old.seeds.iter().any(of)
            }
            _ => false,
        };
        ruled.decision.effects.retain(|(effect, _)| !known(effect));
    }

    /// The values of a record that a rule makes; none when it is one that a pack brings and that is
    /// there already.
    pub(super) fn unless_there(
        &mut self,
        ruled: &Ruled,
        (kind, type_code): (Kind, Option<&str>),
        values: Vec<(String, Value)>,
    ) -> Result<Option<Vec<(String, Value)>>> {
        if !is_seed(ruled) {
            return Ok(Some(values));
        }
        if let Some(id) = external_id(&values)
            && self.known_as(kind, id).is_ok()
        {
            return Ok(None);
        }
        let catalog = std::sync::Arc::clone(&self.ground.catalog);
        let mut read = Vec::with_capacity(values.len());
        for (name, value) in values {
            let value = match catalog.field(kind, type_code, &name) {
                Some(def) => self.seed_value(def, value)?,
                None => value,
            };
            read.push((name, value));
        }
        Ok(Some(read))
    }

    /// A value as its field holds it.
    fn seed_value(&mut self, def: &FieldDef, value: Value) -> Result<Value> {
        let Some(target) = def.target else {
            let json = value.to_json();
            let read = def.read(&json);
            let read = read.map_err(|m| Error::field(&def.code, "malformed", m))?;
            return Ok(read.unwrap_or(value));
        };
        match value {
            Value::List(items) => {
                let items = items.into_iter().map(|item| self.named(target, item));
                Ok(Value::List(items.collect::<Result<_>>()?))
            }
            one => self.named(target, one),
        }
    }

    /// A reference that is named by id, code or external id.
    fn named(&mut self, kind: Kind, value: Value) -> Result<Value> {
        match value.as_text() {
            Some(text) => match text.parse::<Id>() {
                Ok(id) => Ok(Value::Ref(id)),
                Err(_) => self.known_as(kind, text),
            },
            None => Ok(value),
        }
    }

    /// The record with a code or external id: one of this command first.
    fn known_as(&mut self, kind: Kind, code: &str) -> Result<Value> {
        let mut drafted = self.draft.records.iter();
        let new = drafted.find_map(|((k, id), work)| {
            let record = work.now.as_deref().filter(|_| *k == kind)?;
            let held = |field| record.text(field) == Some(code);
            (held(seed::KEY) || held("code")).then_some(*id)
        });
        if let Some(id) = new {
            return Ok(Value::Ref(id));
        }
        let found = self.by_code(kind, code)?;
        found.ok_or_else(Error::not_found)
    }
}

fn is_seed(ruled: &Ruled) -> bool {
    ruled.rule.runner.nature() == seed::SEED
}

fn external_id(values: &[(String, Value)]) -> Option<&str> {
    let found = values.iter().find(|(name, _)| name == seed::KEY);
    found.and_then(|(_, value)| value.as_text())
}
