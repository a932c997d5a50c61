//! What came of a scenario.

use std::fmt;

use super::Scenario;
use crate::hooks::Covered;

/// How something differs from what a scenario says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// What differs, or all there is to say.
    pub what: String,
    /// What was expected; empty when `what` says all.
    pub expected: String,
    /// What was got; empty when `what` says all.
    pub got: String,
}

impl Difference {
    /// Something that differs from what was expected.
    #[must_use]
    pub fn new(
        what: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        Self {
            what: what.into(),
            expected: expected.into(),
            got: got.into(),
        }
    }
}

impl From<String> for Difference {
    fn from(what: String) -> Self {
        Self {
            what,
            ..Self::default()
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if self.expected.is_empty() && self.got.is_empty() {
            return Ok(());
        }
        write!(f, ": expected {}, got {}", self.expected, self.got)
    }
}

/// Something that was not as the scenario says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// The step, from 1; 0 for what was given.
    pub step: usize,
    /// Line of the file, from 1; 0 when none is to blame.
    pub line: usize,
    /// What was expected and what was got.
    pub difference: Difference,
}

/// What a rule did in a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleUse {
    /// `pack/name`.
    pub rule: String,
    /// Hook.
    pub hook: &'static str,
    /// Calls.
    pub calls: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Operations or fuel that the dearest call used.
    pub most_used: u64,
    /// Operations or fuel that a call may use.
    pub budget: u64,
}

/// What came of a scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What the scenario shows.
    pub about: String,
    /// Rows of requirements it proves.
    pub rows: Vec<String>,
    /// Number of its steps.
    pub steps: usize,
    /// What was not as it says, with the store it was seen on.
    pub problems: Vec<(String, Problem)>,
    /// What the rules used of their budgets, in the order in which rules are called.
    pub used: Vec<RuleUse>,
}

/// How much of a pack its scenarios went through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackCoverage {
    /// The pack's rules, in the order of its manifest: `pack/name`, hook, calls.
    pub rules: Vec<(String, String, u64)>,
    /// Its scripts.
    pub files: Vec<Covered>,
}

impl Report {
    /// An empty report about a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            about: scenario.about.clone(),
            rows: scenario.rows.clone(),
            steps: scenario.steps.len(),
            ..Self::default()
        }
    }

    /// Adds what was found on a store.
    pub fn add(&mut self, place: &str, found: Vec<Problem>) {
        let all = found.into_iter().map(|p| (place.to_owned(), p));
        self.problems.extend(all);
    }

    /// What was not as the scenario says, each once, with the stores on which it was seen: the same
    /// difference is seen on every store.
    #[must_use]
    pub fn told(&self) -> Vec<(&Problem, Vec<&str>)> {
        let mut told: Vec<(&Problem, Vec<&str>)> = Vec::new();
        for (place, problem) in &self.problems {
            match told.iter_mut().find(|(known, _)| *known == problem) {
                Some((_, places)) => places.push(place),
                None => told.push((problem, vec![place])),
            }
        }
        told
    }

    /// Whether all was as the scenario says.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_ok() {
            return write!(f, "{}: {} steps as expected", self.about, self.steps);
        }
        write!(f, "{}:", self.about)?;
        for (place, problem) in &self.problems {
            let (line, difference) = (problem.line, &problem.difference);
            match problem.step {
                0 => write!(f, "\n  {place}, given, line {line}: {difference}")?,
                n => write!(f, "\n  {place}, step {n}, line {line}: {difference}")?,
            }
        }
        Ok(())
    }
}
