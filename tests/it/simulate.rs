//! Trying a changed pack on what happened: what would have been decided otherwise, and nothing else.

use opora::desk::{Actor, SimulateQuery, Simulation};
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use serde_json::json;

use crate::support::{DEFINITIONS, TestDesk};

const HEAD: &str = r#"
[pack]
name = "plain"
version = "0.1.0"
engine = "0.1"
"#;

const RULES: &str = r#"
[[rule]]
name = "weigh"
hook = "record.defaults"
script = "rules.rhai"
[[rule]]
name = "choose"
hook = "assign.select"
script = "rules.rhai"
[[rule]]
name = "light"
hook = "transition.guard"
script = "rules.rhai"
when = [{ field = "$to", is = "done" }]
[[rule]]
name = "note"
hook = "transition.effect"
script = "rules.rhai"
when = [{ field = "$to", is = "doing" }]
"#;

const SCRIPT: &str = r#"
fn weigh(c) {
    c.set("weight", if c.record.room == "cellar" { 20 } else { 5 });
}
fn choose(c) {
    let best = c.least_loaded(c.agents);
    if best != () { c.choose_agent(best, "the least busy"); }
}
fn light(c) {
    if c.record.weight > 100 { c.deny("too_heavy", "too heavy"); }
}
fn note(c) {
    c.tag("started");
    c.comment_internal(`began with ${c.record.weight}`);
}
"#;

fn files(rules: &str, script: &str) -> PackFiles {
    let manifest = format!("{HEAD}{rules}");
    PackFiles::from_texts(&[
        ("pack.toml", manifest.as_str()),
        ("definitions.toml", DEFINITIONS),
        ("rules.rhai", script),
    ])
}

fn install(desk: &TestDesk, rules: &str, script: &str) {
    desk.run(opora::desk::Command::InstallPack {
        files: files(rules, script),
    })
    .unwrap();
}

/// Six tickets by two agents, three of them in the cellar, all begun and one done.
fn lived() -> (TestDesk, Vec<Id>) {
    let desk = TestDesk::bare();
    install(&desk, RULES, SCRIPT);
    for code in ["ann", "bob"] {
        let fields = json!({"title": code, "code": code});
        desk.create(Kind::Agent, fields).unwrap();
    }
    let mut made = Vec::new();
    for n in 0..6 {
        let room = if n % 2 == 0 { "cellar" } else { "roof" };
        let fields = json!({"type": "fault", "title": format!("Pump {n}"), "room": room});
        let id = desk.create(Kind::Ticket, fields).unwrap().id;
        desk.clock.advance(chrono::TimeDelta::hours(1));
        desk.transition(id, "doing").unwrap();
        made.push(id);
    }
    desk.update(Kind::Ticket, made[0], json!({"solution": "New pump"}))
        .unwrap();
    desk.transition(made[0], "done").unwrap();
    (desk, made)
}

fn simulate(desk: &TestDesk, rules: &str, script: &str) -> Simulation {
    let query = SimulateQuery {
        threads: 2,
        ..SimulateQuery::default()
    };
    let before = desk.desk.pos();
    let pack = files(rules, script);
    let done = desk
        .desk
        .simulate(&Actor::System, &pack, &query, &mut |_, _| {});
    assert_eq!(desk.desk.pos(), before, "nothing is changed");
    let done = done.unwrap();
    assert_eq!(done.not_replayable, 0);
    done
}

#[test]
fn the_same_rules_differ_in_nothing_even_when_their_lines_move() {
    let (desk, _) = lived();
    let done = simulate(&desk, RULES, &format!("\n// A remark.\n{SCRIPT}"));
    assert_eq!((done.differing, &done.differences), (0, &Vec::new()));
    assert!(done.decisions >= 20, "{}", done.decisions);
}

/// A chain of rules in one command: what one sets, the next ones see.
const CHAIN: &str = r#"
[[rule]]
name = "weigh"
hook = "record.defaults"
script = "rules.rhai"
[[rule]]
name = "sum"
hook = "field.compute"
script = "rules.rhai"
reads = ["weight"]
writes = ["room"]
[[rule]]
name = "light"
hook = "record.validate"
script = "rules.rhai"
[[rule]]
name = "mark"
hook = "transition.effect"
script = "rules.rhai"
[[rule]]
name = "look"
hook = "transition.effect"
script = "rules.rhai"
priority = 1
"#;

const CHAIN_SCRIPT: &str = r#"
fn weigh(c) { c.set("weight", 5); }
fn sum(c) { c.set("room", `shelf ${(c.record.weight ?? 0) * 2}`); }
fn light(c) { if c.record.room == "shelf 400" { c.deny("too_heavy", "too heavy"); } }
fn mark(c) { c.tag("plain"); c.set("solution", "none"); }
fn look(c) { if (c.record.tags ?? []).contains("odd") && c.record.solution == () { c.comment_internal("odd"); } }
"#;

#[test]
fn later_rules_of_a_command_see_what_earlier_ones_would_have_set() {
    let desk = TestDesk::bare();
    install(&desk, CHAIN, CHAIN_SCRIPT);
    let plain = json!({"type": "fault", "title": "Pump"});
    let id = desk.create(Kind::Ticket, plain).unwrap().id;
    let asked = json!({"type": "fault", "title": "Pump", "weight": 7});
    desk.create(Kind::Ticket, asked).unwrap();
    desk.transition(id, "doing").unwrap();
    let told = |from: &str, to: &str| -> Vec<(Id, String)> {
        let done = simulate(&desk, CHAIN, &CHAIN_SCRIPT.replace(from, to));
        let told = done.differences.into_iter();
        told.map(|d| (d.id, format!("{} {}", d.rule, d.field)))
            .collect()
    };
    let pair = |rule: &str, field: &str| (id, format!("plain/{rule} {field}"));
    // Of the ticket with a weight of its own only the default is another one.
    let heavier = told("\"weight\", 5", "\"weight\", 200");
    assert!(heavier.contains(&pair("sum", "room")), "{heavier:?}");
    assert!(heavier.contains(&pair("light", "refuse too_heavy")));
    let sums = heavier
        .iter()
        .filter(|(_, told)| told.starts_with("plain/sum"));
    assert!(sums.clone().all(|(of, _)| *of == id), "{heavier:?}");
    let marked = told(
        "c.tag(\"plain\"); c.set(\"solution\", \"none\");",
        "c.tag(\"odd\");",
    );
    assert!(marked.contains(&pair("look", "comment")), "{marked:?}");
}

#[test]
fn another_value_is_told_ticket_by_ticket_and_field_by_field() {
    let (desk, made) = lived();
    let done = simulate(&desk, RULES, &SCRIPT.replace("20", "30"));
    assert_eq!(done.differing, 3);
    assert_eq!(done.by_field.get("weight"), Some(&3));
    let ids: Vec<Id> = done.differences.iter().map(|d| d.id).collect();
    assert_eq!(ids, [made[0], made[2], made[4]]);
    let first = &done.differences[0];
    assert_eq!(
        (first.rule.as_str(), first.hook.as_str()),
        ("plain/weigh", "record.defaults")
    );
    assert_eq!(
        (first.recorded.as_deref(), first.candidate.as_deref()),
        (Some("20"), Some("30"))
    );
}

#[test]
fn who_would_be_in_charge_is_seen_with_the_loads_of_then() {
    let (desk, _) = lived();
    let first = SCRIPT.replace("c.least_loaded(c.agents)", "c.agents[0]");
    let done = simulate(&desk, RULES, &first);
    // The least busy took turns: every second ticket went to the second agent.
    assert_eq!(done.by_field.get("assignee"), Some(&3));
    assert_eq!(done.differing, 3);
}

#[test]
fn new_rules_removed_rules_and_other_conditions_are_seen() {
    let (desk, _) = lived();
    let added = format!(
        "{RULES}\n[[rule]]\nname = \"check\"\nhook = \"record.validate\"\nscript = \"rules.rhai\"\n"
    );
    let check =
        "fn check(c) { if c.record.room == \"roof\" { c.deny(\"no_roof\", \"not there\"); } }";
    let done = simulate(&desk, &added, &format!("{SCRIPT}{check}"));
    assert_eq!(done.by_field.get("refuse no_roof"), Some(&6));
    let gone = RULES.split("[[rule]]\nname = \"note\"").next().unwrap();
    let done = simulate(&desk, gone, SCRIPT);
    assert_eq!(done.by_rule.get("plain/note"), Some(&12));
    assert!(done.differences.iter().all(|d| d.candidate.is_none()));
    let other = RULES.replace("is = \"doing\"", "is = \"done\"");
    let done = simulate(&desk, &other, SCRIPT);
    assert_eq!(done.differing, 7);
}

#[test]
fn a_rule_that_fails_is_told_and_counted() {
    let (desk, _) = lived();
    let done = simulate(
        &desk,
        RULES,
        &SCRIPT.replace("c.tag(\"started\")", "throw \"no\""),
    );
    assert_eq!(done.failed, 6);
    assert!(done.differences.iter().any(|d| d.field == "failed"));
}

#[test]
fn only_what_lies_in_the_time_asked_for_is_tried() {
    let (desk, made) = lived();
    let query = SimulateQuery {
        since: Some(desk.desk.now() - chrono::TimeDelta::minutes(30)),
        ..SimulateQuery::default()
    };
    let pack = files(RULES, &SCRIPT.replace("> 100", "> 10"));
    let done = desk
        .desk
        .simulate(&Actor::System, &pack, &query, &mut |_, _| {});
    let done = done.unwrap();
    assert_eq!(done.commands, 3);
    let told: Vec<(Id, &str)> = done
        .differences
        .iter()
        .map(|d| (d.id, d.field.as_str()))
        .collect();
    assert_eq!(told, [(made[0], "refuse too_heavy")]);
    let wrong = desk.desk.simulate(
        &Actor::System,
        &files(RULES, "fn weigh(c) {"),
        &SimulateQuery::default(),
        &mut |_, _| {},
    );
    assert_eq!(wrong.unwrap_err().code, "pack_invalid");
}

#[test]
fn a_trial_goes_on_where_an_earlier_one_stopped() {
    let (desk, _) = lived();
    let script = SCRIPT.replace("20", "30");
    let whole = simulate(&desk, RULES, &script);
    assert!(!whole.cut && whole.reached == whole.last);
    let pack = files(RULES, &script);
    let (mut commands, mut differing, mut after, mut asked) = (0, 0, None, 0);
    loop {
        let query = SimulateQuery {
            after,
            commands: Some(2),
            ..SimulateQuery::default()
        };
        let part = desk
            .desk
            .simulate(&Actor::System, &pack, &query, &mut |_, _| {})
            .unwrap();
        commands += part.commands;
        differing += part.differing;
        asked += 1;
        if !part.cut {
            break;
        }
        assert!(after.is_none_or(|after| after < part.reached));
        after = Some(part.reached);
    }
    assert_eq!((commands, differing), (whole.commands, whole.differing));
    assert_eq!(asked, whole.commands.div_ceil(2));
}

#[test]
fn a_shadow_sees_what_comes_and_changes_nothing() {
    let (desk, _) = lived();
    let pack = files(RULES, &SCRIPT.replace("20", "30"));
    let started = desk.desk.start_shadow(&Actor::System, &pack).unwrap();
    assert_eq!((started.found.commands, started.found.differing), (0, 0));
    assert_eq!(desk.desk.follow_shadows().unwrap(), 0);
    let fields = json!({"type": "fault", "title": "Pump", "room": "cellar"});
    let id = desk.create(Kind::Ticket, fields).unwrap().id;
    desk.transition(id, "doing").unwrap();
    assert_eq!(desk.desk.follow_shadows().unwrap(), 2);
    assert_eq!(desk.desk.follow_shadows().unwrap(), 0);
    let weight = desk.get(Kind::Ticket, id).get("plain/weight").cloned();
    assert_eq!(weight, Some(opora::domain::Value::Int(20)));
    let all = desk.desk.shadows(&Actor::System).unwrap();
    let [shadow] = all.as_slice() else {
        panic!("{all:?}");
    };
    assert_eq!((shadow.found.commands, shadow.found.differing), (2, 1));
    assert_eq!(shadow.found.by_field.get("weight"), Some(&1));
    assert_eq!(
        (shadow.found.differences[0].id, shadow.found.untold),
        (id, 0)
    );
    let agent = Actor::Agent { agent: None };
    assert_eq!(
        desk.desk.stop_shadow(&agent, "plain").unwrap_err().code,
        "forbidden"
    );
    desk.desk.stop_shadow(&Actor::System, "plain").unwrap();
    assert_eq!(desk.desk.shadows(&Actor::System).unwrap(), []);
    let again = desk.desk.stop_shadow(&Actor::System, "plain");
    assert_eq!(again.unwrap_err().code, "not_found");
}

#[test]
fn a_shadow_keeps_the_last_differences_and_counts_all() {
    let (desk, _) = lived();
    let pack = files(RULES, &SCRIPT.replace("20", "30"));
    desk.desk.start_shadow(&Actor::System, &pack).unwrap();
    for n in 0..230 {
        let fields = json!({"type": "fault", "title": format!("Pump {n}"), "room": "cellar"});
        desk.create(Kind::Ticket, fields).unwrap();
    }
    while desk.desk.follow_shadows().unwrap() > 0 {}
    let shadow = desk.desk.shadows(&Actor::System).unwrap().remove(0);
    assert_eq!(shadow.found.differing, 230);
    assert_eq!(
        (shadow.found.differences.len(), shadow.found.untold),
        (200, 30)
    );
    assert_eq!(
        shadow.reached,
        desk.desk.shadows(&Actor::System).unwrap()[0].reached
    );
}

/// "Nothing would differ" must not be said of what was never tried.
#[test]
fn rules_that_no_command_records_are_named() {
    let (desk, _) = lived();
    let more = "[[rule]]\nname = \"own\"\nhook = \"access.filter\"\nscript = \"rules.rhai\"\n";
    let script = format!("{SCRIPT}\nfn own(c) {{ c.mask(\"weight\"); }}");
    let done = simulate(&desk, &format!("{RULES}{more}"), &script);
    assert_eq!(done.not_tried, [("plain/own".to_owned(), "access.filter")]);
    assert!(simulate(&desk, RULES, SCRIPT).not_tried.is_empty());
}
