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
