//! Checks workspaces: by themselves, and against the types and fields of what they list.

use std::collections::BTreeSet;

use super::catalog::Catalog;
use super::check::{bare, names_fault};
use super::fault::{Faults, PackFault};
use super::origin::Origin;
use super::source::short;
use crate::domain::workspace::{Listed, MAX_CONDITIONS, MAX_ENTRIES, WorkspaceDef, WorkspaceEntry};
use crate::domain::{Kind, code, record::fields};

/// Checks a workspace by itself.
pub(super) fn check(origin: &Origin, i: usize, workspace: &WorkspaceDef, faults: &mut Faults) {
    let mut push = |path: &str, message: String| {
        faults.push(origin.fault(&format!("workspace/{i}/{path}"), message));
    };
    if let Some(message) = names_fault(&workspace.names) {
        push("names", message);
    }
    let count = workspace.entries.len();
    if count > MAX_ENTRIES {
        push(
            "entries",
            format!("{count} entries are over the limit of {MAX_ENTRIES}"),
        );
        return;
    }
    let mut seen = BTreeSet::new();
    for (k, entry) in workspace.entries.iter().enumerate() {
        if let Some(why) = code::fault(&entry.code) {
            push(
                &format!("entries/{k}/code"),
                format!("`{}` {why}", short(&entry.code)),
            );
        }
        if !seen.insert(&entry.code) {
            let message = format!("`{}` stands twice", short(&entry.code));
            push(&format!("entries/{k}/code"), message);
        }
        if let Some(message) = names_fault(&entry.names) {
            push(&format!("entries/{k}/names"), message);
        }
        let conditions = entry.holds.len();
        if conditions > MAX_CONDITIONS {
            let message = format!("{conditions} conditions are over the limit of {MAX_CONDITIONS}");
            push(&format!("entries/{k}/where"), message);
        }
        if conditions > 0 && !matches!(entry.list, Listed::Records(_)) {
            let message = "`where` is about records; take it out".to_owned();
            push(&format!("entries/{k}/where"), message);
        }
    }
}

/// Refuses workspaces of types and fields that there are not.
pub(super) fn refuse(catalog: &Catalog, faults: &mut Faults) {
    for pack in &catalog.packs {
        for (i, workspace) in pack.definitions.workspaces.iter().enumerate() {
            for (k, entry) in workspace.entries.iter().enumerate() {
                if faults.is_full() {
                    return;
                }
                let path = format!("workspace/{i}/entries/{k}");
                faults.extend(unknown(catalog, &pack.origin, &path, entry));
            }
        }
    }
}

fn unknown(
    catalog: &Catalog,
    origin: &Origin,
    path: &str,
    entry: &WorkspaceEntry,
) -> Vec<PackFault> {
    let Listed::Records(kind) = entry.list else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (name, value) in &entry.holds {
        let message = if name == fields::TYPE {
            let known = catalog.type_def(value).is_some_and(|t| t.kind == kind);
            (!known).then(|| format!("there is no type `{}`", short(bare(value))))
        } else {
            let known = has_field(catalog, kind, name);
            (!known).then(|| {
                let noun = kind.name();
                format!("a {noun} has no field `{}`", short(bare(name)))
            })
        };
        found.extend(message.map(|m| origin.fault(&format!("{path}/where/{name}"), m)));
    }
    found
}

/// Whether records of a kind, of any type, have a field.
fn has_field(catalog: &Catalog, kind: Kind, name: &str) -> bool {
    let of = |code| catalog.field(kind, code, name).is_some();
    of(None) || catalog.types(kind).any(|t| of(Some(t.code.as_str())))
}
