//! Rules and those who run them.

use std::fmt;
use std::sync::Arc;

use super::{Call, Condition, Decision, Effect, Hook, Manner, Reads};
use crate::domain::Kind;

/// One attachment of a script or plugin to a hook.
#[derive(Clone)]
pub struct Rule {
    /// Pack.
    pub pack: Arc<str>,
    /// Version of the pack.
    pub version: Arc<str>,
    /// Name, unique in the pack.
    pub name: Arc<str>,
    /// Hash of the pack's revision.
    pub revision: [u8; 32],
    /// Hook.
    pub hook: Hook,
    /// Place among the rules of a hook: lower first, then pack order, then name.
    pub priority: i32,
    /// Kind of record it runs on.
    pub kind: Kind,
    /// Full codes of the types it runs on; empty: every type of its own pack; `*`: every type.
    pub applies_to: Vec<String>,
    /// References it reads beyond its record: `account`, `contact`, `product`, `asset`.
    pub reads: Vec<String>,
    /// Whether it may replace a value that a person gave.
    pub overrides: bool,
    /// Conditions under which it is called; all must hold.
    pub when: Vec<Condition>,
    /// Fields that its view of records is cut down to.
    pub view: Reads,
    /// Fields that it may set; none: whatever it wants.
    pub writes: Option<Vec<String>>,
    /// Line of the rule in `pack.toml`.
    pub line: u32,
    /// What its hook needs to know of it.
    pub manner: Manner,
    /// What runs it.
    pub runner: Arc<dyn Runner>,
    /// What its calls came to.
    pub tally: Arc<super::Tally>,
}

impl Rule {
    /// `pack/name`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.pack, self.name)
    }

    /// Whether the rule runs on records of this kind and type.
    #[must_use]
    pub fn applies(&self, kind: Kind, type_code: Option<&str>) -> bool {
        if self.kind != kind {
            return false;
        }
        if self.applies_to.is_empty() {
            // A rule runs on the types of its own pack; kinds without types are everybody's.
            return type_code.is_none_or(|t| {
                t.split_once('/')
                    .is_some_and(|(pack, _)| pack == &*self.pack)
            });
        }
        self.applies_to
            .iter()
            .any(|a| a == "*" || Some(a.as_str()) == type_code)
    }
}

impl Rule {
    /// The first condition that does not hold for a call: its place, none when all hold. What is
    /// withheld from the rule is withheld from its conditions: whether it ran would tell it.
    #[must_use]
    pub fn unmet(&self, call: &Call) -> Option<usize> {
        let hidden = self.when.iter().any(|c| self.hides(c, call));
        let given = hidden.then(|| self.runner.given(call)).flatten();
        let call = given.as_ref().unwrap_or(call);
        self.when.iter().position(|c| !c.holds(call))
    }

    /// Whether a condition looks at a field that is withheld from the rule.
    #[must_use]
    pub fn hides(&self, condition: &Condition, call: &Call) -> bool {
        let place = condition.field_of(call);
        place.is_some_and(|(kind, field)| self.runner.hides(kind, field))
    }

    /// A call with the fields taken out that the rule did not declare it reads.
    #[must_use]
    pub fn narrow(&self, mut call: Call) -> Call {
        let pack = &*self.pack;
        if let Some(record) = self.view.cut(pack, &call.record) {
            call.record = Arc::new(record);
            call.before = call
                .before
                .and_then(|before| self.view.cut(pack, &before).map(Arc::new));
            let mut asked = (*call.asked).clone();
            asked.retain(|field| self.view.shows(pack, field));
            call.asked = Arc::new(asked);
        }
        if !self.view.related.is_empty() {
            let related = Arc::make_mut(&mut call.related);
            for (name, view) in related.iter_mut() {
                if let Some(cut) = self.view.cut_related(pack, name, view) {
                    *view = Arc::new(cut);
                }
            }
        }
        call
    }

    /// The first field that a decision sets and the rule did not declare it writes, with the line.
    #[must_use]
    pub fn undeclared(&self, decision: &Decision) -> Option<(String, u32)> {
        let declared = self.writes.as_ref()?;
        let known = |field: &str| {
            let named =
                |name: &String| super::when::names(&self.pack, field, name) || name == field;
            declared.iter().any(named)
        };
        let effects = decision.effects.iter();
        let effects = effects.flat_map(|(effect, spot)| {
            let fields: Vec<&str> = match effect {
                Effect::Set { field, .. } => vec![field],
                Effect::Transition { .. } => vec!["status"],
                Effect::Assign { agent, team } => who(agent.is_some(), team.is_some()),
                Effect::Tag(_) | Effect::Untag(_) => vec!["tags"],
                _ => Vec::new(),
            };
            fields
                .into_iter()
                .map(|field| (field.to_owned(), spot.line))
        });
        let choice = decision.assign.iter().flat_map(|choice| {
            let fields = who(choice.agent.is_some(), choice.team.is_some());
            fields
                .into_iter()
                .map(|field| (field.to_owned(), choice.spot.line))
        });
        let status = decision.stage.iter().filter(|c| c.status.is_some());
        let status = status.map(|choice| ("status".to_owned(), choice.spot.line));
        let level = decision.level.iter();
        let level = level.map(|level| ("support_level".to_owned(), level.spot.line));
        let mut all = effects.chain(choice).chain(status).chain(level);
        all.find(|(field, _)| !known(field))
    }
}

fn who(agent: bool, team: bool) -> Vec<&'static str> {
    match (agent, team) {
        (true, true) => vec!["assignee", "team"],
        (true, false) => vec!["assignee"],
        (false, _) => vec!["team"],
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({} on {})", self.id(), self.hook)
    }
}

/// What a call used of its budget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Fuel (plugins) or operations (scripts) used.
    pub used: u64,
    /// The budget.
    pub budget: u64,
}

/// A decision and what it cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// What was decided.
    pub decision: Decision,
    /// What it used.
    pub usage: Usage,
}

/// What a rule that cannot run yet says; journals hold it, so it stays as it is.
pub const NOT_READY: &str = "is still being compiled; try again in some seconds";

/// How a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// It used up its budget of operations, fuel, memory or depth.
    OverBudget,
    /// It stopped with an error of its own, a trap or a panic.
    Broken,
    /// Its plugin is still being compiled: nothing is wrong with it, and it was not called.
    NotReady,
}

/// A failed call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// How it failed.
    pub kind: FailureKind,
    /// Script: `pack file:line:column: text` and the offending line; plugin: name, version, hook and
    /// panic message.
    pub message: String,
    /// What was used until then.
    pub usage: Usage,
}

/// Runs one rule. Implementations hold no state from call to call.
pub trait Runner: Send + Sync {
    /// Calls the rule. Equal calls give equal outcomes.
    ///
    /// # Errors
    /// When the rule broke or went over its budget.
    fn call(&self, call: &Call) -> Result<Outcome, Failure>;

    /// What it is: `script`, `plugin`, or `native` code of an embedding program.
    fn nature(&self) -> &'static str {
        "native"
    }

    /// Calls the rule and tells what it did on the way, as far as its language can. Slow.
    fn trace(&self, call: &Call) -> Traced {
        Traced {
            result: self.call(call),
            steps: Vec::new(),
        }
    }

    /// Whether it cannot run yet, because its plugin is still being compiled.
    fn is_compiling(&self) -> bool {
        false
    }

    /// Whether a field of records of a kind is withheld from the rule.
    fn hides(&self, _kind: Kind, _field: &str) -> bool {
        false
    }

    /// What the rule gets of a call, when something is withheld from it.
    fn given(&self, _call: &Call) -> Option<Call> {
        None
    }

    /// Where the rule's code stands; none for plugins.
    fn place(&self) -> Option<Place> {
        None
    }
}

/// Where a rule's code stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// File of the pack.
    pub file: String,
    /// Line at which its function begins.
    pub line: u32,
}

/// A call and the way through it.
#[derive(Debug, Clone, PartialEq)]
pub struct Traced {
    /// What came of it.
    pub result: Result<Outcome, Failure>,
    /// The lines that were run, in order; the first ones when there were many.
    pub steps: Vec<Step>,
}

/// A line that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Line, from 1.
    pub line: u32,
    /// The line as it is written.
    pub text: String,
}
