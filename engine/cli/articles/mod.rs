//! `opora articles`: the knowledge base as a folder of files, in and out.

mod export;
mod folder;
mod front;
mod import;
mod shelf;

use std::path::PathBuf;

use clap::Subcommand;

use super::client::{Peer, Place};
use super::failure::Outcome;
use super::settings::Shared;

/// What to do with articles.
#[derive(Debug, Subcommand)]
pub enum ArticlesTask {
    /// Bring the Markdown and HTML files of a folder into the knowledge base. What is there already
    /// and says the same is left alone, so that it can be done again.
    Import {
        /// The folder.
        dir: PathBuf,
        /// Say what would be done, and do nothing.
        #[arg(long)]
        dry_run: bool,
        /// Language of files that do not name one; that of the desk when not given.
        #[arg(long, value_name = "TAG")]
        locale: Option<String>,
    },
    /// Write all articles with their files into an empty folder, from where `import` brings them
    /// back as they were.
    Export {
        /// The folder.
        dir: PathBuf,
    },
}

/// Runs it.
///
/// # Errors
/// When files are not as they should be, or the desk refuses some.
pub fn run(task: &ArticlesTask, place: &Place, shared: &Shared) -> Outcome<()> {
    // A folder that is wrong is told before a desk is opened.
    let wanted = match task {
        ArticlesTask::Import { dir, locale, .. } => Some(folder::read(dir, locale.as_deref())?),
        ArticlesTask::Export { .. } => None,
    };
    let shelf = shelf::Shelf(place.peer(shared)?);
    let done = match (task, wanted) {
        (ArticlesTask::Import { dry_run, .. }, wanted) => {
            import::run(&shelf, &wanted.unwrap_or_default(), *dry_run)
        }
        (ArticlesTask::Export { dir }, _) => export::run(&shelf, dir),
    };
    if let Peer::Desk(desk) = shelf.0 {
        desk.close()?;
    }
    done
}
