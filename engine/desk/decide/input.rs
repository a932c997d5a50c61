//! Reading fields that somebody asks for.

use serde_json::{Map, Value as Json};

use super::Deciding;
use crate::desk::ahead::{MAX_FIELDS, Named};
use crate::desk::journal::By;
use crate::desk::{Error, Fault, Result, lookup};
use crate::domain::{FieldDef, Id, Kind, Record, Value, record::fields};

impl Deciding<'_, '_> {
    /// Reads asked values into the record of the draft. All faults are found together.
    pub(super) fn set_asked(
        &mut self,
        kind: Kind,
        id: Id,
        asked: &Map<String, Json>,
    ) -> Result<()> {
        if asked.len() > MAX_FIELDS {
            return Err(Error::field(
                "fields",
                "too_many",
                format!("{} fields are over the limit of {MAX_FIELDS}", asked.len()),
            ));
        }
        let type_code = self.type_of(kind, id);
        let mut faults = Vec::new();
        let mut values: Vec<(String, Option<Value>)> = Vec::new();
        for (name, json) in asked {
            if name == fields::TYPE || name == fields::STATUS {
                continue;
            }
            match self.read_named(kind, type_code.as_deref(), name, json)? {
                Ok(read) => values.push(read),
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        for (name, value) in values {
            self.input.asked.push(name.clone());
            self.draft.set(kind, id, &name, value, By::Asked);
            // A value that was asked for counts as a person's own even when it changes nothing.
            self.draft.note_asked(kind, id, &name);
        }
        Ok(())
    }

    /// Reads a value for a field by its name as whoever asks may set it, with the full code of the field.
    pub(super) fn read_named(
        &mut self,
        kind: Kind,
        type_code: Option<&str>,
        name: &str,
        json: &Json,
    ) -> Result<std::result::Result<(String, Option<Value>), Fault>> {
        let catalog = std::sync::Arc::clone(&self.ground.catalog);
        let Some(def) = catalog.field(kind, type_code, name) else {
            return Ok(Err(self.unknown_field(kind, type_code, name)));
        };
        if self.sight.hides(kind, def)? {
            return Ok(Err(self.unknown_field(kind, type_code, name)));
        }
        let read = self.read_asked(def, json);
        Ok(read.map(|value| (def.code.clone(), value)))
    }

    /// Reads what the command will need in at most two trips: the record, who acts, the records that
    /// values refer to by id or code, and who holds the unique values.
    pub(super) fn foresee(
        &mut self,
        kind: Kind,
        id: Option<Id>,
        asked: &Map<String, Json>,
    ) -> Result<()> {
        let named = Named::by(&self.ground.catalog, kind, asked);
        self.draft.load_guards(named.guards().collect())?;
        let mut wanted = named.records;
        wanted.extend(id.map(|id| (kind, id)));
        wanted.extend(self.person());
        for (target, keys) in named.codes {
            let held = |key: &Vec<u8>| self.draft.guards.get(key).copied().flatten();
            wanted.extend(keys.iter().find_map(held).map(|id| (target, id)));
        }
        self.draft.load(&wanted)
    }

    /// The record of whoever acts: rules speak its language.
    pub(super) fn person(&self) -> Option<(Kind, Id)> {
        self.actor.record()
    }

    fn read_asked(
        &mut self,
        def: &FieldDef,
        json: &Json,
    ) -> std::result::Result<Option<Value>, Fault> {
        if def.readonly {
            return Err(Fault::field(
                &def.code,
                "readonly",
                "is set by the engine only",
            ));
        }
        if def.internal && !self.actor.sees_internal() {
            return Err(Fault::field(
                &def.code,
                "unknown_field",
                "there is no such field",
            ));
        }
        if def.retired && !json.is_null() {
            return Err(Fault::field(
                &def.code,
                "retired",
                "the field is retired; leave it out",
            ));
        }
        // References may be given by code, as people write them.
        if let (Some(target), Some(code)) = (def.target, json.as_str())
            && code.parse::<Id>().is_err()
            && !code.is_empty()
        {
            return self
                .by_code(target, code)
                .map_err(|e| Fault::field(&def.code, "unknown_record", e.message));
        }
        def.read(json)
            .map_err(|message| Fault::field(&def.code, "malformed", message))
    }

    /// The record of a kind with a code or external id.
    pub(super) fn by_code(&mut self, kind: Kind, code: &str) -> Result<Option<Value>> {
        let wanted = lookup::guards(kind, code);
        self.draft.load_guards(wanted.to_vec())?;
        let held = |key: &Vec<u8>| self.draft.guards.get(key).copied().flatten();
        let found = wanted.iter().find_map(held);
        found.map(|id| Some(Value::Ref(id))).ok_or_else(|| {
            let code: String = code.chars().take(64).collect();
            Error::field(
                "code",
                "unknown_record",
                format!("there is no {} `{code}`", kind.name()),
            )
        })
    }

    fn unknown_field(&self, kind: Kind, type_code: Option<&str>, name: &str) -> Fault {
        let known: Vec<&str> = self
            .ground
            .catalog
            .fields(kind, type_code)
            .iter()
            .map(|f| f.code.as_str())
            .collect();
        let short: String = name.chars().take(64).collect();
        let bare = known.iter().map(|k| k.rsplit('/').next().unwrap_or(k));
        let near = crate::packs::nearest(&short, known.iter().copied().chain(bare));
        let hint = near
            .map(|n| format!("; did you mean `{n}`?"))
            .unwrap_or_default();
        Fault::field(
            &short,
            "unknown_field",
            format!("there is no such field{hint}"),
        )
    }

    /// Checks that every reference of a record that was changed points at something.
    pub(super) fn check_references(&mut self, kind: Kind, id: Id) -> Result<()> {
        let Some(work) = self.draft.records.get(&(kind, id)) else {
            return Ok(());
        };
        let Some(record) = &work.now else {
            return Ok(());
        };
        let mut changed = Record::new(id, kind);
        for (name, value) in &record.fields {
            match (work.before.as_ref().and_then(|b| b.get(name)), value) {
                (Some(before), value) if before == value => {}
                // What stood in a list before was checked before, perhaps for somebody else.
                (Some(Value::List(before)), Value::List(items)) => {
                    let new = items.iter().filter(|item| !before.contains(item));
                    changed.put(name, Some(Value::List(new.cloned().collect())));
                }
                _ => changed.put(name, Some(value.clone())),
            }
        }
        let type_code = record.type_code().map(str::to_owned);
        let faults = self.unknown_references(&changed, type_code.as_deref())?;
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(faults))
        }
    }

    /// Faults for the references of a record's values to what whoever asks may not name.
    pub(super) fn unknown_references(
        &mut self,
        record: &Record,
        type_code: Option<&str>,
    ) -> Result<Vec<Fault>> {
        let mut wanted: Vec<(String, Kind, Id)> = Vec::new();
        for (name, value) in &record.fields {
            let def = self.ground.catalog.field(record.kind, type_code, name);
            let Some(target) = def.and_then(|d| d.target) else {
                continue;
            };
            let one = std::slice::from_ref(value);
            let all = match value {
                Value::List(items) => items,
                _ => one,
            };
            let ids = all.iter().filter_map(Value::as_ref_id);
            wanted.extend(ids.map(|to| (name.clone(), target, to)));
        }
        let places: Vec<(Kind, Id)> = wanted.iter().map(|(_, k, i)| (*k, *i)).collect();
        self.draft.load(&places)?;
        let mut faults = Vec::new();
        for (name, k, i) in wanted {
            let known = match self.draft.peek(k, i) {
                Some(other) => self.sight.may_refer(other)?,
                None => false,
            };
            if !known {
                faults.push(Fault::field(
                    &name,
                    "unknown_record",
                    format!("there is no {} `{i}`", k.name()),
                ));
            }
        }
        Ok(faults)
    }
}
