//! What comes out of a pack that is right.

use super::kit::{DEFINITIONS, MANIFEST, good};
use crate::domain::Kind;
use crate::packs::Catalog;

#[test]
fn every_code_gets_the_namespace_of_its_pack() {
    let loaded = good(&[("pack.toml", MANIFEST), ("definitions.toml", DEFINITIONS)]);
    let defs = &loaded.definitions;
    let flow = &defs.workflows[0];
    assert_eq!(defs.types[0].code, "demo/fault");
    assert_eq!(defs.types[0].workflow, "demo/repair");
    assert_eq!(defs.types[0].field_sets, ["demo/device"]);
    assert_eq!(flow.initial, "demo/todo");
    assert_eq!(flow.statuses[1].code, "demo/bench");
    assert_eq!(flow.transitions[1].from, "demo/bench");
    // The engine's own fields keep their bare names.
    assert_eq!(flow.transitions[0].requires, ["assignee"]);
    assert_eq!(flow.transitions[1].requires, ["demo/severity", "solution"]);
    assert_eq!(defs.field_sets[0].fields[0].code, "demo/severity");
    assert_eq!(
        defs.field_sets[0].fields[0].default.as_deref(),
        Some("\"minor\"")
    );
    assert_eq!(defs.field_sets[0].fields[1].default.as_deref(), Some("0"));
}

#[test]
fn a_catalog_finds_fields_statuses_and_types() {
    let loaded = good(&[("pack.toml", MANIFEST), ("definitions.toml", DEFINITIONS)]);
    let catalog = Catalog::build(&[loaded], &[]).unwrap();
    let t = Some("demo/fault");
    let codes: Vec<&str> = catalog
        .fields(Kind::Ticket, t)
        .iter()
        .map(|f| f.code.as_str())
        .collect();
    assert_eq!(codes[0], "title");
    assert_eq!(codes[codes.len() - 2..], ["demo/visits", "demo/severity"]);
    let code = |name| catalog.field(Kind::Ticket, t, name).map(|f| &*f.code);
    assert_eq!(code("severity"), Some("demo/severity"));
    assert_eq!(code("demo/severity"), Some("demo/severity"));
    assert_eq!(code("title"), Some("title"));
    assert_eq!(code("other/severity"), None);
    let by = |pack| catalog.resolve(Kind::Ticket, t, Some(pack), "severity");
    assert!(by("demo").is_some());
    assert!(by("other").is_none());
    assert!(catalog.field(Kind::Ticket, None, "severity").is_none());
    assert_eq!(
        catalog.status(Kind::Ticket, t, "bench").unwrap().code,
        "demo/bench"
    );
    assert_eq!(catalog.resolve_type("fault").unwrap().code, "demo/fault");
    assert!(catalog.workflow(Kind::Article, None).is_some());
    assert!(catalog.workflow(Kind::Ticket, None).is_none());
}
