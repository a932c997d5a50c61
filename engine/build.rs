//! Embeds the demo's content and the packs, so that the program works wherever it is moved to.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Endings of the files that packs and the demo consist of.
const ENDINGS: [&str; 6] = ["rhai", "toml", "md", "txt", "jinja", "wasm"];
/// Folders and files that are no part of a pack.
const SKIPPED: [&str; 5] = ["target", "src", "node_modules", "Cargo.toml", "Cargo.lock"];
/// Versions of the contract whose plugins load, but for which none is written any more.
const EARLIER_CONTRACTS: [&str; 4] = ["0.1.0", "0.2.0", "0.3.0", "0.4.0"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let mut text = String::from("// Files as they were when the program was built.\n\n");
    let mut changed = Vec::new();
    let has_cli = env::var_os("CARGO_FEATURE_SERVER").is_some();
    for (name, folder) in [
        ("DEMO", "demo"),
        ("SCRIPTS", "scripts"),
        ("PLUGINS", "plugins"),
    ] {
        let mut files = Vec::new();
        if has_cli {
            changed.push(folder.to_owned());
            collect(&root.join(folder), "", &ENDINGS, &SKIPPED, &mut files)?;
        }
        append(&mut text, name, &root.join(folder), &files);
    }
    fs::write(
        PathBuf::from(variable("OUT_DIR")?).join("embedded.rs"),
        text,
    )?;
    fs::write(
        PathBuf::from(variable("OUT_DIR")?).join("wit.rs"),
        contracts(&root)?,
    )?;
    fs::write(
        PathBuf::from(variable("OUT_DIR")?).join("sdk.rs"),
        guests(&root)?,
    )?;
    changed.push("sdk".to_owned());
    let mut out = io::stdout().lock();
    writeln!(out, "cargo::rerun-if-changed=engine/build.rs")?;
    for folder in changed {
        writeln!(out, "cargo::rerun-if-changed={folder}")?;
    }
    Ok(())
}

/// The texts of the contract, as plugins are written for it.
fn contracts(root: &Path) -> io::Result<String> {
    let folder = root.join("sdk/wit");
    let mut files = Vec::new();
    collect(&folder, "", &["wit"], &EARLIER_CONTRACTS, &mut files)?;
    Ok(listed(&folder, &files))
}

/// The guest crate and the templates of plugins.
fn guests(root: &Path) -> io::Result<String> {
    let folder = root.join("sdk");
    let endings = [
        "rs",
        "toml",
        "md",
        "js",
        "json",
        "py",
        "txt",
        "wit",
        "gitignore",
    ];
    let mut files = Vec::new();
    collect(&folder, "", &endings, &["target", "wit"], &mut files)?;
    let list = listed(&folder, &files);
    Ok(format!("pub static SDK: &[(&str, &str)] = {list};\n"))
}

/// A list of files with their texts, as an expression.
fn listed(folder: &Path, files: &[String]) -> String {
    let mut text = String::from("&[\n");
    for file in files {
        let path = folder.join(file).display().to_string();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "    ({file:?}, include_str!({path:?})),");
    }
    text.push(']');
    text
}

fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(io::Error::other)
}

fn append(text: &mut String, name: &str, root: &Path, files: &[String]) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "pub static {name}: &[(&str, &[u8])] = &[");
    for file in files {
        let path = root.join(file);
        let _ = writeln!(
            text,
            "    ({file:?}, include_bytes!({:?})),",
            path.display().to_string()
        );
    }
    text.push_str("];\n");
}

/// The files of a folder in the order of their names; none when there is no folder.
fn collect(
    root: &Path,
    inside: &str,
    endings: &[&str],
    skipped: &[&str],
    files: &mut Vec<String>,
) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(root.join(inside)) else {
        return Ok(());
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        found.push((
            entry.file_name().to_string_lossy().into_owned(),
            entry.file_type()?.is_dir(),
        ));
    }
    found.sort();
    for (name, is_dir) in found {
        if name.starts_with('.') || skipped.contains(&name.as_str()) {
            continue;
        }
        let path = if inside.is_empty() {
            name.clone()
        } else {
            format!("{inside}/{name}")
        };
        let ending = name.rsplit_once('.').map_or(&*name, |(_, ending)| ending);
        if is_dir {
            collect(root, &path, endings, skipped, files)?;
        } else if endings.contains(&ending) {
            files.push(path);
        }
    }
    Ok(())
}
