//! The `opora` command line.

mod articles;
mod client;
mod deliver;
mod demo;
#[cfg(feature = "embeddings")]
mod embeddings;
mod failure;
mod folder;
mod hooks;
mod intake;
mod listen;
mod logging;
#[cfg(feature = "mcp")]
mod mcp;
mod out;
mod pack;
mod pack_check;
mod pack_new;
mod pack_options;
mod pack_revisions;
mod pack_test;
mod pack_together;
mod pack_work;
mod plugin;
mod report;
mod serve;
mod settings;
mod shadows;
mod simulate;
mod token;
mod trial;
mod watch;
mod why;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Outcome;
use settings::Shared;

/// An embeddable service-desk engine.
#[derive(Debug, Parser)]
#[command(name = "opora", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Task,
    #[command(flatten)]
    shared: Shared,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Serve a desk for real use; an empty folder becomes a new desk.
    Serve(settings::ServeArgs),
    /// Serve a desk that is full of demonstration data.
    Demo(demo::DemoArgs),
    /// Make, check, install and look after packs and plugins.
    Pack {
        #[command(subcommand)]
        task: pack::PackTask,
        #[command(flatten)]
        place: client::Place,
    },
    /// Write, build, check and try plugins.
    Plugin {
        #[command(subcommand)]
        task: plugin::PluginTask,
        #[command(flatten)]
        place: client::Place,
    },
    /// Bring a folder of Markdown and HTML files into the knowledge base, or write it into one.
    Articles {
        #[command(subcommand)]
        task: articles::ArticlesTask,
        #[command(flatten)]
        place: client::Place,
    },
    /// Make, list and revoke access tokens.
    Token {
        #[command(subcommand)]
        task: token::TokenTask,
        #[command(flatten)]
        place: client::Place,
    },
    /// List every rule in the order in which rules are called, between the engine's own steps, with
    /// what it used and whether it is suspended.
    Hooks {
        #[command(flatten)]
        args: hooks::HooksArgs,
        #[command(flatten)]
        place: client::Place,
    },
    /// Tell why a ticket is as it is: rules, lines, values, conditions, due times.
    Why {
        #[command(flatten)]
        args: why::WhyArgs,
        #[command(flatten)]
        place: client::Place,
    },
    /// Make the decisions of a change again, with the rules and records of that time.
    Replay {
        #[command(flatten)]
        args: why::ReplayArgs,
        #[command(flatten)]
        place: client::Place,
    },
    /// Try a changed pack on recorded history; exit code 0: nothing differs, 1: something does, 2:
    /// it could not be told.
    Simulate {
        #[command(flatten)]
        args: simulate::SimulateArgs,
        #[command(flatten)]
        place: client::Place,
    },
    /// Hand what comes in to a running server.
    Intake {
        #[command(subcommand)]
        task: intake::IntakeTask,
        #[command(flatten)]
        place: client::Place,
    },
    /// List and run the reports that packs define.
    Report {
        #[command(subcommand)]
        task: report::ReportTask,
        #[command(flatten)]
        place: client::Place,
    },
    /// Check that records, indexes and journal of a folder say the same.
    Verify {
        #[command(flatten)]
        place: client::Place,
    },
    /// Serve the tools of agent programs (Model Context Protocol) on standard input and output.
    #[cfg(feature = "mcp")]
    Mcp {
        #[command(flatten)]
        place: client::Place,
    },
    /// Print the OpenAPI document of the HTTP API.
    Openapi,
}

/// Runs the command line: exit code 0 when all went well, 1 when not, 2 for a wrong command line.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Task::Simulate { args, place } = &cli.command {
        return simulate::simulate(args, place, &cli.shared);
    }
    if let Task::Intake { task, place } = &cli.command {
        return intake::run(task, place, &cli.shared);
    }
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out::complain(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Outcome<()> {
    let shared = cli.shared;
    match cli.command {
        Task::Serve(args) => serve::serve(&args, &shared),
        Task::Demo(args) => demo::demo(&args, &shared),
        Task::Pack { task, place } => pack::run(&task, &place, &shared),
        Task::Plugin { task, place } => plugin::run(&task, &place, &shared),
        Task::Articles { task, place } => articles::run(&task, &place, &shared),
        Task::Token { task, place } => token::run(&task, &place, &shared),
        Task::Hooks { args, place } => hooks::hooks(&args, &place, &shared),
        Task::Why { args, place } => why::why(&args, &place, &shared),
        Task::Replay { args, place } => why::replay(&args, &place, &shared),
        // They have exit codes of their own: see `main`.
        Task::Simulate { .. } | Task::Intake { .. } => Ok(()),
        Task::Report { task, place } => report::run(&task, &place, &shared),
        Task::Verify { place } => verify(&place, &shared),
        #[cfg(feature = "mcp")]
        Task::Mcp { place } => mcp::run(&place, &shared),
        Task::Openapi => out::say(&crate::api::openapi()),
    }
}

fn verify(place: &client::Place, shared: &Shared) -> Outcome<()> {
    logging::start(&settings::Settings::of_client(shared)?)?;
    let folder = place.folder(shared)?;
    let desk = folder.open(folder::Opening::WithoutSearch)?;
    let found = desk.verify()?;
    desk.close()?;
    for fault in &found.faults {
        out::complain(fault);
    }
    if found.faults.is_empty() {
        return out::say(&format!(
            "{} records and {} journal entries say the same",
            found.records, found.entries
        ));
    }
    Err(failure::Failure::new(
        "the store contradicts itself; restore it from a copy",
    ))
}
