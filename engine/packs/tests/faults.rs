//! What an author is told, word for word, with line and column.

use super::kit::{DEFINITIONS, MANIFEST, lines, pack};

/// Loads a pack whose manifest goes on with `manifest` and whose definitions are `definitions`.
fn check(manifest: &str, definitions: &str, expected: &[&str]) {
    let text = format!("{MANIFEST}{manifest}");
    let files = [
        ("pack.toml", text.as_str()),
        ("definitions.toml", definitions),
        (
            "rules.rhai",
            "fn choose(call) {}\nfn check_fields(call) {}\nfn no_parameter() {}\n",
        ),
        ("broken.rhai", "fn choose(call) {\n  syntax!\n}\n"),
        ("plugin/demo.wasm", "assign.select form.rules"),
    ];
    match pack(&files) {
        Ok(_) => panic!("no fault in\n{manifest}\n{definitions}\nexpected {expected:#?}"),
        Err(faults) => {
            assert!(faults.iter().all(|f| f.pack == "demo"), "{faults:#?}");
            assert_eq!(lines(&faults), expected.join("\n"));
        }
    }
}

/// The right definitions with one text replaced.
fn changed(from: &str, to: &str) -> String {
    assert_eq!(DEFINITIONS.matches(from).count(), 1, "{from}");
    DEFINITIONS.replace(from, to)
}

#[test]
fn faults_of_the_manifest() {
    check(
        "
[[rule]]
name = \"choose\"
hook = \"assing.select\"
script = \"rules.rhai\"
",
        DEFINITIONS,
        &["pack.toml:8:8: there is no hook `assing.select`; did you mean `assign.select`?"],
    );
    check(
        "
[[rule]]
name = \"choose\"
hook = \"pack.define\"
script = \"rules.rhai\"
",
        DEFINITIONS,
        &[
            "pack.toml:8:8: `pack.define` is called while the pack is loaded; no rule attaches to it, \
         take the rule out",
        ],
    );
    check(
        "
[[rule]]
name = \"choose\"
hook = \"assign.select\"
script = \"rulez.rhai\"
priorty = 5
",
        DEFINITIONS,
        &[
            "pack.toml:10:1: unknown key `priorty`, expected one of `name`, `hook`, `script`, \
         `function`, `kind`, `applies_to`, `reads`, `priority`, `override`, `when`, `writes`, \
         `action`, `names`, `portal`, `fields`, `once`; did you mean `priority`?",
        ],
    );
    check(
        "
[[rule]]
name = \"choose\"
hook = \"assign.select\"
script = \"rulez.rhai\"
kind = \"tiket\"
",
        DEFINITIONS,
        &[
            "pack.toml:10:8: unknown variant `tiket`, expected one of `ticket`, `lead`, `inquiry`, \
         `activity`, `asset`, `account`, `contact`, `contract`, `product`, `article`, `agent`, \
         `team`, `calendar`, `support_level`, `recurrence`, `category`; did you mean `ticket`?",
        ],
    );
    check(
        "
[[rule]]
name = \"choose\"
hook = \"assign.select\"
script = \"rulez.rhai\"
reads = [\"acount\"]
[[rule]]
name = \"choose\"
hook = \"assign.select\"
[rules]
",
        DEFINITIONS,
        &[
            "pack.toml:9:10: the pack has no file `rulez.rhai`; did you mean `rules.rhai`?",
            "pack.toml:10:9: a ticket has no field `acount`; did you mean `account`?",
            "pack.toml:11:1: rule `choose` has no script and the pack no plugin; write script = \"FILE.rhai\"",
            "pack.toml:12:8: rule `choose` stands twice; names are unique in a pack",
            "pack.toml:14:2: unknown key `rules`; the keys here are pack, options, rule, replaced, capabilities, limits; did you \
         mean `rule`?",
        ],
    );
    check(
        "colour = 1\n",
        DEFINITIONS,
        &[
            "pack.toml:5:1: unknown key `colour`, expected one of `name`, `version`, `engine`, `names`, \
         `plugin`, `requires`",
        ],
    );
    check(
        "plugin = \"plugin/demmo.wasm\"\nrequires = [\"demo\", \"Other\"]\n",
        DEFINITIONS,
        &[
            "pack.toml:5:10: plugin `plugin/demmo.wasm` is not a .wasm file of the pack; did you mean \
         `plugin/demo.wasm`?",
            "pack.toml:6:13: a pack cannot require itself",
            "pack.toml:6:21: pack name `Other` must begin with a lower-case letter a-z",
        ],
    );
    check(
        "
[options.Loud]
value = true
[options.hours]
value = { a = 1 }
[options.start]
value = 07:30:00
[options.limit]
valeu = 5
",
        DEFINITIONS,
        &[
            "pack.toml:6:10: name of option `Loud` must begin with a lower-case letter a-z",
            "pack.toml:8:1: a value is text, a number, true or false, a date, an instant or a list",
            "pack.toml:10:1: `07:30:00` has no offset; write a date or an instant such as \
         2026-03-02T09:00:00Z",
            "pack.toml:13:1: unknown key `valeu`, expected `value` or `names`; did you mean `value`?",
        ],
    );
    check(
        "[replaced.type]\nold = \"falt\"\nfault = \"fault\"\n[replaced.option]\n\"severity:high\" = \"majr\"\n",
        DEFINITIONS,
        &[
            "pack.toml:6:7: type `old` is replaced by `falt`, which does not exist; did you mean `fault`?",
            "pack.toml:7:9: type `fault` is replaced, yet the pack defines it",
            "pack.toml:9:19: option `severity:high` is replaced by `severity:majr`, which does not exist; \
         did you mean `severity:major`?",
        ],
    );
}

#[test]
fn faults_of_the_pack_table() {
    let faults = |text: &str| lines(&pack(&[("pack.toml", text)]).unwrap_err());
    assert_eq!(
        faults("[pack]\nname = \"local\"\nversion = \"1.0\"\nengine = \"0.2\"\n"),
        "pack.toml:2:8: pack name `local` is the engine's own; choose another\n\
         pack.toml:3:11: `1.0` is not a version; write three numbers, such as 1.0.0\n\
         pack.toml:4:10: the pack is written for contract `0.2`, this engine speaks 0.1; write \
         engine = \"0.1\" if the pack fits it"
    );
    assert_eq!(
        faults("[pack]\nname = \"a\"\nversion = \"1.0.0\"\n"),
        "pack.toml:1:1: missing key `engine`"
    );
    assert_eq!(
        faults("name = \"a\"\n"),
        "pack.toml:1:1: no [pack] table; write one with name, version and engine\n\
         pack.toml:1:1: unknown key `name`; the keys here are pack, options, rule, replaced, capabilities, limits"
    );
    assert_eq!(
        lines(&pack(&[("definitions.toml", "")]).unwrap_err()),
        "pack.toml: is missing; a pack begins with a [pack] table that has name, version and engine"
    );
    assert_eq!(
        faults("[pack]\nname = \"a\"\nname = \"b\nversion = 1\n"),
        "pack.toml:3:1: duplicate key\npack.toml:3:10: invalid basic string, expected `\"`"
    );
}

#[test]
fn faults_of_rules() {
    let rule =
        |rest: &str| format!("\n[[rule]]\nname = \"choose\"\nhook = \"assign.select\"\n{rest}");
    check(
        &rule("script = \"rules.rhai\"\nfunction = \"chose\"\n"),
        DEFINITIONS,
        &["pack.toml:10:12: `rules.rhai` has no function `chose`; did you mean `choose`?"],
    );
    check(
        &rule("script = \"rules.rhai\"\nfunction = \"no_parameter\"\n"),
        DEFINITIONS,
        &["rules.rhai: the hook `no_parameter` takes 0 parameters"],
    );
    check(
        &rule("script = \"broken.rhai\"\n"),
        DEFINITIONS,
        &["broken.rhai:2:3: unexpected `!`"],
    );
    check(
        &rule("script = \"rules.rhai\"\nkind = \"lead\"\napplies_to = [\"fault\"]\n"),
        DEFINITIONS,
        &[
            "pack.toml:11:15: type `fault` is a ticket, but the rule is for a lead; write kind = \"ticket\"",
        ],
    );
    check(
        &rule("script = \"rules.rhai\"\napplies_to = [\"*\", \"falut\"]\n"),
        DEFINITIONS,
        &["pack.toml:10:20: there is no type `falut` in this pack; did you mean `fault`?"],
    );
    check(
        &rule("script = \"rules.rhai\"\nkind = \"account\"\napplies_to = [\"firm\"]\n"),
        DEFINITIONS,
        &["pack.toml:11:15: records of kind account have no types; take applies_to out"],
    );
    check(
        &rule("script = \"rules.rhai\"\n"),
        "",
        &[
            "pack.toml:6:1: rule `choose` runs on nothing: the pack defines no type of kind ticket; name \
         types in applies_to, or \"*\" for every type",
        ],
    );
    check(
        "plugin = \"plugin/demo.wasm\"\n[[rule]]\nname = \"a\"\nhook = \"sla.select\"\n[[rule]]\nname = \"b\"\nhook = \"form.rules\"\nfunction = \"b\"\n",
        DEFINITIONS,
        &[
            "pack.toml:8:8: the plugin does not implement `sla.select`; it implements assign.select, \
         form.rules",
            "pack.toml:12:12: `function` belongs to a script; a plugin's rule is called by its hook",
        ],
    );
}

#[test]
fn faults_of_definitions() {
    for (from, to, expected) in [
        (
            "workflow = \"repair\"",
            "workflow = \"repiar\"",
            "definitions.toml:4:12: there is no workflow `repiar` in this pack; did you mean `repair`?",
        ),
        (
            "field_sets = [\"device\"]",
            "field_sets = [\"devise\"]",
            "definitions.toml:5:15: there is no field set `devise` in this pack; did you mean `device`?",
        ),
        (
            "field_sets = [\"device\"]",
            "feild_sets = [\"device\"]",
            "definitions.toml:5:1: unknown key `feild_sets`, expected one of `code`, `names`, `kind`, \
          `icon`, `workflow`, `field_sets`, `reserved`, `active`, `status_from_process`; did you mean `field_sets`?",
        ),
        (
            "code = \"fault\"",
            "code = \"Fault\"",
            "definitions.toml:2:8: code of type `Fault` must begin with a lower-case letter a-z",
        ),
        (
            "code = \"fault\"",
            "code = \"other/fault\"",
            "definitions.toml:2:8: type `other/fault` is in the namespace of pack `other`; a pack defines \
          only its own",
        ),
        (
            "code = \"fault\"",
            "code = \"fault\"\nkind = \"account\"",
            "definitions.toml:3:8: records of kind `account` have no types; give a field set \
          `kind = \"account\"` instead",
        ),
        (
            "en = \"Fault\"",
            "en = \" \"",
            "definitions.toml:3:9: a name must have 1 to 300 characters, this has 1",
        ),
        (
            "en = \"Fault\"",
            "e = \"Fault\"",
            "definitions.toml:3:9: `e` is not a language; write codes such as en and ru",
        ),
        (
            "initial = \"todo\"",
            "initial = \"tood\"",
            "definitions.toml:9:11: initial status `tood` is not one of the statuses; did you mean `todo`?",
        ),
        (
            "category = \"open\"",
            "category = \"opened\"",
            "definitions.toml:12:32: unknown variant `opened`, expected one of `new`, `open`, `waiting`, \
          `done`, `cancelled`; did you mean `open`?",
        ),
        (
            "{ code = \"bench\", category",
            "{ code = \"todo\", category",
            "definitions.toml:12:12: status `todo` stands twice",
        ),
        (
            "from = \"todo\"",
            "from = \"tod\"",
            "definitions.toml:16:12: there is no status `tod` in this workflow; did you mean `todo`?",
        ),
        (
            "to = \"done\"",
            "to = \"todo\"",
            "definitions.toml:11:3: from status `todo` no status of category done or cancelled can be \
          reached; add a transition\ndefinitions.toml:12:3: from status `bench` no status of category \
          done or cancelled can be reached; add a transition",
        ),
        (
            "\"severity\", ",
            "\"severty\", ",
            "definitions.toml:17:46: there is no field `severty`, neither in this pack nor the engine's \
          own; did you mean `severity`?",
        ),
        (
            "requires = [\"assignee\"]",
            "requires = [\"asignee\"]",
            "definitions.toml:16:46: there is no field `asignee`, neither in this pack nor the engine's \
          own; did you mean `assignee`?",
        ),
        (
            "code = \"visits\"",
            "code = \"priority\"",
            "definitions.toml:30:8: field `priority` has the name of the engine's own field of a ticket; \
          choose another name",
        ),
        (
            "code = \"visits\"",
            "code = \"severity\"",
            "definitions.toml:30:8: field `severity` stands twice, first in field set `device`; fields \
          are unique in a pack",
        ),
        (
            "value = \"int\"",
            "value = \"ref\"\ntarget = \"product\"",
            "definitions.toml:33:11: default of field `visits`: expected an id, got `0`",
        ),
        (
            "value = \"int\"\ndefault = 0",
            "value = \"ref\"",
            "definitions.toml:31:9: field `visits` refers to records: name their kind in `target`",
        ),
        (
            "default = 0",
            "default = 0\ntarget = \"asset\"",
            "definitions.toml:33:10: field `visits` is no reference: take `target` out",
        ),
        (
            "value = \"int\"",
            "value = \"number\"",
            "definitions.toml:31:9: unknown variant `number`, expected one of `text`, `long_text`, `int`, \
          `decimal`, `bool`, `date`, `instant`, `duration`, `enum`, `multi_enum`, `text_list`, `ref`, \
          `ref_list`, `any`, `json`",
        ),
        (
            "default = \"minor\"",
            "default = \"minr\"",
            "definitions.toml:27:11: default of field `severity`: expected a value, got `minr`; did you \
          mean `minor`?",
        ),
        (
            "default = 0",
            "default = nan",
            "definitions.toml:32:11: a default must be a value that JSON has",
        ),
        (
            "{ code = \"major\" }",
            "{ code = \"minor\" }",
            "definitions.toml:26:41: option `minor` stands twice",
        ),
        (
            "{ code = \"major\" }",
            "{ code = \"\" }",
            "definitions.toml:26:41: the code of an option must have 1 to 96 bytes of text, not ``",
        ),
    ] {
        check("", &changed(from, to), &[expected]);
    }
    check(
        "",
        "[type]\ncode = \"a\"\n[[screen]]\n",
        &[
            "definitions.toml:1:1: `type` must be a list, not table; write `[[type]]`",
            "definitions.toml:3:3: unknown key `screen`; the keys here are type, workflow, field_set, survey, process, report, document, workspace, taken",
        ],
    );
    check(
        "",
        "[[survey]]\ncode = \"s\"\nquestions = [{ code = \"q\" }, { code = \"q\" }, { code = \"Q\" }]\n",
        &[
            "definitions.toml:3:39: question `q` stands twice",
            "definitions.toml:3:55: code of question `Q` must begin with a lower-case letter a-z",
        ],
    );
}

#[test]
fn faults_of_several_items_come_together() {
    let text = DEFINITIONS
        .replace("value = \"int\"", "valu = \"int\"")
        .replace("value = \"enum\"", "value = \"list\"")
        .replace("category = \"open\"", "categry = \"open\"");
    check(
        "[[rule]]\nname = \"x\"\n",
        &text,
        &[
            "definitions.toml:12:21: unknown key `categry`, expected one of `code`, `names`, `category`, \
         `pauses`; did you mean `category`?",
            "definitions.toml:25:9: unknown variant `list`, expected one of `text`, `long_text`, `int`, \
         `decimal`, `bool`, `date`, `instant`, `duration`, `enum`, `multi_enum`, `text_list`, `ref`, \
         `ref_list`, `any`, `json`",
            "definitions.toml:31:1: unknown key `valu`, expected one of `code`, `names`, `value`, `target`, \
         `options`, `required`, `readonly`, `default`, `unique`, `indexed`, `personal_data`, \
         `internal`, `retired`, `section`, `order`; did you mean `value`?",
            "pack.toml:5:1: missing key `hook`",
        ],
    );
}

#[test]
fn what_a_plugin_defines_is_checked_as_well() {
    let manifest = format!("{MANIFEST}plugin = \"demo.wasm\"\n");
    let faults = pack(&[
        ("pack.toml", &manifest),
        ("definitions.toml", DEFINITIONS),
        ("demo.wasm", "pack.define"),
    ])
    .unwrap_err();
    assert_eq!(
        lines(&faults),
        "demo.wasm: initial status `a` is not one of the statuses"
    );
}

#[test]
fn a_fault_repeats_the_line_it_is_in() {
    let text = changed("initial = \"todo\"", "initial  = \"тудо\" # первый");
    let files = [("pack.toml", MANIFEST), ("definitions.toml", text.as_str())];
    let faults = pack(&files).unwrap_err();
    assert_eq!(
        faults[0].source_line.as_deref(),
        Some("initial  = \"тудо\" # первый")
    );
    assert_eq!((faults[0].line, faults[0].column), (9, 12));
}

#[test]
fn texts_for_the_index_are_of_records_that_are_searched() {
    check(
        "
[[rule]]
name = \"choose\"
hook = \"search.document\"
script = \"rules.rhai\"
kind = \"support_level\"
",
        DEFINITIONS,
        &[
            "pack.toml:10:8: records of kind support_level are not searched; searched are ticket, \
         lead, inquiry, activity, asset, account, contact, contract, product, article, agent, team, \
         recurrence, category",
        ],
    );
    check(
        "
[[rule]]
name = \"choose\"
hook = \"search.rank\"
script = \"rules.rhai\"
kind = \"article\"
",
        DEFINITIONS,
        &["pack.toml:10:1: `search.rank` is about no record, so `kind` says nothing; take it out"],
    );
}
