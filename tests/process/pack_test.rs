//! `opora pack test`.

use crate::program::{opora, said};

const PACK: &str = "[pack]\nname = \"tiny\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n";
const RULE: &str =
    "[[rule]]\nname = \"fine\"\nhook = \"record.validate\"\nscript = \"rules.rhai\"\n";
const DEFINITIONS: &str = r#"
[[type]]
code = "ask"
workflow = "ask"
[[workflow]]
code = "ask"
initial = "new"
statuses = [{ code = "new", category = "new" }, { code = "done", category = "done" }]
transitions = [{ from = "new", to = "done" }]
"#;
const SCENARIO: &str = r#"about = "A new one is new"

[[step]]
create = "ticket"
name = "t"
fields = { type = "ask", title = "x" }
[[step.then]]
record = "t"
fields = { status = "STATUS" }
"#;

#[test]
fn what_is_not_as_a_scenario_says_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let pack = folder.path().join("tiny");
    std::fs::create_dir_all(pack.join("tests")).unwrap();
    std::fs::write(pack.join("pack.toml"), format!("{PACK}{RULE}")).unwrap();
    std::fs::write(pack.join("definitions.toml"), DEFINITIONS).unwrap();
    std::fs::write(pack.join("rules.rhai"), "fn fine(c) {}").unwrap();
    let pack = pack.to_str().unwrap();
    let none = opora(&["pack", "test", pack]);
    assert_eq!(none.status.code(), Some(1));

    let scenario = format!("{pack}/tests/new.toml");
    std::fs::write(&scenario, SCENARIO.replace("STATUS", "new")).unwrap();
    let told = said(&["pack", "test", pack]);
    assert!(
        told.contains("1 of 1 scenarios of tiny as expected"),
        "{told}"
    );
    assert!(
        told.contains("tiny/fine") && told.contains("1 calls, 0 failed"),
        "{told}"
    );
    assert!(told.contains("of 100000 (0 %)"), "{told}");
    assert!(told.contains("1 of 1 rules were called"), "{told}");

    std::fs::write(&scenario, SCENARIO.replace("STATUS", "done")).unwrap();
    let failed = opora(&["pack", "test", pack, "--verbose"]);
    assert_eq!(failed.status.code(), Some(1));
    let told = String::from_utf8(failed.stdout).unwrap();
    assert!(
        told.contains(&format!("{scenario}:7: step 1: `t`, `status`")),
        "{told}"
    );
    assert!(told.contains("expected  `\"done\"`"), "{told}");
    assert!(told.contains("got       `\"tiny/new\"`"), "{told}");
    assert!(
        told.contains("seen in   memory, never stopped; file, stopped before"),
        "{told}"
    );
}

#[test]
fn what_no_scenario_came_to_is_told_by_lines() {
    let folder = tempfile::tempdir().unwrap();
    let pack = folder.path().join("tiny");
    std::fs::create_dir_all(pack.join("tests")).unwrap();
    let idle = "[[rule]]\nname = \"idle\"\nhook = \"action.run\"\naction = \"idle\"\n\
                script = \"rules.rhai\"\n";
    std::fs::write(pack.join("pack.toml"), format!("{PACK}{RULE}{idle}")).unwrap();
    std::fs::write(pack.join("definitions.toml"), DEFINITIONS).unwrap();
    let script = "fn fine(c) {
    let title = c.record.title;
    if title == \"y\" {
        c.deny(\"a\", \"b\");

        c.deny(\"c\", \"d\");
    } else if title == \"x\" {
        for n in 0..3000 { let m = n; }
    }
    switch title {
        \"x\" => c.because(\"x\", \"x\"),
        \"y\" => c.because(\"y\", \"y\"),
        _ => ()
    }
}
fn idle(c) {
    c.because(\"idle\", \"never\");
}";
    std::fs::write(pack.join("rules.rhai"), script).unwrap();
    let pack = pack.to_str().unwrap();
    let scenario = SCENARIO.replace("STATUS", "new");
    std::fs::write(format!("{pack}/tests/new.toml"), scenario).unwrap();

    let told = said(&["pack", "test", pack]);
    for piece in [
        "1 of 2 rules were called",
        "never called: tiny/idle on action.run",
        &format!("{pack}/rules.rhai: 6 of 10 lines ran"),
        "never ran: 4-6, 12-17",
    ] {
        assert!(told.contains(piece), "no `{piece}` in: {told}");
    }
    let json = said(&["pack", "test", pack, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["ok"], true);
    assert_eq!(json["scenarios"][0]["file"], "new.toml");
    assert_eq!(json["rules"][0]["calls"], 1);
    assert_eq!(json["rules"][1]["rule"], "tiny/idle");
    let script = &json["scripts"][0];
    assert_eq!(script["never_ran"], serde_json::json!([[4, 6], [12, 17]]));
}

#[test]
fn slips_in_scripts_are_told_by_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let pack = folder.path().join("tiny");
    std::fs::create_dir_all(&pack).unwrap();
    std::fs::write(pack.join("pack.toml"), format!("{PACK}{RULE}")).unwrap();
    std::fs::write(pack.join("definitions.toml"), DEFINITIONS).unwrap();
    let script = "fn fine(c) {\n  if c.recrod.title == \"x\" { c.dney(\"a\", \"b\"); }\n}";
    std::fs::write(pack.join("rules.rhai"), script).unwrap();
    let checked = opora(&["pack", "check", pack.to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(1));
    let told = String::from_utf8(checked.stderr).unwrap();
    for piece in [
        "rules.rhai:2:8: `c` has no member `recrod`; did you mean `record`?",
        "rules.rhai:2:32: `c` has no method `dney`; did you mean `deny`?",
        "if c.recrod.title == \"x\"",
    ] {
        assert!(told.contains(piece), "no `{piece}` in: {told}");
    }
}

/// A pack with a scenario, in a folder of its own.
fn tiny(folder: &std::path::Path, rule: &str, script: &str, scenario: &str) -> String {
    let pack = folder.join("tiny");
    std::fs::create_dir_all(pack.join("tests")).unwrap();
    std::fs::write(pack.join("pack.toml"), format!("{PACK}{rule}")).unwrap();
    std::fs::write(pack.join("definitions.toml"), DEFINITIONS).unwrap();
    std::fs::write(pack.join("rules.rhai"), script).unwrap();
    std::fs::write(pack.join("tests/new.toml"), scenario).unwrap();
    pack.to_str().unwrap().to_owned()
}

/// What `pack test` prints of a pack that must fail or pass.
#[track_caller]
fn tested(pack: &str, is_well: bool, pieces: &[&str]) -> String {
    let output = opora(&["pack", "test", pack]);
    let status = output.status;
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8(told).unwrap();
    assert_eq!(status.success(), is_well, "{told}");
    for piece in pieces {
        assert!(told.contains(piece), "no `{piece}` in: {told}");
    }
    told
}

#[test]
fn a_rule_that_fails_fails_the_scenario_unless_it_expects_it() {
    let folder = tempfile::tempdir().unwrap();
    let rule = "[[rule]]\nname = \"later\"\nhook = \"transition.effect\"\nscript = \"rules.rhai\"\n\
                applies_to = [\"ask\"]\nwhen = [{ field = \"$to\", is = \"done\" }]\n";
    let script = "fn later(c) {\n  throw \"not today\";\n}\n";
    let scenario = SCENARIO.replace("STATUS", "new")
        + "\n[[step]]\ntransition = \"t\"\nto = \"done\"\n[[step.then]]\nrecord = \"t\"\n\
           fields = { status = \"done\" }\n";
    let pack = tiny(folder.path(), rule, script, &scenario);
    let told = tested(
        &pack,
        false,
        &[
            "new.toml:11: step 2: rule `tiny/later` failed: pack tiny, rules.rhai:2:",
            "| throw \"not today\";",
            "1 calls, 1 failed",
        ],
    );
    assert_eq!(
        told.matches("rule `tiny/later` failed").count(),
        1,
        "{told}"
    );
    let json = opora(&["pack", "test", &pack, "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let what = json["scenarios"][0]["problems"][0]["what"]
        .as_str()
        .unwrap();
    assert!(what.contains("rules.rhai:2:"), "{json}");

    let file = format!("{pack}/tests/new.toml");
    std::fs::write(&file, format!("failures = [\"tiny/later\"]\n{scenario}")).unwrap();
    tested(&pack, true, &["1 of 1 scenarios of tiny as expected"]);
    let ran = scenario.clone() + "ran = { \"tiny/later\" = \"failed\" }\n";
    std::fs::write(&file, ran).unwrap();
    tested(&pack, true, &["1 of 1 scenarios of tiny as expected"]);
    // What is said to fail and does not is no proof of anything.
    std::fs::write(format!("{pack}/rules.rhai"), "fn later(c) {}").unwrap();
    std::fs::write(&file, format!("failures = [\"tiny/latre\"]\n{scenario}")).unwrap();
    let said =
        "rule `tiny/latre` did not fail, as `failures` says it does; did you mean `tiny/later`?";
    tested(&pack, false, &[said]);
}

#[test]
fn differences_are_told_in_the_words_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let said = "\n[[step]]\ncomment = \"t\"\ntext = \"Still waiting\"\nvisibility = \"internal\"\n\
                [[step.then]]\nrecord = \"t\"\n";
    let start = SCENARIO.replace("STATUS", "new") + said;
    let pack = tiny(folder.path(), RULE, "fn fine(c) {}", &start);
    let file = format!("{pack}/tests/new.toml");
    let check = |then: &str, pieces: &[&str]| {
        std::fs::write(&file, format!("{start}{then}\n")).unwrap();
        let told = tested(&pack, false, pieces);
        for word in ["Some(", "None", "Like {", "Shown", "Pieces"] {
            assert!(!told.contains(word), "`{word}` in: {told}");
        }
    };
    check(
        "entries = [{ kind = \"comment\", visibility = \"internal\", says = \"Sti11 waiting\" }]",
        &[
            "`t`, entry 1 of this step",
            "expected  says = \"Sti11 waiting\"",
            "got       says = \"Still waiting\"",
        ],
    );
    check(
        "entries = []",
        &["got       { kind = \"comment\", visibility = \"internal\", author = "],
    );
    check(
        "outbox = [{ to = \"a@example.org\" }]",
        &["expected  1", "got       none"],
    );
    check(
        "clocks = { reaction = { state = \"met\" } }",
        &[
            "clock `reaction`",
            "expected  state = \"met\"",
            "got       state = ",
        ],
    );
    check(
        "form = { title = { readonly = true } }",
        &["expected  readonly = true", "got       readonly = false"],
    );
    check(
        "actions = { done = [\"nobody_home\"] }",
        &["expected  closed by [\"nobody_home\"]", "got       open"],
    );
    check(
        "changed = [{ field = \"title\", new = \"y\" }]",
        &["expected  { field = \"title\", new = \"y\" }"],
    );
    check(
        "ran = { \"tiny/fien\" = \"decided\" }",
        &["did you mean `tiny/fine`?"],
    );
}

#[test]
fn slips_of_a_scenario_are_told_with_what_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let good = SCENARIO.replace("STATUS", "new");
    let pack = tiny(folder.path(), RULE, "fn fine(c) {}", &good);
    let file = format!("{pack}/tests/new.toml");
    let check = |text: String, pieces: &[&str]| {
        std::fs::write(&file, text).unwrap();
        tested(&pack, false, pieces);
    };
    check(
        good.replace("create =", "crate ="),
        &[
            "line 4, column 1: unknown key `crate`; did you mean `create`?",
            "    crate = \"ticket\"",
        ],
    );
    check(
        good.replace("fields = { status", "feilds = { status"),
        &["unknown key `feilds`; did you mean `fields`?"],
    );
    check(
        good.replace("\"ticket\"", "\"tikcet\""),
        &["did you mean `ticket`?"],
    );
    check(
        good.replace("record = \"t\"", "record = \"tt\""),
        &["nothing is called `tt` here; did you mean `t`?"],
    );
    check(
        SCENARIO.replace("STATUS", "enw"),
        &["expected  `\"enw\"`; did you mean `new`?"],
    );
    check(
        good.clone() + "[[step]]\ntransition = \"t\"\nto = \"dnoe\"\n",
        &["did you mean `done`?"],
    );
    check(
        good.replace("title = \"x\"", "titel = \"x\""),
        &["did you mean `title`?"],
    );
    check(
        good + "[[step]]\ntransition = \"t\"\nto = \"done\"\nrefused = { cod = \"x\" }\n",
        &["`refused` is a code, or a table of `code`, `faults`, `says` and `status`"],
    );
}
