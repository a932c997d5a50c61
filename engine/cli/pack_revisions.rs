//! Looking at the revisions of a pack: history, differences, files.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use super::client::{Peer, encoded, items, text_of};
use super::failure::{Failure, Outcome};
use super::{out, pack, pack_work};
use crate::api::PackUpload;
use crate::packs::{PackFiles, diff as diff_files, pack_name};

/// Tells what happened to a pack, newest first.
pub fn history(peer: &Peer, name: &str) -> Outcome<()> {
    for (revision, version, what, at, actor) in events(peer, name)? {
        let short: String = revision.chars().take(12).collect();
        let by = actor.map_or(String::new(), |a| format!(" by {a}"));
        let at = at.unwrap_or_default();
        out::say(&format!("{at} {what} {version} {short}{by}"))?;
    }
    Ok(())
}

/// Revision, version, what happened, when and by whom.
pub type Event = (String, String, String, Option<String>, Option<String>);

/// What happened to a pack, newest first.
pub fn events(peer: &Peer, name: &str) -> Outcome<Vec<Event>> {
    match peer {
        Peer::Desk(desk) => {
            let events = desk.pack_events(name)?.into_iter();
            let event = |e: crate::desk::PackEventView| {
                let at = e.at.map(crate::api::instant_text);
                (e.revision, e.version, e.what, at, e.actor)
            };
            Ok(events.map(event).collect())
        }
        Peer::Server(client) => {
            let answer = client.get(&format!("/v1/packs/{}/revisions", encoded(name)))?;
            let optional = |e: &Json, key: &str| {
                let text = e.get(key).and_then(Json::as_str);
                text.map(str::to_owned)
            };
            let event = |e: &Json| {
                let text = |key: &str| text_of(e, key).to_owned();
                let (at, actor) = (optional(e, "at"), optional(e, "actor"));
                (text("revision"), text("version"), text("what"), at, actor)
            };
            Ok(items(&answer, "items").iter().map(event).collect())
        }
    }
}

/// The files of a revision; none: of the active one.
pub fn files(peer: &Peer, name: &str, revision: Option<&str>) -> Outcome<PackFiles> {
    match peer {
        Peer::Desk(desk) => Ok(desk.pack_files(name, revision)?),
        Peer::Server(client) => {
            let query = revision.map_or(String::new(), |r| format!("?revision={}", encoded(r)));
            let answer = client.get(&format!("/v1/packs/{}/files{query}", encoded(name)))?;
            let upload: PackUpload = serde_json::from_value(answer)
                .map_err(|e| Failure::new(format!("the server's answer cannot be read: {e}")))?;
            Ok(upload.into_files()?.1)
        }
    }
}

/// Compares a folder with what is installed, or two revisions. A bare word is a folder that is there,
/// unless it is an installed pack and a revision is named: only packs have two of them.
pub fn diff(peer: &Peer, what: &str, from: Option<&str>, to: Option<&str>) -> Outcome<()> {
    let folder = Path::new(what);
    let is_path = what.contains(['/', '\\']);
    if is_path && to.is_some() {
        return Err(Failure::new(
            "a folder is compared with one revision; two are compared by the name of their pack",
        ));
    }
    let is_name = from.is_some() && (to.is_some() || pack_work::is_installed(peer, what)?);
    let (old, new) = if is_path || (folder.is_dir() && !is_name) {
        let new = pack::files(folder)?;
        let name = pack_name(&new).unwrap_or_default();
        let old = files(peer, &name, from);
        (
            old.map_err(|failure| pack_work::of_name(peer, &name, failure))?,
            new,
        )
    } else {
        let from = match from {
            Some(from) => from.to_owned(),
            None => before(peer, what)?,
        };
        (files(peer, what, Some(&from))?, files(peer, what, to)?)
    };
    let found = match peer {
        Peer::Desk(desk) => desk.diff_packs(&old, &new),
        Peer::Server(_) => diff_files(&old, &new),
    };
    if found.changes.is_empty() && found.files.is_empty() {
        return out::say("no differences");
    }
    for line in &found.changes {
        out::say(line)?;
    }
    for file in &found.files {
        out::say(&format!("{} {}", file.what, file.path))?;
        for line in &file.lines {
            out::say(line)?;
        }
    }
    Ok(())
}

/// The newest revision that was another than now.
fn before(peer: &Peer, name: &str) -> Outcome<String> {
    let events = events(peer, name)?;
    let now = events.first().map(|e| e.0.clone());
    let earlier = events
        .into_iter()
        .map(|e| e.0)
        .find(|r| Some(r) != now.as_ref());
    earlier.ok_or_else(|| Failure::new(format!("pack `{name}` has no earlier revision")))
}

/// Writes the files of a revision to a new folder.
pub fn export(peer: &Peer, name: &str, dir: &Path, revision: Option<&str>) -> Outcome<()> {
    if dir.exists() {
        return Err(Failure::new(format!(
            "`{}` is there already; name a folder to make",
            dir.display()
        )));
    }
    let files = files(peer, name, revision)?;
    let faults = files.check(name);
    if !faults.is_empty() {
        return Err(Failure::of_pack(dir, &faults));
    }
    for (path, bytes) in &files.files {
        let place = dir.join(path);
        let folder = place.parent().unwrap_or(dir);
        fs::create_dir_all(folder).map_err(|e| Failure::file(folder, &e))?;
        fs::write(&place, bytes).map_err(|e| Failure::file(&place, &e))?;
    }
    let (count, dir) = (files.files.len(), dir.display());
    out::say(&format!("wrote {count} files to {dir}"))
}
