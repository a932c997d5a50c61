//! A plugin's folder: its language, its manifest, its component.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::failure::{Failure, Outcome};

/// Language that a plugin is written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Small and fast; needs cargo.
    #[default]
    Rust,
    /// Carries its interpreter, 12 MiB; needs Node.js and npm.
    Js,
    /// Carries its interpreter, 18 MiB; needs Python 3 with venv.
    Python,
}

impl Language {
    /// Name of its template.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Js => "js",
            Self::Python => "python",
        }
    }

    /// The file that a project of it has, and that its hooks are in.
    pub const fn source(self) -> &'static str {
        match self {
            Self::Rust => "src/lib.rs",
            Self::Js => "plugin.js",
            Self::Python => "plugin.py",
        }
    }

    /// The table of its manifest that asks for what its interpreter needs.
    pub const fn limits(self) -> &'static str {
        match self {
            Self::Rust => "",
            Self::Js => {
                "\n# Room for the interpreter that the component carries.\n[limits]\n\
                 plugin_bytes = \"16 MiB\"\nplugin_memory = \"32 MiB\"\nplugin_fuel = 50000000\n"
            }
            Self::Python => {
                "\n# Room for the interpreter that the component carries.\n[limits]\n\
                 plugin_bytes = \"24 MiB\"\nplugin_memory = \"48 MiB\"\nplugin_fuel = 50000000\n"
            }
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A plugin's folder.
#[derive(Debug)]
pub struct Project {
    /// The folder, absolute.
    pub root: PathBuf,
    /// Language.
    pub language: Language,
    /// Where its manifest says that the component lies.
    pub component: PathBuf,
}

impl Project {
    /// The project in a folder.
    ///
    /// # Errors
    /// When the folder holds no manifest, or no source that is known.
    pub fn at(folder: &Path) -> Outcome<Self> {
        let root = folder
            .canonicalize()
            .map_err(|e| Failure::file(folder, &e))?;
        let manifest = root.join("pack.toml");
        let text = std::fs::read_to_string(&manifest).map_err(|e| Failure::file(&manifest, &e))?;
        let table: toml::Table = text.parse().map_err(|e| Failure::file(&manifest, &e))?;
        let plugin = table
            .get("pack")
            .and_then(|pack| pack.get("plugin")?.as_str())
            .ok_or_else(|| {
                Failure::file(&manifest, &"names no plugin; write plugin = \"NAME.wasm\"")
            })?;
        if plugin.is_empty() || plugin.starts_with('/') || plugin.split('/').any(|p| p == "..") {
            return Err(Failure::file(
                &manifest,
                &format!("plugin `{plugin}` is not inside the folder"),
            ));
        }
        let all = Language::value_variants();
        let found = all.iter().find(|l| root.join(l.source()).is_file());
        let language = *found.ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|l| l.source()).collect();
            Failure::file(&root, &format!("holds none of {}", names.join(", ")))
        })?;
        Ok(Self {
            component: root.join(plugin),
            root,
            language,
        })
    }
}
