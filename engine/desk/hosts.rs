//! The hosts of scripts and plugins that this build has.

use std::path::Path;

use super::Result;
use crate::packs::{Hosts, NoHosts, PackFault, PluginUnit, ScriptUnit};

/// The hosts; plugins are compiled into `cache` when it is given.
pub fn hosts(cache: Option<&Path>) -> Result<Box<dyn Hosts>> {
    #[cfg(not(feature = "wasm"))]
    let _ = cache;
    Ok(Box::new(BuiltIn {
        #[cfg(feature = "script")]
        scripts: crate::hooks::script::ScriptHost::new(
            crate::hooks::script::ScriptLimits::default(),
        ),
    }))
}

/// Scripts and plugins, as far as they are compiled in.
struct BuiltIn {
    #[cfg(feature = "script")]
    scripts: crate::hooks::script::ScriptHost,
}

impl Hosts for BuiltIn {
    #[cfg(feature = "script")]
    fn compile_script(
        &self,
        pack: &str,
        file: &str,
        source: &str,
    ) -> std::result::Result<Box<dyn ScriptUnit>, PackFault> {
        match self.scripts.compile(pack, file, source) {
            Ok(script) => Ok(Box::new(Compiled(script))),
            Err(fault) => Err(script_fault(fault)),
        }
    }

    #[cfg(not(feature = "script"))]
    fn compile_script(
        &self,
        pack: &str,
        file: &str,
        source: &str,
    ) -> std::result::Result<Box<dyn ScriptUnit>, PackFault> {
        NoHosts.compile_script(pack, file, source)
    }

    fn load_plugin(
        &self,
        name: &str,
        version: &str,
        bytes: &[u8],
    ) -> std::result::Result<Box<dyn PluginUnit>, PackFault> {
        NoHosts.load_plugin(name, version, bytes)
    }
}

#[cfg(feature = "script")]
struct Compiled(crate::hooks::script::Script);

#[cfg(feature = "script")]
impl ScriptUnit for Compiled {
    fn functions(&self) -> Vec<String> {
        self.0
            .functions()
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }

    fn runner(
        &self,
        function: &str,
    ) -> std::result::Result<std::sync::Arc<dyn crate::hooks::Runner>, PackFault> {
        self.0.runner(function).map_err(script_fault)
    }
}

#[cfg(feature = "script")]
fn script_fault(fault: crate::hooks::script::ScriptFault) -> PackFault {
    PackFault {
        pack: fault.pack.to_string(),
        file: fault.file.to_string(),
        line: fault.line,
        column: fault.column,
        message: fault.message,
        suggestion: fault.suggestion,
        source_line: (!fault.source_line.is_empty()).then(|| fault.source_line.into()),
    }
}
