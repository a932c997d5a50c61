//! Gives each rule of a pack what runs it, and checks that it can run on something.

use std::collections::HashMap;
use std::sync::Arc;

use super::check;
use super::fault::Faults;
use super::hosts::{PluginUnit, ScriptUnit};
use super::manifest::Manifest;
use super::origin::Origin;
use super::rule_spec::RuleSpec;
use super::source::short;
use super::template::Templates;
use crate::domain::definitions::TypeDef;
use crate::domain::{Code, Definitions, Kind, builtin};
use crate::hooks::search::INDEXED;
use crate::hooks::{Hook, Rule, Runner};

/// What the hosts made of a pack's scripts and plugin.
pub(super) struct Hosted {
    pub(super) scripts: HashMap<String, Box<dyn ScriptUnit>>,
    pub(super) plugin: Option<Box<dyn PluginUnit>>,
}

/// A pack whose rules are made.
pub(super) struct Attacher<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) definitions: &'a Definitions,
    pub(super) origin: &'a Origin,
    pub(super) hosted: &'a Hosted,
    pub(super) templates: &'a Arc<Templates>,
}

impl Attacher<'_> {
    /// The rules with what runs them.
    pub(super) fn rules(&self, revision: [u8; 32], faults: &mut Faults) -> Vec<Arc<Rule>> {
        let manifest = self.manifest;
        let pack: Arc<str> = Arc::from(manifest.name.as_str());
        let version: Arc<str> = Arc::from(manifest.version.as_str());
        let mut rules = Vec::with_capacity(manifest.rules.len());
        for spec in &manifest.rules {
            if faults.is_full() {
                break;
            }
            if spec.hook == Hook::SearchDocument && !INDEXED.contains(&spec.kind) {
                let kinds: Vec<&str> = INDEXED.into_iter().map(Kind::name).collect();
                let message = format!(
                    "records of kind {} are not searched; searched are {}",
                    spec.kind.name(),
                    kinds.join(", ")
                );
                let place = format!("rule/{}/kind", spec.place);
                faults.push(self.origin.manifest.fault(&place, message));
            }
            if spec.hook.has_record() {
                self.check_scope(spec, faults);
                self.check_declared(spec, faults);
                self.check_manner(spec, faults);
            }
            let Some(mut runner) = self.runner(spec, faults) else {
                continue;
            };
            if spec.hook == Hook::NotifyCompose {
                runner = self.templates.around(runner);
            }
            rules.push(Arc::new(Rule {
                pack: pack.clone(),
                version: version.clone(),
                name: Arc::from(spec.name.as_str()),
                revision,
                hook: spec.hook,
                priority: spec.priority,
                kind: spec.kind,
                applies_to: spec.applies_to.clone(),
                reads: spec.reads.clone(),
                overrides: spec.overrides,
                when: spec.when.clone(),
                view: spec.view.clone(),
                writes: spec.writes.clone(),
                line: spec.line,
                manner: spec.manner.clone(),
                runner,
                tally: Arc::default(),
            }));
        }
        rules
    }

    /// Checks that a rule can run on something.
    fn check_scope(&self, spec: &RuleSpec, faults: &mut Faults) {
        let Self {
            definitions,
            origin,
            ..
        } = self;
        let place = format!("rule/{}", spec.place);
        let own: Vec<&TypeDef> = definitions
            .types
            .iter()
            .filter(|t| t.kind == spec.kind)
            .collect();
        let kind = spec.kind.name();
        if spec.applies_to.is_empty() && spec.kind.needs_type() && own.is_empty() {
            let message = format!(
                "rule `{}` runs on nothing: the pack defines no type of kind {kind}; name types in \
             applies_to, or \"*\" for every type",
                spec.name
            );
            faults.push(origin.manifest.fault(&place, message));
        }
        for (k, code) in spec.applies_to.iter().enumerate() {
            if faults.is_full() {
                break;
            }
            if code == "*" || Code::from(code.as_str()).pack() != Some(origin.pack.as_str()) {
                continue;
            }
            let name = check::bare(code);
            let message = match definitions.types.iter().find(|t| t.code == *code) {
                Some(t) if t.kind == spec.kind => continue,
                Some(t) => format!(
                    "type `{name}` is a {}, but the rule is for a {kind}; write kind = \"{}\"",
                    t.kind.name(),
                    t.kind.name()
                ),
                None if builtin::field(spec.kind, "type").is_none() => {
                    format!("records of kind {kind} have no types; take applies_to out")
                }
                None => format!("there is no type `{}` in this pack", short(name)),
            };
            let fault = origin
                .manifest
                .fault(&format!("{place}/applies_to/{k}"), message);
            let known = own.iter().map(|t| check::bare(&t.code));
            let exists = definitions.types.iter().any(|t| t.code == *code);
            faults.push(if exists {
                fault
            } else {
                fault.near(name, known)
            });
        }
    }

    fn runner(&self, spec: &RuleSpec, faults: &mut Faults) -> Option<Arc<dyn Runner>> {
        let Self { origin, hosted, .. } = self;
        let place = format!("rule/{}", spec.place);
        let Some(script) = &spec.script else {
            let plugin = hosted.plugin.as_ref()?;
            let hooks = plugin.hooks();
            let runner = plugin
                .runner(spec.hook)
                .filter(|_| hooks.contains(&spec.hook));
            if runner.is_none() {
                let names: Vec<&str> = hooks.iter().map(|h| h.name()).collect();
                let message = format!(
                    "the plugin does not implement `{}`; it implements {}",
                    spec.hook,
                    names.join(", ")
                );
                faults.push(origin.manifest.fault(&format!("{place}/hook"), message));
            }
            return runner;
        };
        // A script that did not compile was reported already.
        let unit = hosted.scripts.get(script)?;
        let functions = unit.functions();
        if !functions.contains(&spec.function) {
            let message = format!("`{script}` has no function `{}`", short(&spec.function));
            let fault = origin.manifest.fault(&format!("{place}/function"), message);
            faults.push(fault.near(&spec.function, functions.iter().map(String::as_str)));
            return None;
        }
        unit.runner(&spec.function)
            .map_err(|fault| faults.push(fault))
            .ok()
    }
}
