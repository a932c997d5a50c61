//! What came of a scenario.

use std::fmt;

use super::Scenario;

/// Something that was not as the scenario says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The step, from 1; 0 for what was given.
    pub step: usize,
    /// What was expected and what was got.
    pub what: String,
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
}

impl Report {
    /// An empty report about a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            about: scenario.about.clone(),
            rows: scenario.rows.clone(),
            steps: scenario.steps.len(),
            problems: Vec::new(),
        }
    }

    /// Adds what was found on a store.
    pub fn add(&mut self, place: &str, found: Vec<Problem>) {
        let all = found.into_iter().map(|p| (place.to_owned(), p));
        self.problems.extend(all);
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
            match problem.step {
                0 => write!(f, "\n  {place}, given: {}", problem.what)?,
                n => write!(f, "\n  {place}, step {n}: {}", problem.what)?,
            }
        }
        Ok(())
    }
}
