//! What editors complete from is what the engine goes by: `UPDATE=1` rewrites the files in `docs/`.

use opora::packs::authoring;

fn kept(name: &str, made: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(known == made, "docs/{name} is stale; UPDATE=1 rewrites it");
}

#[test]
fn the_schema_of_manifests_is_the_engines() {
    let schema = authoring::schema();
    for piece in [
        "\"record.validate\"",
        "\"webhook\"",
        "\"contact.mails\"",
        "\"plugin_bytes\"",
    ] {
        assert!(schema.contains(piece), "{piece}");
    }
    kept("pack.schema.json", &schema);
}

#[test]
fn the_definitions_of_scripts_are_the_engines() {
    let text = authoring::definitions();
    assert!(
        text.contains("fn create(c: Hook, kind: ?, type: ?, map2: Map, relation: ?) -> ?;"),
        "{text}"
    );
    for method in opora::hooks::script::methods() {
        assert!(
            text.contains(&format!("\nfn {}(c: Hook", method.name)),
            "{}",
            method.name
        );
    }
    kept("opora.d.rhai", &text);
}
