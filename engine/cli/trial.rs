//! Trying a changed pack through a running server: request by request, so that all that was recorded
//! is tried, however much it is, and a bar moves meanwhile.

use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json};

use super::client::{Client, encoded, items, text_of};
use super::failure::{Failure, Outcome};
use super::out;
use crate::api::PackUpload;
use crate::packs::{PackFiles, pack_name};

/// Commands that the first request tries.
const FIRST: u64 = 1_000;
/// Most commands that a request tries.
const MOST: u64 = 50_000;
/// How long a request takes at best: long enough that sending the files costs little beside it.
const AIM: Duration = Duration::from_secs(1);
/// Most differences that a server tells in one answer.
const MAX_TOLD: usize = 10_000;
/// Numbers of an answer that add up.
const SUMS: [&str; 6] = [
    "commands",
    "decisions",
    "not_replayable",
    "failed",
    "differing",
    "untold",
];
/// Counts by name that add up.
const COUNTS: [&str; 2] = ["by_field", "by_rule"];

/// What the server would have decided otherwise since a time, or ever.
///
/// # Errors
/// What the server answers, or that it cannot be reached.
pub fn on_server(
    client: &Client,
    files: &PackFiles,
    since: Option<&str>,
    limit: usize,
) -> Outcome<Json> {
    let name = name_of(files);
    let upload = PackUpload::of(files.clone());
    let base = format!(
        "/v1/packs/{}/simulate?since={}",
        encoded(&name),
        encoded(since.unwrap_or("all"))
    );
    let bar = out::progress(0, "trying the pack");
    let (mut whole, mut after, mut commands) = (Map::new(), None, FIRST);
    loop {
        let told = limit.saturating_sub(told(&whole)).min(MAX_TOLD);
        let mut path = format!("{base}&limit={told}&commands={commands}");
        if let Some(after) = after {
            path.push_str(&format!("&after={after}"));
        }
        let begun = Instant::now();
        let page = client.post(&path, &upload)?;
        commands = next_size(commands, begun.elapsed());
        let number = |name: &str| page.get(name).and_then(Json::as_u64).unwrap_or(0);
        let (reached, last) = (number("reached"), number("last"));
        let more = page.get("cut").and_then(Json::as_bool) == Some(true);
        join(&mut whole, page);
        if !more {
            bar.finish_and_clear();
            return Ok(Json::Object(whole));
        }
        if after.is_some_and(|after| reached <= after) {
            return Err(Failure::new("the server does not get on with the trial"));
        }
        after = Some(reached);
        bar.set_length(last);
        bar.set_position(reached);
    }
}

/// The name that a path has for a pack; one without any is told its faults under every name.
pub fn name_of(files: &PackFiles) -> String {
    pack_name(files).unwrap_or_else(|| "unnamed".to_owned())
}

/// Twice as many commands while requests are short, half as many when they are long.
fn next_size(commands: u64, took: Duration) -> u64 {
    let next = match took {
        took if took < AIM / 2 => commands.saturating_mul(2),
        took if took > AIM * 4 => commands / 2,
        _ => commands,
    };
    next.clamp(FIRST, MOST)
}

/// Differences that are told so far.
fn told(whole: &Map<String, Json>) -> usize {
    let records = whole.get("records").and_then(Json::as_array);
    let records = records.map_or(&[][..], Vec::as_slice);
    records.iter().map(|r| items(r, "differences").len()).sum()
}

/// Adds an answer to those before it.
fn join(whole: &mut Map<String, Json>, page: Json) {
    let Json::Object(mut page) = page else {
        return;
    };
    if whole.is_empty() {
        *whole = page;
        return;
    }
    for name in SUMS {
        add(whole, name, &mut page);
    }
    for name in COUNTS {
        let Some(Json::Object(mut more)) = page.remove(name) else {
            continue;
        };
        if let Some(Json::Object(sums)) = whole.get_mut(name) {
            for name in more.keys().cloned().collect::<Vec<_>>() {
                add(sums, &name, &mut more);
            }
        }
    }
    if let (Some(Json::Array(more)), Some(Json::Array(all))) =
        (page.remove("records"), whole.get_mut("records"))
    {
        for record in more {
            add_record(all, record);
        }
    }
    whole.extend(page);
}

/// Adds a number of `more` to that of `sums`.
fn add(sums: &mut Map<String, Json>, name: &str, more: &mut Map<String, Json>) {
    let number = |json: Option<&Json>| json.and_then(Json::as_u64).unwrap_or(0);
    let sum = number(sums.get(name)) + number(more.remove(name).as_ref());
    sums.insert(name.to_owned(), Json::from(sum));
}

/// A record that differed before, too, is told once with all its differences.
fn add_record(all: &mut Vec<Json>, mut record: Json) {
    let same = |other: &&mut Json| {
        ["kind", "id"]
            .iter()
            .all(|key| text_of(other, key) == text_of(&record, key))
    };
    let Some(known) = all.iter_mut().find(same) else {
        all.push(record);
        return;
    };
    let more = record.get_mut("differences").map(Json::take);
    if let (Some(Json::Array(more)), Some(Json::Array(differences))) =
        (more, known.get_mut("differences"))
    {
        differences.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Map, json};

    use super::{join, next_size, told};

    #[test]
    fn answers_add_up_to_one() {
        let mut whole = Map::new();
        join(
            &mut whole,
            json!({"pack": "p", "commands": 3, "differing": 1, "by_field": {"a": 1}, "cut": true,
                   "records": [{"kind": "ticket", "id": "1", "differences": [1, 2]}]}),
        );
        join(
            &mut whole,
            json!({"pack": "p", "commands": 2, "differing": 2, "by_field": {"a": 1, "b": 4}, "cut": false,
                   "records": [{"kind": "lead", "id": "1", "differences": [3]},
                               {"kind": "ticket", "id": "1", "differences": [4]}]}),
        );
        assert_eq!(
            json!(whole),
            json!({"pack": "p", "commands": 5, "differing": 3, "by_field": {"a": 2, "b": 4}, "cut": false,
                   "decisions": 0, "not_replayable": 0, "failed": 0, "untold": 0,
                   "records": [{"kind": "ticket", "id": "1", "differences": [1, 2, 4]},
                               {"kind": "lead", "id": "1", "differences": [3]}]})
        );
        assert_eq!(told(&whole), 4);
    }

    #[test]
    fn requests_grow_as_long_as_they_are_short() {
        assert_eq!(next_size(1_000, Duration::from_millis(10)), 2_000);
        assert_eq!(next_size(40_000, Duration::from_millis(10)), 50_000);
        assert_eq!(next_size(4_000, Duration::from_secs(1)), 4_000);
        assert_eq!(next_size(4_000, Duration::from_secs(9)), 2_000);
        assert_eq!(next_size(1_000, Duration::from_secs(9)), 1_000);
    }
}
