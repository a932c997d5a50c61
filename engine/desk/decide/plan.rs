//! Plans: activities of a record are added, changed and removed together, and the performer is
//! reminded when one is due.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::notify::Words;
use super::{Answer, Deciding};
use crate::desk::command::PlanRow;
use crate::desk::journal::{By, Purpose};
use crate::desk::{Error, ErrorKind, Fault, Result, keys};
use crate::domain::plan::{self, MAX_KEY_BYTES, fields, states};
use crate::domain::record::fields::{
    ACCOUNT, ASSIGNEE, CLOSED_AT, CONTACT, TEAM, TYPE, UPDATED_AT,
};
use crate::domain::{Code, Id, Kind, Record, Value};

/// Most rows in one command.
const MAX_ROWS: usize = 100;
/// Name of the timer that reminds of an activity.
const REMINDER: &str = "plan.due";
/// Member of a command's fields that holds rows of a plan.
pub const MEMBER: &str = "plan";

/// An activity that a rule asks for.
#[derive(Debug, Deserialize)]
pub struct Task {
    /// What it is for: of the open activities of a record one at most has it.
    #[serde(default)]
    auto_key: Option<String>,
    /// Whether one that is there already makes room when the due time differs.
    #[serde(default)]
    supersede: bool,
    /// Values by field.
    #[serde(flatten)]
    fields: Map<String, Json>,
}

/// An end of an automatic activity that a rule asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskEnd {
    /// Its key.
    auto_key: String,
    /// `done`, `cancelled` or `superseded`.
    end: String,
    /// What came of it.
    #[serde(default)]
    result: Option<String>,
}

impl Deciding<'_, '_> {
    /// Adds, changes and removes activities of a record: all of it or nothing.
    pub(super) fn plan_command(&mut self, kind: Kind, id: Id, rows: &[PlanRow]) -> Result<Answer> {
        self.actor.require_agent("planning")?;
        self.actor.require_write(Kind::Activity)?;
        self.target(kind, id)?;
        self.plan_rows(kind, id, rows)?;
        self.settle(&[(kind, id)])?;
        Ok(Answer::record(kind, id))
    }

    /// The rows that stand among the fields of a command, taken out of them.
    pub(super) fn rows_among(
        &self,
        kind: Kind,
        type_code: Option<&str>,
        asked: &mut Map<String, Json>,
    ) -> Result<Vec<PlanRow>> {
        let is_field = self.ground.catalog.field(kind, type_code, MEMBER).is_some();
        if is_field || plan::owner_field(kind).is_none() {
            return Ok(Vec::new());
        }
        let Some(json) = asked.remove(MEMBER) else {
            return Ok(Vec::new());
        };
        self.actor.require_agent("planning")?;
        PlanRow::read_all(json)
    }

    /// Applies rows to the plan of a record.
    pub(super) fn plan_rows(&mut self, kind: Kind, id: Id, rows: &[PlanRow]) -> Result<()> {
        let Some(field) = plan::owner_field(kind) else {
            let message = format!("a {} has no plan", kind.name());
            return Err(Error::new(ErrorKind::Conflict, "no_plan", message));
        };
        if rows.len() > MAX_ROWS {
            let message = format!("{} rows are over the limit of {MAX_ROWS}", rows.len());
            return Err(Error::field("rows", "too_many", message));
        }
        for (place, row) in rows.iter().enumerate() {
            self.plan_row((kind, id), field, row)
                .map_err(|e| at_row(place, e))?;
        }
        if !rows.is_empty() {
            // The plan is part of the record: whoever read it before has an older version.
            let now = Some(Value::Instant(self.ground.now));
            self.draft.set(kind, id, UPDATED_AT, now, By::Engine);
        }
        Ok(())
    }

    /// The rows that a new record comes with.
    pub(super) fn plan_rows_of_new(&mut self, kind: Kind, id: Id, rows: &[PlanRow]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.plan_rows(kind, id, rows)
    }

    fn plan_row(&mut self, owner: (Kind, Id), field: &str, row: &PlanRow) -> Result<()> {
        let foreign = [fields::TICKET, fields::LEAD, TYPE];
        if let Some(name) = foreign.iter().find(|f| row.fields.contains_key(**f)) {
            let message = "is not for a row of a plan to say";
            return Err(Error::field(name, "readonly", message));
        }
        self.foresee(Kind::Activity, row.id, &row.fields)?;
        let Some(id) = row.id else {
            let id = self.begin_activity(owner, field, By::Asked)?;
            self.set_asked(Kind::Activity, id, &row.fields)?;
            return self.complete_activity(owner, id);
        };
        let place = (Kind::Activity, id);
        self.draft.load(&[place])?;
        let record = self.draft.record(place.0, place.1)?;
        if record.reference(field) != Some(owner.1) || !self.sight.sees(record)? {
            return Err(Error::not_found());
        }
        if row.remove {
            return self.erase(place.0, place.1);
        }
        self.set_asked(place.0, place.1, &row.fields)
    }

    fn begin_activity(&mut self, owner: (Kind, Id), field: &str, by: By) -> Result<Id> {
        let id = self.allot.id(self.ground.now);
        self.begin(Kind::Activity, id, None, by)?;
        let of = Some(Value::Ref(owner.1));
        self.draft.set(Kind::Activity, id, field, of, By::Engine);
        Ok(id)
    }

    /// What a new activity does not say, it has of its record.
    fn complete_activity(&mut self, owner: (Kind, Id), id: Id) -> Result<()> {
        let record = self.draft.record(owner.0, owner.1)?.clone();
        let own = self.draft.record(Kind::Activity, id)?;
        let mut names = vec![ACCOUNT, CONTACT];
        if own.get(ASSIGNEE).is_none() && own.get(TEAM).is_none() {
            names.extend([ASSIGNEE, TEAM]);
        }
        names.retain(|name| own.get(name).is_none());
        for name in names {
            let value = record.get(name).cloned();
            self.draft.set(Kind::Activity, id, name, value, By::Engine);
        }
        self.complete(Kind::Activity, id)
    }

    /// A task that a rule asks for; one that is there already is not doubled.
    pub(super) fn task_by_rule(
        &mut self,
        owner: (Kind, Id),
        pack: &str,
        task: Task,
        by: By,
    ) -> Result<()> {
        let Some(field) = plan::owner_field(owner.0) else {
            let message = format!("a {} has no plan", owner.0.name());
            return Err(Error::field("plan", "no_plan", message));
        };
        let key = task.auto_key.map(|key| Code::qualify(pack, &key).0);
        if let Some(key) = &key {
            if key.len() > MAX_KEY_BYTES {
                let message = format!("longer than {MAX_KEY_BYTES} bytes");
                return Err(Error::field(fields::AUTO_KEY, "too_long", message));
            }
            if let Some(old) = self.open_task(owner.1, key)? {
                let wanted = task.fields.get(fields::DUE_AT).cloned();
                let due = self.draft.record(Kind::Activity, old)?.get(fields::DUE_AT);
                if !task.supersede || same_instant(due, wanted.as_ref()) {
                    return Ok(());
                }
                self.end_task(old, states::SUPERSEDED, None, by)?;
            }
        }
        self.count_created()?;
        let id = self.begin_activity(owner, field, by)?;
        if let Some(key) = key {
            let key = Some(Value::Text(key));
            self.draft
                .set(Kind::Activity, id, fields::AUTO_KEY, key, By::Engine);
        }
        self.set_values(Kind::Activity, id, pack, &task.fields, by)?;
        self.complete_activity(owner, id)
    }

    /// Ends the open task of a key, if there is one.
    pub(super) fn end_task_by_rule(
        &mut self,
        owner: (Kind, Id),
        pack: &str,
        end: &TaskEnd,
        by: By,
    ) -> Result<()> {
        let ends = [states::DONE, states::CANCELLED, states::SUPERSEDED];
        if !ends.contains(&end.end.as_str()) {
            let message = format!("a task ends as one of {}", ends.join(", "));
            return Err(Error::field(fields::STATE, "malformed", message));
        }
        let key = Code::qualify(pack, &end.auto_key).0;
        match self.open_task(owner.1, &key)? {
            Some(task) => self.end_task(task, &end.end, end.result.as_deref(), by),
            None => Ok(()),
        }
    }

    fn end_task(&mut self, id: Id, state: &str, result: Option<&str>, by: By) -> Result<()> {
        let state = Some(Value::from(state));
        self.set_by_rule(Kind::Activity, id, fields::STATE, state, by)?;
        if let Some(result) = result {
            let result = Some(Value::from(result));
            self.set_by_rule(Kind::Activity, id, fields::RESULT, result, by)?;
        }
        Ok(())
    }

    /// The open activity of a record with a key: one of this command, or the one that holds the guard.
    fn open_task(&mut self, owner: Id, key: &str) -> Result<Option<Id>> {
        let wanted = plan::guard_of(owner, key);
        let mut own = self.draft.records.values().filter_map(|w| w.now.as_deref());
        let own =
            own.find(|r| r.kind == Kind::Activity && plan::guard(r).as_ref() == Some(&wanted));
        if let Some(own) = own {
            return Ok(Some(own.id));
        }
        let guard = keys::guard(Kind::Activity, fields::AUTO_KEY, &wanted);
        self.draft.load_guards(vec![guard.clone()])?;
        let Some(id) = self.draft.guards.get(&guard).copied().flatten() else {
            return Ok(None);
        };
        self.draft.load(&[(Kind::Activity, id)])?;
        let record = self.draft.peek(Kind::Activity, id);
        Ok(record.filter(|r| plan::guard(r).is_some()).map(|r| r.id))
    }

    /// Sets values that a rule gives as JSON.
    fn set_values(
        &mut self,
        kind: Kind,
        id: Id,
        pack: &str,
        values: &Map<String, Json>,
        by: By,
    ) -> Result<()> {
        let catalog = Arc::clone(&self.ground.catalog);
        let type_code = self.type_of(kind, id);
        let service = Arc::clone(&self.ground.service);
        for (name, json) in values {
            let field = catalog.resolve(kind, type_code.as_deref(), Some(pack), name);
            let field = field.ok_or_else(|| {
                Error::field(
                    name,
                    "unknown_field",
                    "there is no such field on this record",
                )
            })?;
            // Who it is for may be said by code, as in an assignment; whom the desk does not have is
            // passed over.
            let named = match (name.as_str(), json.as_str()) {
                (ASSIGNEE, Some(agent)) => Some((agent, service.agent(agent).map(|a| a.id))),
                (TEAM, Some(team)) => Some((team, service.team(team))),
                _ => None,
            };
            let value = match named {
                Some((_, Some(id))) => Some(Value::Ref(id)),
                Some((lost, None)) => {
                    let lost: String = lost.chars().take(64).collect();
                    self.note_once(format!("performer_unknown:{lost}:{MEMBER}"));
                    continue;
                }
                None => field
                    .read(json)
                    .map_err(|message| Error::field(name, "malformed", message))?,
            };
            if value.is_some() {
                self.set_by_rule(kind, id, &field.code.clone(), value, by)?;
            }
        }
        Ok(())
    }

    /// What an activity demands beyond its fields: a check-list that is one, the time at which it was
    /// over, a timer for the reminder.
    pub(super) fn check_activity(&mut self, id: Id) -> Result<()> {
        let place = (Kind::Activity, id);
        let record = self.draft.record(place.0, place.1)?.clone();
        if let Some(list) = record.get(fields::CHECKLIST)
            && let Some(message) = plan::checklist_fault(list)
        {
            return Err(Error::field(fields::CHECKLIST, "malformed", message));
        }
        let open = plan::is_open(&record);
        let typed = record.status().is_some();
        if !typed && open == record.get(CLOSED_AT).is_some() {
            let at = (!open).then_some(Value::Instant(self.ground.now));
            self.draft.set(place.0, id, CLOSED_AT, at, By::Engine);
        }
        let before = self.draft.records.get(&place);
        let before = before.and_then(|w| w.before.clone());
        let due = |r: &Record| r.instant(fields::DUE_AT).filter(|_| plan::is_open(r));
        let (was, is) = (before.as_deref().and_then(due), due(&record));
        if was == is {
            return Ok(());
        }
        match is.filter(|due| *due > self.ground.now) {
            Some(due) => self.set_timer(place.0, id, REMINDER, due, Purpose::PlanDue),
            None => {
                self.draft.timers.insert((id, REMINDER.to_owned()), None);
            }
        }
        Ok(())
    }

    /// Reminds whoever is to do an activity that it is due.
    pub(super) fn plan_due(&mut self, id: Id) -> Result<()> {
        let record = self.draft.record(Kind::Activity, id)?;
        if !plan::is_open(record) {
            return Ok(());
        }
        let title = record.title().to_owned();
        let to = match (record.get(ASSIGNEE), record.get(TEAM)) {
            (None, Some(_)) => "team",
            _ => "assignee",
        };
        let description = record.text("description").unwrap_or_default().to_owned();
        let text = match description.is_empty() {
            true => title.clone(),
            false => format!("{title}\n\n{description}"),
        };
        let words = Words {
            channel: "mail",
            subject: &title,
            text: &text,
        };
        self.remind((Kind::Activity, id), (REMINDER, to), &words)
    }
}

/// A fault of a row, with its place.
fn at_row(place: usize, mut error: Error) -> Error {
    let name = |fault: Fault| Fault {
        field: fault.field.map(|field| format!("rows/{place}/{field}")),
        ..fault
    };
    error.faults = error.faults.into_iter().map(name).collect();
    error.message = format!("row {}: {}", place + 1, error.message);
    error
}

fn same_instant(due: Option<&Value>, wanted: Option<&Json>) -> bool {
    match (due, wanted.filter(|w| !w.is_null())) {
        (None, None) => true,
        (Some(due), Some(wanted)) => {
            let read = wanted.as_str().and_then(|w| w.parse().ok());
            Some(due) == read.map(Value::Instant).as_ref()
        }
        _ => false,
    }
}
