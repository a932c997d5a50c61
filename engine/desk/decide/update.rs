//! Changing fields, and the checks that every changed record goes through before the commit.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::create::text_of;
use super::{Answer, Deciding};
use crate::desk::journal::By;
use crate::desk::{Actor, Error, Fault, Result, changeset, service};
use crate::domain::calendar::Calendar;
use crate::domain::sla::SupportLevel;
use crate::domain::{Id, Kind, Record, Value, record::fields};
use crate::hooks::{Detail, Hook, Refusal, Rule};
use crate::store::Table;

/// Fields that a contact may change on its own ticket.
const CONTACT_FIELDS: [&str; 3] = [fields::TITLE, "description", fields::TAGS];

impl Deciding<'_, '_> {
    pub(super) fn update(
        &mut self,
        kind: Kind,
        id: Id,
        asked: &Map<String, Json>,
    ) -> Result<Answer> {
        self.actor.require_write(kind)?;
        self.foresee(kind, Some(id), asked)?;
        self.target(kind, id)?;
        self.restrict_contact_update(asked)?;
        if asked
            .get(fields::TYPE)
            .is_some_and(|t| t.as_str() != self.draft.peek(kind, id).and_then(Record::type_code))
        {
            return Err(Error::field(
                fields::TYPE,
                "readonly",
                "the type is fixed at creation",
            ));
        }
        self.set_asked(kind, id, asked)?;
        if let Some(to) = asked.get(fields::STATUS) {
            let to = text_of(fields::STATUS, to)?;
            self.foresee_contract(kind, id)?;
            self.transition_to_named(kind, id, &to)?;
        }
        self.settle(&[(kind, id)])?;
        Ok(Answer::record(kind, id))
    }

    fn restrict_contact_update(&self, asked: &Map<String, Json>) -> Result<()> {
        let Actor::Contact { .. } = self.actor else {
            return Ok(());
        };
        match asked.keys().find(|k| !CONTACT_FIELDS.contains(&k.as_str())) {
            Some(name) => {
                let name: String = name.chars().take(64).collect();
                Err(Error::forbidden(format!(
                    "a contact may not change `{name}`"
                )))
            }
            None => Ok(()),
        }
    }

    /// Checks every record of the draft that changed, however it came about.
    pub(super) fn settle(&mut self, targets: &[(Kind, Id)]) -> Result<()> {
        self.compute_all()?;
        for (kind, id) in targets {
            self.reselect_level(*kind, *id)?;
        }
        // Effects may have changed a ticket after its level was chosen in this command.
        let made: Vec<Id> = self.draft.selected.keys().copied().collect();
        for id in made {
            self.reselect_level(Kind::Ticket, id)?;
        }
        self.tell_breaches()?;
        self.count_children()?;
        self.compute_all()?;
        self.consume()?;
        let changed = self.to_settle();
        let mut faults = Vec::new();
        for (kind, id) in changed {
            let now = Value::Instant(self.ground.now);
            self.draft
                .set(kind, id, fields::UPDATED_AT, Some(now), By::Engine);
            self.check_references(kind, id)?;
            self.check_unique(kind, id)?;
            self.check_invariants(kind, id)?;
            faults.extend(self.check_required(kind, id)?);
            faults.extend(self.check_form(kind, id)?);
            faults.extend(self.refusals(Hook::RecordValidate, kind, id, &Detail::None)?);
        }
        if faults.is_empty() {
            return self.guard_records();
        }
        let mut seen = BTreeSet::new();
        faults.retain(|f| seen.insert((f.field.clone(), f.code.clone(), f.message.clone())));
        Err(Error::invalid(faults))
    }

    /// The records that are checked. Those that only follow their pack to its new codes are not: no
    /// rule is called for them.
    pub(super) fn to_settle(&self) -> Vec<(Kind, Id)> {
        let mut changed = self.draft.changed();
        if self.by_next {
            changed.retain(|place| !self.draft.reindexed.contains(place));
        }
        changed
    }

    /// Unique values that others hold are refused by name; the guard rows hold against races.
    fn check_unique(&mut self, kind: Kind, id: Id) -> Result<()> {
        let Some(work) = self.draft.records.get(&(kind, id)) else {
            return Ok(());
        };
        let catalog = &self.ground.catalog;
        let old = changeset::guard_keys(catalog, work.before.as_deref());
        let mut new = changeset::guard_keys(catalog, work.now.as_deref());
        new.retain(|key| !old.contains(key));
        if new.is_empty() {
            return Ok(());
        }
        // Two records of one command may not share a value either.
        let others =
            self.draft.records.iter().filter(|(place, work)| {
                **place != (kind, id) && place.0 == kind && work.is_changed()
            });
        let beside: BTreeSet<_> = others
            .flat_map(|(_, work)| changeset::guard_keys(catalog, work.now.as_deref()))
            .collect();
        self.draft.load_guards(new.iter().cloned().collect())?;
        let held = |key: &Vec<u8>| {
            let holder = self.draft.guards.get(key).copied().flatten();
            // Who gives the value up in this command does not hold it any more.
            holder.is_some_and(|holder| {
                let work = self.draft.records.get(&(kind, holder));
                work.is_none_or(|w| changeset::guard_keys(catalog, w.now.as_deref()).contains(key))
            })
        };
        let taken = |key: &&Vec<u8>| beside.contains(*key) || held(key);
        let Some(key) = new.iter().find(taken) else {
            return Ok(());
        };
        let field = key.iter().skip(1).copied().take_while(|b| *b != 0);
        let field: Vec<u8> = field.collect();
        let fault = self.taken(&String::from_utf8_lossy(&field));
        Err(Error::refused("not_unique", vec![fault]))
    }

    /// The fault of a value that another record has: in the words of the field's pack, if it has some.
    fn taken(&self, field: &str) -> Fault {
        const TEXT: &str = "another record has this value already";
        let Some(def) = self.ground.catalog.taken(field) else {
            return Fault::field(field, "not_unique", TEXT);
        };
        let blamed = def.blames.as_deref().unwrap_or(field);
        let text = def.names.get(self.locale()).unwrap_or(TEXT);
        Fault::field(blamed, &def.code, text)
    }

    fn check_required(&self, kind: Kind, id: Id) -> Result<Vec<Fault>> {
        let record = self.draft.record(kind, id)?;
        let defs = self.ground.catalog.fields(kind, record.type_code());
        let missing = defs
            .iter()
            .filter(|d| d.required && !d.retired && !d.readonly)
            .filter(|d| !record.get(&d.code).is_some_and(Value::is_filled));
        Ok(missing
            .map(|d| Fault::field(&d.code, "required", "a value is needed"))
            .collect())
    }

    /// All refusals of a guard hook, together.
    pub(super) fn refusals(
        &mut self,
        hook: Hook,
        kind: Kind,
        id: Id,
        detail: &Detail,
    ) -> Result<Vec<Fault>> {
        let mut faults = Vec::new();
        self.scene(hook, kind, id, detail);
        for rule in self.due_rules(hook, kind, id) {
            match self.call_rule(&rule, kind, id, detail)? {
                Ok(Some(ruled)) => {
                    let type_code = self.type_of(kind, id);
                    for refusal in &ruled.decision.refusals {
                        faults.push(self.refusal(&rule, kind, type_code.as_deref(), refusal));
                    }
                }
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        Ok(faults)
    }

    pub(super) fn refusal(
        &self,
        rule: &Rule,
        kind: Kind,
        type_code: Option<&str>,
        refusal: &Refusal,
    ) -> Fault {
        let field = refusal.field.as_ref().map(|name| {
            let def = self
                .ground
                .catalog
                .resolve(kind, type_code, Some(&rule.pack), name);
            def.map_or_else(|| name.clone(), |d| d.code.clone())
        });
        Fault {
            field,
            code: refusal.code.clone(),
            message: refusal.message.clone(),
            rule: Some(place(rule, refusal.spot.line)),
        }
    }

    /// What each kind demands beyond its fields.
    fn check_invariants(&mut self, kind: Kind, id: Id) -> Result<()> {
        match kind {
            Kind::Calendar => {
                self.check_calendar(id)?;
                self.recurrences_follow(id)
            }
            Kind::Recurrence => self.check_recurrence(id),
            Kind::SupportLevel => {
                let record = self.draft.record(kind, id)?;
                let level: SupportLevel = service::definition(record)?;
                first_fault(level.validate().into_iter().map(|e| (e.field, e.message)))?;
                if self.ground.service.calendar(&level.calendar).is_none() {
                    let calendar: String = level.calendar.chars().take(64).collect();
                    return Err(Error::field(
                        "definition",
                        "unknown_calendar",
                        format!("there is no calendar `{calendar}`"),
                    ));
                }
                self.touch_service(kind);
                Ok(())
            }
            Kind::Activity => self.check_activity(id),
            Kind::Agent => {
                self.touch_service(kind);
                self.check_roles(id)
            }
            Kind::Team => {
                self.touch_service(kind);
                Ok(())
            }
            Kind::Contract => self.check_contract(id),
            Kind::Article => self.check_article(id),
            Kind::Category => self.check_category(id),
            _ => Ok(()),
        }
    }

    /// A changed calendar is a new version; ledgers that were counted by the old one keep it.
    fn check_calendar(&mut self, id: Id) -> Result<()> {
        let record = self.draft.record(Kind::Calendar, id)?;
        let mut calendar: Calendar = service::definition(record)?;
        record
            .text("code")
            .unwrap_or_default()
            .clone_into(&mut calendar.code);
        first_fault(
            calendar
                .validate()
                .into_iter()
                .map(|e| (e.field, e.message)),
        )?;
        let newest = self
            .ground
            .service
            .calendar(&calendar.code)
            .map_or(0, |c| c.version);
        calendar.version = newest + 1;
        let text = serde_json::to_string(&calendar)
            .map_err(|e| Error::internal(format!("a calendar cannot be written: {e}")))?;
        let row = crate::desk::codec::encode(&calendar)?;
        let key = service::calendar_version(&calendar.code, calendar.version);
        self.draft.rows.put.push((Table::Meta, key, row));
        self.draft.set(
            Kind::Calendar,
            id,
            "definition",
            Some(Value::Json(text)),
            By::Engine,
        );
        self.touch_service(Kind::Calendar);
        Ok(())
    }

    /// Tells the next command that levels, calendars, agents or teams changed.
    pub(super) fn touch_service(&mut self, kind: Kind) {
        if !matches!(
            kind,
            Kind::Calendar | Kind::SupportLevel | Kind::Agent | Kind::Team
        ) {
            return;
        }
        let key = service::stamp();
        if self
            .draft
            .rows
            .put
            .iter()
            .any(|(table, k, _)| *table == Table::Meta && *k == key)
        {
            return;
        }
        let expect = super::config::expected(self.ground.service_version);
        self.draft
            .rows
            .expect
            .push((Table::Meta, key.clone(), expect));
        self.draft.rows.put.push((Table::Meta, key, Vec::new()));
        let mark = (Table::Meta, crate::desk::keys::service_at(), Vec::new());
        self.draft.rows.put_at_pos.push(mark);
    }
}

fn first_fault(mut faults: impl Iterator<Item = (String, String)>) -> Result<()> {
    match faults.next() {
        Some((field, message)) => Err(Error::field(
            &format!("definition.{field}"),
            "invalid_definition",
            message,
        )),
        None => Ok(()),
    }
}

/// A rule and the line that spoke.
pub fn place(rule: &Rule, line: u32) -> String {
    if line == 0 {
        rule.id()
    } else {
        format!("{}:{line}", rule.id())
    }
}
