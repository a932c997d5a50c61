//! Creating and deleting records.

use serde_json::{Map, Value as Json};

use super::{Answer, Deciding, MAX_CREATED};
use crate::desk::journal::By;
use crate::desk::{Actor, Error, ErrorKind, Result, keys};
use crate::domain::definitions::TypeDef;
use crate::domain::{Code, Id, Kind, Record, Value, record::fields};
use crate::hooks::{Detail, Hook};
use crate::store::Table;

impl Deciding<'_, '_> {
    pub(super) fn create(&mut self, kind: Kind, asked: &Map<String, Json>) -> Result<Answer> {
        self.actor.require_write(kind)?;
        let id = self.allot.id(self.ground.now);
        self.input.target = Some((kind, id));
        self.create_as((kind, id), asked, &[])?;
        self.settle(&[(kind, id)])?;
        Ok(Answer::record(kind, id))
    }

    /// Puts a new record of values that were asked for into the draft, with what the engine knows of it
    /// from the start.
    pub(super) fn create_as(
        &mut self,
        (kind, id): (Kind, Id),
        asked: &Map<String, Json>,
        known: &[(&str, Value)],
    ) -> Result<()> {
        let mut asked = asked.clone();
        if kind == Kind::Article && is_blank(asked.get(fields::TITLE)) {
            asked.remove(fields::TITLE);
        }
        self.restrict_contact(kind, &mut asked)?;
        self.foresee(kind, None, &asked)?;
        let type_code = self.asked_type(kind, asked.get(fields::TYPE))?;
        let code = type_code.as_ref().map(|t| t.code.clone());
        let plan = self.rows_among(kind, code.as_deref(), &mut asked)?;
        let document = self.document_among(kind, code.as_deref(), &mut asked)?;
        let status = asked.get(fields::STATUS).cloned();
        self.begin(kind, id, type_code, By::Asked)?;
        for (name, value) in known {
            let value = Some(value.clone());
            self.draft.set(kind, id, name, value, By::Engine);
        }
        self.set_asked(kind, id, &asked)?;
        if let Some(document) = &document {
            self.make_from(kind, id, document)?;
        }
        self.complete(kind, id)?;
        if let Some(status) = status {
            let to = text_of(fields::STATUS, &status)?;
            self.enter_on_create(kind, id, &to)?;
        }
        self.plan_rows_of_new(kind, id, &plan)
    }

    /// Creates a record as a rule's effect.
    pub(super) fn create_by_rule(
        &mut self,
        kind: Kind,
        type_code: Option<String>,
        values: &[(String, Value)],
        by: By,
    ) -> Result<Id> {
        self.count_created()?;
        let id = self.allot.id(self.ground.now);
        let json = type_code.map(Json::String);
        let type_code = self.asked_type(kind, json.as_ref())?;
        self.begin(kind, id, type_code, by)?;
        for (name, value) in values {
            self.set_by_rule(kind, id, name, Some(value.clone()), by)?;
        }
        self.complete(kind, id)?;
        Ok(id)
    }

    /// Counts a record that a rule makes.
    pub(super) fn count_created(&mut self) -> Result<()> {
        self.created += 1;
        if self.created <= MAX_CREATED {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Limit,
            "too_many_created",
            format!("the rules of one command may create at most {MAX_CREATED} records"),
        ))
    }

    pub(super) fn asked_type(&self, kind: Kind, asked: Option<&Json>) -> Result<Option<TypeDef>> {
        let catalog = &self.ground.catalog;
        let Some(asked) = asked.filter(|j| !j.is_null()) else {
            if !kind.needs_type() {
                return Ok(None);
            }
            self.require_types(kind)?;
            return Err(Error::field(fields::TYPE, "required", "a type is needed"));
        };
        let code = text_of(fields::TYPE, asked)?;
        let found = catalog.resolve_type(&code).filter(|t| t.kind == kind);
        let Some(def) = found else {
            self.require_types(kind)?;
            let short: String = code.chars().take(64).collect();
            let known: Vec<&str> = catalog.types(kind).map(|t| t.code.as_str()).collect();
            return Err(Error::field(
                fields::TYPE,
                "unknown_type",
                format!(
                    "there is no type `{short}`; the types are {}",
                    known.join(", ")
                ),
            ));
        };
        let pack = Code::from(def.code.as_str()).pack().map(str::to_owned);
        let pack = pack.and_then(|name| catalog.pack(&name));
        if let Some(pack) = pack.filter(|pack| pack.disabled) {
            return Err(Error::new(
                ErrorKind::Conflict,
                "pack_disabled",
                format!(
                    "type `{}` takes no new records: pack `{}` is disabled; an administrator enables \
                     it with `opora pack enable {}`",
                    def.code,
                    pack.name(),
                    pack.name()
                ),
            ));
        }
        if !def.active {
            return Err(Error::field(
                fields::TYPE,
                "inactive_type",
                format!("type `{}` takes no new records", def.code),
            ));
        }
        Ok(Some(def.clone()))
    }

    fn require_types(&self, kind: Kind) -> Result<()> {
        if self.ground.catalog.types(kind).next().is_some() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "no_ticket_types",
            "no pack defines a ticket type: install one with `opora pack install DIR` or \
             POST /v1/packs",
        ))
    }

    /// Puts a new record with its identity, type, number and first status into the draft.
    pub(super) fn begin(
        &mut self,
        kind: Kind,
        id: Id,
        type_def: Option<TypeDef>,
        by: By,
    ) -> Result<()> {
        if by == By::Asked {
            self.permit_new(kind)?;
        }
        self.draft.add(Record::new(id, kind));
        let now = Value::Instant(self.ground.now);
        self.draft
            .set(kind, id, fields::CREATED_AT, Some(now.clone()), By::Engine);
        self.draft
            .set(kind, id, fields::UPDATED_AT, Some(now), By::Engine);
        if kind.is_numbered() {
            let number = self.allot.number(kind)?;
            self.draft.set(
                kind,
                id,
                fields::NUMBER,
                Some(Value::Int(number)),
                By::Engine,
            );
        }
        let code = type_def.map(|t| t.code);
        let catalog = &self.ground.catalog;
        let initial = catalog
            .workflow(kind, code.as_deref())
            .map(|w| w.initial.clone());
        if let Some(code) = code {
            self.draft
                .set(kind, id, fields::TYPE, Some(Value::Text(code)), by);
        }
        if let Some(initial) = initial {
            self.draft.set(
                kind,
                id,
                fields::STATUS,
                Some(Value::Text(initial)),
                By::Engine,
            );
        }
        Ok(())
    }

    /// Defaults, assignment, support level and the effects of the first status.
    pub(super) fn complete(&mut self, kind: Kind, id: Id) -> Result<()> {
        self.inherit_from_contract(kind, id)?;
        if kind == Kind::Article {
            self.name_language(id);
        }
        self.field_defaults(kind, id);
        self.default_rules(kind, id)?;
        if kind == Kind::Article {
            self.call_article(id);
        }
        self.compute(kind, id)?;
        self.begin_process(kind, id)?;
        if matches!(kind, Kind::Ticket | Kind::Lead) {
            self.assign_if_needed(kind, id)?;
        }
        if kind == Kind::Ticket {
            self.select_level(id, super::sla::CREATED)?;
        }
        let status = self
            .draft
            .peek(kind, id)
            .and_then(|r| r.status().map(str::to_owned));
        if let Some(status) = status {
            self.entered(kind, id, "", &status)?;
        }
        Ok(())
    }

    /// The defaults that definitions name, for fields without a value.
    fn field_defaults(&mut self, kind: Kind, id: Id) {
        let catalog = std::sync::Arc::clone(&self.ground.catalog);
        let type_code = self.type_of(kind, id);
        for def in catalog.fields(kind, type_code.as_deref()) {
            let Some(text) = &def.default else { continue };
            let absent = self
                .draft
                .peek(kind, id)
                .is_some_and(|r| r.get(&def.code).is_none());
            if !absent || self.draft.was_asked(kind, id, &def.code) {
                continue;
            }
            // Packs' defaults are read when the pack is loaded, the engine's own by its tests.
            if let Ok(json) = serde_json::from_str(text)
                && let Ok(value) = def.read(&json)
            {
                self.draft.set(kind, id, &def.code, value, By::Engine);
            }
        }
    }

    /// `record.defaults`: values for fields that have none.
    fn default_rules(&mut self, kind: Kind, id: Id) -> Result<()> {
        self.rules_with_effects(Hook::RecordDefaults, kind, id, &Detail::None)
    }

    /// A new record that is to be in another status than the first goes there by the workflow.
    pub(super) fn enter_on_create(&mut self, kind: Kind, id: Id, to: &str) -> Result<()> {
        let Some(full) = self.status_code(kind, id, to) else {
            return Err(self.unknown_status(kind, id, to));
        };
        if self.draft.record(kind, id)?.status() == Some(full.as_str()) {
            return Ok(());
        }
        self.refuse_derived(kind, id)?;
        self.transition(kind, id, &full, By::Asked)
    }

    /// A customer's ticket is its own: account and contact are not for choosing.
    fn restrict_contact(&self, kind: Kind, asked: &mut Map<String, Json>) -> Result<()> {
        let Actor::Contact { contact, account } = &self.actor else {
            return Ok(());
        };
        let own = [(fields::ACCOUNT, account), (fields::CONTACT, contact)];
        for (name, id) in own {
            let id = id.to_string();
            if asked.get(name).is_some_and(|v| v.as_str() != Some(&id)) {
                return Err(Error::not_found());
            }
            asked.insert(name.to_owned(), Json::String(id));
        }
        let closed = [
            fields::ASSIGNEE,
            fields::TEAM,
            fields::SUPPORT_LEVEL,
            fields::STATUS,
        ];
        if let Some(name) = closed.iter().find(|name| asked.contains_key(**name)) {
            return Err(Error::forbidden(format!("a contact may not set `{name}`")));
        }
        if kind == Kind::Ticket {
            return Ok(());
        }
        Err(Error::forbidden("a contact may create tickets only"))
    }

    pub(super) fn delete(&mut self, kind: Kind, id: Id) -> Result<Answer> {
        self.actor.require_agent("deleting")?;
        self.actor.require_write(kind)?;
        if kind == Kind::Ticket {
            self.actor.require_admin("deleting a ticket")?;
        }
        self.target(kind, id)?;
        self.refuse_family(kind, id)?;
        if let Some(into) = self.merged_away(kind, id)? {
            self.leave_merged(id, into)?;
        }
        self.erase(kind, id)?;
        self.count_children()?;
        self.consume()?;
        self.guard_records()?;
        Ok(Answer::record(kind, id))
    }

    /// Removes a record of the draft and what belongs to it.
    pub(super) fn erase(&mut self, kind: Kind, id: Id) -> Result<()> {
        let (from, to) = keys::owned(id);
        let snapshot = std::sync::Arc::clone(&self.draft.snapshot);
        for table in [Table::Entries, Table::Clocks] {
            for (key, _) in
                snapshot.range(table, &from, &to, false, crate::store::MAX_RANGE_ROWS)?
            {
                self.draft.rows.delete.push((table, key));
            }
        }
        let timers = snapshot.range(Table::TimerNames, &from, &to, false, 1_000)?;
        for (key, row) in timers {
            let rows = &mut self.draft.rows;
            let expect = crate::store::Expect::Version(row.version);
            rows.expect.push((Table::TimerNames, key.clone(), expect));
            rows.delete.push((Table::Timers, row.bytes));
            rows.delete.push((Table::TimerNames, key));
        }
        self.withdraw_survey(id, "deleted")?;
        self.drop_personal_tags((kind, id))?;
        self.drop_citations((kind, id))?;
        let marks = super::once::marks(id);
        let to = keys::after(&marks);
        for (key, _) in snapshot.range(Table::Guards, &marks, &to, false, 1_000)? {
            self.draft.rows.delete.push((Table::Guards, key));
        }
        if kind == Kind::Contract {
            self.refuse_counted(id)?;
        }
        self.refuse_needed(kind, id)?;
        if kind == Kind::Article {
            self.drop_votes(id)?;
        }
        self.touch_service(kind);
        self.draft.remove(kind, id);
        Ok(())
    }
}

/// The text of a JSON value, or what is wrong with it.
pub fn text_of(field: &str, json: &Json) -> Result<String> {
    match json.as_str() {
        Some(s) if !s.is_empty() && s.len() <= 200 => Ok(s.to_owned()),
        _ => Err(Error::field(field, "malformed", "expected a code as text")),
    }
}

fn is_blank(value: Option<&Json>) -> bool {
    value
        .and_then(Json::as_str)
        .is_some_and(|text| text.trim().is_empty())
}
