//! The schema of `pack.toml`, which editors apply: what the engine takes is valid, what it refuses for
//! its form is not.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::program::{opora, said};

/// Keywords that say nothing about validity.
const WORDS: [&str; 6] = ["$schema", "$defs", "$id", "title", "description", "default"];

fn schema() -> Json {
    serde_json::from_str(&opora::packs::authoring::schema()).unwrap()
}

/// Why a value is not valid; a keyword that is not known here fails the test.
fn faults(root: &Json, schema: &Json, value: &Json, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut wrong = |holds: bool, why: String| {
        if !holds {
            found.push(format!("{place}: {why}"));
        }
    };
    let mut deeper = Vec::new();
    let empty = serde_json::Map::new();
    let members = value.as_object().unwrap_or(&empty);
    let elements = value.as_array().map_or(&[][..], Vec::as_slice);
    let any = |all: &Json| {
        let all = all.as_array().unwrap().iter();
        all.filter(|one| faults(root, one, value, place).is_empty())
            .count()
    };
    for (word, wanted) in schema.as_object().unwrap() {
        let number = || wanted.as_f64().unwrap();
        match word.as_str() {
            "type" => {
                let is = |name: &Json| match name.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64(),
                    "number" => value.is_number(),
                    other => panic!("type {other}"),
                };
                let fits = match wanted {
                    Json::Array(names) => names.iter().any(is),
                    name => is(name),
                };
                wrong(fits, format!("is no {wanted}"));
            }
            "enum" => {
                let known = wanted.as_array().unwrap();
                wrong(
                    known.contains(value),
                    format!("{value} is none of {wanted}"),
                );
            }
            "const" => wrong(wanted == value, format!("is not {wanted}")),
            "pattern" => {
                let pattern = regex::Regex::new(wanted.as_str().unwrap()).unwrap();
                let text = value.as_str();
                wrong(
                    text.is_none_or(|t| pattern.is_match(t)),
                    format!("{value} is not as {wanted}"),
                );
            }
            "maxLength" => {
                let length = value.as_str().map_or(0, |t| t.chars().count()) as f64;
                wrong(length <= number(), "is too long".to_owned());
            }
            "minimum" | "maximum" => {
                let value = value.as_f64();
                let fits = value.is_none_or(|v| match word.as_str() {
                    "minimum" => v >= number(),
                    _ => v <= number(),
                });
                wrong(fits, format!("is over the {word}"));
            }
            "minItems" => wrong(
                !value.is_array() || elements.len() as f64 >= number(),
                "has too few".to_owned(),
            ),
            "maxItems" => wrong(elements.len() as f64 <= number(), "has too many".to_owned()),
            "required" => {
                for name in wanted.as_array().unwrap() {
                    let there = members.contains_key(name.as_str().unwrap());
                    wrong(!value.is_object() || there, format!("has no {name}"));
                }
            }
            "properties" => {
                let known = wanted.as_object().unwrap().iter();
                deeper.extend(known.filter_map(|(name, schema)| {
                    Some((schema, members.get(name)?, format!("{place}/{name}")))
                }));
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Json::as_object);
                let others = members
                    .iter()
                    .filter(|(name, _)| known.is_none_or(|known| !known.contains_key(*name)));
                for (name, member) in others {
                    match wanted {
                        Json::Bool(allowed) => wrong(*allowed, format!("has an unknown {name}")),
                        schema => deeper.push((schema, member, format!("{place}/{name}"))),
                    }
                }
            }
            "propertyNames" => {
                for name in members.keys() {
                    let bad = faults(root, wanted, &json!(name), place);
                    wrong(bad.is_empty(), format!("{bad:?}"));
                }
            }
            "items" => deeper.extend(
                elements
                    .iter()
                    .enumerate()
                    .map(|(i, element)| (wanted, element, format!("{place}/{i}"))),
            ),
            "anyOf" => wrong(any(wanted) > 0, format!("{value} is none of its forms")),
            "oneOf" => wrong(any(wanted) == 1, format!("{value} is not one of its forms")),
            "$ref" => {
                let path = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                deeper.push((root.pointer(path).unwrap(), value, place.to_owned()));
            }
            word => assert!(WORDS.contains(&word), "keyword {word}"),
        }
    }
    for (schema, value, place) in deeper {
        found.extend(faults(root, schema, value, &place));
    }
    found
}

/// Why a manifest is not valid.
fn of_text(text: &str) -> Vec<String> {
    let table: toml::Table = toml::from_str(text).unwrap();
    let mut value = serde_json::to_value(table).unwrap();
    plain_dates(&mut value);
    faults(&schema(), &schema(), &value, "")
}

/// Editors see a date of TOML as a text.
fn plain_dates(value: &mut Json) {
    match value {
        Json::Object(members) => match members.remove("$__toml_private_datetime") {
            Some(text) => *value = text,
            None => members.values_mut().for_each(plain_dates),
        },
        Json::Array(elements) => elements.iter_mut().for_each(plain_dates),
        _ => {}
    }
}

/// Manifests of this folder's packs.
fn manifests(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let paths = entries.map(|entry| entry.path().join("pack.toml"));
    paths.filter(|path| path.is_file()).collect()
}

#[test]
fn every_pack_that_is_shipped_or_begun_is_valid_for_editors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> = ["scripts", "plugins", "tests/scenarios/packs"]
        .iter()
        .flat_map(|folder| manifests(&root.join(folder)))
        .collect();
    assert!(paths.len() > 15, "{paths:?}");
    let dir = tempfile::tempdir().unwrap();
    let begun = dir.path().join("begun");
    said(&["pack", "new", "begun", "--dir", begun.to_str().unwrap()]);
    for language in ["rust", "js", "python"] {
        let made = std::process::Command::new(env!("CARGO_BIN_EXE_opora"))
            .args(["plugin", "new", language, "--lang", language])
            .current_dir(dir.path())
            .status()
            .unwrap();
        assert!(made.success());
    }
    let made = manifests(dir.path());
    assert_eq!(made.len(), 4);
    paths.extend(made);
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let found = of_text(&text);
        assert!(found.is_empty(), "{}: {found:#?}", path.display());
    }
}

const PACK: &str = "[pack]\nname = \"p\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n";
const RULE: &str = "[[rule]]\nname = \"r\"\nhook = \"record.changed\"\nscript = \"r.rhai\"\n";

#[test]
fn every_form_of_a_rule_is_valid_for_editors_and_slips_are_not() {
    for fine in [
        "reads = [\"account\", \"severity\", \"account.title\", \"other/field\"]",
        "writes = []\nfields = [\"status\"]",
        "once = \"record\"",
        "once = { per = \"24h\" }",
        "when = [{ name = \"urgent\", field = \"priority\", is = \"high\" }]",
        "when = [{ field = \"$to\", in = [\"done\"] }, { field = \"$option.strict\", is = true }]",
        "when = [{ field = \"account.title\", is_set = true }, { field = \"due\", less = 2026-01-01 }]",
        "action = \"go\"\nportal = true\nnames = { en = \"Go\" }\npriority = -5",
    ] {
        let found = of_text(&format!("{PACK}{RULE}{fine}\n"));
        assert!(found.is_empty(), "{fine}: {found:#?}");
    }
    for wrong in [
        "once = \"twice\"",
        "once = { per = \"soon\" }",
        "once = { every = \"24h\" }",
        "when = [{ field = \"priority\" }]",
        "when = [{ field = \"priority\", is = \"high\", is_not = \"low\" }]",
        "when = [{ field = \"priority\", si = \"high\" }]",
        "when = [{ field = \"$never\", is = \"high\" }]",
        "when = [{ field = \"priority\", is_set = \"yes\" }]",
        "reads = [\"no field\"]",
        "wirtes = []",
        "priority = 1.5",
    ] {
        let found = of_text(&format!("{PACK}{RULE}{wrong}\n"));
        assert!(!found.is_empty(), "{wrong} is valid");
    }
}

#[test]
fn editors_know_the_keys_that_the_engine_knows() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("p");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("r.rhai"), "fn r(c) {}").unwrap();
    // What the engine says of a key that nobody knows names all that it knows.
    let known = |text: String| -> Vec<String> {
        std::fs::write(folder.join("pack.toml"), text).unwrap();
        let checked = opora(&["pack", "check", folder.to_str().unwrap()]);
        let told = String::from_utf8(checked.stderr).unwrap();
        let line = told.lines().find(|l| l.contains("unknown key `zzz`"));
        let line = line.unwrap_or_else(|| panic!("{told}"));
        let mut keys: Vec<String> = match line.split_once("the keys here are ") {
            Some((_, rest)) => rest.split(", ").map(str::to_owned).collect(),
            None => {
                let words = line.split('`').skip(1).step_by(2).map(str::to_owned);
                words.filter(|w| w != "zzz").collect()
            }
        };
        keys.sort();
        keys
    };
    let schema = schema();
    let of = |pointer: &str| -> Vec<String> {
        let members = schema.pointer(pointer).and_then(Json::as_object);
        let members = members.unwrap_or_else(|| panic!("{pointer}"));
        members.keys().cloned().collect()
    };
    let condition = "when = [{ field = \"title\", is = \"x\", zzz = 1 }]\n";
    for (text, pointer) in [
        (format!("zzz = 1\n{PACK}"), "/properties"),
        (format!("{PACK}zzz = 1\n"), "/properties/pack/properties"),
        (
            format!("{PACK}[capabilities]\nzzz = 1\n"),
            "/properties/capabilities/properties",
        ),
        (
            format!("{PACK}[limits]\nzzz = 1\n"),
            "/properties/limits/properties",
        ),
        (
            format!("{PACK}[replaced]\nzzz = 1\n"),
            "/properties/replaced/properties",
        ),
        (
            format!("{PACK}[options.x]\nvalue = 1\nzzz = 1\n"),
            "/properties/options/additionalProperties/properties",
        ),
        (
            format!("{PACK}{RULE}zzz = 1\n"),
            "/properties/rule/items/properties",
        ),
        (
            format!("{PACK}{RULE}{condition}"),
            "/properties/rule/items/properties/when/items/properties",
        ),
    ] {
        assert_eq!(known(text), of(pointer), "{pointer}");
    }
}
