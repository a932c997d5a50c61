//! `opora pack`: install, try, list and remove packs and plugins.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::Value as Json;

use super::client::{Peer, Place, items, text_of};
use super::failure::{Failure, Outcome};
use super::settings::{Settings, Shared};
use super::{logging, out, simulate};
use crate::api::PackUpload;
use crate::desk::{Actor, Command, Request};
use crate::packs::PackFiles;

/// What to do with packs.
#[derive(Debug, Subcommand)]
pub enum PackTask {
    /// Install packs or plugins, or other revisions of them.
    Install {
        /// Folders of the packs.
        #[arg(required = true, value_name = "DIR")]
        folders: Vec<PathBuf>,
        /// Check only, and tell what would change.
        #[arg(long)]
        dry_run: bool,
    },
    /// Let a changed pack run beside the active one on live traffic: what it would decide otherwise
    /// is kept, nothing of it is applied. Without a folder, tell what the shadows found.
    Shadow {
        /// Folder of the changed pack.
        #[arg(value_name = "DIR", conflicts_with = "stop")]
        folder: Option<PathBuf>,
        /// Take the shadow of this pack away.
        #[arg(long, value_name = "PACK")]
        stop: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List the active packs.
    List,
    /// Run the scenarios of a pack, on a virtual clock and a desk of their own.
    Test(super::pack_test::TestArgs),
    /// Take a pack out of the active ones. Records keep their values.
    Remove {
        /// Name of the pack.
        name: String,
    },
}

/// Runs `opora pack`.
///
/// # Errors
/// When the pack is not fit, or neither folder nor server can be reached.
pub fn run(task: &PackTask, place: &Place, shared: &Shared) -> Outcome<()> {
    if let PackTask::Test(args) = task {
        return super::pack_test::test(args);
    }
    logging::start(&Settings::of_client(shared)?)?;
    // What is wrong with the files is told without a desk.
    let folders = match task {
        PackTask::Install { folders, .. } => read(folders)?,
        PackTask::List | PackTask::Remove { .. } | PackTask::Shadow { .. } | PackTask::Test(_) => {
            Vec::new()
        }
    };
    let peer = place.peer(shared)?;
    let done = match task {
        PackTask::Install { dry_run, .. } => folders
            .into_iter()
            .try_for_each(|(folder, files)| install(&peer, &folder, files, *dry_run)),
        PackTask::List => list(&peer),
        PackTask::Test(_) => Ok(()),
        PackTask::Shadow { folder, stop, json } => {
            simulate::shadow(&peer, folder.as_deref(), stop.as_deref(), *json)
        }
        PackTask::Remove { name } => remove(&peer, name),
    };
    if let Peer::Desk(desk) = peer {
        desk.close()?;
    }
    done
}

fn read(folders: &[PathBuf]) -> Outcome<Vec<(String, PackFiles)>> {
    let mut read = Vec::new();
    for folder in folders {
        read.push((folder.display().to_string(), files(folder)?));
    }
    Ok(read)
}

/// The files of a pack's folder.
///
/// # Errors
/// Everything that is wrong with them.
pub fn files(folder: &Path) -> Outcome<PackFiles> {
    if !folder.join("pack.toml").is_file() {
        return Err(Failure::new(format!(
            "`{}` is no pack: it has no pack.toml",
            folder.display()
        )));
    }
    PackFiles::read_dir(folder).map_err(|faults| Failure::of_pack(&faults))
}

fn install(peer: &Peer, folder: &str, files: PackFiles, dry_run: bool) -> Outcome<()> {
    let lines = match (peer, dry_run) {
        (Peer::Desk(desk), true) => desk.dry_run_pack(&files)?,
        (Peer::Desk(desk), false) => {
            let command = Command::InstallPack { files };
            let reply = desk.run(&Request::by(Actor::System), &command)?;
            vec![format!("installed {folder} at position {}", reply.pos)]
        }
        (Peer::Server(client), true) => {
            let answer = client.post("/v1/packs?dry_run=true", &PackUpload::of(files))?;
            items(&answer, "changes")
                .iter()
                .filter_map(Json::as_str)
                .map(str::to_owned)
                .collect()
        }
        (Peer::Server(client), false) => {
            let answer = client.post("/v1/packs", &PackUpload::of(files))?;
            let (name, version) = (text_of(&answer, "name"), text_of(&answer, "version"));
            vec![format!("installed {name} {version}")]
        }
    };
    lines.iter().try_for_each(|line| out::say(line))
}

fn list(peer: &Peer) -> Outcome<()> {
    let packs: Vec<(String, String)> = match peer {
        Peer::Desk(desk) => {
            let packs = desk.packs()?.into_iter();
            packs.map(|p| (p.name, p.version)).collect()
        }
        Peer::Server(client) => {
            let answer = client.get("/v1/packs")?;
            let pair = |p: &Json| {
                (
                    text_of(p, "name").to_owned(),
                    text_of(p, "version").to_owned(),
                )
            };
            let pairs = items(&answer, "items").iter().map(pair);
            pairs.collect()
        }
    };
    packs
        .iter()
        .try_for_each(|(name, version)| out::say(&format!("{name} {version}")))
}

fn remove(peer: &Peer, name: &str) -> Outcome<()> {
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
