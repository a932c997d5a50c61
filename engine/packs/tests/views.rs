//! What packs say of workspaces, of values that are taken, of switches and of what rules read.

use super::kit::{DEFINITIONS, MANIFEST, good, lines, pack};
use crate::packs::Catalog;

const SCRIPT: &str = "fn look(call) {}\n";
const INSPECTOR: &str = "
[[field_set.fields]]
code = \"inspector\"
value = \"ref\"
target = \"agent\"

[[field_set.fields]]
code = \"badge\"
value = \"text\"
unique = true
";

/// What is wrong with a pack: by itself, or among others.
fn faults(manifest: &str, definitions: &str) -> String {
    let manifest = format!("{MANIFEST}{manifest}");
    let definitions = format!("{DEFINITIONS}{INSPECTOR}{definitions}");
    let files = [
        ("pack.toml", manifest.as_str()),
        ("definitions.toml", definitions.as_str()),
        ("r.rhai", SCRIPT),
    ];
    match pack(&files) {
        Err(faults) => lines(&faults),
        Ok(_) => match Catalog::build(&[good(&files)], &[]) {
            Err(faults) => lines(&faults),
            Ok(_) => String::new(),
        },
    }
}

fn rule(more: &str) -> String {
    format!(
        "[options.fast]\nvalue = true\n[[rule]]\nname = \"look\"\nhook = \"record.validate\"\n\
         script = \"r.rhai\"\n{more}\n"
    )
}

#[test]
fn workspaces_list_what_there_is() {
    let workspace = |entries: &str| {
        let text = format!("[[workspace]]\ncode = \"desk\"\nentries = [{entries}]\n");
        faults("", &text)
    };
    let right = "{ code = \"a\", list = \"ticket\", where = { type = \"fault\", status = \"todo\", \
                 severity = \"major\" } }, { code = \"b\", list = \"inbox\" }, \
                 { code = \"c\", list = \"reports\" }";
    assert_eq!(workspace(right), "");
    for (entries, wanted) in [
        (
            "{ code = \"a\", list = \"tickets\" }",
            "`tickets` is no kind of record",
        ),
        (
            "{ code = \"a\", list = \"ticket\", where = { type = \"flaw\" } }",
            "there is no type `flaw`",
        ),
        (
            "{ code = \"a\", list = \"ticket\", where = { colour = \"red\" } }",
            "a ticket has no field `colour`",
        ),
        (
            "{ code = \"a\", list = \"inbox\", where = { title = \"x\" } }",
            "`where` is about records",
        ),
        (
            "{ code = \"a\", list = \"ticket\" }, { code = \"a\", list = \"inbox\" }",
            "`a` stands twice",
        ),
        ("{ code = \"A\", list = \"ticket\" }", "`A`"),
    ] {
        let found = workspace(entries);
        assert!(found.contains(wanted), "{entries}: {found}");
    }
}

#[test]
fn what_is_told_of_a_taken_value_is_about_a_unique_field() {
    let taken = |field: &str, code: &str| {
        let text = format!("[[taken]]\nfield = \"{field}\"\ncode = \"{code}\"\n");
        faults("", &text)
    };
    assert_eq!(taken("badge", "badge_taken"), "");
    assert!(taken("severity", "x").contains("`severity` is no unique field"));
    assert!(taken("badge", "Badge").contains("`Badge`"));
    let twice = "[[taken]]\nfield = \"badge\"\ncode = \"x\"\n".repeat(2);
    assert!(faults("", &twice).contains("`badge` stands twice"));
}

#[test]
fn a_switch_is_an_option_of_the_pack() {
    let when = |condition: &str| faults(&rule(&format!("when = [{condition}]")), "");
    assert_eq!(when("{ field = \"$option.fast\", is = true }"), "");
    let found = when("{ field = \"$option.fats\", is = true }");
    assert!(
        found.contains("no option `fats`; did you mean `fast`?"),
        "{found}"
    );
    let found = when("{ field = \"$option.fast\", is = \"yes\" }");
    assert!(found.contains("its value is true"), "{found}");
    let found = when("{ field = \"$option.fast\", changed = true }");
    assert!(found.contains("no field that changes"), "{found}");
}

#[test]
fn rules_read_behind_references_of_their_own_pack() {
    let reads = |name: &str| faults(&rule(&format!("reads = [\"{name}\"]")), "");
    assert_eq!(reads("inspector.team"), "");
    let found = reads("inspectr.team");
    assert!(found.contains("did you mean `inspector`?"), "{found}");
    assert!(reads("inspector.colour").contains("no field `colour`"));
    assert!(reads("severity.team").contains("is no reference"));
}
