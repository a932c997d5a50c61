//! From the files of a pack to what it defines and the rules it brings.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::asks::Grants;
use super::attach::{Attacher, Hosted};
use super::check;
use super::fault::{Faults, PackFault};
use super::files::PackFiles;
use super::hosts::{Hosts, PluginFile, PluginUnit, ScriptUnit};
use super::manifest::{self, Manifest};
use super::names::{self, InFile};
use super::origin::Origin;
use super::read;
use super::renamed::Renamed;
use super::seed::{self, Seed};
use super::source::{Source, short};
use super::template::Templates;
use super::{stages, strings};
use crate::domain::{Definitions, Value};
use crate::hooks::{Rule, Texts};

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
    /// The options that an administrator set; the others have the values that the pack gives them.
    pub set: Arc<BTreeMap<String, Value>>,
    /// What it may do: all that it asks for, unless an administrator granted less.
    pub grants: Arc<Grants>,
    /// Whether its rules rest and its types take no new records.
    pub disabled: bool,
    /// The records that it brings.
    pub seeds: Arc<[Seed]>,
    /// What upgrades renamed, oldest first, for what was set before them.
    pub renamed: Arc<[Renamed]>,
    /// Hashes of the scripts and the plugin that rules run, by path.
    pub(super) code: BTreeMap<String, [u8; 32]>,
    /// The names that its scripts give as they stand.
    pub(super) named: Arc<[InFile]>,
    pub(super) origin: Origin,
}

impl Loaded {
    /// Name of the pack.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.manifest.name
    }

    /// The pack as an administrator left it.
    #[must_use]
    pub fn with_state(&self, grants: Grants, disabled: bool) -> Self {
        Self {
            grants: Arc::new(grants),
            disabled,
            ..self.clone()
        }
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
            set: Arc::new(set.clone()),
            ..self.clone()
        })
    }

    /// The pack with those options set as they were that it still has with values of the same type,
    /// and the names of the others.
    #[must_use]
    pub fn keeping(&self, set: &BTreeMap<String, Value>) -> (Self, Vec<String>) {
        let of_type = |(name, value): &(&String, &Value)| {
            let own = self.manifest.options.get(*name).map(|own| &own.value);
            own.is_some_and(|own| std::mem::discriminant(own) == std::mem::discriminant(value))
        };
        let (kept, lost): (Vec<_>, Vec<_>) = set.iter().partition(of_type);
        let kept = kept.into_iter().map(|(n, v)| (n.clone(), v.clone()));
        let lost = lost.into_iter().map(|(name, _)| name.clone()).collect();
        let pack = self.with_options(&kept.collect());
        (pack.unwrap_or_else(|_| self.clone()), lost)
    }
}

/// Reads, checks and compiles a pack by itself. References to other packs are checked when the packs
/// come together in a [`super::Catalog`].
///
/// # Errors
/// Everything that is wrong, up to [`super::MAX_FAULTS`] faults, in the order of files and lines.
pub fn load(files: &PackFiles, hosts: &dyn Hosts) -> Result<Loaded, Vec<PackFault>> {
    load_as(files, hosts, false)
}

/// As [`load`], for a pack that was loaded by [`load`] when it was installed: its plugin may be
/// compiled later.
///
/// # Errors
/// As [`load`].
pub fn load_installed(files: &PackFiles, hosts: &dyn Hosts) -> Result<Loaded, Vec<PackFault>> {
    load_as(files, hosts, true)
}

fn load_as(
    files: &PackFiles,
    hosts: &dyn Hosts,
    is_installed: bool,
) -> Result<Loaded, Vec<PackFault>> {
    let mut faults = Faults::default();
    faults.extend(files.check(""));
    let loaded = if faults.is_empty() {
        assemble(files, hosts, is_installed, &mut faults)
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

fn assemble(
    files: &PackFiles,
    hosts: &dyn Hosts,
    is_installed: bool,
    faults: &mut Faults,
) -> Option<Loaded> {
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
    let plugin = load_plugin(&manifest, files, hosts, is_installed, faults);
    // What was installed by an older engine may hold anything in folders that it did not read.
    let mut unread = Faults::default();
    let texts_faults = if is_installed {
        &mut unread
    } else {
        &mut *faults
    };
    let strings = strings::read(&manifest.name, files, texts_faults);
    let templates = Templates::read(&manifest.name, files, texts_faults);
    let seeds = seed::read(&manifest.name, files, texts_faults);
    let texts = Arc::new(Texts {
        strings,
        templates: templates.names().clone(),
    });
    let templates = Arc::new(templates.with_texts(&texts));
    let scripts = compile(&manifest, files, hosts, &texts, faults);
    if !is_installed {
        // What was installed by an older engine goes on running as it did.
        look_through(&manifest, &scripts, faults);
    }
    let mut definitions = of_file?;
    let origin = Origin::new(source, file, manifest.plugin.clone(), &definitions);
    if let Some(plugin) = &plugin {
        add_defined(&origin, &**plugin, &mut definitions, faults);
    }
    check::check(&origin, &mut definitions, faults);
    stages::check_options(&manifest, &definitions, &origin, faults);
    manifest.replaced.check(&definitions, &origin, faults);
    let revision = files.hash();
    let named = names_in(&manifest, &scripts);
    let hosted = Hosted { scripts, plugin };
    let attacher = Attacher {
        manifest: &manifest,
        definitions: &definitions,
        origin: &origin,
        hosted: &hosted,
        templates: &templates,
    };
    let mut rules = attacher.rules(revision, faults);
    let texts_faults = if is_installed {
        &mut unread
    } else {
        &mut *faults
    };
    attacher.check_templates(files, &texts, texts_faults);
    rules.extend(attacher.seed_rules(&seeds, revision, texts_faults));
    let options = manifest
        .options
        .iter()
        .map(|(name, spec)| (name.clone(), spec.value.clone()))
        .collect();
    let loaded = Loaded {
        revision,
        definitions,
        rules,
        options: Arc::new(options),
        set: Arc::default(),
        grants: Arc::new(manifest.asks.clone()),
        disabled: false,
        seeds: seeds.into_iter().flat_map(|file| file.seeds).collect(),
        renamed: Arc::default(),
        code: code_hashes(&manifest, files),
        named,
        origin,
        manifest,
    };
    if !is_installed {
        names::misplaced(&loaded, faults);
    }
    Some(loaded)
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

fn load_plugin(
    manifest: &Manifest,
    files: &PackFiles,
    hosts: &dyn Hosts,
    is_installed: bool,
    faults: &mut Faults,
) -> Option<Box<dyn PluginUnit>> {
    let path = manifest.plugin.as_ref()?;
    let bytes = files.files.get(path)?;
    let plugin = PluginFile {
        name: &manifest.name,
        version: &manifest.version,
        bytes,
        limits: manifest.limits,
        is_installed,
    };
    match hosts.load_plugin(&plugin) {
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
    texts: &Arc<Texts>,
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
            Ok(mut unit) => {
                unit.give_texts(texts);
                units.insert(path.clone(), unit);
            }
            Err(fault) => faults.push(fault),
        }
    }
    units
}

/// Finds what scripts call and does not exist.
fn look_through(
    manifest: &Manifest,
    scripts: &HashMap<String, Box<dyn ScriptUnit>>,
    faults: &mut Faults,
) {
    for (path, unit) in scripts {
        faults.extend(unit.unknown_calls(&functions_of(manifest, path)));
    }
}

/// The names that scripts give as they stand.
fn names_in(manifest: &Manifest, scripts: &HashMap<String, Box<dyn ScriptUnit>>) -> Arc<[InFile]> {
    let files = scripts.iter().collect::<BTreeMap<_, _>>().into_iter();
    let names = files.flat_map(|(path, unit)| {
        let named = unit.names(&functions_of(manifest, path)).into_iter();
        named.map(|named| InFile {
            file: path.clone(),
            named,
        })
    });
    names.collect()
}

/// The functions of a script that rules call.
fn functions_of<'m>(manifest: &'m Manifest, path: &str) -> Vec<&'m str> {
    let rules = manifest.rules.iter();
    let own = rules.filter(|r| r.script.as_deref() == Some(path));
    own.map(|r| r.function.as_str()).collect()
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
            definitions.processes.extend(more.processes);
            definitions.reports.extend(more.reports);
            definitions.documents.extend(more.documents);
            definitions.workspaces.extend(more.workspaces);
            definitions.taken.extend(more.taken);
        }
        Ok(None) => {}
        Err(message) => {
            let file = origin.plugin.as_deref().unwrap_or_default();
            faults.push(PackFault::of_file(&origin.pack, file, message));
        }
    }
}
