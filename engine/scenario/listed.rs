//! Lists, searches and what was committed, as scenarios look at them.

use serde_json::Value as Json;

use super::command::Names;
use super::driver::{Driver, ListAsk, Refused, Seen, ShownEvent};
use super::file::{EventLike, Then};
use super::report::Difference;
use super::shown::refused;
use super::words;
use crate::desk::{Actor, Condition, Desk, ListQuery};
use crate::domain::{Id, Kind};

/// Most records of a list.
const PAGE: usize = 200;

/// What is not as a `[[step.then]]` says of a list.
pub(super) fn check(
    then: &Then,
    (kind, wanted): (Kind, &[String]),
    names: &Names,
    driver: &mut dyn Driver,
) -> Seen<Vec<Difference>> {
    let actor = names.actor(Some(then.by.as_deref().unwrap_or("system")), driver)?;
    let mut ask = ListAsk {
        sort: then.sort.clone(),
        text: then.q.clone(),
        ..ListAsk::default()
    };
    for (field, value) in names.object(&then.filter)? {
        let values = match value {
            Json::Array(values) => values.iter().map(plain).collect(),
            one => vec![plain(&one)],
        };
        ask.filters.push((field, values));
    }
    let what = format!("the list of kind {}", kind.name());
    let found = match (driver.list(&actor, kind, &ask), then.hidden) {
        (Err(_), true) => return Ok(Vec::new()),
        (Ok(_), true) => return Ok(vec![Difference::new(what, "refused", "it was shown")]),
        (Err(refused), false) => return Err(format!("{}: {}", refused.code, refused.message)),
        (Ok(found), false) => found,
    };
    let ids: Seen<Vec<Id>> = wanted.iter().map(|n| Ok(names.get(n)?.1)).collect();
    if ids? == found {
        return Ok(Vec::new());
    }
    let got: Vec<String> = found.iter().map(|id| names.of(*id)).collect();
    let difference = Difference::new(what, words::texts(wanted), words::texts(&got));
    Ok(vec![difference])
}

/// A value as it stands in a query.
fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What is not as a `[[step.then]]` says of what was committed after a position.
pub(super) fn journal(
    wanted: &[EventLike],
    after: u64,
    names: &Names,
    driver: &mut dyn Driver,
) -> Seen<Vec<Difference>> {
    let got = driver.events(after)?;
    let what = "the journal of this step";
    if wanted.len() != got.len() {
        let told: Vec<String> = got.iter().map(|one| told(one, names)).collect();
        let (wanted, got) = (wanted.len().to_string(), words::tables(&told));
        return Ok(vec![Difference::new(what, wanted, got)]);
    }
    let mut found = Vec::new();
    for (place, (wanted, got)) in wanted.iter().zip(&got).enumerate() {
        let actor = match &wanted.actor {
            Some(name) => Some(names.actor_name(name, driver)?),
            None => None,
        };
        let mut changed: Vec<String> = got.records.iter().map(|id| names.of(*id)).collect();
        changed.sort();
        let mut records = wanted.records.clone();
        records.iter_mut().for_each(|names| names.sort());
        let mut unlike = super::unlike::Unlike::default();
        unlike.text("command", wanted.command.as_deref(), Some(&got.command));
        if let Some(actor) = actor.filter(|actor| *actor != got.actor) {
            let (actor, got) = (names.named_actor(&actor), names.named_actor(&got.actor));
            unlike.key("actor", &words::text(&actor), &words::text(&got));
        }
        if let Some(records) = records.filter(|records| *records != changed) {
            unlike.key("records", &words::texts(&records), &words::texts(&changed));
        }
        found.extend(unlike.difference(format!("{what}, entry {}", place + 1)));
    }
    Ok(found)
}

/// What was committed, in the words of a scenario.
fn told(event: &ShownEvent, names: &Names) -> String {
    let records: Vec<String> = event.records.iter().map(|id| names.of(*id)).collect();
    format!(
        "{{ command = {}, actor = {}, records = {} }}",
        words::text(&event.command),
        words::text(&names.named_actor(&event.actor)),
        words::texts(&records)
    )
}

/// The records of a list as the desk itself gives it.
pub(super) fn of_desk(
    desk: &Desk,
    actor: &Actor,
    kind: Kind,
    ask: &ListAsk,
) -> Result<Vec<Id>, Refused> {
    let condition = |(field, values): &(String, Vec<String>)| {
        // As the API calls it.
        let field = match field.as_str() {
            "status_category" => "category_of_status",
            other => other,
        };
        (field.to_owned(), Condition::In(values.clone()))
    };
    let filters = ask.filters.iter().map(condition).collect();
    if let Some(text) = &ask.text {
        return found(desk, actor, (kind, text), filters);
    }
    let sort = ask
        .sort
        .as_deref()
        .map(|sort| match sort.strip_prefix('-') {
            Some(field) => (field.to_owned(), true),
            None => (sort.to_owned(), false),
        });
    let query = ListQuery {
        filters,
        sort,
        at_least: Some(desk.pos()),
        ..ListQuery::newest(kind, PAGE)
    };
    let page = desk.list(actor, &query).map_err(refused)?;
    Ok(page.items.iter().map(|p| p.record.id).collect())
}

#[cfg(feature = "search")]
fn found(
    desk: &Desk,
    actor: &Actor,
    (kind, text): (Kind, &str),
    filters: Vec<(String, Condition)>,
) -> Result<Vec<Id>, Refused> {
    let query = crate::desk::SearchQuery {
        text: text.to_owned(),
        kinds: vec![kind],
        filters,
        limit: PAGE,
        at_least: Some(desk.pos()),
        ..crate::desk::SearchQuery::default()
    };
    let found = desk.search(actor, &query).map_err(refused)?;
    Ok(found.hits.iter().map(|hit| hit.record.id).collect())
}

#[cfg(not(feature = "search"))]
fn found(
    _: &Desk,
    _: &Actor,
    _: (Kind, &str),
    _: Vec<(String, Condition)>,
) -> Result<Vec<Id>, Refused> {
    Err(Refused {
        code: "needs_search".to_owned(),
        message: "this program was built without search".to_owned(),
        ..Refused::default()
    })
}
