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
