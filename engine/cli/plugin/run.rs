//! `opora plugin run`: one hook on one call, out of a file or about a record of a desk.

use std::fmt::Display;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value as Json};

use super::cases::{Ready, asked};
use crate::api;
use crate::cli::client::{Peer, Place, encoded};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::settings::Shared;
use crate::cli::{out, why};
use crate::desk::Actor;
use crate::hooks::Hook;
use crate::hooks::fixture::{decision_json, read_call};

/// What to run, and on what.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Hook, such as `transition.guard`.
    hook: String,
    /// Folder of the plugin.
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// File with the call, in the form of a fixture's `call`.
    #[arg(long, value_name = "FILE")]
    call: Option<PathBuf>,
    /// Run on a ticket of the desk, by its number or id, and the records that the rules of this hook
    /// read beside it. What else the call holds comes from the file.
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,
    /// Kind of the record, when it is no ticket; it is named by its id then.
    #[arg(long, default_value = "ticket", requires = "ticket")]
    kind: String,
}

/// Runs one hook on one call.
///
/// # Errors
/// When there is no such hook, call or record, or the plugin fails.
pub fn run(args: &RunArgs, place: &Place, shared: &Shared) -> Outcome<()> {
    let hook = Hook::ALL
        .into_iter()
        .find(|h| h.name() == args.hook)
        .ok_or_else(|| {
            let names: Vec<&str> = Hook::ALL.iter().map(|h| h.name()).collect();
            Failure::new(format!(
                "there is no hook `{}`; there are {}",
                args.hook,
                names.join(", ")
            ))
        })?;
    if args.call.is_none() && args.ticket.is_none() {
        return Err(Failure::new(
            "on what? give --call FILE, --ticket TICKET, or both",
        ));
    }
    let ready = Ready::load(&args.folder)?;
    let mut text = match &args.call {
        Some(path) => fs::read_to_string(path).map_err(|e| Failure::file(path, &e))?,
        None => "{}".to_owned(),
    };
    let wrong = |e: &dyn Display| match &args.call {
        Some(path) => Failure::file(path, e),
        None => Failure::new(e.to_string()),
    };
    if let Some(record) = &args.ticket {
        let peer = place.peer(shared)?;
        let found = of_desk(args, record, &ready, hook, &peer);
        if let Peer::Desk(desk) = peer {
            desk.close()?;
        }
        let mut found = found?;
        let mut call: Map<String, Json> = serde_json::from_str(&text).map_err(|e| wrong(&e))?;
        // What the file says stands beside the record goes before what does.
        if let (Some(Json::Object(beside)), Some(Json::Object(own))) =
            (found.get_mut("related"), call.remove("related"))
        {
            beside.extend(own);
        }
        call.extend(found);
        text = Json::Object(call).to_string();
    }
    let call = read_call(&text, hook, ready.pack.name()).map_err(|e| wrong(&e))?;
    let measured = asked(&ready, hook, &call)?;
    out::say(&ready.cost(&measured))?;
    match measured.outcome {
        Ok(outcome) => out::say(&format!("{:#}", decision_json(&outcome.decision))),
        // A record alone says nothing of the status that is entered, the agents there are, and the like.
        Err(failure) if args.call.is_none() => Err(Failure::new(format!(
            "{failure}; what a call of {hook} holds beside the record comes with --call FILE, as \
             `call` of fixtures/{hook}/*.json has it"
        ))),
        Err(failure) => Err(Failure::new(failure.to_string())),
    }
}

/// A record of the desk and what the rules of the hook read beside it.
fn of_desk(
    args: &RunArgs,
    record: &str,
    ready: &Ready,
    hook: Hook,
    peer: &Peer,
) -> Outcome<Map<String, Json>> {
    let kind = why::kind_of(&args.kind)?;
    let id = why::find(peer, kind, record)?;
    let pack = ready.pack.name();
    let rules = ready.pack.rules.iter().filter(|rule| rule.hook == hook);
    let mut related: Vec<String> = rules.flat_map(|rule| rule.reads.clone()).collect();
    related.sort_unstable();
    related.dedup();
    let found = match peer {
        Peer::Desk(desk) => {
            let records = desk.call_records(&Actor::System, (kind, id), pack, &related)?;
            serde_json::to_value(api::call_view(&records))
                .map_err(|e| Failure::new(e.to_string()))?
        }
        Peer::Server(client) => client.get(&format!(
            "/v1/{}/{id}/call?pack={}&related={}",
            api::plural(kind),
            encoded(pack),
            encoded(&related.join(","))
        ))?,
    };
    match found {
        Json::Object(found) => Ok(found),
        _ => Err(Failure::new("the server answers no record")),
    }
}
