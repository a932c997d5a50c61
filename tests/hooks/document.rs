//! `docs/hooks.md` is made of the code and of the fixtures: what each hook is, and which of its cases
//! are tested. With `UPDATE=1` it is written anew.

use std::fmt::Write as _;

use opora::hooks::script::methods;
use opora::hooks::{Hook, reference};

use serde_json::Value as Json;

use super::fixtures::{self, Fixture};
use super::support::{bytes, path};

const FILE: &str = "docs/hooks.md";

/// Cases that each hook must have a fixture for.
const CASES: [&str; 7] = [
    "no opinion",
    "decides",
    "refuses",
    "several",
    "unknown open value",
    "over budget",
    "broken",
];

const NO_REFUSALS: &str = "it has no refusals";
const ONE_CHOICE: &str = "its decision is one choice";
const ONLY_REFUSES: &str = "to refuse is its decision";

/// Why a hook has no fixture for a case. A reason that is not needed is a fault as well.
const REASONS: [(Hook, &str, &str); 26] = [
    (Hook::RecordDefaults, "refuses", NO_REFUSALS),
    (Hook::FormRules, "refuses", NO_REFUSALS),
    (Hook::AssignSelect, "refuses", NO_REFUSALS),
    (Hook::AssignSelect, "several", ONE_CHOICE),
    (Hook::RecordValidate, "decides", ONLY_REFUSES),
    (Hook::TransitionGuard, "decides", ONLY_REFUSES),
    (Hook::TransitionEffect, "refuses", NO_REFUSALS),
    (Hook::SlaSelect, "refuses", NO_REFUSALS),
    (Hook::SlaSelect, "several", ONE_CHOICE),
    (Hook::SurveyLogic, "refuses", NO_REFUSALS),
    (Hook::ScheduleFire, "refuses", NO_REFUSALS),
    (Hook::FieldCompute, "refuses", NO_REFUSALS),
    (Hook::InteractionEvent, "refuses", NO_REFUSALS),
    (Hook::SlaClock, "refuses", NO_REFUSALS),
    (Hook::SlaEvent, "refuses", NO_REFUSALS),
    (Hook::RecordChanged, "refuses", NO_REFUSALS),
    (Hook::NotifyCompose, "refuses", NO_REFUSALS),
    (Hook::NotifyCompose, "several", ONE_CHOICE),
    (Hook::AccessFilter, "refuses", NO_REFUSALS),
    (Hook::AccessFilter, "several", ONE_CHOICE),
    (Hook::ConfigGuard, "decides", ONLY_REFUSES),
    (Hook::IntakeMatch, "refuses", NO_REFUSALS),
    (Hook::IntakeMatch, "several", ONE_CHOICE),
    (Hook::ContractConsume, "refuses", NO_REFUSALS),
    (Hook::SearchDocument, "refuses", NO_REFUSALS),
    (Hook::SearchRank, "refuses", NO_REFUSALS),
];

/// The cases that a fixture is one of.
fn cases(fixture: &Fixture) -> Vec<&'static str> {
    let name = fixture.name.split('/').next_back().unwrap_or_default();
    if name.starts_with("unknown-") {
        return vec!["unknown open value"];
    }
    let file = bytes(&format!("tests/hooks/fixtures/{}.json", fixture.name));
    let json: Json = serde_json::from_slice(&file).expect("JSON");
    let expect = &json["expect"];
    match expect["failure"]["kind"].as_str() {
        Some("over_budget") => return vec!["over budget"],
        Some(_) => return vec!["broken"],
        None => {}
    }
    let count = |member: &str| expect["decision"][member].as_array().map_or(0, Vec::len);
    let mut members = expect["decision"].as_object().expect("a decision").keys();
    if members.all(|name| name == "because") {
        return vec!["no opinion"];
    }
    let refuses = count("refusals") > 0;
    let mut found = vec![if refuses { "refuses" } else { "decides" }];
    let several = ["refusals", "effects", "form", "clocks", "texts"];
    let boosts = expect["decision"]["rank"]
        .as_object()
        .map_or(0, |rank| rank.len());
    if several.into_iter().any(|member| count(member) > 1) || boosts > 1 {
        found.push("several");
    }
    found
}

/// One cell of the matrix: the fixtures of a case, or why there is none.
fn cell(all: &[Fixture], hook: Hook, case: &str, wrong: &mut Vec<String>) -> String {
    let fixtures: Vec<&Fixture> = all
        .iter()
        .filter(|f| f.hook == hook && cases(f).contains(&case))
        .collect();
    let reason = REASONS.iter().find(|(h, c, _)| *h == hook && *c == case);
    match (fixtures.is_empty(), reason) {
        (true, Some((_, _, why))) => return format!("*{why}*"),
        (true, None) => wrong.push(format!("{hook}: no fixture for `{case}` and no reason")),
        (false, Some(_)) => wrong.push(format!("{hook}: the reason for no `{case}` is not needed")),
        (false, None) => {
            for language in ["wasm", "rhai"] {
                // A script has no open values: it cannot name what the engine does not know.
                let spared = case == "unknown open value" && language == "rhai";
                let runs = |f: &&Fixture| f.only.as_deref().is_none_or(|only| only == language);
                if !spared && !fixtures.iter().any(runs) {
                    wrong.push(format!("{hook}: no fixture for `{case}` in {language}"));
                }
            }
        }
    }
    let names = fixtures.iter().map(|f| {
        let name = f.name.split('/').next_back().unwrap_or_default();
        let only = match f.only.as_deref() {
            Some("wasm") => " (plugin)",
            Some(_) => " (script)",
            None => "",
        };
        format!("`{name}`{only}")
    });
    names.collect::<Vec<_>>().join(", ")
}

/// What a hook does in a script: the methods that are for it.
fn methods_of(hook: Hook) -> String {
    let own = methods().iter().filter(|m| m.hooks.contains(&hook));
    let words: Vec<String> = own
        .map(|m| format!("`c.{}({})`", m.name, m.arguments.replace('|', "\\|")))
        .collect();
    if words.is_empty() {
        return "*plugins only*".to_owned();
    }
    words.join(", ")
}

fn table() -> String {
    let mut text = String::from(
        "| hook | when | gets besides | may return | when a rule breaks | WIT interface |\n|---|---|---|---|---|---|\n",
    );
    for r in reference() {
        let interfaces: Vec<String> = r
            .interfaces
            .iter()
            .map(|i| format!("`{}@{}`", i.name, i.version))
            .collect();
        let breaks = r.breaks;
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {breaks} | {} |",
            r.hook,
            r.when,
            r.gets,
            r.returns,
            interfaces.join(", ")
        );
    }
    text
}

fn scripts() -> String {
    let mut text = String::from("| hook | methods of `c` that are for it |\n|---|---|\n");
    for hook in Hook::ALL {
        let _ = writeln!(text, "| `{hook}` | {} |", methods_of(hook));
    }
    text
}

fn matrix(wrong: &mut Vec<String>) -> String {
    let all = fixtures::all();
    let mut text = format!(
        "| hook | {} |\n|---|{}\n",
        CASES.join(" | "),
        "---|".repeat(CASES.len())
    );
    // `pack.define` is asked once when a pack is loaded; it is no rule and has no fixtures.
    for hook in Hook::ALL.into_iter().filter(|h| *h != Hook::Define) {
        let cells: Vec<String> = CASES
            .iter()
            .map(|case| cell(&all, hook, case, wrong))
            .collect();
        let _ = writeln!(text, "| `{hook}` | {} |", cells.join(" | "));
    }
    text
}

fn document(wrong: &mut Vec<String>) -> String {
    format!(
        "# Hooks\n\n\
         Written by the test `document` of `tests/hooks` from the code and the fixtures; change those, and run it with `UPDATE=1`.\n\n\
         ## What each hook is\n\n\
         Every hook but `pack.define` gets who acts, the time and the options of its pack, and all but those of packs, configuration and ranking the record, the record before and the related records that its rule reads. What scripts read is in [scripts.md](scripts.md); the interfaces are in `sdk/wit`.\n\n\
         {}\n\
         ## What a script calls\n\n\
         {}\n\
         ## What is tested\n\n\
         A fixture in `tests/hooks/fixtures/HOOK` is run by the script and by the plugin of `tests/hooks`, which must come to the same decision, unless it is for one of them. *Several* is more than one effect, refusal, form rule, step of a clock, text or way of ranking. An *unknown open value* is one of a later engine: effects are handed on by name and refused where they are applied, all else is refused by name. `pack.define` is asked once when a pack is loaded, and tested there.\n\n\
         {}",
        table(),
        scripts(),
        matrix(wrong)
    )
}

#[test]
fn the_document_is_fresh_and_every_case_is_tested() {
    let mut wrong = Vec::new();
    let made = document(&mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path(FILE), &made).expect("written");
    }
    let kept = std::fs::read_to_string(path(FILE)).unwrap_or_default();
    assert!(
        kept == made,
        "{FILE} is stale: run `UPDATE=1 cargo test --test hooks document`"
    );
}

#[test]
fn every_interface_is_published_where_it_is_said() {
    for r in reference() {
        assert!(!r.interfaces.is_empty(), "{}", r.hook);
        for interface in r.interfaces {
            let folders = std::fs::read_dir(path("sdk/wit")).expect("the folder");
            let mut holders: Vec<String> = folders
                .map(|f| f.expect("a folder").path())
                .filter(|f| f.join(format!("{}.wit", interface.name)).exists())
                .map(|f| {
                    f.file_name()
                        .unwrap_or_default()
                        .to_string_lossy()
                        .into_owned()
                })
                .collect();
            holders.sort();
            let mut said: Vec<&str> = interface.earlier.into_iter().collect();
            said.push(interface.version);
            assert_eq!(holders, said, "{}", interface.name);
        }
    }
}
