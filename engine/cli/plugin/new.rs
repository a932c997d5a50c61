//! `opora plugin new`: a folder with all that a plugin needs.

use std::fs;
use std::path::Path;

use super::embedded;
use super::project::Language;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::out;
use crate::hooks::wasm::WIT;
use crate::packs::name_fault;

/// The crate that plugins in Rust stand on, a folder of each project.
const GUEST_CRATE: &str = "opora-sdk";

/// Writes the folder.
///
/// # Errors
/// When the name is none, the folder exists, or it cannot be written.
pub fn new(name: &str, language: Language) -> Outcome<()> {
    if let Some(why) = name_fault(name) {
        return Err(Failure::new(why));
    }
    if language == Language::Rust && name == GUEST_CRATE {
        return Err(Failure::new(format!(
            "`{name}` is the crate that the plugin stands on, and cargo refuses two of one name; choose \
             another"
        )));
    }
    let root = Path::new(name);
    if root.exists() {
        return Err(Failure::new(format!(
            "`{name}` exists; choose another name"
        )));
    }
    // Written beside it first: a folder that is there is whole.
    let stage = Path::new(".").join(format!(".{name}.new"));
    let _ = fs::remove_dir_all(&stage);
    let done = fill(&stage, name, language)
        .and_then(|()| fs::rename(&stage, root).map_err(|e| Failure::file(root, &e)));
    if done.is_err() {
        let _ = fs::remove_dir_all(&stage);
    }
    done?;
    out::say(&format!(
        "made {name}: {source} refuses to close a ticket without a solution\n\
         next: cd {name} && opora plugin build && opora plugin test",
        source = language.source()
    ))
}

fn fill(root: &Path, name: &str, language: Language) -> Outcome<()> {
    let common = embedded::template("common");
    for (path, text) in common.chain(embedded::template(language.name())) {
        let path = match path {
            "gitignore" => ".gitignore",
            // Rust's world is in the guest crate.
            "world.wit" if language == Language::Rust => continue,
            "world.wit" => "wit/world.wit",
            path => path,
        };
        let text = text
            .replace("{{name}}", name)
            .replace("{{source}}", &format!("`{}`", language.source()))
            .replace("{{limits}}", language.limits());
        write(&root.join(path), &text)?;
    }
    if language == Language::Rust {
        for (path, text) in embedded::guest_crate() {
            write(&root.join(GUEST_CRATE).join(path), &text)?;
        }
        return Ok(());
    }
    for (path, text) in WIT {
        // `1.0.0/log.wit`: a folder for each version.
        write(
            &root.join("wit/deps").join(format!("opora-hooks-{path}")),
            text,
        )?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Outcome<()> {
    let failed = |e: std::io::Error| Failure::file(path, &e);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}
