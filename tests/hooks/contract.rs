//! What the contract promises to plugins that exist: published folders stay as they are, plugins built
//! for them keep loading, and what does not fit is refused with the first difference.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use opora::hooks::Hook;
use opora::hooks::wasm::{CONTRACT_VERSION, CONTRACT_VERSIONS, LoadError, encode};
use sha2::{Digest, Sha256};

use super::conformance::check;
use super::fixtures;
use super::support::{bytes, host, path};

/// Every published folder of `sdk/wit` with the hash of its files. A new folder adds a line; a line is
/// never changed.
const PUBLISHED: [(&str, &str); 4] = [
    (
        "0.1.0",
        "e8f713c87c3c7089279f4d0bd17d8e0c8e0f74569380c9b2207ea3cc572c0d6a",
    ),
    (
        "0.2.0",
        "13d8818e8541f4db9a3287b519169879f172de6c8a37b72516cc951c645b7c48",
    ),
    (
        "0.3.0",
        "fd0bf69ee1c8c0b9893c85e68b6b36405a603e2bd22edd392b479eb159882a0a",
    ),
    (
        "0.4.0",
        "897436ac7e7c42ab3360e2a080180cae3b85c8ab03825580a0f1d8c8784bf9a9",
    ),
];

/// The texts of a folder of the contract, by file.
fn texts(version: &str) -> BTreeMap<String, String> {
    let folder = path("sdk/wit").join(version);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    files
        .map(|file| {
            let file = file.expect("a file").path();
            let name = file.file_name().expect("a name").to_string_lossy();
            let text = std::fs::read_to_string(&file).expect("text");
            (name.into_owned(), text)
        })
        .collect()
}

fn hash(version: &str) -> String {
    let mut hasher = Sha256::new();
    for (file, text) in texts(version) {
        hasher.update(format!("{file} {}\n{text}", text.len()));
    }
    let mut text = String::new();
    for byte in hasher.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[test]
fn published_folders_are_never_edited() {
    for (version, recorded) in PUBLISHED {
        assert_eq!(
            hash(version),
            recorded,
            "sdk/wit/{version} is published and differs from what was published: plugins that exist \
             were built with it. Take the edit back, and put what is new into a new folder beside it \
             (a new interface, or the old one under a new version)"
        );
    }
    for folder in std::fs::read_dir(path("sdk/wit")).expect("the folder") {
        let version = folder.expect("a folder").file_name();
        let version = version.to_string_lossy();
        assert!(
            PUBLISHED.iter().any(|(v, _)| *v == version),
            "sdk/wit/{version} is new: record it in tests/hooks/contract.rs with the hash {}",
            hash(&version)
        );
    }
}

#[test]
fn every_published_contract_is_offered() {
    assert_eq!(PUBLISHED.map(|(version, _)| version), CONTRACT_VERSIONS);
    assert_eq!(CONTRACT_VERSIONS.last(), Some(&CONTRACT_VERSION));
}

#[test]
fn plugins_of_every_published_contract_keep_working() {
    for (version, _) in PUBLISHED {
        let component = bytes(&format!("tests/hooks/published/{version}.wasm"));
        let plugin = host()
            .load("conformance", version, &component)
            .unwrap_or_else(|e| panic!("{version}: {e}"));
        let mut ran = 0;
        for fixture in fixtures::all() {
            let Some(runner) = plugin.runner(fixture.hook) else {
                continue;
            };
            if fixture.only.is_none() {
                ran += 1;
                let checked = check(&fixture, &*runner);
                checked.unwrap_or_else(|e| panic!("{version}, {}: {e}", fixture.name));
            }
        }
        assert!(ran > 20, "{version}: only {ran} fixtures ran");
    }
}

/// A plugin that implements `transition-guard` of a contract made of the published one by replacing
/// texts.
fn built_for(changes: &[(&str, &str, &str)]) -> Vec<u8> {
    built("0.1.0", ("transition-guard", "guard"), changes)
}

/// A plugin that implements an interface, with its one function, of a contract made of a published one
/// by replacing texts.
fn built<'a>(
    mut version: &'a str,
    (interface, function): (&str, &str),
    changes: &[(&str, &str, &'a str)],
) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let mut push = |all: &BTreeMap<String, String>| {
        let mut sources = wit_parser::SourceMap::default();
        for (name, text) in all {
            sources.push_str(name, text.clone());
        }
        let group = sources.parse().map_err(|(_, e)| e).expect("a contract");
        resolve.push_group(group).expect("a contract")
    };
    for (earlier, _) in PUBLISHED.iter().take_while(|(v, _)| *v != version) {
        push(&texts(earlier));
    }
    let mut all = texts(version);
    for (file, from, to) in changes {
        if *file == "*" {
            version = to.rsplit('@').next().unwrap_or(version);
        }
        for (name, text) in &mut all {
            if *file == "*" || *file == name {
                assert!(text.contains(from), "{file} does not hold `{from}`");
                *text = text.replace(from, to);
            }
        }
    }
    let package = push(&all);
    let world = resolve
        .select_world(&[package], Some(&format!("{interface}-plugin")))
        .expect("the world");
    let mut module = wat::parse_str(format!(
        r#"(module
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "opora:hooks/{interface}@{version}#{function}") (param i32) (result i32)
                unreachable))"#
    ))
    .expect("a module");
    let utf8 = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, utf8).expect("metadata");
    encode(&module).expect("a component")
}

#[track_caller]
fn refused(changes: &[(&str, &str, &str)], built: &str, difference: &str) {
    refuses(&built_for(changes), built, difference);
}

#[track_caller]
fn refuses(component: &[u8], built: &str, difference: &str) {
    let error = host()
        .load("odd", "1.2.3", component)
        .expect_err("a refusal");
    assert!(matches!(error, LoadError::Contract { .. }), "{error}");
    let text = error.to_string();
    for part in ["odd 1.2.3", built, CONTRACT_VERSION, difference] {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
}

#[test]
fn what_fits_loads() {
    let plugin = host().load("even", "1", &built_for(&[])).expect("it fits");
    assert_eq!(plugin.interfaces().len(), 1);
    let compute = built("0.2.0", ("field-compute", "compute"), &[]);
    let plugin = host().load("even", "2", &compute).expect("it fits");
    assert_eq!(plugin.hooks(), [Hook::FieldCompute]);
}

#[test]
fn differences_of_a_later_version_are_named() {
    let filter = ("access-filter", "filter");
    let near = (
        "access-filter.wit",
        "        other(tuple<string, string>),\n",
        "        near(string),\n        other(tuple<string, string>),\n",
    );
    refuses(
        &built("0.2.0", filter, &[near]),
        "something else under the name 0.2.0",
        "`access-filter`: variant `node` has the case `near`, which the contract has not",
    );
    // The interface moved to a later version: it must not be taken for the one that is offered.
    refuses(
        &built("0.2.0", filter, &[("*", "hooks@0.2.0", "hooks@0.3.0")]),
        "opora:hooks 0.3.0",
        "exports `opora:hooks/access-filter@0.3.0`, which is of 0.2.0",
    );
}

#[test]
fn both_versions_and_the_first_difference_are_named() {
    let later = ("*", "@0.1.0", "@0.9.0");
    let guard = "transition-guard.wit";
    let decision = "record decision {";
    refused(
        &[
            later,
            (guard, decision, "record decision {\nscore: option<s64>,"),
        ],
        "opora:hooks 0.9.0",
        "`transition-guard`: record `decision` has the field `score`, which the contract has not",
    );
    refused(&[later], "opora:hooks 0.9.0", "`opora:hooks/");
}

#[test]
fn other_types_under_the_same_version_are_named() {
    let guard = "transition-guard.wit";
    let built = "something else under the name 0.1.0";
    refused(
        &[(guard, "        field: option<string>,\n", "")],
        built,
        "`transition-guard`: record `refusal` lacks the field `field`",
    );
    refused(
        &[(
            guard,
            "        locale: string,",
            "        locale: list<string>,",
        )],
        built,
        "`transition-guard`: `actor.locale` has another type",
    );
    refused(
        &[(
            "types.wit",
            "        /// Exact decimal number as text, such as `1250.50`.\n        decimal(string),\n",
            "",
        )],
        built,
        "variant `value` lacks the case `decimal`",
    );
    refused(
        &[(guard, "code: string,", "name: string,")],
        built,
        "record `refusal` has the field `name`, which the contract has not",
    );
}
