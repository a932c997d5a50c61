//! Small packs and stand-in hosts for the tests.

use std::sync::Arc;

use crate::domain::Definitions;
use crate::hooks::{Call, Failure, Hook, Outcome, Runner};
use crate::packs::{Hosts, Loaded, PackFault, PackFiles, PluginFile, PluginUnit, ScriptUnit, load};

/// A manifest that is right, to add to.
pub const MANIFEST: &str = "\
[pack]
name = \"demo\"
version = \"1.0.0\"
engine = \"0.1\"
";

/// Definitions that are right, to add to.
pub const DEFINITIONS: &str = "\
[[type]]
code = \"fault\"
names = { en = \"Fault\", ru = \"Неисправность\" }
workflow = \"repair\"
field_sets = [\"device\"]

[[workflow]]
code = \"repair\"
initial = \"todo\"
statuses = [
  { code = \"todo\", category = \"new\" },
  { code = \"bench\", category = \"open\", names = { en = \"On the bench\" } },
  { code = \"done\", category = \"done\" },
]
transitions = [
  { from = \"todo\", to = \"bench\", requires = [\"assignee\"] },
  { from = \"bench\", to = \"done\", requires = [\"severity\", \"solution\"] },
]

[[field_set]]
code = \"device\"

[[field_set.fields]]
code = \"severity\"
value = \"enum\"
options = [{ code = \"minor\" }, { code = \"major\" }]
default = \"minor\"

[[field_set.fields]]
code = \"visits\"
value = \"int\"
default = 0
order = -1
";

/// Hosts that know functions by their `fn NAME` lines and plugins by the hooks they list.
pub struct TestHosts;

struct Script(Vec<String>);
struct Plugin(Vec<Hook>);
struct NoOpinion;

impl Runner for NoOpinion {
    fn call(&self, _call: &Call) -> Result<Outcome, Failure> {
        Ok(Outcome::default())
    }
}

impl Hosts for TestHosts {
    fn compile_script(
        &self,
        pack: &str,
        file: &str,
        source: &str,
    ) -> Result<Box<dyn ScriptUnit>, PackFault> {
        if let Some(offset) = source.find("syntax!") {
            return Err(PackFault::of_file(pack, file, "unexpected `!`").at(source, offset));
        }
        let functions = source
            .lines()
            .filter_map(|l| l.strip_prefix("fn "))
            .map(|l| l.split('(').next().unwrap().to_owned());
        Ok(Box::new(Script(functions.collect())))
    }

    fn load_plugin(&self, plugin: &PluginFile<'_>) -> Result<Box<dyn PluginUnit>, PackFault> {
        let text = std::str::from_utf8(plugin.bytes)
            .map_err(|_| PackFault::of_file(plugin.name, "", "is no component"))?;
        let named = |w: &str| Hook::ALL.into_iter().find(|h| h.name() == w);
        Ok(Box::new(Plugin(
            text.split_whitespace().filter_map(named).collect(),
        )))
    }
}

impl ScriptUnit for Script {
    fn functions(&self) -> Vec<String> {
        self.0.clone()
    }

    fn runner(&self, function: &str) -> Result<Arc<dyn Runner>, PackFault> {
        if function == "no_parameter" {
            let message = "the hook `no_parameter` takes 0 parameters";
            return Err(PackFault::of_file("demo", "rules.rhai", message));
        }
        Ok(Arc::new(NoOpinion))
    }
}

impl PluginUnit for Plugin {
    fn hooks(&self) -> Vec<Hook> {
        self.0.clone()
    }

    fn define(&self) -> Result<Option<Definitions>, String> {
        if !self.0.contains(&Hook::Define) {
            return Ok(None);
        }
        let text = "
            [[survey]]
            code = \"from_plugin\"
            [[workflow]]
            code = \"plugin_flow\"
            initial = \"a\"
            statuses = [{ code = \"b\", category = \"done\" }]";
        toml::from_str(text).map(Some).map_err(|e| e.to_string())
    }

    fn runner(&self, _hook: Hook) -> Option<Arc<dyn Runner>> {
        Some(Arc::new(NoOpinion))
    }
}

/// Loads a pack of the given files.
pub fn pack(texts: &[(&str, &str)]) -> Result<Loaded, Vec<PackFault>> {
    load(&PackFiles::from_texts(texts), &TestHosts)
}

/// Loads a pack that is right.
pub fn good(texts: &[(&str, &str)]) -> Arc<Loaded> {
    match pack(texts) {
        Ok(loaded) => Arc::new(loaded),
        Err(faults) => panic!("{}", lines(&faults)),
    }
}

/// The faults as a person reads them.
pub fn lines(faults: &[PackFault]) -> String {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
