//! Asking rules what they would say, without a change.

use std::sync::Arc;

use super::{Deciding, Draft, Ground, Input, PartySearch};
use crate::desk::allot::Allotment;
use crate::desk::intake::PartyQuery;
use crate::desk::sight::Sight;
use crate::desk::{Fault, Request, Result};
use crate::domain::{Id, Kind};
use crate::hooks::{Action, Detail, FieldRule, Hook, Rule};

/// A record whose rules are asked; nothing of it is ever committed.
pub struct Probe<'g, 'a> {
    deciding: Deciding<'g, 'a>,
    kind: Kind,
    id: Id,
}

impl<'g, 'a> Probe<'g, 'a> {
    /// Reads the record.
    ///
    /// # Errors
    /// When the asker may not see it, or the store fails.
    pub fn new(
        ground: &'g Ground<'a>,
        request: &'g Request,
        allot: &'g mut Allotment<'a>,
        kind: Kind,
        id: Id,
    ) -> Result<Self> {
        let mut probe = Self::at_large(ground, request, allot, kind);
        probe.id = id;
        probe.deciding.seen_target(kind, id)?;
        Ok(probe)
    }

    /// Why the asker's roles do not let it change the record, if they do not.
    pub fn barred(&self) -> Option<Fault> {
        let permitted = self.deciding.permit_change(self.kind, self.id);
        permitted.err().map(|error| Fault {
            field: None,
            code: error.code.to_owned(),
            message: error.message,
            rule: None,
        })
    }

    /// Rules that are about no record.
    pub fn at_large(
        ground: &'g Ground<'a>,
        request: &'g Request,
        allot: &'g mut Allotment<'a>,
        kind: Kind,
    ) -> Self {
        let id = Id::MIN;
        let deciding = Deciding {
            ground,
            actor: request.actor.clone(),
            sight: Sight::new(ground, &request.actor),
            request,
            allot,
            draft: Draft::new(
                Arc::clone(&ground.snapshot),
                Arc::clone(&ground.service),
                ground.now,
            ),
            input: Input {
                command: "form".to_owned(),
                target: Some((kind, id)),
                arguments: Vec::new(),
                asked: Vec::new(),
            },
            cause: None,
            chain: Vec::new(),
            follow: None,
            result: None,
            created: 0,
            went_too_deep: false,
            counted: false,
            next: None,
            happening: None,
            by_next: false,
            unanswered: None,
        };
        Self { deciding, kind, id }
    }

    /// The keys by which a party is searched for.
    ///
    /// # Errors
    /// When a text is wrong, or the store fails.
    pub fn party_search(&mut self, query: &PartyQuery) -> Result<PartySearch> {
        self.deciding.party_search(self.id, query)
    }

    /// What the form rules say, by full field code.
    pub fn form_rules(&mut self) -> Result<Vec<(String, FieldRule)>> {
        let (kind, id) = (self.kind, self.id);
        let mut found = Vec::new();
        for rule in self.deciding.due_rules(Hook::FormRules, kind, id) {
            let called = self.deciding.call_rule(&rule, kind, id, &Detail::None)?;
            let Ok(Some(ruled)) = called else { continue };
            let type_code = self.deciding.type_of(kind, id);
            for form in ruled.decision.form {
                let catalog = &self.deciding.ground.catalog;
                let pack = Some(&*rule.pack);
                if let Some(def) = catalog.resolve(kind, type_code.as_deref(), pack, &form.field) {
                    found.push((def.code.clone(), form));
                }
            }
        }
        Ok(found)
    }

    /// The named actions that are offered to the asker, each once.
    ///
    /// # Errors
    /// When the store fails.
    pub fn actions(&mut self) -> Result<Vec<(Arc<Rule>, Action)>> {
        let mut all = self.deciding.offered_actions(self.kind, self.id)?;
        let mut seen = std::collections::BTreeSet::new();
        all.retain(|(rule, action)| seen.insert((Arc::clone(&rule.pack), action.name.clone())));
        Ok(all)
    }

    /// Why a change of status would be refused.
    pub fn guard(&mut self, from: &str, to: &str) -> Result<Vec<Fault>> {
        let detail = self.deciding.detail(self.kind, self.id, from, to);
        self.deciding
            .refusals(Hook::TransitionGuard, self.kind, self.id, &detail)
    }
}
