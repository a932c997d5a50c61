//! Saving and removing variants of reports.

use super::{Answer, Deciding, config};
use crate::desk::query::report::{Plan, ReportSpec, Variant, unknown, variant_key};
use crate::desk::{Actor, Error, Result, codec};
use crate::domain::{Id, Value};
use crate::store::{Expect, Table};

/// Longest name of a variant in bytes.
const MAX_NAME: usize = 200;
/// Longest question in bytes.
const MAX_SPEC: usize = 20_000;

impl Deciding<'_, '_> {
    pub(super) fn save_variant(
        &mut self,
        report: &str,
        id: Option<Id>,
        (name, shared): (&str, bool),
        spec: &ReportSpec,
    ) -> Result<Answer> {
        self.actor.require_agent("saving a variant")?;
        super::entries::short("name", name, MAX_NAME)?;
        let catalog = std::sync::Arc::clone(&self.ground.catalog);
        let def = catalog
            .report(report)
            .ok_or_else(|| unknown(&catalog, report))?;
        // What could not be run is not saved.
        Plan::of(self.ground, &self.sight, def, spec)?;
        let text = serde_json::to_string(spec)
            .map_err(|e| Error::internal(format!("a variant cannot be written: {e}")))?;
        if text.len() > MAX_SPEC {
            return Err(Error::field(
                "spec",
                "too_long",
                format!("is over {MAX_SPEC} bytes"),
            ));
        }
        let (id, owner) = match id {
            Some(id) => {
                let old = self.own_variant(&def.code, id)?;
                (id, old.owner)
            }
            None => {
                let id = self.allot.id(self.ground.now);
                let key = variant_key(&def.code, id);
                self.draft
                    .rows
                    .expect
                    .push((Table::Meta, key, Expect::Absent));
                (id, self.actor.name())
            }
        };
        let asked = &mut self.input.arguments;
        asked.push(("report".to_owned(), Value::from(def.code.as_str())));
        asked.push(("name".to_owned(), Value::from(name)));
        let variant = Variant {
            id,
            report: def.code.clone(),
            name: name.to_owned(),
            owner,
            shared,
            spec: text,
            saved_at: self.ground.now,
        };
        let key = variant_key(&def.code, id);
        self.draft
            .rows
            .put
            .push((Table::Meta, key, codec::encode(&variant)?));
        Ok(answer(id))
    }

    pub(super) fn delete_variant(&mut self, report: &str, id: Id) -> Result<Answer> {
        self.actor.require_agent("removing a variant")?;
        let catalog = std::sync::Arc::clone(&self.ground.catalog);
        let def = catalog
            .report(report)
            .ok_or_else(|| unknown(&catalog, report))?;
        let old = self.own_variant(&def.code, id)?;
        let asked = &mut self.input.arguments;
        asked.push(("report".to_owned(), Value::from(def.code.as_str())));
        asked.push(("name".to_owned(), Value::from(old.name)));
        self.draft
            .rows
            .delete
            .push((Table::Meta, variant_key(&def.code, id)));
        Ok(answer(id))
    }

    /// A variant that the asker may change: its own, and an administrator's are all that it sees.
    fn own_variant(&mut self, report: &str, id: Id) -> Result<Variant> {
        let key = variant_key(report, id);
        let row = self.draft.snapshot.get(Table::Meta, &key)?;
        let row = row.ok_or_else(Error::not_found)?;
        let variant: Variant = codec::decode(&row.bytes)?;
        if !variant.is_open_to(&self.actor) {
            return Err(Error::not_found());
        }
        let is_admin = matches!(self.actor, Actor::Admin { .. } | Actor::System);
        if variant.owner != self.actor.name() && !is_admin {
            return Err(Error::forbidden(
                "the variant is somebody else's; save one of your own",
            ));
        }
        let expect = config::expected(Some(row.version));
        self.draft.rows.expect.push((Table::Meta, key, expect));
        Ok(variant)
    }
}

const fn answer(id: Id) -> Answer {
    Answer {
        kind: None,
        id,
        entry: None,
    }
}
