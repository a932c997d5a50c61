//! `config.guard`: rules that watch the configuration. A pack watches what others define and what
//! administrators add; about itself its `pack.lifecycle` decides, so that a guard that breaks can
//! always be replaced, put to rest or removed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

use super::Deciding;
use crate::desk::{Error, Result};
use crate::domain::definitions::TypeDef;
use crate::domain::field::OptionDef;
use crate::domain::{FieldDef, Id, Kind, Record, StatusDef, Value};
use crate::hooks::{ConfigOperation, ConfigView, Detail, Hook};
use crate::packs::{self, Change, Changed, Loaded, Subject};

/// The place of what is about no record.
pub const NOWHERE: (Kind, Id) = (Kind::Ticket, Id::MIN);

impl Deciding<'_, '_> {
    /// Refuses changes of the configuration that rules refuse, all reasons together.
    pub(super) fn guard_config(&mut self, changes: Vec<ConfigView>) -> Result<()> {
        let (kind, id) = NOWHERE;
        let mut faults = Vec::new();
        for change in changes {
            let change = Arc::new(change);
            let detail = Detail::Config(Arc::clone(&change));
            self.scene(Hook::ConfigGuard, kind, id, &detail);
            for rule in self.due_rules(Hook::ConfigGuard, kind, id) {
                if change.is_of(&rule.pack) {
                    continue;
                }
                match self.call_rule(&rule, kind, id, &detail)? {
                    Ok(Some(ruled)) => {
                        let refusals = ruled.decision.refusals.iter();
                        let refused = refusals.map(|r| {
                            let mut fault = self.refusal(&rule, kind, None, r);
                            fault.field = Some(change.code.clone());
                            fault
                        });
                        faults.extend(refused);
                    }
                    Ok(None) => {}
                    Err(fault) => faults.push(fault),
                }
            }
        }
        if faults.is_empty() {
            return Ok(());
        }
        Err(Error::refused("config_refused", faults))
    }

    /// Guards a record that says how the desk works: a calendar or a support level.
    pub(super) fn guard_records(&mut self) -> Result<()> {
        let watched = [Kind::Calendar, Kind::SupportLevel];
        if self.by_next {
            // A pack brings what it likes; that it comes was asked.
            return Ok(());
        }
        let records = self.draft.records.iter();
        let changed =
            records.filter(|((kind, _), work)| watched.contains(kind) && work.is_changed());
        let changes: Vec<ConfigView> = changed
            .filter_map(|(_, work)| {
                let (before, after) = (work.before.as_deref(), work.now.as_deref());
                let record = after.or(before)?;
                Some(ConfigView {
                    operation: operation(before.is_some(), after.is_some()),
                    what: record.kind.name().to_owned(),
                    code: record.text("code").unwrap_or_default().to_owned(),
                    before: before.map(record_values).unwrap_or_default(),
                    after: after.map(record_values).unwrap_or_default(),
                })
            })
            .collect();
        if changes.is_empty() {
            return Ok(());
        }
        self.guard_config(changes)
    }

    /// Guards a field of administrators, and each option that it loses.
    pub(super) fn guard_field(
        &mut self,
        old: Option<&FieldDef>,
        new: &FieldDef,
        gone: &[&OptionDef],
        replaced: &BTreeMap<String, String>,
    ) -> Result<()> {
        let mut changes = vec![ConfigView {
            operation: operation(old.is_some(), true),
            what: "field".to_owned(),
            code: new.code.clone(),
            before: old.map(field_values).unwrap_or_default(),
            after: field_values(new),
        }];
        changes.extend(gone.iter().map(|option| {
            ConfigView {
                operation: ConfigOperation::Remove,
                what: "option".to_owned(),
                code: format!("{}:{}", new.code, option.code),
                before: values(option),
                after: replaced
                    .get(&option.code)
                    .map(|to| ("replaced_by".to_owned(), Value::from(to.as_str())))
                    .into_iter()
                    .collect(),
            }
        }));
        self.guard_config(changes)
    }

    /// Guards a change of a pack: the pack itself, and on an upgrade each definition that becomes
    /// another.
    pub(super) fn guard_pack(&mut self, old: Option<&Loaded>, new: Option<&Loaded>) -> Result<()> {
        let Some(pack) = new.or(old) else {
            return Ok(());
        };
        let mut changes = vec![ConfigView {
            operation: operation(old.is_some(), new.is_some()),
            what: "pack".to_owned(),
            code: pack.name().to_owned(),
            before: old.map(pack_values).unwrap_or_default(),
            after: new.map(pack_values).unwrap_or_default(),
        }];
        let is_watched = !self.ground.catalog.rules(Hook::ConfigGuard).is_empty();
        if let (Some(old), Some(new), true) = (old, new, is_watched) {
            let differ = packs::changes(old, new);
            changes.extend(differ.iter().filter_map(|c| definition(old, new, c)));
        }
        self.guard_config(changes)
    }
}

const fn operation(was: bool, is: bool) -> ConfigOperation {
    match (was, is) {
        (false, _) => ConfigOperation::Create,
        (true, true) => ConfigOperation::Change,
        (true, false) => ConfigOperation::Remove,
    }
}

fn record_values(record: &Record) -> Vec<(String, Value)> {
    let fields = record.fields.iter();
    fields.map(|(n, v)| (n.clone(), v.clone())).collect()
}

fn pack_values(pack: &Loaded) -> Vec<(String, Value)> {
    let grants = pack.grants.names().map(Value::from).collect();
    let options = pack.options.iter();
    let options = options.map(|(name, value)| (format!("options.{name}"), value.clone()));
    let own = vec![
        (
            "version".to_owned(),
            Value::from(pack.manifest.version.as_str()),
        ),
        ("disabled".to_owned(), Value::Bool(pack.disabled)),
        ("grants".to_owned(), Value::List(grants)),
    ];
    own.into_iter().chain(options).collect()
}

/// A definition that an upgrade changes, as rules see it; none for what only rules are made of.
fn definition(old: &Loaded, new: &Loaded, change: &Change) -> Option<ConfigView> {
    let what = match change.subject {
        Subject::Type => {
            let def = type_of(new, &change.code).or_else(|| type_of(old, &change.code))?;
            match def.kind {
                Kind::Ticket => "ticket_type",
                _ => "type",
            }
        }
        Subject::Rule | Subject::Setting => return None,
        subject => subject.name(),
    };
    let mut view = ConfigView {
        operation: match change.changed {
            Changed::Added => ConfigOperation::Create,
            Changed::Altered => ConfigOperation::Change,
            Changed::Removed => ConfigOperation::Remove,
        },
        what: what.to_owned(),
        code: change.code.clone(),
        before: values_in(old, change),
        after: values_in(new, change),
    };
    if let Some(to) = &change.replacement {
        let replaced = ("replaced_by".to_owned(), Value::from(to.as_str()));
        view.after.push(replaced);
    }
    Some(view)
}

fn type_of<'p>(pack: &'p Loaded, code: &str) -> Option<&'p TypeDef> {
    pack.definitions.types.iter().find(|t| t.code == code)
}

fn values_in(pack: &Loaded, change: &Change) -> Vec<(String, Value)> {
    let (defs, code) = (&pack.definitions, change.code.as_str());
    let fields = || defs.field_sets.iter().flat_map(|s| &s.fields);
    let found = match change.subject {
        Subject::Type => type_of(pack, code).map(values),
        Subject::Status => {
            let mut statuses = defs.workflows.iter().flat_map(|w| &w.statuses);
            let found: Option<&StatusDef> = statuses.find(|s| s.code == code);
            found.map(values)
        }
        Subject::Field => fields().find(|f| f.code == code).map(field_values),
        Subject::Option => {
            let (field, option) = code.rsplit_once(':').unwrap_or((code, ""));
            let field = fields().find(|f| f.code == field);
            let mut options = field.into_iter().flat_map(|f| &f.options);
            options.find(|o| o.code == option).map(values)
        }
        _ => None,
    };
    found.unwrap_or_default()
}

/// What a field is, without its options, which are watched one by one.
pub fn field_values(field: &FieldDef) -> Vec<(String, Value)> {
    let mut all = values(field);
    all.retain(|(name, _)| name != "options");
    all
}

/// The members of a definition by name: texts, whole numbers and truth values as they are, others as
/// JSON.
pub fn values<T: Serialize>(definition: &T) -> Vec<(String, Value)> {
    let Ok(Json::Object(members)) = serde_json::to_value(definition) else {
        return Vec::new();
    };
    let value = |json: Json| match json {
        Json::Null => None,
        Json::String(text) => Some(Value::Text(text)),
        Json::Bool(truth) => Some(Value::Bool(truth)),
        Json::Number(number) if number.is_i64() => number.as_i64().map(Value::Int),
        other => Some(Value::Json(other.to_string())),
    };
    let members = members.into_iter();
    members
        .filter_map(|(name, json)| Some((name, value(json)?)))
        .collect()
}
