//! The hostile scripts and plugins of this folder, as `corpus.toml` lists them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use opora::hooks::wasm::encode;
use opora::hooks::{Call, Hook, fixture};
use opora::packs::PackFiles;
use serde::Deserialize;

/// Name of the pack that every case is put into.
pub const PACK: &str = "hostile";
/// Its rule.
pub const RULE: &str = "bad";
/// The contract that the plugins are built for.
const CONTRACT: &str = "1.0.0";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Case>,
}

/// One hostile guest.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The file in this folder.
    pub file: String,
    /// How it ends: `refused` before it runs, `over_budget`, `broken`, or `answers` after all.
    pub ends: String,
    /// What is said of it.
    pub says: Vec<String>,
    /// Hook of its rule.
    #[serde(default = "validate")]
    pub hook: String,
    /// Whether the wall clock may stop it, so that it is not cut off at the same place each time.
    #[serde(default)]
    pub by_clock: bool,
    /// How many bytes of the component are left, when it is cut off.
    #[serde(default)]
    pub cut: Option<usize>,
    /// How many bytes of nothing are put behind it.
    #[serde(default)]
    pub pad: usize,
}

fn validate() -> String {
    Hook::RecordValidate.name().to_owned()
}

fn folder() -> PathBuf {
    // The bench lies beside the tests.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let here = root.join("tests/hostile");
    if here.is_dir() {
        here
    } else {
        root.join("../tests/hostile")
    }
}

fn text(file: &str) -> String {
    std::fs::read_to_string(folder().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// Every case, in the order of the table.
pub fn all() -> Vec<Case> {
    let table: Table = toml::from_str(&text("corpus.toml")).expect("the table of cases");
    table.case
}

/// Names of the files that hold guests.
pub fn files() -> Vec<String> {
    let mut names = Vec::new();
    for part in ["scripts", "plugins"] {
        for entry in std::fs::read_dir(folder().join(part)).expect("the folder") {
            let name = entry.expect("a file").file_name();
            let name = format!("{part}/{}", name.to_string_lossy());
            if !name.ends_with(".inc") {
                names.push(name);
            }
        }
    }
    names.sort();
    names
}

impl Case {
    /// What it is called in messages: two cases may share a file.
    pub fn name(&self) -> String {
        let cut = self.cut.map_or(String::new(), |n| format!(", cut at {n}"));
        let pad = match self.pad {
            0 => String::new(),
            n => format!(", with {n} bytes more"),
        };
        format!("{}{cut}{pad}", self.file)
    }

    /// Whether it is a script.
    pub fn is_script(&self) -> bool {
        self.file.ends_with(".rhai")
    }

    /// Its hook.
    pub fn hook(&self) -> Hook {
        let found = Hook::ALL.into_iter().find(|h| h.name() == self.hook);
        found.unwrap_or_else(|| panic!("{}: no hook `{}`", self.file, self.hook))
    }

    /// A call of its hook.
    pub fn call(&self) -> Call {
        let empty =
            r#"{"call": {"record": {"fields": {"title": "lamp"}}}, "expect": {"decision": {}}}"#;
        let fixture = fixture::Fixture::read(empty, self.hook(), PACK);
        fixture
            .unwrap_or_else(|e| panic!("{}: {e}", self.file))
            .call
    }

    /// The pack of definitions with the case as its one rule.
    pub fn pack(&self) -> PackFiles {
        let (code, bytes) = if self.is_script() {
            ("", text(&self.file).into_bytes())
        } else {
            ("plugin = \"guest.wasm\"\n", self.component())
        };
        let script = match self.is_script() {
            true => format!("script = \"{}\"\n", self.file),
            false => String::new(),
        };
        let manifest = format!(
            "[pack]\nname = \"{PACK}\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n\
             names = {{ en = \"Hostile\", ru = \"Враждебный\" }}\n{code}\
             [capabilities]\neffects = [\"webhook\"]\n\
             [[rule]]\nname = \"{RULE}\"\nhook = \"{}\"\n{script}",
            self.hook
        );
        let mut files = PackFiles::from_texts(&[
            ("pack.toml", &manifest),
            ("definitions.toml", &text("definitions.toml")),
        ]);
        let path = if self.is_script() {
            self.file.clone()
        } else {
            "guest.wasm".to_owned()
        };
        files.files.insert(path, bytes);
        files
    }

    /// The component, or what is given out as one.
    fn component(&self) -> Vec<u8> {
        let source = text(&self.file);
        if !self.file.ends_with(".wat") {
            return source.into_bytes();
        }
        let source = source.replace(";; ALLOCATOR", &text("plugins/allocator.inc"));
        let mut bytes = wat::parse_str(&source).unwrap_or_else(|e| panic!("{}: {e}", self.file));
        if source.contains("opora:hooks/record-validate") && !source.contains("(component") {
            embed(&mut bytes);
            // What cannot be made a component is given as the module it is, as an author would.
            bytes = encode(&bytes).unwrap_or(bytes);
        }
        bytes.truncate(self.cut.unwrap_or(usize::MAX));
        bytes.resize(bytes.len() + self.pad, 0);
        bytes
    }
}

/// Puts the contract of `record.validate` into a module, as a guest's build does.
fn embed(module: &mut Vec<u8>) {
    let dir = folder().join("../../sdk/wit").join(CONTRACT);
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for entry in std::fs::read_dir(&dir).expect("the contract") {
        let path = entry.expect("a file").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        let text = std::fs::read_to_string(&path).expect("text");
        texts.insert(name.into_owned(), text);
    }
    let mut sources = wit_parser::SourceMap::default();
    for (name, text) in texts {
        sources.push_str(&name, text);
    }
    let mut resolve = wit_parser::Resolve::default();
    let group = sources.parse().map_err(|(_, e)| e).expect("a contract");
    let package = resolve.push_group(group).expect("a contract");
    let world = resolve.select_world(&[package], Some("record-validate-plugin"));
    let utf8 = wit_component::StringEncoding::UTF8;
    let world = world.expect("the world");
    wit_component::embed_component_metadata(module, &resolve, world, utf8).expect("metadata");
}
