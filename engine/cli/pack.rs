//! `opora pack`: packs and plugins, from a new folder to an old revision.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::client::{Peer, Place};
use super::failure::{Failure, Outcome};
use super::pack_together::Candidate;
use super::settings::{Settings, Shared};
use super::{logging, pack_check, pack_new, pack_options, pack_revisions, pack_work, simulate};
use crate::desk::{Desk, Error};
use crate::packs::{PackFault, PackFiles, pack_name};

/// What to do with packs.
#[derive(Debug, Subcommand)]
pub enum PackTask {
    /// Begin a pack: a folder with a small one that works.
    New {
        /// Name of the pack: `a-z`, `0-9`, `_` and `-`.
        name: String,
        /// Folder to make; `./NAME` when not given.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Check folders as installing would, without a desk.
    Check {
        /// Folders of the packs. Those that they require are looked for beside them.
        #[arg(required = true, value_name = "DIR")]
        folders: Vec<PathBuf>,
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
    /// Install packs or plugins, or other revisions of them.
    Install(InstallArgs),
    /// Install other revisions of packs that are installed; records follow them.
    Upgrade(InstallArgs),
    /// List the active packs.
    List,
    /// Run the scenarios of a pack, on a virtual clock and a desk of their own.
    Test(super::pack_test::TestArgs),
    /// Tell what happened to a pack.
    History {
        /// Name of the pack.
        name: String,
    },
    /// Compare revisions of a pack, or a folder with what is installed.
    Diff {
        /// Name of the pack, or a folder.
        what: String,
        /// The older revision: a version or the beginning of its hash; the one before when not given.
        from: Option<String>,
        /// The newer revision; the active one when not given.
        to: Option<String>,
    },
    /// Write the files of a revision to a folder.
    Export {
        /// Name of the pack.
        name: String,
        /// Folder to make.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// A version or the beginning of a hash; the active revision when not given.
        #[arg(long, value_name = "REVISION")]
        revision: Option<String>,
    },
    /// Make an earlier revision the active one.
    Rollback {
        /// Name of the pack.
        name: String,
        /// A version or the beginning of a hash; the one before when not given.
        to: Option<String>,
        #[command(flatten)]
        grant: GrantArgs,
    },
    /// Let a pack rest: no rules, no new records of its types.
    Disable {
        /// Name of the pack.
        name: String,
    },
    /// Let a pack run again.
    Enable {
        /// Name of the pack.
        name: String,
    },
    /// Say anew what a pack may do; without names, only what is harmless.
    Grant {
        /// Name of the pack.
        name: String,
        /// Capabilities that it asks for, or `all`.
        capabilities: Vec<String>,
        /// Grant these beside what was granted before.
        #[arg(
            long,
            value_name = "CAPABILITIES",
            value_delimiter = ',',
            conflicts_with = "capabilities"
        )]
        add: Vec<String>,
    },
    /// Tell the options of a pack with their values.
    Options {
        /// Name of the pack.
        name: String,
    },
    /// Set options of a pack; upgrades keep them.
    Set {
        /// Name of the pack.
        name: String,
        /// Options with their values: `remind_hours=48`.
        #[arg(value_name = "OPTION=VALUE", required_unless_present = "reset")]
        values: Vec<String>,
        /// Give these back the values that the pack has for them.
        #[arg(long, value_name = "OPTIONS", value_delimiter = ',')]
        reset: Vec<String>,
    },
    /// Take a pack out of the active ones. Records keep their values.
    Remove {
        /// Name of the pack.
        name: String,
    },
}

/// What `install` and `upgrade` take.
#[derive(Debug, Args)]
pub struct InstallArgs {
    /// Folders of the packs; several are checked together first, and installed after those that they
    /// require.
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// Check only, and tell what would change.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub grant: GrantArgs,
}

/// What is granted to a pack.
#[derive(Debug, Clone, Args)]
pub struct GrantArgs {
    /// What the pack may do of what it asks for: `all`, or names separated by commas.
    #[arg(long, value_name = "CAPABILITIES", value_delimiter = ',')]
    pub grant: Vec<String>,
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
        PackTask::New { name, dir } => return pack_new::new(name, dir.as_deref()),
        PackTask::Check { folders } => return pack_check::check(folders),
        PackTask::Install(args) | PackTask::Upgrade(args) => read(&args.folders)?,
        _ => Vec::new(),
    };
    let peer = place.peer(shared)?;
    let done = with(&peer, task, folders).map_err(|failure| match name_of(task) {
        Some(name) => pack_work::of_name(&peer, name, failure),
        None => failure,
    });
    if let Peer::Desk(desk) = peer {
        desk.close()?;
    }
    done
}

fn with(peer: &Peer, task: &PackTask, folders: Vec<Candidate>) -> Outcome<()> {
    match task {
        PackTask::New { .. } | PackTask::Check { .. } | PackTask::Test(_) => Ok(()),
        PackTask::Install(args) => pack_work::install(peer, folders, args, false),
        PackTask::Upgrade(args) => pack_work::install(peer, folders, args, true),
        PackTask::List => pack_work::list(peer),
        PackTask::Shadow { folder, stop, json } => {
            simulate::shadow(peer, folder.as_deref(), stop.as_deref(), *json)
        }
        PackTask::History { name } => pack_revisions::history(peer, name),
        PackTask::Diff { what, from, to } => {
            pack_revisions::diff(peer, what, from.as_deref(), to.as_deref())
        }
        PackTask::Export {
            name,
            dir,
            revision,
        } => pack_revisions::export(peer, name, dir, revision.as_deref()),
        PackTask::Rollback { name, to, grant } => {
            pack_work::roll_back(peer, name, to.as_deref(), &grant.grant)
        }
        PackTask::Disable { name } => pack_work::rest(peer, name, true),
        PackTask::Enable { name } => pack_work::rest(peer, name, false),
        PackTask::Grant {
            name,
            capabilities,
            add,
        } => match add.as_slice() {
            [] => pack_work::grant(peer, name, capabilities),
            add => pack_work::grant_more(peer, name, add),
        },
        PackTask::Options { name } => pack_options::list(peer, name),
        PackTask::Set {
            name,
            values,
            reset,
        } => pack_options::set(peer, name, values, reset),
        PackTask::Remove { name } => pack_work::remove(peer, name),
    }
}

fn read(folders: &[PathBuf]) -> Outcome<Vec<Candidate>> {
    let one = |folder: &PathBuf| Ok(Candidate::new(folder, files(folder)?));
    folders.iter().map(one).collect()
}

/// The name of the pack that a task is about.
fn name_of(task: &PackTask) -> Option<&str> {
    match task {
        PackTask::History { name }
        | PackTask::Export { name, .. }
        | PackTask::Rollback { name, .. }
        | PackTask::Disable { name }
        | PackTask::Enable { name }
        | PackTask::Grant { name, .. }
        | PackTask::Options { name }
        | PackTask::Set { name, .. }
        | PackTask::Remove { name }
        | PackTask::Diff { what: name, .. } => Some(name),
        _ => None,
    }
}

/// What is wrong with a folder's files: those of packs beside which they would stand, too.
pub fn faulty(folder: &Path, files: &PackFiles, faults: &[PackFault]) -> Failure {
    let own = pack_name(files).unwrap_or_default();
    let home = |pack: &str| (pack.is_empty() || pack == own).then_some(folder);
    Failure::of_packs(home, faults)
}

/// What a desk said of a folder's files, with the place of each fault.
pub fn refused(desk: &Desk, folder: &Path, files: &PackFiles, error: Error) -> Failure {
    if error.code == "pack_invalid"
        && let Ok(faults) = desk.pack_faults(files)
        && !faults.is_empty()
    {
        return faulty(folder, files, &faults);
    }
    Failure::from(error).in_folder(folder, files)
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
    PackFiles::read_dir(folder).map_err(|faults| Failure::of_pack(folder, &faults))
}
