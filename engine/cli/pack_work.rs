//! Changing packs: install, go back, rest, grant, remove.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::client::{Peer, encoded, items, text_of};
use super::failure::{Failure, Outcome};
use super::pack::InstallArgs;
use super::pack_together::Candidate;
use super::{out, pack_revisions, pack_together};
use crate::api::{PackUpload, no_pack};
use crate::desk::{Actor, Command, Desk, Error, PackChange, Request};
use crate::packs::{Given, Grants, nearest};

/// What stands before a reason why a pack would be refused.
const REFUSED: &str = "refused: ";
/// Commands by which records move before somebody looks again.
const MOVES: usize = 100;

/// Installs folders, or tells what installing them would do. Several are checked together before the
/// first is installed, and installed after those that they require.
pub fn install(
    peer: &Peer,
    packs: Vec<Candidate>,
    args: &InstallArgs,
    only_known: bool,
) -> Outcome<()> {
    let known = names(peer)?;
    let installed: Vec<String> = known.iter().map(|(name, ..)| name.clone()).collect();
    for pack in packs.iter().filter(|_| only_known) {
        if !installed.contains(&pack.name) {
            let (name, folder) = (&pack.name, pack.folder.display());
            return Err(Failure::new(format!(
                "pack `{name}` is not installed; `opora pack install {folder}` installs it"
            )));
        }
    }
    let packs = pack_together::ordered(packs);
    let mut grants = vec![args.grant.grant.clone()];
    if packs.len() > 1 {
        let loaded = pack_together::fit(peer, &packs, &installed)?;
        let asks: Vec<&Grants> = loaded.iter().map(|pack| &pack.manifest.asks).collect();
        grants = shared_out(&args.grant.grant, &asks)?;
        let each = packs.iter().zip(asks).zip(&grants);
        for ((pack, asks), given) in each.filter(|_| !args.dry_run) {
            admitted(peer, pack, asks, given)?;
        }
    }
    if args.dry_run {
        let mut refused = false;
        for pack in &packs {
            refused |= dry_run(peer, pack, &packs, &installed)?;
        }
        return match refused {
            true => Err(Failure::new("nothing would be installed")),
            false => Ok(()),
        };
    }
    let mut done: Vec<&str> = Vec::new();
    for (pack, given) in packs.iter().zip(&grants) {
        install_one(peer, pack, given).map_err(|failure| match done.as_slice() {
            [] => failure,
            done => Failure::new(format!(
                "{failure}\ninstalled before it and left so: {}",
                done.join(", ")
            )),
        })?;
        done.push(&pack.name);
    }
    Ok(())
}

/// What is granted to each of several packs: of the names, those that it asks for.
fn shared_out(names: &[String], asks: &[&Grants]) -> Outcome<Vec<Vec<String>>> {
    if names == ["all"] {
        return Ok(asks.iter().map(|_| names.to_vec()).collect());
    }
    let wants = |asks: &Grants, name: &str| asks.names().any(|n| n == name);
    for name in names {
        if !asks.iter().any(|asks| wants(asks, name)) {
            let known = asks.iter().flat_map(|asks| asks.names());
            let hint =
                nearest(name, known).map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            return Err(Failure::new(format!(
                "none of the packs asks for `{name}`{hint}"
            )));
        }
    }
    let own = |asks: &&Grants| {
        let own = names.iter().filter(|name| wants(asks, name));
        own.cloned().collect()
    };
    Ok(asks.iter().map(own).collect())
}

/// Whether the desk would take a pack, as far as it can tell before those that it requires are there.
fn admitted(peer: &Peer, pack: &Candidate, asks: &Grants, given: &[String]) -> Outcome<()> {
    let plan = match peer {
        Peer::Desk(desk) => {
            let plan = desk.plan_pack(&pack.files);
            plan.ok().map(|plan| (plan.asks, plan.refusals))
        }
        Peer::Server(client) => {
            let upload = PackUpload::of(pack.files.clone());
            let plan = client.post("/v1/packs?dry_run=true", &upload).ok();
            plan.map(|plan| {
                let list = |name: &str| {
                    let texts = items(&plan, name).iter().filter_map(Json::as_str);
                    texts.map(str::to_owned).collect()
                };
                (list("asks"), list("refusals"))
            })
        }
    };
    // A pack that requires another new one cannot be planned yet: then it has nothing so far.
    let (missing, refusals) = plan.unwrap_or_else(|| {
        let asks = asks.beyond_harmless().into_iter();
        (asks.map(str::to_owned).collect(), Vec::new())
    });
    if !refusals.is_empty() {
        let folder = pack.folder.display();
        return Err(Failure::new(format!("{folder}: {}", refusals.join("\n"))));
    }
    match missing.is_empty() || !given.is_empty() {
        true => Ok(()),
        false => Err(asks_for(&missing, &pack.folder)),
    }
}

/// Tells what installing a pack would do, and whether it would be refused.
fn dry_run(
    peer: &Peer,
    pack: &Candidate,
    all: &[Candidate],
    installed: &[String],
) -> Outcome<bool> {
    let files = &pack.files;
    if all.len() > 1 {
        out::say(&format!("{}:", pack.folder.display()))?;
        let comes = |name: &&String| {
            !installed.contains(name) && all.iter().any(|other| other.name == **name)
        };
        if let Some(name) = pack.requires.iter().find(comes) {
            out::say(&format!(
                "comes after {name}; what else it would do is told once {name} is installed"
            ))?;
            return Ok(false);
        }
    }
    let lines: Vec<String> = match peer {
        Peer::Desk(desk) => {
            let lines = desk.dry_run_pack(files);
            lines.map_err(|e| super::pack::refused(desk, &pack.folder, files, e))?
        }
        Peer::Server(client) => {
            let upload = PackUpload::of(files.clone());
            let answer = client.post("/v1/packs?dry_run=true", &upload);
            let answer = answer.map_err(|failure| failure.in_folder(&pack.folder, files))?;
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
                list("refusals", REFUSED),
            ]
            .concat()
        }
    };
    lines.iter().try_for_each(|line| out::say(line))?;
    Ok(lines.iter().any(|line| line.starts_with(REFUSED)))
}

fn install_one(peer: &Peer, pack: &Candidate, grants: &[String]) -> Outcome<()> {
    let (folder, files) = (pack.folder.as_path(), &pack.files);
    match peer {
        Peer::Desk(desk) => {
            let change = PackChange::Install {
                files: files.clone(),
                grants: Given::of(grants),
            };
            let done =
                run(desk, "", change).map_err(|e| super::pack::refused(desk, folder, files, e));
            done.map_err(|failure| explain(failure, folder))?;
            let active = desk.packs()?.into_iter().find(|p| p.name == pack.name);
            let version = active.map(|pack| pack.version).unwrap_or_default();
            out::say(&format!("installed {} {version}", pack.name))?;
            warn(desk.pack_warnings(&pack.name)?.iter().map(String::as_str))?;
        }
        Peer::Server(client) => {
            let upload = PackUpload::of(files.clone()).granting(grants.to_vec());
            let answer = client.post("/v1/packs", &upload);
            let answer = answer.map_err(|failure| failure.in_folder(folder, files));
            let answer = answer.map_err(|failure| explain(failure, folder))?;
            let (name, version) = (text_of(&answer, "name"), text_of(&answer, "version"));
            out::say(&format!("installed {name} {version}"))?;
            warn(items(&answer, "warnings").iter().filter_map(Json::as_str))?;
        }
    }
    remarks(peer, &pack.name)
}

/// What whoever installed a revision may not expect.
fn remarks(peer: &Peer, name: &str) -> Outcome<()> {
    let (known, events) = (names(peer)?, pack_revisions::events(peer, name)?);
    if known
        .iter()
        .any(|(own, _, state)| own == name && state.contains("disabled"))
    {
        out::say(&format!(
            "{name} rests as before; `opora pack enable {name}` lets it run"
        ))?;
    }
    let Some((revision, version, ..)) = events.first() else {
        return Ok(());
    };
    let mut same = events.iter().filter(|(_, other, ..)| other == version);
    if same.any(|(other, ..)| other != revision) {
        out::say(&format!(
            "warning: version {version} of {name} was another revision before; `rollback`, `diff` and \
             `export` take the newest, older ones by the beginning of their hash"
        ))?;
    }
    Ok(())
}

/// Tells what may go wrong while the rules run.
fn warn<'a>(mut warnings: impl Iterator<Item = &'a str>) -> Outcome<()> {
    warnings.try_for_each(|warning| out::say(&format!("warning: {warning}")))
}

/// What is asked for, and how it is granted.
fn explain(failure: Failure, folder: &Path) -> Failure {
    match failure.asked() {
        [] => failure,
        asked => asks_for(asked, folder),
    }
}

fn asks_for(asked: &[String], folder: &Path) -> Failure {
    let folder_text = folder.display();
    if asked == ["*"] {
        return Failure::new(format!(
            "the pack has no `[capabilities]` and asks for everything; grant it with `opora pack install \
             {folder_text} --grant all`"
        ));
    }
    let none = String::from("NAME");
    Failure::new(format!(
        "the pack asks for {}; grant all of it with `opora pack install {} --grant all`, or some with \
         `--grant {}`",
        asked.join(", "),
        folder_text,
        asked.first().unwrap_or(&none)
    ))
}

/// A failure about a pack by name: whether there is such a pack at all.
pub fn of_name(peer: &Peer, name: &str, failure: Failure) -> Failure {
    let known = match (failure.is_absent(), names(peer)) {
        (true, Ok(known)) => known,
        _ => return failure,
    };
    let known: Vec<&str> = known.iter().map(|(name, ..)| name.as_str()).collect();
    if known.contains(&name) {
        return failure;
    }
    Failure::new(no_pack(name, &known))
}

/// Runs a change on a desk of one's own; records that follow move before it returns.
pub fn run(desk: &Desk, name: &str, change: PackChange) -> Result<u64, Error> {
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

/// Whether a pack of this name is active.
pub fn is_installed(peer: &Peer, name: &str) -> Outcome<bool> {
    Ok(names(peer)?.iter().any(|(known, ..)| known == name))
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
            let answer = client.post(&format!("/v1/packs/{}/rollback", encoded(name)), &body)?;
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
        Peer::Server(client) => {
            drop(client.post(&format!("/v1/packs/{}/{word}", encoded(name)), &json!({}))?)
        }
    }
    out::say(&format!("{done} {name}"))
}

/// Grants a pack something beside what it was granted before.
pub fn grant_more(peer: &Peer, name: &str, add: &[String]) -> Outcome<()> {
    if add.iter().any(|word| word == "all") {
        return grant(peer, name, &["all".to_owned()]);
    }
    let mut names = granted(peer, name)?;
    names.extend(add.iter().cloned());
    grant(peer, name, &names)
}

/// What a pack was granted.
fn granted(peer: &Peer, name: &str) -> Outcome<Vec<String>> {
    Ok(match peer {
        Peer::Desk(desk) => {
            let own = desk.packs()?.into_iter().filter(|pack| pack.name == name);
            own.flat_map(|pack| pack.grants).collect()
        }
        Peer::Server(client) => {
            let answer = client.get(&format!("/v1/packs/{}", encoded(name)))?;
            let texts = items(&answer, "grants").iter().filter_map(Json::as_str);
            texts.map(str::to_owned).collect()
        }
    })
}

/// Says anew what a pack may do.
pub fn grant(peer: &Peer, name: &str, names: &[String]) -> Outcome<()> {
    match peer {
        Peer::Desk(desk) => {
            let grants = Given::of(names);
            run(desk, name, PackChange::Grant { grants })?;
        }
        Peer::Server(client) => {
            let body = json!({ "grants": names });
            client.post(&format!("/v1/packs/{}/grants", encoded(name)), &body)?;
        }
    }
    let may = match granted(peer, name)?.as_slice() {
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
            client.delete(&format!("/v1/packs/{}", encoded(name)))?;
        }
    }
    out::say(&format!("removed {name}"))
}
