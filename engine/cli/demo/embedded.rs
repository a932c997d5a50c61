//! The demo's content and the packs, as they were when the program was built.

use std::collections::BTreeMap;

use crate::packs::PackFiles;

mod files {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// A text of the demo's content.
#[must_use]
pub fn text(path: &str) -> Option<&'static str> {
    let found = files::DEMO.iter().find(|(name, _)| *name == path);
    found.and_then(|(_, bytes)| std::str::from_utf8(bytes).ok())
}

/// The texts of a folder of the demo's content, in the order of their names.
pub fn texts(folder: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let inside = files::DEMO
        .iter()
        .filter(move |(name, _)| name.starts_with(folder));
    inside.filter_map(|(name, bytes)| Some((*name, std::str::from_utf8(bytes).ok()?)))
}

/// The packs and plugins, by name.
#[must_use]
pub fn packs() -> BTreeMap<String, PackFiles> {
    let mut packs: BTreeMap<String, PackFiles> = BTreeMap::new();
    for (path, bytes) in files::SCRIPTS.iter().chain(files::PLUGINS) {
        if let Some((pack, inside)) = path.split_once('/') {
            let files = &mut packs.entry(pack.to_owned()).or_default().files;
            files.insert(inside.to_owned(), bytes.to_vec());
        }
    }
    packs.retain(|_, files| files.files.contains_key("pack.toml"));
    for files in packs.values_mut() {
        let plugin = plugin(files);
        files
            .files
            .retain(|path, _| !path.ends_with(".wasm") || Some(path) == plugin.as_ref());
    }
    packs
}

/// Path of the plugin that the manifest names.
fn plugin(files: &PackFiles) -> Option<String> {
    let table: toml::Table = files.text("pack.toml")?.parse().ok()?;
    let plugin = table.get("pack")?.get("plugin")?.as_str()?;
    Some(plugin.to_owned())
}
