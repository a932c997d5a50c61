//! What came of the scenarios of a pack, as JSON: over the API and on the command line alike.

use serde::Serialize;
use utoipa::ToSchema;

use super::packs::{FaultView, fault};
use crate::packs::PackFault;
use crate::scenario::{PackReport, Problem, Report, RuleUse};

/// What came of the scenarios of a pack.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackTest)]
pub struct TestView {
    /// Name of the pack.
    pack: String,
    /// Whether there is a scenario, and all are as they say.
    ok: bool,
    /// Why no scenario was run; null when some were.
    why: Option<String>,
    /// What is wrong with the files; then no scenario is run.
    faults: Vec<FaultView>,
    /// The scenarios.
    scenarios: Vec<ScenarioView>,
    /// The rules, in the order of the pack, with what the scenarios had them use.
    rules: Vec<TestedRuleView>,
    /// The scripts, with the lines that no scenario came to.
    scripts: Vec<TestedScriptView>,
}

/// What came of a scenario.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScenarioResult)]
pub struct ScenarioView {
    /// Its file.
    file: String,
    /// What it shows; null when it could not be read.
    about: Option<String>,
    /// Whether all was as it says.
    ok: bool,
    /// Why it could not be run; null when it was.
    error: Option<String>,
    /// What was otherwise than it says.
    problems: Vec<ScenarioProblemView>,
}

/// Something that was otherwise than a scenario says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScenarioProblem)]
pub struct ScenarioProblemView {
    /// Where it was seen: on which store, stopped where.
    seen_in: Vec<String>,
    /// The step, from 1; 0 for what was given.
    step: usize,
    /// Line of the file; null when none is to blame.
    line: Option<usize>,
    /// What it is about.
    what: String,
    /// What the scenario says.
    expected: String,
    /// What was there.
    got: String,
}

/// A rule in the scenarios of its pack.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TestedRule)]
pub struct TestedRuleView {
    /// `pack/name`.
    rule: String,
    /// Hook.
    hook: String,
    /// Calls; 0 when no scenario came to it.
    calls: u64,
    /// Calls that failed.
    failures: u64,
    /// Operations or fuel that the dearest call used.
    most_used: u64,
    /// Operations or fuel that a call may use; 0 when it was never called.
    budget: u64,
}

/// A script in the scenarios of its pack.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TestedScript)]
pub struct TestedScriptView {
    /// Path inside the pack.
    file: String,
    /// Lines with statements.
    lines: usize,
    /// How many of them ran.
    ran: usize,
    /// First and last line of each piece that never ran.
    #[schema(value_type = Vec<Vec<u32>>)]
    never_ran: Vec<(u32, u32)>,
}

/// Files that are not fit to be tested.
#[must_use]
pub fn untested(pack: &str, faults: Vec<PackFault>) -> TestView {
    TestView {
        pack: pack.to_owned(),
        ok: false,
        why: Some("the files have faults; no scenario was run".to_owned()),
        faults: faults.into_iter().map(fault).collect(),
        scenarios: Vec::new(),
        rules: Vec::new(),
        scripts: Vec::new(),
    }
}

/// What came of scenarios.
#[must_use]
pub fn tested(report: &PackReport) -> TestView {
    let none = report.scenarios.is_empty();
    let used = report.used();
    let rule = |(name, hook, calls): &(String, String, u64)| {
        let used = used.iter().find(|used| used.rule == *name);
        let of = |pick: fn(&RuleUse) -> u64| used.map_or(0, pick);
        TestedRuleView {
            rule: name.clone(),
            hook: hook.clone(),
            calls: *calls,
            failures: of(|u| u.failures),
            most_used: of(|u| u.most_used),
            budget: of(|u| u.budget),
        }
    };
    let scripts = report.coverage.files.iter();
    TestView {
        pack: report.pack.clone(),
        ok: report.is_ok(),
        why: none.then(|| "there is no scenario in tests/".to_owned()),
        faults: Vec::new(),
        scenarios: report.scenarios.iter().map(scenario).collect(),
        rules: report.coverage.rules.iter().map(rule).collect(),
        scripts: scripts
            .map(|script| TestedScriptView {
                file: script.file.clone(),
                lines: script.lines,
                ran: script.ran,
                never_ran: script.missed.clone(),
            })
            .collect(),
    }
}

fn scenario((file, result): &(String, Result<Report, String>)) -> ScenarioView {
    match result {
        Ok(report) => ScenarioView {
            file: file.clone(),
            about: Some(report.about.clone()),
            ok: report.is_ok(),
            error: None,
            problems: report.told().into_iter().map(problem).collect(),
        },
        Err(why) => ScenarioView {
            file: file.clone(),
            about: None,
            ok: false,
            error: Some(why.clone()),
            problems: Vec::new(),
        },
    }
}

fn problem((problem, seen_in): (&Problem, Vec<&str>)) -> ScenarioProblemView {
    ScenarioProblemView {
        seen_in: seen_in.into_iter().map(str::to_owned).collect(),
        step: problem.step,
        line: (problem.line > 0).then_some(problem.line),
        what: problem.difference.what.clone(),
        expected: problem.difference.expected.clone(),
        got: problem.difference.got.clone(),
    }
}
