//! The guest crate and the templates of plugins, as they were when the program was built.

use std::borrow::Cow;

use crate::hooks::wasm::WIT;

mod files {
    include!(concat!(env!("OUT_DIR"), "/sdk.rs"));
}

/// The files of a template, by their path inside it.
pub fn template(name: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let prefix = format!("templates/{name}/");
    files::SDK.iter().filter_map(move |(path, text)| {
        let inside = path.strip_prefix(prefix.as_str())?;
        Some((inside, *text))
    })
}

/// The guest crate for Rust, able to stand alone.
pub fn guest_crate() -> impl Iterator<Item = (String, Cow<'static, str>)> {
    let own = files::SDK.iter().filter_map(|(path, text)| {
        let text = match *path {
            "Cargo.toml" => Cow::Owned(standing_alone(text)),
            _ if path.starts_with("src/") => Cow::Borrowed(*text),
            _ => return None,
        };
        Some(((*path).to_owned(), text))
    });
    let wit = WIT.iter();
    own.chain(wit.map(|(path, text)| (format!("wit/{path}"), Cow::Borrowed(*text))))
}

/// The manifest of the guest crate without what it takes from this workspace.
fn standing_alone(manifest: &str) -> String {
    let mut text = String::new();
    let mut skipping = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            skipping = line == "[lints]";
        }
        if skipping {
            continue;
        }
        let line = match line.strip_suffix(".workspace = true") {
            Some("version") => concat!("version = \"", env!("CARGO_PKG_VERSION"), "\""),
            Some("edition") => "edition = \"2024\"",
            Some("rust-version") => {
                concat!("rust-version = \"", env!("CARGO_PKG_RUST_VERSION"), "\"")
            }
            Some("license") => concat!("license = \"", env!("CARGO_PKG_LICENSE"), "\""),
            _ => line,
        };
        text.push_str(line);
        text.push('\n');
    }
    text
}
