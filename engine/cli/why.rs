//! `opora why` and `opora replay`: what was behind a record, and its decisions made again.

use clap::Args;
use serde_json::Value as Json;

use super::client::{Peer, Place, encoded, items, text_of};
use super::failure::{Failure, Outcome};
use super::settings::{Settings, Shared};
use super::{logging, out};
use crate::api;
use crate::desk::{Actor, Condition, Desk, ListQuery, WhyQuery};
use crate::domain::{Id, Kind};
use crate::store::Pos;

/// Changes that are asked for at once.
const PAGE: usize = 200;

/// What to explain.
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// Number or id of the ticket.
    record: String,
    /// Only what bears on this field.
    field: Option<String>,
    /// Kind of the record, when it is no ticket; it is named by its id then.
    #[arg(long, default_value = "ticket")]
    kind: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What to make again.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Number or id of the ticket.
    record: String,
    /// Position of the change, as `opora why` shows it.
    position: u64,
    /// Only this rule: `pack/name`.
    #[arg(long)]
    rule: Option<String>,
    /// Kind of the record, when it is no ticket; it is named by its id then.
    #[arg(long, default_value = "ticket")]
    kind: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs `opora why`.
///
/// # Errors
/// When there is no such record, or neither folder nor server can be reached.
pub fn why(args: &WhyArgs, place: &Place, shared: &Shared) -> Outcome<()> {
    logging::start(&Settings::of_client(shared)?)?;
    let peer = place.peer(shared)?;
    let done = explain(&peer, args);
    close(peer)?;
    let pages = done?;
    if args.json {
        return print_json(&pages);
    }
    if pages
        .iter()
        .all(|p| items(p, "items").is_empty() && items(p, "due_times").is_empty())
    {
        return out::say("nothing bears on it");
    }
    for page in &pages {
        items(page, "items").iter().try_for_each(say_item)?;
    }
    let due = pages.iter().flat_map(|page| items(page, "due_times"));
    due.into_iter().try_for_each(say_due)
}

/// Runs `opora replay`.
///
/// # Errors
/// When nothing happened there, what it stood on is gone, or neither folder nor server can be
/// reached.
pub fn replay(args: &ReplayArgs, place: &Place, shared: &Shared) -> Outcome<()> {
    logging::start(&Settings::of_client(shared)?)?;
    let peer = place.peer(shared)?;
    let done = again(&peer, args);
    close(peer)?;
    let found = done?;
    if args.json {
        return print_json(&found);
    }
    if found.is_empty() {
        return out::say("no rule was called there");
    }
    found.iter().try_for_each(say_replayed)
}

fn close(peer: Peer) -> Outcome<()> {
    if let Peer::Desk(desk) = peer {
        desk.close()?;
    }
    Ok(())
}

fn print_json(all: &[Json]) -> Outcome<()> {
    let value = match all {
        [one] => one.clone(),
        all => Json::Array(all.to_vec()),
    };
    let text = serde_json::to_string_pretty(&value);
    out::say(&text.map_err(|e| Failure::new(e.to_string()))?)
}

fn explain(peer: &Peer, args: &WhyArgs) -> Outcome<Vec<Json>> {
    let kind = kind_of(&args.kind)?;
    let id = find(peer, kind, &args.record)?;
    let mut pages = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = match peer {
            Peer::Desk(desk) => {
                let query = WhyQuery {
                    kind,
                    id,
                    field: args.field.clone(),
                    limit: PAGE,
                    cursor,
                };
                to_json(&api::why_view(desk.why(&Actor::System, &query)?))?
            }
            Peer::Server(client) => {
                let mut path = format!("/v1/{}/{id}/why?limit={PAGE}", api::plural(kind));
                let given = [("field", &args.field), ("cursor", &cursor)];
                for (name, value) in given {
                    if let Some(value) = value {
                        path.push_str(&format!("&{name}={}", encoded(value)));
                    }
                }
                client.get(&path)?
            }
        };
        cursor = page.get("next").and_then(Json::as_str).map(str::to_owned);
        pages.push(page);
        if cursor.is_none() {
            return Ok(pages);
        }
    }
}

fn again(peer: &Peer, args: &ReplayArgs) -> Outcome<Vec<Json>> {
    let kind = kind_of(&args.kind)?;
    let id = find(peer, kind, &args.record)?;
    let all: Vec<Json> = match peer {
        Peer::Desk(desk) => {
            let done = desk.replay(&Actor::System, Pos(args.position), args.rule.as_deref())?;
            let views = done.into_iter().map(|d| to_json(&api::replayed_view(d)));
            views.collect::<Outcome<_>>()?
        }
        Peer::Server(client) => {
            let rule = args.rule.as_ref();
            let rule = rule.map_or(String::new(), |r| format!("?rule={}", encoded(r)));
            let path = format!("/v1/journal/{}/replay{rule}", args.position);
            items(&client.get(&path)?, "items").to_vec()
        }
    };
    let own = id.to_string();
    let is_own = |done: &Json| text_of(done, "record") == own;
    if !all.is_empty() && !all.iter().any(is_own) {
        return Err(Failure::new(format!(
            "position {} is not about `{}`",
            args.position, args.record
        )));
    }
    Ok(all)
}

fn to_json(view: &impl serde::Serialize) -> Outcome<Json> {
    serde_json::to_value(view).map_err(|e| Failure::new(e.to_string()))
}

/// The kind of a name.
///
/// # Errors
/// When there is none.
pub fn kind_of(name: &str) -> Outcome<Kind> {
    Kind::named(name).ok_or_else(|| {
        let known: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
        Failure::new(format!(
            "there is no kind `{name}`; the kinds are {}",
            known.join(", ")
        ))
    })
}

/// The record with an id or a number.
///
/// # Errors
/// When there is none.
pub fn find(peer: &Peer, kind: Kind, name: &str) -> Outcome<Id> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let number: i64 = name.trim_start_matches(['#', '№']).parse().map_err(|_| {
        Failure::new(format!(
            "`{name}` is neither a number nor an id of a record of kind {}",
            kind.name()
        ))
    })?;
    let found = match peer {
        Peer::Desk(desk) => by_number(desk, kind, number)?,
        Peer::Server(client) => {
            let path = format!("/v1/{}?number={number}&limit=1", api::plural(kind));
            let answer = client.get(&path)?;
            let first = items(&answer, "items").first();
            first.and_then(|item| text_of(item, "id").parse().ok())
        }
    };
    found.ok_or_else(|| Failure::new(format!("there is no {} {number}", kind.name())))
}

fn by_number(desk: &Desk, kind: Kind, number: i64) -> Outcome<Option<Id>> {
    let mut query = ListQuery::newest(kind, 1);
    let wanted = Condition::In(vec![number.to_string()]);
    query.filters.push(("number".to_owned(), wanted));
    let page = desk.list(&Actor::System, &query)?;
    Ok(page.items.first().map(|page| page.record.id))
}

fn number(json: &Json, name: &str) -> i64 {
    json.get(name).and_then(Json::as_i64).unwrap_or(0)
}

/// A value as people read it.
fn shown(json: Option<&Json>) -> String {
    match json {
        None | Some(Json::Null) => "nothing".to_owned(),
        Some(Json::String(text)) => {
            let line: String = text.chars().take(80).collect();
            line.replace('\n', " ")
        }
        Some(other) => other.to_string(),
    }
}

fn say_item(item: &Json) -> Outcome<()> {
    let causes = items(item, "causes").iter().rev();
    let causes: Vec<String> = causes
        .map(|c| match text_of(c, "what") {
            "actor" => text_of(c, "name").to_owned(),
            "left_out" => format!("({} left out)", text_of(c, "name")),
            what => format!("{what} {} @{}", text_of(c, "name"), number(c, "position")),
        })
        .collect();
    out::say(&format!(
        "@{} {}  {}",
        number(item, "position"),
        text_of(item, "at"),
        causes.join(" > ")
    ))?;
    let rules = items(item, "rules");
    for change in items(item, "changes") {
        out::say(&format!(
            "  {}: {} -> {}  ({})",
            text_of(change, "field"),
            shown(change.get("old")),
            shown(change.get("new")),
            setter(change, rules)
        ))?;
    }
    for rule in rules {
        say_rule(rule, rules)?;
    }
    for rule in items(item, "silent") {
        let condition = rule.get("condition").filter(|c| !c.is_null());
        out::say(&format!(
            "  not called: {} {} on {}: {} (pack.toml:{})",
            text_of(rule, "rule"),
            text_of(rule, "version"),
            text_of(rule, "hook"),
            text_of(rule, "text"),
            number(condition.unwrap_or(rule), "line")
        ))?;
    }
    for note in items(item, "notes").iter().filter_map(Json::as_str) {
        out::say(&format!("  note: {note}"))?;
    }
    match item.get("gap").and_then(Json::as_str) {
        Some(gap) => out::say(&format!("  incomplete: {gap}")),
        None => Ok(()),
    }
}

/// Who set a value, with file and line.
fn setter(change: &Json, rules: &[Json]) -> String {
    let place = change.get("rule").and_then(Json::as_u64);
    let rule = place
        .and_then(|i| usize::try_from(i).ok())
        .and_then(|i| rules.get(i));
    match rule {
        Some(rule) => match (text_of(rule, "file"), number(change, "line")) {
            ("", _) | (_, 0) => text_of(rule, "rule").to_owned(),
            (file, line) => format!("{} {file}:{line}", text_of(rule, "rule")),
        },
        None => text_of(change, "by").to_owned(),
    }
}

fn say_rule(rule: &Json, rules: &[Json]) -> Outcome<()> {
    let revision: String = text_of(rule, "revision").chars().take(12).collect();
    let place = match text_of(rule, "file") {
        "" => String::new(),
        file => format!(" {file}:{}", number(rule, "line")),
    };
    let budget = match rule.get("budget").and_then(Json::as_u64) {
        Some(budget) => format!(" of {budget}"),
        None => String::new(),
    };
    let same = match rule.get("same").and_then(Json::as_bool) {
        Some(true) => ", the same when made again",
        Some(false) => ", ANOTHER when made again",
        None => "",
    };
    out::say(&format!(
        "  {} on {}{place}, {} revision {revision}: {}, {}{budget} used{same}",
        text_of(rule, "rule"),
        text_of(rule, "hook"),
        text_of(rule, "version"),
        text_of(rule, "verdict"),
        number(rule, "used"),
    ))?;
    let cause = rule.get("caused_by").and_then(Json::as_u64);
    let cause = cause
        .and_then(|i| usize::try_from(i).ok())
        .and_then(|i| rules.get(i));
    if let Some(cause) = cause {
        out::say(&format!("    caused by {}", text_of(cause, "rule")))?;
    }
    say_values("    read", items(rule, "read"))?;
    for reason in items(rule, "reasons").iter().filter_map(Json::as_str) {
        out::say(&format!("    because {reason}"))?;
    }
    say_points("    decided", items(rule, "decided"))
}

fn say_points(head: &str, points: &[Json]) -> Outcome<()> {
    for point in points {
        let line = match number(point, "line") {
            0 => String::new(),
            line => format!(" (line {line})"),
        };
        out::say(&format!(
            "{head} {}: {}{line}",
            text_of(point, "field"),
            shown(point.get("value")),
        ))?;
    }
    Ok(())
}

fn say_values(head: &str, values: &[Json]) -> Outcome<()> {
    for value in values {
        let of = match text_of(value, "of") {
            "" => String::new(),
            of => format!("{of}."),
        };
        let field = text_of(value, "field");
        let told = match value.get("withheld").and_then(Json::as_bool) {
            Some(true) => "withheld: the pack was not granted to see it".to_owned(),
            _ => format!("= {}", shown(value.get("value"))),
        };
        out::say(&format!("{head} {of}{field} {told}"))?;
    }
    Ok(())
}

fn say_due(due: &Json) -> Outcome<()> {
    let minutes = |name: &str| format!("{} min", number(due, name) / 60);
    out::say(&format!(
        "{} due at {} ({}): target {} by level {} and calendar {}, counted {}, excluded {}, left {}",
        text_of(due, "clock"),
        text_of(due, "due_at"),
        text_of(due, "state"),
        minutes("target_secs"),
        text_of(due, "level"),
        text_of(due, "calendar"),
        minutes("counted_secs"),
        minutes("excluded_secs"),
        minutes("remaining_secs"),
    ))?;
    for span in items(due, "spans") {
        let counted = span.get("counted").and_then(Json::as_bool) == Some(true);
        out::say(&format!(
            "  {} {} .. {}  {} working min, {}, calendar version {}",
            if counted { "+" } else { "-" },
            text_of(span, "from"),
            text_of(span, "to"),
            number(span, "working_secs") / 60,
            text_of(span, "cause"),
            number(span, "calendar_version"),
        ))?;
    }
    for day in items(due, "special_days").iter().filter_map(Json::as_str) {
        out::say(&format!("  special day {day}"))?;
    }
    Ok(())
}

fn say_replayed(done: &Json) -> Outcome<()> {
    let place = match text_of(done, "file") {
        "" => String::new(),
        file => format!(" {file}:{}", number(done, "line")),
    };
    let same = match text_of(done, "differs") {
        "" => "the same decision, bit for bit".to_owned(),
        differs => format!("NOT the same: {differs}"),
    };
    out::say(&format!(
        "{} on {}{place}, version {}: {}, {} of {} used; {same}",
        text_of(done, "rule"),
        text_of(done, "hook"),
        text_of(done, "version"),
        text_of(done, "verdict"),
        number(done, "used"),
        number(done, "budget"),
    ))?;
    say_values("  read", items(done, "read"))?;
    for line in items(done, "trace") {
        out::say(&format!(
            "  {:>4} | {}",
            number(line, "line"),
            text_of(line, "text")
        ))?;
    }
    say_points("  because", items(done, "because"))?;
    say_points("  decided", items(done, "decided"))?;
    match text_of(done, "failure") {
        "" => Ok(()),
        failure => out::say(&format!("  failed: {failure}")),
    }
}
