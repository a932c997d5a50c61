//! `config.guard`: rules that watch what others change, and codes that records use.

use std::collections::BTreeMap;

use opora::desk::{Command, PackChange, Reply, Result};
use opora::domain::field::{OptionDef, ValueType};
use opora::domain::{FieldDef, Kind, Names};
use opora::packs::{Given, PackFiles};
use serde_json::json;

use super::{FIRST, REPLACED, change, files, manifest, second};
use crate::support::TestDesk;

const GUARD: &str = "[pack]\nname = \"watch\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n\
    [[rule]]\nname = \"guard\"\nhook = \"config.guard\"\nscript = \"rules.rhai\"\n";

/// Installs a pack that watches, with the body of its rule.
fn watch(desk: &TestDesk, body: &str) {
    let rules = format!("fn guard(c) {{\n{body}\n}}");
    let files = PackFiles::from_texts(&[("pack.toml", GUARD), ("rules.rhai", &rules)]);
    let grants = Given::All;
    change(desk, "", PackChange::Install { files, grants }).unwrap();
}

fn install(desk: &TestDesk, manifest: &str, definitions: &str) -> Result<Reply> {
    super::install(desk, manifest, definitions)
}

fn field(options: &[&str]) -> FieldDef {
    let mut field = FieldDef::new("size", ValueType::Enum);
    field.options = options
        .iter()
        .map(|code| OptionDef {
            code: (*code).to_owned(),
            names: Names::default(),
        })
        .collect();
    field
}

fn define(desk: &TestDesk, options: &[&str], replaced: &[(&str, &str)]) -> Result<Reply> {
    let replaced = replaced.iter();
    let replaced: BTreeMap<String, String> = replaced
        .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
        .collect();
    desk.run(Command::DefineField {
        kind: Kind::Ticket,
        type_code: None,
        field: Box::new(field(options)),
        replaced,
    })
}

#[test]
fn a_guard_watches_what_other_packs_define() {
    let desk = super::first();
    watch(
        &desk,
        "let k = c.config;\n\
         c.because(`${k.operation} ${k.what}`, k.code);\n\
         if k.what == \"option\" && k.operation == \"remove\" && k.after.replaced_by == () {\n\
           c.deny(\"kept\", `${k.code} stays`);\n\
         }\n\
         if k.what == \"status\" && k.operation == \"change\" && k.differs(\"category\") { c.deny(\"category\", \"as it was\"); }",
    );
    let less = FIRST.replace(", { code = \"high\" }", "");
    let error = install(&desk, &manifest("1.1.0", ""), &less).unwrap_err();
    assert_eq!(error.code, "config_refused");
    let fault = &error.faults[0];
    assert_eq!(
        (
            fault.field.as_deref(),
            fault.code.as_str(),
            fault.rule.as_deref()
        ),
        (Some("shop/severity:high"), "kept", Some("watch/guard:5"))
    );
    assert_eq!(desk.desk.packs().unwrap()[0].version, "1.0.0");
    let refusals = desk.desk.plan_pack(&files(&manifest("1.1.0", ""), &less));
    let refusals = refusals.unwrap().refusals;
    assert_eq!(refusals, ["shop/severity:high stays (watch/guard:5)"]);
    // One that is replaced goes.
    install(&desk, &manifest("2.0.0", REPLACED), &second()).unwrap();
    let other = second().replace(
        "{ code = \"bench\", category = \"open\" }",
        "{ code = \"bench\", category = \"waiting\" }",
    );
    let error = install(&desk, &manifest("2.1.0", REPLACED), &other).unwrap_err();
    assert_eq!(error.faults[0].code, "category");
    // Its own definitions are a pack's own: a guard never keeps itself in force.
    change(&desk, "watch", PackChange::Disable).unwrap();
    install(&desk, &manifest("2.1.0", REPLACED), &other).unwrap();
}

#[test]
fn a_guard_watches_packs_calendars_and_levels() {
    let desk = TestDesk::bare();
    super::install(&desk, &manifest("1.0.0", ""), &super::unreserved()).unwrap();
    watch(
        &desk,
        "let k = c.config;\n\
         if k.what == \"pack\" && k.code == \"shop\" && (k.operation == \"remove\" || k.after.disabled) {\n\
           c.deny(\"needed\", \"the shop stays open\");\n\
         }\n\
         if k.what == \"calendar\" && k.operation != \"create\" { c.deny(\"fixed\", k.code); }\n\
         if k.what == \"support_level\" && c.actor.role == \"agent\" { c.deny(\"not_yours\", k.code); }",
    );
    let refused = change(&desk, "shop", PackChange::Disable).unwrap_err();
    assert_eq!(
        (refused.code, refused.faults[0].code.as_str()),
        ("config_refused", "needed")
    );
    let name = "shop".to_owned();
    let refused = desk.run(Command::RemovePack { name }).unwrap_err();
    assert_eq!(refused.faults[0].code, "needed");
    let definition = json!({"code": "hours", "names": {}, "time_zone": "Europe/Moscow",
        "exceptions": {}, "version": 1, "weekly": [{"weekday": "Mon", "from": 540, "to": 1080}]});
    let calendar = json!({"title": "Hours", "code": "hours", "definition": definition});
    let id = desk.create(Kind::Calendar, calendar).unwrap().id;
    let renamed = desk.update(Kind::Calendar, id, json!({"title": "Other"}));
    let refused = renamed.unwrap_err();
    assert_eq!(refused.faults[0].field.as_deref(), Some("hours"));
    let kind = Kind::Calendar;
    let refused = desk.run(Command::Delete { kind, id }).unwrap_err();
    assert_eq!(refused.code, "config_refused");
    assert_eq!(desk.get(Kind::Calendar, id).text("title"), Some("Hours"));
}

#[test]
fn a_broken_guard_refuses_and_can_be_put_to_rest() {
    let desk = super::first();
    watch(&desk, "throw \"no\";");
    let error = define(&desk, &["small"], &[]).unwrap_err();
    assert_eq!(error.faults[0].code, "rule_broken");
    change(&desk, "watch", PackChange::Disable).unwrap();
    define(&desk, &["small"], &[]).unwrap();
}

// rows: S4.21
#[test]
fn an_option_in_use_goes_only_when_another_takes_its_place() {
    let desk = super::first();
    define(&desk, &["small", "large", "huge"], &[]).unwrap();
    let ticket = json!({"type": "defect", "title": "x", "local/size": "huge"});
    let id = desk.create(Kind::Ticket, ticket).unwrap().id;
    // One that nobody uses goes.
    define(&desk, &["large", "huge"], &[]).unwrap();
    let error = define(&desk, &["large"], &[]).unwrap_err();
    assert_eq!(error.code, "in_use");
    assert_eq!(error.faults[0].field.as_deref(), Some("local/size:huge"));
    assert!(error.message.contains("1 record"), "{}", error.message);
    for wrong in [[("large", "huge")], [("huge", "nothing")], [("x", "large")]] {
        let error = define(&desk, &["large"], &wrong).unwrap_err();
        assert_eq!(error.faults[0].code, "malformed");
    }
    assert_eq!(desk.get(Kind::Ticket, id).text("local/size"), Some("huge"));
    define(&desk, &["large"], &[("huge", "large")]).unwrap();
    assert_eq!(desk.get(Kind::Ticket, id).text("local/size"), Some("large"));
    desk.update(Kind::Ticket, id, json!({"local/size": "huge"}))
        .unwrap_err();
}

#[test]
fn a_guard_hears_of_fields_and_of_options_that_go() {
    let desk = super::first();
    define(&desk, &["small", "large"], &[]).unwrap();
    watch(
        &desk,
        "let k = c.config;\n\
         if k.what == \"option\" { c.deny(\"why\", `${k.operation} ${k.code} ${k.after.replaced_by ?? \"-\"}`); }\n\
         if k.what == \"field\" && k.operation == \"create\" { c.deny(\"enough\", k.code); }",
    );
    let error = define(&desk, &["large"], &[("small", "large")]).unwrap_err();
    assert_eq!(error.faults[0].message, "remove local/size:small large");
    let error = define(&desk, &["small"], &[]).unwrap_err();
    assert_eq!(error.faults[0].message, "remove local/size:large -");
    define(&desk, &["small", "large", "huge"], &[]).unwrap();
    let other = desk.run(Command::DefineField {
        kind: Kind::Ticket,
        type_code: None,
        field: Box::new(FieldDef::new("other", ValueType::Text)),
        replaced: BTreeMap::new(),
    });
    assert_eq!(other.unwrap_err().faults[0].message, "local/other");
}
