//! What form rules demand, enforced on every write.

use std::collections::BTreeMap;

use super::Deciding;
use super::update::place;
use crate::desk::{Fault, Result};
use crate::domain::{Id, Kind, Value};
use crate::hooks::{Detail, FieldRule, Hook, Rule};

/// What form rules demand of a field, and which rule said so last.
#[derive(Default)]
struct Demand {
    required: Option<String>,
    readonly: Option<String>,
    options: Option<(Vec<String>, String)>,
}

impl Demand {
    fn add(&mut self, form: &FieldRule, by: &str) {
        if let Some(required) = form.required {
            self.required = required.then(|| by.to_owned());
        }
        if let Some(readonly) = form.readonly {
            self.readonly = readonly.then(|| by.to_owned());
        }
        if let Some(options) = &form.options {
            self.options = Some((options.clone(), by.to_owned()));
        }
    }
}

impl Deciding<'_, '_> {
    /// What form rules demand holds on every way a record is written. Later rules win, as on the
    /// form.
    pub(super) fn check_form(&mut self, kind: Kind, id: Id) -> Result<Vec<Fault>> {
        let mut faults = Vec::new();
        let mut demands: BTreeMap<String, Demand> = BTreeMap::new();
        self.scene(Hook::FormRules, kind, id, &Detail::None);
        for rule in self.due_rules(Hook::FormRules, kind, id) {
            let ruled = match self.call_rule(&rule, kind, id, &Detail::None)? {
                Ok(Some(ruled)) => ruled,
                Ok(None) => continue,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            for form in &ruled.decision.form {
                match self.form_field(&rule, kind, id, form)? {
                    Ok(field) => demands
                        .entry(field)
                        .or_default()
                        .add(form, &place(&rule, form.spot.line)),
                    Err(fault) => faults.push(fault),
                }
            }
        }
        for (field, demand) in &demands {
            faults.extend(self.unmet(kind, id, field, demand)?);
        }
        Ok(faults)
    }

    /// The full code of the field that a form rule is about.
    fn form_field(
        &self,
        rule: &Rule,
        kind: Kind,
        id: Id,
        form: &FieldRule,
    ) -> Result<std::result::Result<String, Fault>> {
        let record = self.draft.record(kind, id)?;
        let catalog = &self.ground.catalog;
        let found = catalog.resolve(kind, record.type_code(), Some(&rule.pack), &form.field);
        Ok(found.map(|def| def.code.clone()).ok_or_else(|| {
            let text = "a form rule names no field of the record";
            let mut fault = Fault::field(&form.field, "unknown_field", text);
            fault.rule = Some(place(rule, form.spot.line));
            fault
        }))
    }

    /// What of a demand does not hold.
    fn unmet(&self, kind: Kind, id: Id, field: &str, demand: &Demand) -> Result<Option<Fault>> {
        let value = self.draft.record(kind, id)?.get(field);
        let filled = value.is_some_and(Value::is_filled);
        let changed =
            self.draft.was_asked(kind, id, field) && self.differs_from_before(kind, id, field);
        let (code, message, by) = if let Some(by) = demand.required.as_ref().filter(|_| !filled) {
            ("required", "a value is needed".to_owned(), by)
        } else if let Some(by) = demand.readonly.as_ref().filter(|_| changed) {
            ("readonly", "may not be changed now".to_owned(), by)
        } else if let Some((offered, by)) = &demand.options
            && let Some((code, message)) = not_offered(value, offered)
        {
            (code, message, by)
        } else {
            return Ok(None);
        };
        let mut fault = Fault::field(field, code, message);
        fault.rule = Some(by.clone());
        Ok(Some(fault))
    }

    fn differs_from_before(&self, kind: Kind, id: Id, field: &str) -> bool {
        let Some(work) = self.draft.records.get(&(kind, id)) else {
            return false;
        };
        let before = work.before.as_ref().and_then(|b| b.get(field));
        work.now.as_ref().and_then(|n| n.get(field)) != before
    }
}

fn not_offered(value: Option<&Value>, offered: &[String]) -> Option<(&'static str, String)> {
    let chosen: Vec<&str> = match value? {
        Value::Text(code) => vec![code],
        Value::List(items) => items.iter().filter_map(Value::as_text).collect(),
        _ => return None,
    };
    let wrong = chosen
        .into_iter()
        .find(|c| !offered.iter().any(|o| o == c))?;
    Some((
        "not_offered",
        format!(
            "`{wrong}` is not offered now; choose of {}",
            offered.join(", ")
        ),
    ))
}
