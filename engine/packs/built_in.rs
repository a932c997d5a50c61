//! The hosts this build has: scripts with the feature `script`.

#[cfg(feature = "script")]
use std::sync::Arc;

use super::{Hosts, NoHosts, PackFault, PluginUnit, ScriptUnit};
#[cfg(feature = "script")]
use crate::hooks::{
    Runner,
    script::{Script, ScriptFault, ScriptHost, ScriptLimits},
};

/// The hosts of this build, with their usual limits. A pack that needs what the build lacks is
/// refused, and told which feature to build with.
#[derive(Default)]
pub struct BuiltIn {
    #[cfg(feature = "script")]
    scripts: Scripts,
}

#[cfg(feature = "script")]
struct Scripts(ScriptHost);

#[cfg(feature = "script")]
impl Default for Scripts {
    fn default() -> Self {
        Self(ScriptHost::new(ScriptLimits::default()))
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
        match self.scripts.0.compile(pack, file, source) {
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

    fn load_plugin(
        &self,
        name: &str,
        version: &str,
        bytes: &[u8],
    ) -> Result<Box<dyn PluginUnit>, PackFault> {
        NoHosts.load_plugin(name, version, bytes)
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
