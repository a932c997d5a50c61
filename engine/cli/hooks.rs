//! `opora hooks`: every rule in the order in which rules are called, between the engine's own steps.

use clap::Args;
use serde_json::{Value as Json, json};

use super::client::{Peer, Place, encoded, items};
use super::failure::{Failure, Outcome};
use super::settings::{Settings, Shared};
use super::{logging, out};
use crate::api;
use crate::desk::Actor;

/// How to tell.
#[derive(Debug, Args)]
pub struct HooksArgs {
    /// Print JSON, as `GET /v1/hooks` answers.
    #[arg(long)]
    json: bool,
    /// Let a suspended rule run again, and forget its failures.
    #[arg(long, value_name = "PACK/RULE", conflicts_with = "json")]
    reset: Option<String>,
}

/// Runs `opora hooks`.
///
/// # Errors
/// When neither folder nor server can be reached.
pub fn hooks(args: &HooksArgs, place: &Place, shared: &Shared) -> Outcome<()> {
    logging::start(&Settings::of_client(shared)?)?;
    let peer = place.peer(shared)?;
    if let Some(rule) = &args.reset {
        return reset(peer, rule);
    }
    let page = match peer {
        Peer::Server(client) => client.get("/v1/hooks")?,
        Peer::Desk(desk) => {
            let steps = desk.hooks();
            desk.close()?;
            let steps = serde_json::to_value(api::hook_steps(steps?));
            json!({"items": steps.map_err(|e| Failure::new(e.to_string()))?, "next": null})
        }
    };
    if args.json {
        let text = serde_json::to_string_pretty(&page);
        return out::say(&text.map_err(|e| Failure::new(e.to_string()))?);
    }
    let steps = items(&page, "items");
    let width = steps.iter().map(|s| text(s, "name").len()).max();
    let width = width.unwrap_or_default();
    for step in steps {
        lines(step, width)
            .iter()
            .try_for_each(|line| out::say(line))?;
    }
    Ok(())
}

fn reset(peer: Peer, rule: &str) -> Outcome<()> {
    match peer {
        Peer::Server(client) => {
            let path: Vec<String> = rule.split('/').map(encoded).collect();
            client.post(&format!("/v1/rules/{}/reset", path.join("/")), &json!({}))?;
        }
        Peer::Desk(desk) => {
            let done = desk.reset_rule(&Actor::System, rule);
            desk.close()?;
            done?;
        }
    }
    out::say(&format!("{rule} runs from now on"))
}

fn text<'j>(of: &'j Json, name: &str) -> &'j str {
    of.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn number(of: &Json, name: &str) -> i64 {
    of.get(name).and_then(Json::as_i64).unwrap_or_default()
}

/// What there is to tell of a step.
fn lines(step: &Json, width: usize) -> Vec<String> {
    let (order, phase, name) = (
        number(step, "order"),
        text(step, "phase"),
        text(step, "name"),
    );
    let head = format!("{order:4}  {phase:11}  {name:width$}");
    let Some(rule) = step.get("rule") else {
        return vec![format!("{head}  {}", text(step, "about"))];
    };
    let mut told = format!(
        "{head}  {} by a {}, version {}, {} when broken",
        text(step, "hook"),
        text(rule, "nature"),
        text(rule, "version"),
        text(rule, "when_broken"),
    );
    match number(rule, "priority") {
        0 => {}
        priority => told.push_str(&format!(", priority {priority}")),
    }
    let mut lines = vec![told];
    let indent = " ".repeat(21 + width);
    let calls = number(rule, "calls");
    if calls > 0 {
        lines.push(format!(
            "{indent}{calls} calls, {} failed, at most {} of {}",
            number(rule, "failures"),
            number(rule, "most_used"),
            number(rule, "budget")
        ));
    }
    let error = text(rule, "last_error");
    match text(rule, "state") {
        "suspended" => lines.push(format!(
            "{indent}SUSPENDED until it is reset (`opora hooks --reset {name}`) or replaced"
        )),
        "compiling" => lines.push(format!("{indent}its plugin is still being compiled")),
        _ => {}
    }
    lines.extend(error.lines().map(|line| format!("{indent}{line}")));
    lines
}
