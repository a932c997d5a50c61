//! `opora plugin`: write, build, check and try plugins. Nothing here needs a desk or an account.

mod build;
mod cases;
mod embedded;
mod new;
mod project;
mod run;

use std::path::PathBuf;

use clap::Subcommand;

use self::project::{Language, Project};
use super::client::Place;
use super::failure::Outcome;
use super::logging;
use super::settings::{Settings, Shared};

/// What to do with a plugin.
#[derive(Debug, Subcommand)]
pub enum PluginTask {
    /// Make a folder with a plugin that refuses a change of status.
    New {
        /// Name of the plugin and its folder: a-z, 0-9, `_` and `-`.
        name: String,
        /// Language it is written in.
        #[arg(long, value_enum, default_value_t)]
        lang: Language,
    },
    /// Build the component; installs what the language needs into the plugin's folder.
    Build {
        /// Folder of the plugin.
        #[arg(default_value = ".", value_name = "DIR")]
        folder: PathBuf,
    },
    /// Say whether the plugin is fit to be installed: contract, imports, size, limits.
    Check {
        /// Folder of the plugin.
        #[arg(default_value = ".", value_name = "DIR")]
        folder: PathBuf,
    },
    /// Run the calls of `fixtures/HOOK/*.json` within the limits of production.
    Test {
        /// Folder of the plugin.
        #[arg(default_value = ".", value_name = "DIR")]
        folder: PathBuf,
        /// Folder of the fixtures, beside the plugin's own.
        #[arg(long, value_name = "DIR")]
        fixtures: Option<PathBuf>,
    },
    /// Run one hook on one call and print what it decides.
    Run(run::RunArgs),
}

/// Runs `opora plugin`.
///
/// # Errors
/// What is wrong with the plugin, its tools or its folder.
pub fn run(task: &PluginTask, place: &Place, shared: &Shared) -> Outcome<()> {
    logging::start(&Settings::of_client(shared)?)?;
    match task {
        PluginTask::New { name, lang } => new::new(name, *lang),
        PluginTask::Build { folder } => build::build(&Project::at(folder)?),
        PluginTask::Check { folder } => cases::check(folder),
        PluginTask::Test { folder, fixtures } => cases::test(folder, fixtures.as_deref()),
        PluginTask::Run(args) => run::run(args, place, shared),
    }
}
