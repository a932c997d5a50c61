//! What must be so after a step.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::command::Names;
use super::compare::{field, same};
use super::driver::{Driver, Seen};
use super::file::Then;
use super::look::Look;
use super::report::Difference;
use super::reported;
use crate::domain::Id;

/// What was there before a step, so that checks can tell what the step added.
pub(super) struct Check {
    pub(super) pos: u64,
    pub(super) outbox: BTreeSet<Option<Id>>,
}

impl Check {
    pub fn begin(driver: &mut dyn Driver) -> Seen<Self> {
        Ok(Self {
            pos: driver.pos()?,
            outbox: driver.outbox()?.into_iter().map(|m| m.id).collect(),
        })
    }

    /// What is not as a `[[step.then]]` says.
    pub fn then(&self, then: &Then, names: &mut Names, driver: &mut dyn Driver) -> Vec<Difference> {
        if let Some(query) = &then.search {
            let outcome = super::intake::search(then, query, names, driver);
            return outcome.unwrap_or_else(|why| vec![why.into()]);
        }
        if then.inbox.is_some() || then.board.is_some() {
            let outcome = super::intake::columns(then, names, driver);
            return outcome.unwrap_or_else(|why| vec![why.into()]);
        }
        if let Some(wanted) = &then.journal {
            let outcome = super::listed::journal(wanted, self.pos, names, driver);
            return outcome.unwrap_or_else(|why| vec![why.into()]);
        }
        let outcome = match (&then.record, &then.kind, &then.report) {
            (Some(record), None, None) => self.one(then, record, names, driver),
            (None, Some(kind), None) => many(then, kind, names, driver),
            (None, None, Some(code)) => reported::check(then, code, names, driver),
            _ => Err(
                "a `[[step.then]]` needs `record`, `kind`, `report`, `journal`, `search`, `inbox` or \
                 `board`"
                    .to_owned(),
            ),
        };
        outcome.unwrap_or_else(|why| vec![why.into()])
    }

    fn one(
        &self,
        then: &Then,
        record: &str,
        names: &Names,
        driver: &mut dyn Driver,
    ) -> Seen<Vec<Difference>> {
        let place = names.get(record)?;
        let actor = names.actor(Some(then.by.as_deref().unwrap_or("system")), driver)?;
        let seen = driver.record(&actor, place.0, place.1)?;
        let Some(fields) = seen else {
            let hidden = then.hidden;
            let why = format!("`{record}` is not there");
            return Ok(if hidden { Vec::new() } else { vec![why.into()] });
        };
        if then.hidden {
            let what = format!("`{record}`");
            return Ok(vec![Difference::new(what, "hidden", "seen")]);
        }
        let look = Look {
            check: self,
            then,
            names,
            driver,
            actor,
            place,
            found: Vec::new(),
        };
        let found = look.differences(&fields)?;
        let tell = |difference: Difference| Difference {
            what: format!("`{record}`, {}", difference.what),
            ..difference
        };
        Ok(found.into_iter().map(tell).collect())
    }
}

fn many(
    then: &Then,
    kind: &str,
    names: &mut Names,
    driver: &mut dyn Driver,
) -> Seen<Vec<Difference>> {
    let kind = super::known::kind(kind)?;
    if let Some(wanted) = &then.listed {
        return super::listed::check(then, (kind, wanted), names, driver);
    }
    if then.sort.is_some() || then.q.is_some() || then.by.is_some() {
        return Err("`sort`, `q` and `by` of a kind go with `listed`".to_owned());
    }
    let wanted = names.object(&then.filter)?;
    let records = driver.records(kind)?;
    let matching: Vec<Id> = records
        .iter()
        .filter(|(_, fields)| {
            wanted
                .iter()
                .all(|(name, value)| field(fields, name).is_some_and(|got| same(name, value, got)))
        })
        .map(|(id, _)| *id)
        .collect();
    let mut found = Vec::new();
    if let Some(count) = then.count
        && count != matching.len()
    {
        found.push(Difference::new(
            format!(
                "records of kind {} with {}",
                kind.name(),
                Json::Object(wanted)
            ),
            count.to_string(),
            format!("{} of {}", matching.len(), records.len()),
        ));
    }
    match (&then.name, matching.first()) {
        (Some(name), Some(id)) => names.give(name, kind, *id),
        (Some(name), None) => found.push(format!("there is no record to call `{name}`").into()),
        (None, _) => {}
    }
    Ok(found)
}
