//! What an author is told about processes.

use std::sync::Arc;

use super::kit::{DEFINITIONS, MANIFEST, lines, pack};
use crate::packs::Catalog;

const WAY: &str = r#"
[[process]]
code = "course"
types = ["fault"]
initial = "first"
edges = [
  { from = "first", to = "sure" },
  { from = "sure", to = "over", on = "yes" },
  { from = "sure", to = "first", on = "no" },
]
stages = [
  { code = "first", kind = "task" },
  { code = "sure", kind = "decision", answers = [{ code = "yes" }, { code = "no" }] },
  { code = "over", kind = "end" },
]
"#;

/// What is said when `from` is replaced in a process that is right.
fn told(from: &str, to: &str) -> String {
    assert_eq!(WAY.matches(from).count(), 1, "{from}");
    let definitions = format!("{DEFINITIONS}{}", WAY.replace(from, to));
    let files = [
        ("pack.toml", MANIFEST),
        ("definitions.toml", definitions.as_str()),
    ];
    match pack(&files) {
        Err(faults) => lines(&faults),
        Ok(loaded) => match Catalog::build(&[Arc::new(loaded)], &[]) {
            Err(faults) => lines(&faults),
            Ok(_) => String::new(),
        },
    }
}

#[test]
fn a_process_that_is_right_says_nothing() {
    assert_eq!(told("initial = \"first\"", "initial = \"first\""), "");
}

#[test]
fn what_is_wrong_with_a_process_is_told() {
    for (from, to, said) in [
        (
            "initial = \"first\"",
            "initial = \"frist\"",
            "first stage `frist` is not one of the stages; did you mean `first`?",
        ),
        (
            "to = \"over\", on = \"yes\"",
            "to = \"ovre\", on = \"yes\"",
            "there is no stage `ovre` in this process; did you mean `over`?",
        ),
        (
            "to = \"over\", on = \"yes\"",
            "to = \"over\", on = \"maybe\"",
            "decision `sure` has no answer `maybe`",
        ),
        (
            "  { from = \"sure\", to = \"first\", on = \"no\" },\n",
            "",
            "answer `no` of decision `sure` needs a way out without conditions",
        ),
        (
            "{ from = \"first\", to = \"sure\" }",
            "{ from = \"first\", to = \"sure\", when = [{ field = \"title\", is = \"x\" }] }",
            "stage `first` needs a way out without conditions",
        ),
        (
            "to = \"over\", on = \"yes\"",
            "to = \"first\", on = \"yes\"",
            "from stage `first` no stage of kind end can be reached; add a way",
        ),
        (
            "{ code = \"over\", kind = \"end\" }",
            "{ code = \"over\", kind = \"end\" }, { code = \"lonely\", kind = \"end\" }",
            "no way leads from the first stage to stage `lonely`",
        ),
        (
            "answers = [{ code = \"yes\" }, { code = \"no\" }]",
            "answers = []",
            "decision `sure` has no answers",
        ),
        (
            "{ code = \"first\", kind = \"task\" }",
            "{ code = \"first\", kind = \"task\", status = \"nowhere\" }",
            "has no status `nowhere`",
        ),
        (
            "{ code = \"first\", kind = \"task\" }",
            "{ code = \"first\", kind = \"task\", requires = [\"nothing\"] }",
            "have no field `nothing`",
        ),
        (
            "{ code = \"first\", kind = \"task\" }",
            "{ code = \"first\", kind = \"task\", performer = { team_option = \"who\" } }",
            "the pack has no option `who`",
        ),
        (
            "[{ code = \"yes\" }, ",
            "[{ code = \"yes\", set = { title = 5 } }, ",
            "field `title`: expected text",
        ),
        (
            "types = [\"fault\"]",
            "types = [\"fualt\"]",
            "there is no type `fualt`; did you mean",
        ),
        (
            "initial = \"first\"",
            "initial = \"first\"\nmax_passes = 1000",
            "a stage may be entered 1 to 100 times",
        ),
    ] {
        let told = told(from, to);
        assert!(told.contains(said), "{to}:\n{told}\nlacks\n{said}");
    }
}
