//! Packs and their rules as queries show them.

use std::sync::Arc;

use crate::desk::PackView;
use crate::desk::journal::RuleName;
use crate::hooks::Hook;
use crate::packs::{Catalog, Grants, Loaded};

/// The rules of a catalog in their total order.
pub fn rule_names(catalog: &Catalog) -> Vec<RuleName> {
    let rules = Hook::ALL
        .into_iter()
        .flat_map(|hook| catalog.rules(hook).iter());
    rules
        .map(|rule| RuleName {
            rule: rule.id(),
            version: rule.version.to_string(),
            revision: rule.revision,
            hook: rule.hook.name().to_owned(),
        })
        .collect()
}

/// The installed packs as queries show them.
pub fn packs_view(catalog: &Catalog) -> Vec<PackView> {
    let moving = |name: &str| catalog.shift().is_some_and(|s| s.pack == name);
    let texts = |grants: &Grants| grants.names().map(str::to_owned).collect();
    let view = |pack: &Arc<Loaded>| PackView {
        disabled: pack.disabled,
        moving: moving(pack.name()),
        asks: texts(&pack.manifest.asks),
        grants: texts(&pack.grants),
        warnings: catalog.told_of(pack.name()),
        name: pack.name().to_owned(),
        version: pack.manifest.version.clone(),
        names: pack.manifest.names.0.clone(),
        revision: hex(&pack.revision),
        rules: pack
            .rules
            .iter()
            .map(|rule| (rule.name.to_string(), rule.hook.name().to_owned()))
            .collect(),
        types: pack
            .definitions
            .types
            .iter()
            .map(|t| t.code.clone())
            .collect(),
    };
    catalog.packs().iter().map(view).collect()
}

/// Bytes as hexadecimal text.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
