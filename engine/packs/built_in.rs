//! The hosts this build has: scripts with the feature `script`, plugins with `wasm`.

use std::path::Path;
#[cfg(any(feature = "script", feature = "wasm"))]
use std::sync::Arc;

#[cfg(not(all(feature = "script", feature = "wasm")))]
use super::NoHosts;
use super::{Hosts, PackFault, PluginFile, PluginUnit, ScriptUnit};
#[cfg(feature = "script")]
use crate::hooks::Named;
#[cfg(any(feature = "script", feature = "wasm"))]
use crate::hooks::Runner;
#[cfg(feature = "script")]
use crate::hooks::Texts;
#[cfg(feature = "script")]
use crate::hooks::script::{Script, ScriptFault, ScriptHost, ScriptLimits};
#[cfg(feature = "wasm")]
use crate::{
    domain::Definitions,
    hooks::{
        Hook,
        wasm::{Compiling, Host, Limits, Plugin},
    },
};

/// The hosts of this build, with their usual limits. A pack that needs what the build lacks is
/// refused, and told which feature to build with.
pub struct BuiltIn {
    #[cfg(feature = "script")]
    scripts: ScriptHost,
    #[cfg(feature = "wasm")]
    plugins: Host,
    #[cfg(feature = "wasm")]
    installed: Compiling,
}

impl BuiltIn {
    /// The hosts. With a folder, compiled plugins are kept there and load again without compiling.
    ///
    /// # Errors
    /// When the folder cannot be made, or this machine cannot run plugins.
    pub fn new(plugin_cache: Option<&Path>) -> Result<Self, PackFault> {
        #[cfg(not(feature = "wasm"))]
        let _ = plugin_cache;
        Ok(Self {
            #[cfg(feature = "script")]
            scripts: ScriptHost::new(ScriptLimits::default()),
            #[cfg(feature = "wasm")]
            plugins: Host::new(Limits::default(), plugin_cache)
                .map_err(|e| PackFault::of_file("", "", e.to_string()))?,
            #[cfg(feature = "wasm")]
            installed: Compiling::Now,
        })
    }

    /// Notes which lines of scripts run; scripts are slow then.
    #[must_use]
    #[cfg_attr(
        not(feature = "script"),
        expect(unused_mut, reason = "without scripts there is nothing to note")
    )]
    pub fn covering(mut self, coverage: Option<&std::sync::Arc<crate::hooks::Coverage>>) -> Self {
        #[cfg(feature = "script")]
        if let Some(coverage) = coverage {
            self.scripts = ScriptHost::covering(ScriptLimits::default(), Arc::clone(coverage));
        }
        #[cfg(not(feature = "script"))]
        let _ = coverage;
        self
    }

    /// Compiles plugins that were installed before on threads of their own; until one is ready, its
    /// rules fail as their hooks say. One that defines things is waited for.
    #[must_use]
    #[cfg_attr(
        not(feature = "wasm"),
        expect(unused_mut, reason = "without plugins there is nothing to set")
    )]
    pub fn compiling_behind(mut self) -> Self {
        #[cfg(feature = "wasm")]
        {
            self.installed = Compiling::Behind;
        }
        self
    }
}

impl Hosts for BuiltIn {
    #[cfg(feature = "script")]
    fn compile_script(
        &self,
        pack: &str,
        file: &str,
        source: &str,
    ) -> Result<Box<dyn ScriptUnit>, PackFault> {
        match self.scripts.compile(pack, file, source) {
            Ok(script) => Ok(Box::new(script)),
            Err(fault) => Err(fault.into()),
        }
    }

    #[cfg(not(feature = "script"))]
    fn compile_script(
        &self,
        pack: &str,
        file: &str,
        source: &str,
    ) -> Result<Box<dyn ScriptUnit>, PackFault> {
        NoHosts.compile_script(pack, file, source)
    }

    #[cfg(feature = "wasm")]
    fn load_plugin(&self, plugin: &PluginFile<'_>) -> Result<Box<dyn PluginUnit>, PackFault> {
        let &PluginFile {
            name,
            version,
            bytes,
            ..
        } = plugin;
        let compiling = if plugin.is_installed {
            self.installed
        } else {
            Compiling::Now
        };
        let limits = within(self.plugins.limits(), plugin.limits);
        match self
            .plugins
            .load_within(name, version, bytes, limits, compiling)
        {
            Ok(plugin) => Ok(Box::new(plugin)),
            Err(e) => Err(PackFault::of_file(name, "", e.to_string())),
        }
    }

    #[cfg(not(feature = "wasm"))]
    fn load_plugin(&self, plugin: &PluginFile<'_>) -> Result<Box<dyn PluginUnit>, PackFault> {
        NoHosts.load_plugin(plugin)
    }
}

/// The usual budgets with what a pack asks for.
#[cfg(feature = "wasm")]
#[must_use]
pub fn within(usual: Limits, asked: super::PluginLimits) -> Limits {
    let bytes = |asked: Option<u64>, usual| {
        asked.map_or(usual, |n| usize::try_from(n).unwrap_or(usize::MAX))
    };
    Limits {
        memory_bytes: bytes(asked.memory, usual.memory_bytes),
        component_bytes: bytes(asked.bytes, usual.component_bytes),
        ..usual.with_fuel(asked.fuel.unwrap_or(usual.fuel))
    }
}

#[cfg(feature = "script")]
impl ScriptUnit for Script {
    fn functions(&self) -> Vec<String> {
        let all = Self::functions(self).into_iter();
        all.map(|(name, _)| name).collect()
    }

    fn runner(&self, function: &str) -> Result<Arc<dyn Runner>, PackFault> {
        Self::runner(self, function).map_err(PackFault::from)
    }

    fn give_texts(&mut self, texts: &Arc<Texts>) {
        *self = self.clone().with_texts(Arc::clone(texts));
    }

    fn unknown_calls(&self, rules: &[&str]) -> Vec<PackFault> {
        let all = Self::unknown_calls(self, rules);
        all.into_iter().map(PackFault::from).collect()
    }

    fn names(&self, rules: &[&str]) -> Vec<Named> {
        Self::names(self, rules)
    }
}

#[cfg(feature = "script")]
impl From<ScriptFault> for PackFault {
    fn from(fault: ScriptFault) -> Self {
        Self {
            pack: fault.pack.to_string(),
            file: fault.file.to_string(),
            line: fault.line,
            column: fault.column,
            message: fault.message,
            suggestion: fault.suggestion,
            source_line: (!fault.source_line.is_empty()).then(|| fault.source_line.into()),
        }
    }
}

#[cfg(feature = "wasm")]
impl PluginUnit for Arc<Plugin> {
    fn hooks(&self) -> Vec<Hook> {
        Plugin::hooks(self)
    }

    fn define(&self) -> Result<Option<Definitions>, String> {
        Plugin::define(self).map_err(|failure| failure.to_string())
    }

    fn runner(&self, hook: Hook) -> Option<Arc<dyn Runner>> {
        Plugin::runner(self, hook)
    }
}
