//! Whether a component keeps to the contract.

use std::borrow::Cow;
use std::collections::BTreeSet;

use wasmparser::{ComponentExport, ComponentImport, Encoding, Parser, Payload};

use super::difference;
use crate::hooks::reference::{self, Interface};

/// The version of `opora:hooks` that this engine offers.
pub const CONTRACT_VERSION: &str = "1.0.0";
/// Every published version, whose plugins load. Those before 1.0.0 have the same interfaces, each
/// under the version that published it first.
pub const CONTRACT_VERSIONS: [&str; 5] = ["0.1.0", "0.2.0", "0.3.0", "0.4.0", CONTRACT_VERSION];

const PACKAGE: &str = "opora:hooks/";
/// Interfaces a plugin may import.
static IMPORTS: [Interface; 2] = [
    Interface::since("0.1.0", "log"),
    Interface::since("0.1.0", "types"),
];

/// Why a plugin cannot be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Over the greatest size.
    #[error(
        "plugin `{plugin}` has {bytes} bytes, the limit is {max_bytes}: build it in release mode, or allow it more"
    )]
    TooLarge {
        /// Name and version.
        plugin: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        max_bytes: usize,
    },
    /// Not a valid component, nor a module that can be made one.
    #[error("plugin `{plugin}` is not a valid component: {text}")]
    Malformed {
        /// Name and version.
        plugin: String,
        /// What is wrong.
        text: String,
    },
    /// It wants something that is not offered.
    #[error(
        "plugin `{plugin}` imports `{import}`: a plugin may import only `opora:hooks/log` and `opora:hooks/types`"
    )]
    Import {
        /// Name and version.
        plugin: String,
        /// What it imports.
        import: String,
    },
    /// It was built for another contract.
    #[error(
        "plugin `{plugin}` is built for opora:hooks {built_for}, this engine offers {offered}; first difference: {difference}; rebuild it for what is offered"
    )]
    Contract {
        /// Name and version.
        plugin: String,
        /// The contract it was built for.
        built_for: String,
        /// The contract that the engine offers.
        offered: &'static str,
        /// The first difference.
        difference: String,
    },
    /// It has nothing the engine could call.
    #[error("plugin `{plugin}` exports no hook: export at least one interface of opora:hooks")]
    NoHooks {
        /// Name and version.
        plugin: String,
    },
    /// An instance of it cannot be made within the budget.
    #[error("plugin `{plugin}` does not start: {text}")]
    Start {
        /// Name and version.
        plugin: String,
        /// What happened.
        text: String,
    },
    /// The host itself cannot be made.
    #[error("cannot run plugins: {0}")]
    Host(String),
}

/// Makes a component of a core module that carries a `component-type` section, as a plain cargo
/// build for `wasm32-unknown-unknown` leaves it. Function names are kept.
///
/// # Errors
/// A sentence that says why the module does not fit its section.
pub fn encode(core: &[u8]) -> Result<Vec<u8>, String> {
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(core)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|e| format!("{e:#}"))
}

/// The component itself, encoded first when it is a core module.
pub(super) fn component(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    // Magic number, then version 1 and layer 0: a core module.
    if bytes.starts_with(b"\0asm\x01\0\0\0") {
        encode(bytes).map(Cow::Owned)
    } else if bytes.starts_with(b"\0asm") {
        Ok(Cow::Borrowed(bytes))
    } else {
        // The compiler would take text as well.
        Err("it does not begin as WebAssembly does".to_owned())
    }
}

/// Checks the names of imports and exports; gives the interfaces that are exported. Nothing is
/// compiled: what is not for this engine is refused at once, however large it is.
pub(super) fn check(plugin: &str, component: &[u8]) -> Result<BTreeSet<&'static str>, LoadError> {
    let names = names(component).map_err(|text| LoadError::Malformed {
        plugin: plugin.to_owned(),
        text,
    })?;
    let unlike = |said: String, version: &str| LoadError::Contract {
        plugin: plugin.to_owned(),
        built_for: version.to_owned(),
        offered: CONTRACT_VERSION,
        difference: match difference::first(component) {
            Some(inside) => format!("{said}; {}", inside.text),
            None => said,
        },
    };
    let mut imported = BTreeSet::new();
    for import in names.imports {
        let refused = || LoadError::Import {
            plugin: plugin.to_owned(),
            import: import.to_owned(),
        };
        let (name, version) = split(import).ok_or_else(refused)?;
        match imported_interface(name) {
            Some(known) if !known.is_of(version) => {
                let said = format!("imports `{import}`, which is of {}", versions(known));
                return Err(unlike(said, version));
            }
            Some(known) if !imported.insert(known.name) => {
                return Err(unlike(format!("imports `{name}` of two versions"), version));
            }
            Some(_) => {}
            None if CONTRACT_VERSIONS.contains(&version) => return Err(refused()),
            None => return Err(unlike(format!("imports `{import}`"), version)),
        }
    }
    let mut found = BTreeSet::new();
    for export in names.exports {
        let Some((name, version)) = split(export) else {
            continue;
        };
        // A hook that is never called would fail in silence.
        match exported_interface(name) {
            Some(known) if !known.is_of(version) => {
                let said = format!("exports `{export}`, which is of {}", versions(known));
                return Err(unlike(said, version));
            }
            Some(known) if !found.insert(known.name) => {
                return Err(unlike(format!("exports `{name}` of two versions"), version));
            }
            Some(_) => {}
            None => {
                let said = format!("exports what this engine does not call: `{export}`");
                return Err(unlike(said, version));
            }
        }
    }
    if found.is_empty() {
        return Err(LoadError::NoHooks {
            plugin: plugin.to_owned(),
        });
    }
    Ok(found)
}

/// What stands at the outside of a component.
#[derive(Default)]
pub(super) struct Names<'a> {
    pub(super) imports: Vec<&'a str>,
    pub(super) exports: Vec<&'a str>,
}

/// Reads the names of imports and exports, which are parts of the component's bytes. What is inside is
/// the compiler's to check.
pub(super) fn names(component: &[u8]) -> Result<Names<'_>, String> {
    let said = |e: wasmparser::BinaryReaderError| e.to_string();
    let mut names = Names::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(said)? {
            Payload::Version { encoding, .. } if depth == 0 && encoding != Encoding::Component => {
                return Err("it is a core module".to_owned());
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let ComponentImport { name, .. } = import.map_err(said)?;
                    names.imports.push(name.name);
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let ComponentExport { name, .. } = export.map_err(said)?;
                    names.exports.push(name.name);
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

/// The error for types that do not fit under the right names.
pub(super) fn differs(plugin: &str, error: &wasmtime::Error, component: &[u8]) -> LoadError {
    let (version, difference) = match difference::first(component) {
        Some(found) => (found.version, found.text),
        None => (CONTRACT_VERSION.to_owned(), format!("{error:#}")),
    };
    LoadError::Contract {
        plugin: plugin.to_owned(),
        built_for: format!("something else under the name {version}"),
        offered: CONTRACT_VERSION,
        difference,
    }
}

/// An interface that plugins may import.
pub(super) fn imported_interface(name: &str) -> Option<&'static Interface> {
    IMPORTS.iter().find(|known| known.name == name)
}

/// An interface that plugins may export.
pub(super) fn exported_interface(name: &str) -> Option<&'static Interface> {
    reference::interfaces().find(|known| known.name == name)
}

/// The versions of an interface, in words.
fn versions(interface: &Interface) -> String {
    interface.earlier.map_or_else(
        || interface.version.to_owned(),
        |earlier| format!("{earlier} and {}", interface.version),
    )
}

/// Interface and version of a name such as `opora:hooks/log@1.0.0`.
pub(super) fn split(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_prefix(PACKAGE)?;
    Some(rest.split_once('@').unwrap_or((rest, "without a version")))
}
