//! `field.compute`: values that follow from others, on every way a record is written.

use std::sync::Arc;

use super::Deciding;
use super::effects::only_set;
use super::rules::Ruled;
use crate::desk::Result;
use crate::desk::journal::By;
use crate::domain::{Id, Kind};
use crate::hooks::{Detail, Effect, Hook};

impl Deciding<'_, '_> {
    /// Computes the fields of every record that changed.
    pub(super) fn compute_all(&mut self) -> Result<()> {
        if self.ground.catalog.rules(Hook::FieldCompute).is_empty() {
            return Ok(());
        }
        for (kind, id) in self.to_settle() {
            self.compute(kind, id)?;
        }
        Ok(())
    }

    /// Computes the fields of a record, when it changed since that was done last. A rule sees what
    /// the rules before it computed.
    pub(super) fn compute(&mut self, kind: Kind, id: Id) -> Result<()> {
        let rules = self.due_rules(Hook::FieldCompute, kind, id);
        let Some(work) = self.draft.records.get(&(kind, id)) else {
            return Ok(());
        };
        if rules.is_empty() || !work.is_changed() || work.is_computed() {
            return Ok(());
        }
        for rule in rules {
            if let Ok(Some(ruled)) = self.call_rule(&rule, kind, id, &Detail::None)? {
                self.apply_effects(&ruled, kind, id)?;
            }
        }
        if let Some(work) = self.draft.records.get_mut(&(kind, id)) {
            work.computed.clone_from(&work.now);
        }
        Ok(())
    }

    /// A computed value. A person's own stays, unless the rule may override it.
    pub(super) fn apply_computed(
        &mut self,
        ruled: &Ruled,
        effect: &Effect,
        by: By,
        kind: Kind,
        id: Id,
    ) -> Result<()> {
        let (field, value) = only_set(ruled, effect)?;
        let name = self.rule_field(ruled, kind, id, field)?;
        self.set_over(ruled, kind, id, &name, value.cloned(), by)
    }
}

impl crate::desk::draft::Work {
    /// Whether the fields were computed since the record changed last.
    fn is_computed(&self) -> bool {
        match (&self.computed, &self.now) {
            (Some(computed), Some(now)) => Arc::ptr_eq(computed, now) || computed == now,
            _ => false,
        }
    }
}
