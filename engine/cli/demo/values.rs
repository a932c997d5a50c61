//! Values for fields that packs turn out to need.

use serde_json::{Map, Value as Json, json};

use super::plan::Planned;
use super::replay::Replay;
use crate::cli::failure::Outcome;
use crate::desk::Error;
use crate::domain::{FieldDef, Kind, ValueType};
use crate::packs::Catalog;

impl Replay<'_> {
    /// Gives values to the fields that an error names as missing; false when there is none to give.
    pub(super) fn fill(
        &self,
        catalog: &Catalog,
        type_code: Option<&str>,
        ticket: &Planned,
        error: &Error,
        values: &mut Map<String, Json>,
    ) -> Outcome<bool> {
        let mut filled = false;
        for fault in &error.faults {
            let Some(name) = &fault.field else { continue };
            let Some(def) = catalog.field(Kind::Ticket, type_code, name) else {
                continue;
            };
            let next = match values.get(&def.code) {
                None => self.value(def, ticket)?,
                Some(tried) => other_value(def, tried),
            };
            if let Some(value) = next {
                values.insert(def.code.clone(), value);
                filled = true;
            }
        }
        Ok(filled)
    }

    pub(super) fn value(&self, def: &FieldDef, ticket: &Planned) -> Outcome<Option<Json>> {
        let text = if ticket.scenario.solution.is_empty() {
            &ticket.title
        } else {
            &ticket.scenario.solution
        };
        Ok(Some(match def.value {
            ValueType::Enum | ValueType::MultiEnum => {
                let Some(option) = def.options.first() else {
                    return Ok(None);
                };
                match def.value {
                    ValueType::Enum => json!(option.code),
                    _ => json!([option.code]),
                }
            }
            ValueType::Text | ValueType::LongText => json!(text),
            ValueType::TextList => json!([text]),
            ValueType::Int | ValueType::Decimal => json!(1),
            ValueType::Bool => json!(true),
            ValueType::Date => json!(self.desk.now().date_naive()),
            ValueType::Instant => json!(self.desk.now()),
            ValueType::Duration => json!(1_800),
            ValueType::Ref if def.target == Some(Kind::Agent) => {
                json!(self.parties.id(Kind::Agent, &ticket.agent)?)
            }
            ValueType::Ref if def.target == Some(Kind::Team) => {
                json!(self.parties.id(Kind::Team, "desk")?)
            }
            ValueType::Ref if def.target == Some(Kind::Contact) => {
                json!(self.parties.id(Kind::Contact, &ticket.contact)?)
            }
            ValueType::Ref | ValueType::RefList | ValueType::Any | ValueType::Json => {
                return Ok(None);
            }
        }))
    }
}

/// What to give after a value was not to a rule's liking.
fn other_value(def: &FieldDef, tried: &Json) -> Option<Json> {
    match (def.value, tried) {
        (ValueType::Bool, Json::Bool(true)) => Some(json!(false)),
        (ValueType::Enum, Json::String(code)) => {
            let mut left = def.options.iter().skip_while(|o| o.code != *code);
            left.nth(1).map(|o| json!(o.code))
        }
        _ => None,
    }
}
