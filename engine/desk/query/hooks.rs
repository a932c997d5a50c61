//! The total order: every rule in the place where it is called, between the engine's own steps.

use std::sync::Arc;

use crate::desk::{Desk, FailingRule, HookStep, Result, RuleState, decide};
use crate::hooks::{Hook, Rule};
use crate::packs::{Catalog, Loaded};

/// A place in the life of a command.
enum Place {
    /// The engine does this itself.
    Engine(&'static str, &'static str),
    /// The rules of this hook are called.
    Rules(Hook),
}

use Place::{Engine, Rules};

/// The places in their order, each under its phase. A command passes those that it gives a reason
/// for; what is told here is what `decide` does.
const ORDER: [(&str, &[Place]); 11] = [
    ("load", &[Rules(Hook::Define)]),
    (
        "configure",
        &[
            Engine(
                "reserved",
                "reserved types stay, and codes that records use go only when others replace them",
            ),
            Rules(Hook::ConfigGuard),
            Rules(Hook::PackLifecycle),
            Engine(
                "brought",
                "the records that a pack brings are created and checked",
            ),
        ],
    ),
    (
        "ask",
        &[
            Engine("see", "a foreign record is like an absent one"),
            Rules(Hook::AccessFilter),
            Engine("version", "`If-Match` is compared"),
            Engine("input", "values asked for are read by their definitions"),
            Rules(Hook::ActionRun),
        ],
    ),
    (
        "create",
        &[
            Engine(
                "identity",
                "id, number, times, type and first status of a new record",
            ),
            Engine(
                "defaults",
                "defaults of definitions, where nothing was asked",
            ),
            Rules(Hook::RecordDefaults),
            Rules(Hook::AssignSelect),
            Rules(Hook::SlaSelect),
            Engine("level", "else the level of the contract or the account"),
            Engine("clocks", "clocks start, or move to another level"),
        ],
    ),
    (
        "intake",
        &[Rules(Hook::IntakeMatch), Rules(Hook::IntakeRoute)],
    ),
    (
        "interaction",
        &[
            Engine("entry", "the comment, message, file or link is added"),
            Engine(
                "reaction",
                "the first answer stops the clock `reaction`, where no rule of `sla.clock` says \
                 what does",
            ),
            Rules(Hook::InteractionEvent),
        ],
    ),
    (
        "status",
        &[
            Engine(
                "workflow",
                "the workflow permits the way, required fields are filled",
            ),
            Rules(Hook::TransitionGuard),
            Engine("status", "the status is set, `closed_at` follows"),
            Engine(
                "pauses",
                "clocks pause, go on, are met or cancelled by the status",
            ),
            Rules(Hook::SlaClock),
            Rules(Hook::TransitionEffect),
            Rules(Hook::ProcessStep),
            Rules(Hook::ContractConsume),
            Rules(Hook::SurveyLogic),
        ],
    ),
    (
        "settle",
        &[
            Rules(Hook::FieldCompute),
            Engine(
                "reselect",
                "`sla.select` again, when something it looks at changed",
            ),
            Engine(
                "check",
                "references, unique values, what a kind demands, required fields",
            ),
            Rules(Hook::FormRules),
            Rules(Hook::RecordValidate),
            Rules(Hook::NotifyCompose),
        ],
    ),
    (
        "commit",
        &[Engine(
            "commit",
            "records, indexes, timers, outbox and journal in one batch",
        )],
    ),
    (
        "later",
        &[
            Rules(Hook::RecordChanged),
            Engine(
                "due",
                "a clock is warned of, or breached when it passes its due",
            ),
            Rules(Hook::SlaEvent),
            Rules(Hook::ScheduleFire),
        ],
    ),
    (
        "search",
        &[
            Engine(
                "follow",
                "the index follows the journal, on a thread of its own",
            ),
            Rules(Hook::SearchDocument),
            Rules(Hook::SearchRank),
        ],
    ),
];

impl Desk {
    /// Every rule in its total order (phase, priority, order of the packs, name), with what the
    /// engine itself does in between.
    ///
    /// # Errors
    /// When the store fails.
    pub fn hooks(&self) -> Result<Vec<HookStep>> {
        let catalog = self.catalog()?;
        let failing = self.failing_rules(&catalog);
        let mut steps = Vec::new();
        for (phase, places) in &ORDER {
            for place in *places {
                match place {
                    Engine(name, about) => steps.push(HookStep {
                        phase,
                        hook: None,
                        name: (*name).to_owned(),
                        about,
                        rule: None,
                    }),
                    Rules(hook) => {
                        let rules = catalog.rules(*hook).iter();
                        steps.extend(rules.map(|rule| step(phase, rule, &failing)));
                    }
                }
            }
        }
        Ok(steps)
    }

    /// The rules in force that failed. What is known of other revisions says nothing of these.
    pub(in crate::desk) fn failing_rules(&self, catalog: &Catalog) -> Vec<FailingRule> {
        let mut all = self.breakers.list();
        all.retain(|failing| {
            let mut rules = Hook::ALL.into_iter().flat_map(|hook| catalog.rules(hook));
            rules.any(|r| r.revision == failing.revision && r.id() == failing.rule)
        });
        all
    }
}

/// The packs of a catalog whose plugin is still being compiled, in their order.
pub(in crate::desk) fn compiling(catalog: &Catalog) -> Vec<String> {
    let waits = |pack: &&Arc<Loaded>| pack.rules.iter().any(|rule| rule.runner.is_compiling());
    let packs = catalog.packs().iter().filter(waits);
    packs.map(|pack| pack.name().to_owned()).collect()
}

fn step(phase: &'static str, rule: &Rule, failing: &[FailingRule]) -> HookStep {
    let known = failing.iter().find(|f| f.rule == rule.id());
    let tallied = rule.tally.read();
    HookStep {
        phase,
        hook: Some(rule.hook.name()),
        name: rule.id(),
        about: "",
        rule: Some(RuleState {
            pack: rule.pack.to_string(),
            version: rule.version.to_string(),
            revision: decide::hex(&rule.revision),
            priority: rule.priority,
            nature: rule.runner.nature(),
            kind: rule.hook.has_record().then_some(rule.kind),
            applies_to: rule.applies_to.clone(),
            reads: rule.reads.clone(),
            overrides: rule.overrides,
            refuses_when_broken: rule.hook.fails_closed(),
            suspended: known.is_some_and(|f| f.suspended),
            compiling: rule.runner.is_compiling(),
            last_error: known.map(|f| f.message.clone()),
            last_verdict: tallied.last_verdict,
            calls: tallied.calls,
            failures: tallied.failures,
            most_used: tallied.most_used,
            budget: tallied.budget,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hook_has_one_place() {
        let places = ORDER.iter().flat_map(|(_, places)| places.iter());
        let mut hooks: Vec<Hook> = places
            .filter_map(|place| match place {
                Rules(hook) => Some(*hook),
                Engine(..) => None,
            })
            .collect();
        hooks.sort_unstable();
        let mut all = Hook::ALL.to_vec();
        all.sort_unstable();
        assert_eq!(hooks, all);
    }
}
