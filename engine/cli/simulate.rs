//! `opora simulate`: a changed pack, tried on what happened, without changing anything.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::Value as Json;

use super::client::{Peer, Place, encoded, items, text_of};
use super::failure::{Failure, Outcome};
use super::settings::{Settings, Shared};
use super::{logging, out, pack, trial};
use crate::api::{self, PackUpload};
use crate::desk::{Actor, Desk, SimulateQuery};
use crate::packs::PackFiles;

/// What to simulate.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Folder of the changed pack.
    #[arg(value_name = "PACK_DIR")]
    folder: PathBuf,
    /// How far to go back: `30d`, `12h`, `90m`, or an instant; everything when not given.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Most differences that are told one by one; all are counted.
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    limit: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs `opora simulate`: exit code 0 when nothing would have been decided otherwise, 1 when
/// something would, 2 when it could not be told.
pub fn simulate(args: &SimulateArgs, place: &Place, shared: &Shared) -> ExitCode {
    match run(args, place, shared) {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::from(1),
        Err(failure) => {
            out::complain(&failure.to_string());
            ExitCode::from(2)
        }
    }
}

fn run(args: &SimulateArgs, place: &Place, shared: &Shared) -> Outcome<bool> {
    logging::start(&Settings::of_client(shared)?)?;
    let files = pack::files(&args.folder)?;
    let peer = place.peer(shared)?;
    let found = match &peer {
        Peer::Desk(desk) => here(desk, args, &files),
        Peer::Server(client) => trial::on_server(client, &files, args.since.as_deref(), args.limit)
            .map_err(|failure| failure.in_folder(&args.folder, &files)),
    };
    if let Peer::Desk(desk) = peer {
        desk.close()?;
    }
    let found = found?;
    if args.json {
        let text = serde_json::to_string_pretty(&found);
        out::say(&text.map_err(|e| Failure::new(e.to_string()))?)?;
    } else {
        say(&found)?;
    }
    Ok(number(&found, "differing") > 0)
}

fn here(desk: &Desk, args: &SimulateArgs, files: &PackFiles) -> Outcome<Json> {
    let since = match &args.since {
        Some(text) => Some(api::since(text, desk.now())?),
        None => None,
    };
    let query = SimulateQuery {
        since,
        told: args.limit,
        ..SimulateQuery::default()
    };
    let bar = out::progress(0, "trying the pack");
    let done = desk.simulate(&Actor::System, files, &query, &mut |at, last| {
        bar.set_length(last.0);
        bar.set_position(at.0);
    });
    bar.finish_and_clear();
    let done = done.map_err(|e| pack::refused(desk, &args.folder, files, e))?;
    let view = api::simulation_view(desk, done)?;
    serde_json::to_value(view).map_err(|e| Failure::new(e.to_string()))
}

fn number(json: &Json, name: &str) -> u64 {
    json.get(name).and_then(Json::as_u64).unwrap_or(0)
}

fn say(found: &Json) -> Outcome<()> {
    for record in items(found, "records") {
        let number = record.get("number").and_then(Json::as_i64);
        let name = number.map_or_else(|| text_of(record, "id").to_owned(), |n| format!("#{n}"));
        out::say(&format!(
            "{} {name} {}",
            text_of(record, "kind"),
            text_of(record, "title")
        ))?;
        for difference in items(record, "differences") {
            let side = |name: &str| match difference.get(name).and_then(Json::as_str) {
                Some(text) => text.replace('\n', " "),
                None => "nothing".to_owned(),
            };
            out::say(&format!(
                "  @{} {} on {}: {}: {} -> {}",
                self::number(difference, "position"),
                text_of(difference, "rule"),
                text_of(difference, "hook"),
                text_of(difference, "field"),
                side("recorded"),
                side("candidate"),
            ))?;
        }
    }
    for (list, what) in [("by_rule", "rule"), ("by_field", "field")] {
        let totals = found.get(list).and_then(Json::as_object);
        for (name, count) in totals.into_iter().flatten() {
            out::say(&format!("{what} {name}: {count}"))?;
        }
    }
    let more = [
        ("untold", "differences were counted and not shown"),
        (
            "not_replayable",
            "commands cannot be made again and were left out",
        ),
        ("failed", "decisions failed"),
    ];
    for (name, text) in more {
        if number(found, name) > 0 {
            out::say(&format!("{} {text}", number(found, name)))?;
        }
    }
    for rule in items(found, "not_tried").iter().filter_map(Json::as_str) {
        out::say(&format!("not tried: {rule}"))?;
    }
    out::say(&format!(
        "{} {}: {} decisions of {} commands tried, {} commands would differ",
        text_of(found, "pack"),
        text_of(found, "version"),
        number(found, "decisions"),
        number(found, "commands"),
        number(found, "differing"),
    ))
}

/// Runs `opora pack shadow`.
///
/// # Errors
/// When the pack is not fit, there is no such shadow, or neither folder nor server can be reached.
pub fn shadow(peer: &Peer, folder: Option<&Path>, stop: Option<&str>, json: bool) -> Outcome<()> {
    if let Some(name) = stop {
        match peer {
            Peer::Desk(desk) => desk.stop_shadow(&Actor::System, name)?,
            Peer::Server(client) => {
                client.delete(&format!("/v1/packs/{}/shadow", encoded(name)))?;
            }
        }
        return out::say(&format!("the shadow of {name} is gone"));
    }
    let found = match (folder, peer) {
        (Some(folder), Peer::Desk(desk)) => {
            let files = pack::files(folder)?;
            let started = desk.start_shadow(&Actor::System, &files);
            let started = started.map_err(|e| pack::refused(desk, folder, &files, e))?;
            vec![to_json(&api::shadow_view(desk, started)?)?]
        }
        (Some(folder), Peer::Server(client)) => {
            let files = pack::files(folder)?;
            let name = trial::name_of(&files);
            let path = format!("/v1/packs/{}/shadow", encoded(&name));
            let started = client.post(&path, &PackUpload::of(files.clone()));
            vec![started.map_err(|failure| failure.in_folder(folder, &files))?]
        }
        (None, Peer::Desk(desk)) => {
            // Nobody follows while no server runs: what was committed meanwhile is looked at now.
            while desk.follow_shadows()? > 0 {}
            let all = desk.shadows(&Actor::System)?.into_iter();
            let all = all.map(|one| to_json(&api::shadow_view(desk, one)?));
            all.collect::<Outcome<_>>()?
        }
        (None, Peer::Server(client)) => items(&client.get("/v1/shadows")?, "items").to_vec(),
    };
    if json {
        let text = serde_json::to_string_pretty(&Json::Array(found));
        return out::say(&text.map_err(|e| Failure::new(e.to_string()))?);
    }
    if found.is_empty() {
        return out::say("no pack has a shadow");
    }
    for one in &found {
        out::say(&format!(
            "shadow since {} by {}, has followed to position {}",
            text_of(one, "started_at"),
            text_of(one, "started_by"),
            number(one, "reached"),
        ))?;
        say(one.get("found").unwrap_or(&Json::Null))?;
    }
    Ok(())
}

fn to_json(view: &impl serde::Serialize) -> Outcome<Json> {
    serde_json::to_value(view).map_err(|e| Failure::new(e.to_string()))
}
