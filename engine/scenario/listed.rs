//! Lists, searches and what was committed, as scenarios look at them.

use serde_json::Value as Json;

use super::command::Names;
use super::driver::{Driver, ListAsk, Refused, Seen};
use super::file::{EventLike, Then};
use super::report::Difference;
use super::shown::refused;
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
    let difference = Difference::new(what, format!("{wanted:?}"), format!("{got:?}"));
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
    let mut alike = wanted.len() == got.len();
    for (wanted, got) in wanted.iter().zip(&got) {
        let actor = match &wanted.actor {
            Some(name) => Some(names.actor_name(name, driver)?),
            None => None,
        };
        let mut changed: Vec<String> = got.records.iter().map(|id| names.of(*id)).collect();
        changed.sort();
        let mut records = wanted.records.clone();
        records.iter_mut().for_each(|names| names.sort());
        alike &= wanted.command.as_ref().is_none_or(|w| *w == got.command)
            && actor.is_none_or(|actor| actor == got.actor)
            && records.is_none_or(|records| records == changed);
    }
    let difference = || {
        let (wanted, got) = (format!("{wanted:?}"), format!("{got:?}"));
        Difference::new("the journal of this step", wanted, got)
    };
    Ok((!alike).then(difference).into_iter().collect())
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
