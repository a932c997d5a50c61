//! Recurrences: when the next ticket is due, and making it. The occurrence that was dealt with last
//! never goes back, so that none makes two tickets.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::Deciding;
use crate::desk::ahead::MAX_FIELDS;
use crate::desk::journal::{By, Purpose, Timer};
use crate::desk::recurrence::{fault, open_from, schedule_of};
use crate::desk::{Error, ErrorKind, Fault, Result, keys, service};
use crate::domain::calendar::Calendar;
use crate::domain::record::fields::{STATUS, TYPE, UPDATED_AT};
use crate::domain::recurrence::{Schedule, fields};
use crate::domain::{Id, Instant, Kind, Record, Value};
use crate::store::Table;

/// Name of the timer of a recurrence.
const TIMER: &str = "recurrence";
/// Most recurrences that are planned anew when their calendar changes. Others find out when they are due.
const MAX_FOLLOWING: usize = 1_000;
/// Longest error that is kept, in characters.
const MAX_ERROR_CHARS: usize = 1_000;
/// Stands in texts of a template for the local date of the occurrence.
const DATE: &str = "{date}";

/// What is due of a recurrence.
#[derive(Default)]
struct Due {
    /// The occurrence that makes a ticket.
    at: Option<Instant>,
    /// How many before it make none.
    missed: usize,
    /// The occurrence after it.
    next: Option<Instant>,
}

impl Deciding<'_, '_> {
    /// A recurrence that was changed: its template must make a ticket, and the next one is planned.
    pub(super) fn check_recurrence(&mut self, id: Id) -> Result<()> {
        let place = (Kind::Recurrence, id);
        let record = self.draft.record(place.0, place.1)?.clone();
        let before = self.draft.records.get(&place);
        let before = before.and_then(|work| work.before.clone());
        let differ = |names: &[&str]| {
            let same = |b: &Record| names.iter().all(|name| b.get(name) == record.get(name));
            !before.as_deref().is_some_and(same)
        };
        if differ(&[fields::TEMPLATE]) {
            self.check_template(&record)?;
        }
        if !differ(&fields::SCHEDULE) {
            return Ok(());
        }
        let next = match self.timing(&record)? {
            Some((schedule, calendar)) if is_active(&record) => {
                let from = open_from(&record, self.ground.now);
                schedule.from(&calendar, from, 1).map_err(fault)?.pop()
            }
            _ => None,
        };
        self.plan_next(id, next);
        Ok(())
    }

    /// Recurrences go by the calendar as it is now.
    pub(super) fn recurrences_follow(&mut self, calendar: Id) -> Result<()> {
        if self.draft.is_new(calendar) {
            return Ok(());
        }
        let value = Value::Ref(calendar);
        let from = keys::index_prefix(Kind::Recurrence, fields::CALENDAR, &value);
        let to = keys::after(&from);
        let snapshot = Arc::clone(&self.draft.snapshot);
        let rows = snapshot.range(Table::Index, &from, &to, false, MAX_FOLLOWING)?;
        let ids: Vec<Id> = rows
            .iter()
            .filter_map(|(key, _)| keys::id_at_end(key))
            .collect();
        let places: Vec<_> = ids.iter().map(|id| (Kind::Recurrence, *id)).collect();
        self.draft.load(&places)?;
        for id in ids {
            let Some(record) = self.draft.peek(Kind::Recurrence, id).cloned() else {
                continue;
            };
            // What is due is about to be dealt with, by the calendar as it is then.
            let planned = record.instant(fields::NEXT_AT);
            if !is_active(&record) || planned.is_some_and(|at| at <= self.ground.now) {
                continue;
            }
            let Some((schedule, calendar)) = self.timing(&record)? else {
                continue;
            };
            let from = open_from(&record, self.ground.now);
            let next = schedule.from(&calendar, from, 1).map_err(fault)?.pop();
            if next != planned {
                self.plan_next(id, next);
                let now = Some(Value::Instant(self.ground.now));
                self.draft
                    .set(Kind::Recurrence, id, UPDATED_AT, now, By::Engine);
            }
        }
        Ok(())
    }

    /// Makes the ticket of the occurrence that is due, and plans the next one.
    pub(super) fn recur(&mut self, timer: &Timer) -> Result<()> {
        let id = timer.owner;
        let record = self.draft.record(Kind::Recurrence, id)?.clone();
        let Some((schedule, calendar)) = self.timing(&record)? else {
            return Err(Error::new(
                ErrorKind::Conflict,
                "no_calendar",
                "the calendar of the recurrence is gone: name another one",
            ));
        };
        let due = self.due(&record, timer, (&schedule, &calendar))?;
        self.plan_next(id, due.next);
        if 0 < due.missed {
            let note = format!("recurrence_missed:{}", due.missed);
            self.draft.notes.push(note);
        }
        let Some(at) = due.at.filter(|_| is_active(&record)) else {
            return Ok(());
        };
        let day = at.with_timezone(&calendar.time_zone).date_naive();
        let asked = template(&record)?;
        let asked = asked
            .into_iter()
            .map(|(k, v)| (k, dated(v, &day.to_string())));
        let ticket = self.allot.id(self.ground.now);
        let known = [
            (fields::RECURRENCE, Value::Ref(id)),
            (fields::OCCURRENCE_AT, Value::Instant(at)),
        ];
        self.create_as((Kind::Ticket, ticket), &asked.collect(), &known)?;
        let made = record.get(fields::MADE).and_then(Value::as_int);
        self.dealt_with(id, at, None);
        for (name, value) in [
            (fields::LAST_TICKET, Value::Ref(ticket)),
            (fields::MADE, Value::Int(made.unwrap_or(0) + 1)),
        ] {
            self.draft
                .set(Kind::Recurrence, id, name, Some(value), By::Engine);
        }
        Ok(())
    }

    /// The ticket of an occurrence was refused: the recurrence says why and goes on.
    pub(super) fn recurrence_failed(&mut self, timer: &Timer, why: &str) -> Result<()> {
        let record = self.draft.record(Kind::Recurrence, timer.owner)?.clone();
        let timing = self.timing(&record).ok().flatten();
        let due = timing
            .and_then(|(schedule, calendar)| self.due(&record, timer, (&schedule, &calendar)).ok());
        let due = due.unwrap_or_default();
        self.plan_next(timer.owner, due.next);
        self.dealt_with(timer.owner, due.at.unwrap_or(timer.due), Some(why));
        Ok(())
    }

    /// What is due now of what was planned for a timer.
    fn due(
        &self,
        record: &Record,
        timer: &Timer,
        (schedule, calendar): (&Schedule, &Calendar),
    ) -> Result<Due> {
        let each = record.text(fields::MISSED) == Some("each");
        let mut due = Due::default();
        for at in schedule.occurrences(calendar) {
            let at = at.map_err(fault)?;
            if at < timer.due {
                continue;
            }
            if self.ground.now < at || (each && due.at.is_some()) {
                due.next = Some(at);
                break;
            }
            due.missed += usize::from(due.at.is_some());
            due.at = Some(at);
        }
        Ok(due)
    }

    fn dealt_with(&mut self, id: Id, at: Instant, error: Option<&str>) {
        let error = error.map(|e| Value::Text(e.chars().take(MAX_ERROR_CHARS).collect()));
        let told = [
            (fields::LAST_AT, Some(Value::Instant(at))),
            (fields::LAST_ERROR, error),
        ];
        for (name, value) in told {
            self.draft
                .set(Kind::Recurrence, id, name, value, By::Engine);
        }
    }

    fn plan_next(&mut self, id: Id, next: Option<Instant>) {
        let place = (Kind::Recurrence, id);
        let value = next.map(Value::Instant);
        self.draft
            .set(place.0, id, fields::NEXT_AT, value, By::Engine);
        match next {
            Some(due) => self.set_timer(place.0, id, TIMER, due, Purpose::Recur),
            None => {
                self.draft.timers.insert((id, TIMER.to_owned()), None);
            }
        }
    }

    /// The schedule of a recurrence and its calendar; none while one of them is missing.
    fn timing(&mut self, record: &Record) -> Result<Option<(Schedule, Calendar)>> {
        let Some(calendar) = record.reference(fields::CALENDAR) else {
            return Ok(None);
        };
        self.draft.load(&[(Kind::Calendar, calendar)])?;
        let Some(calendar) = self.draft.peek(Kind::Calendar, calendar) else {
            return Ok(None);
        };
        let calendar: Calendar = service::definition(calendar)?;
        Ok(schedule_of(record)?.map(|schedule| (schedule, calendar)))
    }

    /// Whether the template has values that a ticket takes, of records that whoever asks may name.
    fn check_template(&mut self, record: &Record) -> Result<()> {
        if record.get(fields::TEMPLATE).is_none() {
            return Ok(());
        }
        // The engine will make the tickets; whoever asks must be permitted to.
        self.permit_new(Kind::Ticket)?;
        let template = template(record)?;
        if MAX_FIELDS < template.len() {
            let message = format!("more than {MAX_FIELDS} fields");
            return Err(Error::field(fields::TEMPLATE, "too_many", message));
        }
        let type_def = self
            .asked_type(Kind::Ticket, template.get(TYPE))
            .map_err(within)?;
        let code = type_def.map(|def| def.code);
        let mut rest = template.clone();
        self.rows_among(Kind::Ticket, code.as_deref(), &mut rest)
            .map_err(within)?;
        let today = self.ground.now.date_naive().to_string();
        let mut sample = Record::new(Id::MIN, Kind::Ticket);
        let mut faults = Vec::new();
        for (name, json) in rest {
            if name == TYPE || name == STATUS {
                continue;
            }
            match self.read_named(Kind::Ticket, code.as_deref(), &name, &dated(json, &today))? {
                Ok((name, value)) => sample.put(&name, value),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            faults = self.unknown_references(&sample, code.as_deref())?;
        }
        match faults.is_empty() {
            true => Ok(()),
            false => Err(within(Error::invalid(faults))),
        }
    }
}

fn is_active(record: &Record) -> bool {
    record.get(fields::ACTIVE).and_then(Value::as_bool) != Some(false)
}

fn template(record: &Record) -> Result<Map<String, Json>> {
    let wrong = || {
        Error::field(
            fields::TEMPLATE,
            "malformed",
            "expected an object with the ticket's values by field",
        )
    };
    match record.get(fields::TEMPLATE) {
        Some(Value::Json(text)) => serde_json::from_str(text).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

/// The value with the date of the occurrence in its texts.
fn dated(json: Json, date: &str) -> Json {
    match json {
        Json::String(text) => Json::String(text.replace(DATE, date)),
        Json::Array(items) => items.into_iter().map(|item| dated(item, date)).collect(),
        Json::Object(members) => {
            let members = members.into_iter().map(|(k, v)| (k, dated(v, date)));
            Json::Object(members.collect())
        }
        other => other,
    }
}

/// Faults of the ticket, as faults of the template.
fn within(mut error: Error) -> Error {
    let name = |fault: Fault| Fault {
        field: fault
            .field
            .map(|field| format!("{}.{field}", fields::TEMPLATE)),
        ..fault
    };
    error.faults = error.faults.into_iter().map(name).collect();
    error
}
