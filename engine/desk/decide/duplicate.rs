//! Duplicating a record: the same values under a number of its own, without its past.

use serde_json::{Map, Value as Json};

use super::{Answer, Deciding};
use crate::desk::journal::By;
use crate::desk::{Error, Result};
use crate::domain::contract::fields::EFFORT_HOURS;
use crate::domain::record::fields;
use crate::domain::{EntryBody, Id, Kind, Value};

/// What the link from a duplicate to its original means.
const DUPLICATE_OF: &str = "duplicate_of";

impl Deciding<'_, '_> {
    pub(super) fn duplicate(
        &mut self,
        (kind, from): (Kind, Id),
        asked: &Map<String, Json>,
    ) -> Result<Answer> {
        self.actor.require_agent("duplicating")?;
        self.actor.require_write(kind)?;
        if !kind.has_entries() {
            let text = format!("a {} cannot be duplicated", kind.name());
            return Err(Error::field("kind", "no_entries", text));
        }
        self.foresee(kind, Some(from), asked)?;
        self.seen_target(kind, from)?;
        let source = self.draft.record(kind, from)?.clone();
        let catalog = std::sync::Arc::clone(&self.ground.catalog);
        let type_def = source.type_code().and_then(|code| catalog.type_def(code));
        if let Some(def) = type_def.filter(|def| !def.active) {
            let text = format!("type `{}` takes no new records", def.code);
            return Err(Error::field(fields::TYPE, "inactive_type", text));
        }
        let id = self.allot.id(self.ground.now);
        self.input.target = Some((kind, id));
        let arguments = &mut self.input.arguments;
        arguments.push(("from".to_owned(), Value::Ref(from)));
        self.begin(kind, id, type_def.cloned(), By::Asked)?;
        for (name, value) in &source.fields {
            let Some(def) = catalog.field(kind, source.type_code(), name) else {
                continue;
            };
            // What is the record's own, and the work that went into it, is not the duplicate's.
            let own = def.readonly || def.unique || def.retired || name == EFFORT_HOURS;
            let fixed = [fields::TYPE, fields::STATUS].contains(&name.as_str());
            if own || fixed || self.sight.hides(kind, def)? {
                continue;
            }
            self.draft
                .set(kind, id, name, Some(value.clone()), By::Asked);
        }
        self.set_asked(kind, id, asked)?;
        self.complete(kind, id)?;
        let relation = DUPLICATE_OF.to_owned();
        let body = EntryBody::Link {
            relation,
            kind,
            to: from,
        };
        self.add_own_entry(kind, id, body);
        self.settle(&[(kind, id)])?;
        Ok(Answer::record(kind, id))
    }
}
