//! Packs: reading a folder of definitions and rules, checking it, and making the active rule set.
//!
//! [`PackFiles`] are a pack as files, [`load`] makes a [`Loaded`] pack of them, and a [`Catalog`] is
//! what all loaded packs say together. `docs/packs.md` describes the format.

pub mod asks;
mod attach;
pub mod authoring;
pub mod bridge;
mod built_in;
pub mod catalog;
pub mod change;
mod check;
mod circle;
mod compose;
mod courses;
mod declared;
mod diff;
pub mod fault;
pub mod files;
mod flow;
mod granted;
pub mod hosts;
mod load;
pub mod manifest;
mod manner;
pub mod moves;
mod names;
mod origin;
mod plugin_limits;
mod qualify;
mod read;
pub mod renamed;
mod replaced;
mod reports;
pub mod rule_spec;
pub mod seed;
mod setting;
mod source;
mod stages;
mod strings;
mod table;
mod taken;
mod template;
mod template_check;
mod templates;
mod when;
mod workspaces;

#[cfg(test)]
mod tests;

pub use asks::{Given, GrantFault, Grants};
pub use bridge::Shift;
pub use built_in::BuiltIn;
#[cfg(feature = "wasm")]
pub use built_in::within;
pub use catalog::{Catalog, LocalFields};
pub use change::{Change, Changed, Subject, changes, subjects};
pub use check::{
    MAX_FIELD_OPTIONS, MAX_FIELDS, MAX_GROUPS, MAX_NAME_CHARS, MAX_QUESTIONS, MAX_TYPES,
};
pub use diff::{FileDiff, PackDiff, diff};
pub use fault::{MAX_FAULTS, PackFault, nearest};
pub use files::PackFiles;
pub use flow::{MAX_STATUSES, MAX_TRANSITIONS};
pub use hosts::{Hosts, NoHosts, PluginFile, PluginUnit, ScriptUnit};
pub use load::{Loaded, load, load_installed};
pub use manifest::{CONTRACT, Manifest, name_fault, pack_name};
pub use moves::{Codes, Moves};
pub use names::Misnamed;
pub use plugin_limits::{CEILING, PluginLimits};
pub use renamed::Renamed;
pub use replaced::Replaced;
pub use rule_spec::{READS, RuleSpec};
pub use setting::OptionSpec;
pub use stages::{MAX_EDGES, MAX_STAGES};
