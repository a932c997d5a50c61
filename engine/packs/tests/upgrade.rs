//! What an upgrade is said to change.

use super::kit::{DEFINITIONS, MANIFEST, good};
use crate::packs::{Changed, Subject, changes};

fn told(from: (&str, &str, &str), to: (&str, &str, &str)) -> Vec<String> {
    let load = |(manifest, definitions, script): (&str, &str, &str)| {
        let manifest = format!("{MANIFEST}{manifest}");
        good(&[
            ("pack.toml", manifest.as_str()),
            ("definitions.toml", definitions),
            ("r.rhai", script),
        ])
    };
    changes(&load(from), &load(to))
        .iter()
        .map(|c| {
            let to = c
                .replacement
                .as_deref()
                .map_or(String::new(), |r| format!(" -> {r}"));
            let drops = if c.drops() { " drops" } else { "" };
            format!(
                "{} {} {}{to}{drops}",
                c.changed.name(),
                c.subject.name(),
                c.code
            )
        })
        .collect()
}

#[test]
fn a_revision_does_not_differ_from_itself() {
    let same = ("", DEFINITIONS, "");
    assert!(told(same, same).is_empty());
}

#[test]
fn additions_changes_and_removals_are_told_apart() {
    let rule = "[options.days]\nvalue = 14\n[[rule]]\nname = \"run\"\nhook = \"form.rules\"\nscript = \"r.rhai\"\n";
    let script = "fn run(call) {}\n";
    let more = DEFINITIONS
        .replace(
            "{ code = \"major\" }",
            "{ code = \"major\", names = { en = \"Major\" } }, { code = \"dead\" }",
        )
        .replace("en = \"Fault\"", "en = \"Breakdown\"");
    assert_eq!(
        told(("", DEFINITIONS, ""), (rule, &more, script)),
        [
            "changed type demo/fault",
            "added option demo/severity:dead",
            "changed option demo/severity:major",
            "added rule demo/run",
            "added setting demo/days",
        ]
    );
    assert_eq!(
        told(
            (rule, DEFINITIONS, script),
            (rule, DEFINITIONS, "fn run(call) { 1 }\n")
        ),
        ["changed rule demo/run"]
    );
    assert_eq!(
        told((rule, DEFINITIONS, script), ("", DEFINITIONS, "")),
        ["removed rule demo/run", "removed setting demo/days"]
    );
}

#[test]
fn what_is_dropped_names_its_replacement_or_is_told() {
    let less = DEFINITIONS
        .replace("code = \"fault\"", "code = \"defect\"")
        .replace("\"bench\"", "\"workshop\"")
        .replace("{ code = \"minor\" }, ", "")
        .replace("default = \"minor\"", "")
        .replace("code = \"visits\"", "code = \"trips\"");
    let dropped = [
        "added type demo/defect",
        "removed type demo/fault drops",
        "changed workflow demo/repair",
        "removed status demo/bench drops",
        "added status demo/workshop",
        "changed field_set demo/device",
        "changed field demo/severity",
        "added field demo/trips",
        "removed field demo/visits drops",
        "removed option demo/severity:minor drops",
    ];
    assert_eq!(told(("", DEFINITIONS, ""), ("", &less, "")), dropped);
    let replaced = "[replaced]\ntype = { fault = \"defect\" }\nstatus = { bench = \"workshop\" }\n\
                    field = { visits = \"trips\" }\noption = { \"severity:minor\" = \"major\" }\n";
    let told = told(("", DEFINITIONS, ""), (replaced, &less, ""));
    let removed: Vec<&String> = told.iter().filter(|t| t.starts_with("removed")).collect();
    assert_eq!(
        removed,
        [
            "removed type demo/fault -> demo/defect",
            "removed status demo/bench -> demo/workshop",
            "removed field demo/visits -> demo/trips",
            "removed option demo/severity:minor -> demo/severity:major",
        ]
    );
}

#[test]
fn only_what_records_hold_can_be_dropped() {
    let change = |subject, changed| crate::packs::Change {
        subject,
        code: String::new(),
        changed,
        replacement: None,
    };
    assert!(change(Subject::Option, Changed::Removed).drops());
    assert!(!change(Subject::Rule, Changed::Removed).drops());
    assert!(!change(Subject::Type, Changed::Altered).drops());
}
