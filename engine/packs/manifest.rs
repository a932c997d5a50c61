//! `pack.toml`: what a pack is called, what it needs, its options and its rules.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::de::DeTable;

use super::fault::{Faults, PackFault};
use super::files::PackFiles;
use super::setting::{OptionSpec, read_option};
use super::source::{Source, short};
use crate::domain::{Code, Kind, Names, code};
use crate::hooks::Hook;

/// The version of the contract between packs and this engine.
pub const CONTRACT: &str = "0.1";
/// References that a rule may ask for beside its record.
pub const READS: [&str; 7] = [
    "account",
    "contact",
    "product",
    "asset",
    "contract",
    "assignee",
    "support_level",
];
/// Names that no pack may take: `local` holds the fields administrators add while running.
pub const RESERVED: [&str; 3] = ["local", "engine", "opora"];
/// Most rules of a pack.
pub const MAX_RULES: usize = 500;
/// Most options of a pack.
pub const MAX_OPTIONS: usize = 200;
/// Most packs that one needs.
const MAX_REQUIRES: usize = 50;
/// Most types a rule names.
const MAX_APPLIES: usize = 200;

const FILE: &str = "pack.toml";

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
    /// Packs that must be installed beside it; their rules come before its own.
    pub requires: Vec<String>,
    /// Options that administrators set, with their first values.
    pub options: BTreeMap<String, OptionSpec>,
    /// The rules, in the order of the file.
    pub rules: Vec<RuleSpec>,
    /// What takes the place of codes that earlier versions defined.
    pub replaced: Replaced,
}

/// One rule of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSpec {
    /// Name, unique in the pack.
    pub name: String,
    /// Hook.
    pub hook: Hook,
    /// Script file; without one the pack's plugin runs the rule.
    pub script: Option<String>,
    /// Function of the script.
    pub function: String,
    /// Kind of record it runs on.
    pub kind: Kind,
    /// Full codes of types, or `*`; empty: every type of the pack.
    pub applies_to: Vec<String>,
    /// What it reads beyond its record.
    pub reads: Vec<String>,
    /// Lower runs first.
    pub priority: i32,
    /// Whether it may replace a value that a person gave.
    pub overrides: bool,
    /// Place among the rules of the file, for faults.
    pub(super) place: usize,
}

/// Codes that an earlier version defined and their replacements. Types, statuses and fields are full
/// codes, options are `field:option` with the field's full code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Replaced {
    /// Types.
    #[serde(rename = "type")]
    pub types: BTreeMap<String, String>,
    /// Statuses.
    #[serde(rename = "status")]
    pub statuses: BTreeMap<String, String>,
    /// Fields.
    #[serde(rename = "field")]
    pub fields: BTreeMap<String, String>,
    /// Options of fields.
    #[serde(rename = "option")]
    pub options: BTreeMap<String, String>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    name: String,
    hook: String,
    script: Option<String>,
    function: Option<String>,
    #[serde(default = "ticket")]
    kind: Kind,
    #[serde(default)]
    applies_to: Vec<String>,
    #[serde(default)]
    reads: Vec<String>,
    #[serde(default)]
    priority: i32,
    #[serde(default, rename = "override")]
    overrides: bool,
}

fn ticket() -> Kind {
    Kind::Ticket
}

/// The path of the plugin that a manifest's text names, however wrong the rest of it is.
pub(super) fn plugin_path(text: &str) -> Option<String> {
    pack_key(text, "plugin")
}

/// The name that a pack gives itself, however wrong the rest of its manifest is.
pub(super) fn pack_name(files: &PackFiles) -> Option<String> {
    files.text(FILE).and_then(|text| pack_key(text, "name"))
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
    let rules = rules(&source, &mut root, faults);
    let replaced = match root.remove("replaced") {
        Some(value) => source.read(value, faults).unwrap_or_default(),
        None => Replaced::default(),
    };
    source.unknown_keys(&root, &["pack", "options", "rule", "replaced"], faults);
    let pack = pack?;
    check_pack(&source, &pack, files, faults);
    let rules = resolve_rules(&source, &pack, rules, files, faults);
    let manifest = Manifest {
        replaced: qualify_replaced(&pack.name, replaced),
        name: pack.name,
        version: pack.version,
        engine: pack.engine,
        names: pack.names,
        plugin: pack.plugin,
        requires: pack.requires,
        options,
        rules,
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

/// The rules that could be read, each with its place in the file.
fn rules(source: &Source, root: &mut DeTable<'_>, faults: &mut Faults) -> Vec<(usize, RawRule)> {
    let items = source.elements(root, "rule", faults);
    if items.len() > MAX_RULES {
        let message = format!("{} rules are over the limit of {MAX_RULES}", items.len());
        faults.push(source.fault("rule", message));
        return Vec::new();
    }
    items
        .into_iter()
        .enumerate()
        .filter_map(|(i, item)| source.read(item, faults).map(|rule| (i, rule)))
        .collect()
}

fn check_pack(source: &Source, pack: &RawPack, files: &PackFiles, faults: &mut Faults) {
    if let Some(why) = code::fault(&pack.name) {
        let message = format!("pack name `{}` {why}", short(&pack.name));
        faults.push(source.fault("pack/name", message));
    } else if RESERVED.contains(&pack.name.as_str()) {
        let message = format!(
            "pack name `{}` is the engine's own; choose another",
            pack.name
        );
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

fn resolve_rules(
    source: &Source,
    pack: &RawPack,
    raw: Vec<(usize, RawRule)>,
    files: &PackFiles,
    faults: &mut Faults,
) -> Vec<RuleSpec> {
    let mut rules: Vec<RuleSpec> = Vec::with_capacity(raw.len());
    for (i, rule) in raw {
        if faults.is_full() {
            break;
        }
        if let Some(why) = code::fault(&rule.name) {
            let message = format!("name of rule `{}` {why}", short(&rule.name));
            faults.push(source.fault(&format!("rule/{i}/name"), message));
        }
        if rules.iter().any(|r| r.name == rule.name) {
            let message = format!(
                "rule `{}` stands twice; names are unique in a pack",
                rule.name
            );
            faults.push(source.fault(&format!("rule/{i}/name"), message));
        }
        let hook = rule_hook(source, i, &rule.hook, faults);
        check_runner(source, i, &rule, pack, files, faults);
        check_reads(source, i, &rule, faults);
        let Some(hook) = hook else { continue };
        let full = |name: &String| match name.as_str() {
            "*" => name.clone(),
            _ => Code::qualify(&pack.name, name).0,
        };
        let function = rule.function.unwrap_or_else(|| rule.name.replace('-', "_"));
        rules.push(RuleSpec {
            name: rule.name,
            hook,
            script: rule.script,
            function,
            kind: rule.kind,
            applies_to: rule.applies_to.iter().map(full).collect(),
            reads: rule.reads,
            priority: rule.priority,
            overrides: rule.overrides,
            place: i,
        });
    }
    rules
}

fn rule_hook(source: &Source, i: usize, name: &str, faults: &mut Faults) -> Option<Hook> {
    let path = format!("rule/{i}/hook");
    match Hook::ALL.into_iter().find(|h| h.name() == name) {
        Some(Hook::Define) => {
            let message = "`pack.define` is called while the pack is loaded; no rule attaches to it, \
                           take the rule out";
            faults.push(source.fault(&path, message));
            None
        }
        Some(hook) => Some(hook),
        None => {
            let known = Hook::ALL.iter().map(|h| h.name());
            let message = format!("there is no hook `{}`", short(name));
            faults.push(source.fault(&path, message).near(name, known));
            None
        }
    }
}

fn check_runner(
    source: &Source,
    i: usize,
    rule: &RawRule,
    pack: &RawPack,
    files: &PackFiles,
    faults: &mut Faults,
) {
    let Some(script) = &rule.script else {
        if pack.plugin.is_none() {
            let message = format!(
                "rule `{}` has no script and the pack no plugin; write script = \"FILE.rhai\"",
                short(&rule.name)
            );
            faults.push(source.fault(&format!("rule/{i}"), message));
        } else if rule.function.is_some() {
            let message = "`function` belongs to a script; a plugin's rule is called by its hook";
            faults.push(source.fault(&format!("rule/{i}/function"), message));
        }
        return;
    };
    if !(script.ends_with(".rhai") && files.files.contains_key(script)) {
        let known = files.files.keys().filter(|p| p.ends_with(".rhai"));
        let message = format!("script `{}` is not a .rhai file of the pack", short(script));
        faults.push(
            source
                .fault(&format!("rule/{i}/script"), message)
                .near(script, known.map(String::as_str)),
        );
    }
}

fn check_reads(source: &Source, i: usize, rule: &RawRule, faults: &mut Faults) {
    for (k, name) in rule.reads.iter().enumerate() {
        if faults.is_full() {
            return;
        }
        let path = format!("rule/{i}/reads/{k}");
        if !READS.contains(&name.as_str()) {
            let message = format!(
                "rules cannot read `{}`; they read {}",
                short(name),
                READS.join(", ")
            );
            faults.push(source.fault(&path, message).near(name, READS));
        }
    }
    if rule.applies_to.len() > MAX_APPLIES {
        let message = format!(
            "{} types are over the limit of {MAX_APPLIES}; write \"*\" for every type",
            rule.applies_to.len()
        );
        faults.push(source.fault(&format!("rule/{i}/applies_to"), message));
    }
}

fn qualify_replaced(pack: &str, replaced: Replaced) -> Replaced {
    let full = |code: String| Code::qualify(pack, &code).0;
    let all = |codes: BTreeMap<String, String>| -> BTreeMap<String, String> {
        codes.into_iter().map(|(a, b)| (full(a), full(b))).collect()
    };
    // The replacement of an option is an option of the same field unless it names another.
    let options = replaced.options.into_iter().map(|(old, new)| {
        let old = full(old);
        let new = match (old.split_once(':'), new.contains(':')) {
            (Some((field, _)), false) => format!("{field}:{new}"),
            _ => full(new),
        };
        (old, new)
    });
    Replaced {
        options: options.collect(),
        types: all(replaced.types),
        statuses: all(replaced.statuses),
        fields: all(replaced.fields),
    }
}
