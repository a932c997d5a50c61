//! Packs over time: upgrades that move records, revisions, grants, drafts.

#[cfg(feature = "script")]
mod aftersales;
#[cfg(feature = "script")]
mod authoring;
#[cfg(all(feature = "script", feature = "wasm"))]
mod beside;
#[cfg(feature = "script")]
mod carried;
#[cfg(feature = "script")]
mod directory;
mod drafts;
#[cfg(feature = "script")]
mod grants;
#[cfg(feature = "script")]
mod guards;
#[cfg(feature = "script")]
mod lifecycle;
mod moves;
#[cfg(feature = "script")]
mod options;
mod revisions;
mod seeds;

use opora::desk::{Command, PackChange, Reply, Result};
use opora::packs::{Given, PackFiles};

use crate::support::TestDesk;

/// The pack of these tests, of a version, with more of a manifest.
pub fn manifest(version: &str, more: &str) -> String {
    format!("[pack]\nname = \"shop\"\nversion = \"{version}\"\nengine = \"0.1\"\n{more}")
}

pub const FIRST: &str = r#"
[[type]]
code = "defect"
workflow = "work"
field_sets = ["device"]
[[type]]
code = "claim"
workflow = "work"
reserved = true

[[workflow]]
code = "work"
initial = "todo"
statuses = [
  { code = "todo", category = "new" },
  { code = "bench", category = "open" },
  { code = "parts", category = "waiting", pauses = ["resolution"] },
  { code = "done", category = "done" },
]
transitions = [
  { from = "todo", to = "bench" }, { from = "bench", to = "parts" },
  { from = "parts", to = "bench" }, { from = "bench", to = "done" },
]

[[field_set]]
code = "device"
fields = [
  { code = "room", value = "text", indexed = true },
  { code = "badge", value = "text", unique = true },
  { code = "severity", value = "enum", options = [{ code = "low" }, { code = "high" }] },
  { code = "marks", value = "multi_enum", options = [{ code = "old" }, { code = "wet" }] },
]
"#;

/// The second version, in which everything that tickets use has another code.
pub fn second() -> String {
    FIRST
        .replace("\"defect\"", "\"fault\"")
        .replace(
            "{ code = \"parts\", category = \"waiting\", pauses = [\"resolution\"] }",
            "{ code = \"stuck\", category = \"waiting\" }",
        )
        .replace("\"parts\"", "\"stuck\"")
        .replace("code = \"room\"", "code = \"place\"")
        .replace("code = \"high\"", "code = \"urgent\"")
        .replace("code = \"old\"", "code = \"worn\"")
}

pub const REPLACED: &str = r#"
[replaced]
type = { defect = "fault" }
status = { parts = "stuck" }
field = { room = "place" }
option = { "severity:high" = "urgent", "marks:old" = "worn" }
"#;

pub fn files(manifest: &str, definitions: &str) -> PackFiles {
    PackFiles::from_texts(&[("pack.toml", manifest), ("definitions.toml", definitions)])
}

pub fn change(desk: &TestDesk, name: &str, change: PackChange) -> Result<Reply> {
    desk.run(Command::ChangePack {
        name: name.to_owned(),
        change,
    })
}

pub fn install(desk: &TestDesk, manifest: &str, definitions: &str) -> Result<Reply> {
    let files = files(manifest, definitions);
    let grants = Given::Nothing;
    change(desk, "", PackChange::Install { files, grants })
}

/// The first version without a reserved type, so that it can be removed.
pub fn unreserved() -> String {
    FIRST.replace("reserved = true\n", "")
}

pub fn first() -> TestDesk {
    let desk = TestDesk::bare();
    install(&desk, &manifest("1.0.0", ""), FIRST).unwrap();
    desk
}
