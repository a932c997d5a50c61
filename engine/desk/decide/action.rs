//! `action.run`: a named action that a person or program asks for.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::rules::Ruled;
use super::{Answer, Deciding};
use crate::desk::journal::Verdict;
use crate::desk::{Error, ErrorKind, Fault, Result};
use crate::domain::{Id, Kind, Value};
use crate::hooks::{Action, Detail, Hook, Rule};

/// Most bytes of an action's arguments.
pub const MAX_ARGUMENTS_BYTES: usize = 64 * 1_024;

impl Deciding<'_, '_> {
    /// Runs the rules of an action. They refuse together, or all their effects are applied.
    pub(super) fn run_action(
        &mut self,
        (kind, id): (Kind, Id),
        name: &str,
        arguments: &Map<String, Json>,
    ) -> Result<Answer> {
        if !self.actor.is_contact() {
            self.actor.require_write(kind)?;
        }
        self.target(kind, id)?;
        let rules = self.action_rules(kind, id, name)?;
        let rules = self.open_rules(kind, id, name, rules)?;
        let arguments = Json::Object(arguments.clone()).to_string();
        if arguments.len() > MAX_ARGUMENTS_BYTES {
            return Err(Error::new(
                ErrorKind::Limit,
                "arguments_too_large",
                format!(
                    "{} bytes of arguments are over the limit of {MAX_ARGUMENTS_BYTES}",
                    arguments.len()
                ),
            ));
        }
        let bare = name.rsplit_once('/').map_or(name, |(_, bare)| bare);
        let asked = &mut self.input.arguments;
        asked.push(("action".to_owned(), Value::from(name)));
        asked.push(("arguments".to_owned(), Value::Json(arguments.clone())));
        let detail = Detail::Action {
            name: bare.to_owned(),
            arguments,
        };
        let mut faults = Vec::new();
        for rule in rules {
            match self.call_rule(&rule, kind, id, &detail)? {
                Ok(Some(ruled)) => {
                    let type_code = self.type_of(kind, id);
                    for refusal in &ruled.decision.refusals {
                        faults.push(self.refusal(&rule, kind, type_code.as_deref(), refusal));
                    }
                    if faults.is_empty() {
                        self.apply_effects(&ruled, kind, id)?;
                        faults.extend(self.undone(&ruled));
                    }
                    self.result = ruled.decision.result.or(self.result.take());
                }
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(Error::refused("action_refused", faults));
        }
        self.settle(&[(kind, id)])?;
        Ok(Answer::record(kind, id))
    }

    /// The actions that are offered now to whoever asks: those whose conditions hold.
    pub(super) fn offered_actions(
        &mut self,
        kind: Kind,
        id: Id,
    ) -> Result<Vec<(Arc<Rule>, Action)>> {
        let mut offered = Vec::new();
        for (rule, action) in self.open_actions(kind, id) {
            let detail = Detail::Action {
                name: action.name.clone(),
                arguments: "{}".to_owned(),
            };
            if self.unmet_condition(&rule, kind, id, &detail)?.is_none() {
                offered.push((rule, action));
            }
        }
        Ok(offered)
    }

    /// The rules of an action whose conditions hold; refused, with the conditions, when none does.
    fn open_rules(
        &mut self,
        kind: Kind,
        id: Id,
        name: &str,
        rules: Vec<Arc<Rule>>,
    ) -> Result<Vec<Arc<Rule>>> {
        let detail = Detail::Action {
            name: name.to_owned(),
            arguments: "{}".to_owned(),
        };
        let (mut open, mut faults) = (Vec::new(), Vec::new());
        for rule in rules {
            let Some(place) = self.unmet_condition(&rule, kind, id, &detail)? else {
                open.push(rule);
                continue;
            };
            let condition = rule.when.get(place).map_or("", |c| c.name.as_str());
            faults.push(Fault {
                field: None,
                code: "condition_unmet".to_owned(),
                message: format!("it is open only when: {condition}"),
                rule: Some(rule.id()),
            });
        }
        if open.is_empty() {
            return Err(Error::refused("action_not_open", faults));
        }
        Ok(open)
    }

    /// The actions that whoever asks may ask for, with the rules that run them.
    fn open_actions(&self, kind: Kind, id: Id) -> Vec<(Arc<Rule>, Action)> {
        let type_code = self.type_of(kind, id);
        let catalog = &self.ground.catalog;
        catalog
            .rules_for(Hook::ActionRun, kind, type_code.as_deref())
            .filter_map(|rule| Some((Arc::clone(rule), rule.manner.action.clone()?)))
            .filter(|(_, action)| action.portal || !self.actor.is_contact())
            .collect()
    }

    /// The rules of the action that a name means: `pack/name`, or the name alone when it is the
    /// type's pack's, or one pack's only.
    fn action_rules(&self, kind: Kind, id: Id, name: &str) -> Result<Vec<Arc<Rule>>> {
        let open = self.open_actions(kind, id);
        let full = |rule: &Rule, action: &Action| format!("{}/{}", rule.pack, action.name);
        let mut found = open.clone();
        found.retain(|(rule, action)| action.name == name || full(rule, action) == name);
        let packs: BTreeSet<&str> = found.iter().map(|(rule, _)| &*rule.pack).collect();
        if packs.len() > 1 {
            let type_code = self.type_of(kind, id).unwrap_or_default();
            let own = type_code.split_once('/').map(|(pack, _)| pack);
            if own.is_none_or(|own| !packs.contains(own)) {
                let names: Vec<String> = found.iter().map(|(r, a)| full(r, a)).collect();
                let message = format!("name the pack as well: {}", names.join(", "));
                return Err(Error::new(ErrorKind::Invalid, "ambiguous_action", message));
            }
            found.retain(|(rule, _)| Some(&*rule.pack) == own);
        }
        if found.is_empty() {
            return Err(unknown(kind, name, &open));
        }
        Ok(found.into_iter().map(|(rule, _)| rule).collect())
    }

    /// Why the effects of a rule were not applied, when they were not: who asked for the action must
    /// not be told that it was done.
    pub(super) fn undone(&self, ruled: &Ruled) -> Option<Fault> {
        let run = self.draft.runs.get(usize::from(ruled.run))?;
        (run.verdict == Verdict::Failed).then(|| Fault {
            field: None,
            code: "effect_refused".to_owned(),
            message: run.reasons.last().cloned().unwrap_or_default(),
            rule: Some(ruled.rule.id()),
        })
    }
}

fn unknown(kind: Kind, name: &str, open: &[(Arc<Rule>, Action)]) -> Error {
    let short: String = name.chars().take(64).collect();
    let known: BTreeSet<&str> = open
        .iter()
        .map(|(_, action)| action.name.as_str())
        .collect();
    let hint = match crate::packs::nearest(&short, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "no action is open for it".to_owned(),
        None => {
            let known: Vec<&str> = known.into_iter().take(20).collect();
            format!("the actions are {}", known.join(", "))
        }
    };
    let noun = kind.name().replace('_', " ");
    Error::new(
        ErrorKind::NotFound,
        "unknown_action",
        format!("there is no action `{short}` for this {noun}; {hint}"),
    )
}
