//! Accepting an inquiry: into a ticket or lead, onto a record that there is, or not at all. Once.

use serde_json::{Value as Json, json};

use super::Way;
use crate::desk::decide::{Answer, Deciding};
use crate::desk::intake::Acceptance;
use crate::desk::journal::By;
use crate::desk::{Error, ErrorKind, Result};
use crate::domain::{Id, Kind, Record, StatusCategory, Value, record::fields};
use crate::hooks::{Detail, Hook};

/// What a link from a new record to the inquiry means. A rule that creates a record with this relation
/// on an inquiry accepts the inquiry.
pub const SOURCE: &str = "source";
/// What a link from an inquiry to what became of it means.
const RESULT: &str = "result";

impl Deciding<'_, '_> {
    /// Accepts an inquiry, or one that is taken down with the same command.
    pub(in crate::desk::decide) fn accept(
        &mut self,
        inquiry: Option<Id>,
        ask: &Acceptance,
    ) -> Result<Answer> {
        self.actor.require_agent("accepting an inquiry")?;
        let id = match inquiry {
            Some(id) => {
                self.foresee(Kind::Inquiry, Some(id), &ask.fields)?;
                self.target(Kind::Inquiry, id)?;
                id
            }
            None => self.take_down(&ask.appeal, None)?,
        };
        self.input.target = Some((Kind::Inquiry, id));
        self.require_open(id)?;
        let way = self.way(id, ask)?;
        let place = self.go(id, ask, way, By::Asked)?;
        self.settle(&[(Kind::Inquiry, id), place])?;
        Ok(Answer::record(place.0, place.1))
    }

    /// Accepts an inquiry as a rule's effect.
    pub(in crate::desk::decide) fn accept_by_rule(
        &mut self,
        inquiry: Id,
        (kind, type_code): (Kind, Option<String>),
        values: Vec<(String, Value)>,
        by: By,
    ) -> Result<()> {
        self.require_open(inquiry)?;
        self.count_created()?;
        let values = values.into_iter().map(|(n, v)| (n, v, by)).collect();
        let way = Way::Create {
            kind,
            type_code,
            values,
        };
        self.go(inquiry, &Acceptance::default(), way, by).map(drop)
    }

    /// Refuses an inquiry of which something became already.
    fn require_open(&self, id: Id) -> Result<()> {
        let inquiry = self.draft.record(Kind::Inquiry, id)?;
        if inquiry.get(fields::CLOSED_AT).is_none() {
            return Ok(());
        }
        let what = match (inquiry.text("result_kind"), inquiry.reference("result")) {
            (Some(kind), Some(to)) => format!("became {kind} {to}"),
            _ => "was declined".to_owned(),
        };
        Err(Error::new(
            ErrorKind::Conflict,
            "already_accepted",
            format!("the inquiry {what}; it is accepted once"),
        ))
    }

    /// What was asked for, and what rules make of it.
    fn way(&mut self, id: Id, ask: &Acceptance) -> Result<Way> {
        if let Some(reason) = &ask.decline {
            return Ok(Way::Decline(reason.clone()));
        }
        let asked = self.asked_way(ask)?;
        if let Some(way) = self.route(id, ask, asked.as_ref())? {
            return Ok(way);
        }
        asked.ok_or_else(|| {
            Error::field(
                fields::TYPE,
                "route_needed",
                "say what it becomes: a type, a record to attach it to, or a reason to decline it",
            )
        })
    }

    fn asked_way(&mut self, ask: &Acceptance) -> Result<Option<Way>> {
        if let Some((kind, id)) = ask.record {
            self.draft.load(&[(kind, id)])?;
            let seen = match self.draft.peek(kind, id) {
                Some(record) => self.sight.sees(record)?,
                None => false,
            };
            if !seen || !kind.has_messages() || kind == Kind::Inquiry {
                let message = "there is no such ticket, lead or activity";
                return Err(Error::field("record", "unknown_record", message));
            }
            return Ok(Some(Way::Attach(kind, id)));
        }
        let Some(code) = &ask.type_code else {
            return Ok(ask.kind.map(|kind| Way::Create {
                kind,
                type_code: None,
                values: Vec::new(),
            }));
        };
        // A lead's type is a type, too: which kind is made follows from it.
        let kind = match self.ground.catalog.resolve_type(code) {
            Some(def) => def.kind,
            None => ask.kind.unwrap_or(Kind::Ticket),
        };
        let code = Some(Json::String(code.clone()));
        let type_code = self.asked_type(kind, code.as_ref())?.map(|def| def.code);
        Ok(Some(Way::Create {
            kind,
            type_code,
            values: Vec::new(),
        }))
    }

    /// Does what was decided. Gives what the inquiry became, or itself when it was declined.
    pub(super) fn go(&mut self, id: Id, ask: &Acceptance, way: Way, by: By) -> Result<(Kind, Id)> {
        let mut registered = Vec::new();
        let place = match way {
            Way::Decline(reason) => {
                crate::desk::decide::entries::short("decline", &reason, 500)?;
                let reason = Some(Value::Text(reason));
                self.set_engine(id, "decline_reason", reason);
                self.conclude(Kind::Inquiry, id, StatusCategory::Cancelled)?;
                self.tell(id, None, &registered);
                return Ok((Kind::Inquiry, id));
            }
            Way::Attach(kind, to) => {
                self.draft.load(&[(kind, to)])?;
                self.draft.record(kind, to)?;
                self.settle_in(kind, to)?;
                self.carry_entries(id, (kind, to))?;
                (kind, to)
            }
            Way::Create {
                kind,
                type_code,
                values,
            } => {
                let party = self.party(id, ask, &mut registered)?;
                let made = self.make((id, by), ask, (kind, type_code), &values, party)?;
                self.carry_entries(id, (kind, made))?;
                self.link_to((kind, made), SOURCE, (Kind::Inquiry, id));
                (kind, made)
            }
        };
        self.finish_intake(id, place)?;
        self.tell(id, Some(place), &registered);
        Ok(place)
    }

    /// Makes the record with what the inquiry tells, what rules say and what was asked for; the later
    /// one counts.
    fn make(
        &mut self,
        (inquiry, by): (Id, By),
        ask: &Acceptance,
        (kind, type_code): (Kind, Option<String>),
        values: &[(String, Value, By)],
        (account, contact): (Option<Id>, Option<Id>),
    ) -> Result<Id> {
        if !matches!(kind, Kind::Ticket | Kind::Lead) {
            let message = format!(
                "an inquiry becomes a ticket or a lead, not a {}",
                kind.name()
            );
            return Err(Error::field("kind", "unexpected", message));
        }
        let id = self.allot.id(self.ground.now);
        let json = type_code.map(Json::String);
        let type_def = self.asked_type(kind, json.as_ref())?;
        self.begin(kind, id, type_def, by)?;
        self.carry(
            (Kind::Inquiry, inquiry),
            (kind, id),
            &[fields::ASSIGNEE, fields::TEAM],
            by,
        )?;
        let set = [(fields::ACCOUNT, account), (fields::CONTACT, contact)];
        for (name, party) in set {
            if let Some(party) = party {
                self.draft.set(kind, id, name, Some(Value::Ref(party)), by);
            }
        }
        let channel = self
            .draft
            .record(Kind::Inquiry, inquiry)?
            .get("channel")
            .cloned();
        let of_channel = if kind == Kind::Ticket {
            "channel"
        } else {
            "source"
        };
        if self.draft.record(kind, id)?.get(of_channel).is_none() {
            self.draft.set(kind, id, of_channel, channel, by);
        }
        if kind == Kind::Lead {
            let responsible = self.responsible(inquiry);
            self.draft
                .set(kind, id, fields::ASSIGNEE, responsible, By::Engine);
        }
        let source = Some(Value::Ref(inquiry));
        self.draft.set(kind, id, "inquiry", source, By::Engine);
        for (name, value, by) in values {
            self.set_by_rule(kind, id, name, Some(value.clone()), *by)?;
        }
        let mut asked = ask.fields.clone();
        let status = asked.remove(fields::STATUS);
        self.set_asked(kind, id, &asked)?;
        self.complete(kind, id)?;
        if let Some(status) = status {
            let to = crate::desk::decide::create::text_of(fields::STATUS, &status)?;
            self.enter_on_create(kind, id, &to)?;
        }
        Ok(id)
    }

    /// Whoever is responsible for an inquiry, else who accepts it.
    fn responsible(&self, inquiry: Id) -> Option<Value> {
        let held = self.draft.peek(Kind::Inquiry, inquiry);
        let held = held.and_then(|r| r.get(fields::ASSIGNEE).cloned());
        let own = self.actor.record().map(|(_, id)| Value::Ref(id));
        held.or(own)
    }

    /// Notes on the inquiry what became of it, and how long it took.
    fn finish_intake(&mut self, id: Id, (kind, to): (Kind, Id)) -> Result<()> {
        let now = self.ground.now;
        let inquiry = self.draft.record(Kind::Inquiry, id)?;
        let arrived = inquiry.instant("received_at");
        let arrived = arrived.or_else(|| inquiry.instant(fields::CREATED_AT));
        let took = arrived.map_or(0, |at| (now - at).num_seconds().max(0));
        let result = self.draft.record(kind, to)?;
        let parties = [fields::ACCOUNT, fields::CONTACT].map(|f| (f, result.get(f).cloned()));
        for (name, party) in parties {
            if self.draft.record(Kind::Inquiry, id)?.get(name).is_none() {
                self.set_engine(id, name, party);
            }
        }
        let responsible = self.responsible(id);
        self.set_engine(id, fields::ASSIGNEE, responsible);
        self.set_engine(id, "accepted_at", Some(Value::Instant(now)));
        self.set_engine(id, "intake_time", Some(Value::Duration(took)));
        self.set_engine(id, "result_kind", Some(Value::from(kind.name())));
        self.set_engine(id, "result", Some(Value::Ref(to)));
        self.link_to((Kind::Inquiry, id), RESULT, (kind, to));
        self.conclude(Kind::Inquiry, id, StatusCategory::Done)
    }

    /// Enters the first status of a category, whatever ways the workflow has, past the guards.
    pub(super) fn conclude(&mut self, kind: Kind, id: Id, to: StatusCategory) -> Result<()> {
        let record = self.draft.record(kind, id)?;
        let from = record.status().unwrap_or_default().to_owned();
        let workflow = self.ground.catalog.workflow(kind, record.type_code());
        let end = workflow.and_then(|w| w.statuses.iter().find(|s| s.category == to));
        let Some(end) = end.map(|s| s.code.clone()) else {
            let now = Some(Value::Instant(self.ground.now));
            self.draft.set(kind, id, fields::CLOSED_AT, now, By::Engine);
            return Ok(());
        };
        if from == end {
            return Ok(());
        }
        let detail: Detail = self.detail(kind, id, &from, &end);
        let faults = self.refusals(Hook::TransitionGuard, kind, id, &detail)?;
        if !faults.is_empty() {
            return Err(Error::refused("transition_refused", faults));
        }
        let status = Some(Value::Text(end.clone()));
        self.draft.set(kind, id, fields::STATUS, status, By::Engine);
        self.entered(kind, id, &from, &end)
    }

    pub(super) fn set_engine(&mut self, inquiry: Id, field: &str, value: Option<Value>) {
        self.draft
            .set(Kind::Inquiry, inquiry, field, value, By::Engine);
    }

    /// What whoever accepted is told.
    fn tell(&mut self, inquiry: Id, result: Option<(Kind, Id)>, registered: &[(Kind, Id)]) {
        let place = |(kind, id): &(Kind, Id)| json!({"kind": kind.name(), "id": id});
        let told = json!({
            "inquiry": inquiry,
            "result": result.as_ref().map(place),
            "parties": registered.iter().map(place).collect::<Vec<Json>>(),
        });
        self.result = Some(told.to_string());
    }

    /// Carries over the values of fields that both records have under one name; what is there stays.
    pub(super) fn carry(
        &mut self,
        from: (Kind, Id),
        to: (Kind, Id),
        except: &[&str],
        by: By,
    ) -> Result<()> {
        let catalog = std::sync::Arc::clone(&self.ground.catalog);
        let source: Record = self.draft.record(from.0, from.1)?.clone();
        let type_code = self.type_of(to.0, to.1);
        for (name, value) in &source.fields {
            let never = [fields::TYPE, fields::STATUS, fields::NUMBER, "external_id"];
            if never.contains(&name.as_str()) || except.contains(&name.as_str()) {
                continue;
            }
            let def = catalog.field(to.0, type_code.as_deref(), name);
            let Some(def) = def.filter(|d| d.code == *name && !d.readonly && !d.retired) else {
                continue;
            };
            let held = self.draft.record(to.0, to.1)?.get(name).is_some();
            if let Ok(value) = def.check(value)
                && !held
            {
                self.draft.set(to.0, to.1, name, Some(value), by);
            }
        }
        Ok(())
    }
}
