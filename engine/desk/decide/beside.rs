//! What rules read beside their record: the records that it refers to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Deciding;
use super::rules::view_of;
use crate::desk::Result;
use crate::domain::{Id, Kind, Record, Value, builtin};
use crate::hooks::{Hook, RecordView, Rule};
use crate::packs::Catalog;

impl Deciding<'_, '_> {
    /// The records that a rule declared it reads.
    pub(super) fn related(
        &mut self,
        rule: &Rule,
        kind: Kind,
        id: Id,
    ) -> Result<BTreeMap<String, Arc<RecordView>>> {
        let mut wanted = Vec::new();
        if let Some(record) = self.draft.peek(kind, id) {
            let catalog = &self.ground.catalog;
            for name in &rule.reads {
                let place = named(catalog, record, rule, name);
                wanted.extend(place.map(|place| (name.clone(), place)));
            }
        }
        if wanted.iter().any(|(_, place)| !self.draft.knows(*place)) {
            self.read_along(kind, id)?;
        }
        let mut related = BTreeMap::new();
        for (name, place) in wanted {
            let Some(work) = self.draft.records.get_mut(&place) else {
                continue;
            };
            let Some(view) = work.view(|record| view_of(self.ground, record)) else {
                continue;
            };
            related.insert(name, view);
            if let Some(version) = work.version {
                self.draft.reads.insert(place, version);
                if rule.hook.fails_closed() {
                    // What a guard saw must still be so when the change is committed.
                    self.draft.rows.expect.push((
                        crate::store::Table::Records,
                        crate::desk::keys::record(place.0, place.1),
                        crate::store::Expect::Version(version),
                    ));
                }
            }
        }
        Ok(related)
    }

    /// Reads in one trip what all rules for a record declared, since others will ask next.
    fn read_along(&mut self, kind: Kind, id: Id) -> Result<()> {
        let places = self.declared(kind, id);
        self.draft.load(&places)
    }

    /// The records that rules for a record declared to read.
    pub(super) fn declared(&self, kind: Kind, id: Id) -> Vec<(Kind, Id)> {
        let Some(record) = self.draft.peek(kind, id) else {
            return Vec::new();
        };
        let catalog = &self.ground.catalog;
        // Rules of the search index are called beside commands.
        let rules = Hook::ALL
            .into_iter()
            .filter(|hook| *hook != Hook::SearchDocument)
            .flat_map(|hook| catalog.rules_for(hook, kind, record.type_code()));
        let places: BTreeSet<(Kind, Id)> = rules
            .flat_map(|rule| rule.reads.iter().map(move |name| (rule, name)))
            .filter_map(|(rule, name)| named(catalog, record, rule, name))
            .collect();
        places.into_iter().collect()
    }
}

/// The record that a declared read names: by the field of that name, the first of a list such as
/// `assets` for `asset`, or a reference of the rule's pack.
pub fn named(catalog: &Catalog, record: &Record, rule: &Rule, name: &str) -> Option<(Kind, Id)> {
    named_by(catalog, record, &rule.pack, name)
}

/// The record that a name means to rules of a pack.
pub fn named_by(catalog: &Catalog, record: &Record, pack: &str, name: &str) -> Option<(Kind, Id)> {
    named_by_engine(record, name).or_else(|| {
        let def = catalog.resolve(record.kind, record.type_code(), Some(pack), name)?;
        Some((def.target?, record.reference(&def.code)?))
    })
}

fn named_by_engine(record: &Record, name: &str) -> Option<(Kind, Id)> {
    let target = |field: &str| builtin::field(record.kind, field).and_then(|def| def.target);
    if let Some(target) = target(name) {
        return record.reference(name).map(|to| (target, to));
    }
    let list = format!("{name}s");
    let Some(Value::List(items)) = record.get(&list) else {
        return None;
    };
    Some((target(&list)?, items.first().and_then(Value::as_ref_id)?))
}
