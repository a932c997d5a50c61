//! What a report must come to.

use serde_json::{Map, Value as Json};

use super::command::Names;
use super::compare::{same, shown};
use super::driver::{Driver, Seen};
use super::file::Then;
use super::report::Difference;
use super::words;
use crate::domain::Id;

/// What is not as a `[[step.then]]` says of a report.
pub(super) fn check(
    then: &Then,
    code: &str,
    names: &Names,
    driver: &mut dyn Driver,
) -> Seen<Vec<Difference>> {
    let actor = names.actor(then.by.as_deref(), driver)?;
    let ask = Json::Object(names.object(&then.ask)?);
    let found = driver.report(&actor, code, &ask);
    let found = match (found, then.hidden) {
        (Err(_), true) => return Ok(Vec::new()),
        (Err(refused), false) => return Err(format!("{}: {}", refused.code, refused.message)),
        (Ok(_), true) => return Ok(vec![Difference::new(code, "refused", "it ran")]),
        (Ok(found), false) => found,
    };
    let mut differences = Vec::new();
    if let Some(wanted) = &then.rows {
        if wanted.len() != found.rows.len() {
            let got = Json::Array(found.rows.clone()).to_string();
            differences.push(Difference::new("rows", wanted.len().to_string(), got));
        }
        for (wanted, got) in wanted.iter().zip(&found.rows) {
            differences.extend(unlike("row", &names.object(wanted)?, got));
        }
    }
    differences.extend(unlike(
        "totals",
        &names.object(&then.totals)?,
        &found.totals,
    ));
    if let Some(wanted) = &then.open {
        let wanted: Seen<Vec<Id>> = wanted.iter().map(|n| Ok(names.get(n)?.1)).collect();
        if wanted? != found.open {
            let got: Vec<String> = found.open.iter().map(|id| names.of(*id)).collect();
            let wanted = words::texts(then.open.as_deref().unwrap_or_default());
            let what = "the open records";
            differences.push(Difference::new(what, wanted, words::texts(&got)));
        }
    }
    if let Some(wanted) = &then.ages
        && *wanted != found.ages
    {
        let (wanted, got) = (format!("{wanted:?}"), format!("{:?}", found.ages));
        differences.push(Difference::new("the ages of the open records", wanted, got));
    }
    Ok(differences)
}

/// Members of a row that are not as wanted; members that nobody wants to know of may be anything.
fn unlike(what: &str, wanted: &Map<String, Json>, got: &Json) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (name, value) in wanted {
        let is = got.get(name);
        if let (Json::Object(inner), Some(is)) = (value, is) {
            differences.extend(unlike(&format!("{what}, `{name}`"), inner, is));
        } else if !is.is_some_and(|is| same(name, value, is)) {
            let what = format!("{what}, `{name}` of {got}");
            differences.push(Difference::new(what, shown(Some(value)), shown(is)));
        }
    }
    differences
}
