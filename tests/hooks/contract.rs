//! What the contract promises to plugins that exist: published folders stay as they are, plugins built
//! for them keep loading, and what does not fit is refused with the first difference.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use opora::hooks::wasm::{CONTRACT_VERSION, CONTRACT_VERSIONS, LoadError, encode};
use opora::hooks::{Hook, reference};
use sha2::{Digest, Sha256};
use wit_parser::abi::{AbiVariant, WasmType};

use super::conformance::check;
use super::fixtures;
use super::support::{bytes, host, path};

/// Every published folder of `sdk/wit` with the hash of its files. A new folder adds a line; a line is
/// never changed.
const PUBLISHED: [(&str, &str); 5] = [
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
    (
        "1.0.0",
        "52a8ed7f7d0b3bd8d496d6a0c9832a2387347c6094504244155ae8c815527c4b",
    ),
];

/// Fixtures of what the rules of the plugin have only since a version; no published one has the
/// youngest rules.
const SINCE: [(&str, &str); 2] = [
    ("notify.compose/html", "1.0.0"),
    ("notify.compose/template", "after 1.0.0"),
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
            let since = SINCE.iter().find(|(name, _)| *name == fixture.name);
            if fixture.only.is_none() && since.is_none_or(|(_, since)| version >= *since) {
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
    built(CONTRACT_VERSION, ("transition-guard", "guard"), changes)
}

/// A plugin that implements an interface, with its one function, of a contract made of a published one
/// by replacing texts.
fn built<'a>(
    mut version: &'a str,
    (interface, function): (&str, &str),
    changes: &[(&str, &str, &'a str)],
) -> Vec<u8> {
    let base = version;
    let mut resolve = wit_parser::Resolve::default();
    let mut push = |all: &BTreeMap<String, String>| {
        let mut sources = wit_parser::SourceMap::default();
        for (name, text) in all {
            sources.push_str(name, text.clone());
        }
        let group = sources.parse().map_err(|(_, e)| e).expect("a contract");
        resolve.push_group(group).expect("a contract")
    };
    // Those before 1.0.0 hold what each of them added.
    if version.starts_with("0.") {
        for (earlier, _) in PUBLISHED.iter().take_while(|(v, _)| *v != version) {
            push(&texts(earlier));
        }
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
    let id = resolve.packages[package].interfaces[interface];
    let declared = &resolve.interfaces[id].functions[function];
    let signature = resolve.wasm_signature(AbiVariant::GuestExport, declared);
    let params: Vec<&str> = signature.params.iter().map(core_type).collect();
    // A plugin calls what it needs of what is offered, and no more.
    let log = if base.starts_with("0.") {
        "0.1.0"
    } else {
        version
    };
    let mut module = wat::parse_str(format!(
        r#"(module
            (import "opora:hooks/log@{log}" "panicked" (func (param i32 i32 i32 i32 i32 i32)))
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "opora:hooks/{interface}@{version}#{function}")
                (param {}) (result i32) unreachable))"#,
        params.join(" ")
    ))
    .expect("a module");
    let utf8 = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, utf8).expect("metadata");
    encode(&module).expect("a component")
}

fn core_type(ty: &WasmType) -> &'static str {
    match ty {
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
    }
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
    assert_eq!(plugin.hooks(), [Hook::TransitionGuard]);
    assert_eq!(plugin.interfaces().len(), 1);
}

/// Each interface, in a plugin of its own, under the version that offers it and the one that had it
/// first.
#[test]
fn every_interface_loads_under_the_versions_that_have_it() {
    let mut loaded = 0;
    for r in reference() {
        for interface in r.interfaces {
            for version in interface.earlier.into_iter().chain([interface.version]) {
                let function = function(version, interface.name);
                let plugin = built(version, (interface.name, &function), &[]);
                let plugin = host().load("even", version, &plugin);
                let plugin = plugin.unwrap_or_else(|e| panic!("{}: {e}", interface.name));
                assert_eq!(plugin.hooks(), [r.hook], "{} of {version}", interface.name);
                loaded += 1;
            }
        }
    }
    assert_eq!(loaded, 54);
}

/// The one function of an interface.
fn function(version: &str, interface: &str) -> String {
    let texts = texts(version);
    let lines = texts[&format!("{interface}.wit")].lines();
    let mut names = lines.filter_map(|line| line.trim().split_once(": func("));
    let (name, _) = names.next().expect("a function");
    name.to_owned()
}

#[test]
fn differences_of_an_earlier_version_are_named() {
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
    // An interface of a version that never had it must not be taken for the one that is offered.
    for version in ["0.3.0", "1.1.0"] {
        let moved = format!("hooks@{version}");
        refuses(
            &built("0.2.0", filter, &[("*", "hooks@0.2.0", &moved)]),
            &format!("opora:hooks {version}"),
            &format!("exports `opora:hooks/access-filter@{version}`, which is of 0.2.0 and 1.0.0"),
        );
    }
}

#[test]
fn both_versions_and_the_first_difference_are_named() {
    let guard = "transition-guard.wit";
    let decision = "record decision {";
    for (version, later) in [("0.9.0", "@0.9.0"), ("1.9.0", "@1.9.0")] {
        let later = ("*", "@1.0.0", later);
        let score = (guard, decision, "record decision {\nscore: option<s64>,");
        refused(
            &[later, score],
            &format!("opora:hooks {version}"),
            "`transition-guard`: record `decision` has the field `score`, which the contract has not",
        );
        refused(&[later], &format!("opora:hooks {version}"), "`opora:hooks/");
    }
}

#[test]
fn other_types_under_the_same_version_are_named() {
    let guard = "transition-guard.wit";
    for version in ["0.1.0", "1.0.0"] {
        let differs = |change: (&str, &str, &str), difference: &str| {
            let plugin = built(version, ("transition-guard", "guard"), &[change]);
            let built = format!("something else under the name {version}");
            refuses(&plugin, &built, difference);
        };
        differs(
            (guard, "        field: option<string>,\n", ""),
            "`transition-guard`: record `refusal` lacks the field `field`",
        );
        differs(
            (
                guard,
                "        locale: string,",
                "        locale: list<string>,",
            ),
            "`transition-guard`: `actor.locale` has the type `list<string>` where the contract has `string`",
        );
        differs(
            (
                "types.wit",
                "        /// Exact decimal number as text, such as `1250.50`.\n        decimal(string),\n",
                "",
            ),
            "variant `value` lacks the case `decimal`",
        );
        differs(
            (guard, "code: string,", "name: string,"),
            "record `refusal` has the field `name` where the contract has `code`",
        );
    }
}

/// A plugin as it is built: it imports a part of what is offered, which is no difference.
#[test]
fn what_a_plugin_leaves_out_is_no_difference() {
    let mut plugin = bytes("tests/hooks/published/1.0.0.wasm");
    let (from, to) = (b"category", b"categoyr");
    let places: Vec<usize> = (0..plugin.len().saturating_sub(from.len()))
        .filter(|at| plugin[*at..].starts_with(from))
        .collect();
    for at in places {
        plugin[at..at + to.len()].copy_from_slice(to);
    }
    refuses(
        &plugin,
        "something else under the name 1.0.0",
        "has the field `categoyr` where the contract has `category`",
    );
    let guard = built_for(&[(
        "transition-guard.wit",
        "category: option",
        "categoyr: option",
    )]);
    refuses(
        &guard,
        "something else under the name 1.0.0",
        "first difference: `transition-guard`: record `view` has the field `categoyr` where the \
         contract has `category`",
    );
}

/// The interfaces of 1.0.0 are those of the versions before it, line for line but for what is said
/// about them.
#[test]
fn what_the_versions_before_had_is_in_the_first_whole_one() {
    let bare = |text: &str| {
        let lines = text.lines().filter(|line| {
            let line = line.trim_start();
            !line.starts_with("///") && !line.starts_with("package ")
        });
        let lines: Vec<&str> = lines.collect();
        lines
            .join("\n")
            .replace("opora:hooks/types@0.1.0.", "types.")
    };
    let whole = texts("1.0.0");
    let mut had = BTreeMap::new();
    for (version, _) in PUBLISHED.iter().filter(|(v, _)| v.starts_with("0.")) {
        had.append(&mut texts(version));
    }
    assert_eq!(
        whole.keys().collect::<Vec<_>>(),
        had.keys().collect::<Vec<_>>()
    );
    for (file, text) in had.iter().filter(|(file, _)| *file != "worlds.wit") {
        assert_eq!(bare(&whole[file]), bare(text), "{file}");
    }
}
