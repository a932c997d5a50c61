//! One `[[rule]]` of a manifest.

use serde::Deserialize;
use toml::de::DeTable;

use super::fault::Faults;
use super::files::PackFiles;
use super::manner::{self, RawManner, RawOnce};
use super::source::{Source, short};
use super::when::{self, RawCondition};
use crate::domain::{Code, Kind, Names, code};
use crate::hooks::{Condition, Hook, Manner, Reads};

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
/// Most rules of a pack.
pub const MAX_RULES: usize = 500;
/// Most types a rule names.
const MAX_APPLIES: usize = 200;

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
    /// Conditions under which it is called.
    pub when: Vec<Condition>,
    /// Fields that its view is cut down to.
    pub view: Reads,
    /// Fields that it may set; none: whatever it wants.
    pub writes: Option<Vec<String>>,
    /// Line in the file.
    pub line: u32,
    /// What its hook needs to know of it.
    pub manner: Manner,
    /// Place among the rules of the file, for faults.
    pub(super) place: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    name: String,
    hook: String,
    script: Option<String>,
    function: Option<String>,
    kind: Option<Kind>,
    #[serde(default)]
    applies_to: Vec<String>,
    #[serde(default)]
    reads: Vec<String>,
    #[serde(default)]
    priority: i32,
    #[serde(default, rename = "override")]
    overrides: bool,
    #[serde(default)]
    when: Vec<RawCondition>,
    writes: Option<Vec<String>>,
    action: Option<String>,
    names: Option<Names>,
    portal: Option<bool>,
    fields: Option<Vec<String>>,
    once: Option<RawOnce>,
}

impl RawRule {
    fn take_manner(&mut self) -> RawManner {
        RawManner {
            action: self.action.take(),
            names: self.names.take(),
            portal: self.portal.take(),
            fields: self.fields.take(),
            once: self.once.take(),
        }
    }
}

/// The rules that could be read, each with its place in the file.
pub(super) fn read(
    source: &Source,
    root: &mut DeTable<'_>,
    faults: &mut Faults,
) -> Vec<(usize, RawRule)> {
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

/// Where the rules stand.
pub(super) struct Home<'a> {
    pub(super) source: &'a Source,
    pub(super) pack: &'a str,
    pub(super) has_plugin: bool,
    pub(super) files: &'a PackFiles,
}

impl Home<'_> {
    /// The rules in the namespace of their pack, those left out whose hook is unknown.
    pub(super) fn resolve(&self, raw: Vec<(usize, RawRule)>, faults: &mut Faults) -> Vec<RuleSpec> {
        let mut rules: Vec<RuleSpec> = Vec::with_capacity(raw.len());
        for (i, mut rule) in raw {
            if faults.is_full() {
                break;
            }
            if let Some(why) = code::fault(&rule.name) {
                let message = format!("name of rule `{}` {why}", short(&rule.name));
                faults.push(self.source.fault(&format!("rule/{i}/name"), message));
            }
            if rules.iter().any(|r| r.name == rule.name) {
                let message = format!(
                    "rule `{}` stands twice; names are unique in a pack",
                    rule.name
                );
                faults.push(self.source.fault(&format!("rule/{i}/name"), message));
            }
            let hook = self.hook(i, &rule.hook, faults);
            self.check_runner(i, &rule, faults);
            self.check_reads(i, &rule, faults);
            let Some(hook) = hook else { continue };
            self.check_recordless(i, hook, &rule, faults);
            let full = |name: &String| match name.as_str() {
                "*" => name.clone(),
                _ => Code::qualify(self.pack, name).0,
            };
            let manner = manner::read(self.source, i, rule.take_manner(), hook, faults);
            let line = self.source.fault(&format!("rule/{i}"), "").line;
            let conditions = when::read(self.source, i, rule.when, &rule.reads, faults);
            let (reads, view) = when::split(&rule.reads);
            let function = rule.function.unwrap_or_else(|| rule.name.replace('-', "_"));
            rules.push(RuleSpec {
                name: rule.name,
                hook,
                script: rule.script,
                function,
                kind: rule.kind.unwrap_or_else(|| hook.usual_kind()),
                applies_to: rule.applies_to.iter().map(full).collect(),
                reads,
                priority: rule.priority,
                overrides: rule.overrides,
                when: conditions,
                view,
                writes: rule.writes,
                line,
                manner,
                place: i,
            });
        }
        rules
    }

    fn hook(&self, i: usize, name: &str, faults: &mut Faults) -> Option<Hook> {
        let path = format!("rule/{i}/hook");
        match Hook::ALL.into_iter().find(|h| h.name() == name) {
            Some(Hook::Define) => {
                let message = "`pack.define` is called while the pack is loaded; no rule attaches to it, \
                           take the rule out";
                faults.push(self.source.fault(&path, message));
                None
            }
            Some(hook) => Some(hook),
            None => {
                let known = Hook::ALL.iter().map(|h| h.name());
                let message = format!("there is no hook `{}`", short(name));
                faults.push(self.source.fault(&path, message).near(name, known));
                None
            }
        }
    }

    /// A rule that is called about no record says nothing of records.
    fn check_recordless(&self, i: usize, hook: Hook, rule: &RawRule, faults: &mut Faults) {
        if hook.has_record() {
            return;
        }
        let given = [
            ("kind", rule.kind.is_some()),
            ("applies_to", !rule.applies_to.is_empty()),
            ("reads", !rule.reads.is_empty()),
            ("writes", rule.writes.is_some()),
            ("when", !rule.when.is_empty()),
        ];
        for (key, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
            let message =
                format!("`{hook}` is about no record, so `{key}` says nothing; take it out");
            faults.push(self.source.fault(&format!("rule/{i}/#{key}"), message));
        }
    }

    fn check_runner(&self, i: usize, rule: &RawRule, faults: &mut Faults) {
        let Some(script) = &rule.script else {
            if !self.has_plugin {
                let message = format!(
                    "rule `{}` has no script and the pack no plugin; write script = \"FILE.rhai\"",
                    short(&rule.name)
                );
                faults.push(self.source.fault(&format!("rule/{i}"), message));
            } else if rule.function.is_some() {
                let message =
                    "`function` belongs to a script; a plugin's rule is called by its hook";
                faults.push(self.source.fault(&format!("rule/{i}/function"), message));
            }
            return;
        };
        if !(script.ends_with(".rhai") && self.files.files.contains_key(script)) {
            let known = self.files.files.keys().filter(|p| p.ends_with(".rhai"));
            let message = match script.ends_with(".rhai") {
                true => format!("the pack has no file `{}`", short(script)),
                false => format!("script `{}` is no .rhai file", short(script)),
            };
            faults.push(
                self.source
                    .fault(&format!("rule/{i}/script"), message)
                    .near(script, known.map(String::as_str)),
            );
        }
    }

    fn check_reads(&self, i: usize, rule: &RawRule, faults: &mut Faults) {
        when::check_reads(self.source, i, &rule.reads, faults);
        let most = when::MAX_NAMED;
        if rule.reads.len() > most || rule.writes.as_ref().is_some_and(|w| w.len() > most) {
            let message = format!("a rule names at most {most} fields that it reads or writes");
            faults.push(self.source.fault(&format!("rule/{i}"), message));
        }
        if rule.applies_to.len() > MAX_APPLIES {
            let message = format!(
                "{} types are over the limit of {MAX_APPLIES}; write \"*\" for every type",
                rule.applies_to.len()
            );
            faults.push(self.source.fault(&format!("rule/{i}/applies_to"), message));
        }
    }
}
