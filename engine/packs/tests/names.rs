//! Names in scripts are looked up when a pack is saved.

use std::sync::Arc;

use super::kit::lines;
use crate::packs::{BuiltIn, Catalog, Loaded, PackFiles, load};

const DEFINITIONS: &str = r#"
[[type]]
code = "fault"
workflow = "repair"
field_sets = ["device"]
[[workflow]]
code = "repair"
initial = "todo"
statuses = [{ code = "todo", category = "new" }, { code = "done", category = "done" }]
transitions = [{ from = "todo", to = "done" }]
[[field_set]]
code = "device"
fields = [
  { code = "severity", value = "enum", options = [{ code = "low" }, { code = "high" }] },
  { code = "region", value = "text", indexed = true },
  { code = "room", value = "text" },
  { code = "inspector", value = "ref", target = "agent" },
]
[[field_set]]
code = "person"
kind = "agent"
fields = [{ code = "floor", value = "text" }]
"#;

/// A pack with rules, a line each: name, hook, further keys.
fn pack(rules: &str, script: &str) -> Result<Arc<Loaded>, String> {
    let mut manifest = "[pack]\nname = \"demo\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n\
                        [options.remind_hours]\nvalue = 3\n"
        .to_owned();
    for rule in rules.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let mut words = rule.splitn(3, ' ');
        let (name, hook) = (words.next().unwrap(), words.next().unwrap());
        let keys = words.next().unwrap_or_default().replace(", ", "\n");
        manifest += &format!(
            "[[rule]]\nname = \"{name}\"\nhook = \"{hook}\"\nscript = \"r.rhai\"\n{keys}\n"
        );
    }
    let files = PackFiles::from_texts(&[
        ("pack.toml", manifest.as_str()),
        ("definitions.toml", DEFINITIONS),
        ("r.rhai", script),
    ]);
    let hosts = BuiltIn::new(None).unwrap();
    load(&files, &hosts).map(Arc::new).map_err(|f| lines(&f))
}

/// What is told of rules: faults, then warnings.
fn told(rules: &str, script: &str) -> (String, String) {
    let loaded = match pack(rules, script) {
        Ok(loaded) => loaded,
        Err(faults) => return (faults, String::new()),
    };
    let catalog = Catalog::build(&[loaded], &[]).map_err(|f| lines(&f));
    let found = catalog.unwrap().misnamed("demo");
    for fault in found.faults.iter().chain(&found.warnings) {
        assert!(fault.source_line.is_some() && fault.column > 0, "{fault:?}");
    }
    (lines(&found.faults), lines(&found.warnings))
}

#[track_caller]
fn refused(hook: &str, body: &str, expected: &str) {
    let (faults, _) = told(&format!("run {hook}"), &format!("fn run(c) {{\n{body}\n}}"));
    assert_eq!(faults, expected, "{body}");
}

#[track_caller]
fn fits(hook: &str, body: &str) {
    let (faults, warnings) = told(&format!("run {hook}"), &format!("fn run(c) {{\n{body}\n}}"));
    assert_eq!((faults.as_str(), warnings.as_str()), ("", ""), "{body}");
}

#[test]
fn a_field_that_no_record_of_the_rule_has_is_refused_with_the_word_that_was_meant() {
    const EFFECT: &str = "transition.effect";
    let near = |column: u32, wrong: &str, right: &str| {
        format!("r.rhai:2:{column}: there is no field `{wrong}` on ticket; did you mean `{right}`?")
    };
    refused(
        EFFECT,
        "let p = c.record.priorty;",
        &near(18, "priorty", "priority"),
    );
    refused(
        EFFECT,
        "if c.record.sevrity == \"low\" {}",
        &near(13, "sevrity", "severity"),
    );
    refused(
        EFFECT,
        "c.comment(c.record[\"priorty\"]);",
        &near(20, "priorty", "priority"),
    );
    refused(
        EFFECT,
        "c.record.has(\"priorty\");",
        &near(14, "priorty", "priority"),
    );
    refused(
        EFFECT,
        "let r = c.before;\nlet p = r.title; let q = r.priorty;",
        &near(28, "priorty", "priority").replace(":2:", ":3:"),
    );
    refused(
        EFFECT,
        "c.set(\"priorty\", 1);",
        &near(7, "priorty", "priority"),
    );
    refused(EFFECT, "c.unset(\"rom\");", &near(9, "rom", "room"));
    refused(
        EFFECT,
        "if c.changed(\"priorty\") {}",
        &near(14, "priorty", "priority"),
    );
    refused(
        "form.rules",
        "c.hide(\"regoin\");",
        &near(8, "regoin", "region"),
    );
    refused(
        "access.filter",
        "c.mask(\"severty\");",
        &near(8, "severty", "severity"),
    );
    fits(
        EFFECT,
        "let p = c.record.priority; c.set(\"room\", c.record[\"demo/region\"]);",
    );
    fits(
        EFFECT,
        "let f = c.locale; c.set(f, 1); let x = c.record[f];",
    );
    fits(
        EFFECT,
        "c.comment(c.record.id + c.record.kind + c.record.status_category);",
    );
}

#[test]
fn options_statuses_types_and_switches_are_looked_up() {
    const EFFECT: &str = "transition.effect";
    refused(
        EFFECT,
        "c.set(\"severity\", \"hgih\");",
        "r.rhai:2:19: field `severity` has no option `hgih`; did you mean `high`?",
    );
    refused(
        "form.rules",
        "c.offer(\"severity\", [\"hihg\", \"low\"]);",
        "r.rhai:2:21: field `severity` has no option `hihg`; did you mean `high`?",
    );
    refused(
        EFFECT,
        "if c.to_is(\"dnoe\") {}",
        "r.rhai:2:12: there is no status `dnoe`; did you mean `done`?",
    );
    refused(
        EFFECT,
        "c.transition(\"dnoe\");",
        "r.rhai:2:14: there is no status `dnoe`; did you mean `done`?",
    );
    refused(
        EFFECT,
        "if c.type_is(\"falt\") {}",
        "r.rhai:2:14: there is no type `falt`; did you mean `fault`?",
    );
    refused(
        EFFECT,
        "let h = c.options.remind_hour;",
        "r.rhai:2:19: the pack has no option `remind_hour`; define it in pack.toml under \
         [options.remind_hour]; did you mean `remind_hours`?",
    );
    refused(
        EFFECT,
        "c.create(\"ticket\", \"fault\", #{ titel: c.locale, severity: \"hgih\" });",
        "r.rhai:2:32: there is no field `titel` on ticket; did you mean `title`?\n\
         r.rhai:2:59: field `severity` has no option `hgih`; did you mean `high`?",
    );
    fits(
        EFFECT,
        "if c.to_is(\"done\") && !c.from_is(\"\") { c.set(\"severity\", \"low\"); }",
    );
    fits(
        EFFECT,
        "let level = \"low\"; if c.is_new { level = \"hgih\"; } c.set(\"severity\", level);",
    );
    fits(EFFECT, "let h = c.option(\"remind_hour\", 4);");
    fits(
        EFFECT,
        "c.create(\"article\", (), #{ title: \"x\", body: \"y\" }, \"source\");",
    );
    // A comparison harms nobody.
    let script = "fn run(c) { if c.record.severity == \"hgih\" {} }";
    let (faults, warnings) = told("run transition.effect", script);
    assert_eq!(faults, "");
    assert!(
        warnings.contains("no option `hgih`; did you mean `high`?"),
        "{warnings}"
    );
}

#[test]
fn access_depends_on_indexed_fields_only() {
    for (condition, expected) in [
        (
            "#{field: \"room\", equals: c.record.id}",
            "field `room` is not declared `indexed`, so access cannot depend on it",
        ),
        (
            "#{all: [#{not: #{field: \"regoin\", equals: \"x\"}}]}",
            "there is no field `regoin` on ticket; did you mean `region`?",
        ),
        (
            "#{field: \"priority\", one_of: [\"hgih\", \"urgent\"]}",
            "field `priority` has no option `hgih`; did you mean `high`?",
        ),
    ] {
        let script = format!("fn run(c) {{ c.only({condition}); }}");
        let (faults, _) = told("run access.filter", &script);
        assert!(faults.ends_with(expected), "{faults}");
    }
    fits(
        "access.filter",
        "c.only(#{field: \"region\", equals: c.record.floor}); c.mask(\"room\");",
    );
    fits(
        "access.filter",
        "c.only(#{field: \"id\", equals: c.record.id});",
    );
}

#[test]
fn a_method_of_another_hook_is_refused() {
    refused(
        "transition.effect",
        "if c.is_new { c.deny(\"a\", \"b\"); }",
        "r.rhai:2:17: `deny` is not for transition.effect, the hook of rule `run`; it is for \
         record.validate, transition.guard, action.run, pack.lifecycle, config.guard, \
         intake.route, process.step",
    );
    let (faults, _) = told(
        "run transition.guard",
        "fn run(c) { c.set(\"room\", \"x\"); }",
    );
    assert!(
        faults.contains("`set` is not for transition.guard"),
        "{faults}"
    );
    let (faults, _) = told("run access.filter", "fn run(c) { c.set(\"room\", \"x\"); }");
    assert!(
        faults.contains("`set` is not for access.filter"),
        "{faults}"
    );
    refused(
        "transition.effect",
        "let who = c.agents;",
        "r.rhai:2:13: `agents` is not for transition.effect, the hook of rule `run`; it is for \
         assign.select",
    );
}

#[test]
fn a_name_is_wrong_only_when_it_is_wrong_for_each_rule_that_comes_to_it() {
    let rules = "a transition.effect\n b transition.guard\n d record.changed kind = \"agent\"";
    let script = "fn a(c) { both(c); tell(c, c.record); }\n\
                  fn b(c) { both(c); }\n\
                  fn d(c) { tell(c, c.record); }\n\
                  fn both(c) { if c.hook == \"transition.guard\" { c.deny(\"a\", \"b\"); } }\n\
                  fn tell(x, r) { x.because(r.floor ?? r.room, \"y\"); }";
    assert_eq!(told(rules, script), (String::new(), String::new()));
    // Wrong for both, far from where it is called.
    let script = script.replace("r.room", "r.rom");
    let (faults, _) = told(rules, &script);
    assert!(faults.starts_with("r.rhai:5:"), "{faults}");
    assert!(faults.contains("there is no field `rom` on"), "{faults}");
}

#[test]
fn what_a_pack_that_is_not_there_defines_is_warned_of() {
    let script = "fn run(c) { c.set(\"other/level\", 1); if c.type_is(\"other/call\") {} let x = c.record[\"local/shelf\"]; }";
    let (faults, warnings) = told("run transition.effect", script);
    assert_eq!(faults, "");
    for piece in [
        "`other/level`",
        "there is no type `other/call`: pack `other` is not there",
        "`local/shelf`",
    ] {
        assert!(warnings.contains(piece), "{warnings}");
    }
    // What is to blame may be shown somewhere.
    let script = "fn run(c) { c.deny_field(\"regoin\", \"a\", \"b\"); }";
    let (faults, warnings) = told("run transition.guard", script);
    assert_eq!(faults, "");
    assert!(warnings.contains("did you mean `region`?"), "{warnings}");
}

#[test]
fn records_beside_the_rules_own_are_those_that_it_reads() {
    let effect = "run transition.effect reads = [\"contact\",\"inspector.locale\"]";
    let (faults, _) = told(effect, "fn run(c) { c.comment(c.related.contcat?.title); }");
    assert!(
        faults.contains("rule `run` does not read `contcat`; add it to its `reads` in pack.toml; did you mean `contact`?"),
        "{faults}"
    );
    let (faults, _) = told(
        effect,
        "fn run(c) { let w = c.related.contact; c.comment(w?.titel); }",
    );
    assert!(
        faults.contains("no field `titel` on contact; did you mean `title`?"),
        "{faults}"
    );
    let script = "fn run(c) { let w = c.related.contact?.locale ?? c.related.inspector?.locale; }";
    assert_eq!(told(effect, script), (String::new(), String::new()));
}

fn circles(rules: &str, script: &str) -> Vec<String> {
    let loaded = pack(rules, script).unwrap();
    let catalog = Catalog::build(&[loaded], &[]).map_err(|f| lines(&f));
    catalog.unwrap().told_of("demo")
}

#[test]
fn rules_that_declare_nothing_are_told_of_by_what_their_scripts_name() {
    let both = "ping record.changed\n pong record.changed";
    let script = "fn ping(c) { c.set(\"room\", (c.record.room ?? \"\") + \"x\"); }\n\
                  fn pong(c) { c.set(\"region\", (c.record.region ?? \"\") + \"x\"); }";
    let told = circles(both, script);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("demo/ping -> demo/pong -> demo/ping"),
        "{told:?}"
    );
    // Each looks at what the other sets.
    let script = "fn ping(c) { if c.changed(\"room\") { c.set(\"region\", c.now.year.to_string()); } }\n\
                  fn pong(c) { if c.changed(\"region\") { c.set(\"room\", \"x\"); } }";
    assert_eq!(circles(both, script).len(), 1);
    // Neither does, and what they set stays as it is.
    let script = "fn ping(c) { if c.changed(\"title\") { c.set(\"region\", \"x\"); } }\n\
                  fn pong(c) { if c.record.title == \"x\" { c.set(\"room\", \"x\"); } }";
    assert!(circles(both, script).is_empty());
    let once = "ping record.changed once = \"change\"\n pong record.changed";
    let script = "fn ping(c) { c.set(\"room\", c.record.region); }\n\
                  fn pong(c) { c.set(\"region\", c.record.room); }";
    assert!(circles(once, script).is_empty());
    assert_eq!(circles(both, script).len(), 1);
}

#[test]
fn a_method_whose_effect_the_pack_does_not_ask_for_is_warned_of() {
    let rules = "run transition.effect [capabilities], effects = [\"set\"]";
    let script = "fn run(c) {\nc.set(\"room\", \"x\");\nc.unset(\"room\");\nc.notify(\"team\", \"mail\", \"a\", \"b\");\n}";
    let (faults, warnings) = told(rules, script);
    assert_eq!(faults, "");
    assert!(
        warnings.starts_with("r.rhai:4:3: `c.notify` needs `notify`"),
        "{warnings}"
    );
    assert_eq!(warnings.lines().count(), 1, "{warnings}");
    let rules = rules.replace("\"set\"", "\"set\",\"notify\"");
    assert_eq!(told(&rules, script), (String::new(), String::new()));
}

#[test]
fn a_personal_field_that_the_pack_does_not_ask_for_is_warned_of() {
    let rules = |personal: &str, keys: &str| {
        format!(
            "run transition.effect reads = [\"contact\"], {keys}[capabilities], \
             effects = [\"set\"], reads = [\"contact\"], personal = [{personal}]"
        )
    };
    let script = "fn run(c) {\nlet x = c.record.description;\nlet y = c.related.contact?.title;\n}";
    let (faults, warnings) = told(&rules("", ""), script);
    assert_eq!(faults, "");
    for piece in [
        "r.rhai:2:18: `description` is personal and the pack does not ask for it",
        "add `ticket.description` to `personal`",
        "add `contact.title` to `personal`",
    ] {
        assert!(warnings.contains(piece), "{warnings}");
    }
    let all = "\"ticket.description\",\"contact.title\"";
    let fits = (String::new(), String::new());
    assert_eq!(told(&rules(all, ""), script), fits);
    let when = rules(all, "when = [{field = \"contact.mails\",is_set = true}], ");
    let told = circles(&when, script);
    assert!(
        told[0].starts_with("pack.toml:12: `contact.mails` is personal"),
        "{told:?}"
    );
}

#[test]
fn the_packs_that_come_along_name_what_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let hosts = BuiltIn::new(None).unwrap();
    for folder in ["scripts", "tests/scenarios/packs"] {
        let entries = std::fs::read_dir(root.join(folder)).unwrap().flatten();
        let folders = entries.map(|entry| entry.path());
        for place in folders.filter(|place| place.join("pack.toml").is_file()) {
            let files = PackFiles::read_dir(&place).unwrap();
            // Plugins are built elsewhere.
            let Ok(loaded) = load(&files, &hosts) else {
                assert!(folder != "scripts", "{}", place.display());
                continue;
            };
            let name = loaded.name().to_owned();
            let Ok(catalog) = Catalog::build(&[Arc::new(loaded)], &[]) else {
                assert!(folder != "scripts", "{}", place.display());
                continue;
            };
            let found = catalog.misnamed(&name);
            assert_eq!(lines(&found.faults), "", "{name}");
            assert_eq!(lines(&found.warnings), "", "{name}");
        }
    }
}
