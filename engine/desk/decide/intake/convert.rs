//! Converting a lead: into a ticket with what the lead holds, once, linked both ways.

use serde_json::{Map, Value as Json};

use crate::desk::decide::{Answer, Deciding};
use crate::desk::journal::By;
use crate::desk::{Error, ErrorKind, Result};
use crate::domain::definitions::TypeDef;
use crate::domain::{Id, Kind, StatusCategory, Value, record::fields};

/// The relation of a record to the lead that it was converted from. A rule that creates a record with
/// this relation on a lead converts the lead.
pub const CONVERTED: &str = "converted_from";
/// The relation the other way.
const INTO: &str = "converted_to";

impl Deciding<'_, '_> {
    pub(in crate::desk::decide) fn convert(
        &mut self,
        lead: Id,
        type_code: Option<&str>,
        asked: &Map<String, Json>,
    ) -> Result<Answer> {
        self.actor.require_agent("converting a lead")?;
        self.foresee(Kind::Lead, Some(lead), &Map::new())?;
        self.target(Kind::Lead, lead)?;
        let code = type_code.map(|code| Json::String(code.to_owned()));
        let type_def = self.asked_type(Kind::Ticket, code.as_ref())?;
        let mut asked = asked.clone();
        let status = asked.remove(fields::STATUS);
        let id = self.converted(lead, type_def, By::Asked, |deciding, id| {
            deciding.set_asked(Kind::Ticket, id, &asked)
        })?;
        if let Some(status) = status {
            let to = crate::desk::decide::create::text_of(fields::STATUS, &status)?;
            self.enter_on_create(Kind::Ticket, id, &to)?;
        }
        self.settle(&[(Kind::Lead, lead), (Kind::Ticket, id)])?;
        Ok(Answer::record(Kind::Ticket, id))
    }

    /// Converts a lead as a rule's effect.
    pub(in crate::desk::decide) fn convert_by_rule(
        &mut self,
        lead: Id,
        type_code: Option<String>,
        values: &[(String, Value)],
        by: By,
    ) -> Result<Id> {
        let code = type_code.map(Json::String);
        let type_def = self.asked_type(Kind::Ticket, code.as_ref())?;
        self.converted(lead, type_def, by, |deciding, id| {
            for (name, value) in values {
                deciding.set_by_rule(Kind::Ticket, id, name, Some(value.clone()), by)?;
            }
            Ok(())
        })
    }

    fn converted(
        &mut self,
        lead: Id,
        type_def: Option<TypeDef>,
        by: By,
        values: impl FnOnce(&mut Self, Id) -> Result<()>,
    ) -> Result<Id> {
        self.require_convertible(lead)?;
        self.parties_of_lead(lead)?;
        self.created += 1;
        let id = self.allot.id(self.ground.now);
        self.begin(Kind::Ticket, id, type_def, by)?;
        self.carry((Kind::Lead, lead), (Kind::Ticket, id), &[], by)?;
        let source = self.draft.record(Kind::Lead, lead)?;
        let (source, inquiry) = (
            source.get("source").cloned(),
            source.get("inquiry").cloned(),
        );
        self.draft.set(Kind::Ticket, id, "channel", source, by);
        self.draft
            .set(Kind::Ticket, id, "inquiry", inquiry, By::Engine);
        values(self, id)?;
        self.complete(Kind::Ticket, id)?;
        self.carry_entries(lead, (Kind::Ticket, id))?;
        let now = Value::Instant(self.ground.now);
        let told = [
            ("converted_at", now),
            ("converted_kind", Value::from(Kind::Ticket.name())),
            ("converted_to", Value::Ref(id)),
        ];
        for (name, value) in told {
            self.draft
                .set(Kind::Lead, lead, name, Some(value), By::Engine);
        }
        self.link_to((Kind::Ticket, id), CONVERTED, (Kind::Lead, lead));
        self.link_to((Kind::Lead, lead), INTO, (Kind::Ticket, id));
        self.conclude(Kind::Lead, lead, StatusCategory::Done)?;
        Ok(id)
    }

    fn require_convertible(&self, lead: Id) -> Result<()> {
        let record = self.draft.record(Kind::Lead, lead)?;
        let category = record
            .status()
            .and_then(|s| self.category(Kind::Lead, lead, s));
        let why = if record.get("converted_at").is_some() {
            ("already_converted", "the lead is converted already")
        } else if category == Some(StatusCategory::Cancelled) {
            ("lead_lost", "the lead is lost; open it again first")
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Conflict, why.0, why.1))
    }

    /// Registers the organisation and person that a lead tells of, when it names none.
    fn parties_of_lead(&mut self, lead: Id) -> Result<()> {
        let told = self.draft.record(Kind::Lead, lead)?.clone();
        let mut account = told.reference(fields::ACCOUNT);
        if account.is_none() && told.get("company").is_some() {
            let id = self.party_of(&told, Kind::Account, None, |_, _| Ok(()))?;
            account = Some(id);
            let value = Some(Value::Ref(id));
            self.draft
                .set(Kind::Lead, lead, fields::ACCOUNT, value, By::Engine);
        }
        if told.reference(fields::CONTACT).is_none() && told.get("person").is_some() {
            let id = self.party_of(&told, Kind::Contact, account, |_, _| Ok(()))?;
            let value = Some(Value::Ref(id));
            self.draft
                .set(Kind::Lead, lead, fields::CONTACT, value, By::Engine);
        }
        Ok(())
    }
}
