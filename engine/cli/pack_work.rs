//! Changing packs: install, go back, rest, grant, remove.

use serde_json::{Value as Json, json};

use super::client::{Peer, items, text_of};
use super::failure::{Failure, Outcome};
use super::out;
use super::pack::InstallArgs;
use crate::api::PackUpload;
use crate::desk::{Actor, Command, Desk, Error, PackChange, Request};
use crate::packs::{Given, PackFiles, pack_name};

/// Commands by which records move before somebody looks again.
const MOVES: usize = 100;

/// Installs folders, or tells what installing them would do.
pub fn install(
    peer: &Peer,
    folders: Vec<(String, PackFiles)>,
    args: &InstallArgs,
    only_known: bool,
) -> Outcome<()> {
    let known = names(peer)?;
    for (folder, files) in folders {
        let name = pack_name(&files).unwrap_or_default();
        if only_known && !known.iter().any(|(known, ..)| *known == name) {
            return Err(Failure::new(format!(
                "pack `{name}` is not installed; `opora pack install {folder}` installs it"
            )));
        }
        if args.dry_run {
            dry_run(peer, files)?;
        } else {
            install_one(peer, &folder, files, &args.grant.grant)?;
        }
    }
    Ok(())
}

fn dry_run(peer: &Peer, files: PackFiles) -> Outcome<()> {
    let lines: Vec<String> = match peer {
        Peer::Desk(desk) => desk.dry_run_pack(&files)?,
        Peer::Server(client) => {
            let answer = client.post("/v1/packs?dry_run=true", &PackUpload::of(files))?;
            let list = |name: &str, before: &str| -> Vec<String> {
                let texts = items(&answer, name).iter().filter_map(Json::as_str);
                texts.map(|text| format!("{before}{text}")).collect()
            };
            [
                list("changes", ""),
                list("left", "left as it is: "),
                list("moves", "moves "),
                list("asks", "asks for "),
                list("warnings", "warning: "),
                list("refusals", "refused: "),
            ]
            .concat()
        }
    };
    lines.iter().try_for_each(|line| out::say(line))
}

fn install_one(peer: &Peer, folder: &str, files: PackFiles, grants: &[String]) -> Outcome<()> {
    match peer {
        Peer::Desk(desk) => {
            let grants = Given::of(grants);
            let name = pack_name(&files).unwrap_or_default();
            let change = PackChange::Install { files, grants };
            let pos = run(desk, "", change).map_err(|e| explain(e, folder))?;
            out::say(&format!("installed {folder} at position {pos}"))?;
            warn(desk.pack_warnings(&name)?.iter().map(String::as_str))
        }
        Peer::Server(client) => {
            let upload = PackUpload::of(files).granting(grants.to_vec());
            let answer = client.post("/v1/packs", &upload)?;
            let (name, version) = (text_of(&answer, "name"), text_of(&answer, "version"));
            out::say(&format!("installed {name} {version}"))?;
            warn(items(&answer, "warnings").iter().filter_map(Json::as_str))
        }
    }
}

/// Tells what may go wrong while the rules run.
fn warn<'a>(mut warnings: impl Iterator<Item = &'a str>) -> Outcome<()> {
    warnings.try_for_each(|warning| out::say(&format!("warning: {warning}")))
}

/// What is asked for, and how it is granted.
fn explain(error: Error, folder: &str) -> Failure {
    if error.code != "grants_needed" {
        return error.into();
    }
    let asked = error.faults.iter().filter_map(|f| f.field.as_deref());
    let asked: Vec<&str> = asked.collect();
    Failure::new(format!(
        "the pack asks for {}; grant all of it with `opora pack install {folder} --grant all`, or \
         some with `--grant {}`",
        asked.join(", "),
        asked.first().unwrap_or(&"NAME")
    ))
}

/// Runs a change on a desk of one's own; records that follow move before it returns.
fn run(desk: &Desk, name: &str, change: PackChange) -> Result<u64, Error> {
    let name = name.to_owned();
    let command = Command::ChangePack { name, change };
    let reply = desk.run(&Request::by(Actor::System), &command)?;
    if desk.move_records(1)? {
        let moving = out::spinner("moving records");
        while desk.move_records(MOVES)? {}
        moving.finish_and_clear();
    }
    Ok(reply.pos.0)
}

/// Names, versions and states of the active packs.
fn names(peer: &Peer) -> Outcome<Vec<(String, String, &'static str)>> {
    let state = |disabled: bool, moving: bool| match (disabled, moving) {
        (_, true) => " (records are moving)",
        (true, _) => " (disabled)",
        _ => "",
    };
    match peer {
        Peer::Desk(desk) => {
            let packs = desk.packs()?.into_iter();
            let packs = packs.map(|p| (p.name, p.version, state(p.disabled, p.moving)));
            Ok(packs.collect())
        }
        Peer::Server(client) => {
            let answer = client.get("/v1/packs")?;
            let flag = |p: &Json, name: &str| p.get(name).and_then(Json::as_bool) == Some(true);
            let one = |p: &Json| {
                let (name, version) = (text_of(p, "name"), text_of(p, "version"));
                let state = state(flag(p, "disabled"), flag(p, "moving"));
                (name.to_owned(), version.to_owned(), state)
            };
            Ok(items(&answer, "items").iter().map(one).collect())
        }
    }
}

/// Lists the active packs.
pub fn list(peer: &Peer) -> Outcome<()> {
    let packs = names(peer)?;
    let line = |(name, version, state): &(String, String, &str)| format!("{name} {version}{state}");
    packs.iter().try_for_each(|pack| out::say(&line(pack)))
}

/// Makes an earlier revision the active one.
pub fn roll_back(peer: &Peer, name: &str, to: Option<&str>, grants: &[String]) -> Outcome<()> {
    let version = match peer {
        Peer::Desk(desk) => {
            let to = to.map(str::to_owned);
            let grants = Given::of(grants);
            run(desk, name, PackChange::RollBack { to, grants })?;
            let packs = desk.packs()?.into_iter();
            let found = packs.filter(|p| p.name == name).map(|p| p.version).next();
            found.unwrap_or_default()
        }
        Peer::Server(client) => {
            let body = json!({ "to": to, "grants": grants });
            let answer = client.post(&format!("/v1/packs/{name}/rollback"), &body)?;
            text_of(&answer, "version").to_owned()
        }
    };
    out::say(&format!("{name} is at {version}"))
}

/// Lets a pack rest, or run again.
pub fn rest(peer: &Peer, name: &str, rests: bool) -> Outcome<()> {
    let (change, word, done) = match rests {
        true => (PackChange::Disable, "disable", "disabled"),
        false => (PackChange::Enable, "enable", "enabled"),
    };
    match peer {
        Peer::Desk(desk) => drop(run(desk, name, change)?),
        Peer::Server(client) => drop(client.post(&format!("/v1/packs/{name}/{word}"), &json!({}))?),
    }
    out::say(&format!("{done} {name}"))
}

/// Grants a pack something beside what it was granted before.
pub fn grant_more(peer: &Peer, name: &str, add: &[String]) -> Outcome<()> {
    let mut names: Vec<String> = match peer {
        Peer::Desk(desk) => {
            let packs = desk.packs()?.into_iter();
            packs
                .filter(|p| p.name == name)
                .flat_map(|p| p.grants)
                .collect()
        }
        Peer::Server(client) => {
            let answer = client.get(&format!("/v1/packs/{name}"))?;
            let texts = items(&answer, "grants").iter().filter_map(Json::as_str);
            texts.map(str::to_owned).collect()
        }
    };
    if add.iter().any(|word| word == "all") {
        return grant(peer, name, &["all".to_owned()]);
    }
    names.extend(add.iter().cloned());
    grant(peer, name, &names)
}

/// Says anew what a pack may do.
pub fn grant(peer: &Peer, name: &str, names: &[String]) -> Outcome<()> {
    let granted: Vec<String> = match peer {
        Peer::Desk(desk) => {
            let grants = Given::of(names);
            run(desk, name, PackChange::Grant { grants })?;
            let packs = desk.packs()?.into_iter();
            packs
                .filter(|p| p.name == name)
                .flat_map(|p| p.grants)
                .collect()
        }
        Peer::Server(client) => {
            let body = json!({ "grants": names });
            let answer = client.post(&format!("/v1/packs/{name}/grants"), &body)?;
            let texts = items(&answer, "grants").iter().filter_map(Json::as_str);
            texts.map(str::to_owned).collect()
        }
    };
    let may = match granted.as_slice() {
        [] => "nothing but decide".to_owned(),
        granted => granted.join(", "),
    };
    out::say(&format!("{name} may do {may}"))
}

/// Takes a pack out of the active ones.
pub fn remove(peer: &Peer, name: &str) -> Outcome<()> {
    match peer {
        Peer::Desk(desk) => {
            let name = name.to_owned();
            desk.run(&Request::by(Actor::System), &Command::RemovePack { name })?;
        }
        Peer::Server(client) => {
            client.delete(&format!("/v1/packs/{name}"))?;
        }
    }
    out::say(&format!("removed {name}"))
}
