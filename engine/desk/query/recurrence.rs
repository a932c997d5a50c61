//! When a recurrence will make its next tickets.

use serde_json::{Map, Value as Json};

use crate::desk::recurrence::{Occurrence, fault, open_from, schedule_of};
use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, Error, Result, lookup, service};
use crate::domain::calendar::Calendar;
use crate::domain::recurrence::fields;
use crate::domain::{Id, Kind, Record, Value};
use crate::store::Pos;

/// Most occurrences that are shown.
pub const MAX_SHOWN: usize = 50;

impl Desk {
    /// The next occurrences of a recurrence, as if it were active; at most `most` and at most 50.
    ///
    /// # Errors
    /// When there is no such recurrence for the asker, or the store fails.
    pub fn occurrences(
        &self,
        actor: &Actor,
        id: Id,
        most: usize,
        at_least: Option<Pos>,
    ) -> Result<Vec<Occurrence>> {
        actor.require_agent("looking at recurrences")?;
        let record = self.record(actor, Kind::Recurrence, id, at_least)?.record;
        self.next_of(actor, &record, most)
    }

    /// The next occurrences of what would be a recurrence with these fields.
    ///
    /// # Errors
    /// When the fields make no schedule, or the store fails.
    pub fn preview_recurrence(
        &self,
        actor: &Actor,
        asked: &Map<String, Json>,
        most: usize,
    ) -> Result<Vec<Occurrence>> {
        actor.require_agent("looking at recurrences")?;
        let catalog = self.catalog()?;
        let mut record = Record::new(Id::MIN, Kind::Recurrence);
        for (name, json) in asked {
            if !fields::SCHEDULE.contains(&name.as_str()) {
                let message = format!("a preview takes {}", fields::SCHEDULE.join(", "));
                return Err(Error::field(name, "unknown_field", message));
            }
            let Some(def) = catalog.field(Kind::Recurrence, None, name) else {
                continue;
            };
            let code = json.as_str().filter(|text| text.parse::<Id>().is_err());
            let value = match code.filter(|_| def.target.is_some()) {
                Some(code) => self.calendar_by(code)?.map(Value::Ref),
                None => def
                    .read(json)
                    .map_err(|message| Error::field(name, "malformed", message))?,
            };
            record.put(name, value);
        }
        for name in [fields::RULE, fields::STARTS_ON, fields::CALENDAR] {
            if record.get(name).is_none() {
                return Err(Error::field(name, "required", "a value is needed"));
            }
        }
        self.next_of(actor, &record, most)
    }

    fn calendar_by(&self, code: &str) -> Result<Option<Id>> {
        let snapshot = self.store.snapshot(None)?;
        lookup::by_unique(&*snapshot, Kind::Calendar, &Value::from(code))
    }

    fn next_of(&self, actor: &Actor, record: &Record, most: usize) -> Result<Vec<Occurrence>> {
        let unknown = || {
            Error::field(
                fields::CALENDAR,
                "unknown_record",
                "there is no such calendar",
            )
        };
        let calendar = record.reference(fields::CALENDAR).ok_or_else(unknown)?;
        let snapshot = self.store.snapshot(None)?;
        let ground = self.ground_for(snapshot, &[(Kind::Calendar, calendar)])?;
        let sight = Sight::new(&ground, actor);
        let calendar = super::record::read(&*ground.snapshot, &sight, Kind::Calendar, calendar)
            .map_err(|_| unknown())?;
        let calendar: Calendar = service::definition(&calendar.record)?;
        let Some(schedule) = schedule_of(record)? else {
            return Ok(Vec::new());
        };
        let from = open_from(record, self.now());
        let found = schedule
            .from(&calendar, from, most.min(MAX_SHOWN))
            .map_err(fault)?;
        Ok(found
            .into_iter()
            .map(|at| Occurrence::by(&calendar, at))
            .collect())
    }
}
