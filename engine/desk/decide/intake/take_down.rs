//! Taking an inquiry down: by hand, from a card or request, or as it arrives.

use serde_json::{Map, Value as Json, json};

use crate::desk::decide::{Answer, Deciding};
use crate::desk::journal::By;
use crate::desk::{Error, Result};
use crate::domain::builtin::DRAFT;
use crate::domain::{Id, Kind, Value, record::fields};

impl Deciding<'_, '_> {
    /// Opens the intake by hand: a draft of whoever asks, with what the record tells that it comes
    /// from.
    pub(in crate::desk::decide) fn start_intake(
        &mut self,
        origin: Option<(Kind, Id)>,
        asked: &Map<String, Json>,
    ) -> Result<Answer> {
        self.actor.require_agent("accepting an inquiry")?;
        let id = self.take_down(asked, origin)?;
        let own = self.actor.record().map(|(_, id)| Value::Ref(id));
        if self
            .draft
            .record(Kind::Inquiry, id)?
            .get(fields::ASSIGNEE)
            .is_none()
        {
            self.set_engine(id, fields::ASSIGNEE, own);
        }
        self.begin_draft(id);
        self.settle(&[(Kind::Inquiry, id)])?;
        Ok(Answer::record(Kind::Inquiry, id))
    }

    pub(super) fn begin_draft(&mut self, id: Id) {
        let workflow = self
            .ground
            .catalog
            .workflow(Kind::Inquiry, self.type_of(Kind::Inquiry, id).as_deref());
        if workflow.is_some_and(|w| w.status(DRAFT).is_some()) {
            self.set_engine(id, fields::STATUS, Some(Value::from(DRAFT)));
        }
    }

    /// Makes an inquiry, with what the record tells that it comes from, and with its sender when
    /// exactly one contact is reached so.
    pub(super) fn take_down(
        &mut self,
        asked: &Map<String, Json>,
        origin: Option<(Kind, Id)>,
    ) -> Result<Id> {
        let id = self.allot.id(self.ground.now);
        self.input.target = Some((Kind::Inquiry, id));
        self.foresee(Kind::Inquiry, None, asked)?;
        let mut asked = asked.clone();
        if asked.get(fields::TITLE).is_none_or(Json::is_null) {
            let named = ["company", "person", "channel"].iter();
            let title = named.filter_map(|n| asked.get(*n)?.as_str()).next();
            asked.insert(fields::TITLE.to_owned(), json!(title.unwrap_or("…")));
        }
        let type_def = self.asked_type(Kind::Inquiry, asked.get(fields::TYPE))?;
        self.begin(Kind::Inquiry, id, type_def, By::Asked)?;
        self.set_asked(Kind::Inquiry, id, &asked)?;
        if let Some(origin) = origin {
            self.fill_from_origin(id, origin)?;
        }
        if self
            .draft
            .record(Kind::Inquiry, id)?
            .get("received_at")
            .is_none()
        {
            let now = Some(Value::Instant(self.ground.now));
            self.set_engine(id, "received_at", now);
        }
        self.select_party(id)?;
        self.complete(Kind::Inquiry, id)?;
        Ok(id)
    }

    /// An inquiry that comes from a card or a request: it is linked, and holds what that tells.
    fn fill_from_origin(&mut self, id: Id, (kind, origin): (Kind, Id)) -> Result<()> {
        self.draft.load(&[(kind, origin)])?;
        let seen = match self.draft.peek(kind, origin) {
            Some(record) => self.sight.sees(record)?,
            None => false,
        };
        if !seen {
            let message = "there is no such record";
            return Err(Error::field("arose_from", "unknown_record", message));
        }
        match kind {
            Kind::Account | Kind::Contact => {
                let record = self.draft.record(kind, origin)?.clone();
                let own = if kind == Kind::Account {
                    fields::ACCOUNT
                } else {
                    fields::CONTACT
                };
                self.set_engine(id, own, Some(Value::Ref(origin)));
                for (name, from) in [
                    (fields::ACCOUNT, fields::ACCOUNT),
                    ("phones", "phones"),
                    ("mails", "mails"),
                ] {
                    if self.draft.record(Kind::Inquiry, id)?.get(name).is_none() {
                        self.set_engine(id, name, record.get(from).cloned());
                    }
                }
            }
            _ => {
                let held = self.draft.record(Kind::Inquiry, id)?;
                if held.title() == "…" {
                    let title = self.draft.record(kind, origin)?.get(fields::TITLE).cloned();
                    self.set_engine(id, fields::TITLE, title);
                }
                self.carry(
                    (kind, origin),
                    (Kind::Inquiry, id),
                    &[fields::ASSIGNEE, fields::TEAM],
                    By::Asked,
                )?;
            }
        }
        self.set_engine(id, "arose_kind", Some(Value::from(kind.name())));
        self.set_engine(id, "arose_from", Some(Value::Ref(origin)));
        self.link_to((Kind::Inquiry, id), "arose_from", (kind, origin));
        Ok(())
    }

    /// Names the contact or organisation of an inquiry when exactly one is reached so.
    fn select_party(&mut self, id: Id) -> Result<()> {
        let held = self.draft.record(Kind::Inquiry, id)?;
        if held.get(fields::ACCOUNT).is_some() || held.get(fields::CONTACT).is_some() {
            return Ok(());
        }
        let found = self.parties_of(id, None)?;
        let reached = found.iter().filter(|f| {
            let sure = ["phone", "mail", "tax_number", "other"];
            f.reasons.iter().any(|r| sure.contains(&r.field.as_str()))
        });
        let reached: Vec<_> = reached.map(|f| &f.page.record).collect();
        let of = |kind| {
            let mut all = reached.iter().filter(move |r| r.kind == kind);
            let first = all.next();
            first.filter(|_| all.next().is_none()).copied()
        };
        let (person, firm) = (of(Kind::Contact), of(Kind::Account));
        let firm = person
            .and_then(|p| p.reference(fields::ACCOUNT))
            .or_else(|| firm.map(|f| f.id));
        let name = person.and_then(|p| p.get(fields::TITLE).cloned());
        let person = person.map(|p| p.id);
        if self
            .draft
            .record(Kind::Inquiry, id)?
            .get("person")
            .is_none()
        {
            self.set_engine(id, "person", name);
        }
        self.set_engine(id, fields::CONTACT, person.map(Value::Ref));
        self.set_engine(id, fields::ACCOUNT, firm.map(Value::Ref));
        Ok(())
    }
}
