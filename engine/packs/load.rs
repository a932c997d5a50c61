//! From the files of a pack to what it defines and the rules it brings.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::check;
use super::fault::{Faults, PackFault};
use super::files::PackFiles;
use super::hosts::{Hosts, PluginUnit, ScriptUnit};
use super::manifest::{self, Manifest, RuleSpec};
use super::origin::Origin;
use super::read;
use super::source::{Source, short};
use crate::domain::definitions::TypeDef;
use crate::domain::{Code, Definitions, Value, builtin};
use crate::hooks::{Rule, Runner};

/// A pack that is whole in itself: every code in its namespace, every rule with what runs it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What `pack.toml` says.
    pub manifest: Manifest,
    /// Hash of the files: the name of the revision.
    pub revision: [u8; 32],
    /// What the pack defines, with full codes.
    pub definitions: Definitions,
    /// The rules, in the order of the manifest.
    pub rules: Vec<Arc<Rule>>,
    /// The options' values.
    pub options: Arc<BTreeMap<String, Value>>,
    /// Hashes of the scripts and the plugin that rules run, by path.
    pub(super) code: BTreeMap<String, [u8; 32]>,
    pub(super) origin: Origin,
}

impl Loaded {
    /// Name of the pack.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.manifest.name
    }

    /// The pack with options as an administrator set them; those not named keep their first value.
    ///
    /// # Errors
    /// When an option does not exist or a value has another type than the first one.
    pub fn with_options(&self, set: &BTreeMap<String, Value>) -> Result<Self, Vec<PackFault>> {
        let mut faults = Faults::default();
        let mut options: BTreeMap<String, Value> = self
            .manifest
            .options
            .iter()
            .map(|(name, spec)| (name.clone(), spec.value.clone()))
            .collect();
        let known: Vec<String> = options.keys().cloned().collect();
        for (name, value) in set {
            match options.get_mut(name) {
                Some(old) if std::mem::discriminant(old) == std::mem::discriminant(value) => {
                    old.clone_from(value);
                }
                Some(old) => {
                    let message = format!(
                        "option `{name}` holds values such as `{}`, not `{}`",
                        short(&old.to_json().to_string()),
                        short(&value.to_json().to_string())
                    );
                    let path = format!("options/{name}/value");
                    faults.push(self.origin.manifest.fault(&path, message));
                }
                None => {
                    let message = format!("the pack has no option `{}`", short(name));
                    let fault = PackFault::of_file(self.name(), "pack.toml", message);
                    faults.push(fault.near(name, known.iter().map(String::as_str)));
                }
            }
        }
        faults.or(Self {
            options: Arc::new(options),
            ..self.clone()
        })
    }
}

/// Reads, checks and compiles a pack by itself. References to other packs are checked when the packs
/// come together in a [`super::Catalog`].
///
/// # Errors
/// Everything that is wrong, up to [`super::MAX_FAULTS`] faults, in the order of files and lines.
pub fn load(files: &PackFiles, hosts: &dyn Hosts) -> Result<Loaded, Vec<PackFault>> {
    let mut faults = Faults::default();
    faults.extend(files.check(""));
    let loaded = if faults.is_empty() {
        assemble(files, hosts, &mut faults)
    } else {
        None
    };
    if loaded.is_none() && faults.is_empty() {
        let message = "the pack could not be read";
        faults.push(PackFault::of_file("", "pack.toml", message));
    }
    match loaded {
        Some(loaded) => faults.or(loaded),
        None => Err(faults.into_vec()),
    }
    .map_err(|mut faults| {
        // Faults found before the name was known belong to the pack as well.
        let name = manifest::pack_name(files).unwrap_or_default();
        for fault in faults.iter_mut().filter(|f| f.pack.is_empty()) {
            fault.pack.clone_from(&name);
        }
        faults
    })
}

fn assemble(files: &PackFiles, hosts: &dyn Hosts, faults: &mut Faults) -> Option<Loaded> {
    let manifest = manifest::read(files, faults);
    let name = manifest.as_ref().map_or("", |(m, _)| m.name.as_str());
    let file = files
        .text(read::FILE)
        .map(|text| Source::new(name, read::FILE, text));
    let of_file = match &file {
        Some(source) => read::read(source, faults),
        None => Some(Definitions::default()),
    };
    let (manifest, source) = manifest?;
    let plugin = load_plugin(&manifest, files, hosts, faults);
    let scripts = compile(&manifest, files, hosts, faults);
    let mut definitions = of_file?;
    let origin = Origin::new(source, file, manifest.plugin.clone(), &definitions);
    if let Some(plugin) = &plugin {
        add_defined(&origin, &**plugin, &mut definitions, faults);
    }
    check::check(&origin, &mut definitions, faults);
    check_replaced(&manifest, &definitions, &origin, faults);
    let revision = files.hash();
    let hosted = Hosted { scripts, plugin };
    let rules = rules(&manifest, &definitions, &origin, &hosted, revision, faults);
    let options = manifest
        .options
        .iter()
        .map(|(name, spec)| (name.clone(), spec.value.clone()))
        .collect();
    Some(Loaded {
        revision,
        definitions,
        rules,
        options: Arc::new(options),
        code: code_hashes(&manifest, files),
        origin,
        manifest,
    })
}

fn code_hashes(manifest: &Manifest, files: &PackFiles) -> BTreeMap<String, [u8; 32]> {
    let scripts = manifest.rules.iter().filter_map(|r| r.script.as_ref());
    scripts
        .chain(&manifest.plugin)
        .filter_map(|path| {
            let bytes = files.files.get(path)?;
            Some((path.clone(), Sha256::digest(bytes).into()))
        })
        .collect()
}

/// What the hosts made of a pack's scripts and plugin.
struct Hosted {
    scripts: HashMap<String, Box<dyn ScriptUnit>>,
    plugin: Option<Box<dyn PluginUnit>>,
}

fn load_plugin(
    manifest: &Manifest,
    files: &PackFiles,
    hosts: &dyn Hosts,
    faults: &mut Faults,
) -> Option<Box<dyn PluginUnit>> {
    let path = manifest.plugin.as_ref()?;
    let bytes = files.files.get(path)?;
    match hosts.load_plugin(&manifest.name, &manifest.version, bytes) {
        Ok(plugin) => Some(plugin),
        Err(mut fault) => {
            fault.pack.clone_from(&manifest.name);
            fault.file.clone_from(path);
            faults.push(fault);
            None
        }
    }
}

fn compile(
    manifest: &Manifest,
    files: &PackFiles,
    hosts: &dyn Hosts,
    faults: &mut Faults,
) -> HashMap<String, Box<dyn ScriptUnit>> {
    let mut named: Vec<&String> = manifest
        .rules
        .iter()
        .filter_map(|r| r.script.as_ref())
        .collect();
    named.sort();
    named.dedup();
    let mut units = HashMap::new();
    for path in named {
        let Some(text) = files.text(path) else {
            continue;
        };
        match hosts.compile_script(&manifest.name, path, text) {
            Ok(unit) => {
                units.insert(path.clone(), unit);
            }
            Err(fault) => faults.push(fault),
        }
    }
    units
}

fn add_defined(
    origin: &Origin,
    plugin: &dyn PluginUnit,
    definitions: &mut Definitions,
    faults: &mut Faults,
) {
    match plugin.define() {
        Ok(Some(more)) => {
            definitions.types.extend(more.types);
            definitions.workflows.extend(more.workflows);
            definitions.field_sets.extend(more.field_sets);
            definitions.surveys.extend(more.surveys);
        }
        Ok(None) => {}
        Err(message) => {
            let file = origin.plugin.as_deref().unwrap_or_default();
            faults.push(PackFault::of_file(&origin.pack, file, message));
        }
    }
}

fn rules(
    manifest: &Manifest,
    definitions: &Definitions,
    origin: &Origin,
    hosted: &Hosted,
    revision: [u8; 32],
    faults: &mut Faults,
) -> Vec<Arc<Rule>> {
    let pack: Arc<str> = Arc::from(manifest.name.as_str());
    let version: Arc<str> = Arc::from(manifest.version.as_str());
    let mut rules = Vec::with_capacity(manifest.rules.len());
    for spec in &manifest.rules {
        if faults.is_full() {
            break;
        }
        check_scope(spec, definitions, origin, faults);
        let Some(runner) = runner(spec, origin, hosted, faults) else {
            continue;
        };
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
            runner,
        }));
    }
    rules
}

/// Checks that a rule can run on something.
fn check_scope(spec: &RuleSpec, definitions: &Definitions, origin: &Origin, faults: &mut Faults) {
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

fn runner(
    spec: &RuleSpec,
    origin: &Origin,
    hosted: &Hosted,
    faults: &mut Faults,
) -> Option<Arc<dyn Runner>> {
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
    let runner = unit.runner(&spec.function);
    if runner.is_none() {
        let functions = unit.functions();
        let message = format!("`{script}` has no function `{}`", short(&spec.function));
        let fault = origin.manifest.fault(&format!("{place}/function"), message);
        faults.push(fault.near(&spec.function, functions.iter().map(String::as_str)));
    }
    runner
}

/// Checks that replaced codes are gone and their replacements there.
fn check_replaced(
    manifest: &Manifest,
    definitions: &Definitions,
    origin: &Origin,
    faults: &mut Faults,
) {
    let types: Vec<String> = definitions.types.iter().map(|t| t.code.clone()).collect();
    let flows = definitions.workflows.iter();
    let statuses: Vec<String> = flows
        .flat_map(|w| w.statuses.iter().map(|s| s.code.clone()))
        .collect();
    let fields = || definitions.field_sets.iter().flat_map(|s| &s.fields);
    let codes: Vec<String> = fields().map(|f| f.code.clone()).collect();
    let options: Vec<String> = fields()
        .flat_map(|f| f.options.iter().map(|o| format!("{}:{}", f.code, o.code)))
        .collect();
    let replaced = &manifest.replaced;
    for (what, pairs, known) in [
        ("type", &replaced.types, &types),
        ("status", &replaced.statuses, &statuses),
        ("field", &replaced.fields, &codes),
        ("option", &replaced.options, &options),
    ] {
        for (old, new) in pairs {
            let (old_name, new_name) = (short(check::bare(old)), short(check::bare(new)));
            let place = format!("replaced/{what}/{old_name}");
            if known.contains(old) {
                let message = format!("{what} `{old_name}` is replaced, yet the pack defines it");
                faults.push(origin.manifest.fault(&place, message));
            }
            if !known.contains(new) {
                let message = format!(
                    "{what} `{old_name}` is replaced by `{new_name}`, which does not exist"
                );
                let known = known.iter().map(|k| check::bare(k));
                faults.push(
                    origin
                        .manifest
                        .fault(&place, message)
                        .near(&new_name, known),
                );
            }
        }
    }
}
