//! `opora plugin check` and `test`: the plugin as the engine sees it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use parking_lot::Mutex;

use super::project::Language;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::out;
use crate::hooks::fixture::Fixture;
use crate::hooks::wasm::{Compiling, Host, Limits, LoadError, Measured, Plugin};
use crate::hooks::{Call, Hook};
use crate::packs::{
    self, BuiltIn, Hosts, Loaded, PackFault, PackFiles, PluginFile, PluginUnit, ScriptUnit,
};

/// A plugin that is loaded as an installation would load it.
pub(super) struct Ready {
    pub(super) pack: Loaded,
    plugin: Arc<Plugin>,
    bytes: usize,
}

impl Ready {
    pub(super) fn load(folder: &Path) -> Outcome<Self> {
        let files = crate::cli::pack::files(folder)?;
        built(folder, &files)?;
        let host = |e: LoadError| Failure::new(e.to_string());
        let hosts = Keeping {
            scripts: BuiltIn::new(None).map_err(|fault| Failure::new(fault.to_string()))?,
            plugins: Host::new(Limits::default(), cache().as_deref()).map_err(host)?,
            kept: Mutex::default(),
        };
        let pack =
            packs::load(&files, &hosts).map_err(|faults| Failure::of_pack(folder, &faults))?;
        let kept = hosts.kept.into_inner();
        let (plugin, bytes) = kept.ok_or_else(|| Failure::new("pack.toml names no plugin"))?;
        Ok(Self {
            pack,
            plugin,
            bytes,
        })
    }

    pub(super) fn cost(&self, measured: &Measured) -> String {
        let limits = self.plugin.limits();
        let used = match &measured.outcome {
            Ok(outcome) => outcome.usage.used,
            Err(failure) => failure.usage.used,
        };
        format!(
            "fuel {used} of {}, memory {} of {} KiB, {:.2} ms",
            limits.fuel,
            measured.memory_bytes >> 10,
            limits.memory_bytes >> 10,
            measured.elapsed.as_secs_f64() * 1e3
        )
    }
}

/// The hosts of this build, keeping the plugin they load.
struct Keeping {
    scripts: BuiltIn,
    plugins: Host,
    kept: Mutex<Option<(Arc<Plugin>, usize)>>,
}

impl Hosts for Keeping {
    fn compile_script(
        &self,
        pack: &str,
        file: &str,
        source: &str,
    ) -> Result<Box<dyn ScriptUnit>, PackFault> {
        self.scripts.compile_script(pack, file, source)
    }

    fn load_plugin(&self, file: &PluginFile<'_>) -> Result<Box<dyn PluginUnit>, PackFault> {
        let limits = packs::within(self.plugins.limits(), file.limits);
        let (name, version, now) = (file.name, file.version, Compiling::Now);
        let loaded = self
            .plugins
            .load_within(name, version, file.bytes, limits, now);
        let plugin = loaded.map_err(|e| PackFault::of_file(name, "", e.to_string()))?;
        *self.kept.lock() = Some((Arc::clone(&plugin), file.bytes.len()));
        Ok(Box::new(plugin))
    }
}

/// Whether the component that the manifest names is there.
fn built(folder: &Path, files: &PackFiles) -> Outcome<()> {
    let manifest = files.text("pack.toml").unwrap_or_default();
    // What is wrong with the manifest is told by loading it.
    let table: toml::Table = manifest.parse().unwrap_or_default();
    let plugin = table
        .get("pack")
        .and_then(|pack| pack.get("plugin")?.as_str());
    let is_project = Language::value_variants()
        .iter()
        .any(|language| folder.join(language.source()).is_file());
    match plugin {
        Some(plugin) if is_project && !files.files.contains_key(plugin) => {
            let component = folder.join(plugin);
            Err(Failure::new(format!(
                "`{}` is not built yet; run `opora plugin build {}`",
                component.display(),
                folder.display()
            )))
        }
        _ => Ok(()),
    }
}

/// Where compiled plugins are kept between runs of this program: an interpreter compiles for long.
fn cache() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
    let base = named.filter(|p| p.is_absolute()).or_else(home)?;
    base.is_absolute().then(|| base.join("opora/plugins"))
}

/// Loads the plugin and says what it is.
///
/// # Errors
/// Everything that keeps it from being installed.
pub fn check(folder: &Path) -> Outcome<()> {
    let ready = Ready::load(folder)?;
    let limits = ready.plugin.limits();
    let hooks = ready.plugin.hooks().into_iter();
    let interfaces: Vec<String> = hooks
        .flat_map(|hook| hook.reference().interfaces)
        .filter(|interface| ready.plugin.interfaces().contains(interface.name))
        .map(|interface| format!("{}@{}", interface.name, interface.version))
        .collect();
    let rules: Vec<String> = ready
        .pack
        .rules
        .iter()
        .map(|r| format!("{} on {}", r.name, r.hook))
        .collect();
    out::say(&format!(
        "{} {} is fit to be installed\n\
         contract  opora:hooks: {}\n\
         imports   nothing but opora:hooks\n\
         rules     {}\n\
         size      {} of {} bytes\n\
         limits    fuel {}, memory {} KiB, answer {} KiB",
        ready.pack.name(),
        ready.pack.manifest.version,
        interfaces.join(", "),
        rules.join(", "),
        ready.bytes,
        limits.component_bytes,
        limits.fuel,
        limits.memory_bytes >> 10,
        limits.answer_bytes >> 10,
    ))
}

/// Runs all fixtures.
///
/// # Errors
/// When one comes to something else than it must, or there is none.
pub fn test(folder: &Path, fixtures: Option<&Path>) -> Outcome<()> {
    let own = folder.join("fixtures");
    let root = fixtures.unwrap_or(&own);
    no_strays(root)?;
    let ready = Ready::load(folder)?;
    let (mut ran, mut wrong) = (0, 0);
    for hook in Hook::ALL {
        for path in cases_of(&root.join(hook.name()))? {
            let text = fs::read_to_string(&path).map_err(|e| Failure::file(&path, &e))?;
            let fixture = Fixture::read(&text, hook, ready.pack.name())
                .map_err(|e| Failure::file(&path, &e))?;
            if fixture.only.as_deref().is_some_and(|only| only != "wasm") {
                continue;
            }
            let measured = asked(&ready, hook, &fixture.call)?;
            let name = format!("{hook}/{}", path.file_stem().unwrap_or_default().display());
            let cost = ready.cost(&measured);
            ran += 1;
            match fixture.check(&measured.outcome) {
                Ok(()) => out::say(&format!("ok    {name:40} {cost}"))?,
                Err(difference) => {
                    wrong += 1;
                    out::say(&format!("WRONG {name:40} {cost}\n   {difference}"))?;
                }
            }
        }
    }
    if ran == 0 {
        return Err(Failure::file(
            root,
            &"holds no fixture; write HOOK/NAME.json",
        ));
    }
    if wrong > 0 {
        return Err(Failure::new(format!(
            "{wrong} of {ran} fixtures came to something else"
        )));
    }
    out::say(&format!("{ran} fixtures passed"))
}

/// Folders of fixtures are called by hooks: what is called otherwise would never run.
fn no_strays(root: &Path) -> Outcome<()> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let mut wrong: Vec<String> = Vec::new();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        let known = || Hook::ALL.into_iter().map(Hook::name);
        if path.is_dir() && !name.starts_with('.') && !known().any(|hook| hook == name) {
            let hint = packs::nearest(&name, known())
                .map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            wrong.push(format!(
                "`{}`: there is no hook `{name}`{hint}",
                path.display()
            ));
        } else if path.is_file() && name.ends_with(".json") {
            let text = "stands outside the folder of a hook; write HOOK/NAME.json";
            wrong.push(format!("`{}` {text}", path.display()));
        }
    }
    wrong.sort();
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(wrong.join("\n"))),
    }
}

pub(super) fn asked(ready: &Ready, hook: Hook, call: &Call) -> Outcome<Measured> {
    if ready.plugin.runner(hook).is_none() {
        let hooks: Vec<&str> = ready.plugin.hooks().iter().map(|h| h.name()).collect();
        return Err(Failure::new(format!(
            "the plugin does not implement `{hook}`; it implements {}",
            hooks.join(", ")
        )));
    }
    Ok(ready.plugin.measure(hook, call))
}

/// The fixtures of a hook, in the order of their names.
fn cases_of(folder: &Path) -> Outcome<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).map_err(|e| Failure::file(folder, &e))?;
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    paths.sort();
    Ok(paths)
}
