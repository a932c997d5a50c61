//! `pack.toml`: what a pack is called, what it needs, its options and its rules.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::de::DeTable;

use super::asks::{self, Grants};
use super::fault::{Faults, PackFault};
use super::files::PackFiles;
use super::plugin_limits::{self, PluginLimits};
use super::replaced::Replaced;
use super::rule_spec::{self, RuleSpec};
use super::seed;
use super::setting::{OptionSpec, read_option};
use super::source::{Source, short};
use crate::domain::{Names, code};

/// The version of the contract between packs and this engine.
pub const CONTRACT: &str = "0.1";
/// Names that no pack may take: `local` holds the fields administrators add while running.
pub const RESERVED: [&str; 3] = ["local", "engine", "opora"];
/// Most options of a pack.
pub const MAX_OPTIONS: usize = 200;
/// Most packs that one needs.
pub const MAX_REQUIRES: usize = 50;
const FILE: &str = "pack.toml";
/// Tables of the file.
const KEYS: [&str; 6] = [
    "pack",
    "options",
    "rule",
    "replaced",
    "capabilities",
    "limits",
];

/// What `pack.toml` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Name: the namespace of everything the pack defines.
    pub name: String,
    /// Version, `1.2.3`.
    pub version: String,
    /// The contract version the pack was written for.
    pub engine: String,
    /// Names for people by locale.
    pub names: Names,
    /// Path of the plugin, when the pack has one.
    pub plugin: Option<String>,
    /// What the plugin asks for beyond the usual budgets.
    pub limits: PluginLimits,
    /// Packs that must be installed beside it; their rules come before its own.
    pub requires: Vec<String>,
    /// Options that administrators set, with their first values.
    pub options: BTreeMap<String, OptionSpec>,
    /// The rules, in the order of the file.
    pub rules: Vec<RuleSpec>,
    /// What takes the place of codes that earlier versions defined.
    pub replaced: Replaced,
    /// What it asks to be allowed.
    pub asks: Grants,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPack {
    name: String,
    version: String,
    engine: String,
    #[serde(default)]
    names: Names,
    plugin: Option<String>,
    #[serde(default)]
    requires: Vec<String>,
}

/// The path of the plugin that a manifest's text names, however wrong the rest of it is.
pub(super) fn plugin_path(text: &str) -> Option<String> {
    pack_key(text, "plugin")
}

/// The name that a pack gives itself, however wrong the rest of its manifest is.
#[must_use]
pub fn pack_name(files: &PackFiles) -> Option<String> {
    files.text(FILE).and_then(|text| pack_key(text, "name"))
}

/// What is wrong with the name of a pack.
#[must_use]
pub fn name_fault(name: &str) -> Option<String> {
    if let Some(why) = code::fault(name) {
        return Some(format!("pack name `{}` {why}", short(name)));
    }
    let own = RESERVED.contains(&name);
    own.then(|| format!("pack name `{name}` is the engine's own; choose another"))
}

fn pack_key(text: &str, key: &str) -> Option<String> {
    let tree = DeTable::parse(text).ok()?;
    let pack = tree.get_ref().get("pack")?.get_ref().as_table()?;
    pack.get(key)?.get_ref().as_str().map(str::to_owned)
}

/// Reads the manifest of a pack.
pub(super) fn read(files: &PackFiles, faults: &mut Faults) -> Option<(Manifest, Source)> {
    let Some(text) = files.text(FILE) else {
        faults.push(PackFault::of_file(
            "",
            FILE,
            "is missing; a pack begins with a [pack] table that has name, version and engine",
        ));
        return None;
    };
    let mut source = Source::new("", FILE, text);
    let tree_source = source.clone();
    let mut root = tree_source.tree(faults)?;
    let pack: Option<RawPack> = match root.remove("pack") {
        Some(value) => source.read(value, faults),
        None => {
            faults.push(source.at(
                0,
                "no [pack] table; write one with name, version and engine",
            ));
            None
        }
    };
    if let Some(pack) = &pack {
        source.pack.clone_from(&pack.name);
    }
    let options = options(&source, &mut root, faults);
    let rules = rule_spec::read(&source, &mut root, faults);
    let limits = plugin_limits::read(&source, &mut root, faults);
    let replaced = match root.remove("replaced") {
        Some(value) => source.read(value, faults).unwrap_or_default(),
        None => Replaced::default(),
    };
    let capabilities = root.remove("capabilities");
    source.unknown_keys(&root, &KEYS, faults);
    let pack = pack?;
    check_pack(&source, &pack, files, faults);
    let home = rule_spec::Home {
        source: &source,
        pack: &pack.name,
        has_plugin: pack.plugin.is_some(),
        files,
    };
    let rules = home.resolve(rules, faults);
    let mut asks = asks::read(&source, capabilities, limits, &rules, faults);
    if seed::any(files) {
        asks.ask("effect:create");
    }
    let manifest = Manifest {
        replaced: replaced.qualified(&pack.name),
        name: pack.name,
        version: pack.version,
        engine: pack.engine,
        names: pack.names,
        plugin: pack.plugin,
        limits,
        requires: pack.requires,
        options,
        rules,
        asks,
    };
    Some((manifest, source))
}

fn options(
    source: &Source,
    root: &mut DeTable<'_>,
    faults: &mut Faults,
) -> BTreeMap<String, OptionSpec> {
    let mut options = BTreeMap::new();
    let Some(value) = root.remove("options") else {
        return options;
    };
    let start = value.span().start;
    let toml::de::DeValue::Table(table) = value.into_inner() else {
        faults.push(source.at(start, "`options` must hold tables; write `[options.NAME]`"));
        return options;
    };
    if table.len() > MAX_OPTIONS {
        let message = format!(
            "{} options are over the limit of {MAX_OPTIONS}",
            table.len()
        );
        faults.push(source.at(start, message));
        return options;
    }
    for (key, value) in table {
        let name = key.get_ref().clone().into_owned();
        if let Some(why) = code::fault(&name) {
            let message = format!("name of option `{}` {why}", short(&name));
            faults.push(source.at(key.span().start, message));
        } else if let Some(spec) = read_option(source, value, faults) {
            options.insert(name, spec);
        }
    }
    options
}

fn check_pack(source: &Source, pack: &RawPack, files: &PackFiles, faults: &mut Faults) {
    if let Some(message) = name_fault(&pack.name) {
        faults.push(source.fault("pack/name", message));
    }
    if !is_version(&pack.version) {
        let message = format!(
            "`{}` is not a version; write three numbers, such as 1.0.0",
            short(&pack.version)
        );
        faults.push(source.fault("pack/version", message));
    }
    if pack.engine != CONTRACT {
        let message = format!(
            "the pack is written for contract `{}`, this engine speaks {CONTRACT}; write \
             engine = \"{CONTRACT}\" if the pack fits it",
            short(&pack.engine)
        );
        faults.push(source.fault("pack/engine", message));
    }
    if pack.requires.len() > MAX_REQUIRES {
        let message = format!(
            "{} packs are over the limit of {MAX_REQUIRES}",
            pack.requires.len()
        );
        faults.push(source.fault("pack/requires", message));
    }
    for (i, name) in pack.requires.iter().enumerate().take(MAX_REQUIRES) {
        let message = if *name == pack.name {
            "a pack cannot require itself".to_owned()
        } else if let Some(why) = code::fault(name) {
            format!("pack name `{}` {why}", short(name))
        } else {
            continue;
        };
        faults.push(source.fault(&format!("pack/requires/{i}"), message));
    }
    if let Some(plugin) = &pack.plugin
        && !(plugin.ends_with(".wasm") && files.files.contains_key(plugin))
    {
        let known = files.files.keys().filter(|p| p.ends_with(".wasm"));
        let message = format!("plugin `{}` is not a .wasm file of the pack", short(plugin));
        faults.push(
            source
                .fault("pack/plugin", message)
                .near(plugin, known.map(String::as_str)),
        );
    }
}

/// Whether the text is `1.2.3`, with an optional `-pre.release`.
fn is_version(text: &str) -> bool {
    let (numbers, pre) = text
        .split_once('-')
        .map_or((text, None), |(n, pre)| (n, Some(pre)));
    let parts: Vec<&str> = numbers.split('.').collect();
    let number = |p: &&str| (1..=9).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    let tail = |p: &str| {
        !p.is_empty()
            && p.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
    };
    text.len() <= 64 && parts.len() == 3 && parts.iter().all(number) && pre.is_none_or(tail)
}
