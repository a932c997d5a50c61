//! What turns scripts and plugins into rules that run.

use std::sync::Arc;

use super::{PackFault, PluginLimits};
use crate::domain::Definitions;
use crate::hooks::{Hook, Named, Runner, Texts};

/// The hosts of scripts and plugins, as loading a pack sees them.
pub trait Hosts: Send + Sync {
    /// Compiles one script file of a pack.
    ///
    /// # Errors
    /// The fault, with its line and column in the file.
    fn compile_script(
        &self,
        pack: &str,
        file: &str,
        source: &str,
    ) -> Result<Box<dyn ScriptUnit>, PackFault>;

    /// Loads the plugin of a pack, of at most `max_bytes`. The fault's file is filled in by the caller.
    ///
    /// # Errors
    /// When the component is none, or does not fit the contract.
    fn load_plugin(&self, plugin: &PluginFile<'_>) -> Result<Box<dyn PluginUnit>, PackFault>;
}

/// The plugin of a pack, as it is to be loaded.
#[derive(Debug, Clone, Copy)]
pub struct PluginFile<'a> {
    /// Name of the pack.
    pub name: &'a str,
    /// Version of the pack.
    pub version: &'a str,
    /// The component.
    pub bytes: &'a [u8],
    /// What the pack asks for beyond the usual budgets.
    pub limits: PluginLimits,
    /// Whether it was checked when it was installed: then it may be compiled later.
    pub is_installed: bool,
}

/// A compiled script file.
pub trait ScriptUnit: Send + Sync {
    /// Names of the functions that rules may call.
    fn functions(&self) -> Vec<String>;

    /// What runs a function.
    ///
    /// # Errors
    /// When the script has no such function, or one that no hook can call.
    fn runner(&self, function: &str) -> Result<Arc<dyn Runner>, PackFault>;

    /// Gives the file the strings and the names of templates that its pack has.
    fn give_texts(&mut self, texts: &Arc<Texts>) {
        let _ = texts;
    }

    /// What the file calls and does not exist; `rules` are the functions that rules call.
    fn unknown_calls(&self, rules: &[&str]) -> Vec<PackFault> {
        let _ = rules;
        Vec::new()
    }

    /// The names that the file gives as they stand and that `rules` come to.
    fn names(&self, rules: &[&str]) -> Vec<Named> {
        let _ = rules;
        Vec::new()
    }
}

/// A loaded plugin.
pub trait PluginUnit: Send + Sync {
    /// The hooks it implements.
    fn hooks(&self) -> Vec<Hook>;

    /// What it defines, if anything.
    ///
    /// # Errors
    /// Why the plugin failed to tell.
    fn define(&self) -> Result<Option<Definitions>, String>;

    /// What runs a hook.
    fn runner(&self, hook: Hook) -> Option<Arc<dyn Runner>>;
}

/// Hosts of a build without scripts and plugins: packs of definitions alone load.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHosts;

impl Hosts for NoHosts {
    fn compile_script(
        &self,
        pack: &str,
        file: &str,
        _source: &str,
    ) -> Result<Box<dyn ScriptUnit>, PackFault> {
        let message = "this build has no scripts; build with the feature `script`";
        Err(PackFault::of_file(pack, file, message))
    }

    fn load_plugin(&self, plugin: &PluginFile<'_>) -> Result<Box<dyn PluginUnit>, PackFault> {
        let message = "this build has no plugins; build with the feature `wasm`";
        Err(PackFault::of_file(plugin.name, "", message))
    }
}
