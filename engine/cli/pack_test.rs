//! `opora pack test`: a pack's scenarios, on a virtual clock and a desk of their own.

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{Failure, Outcome};
use super::out;
use crate::scenario::{Problem, Report, RuleUse, run_pack};

/// What to test.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Folder of the pack; packs that it requires are looked for beside it.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Tell of each scenario what its rules used of their budgets.
    #[arg(long)]
    verbose: bool,
}

/// Runs `opora pack test`.
///
/// # Errors
/// When a scenario is not as it says, or there is none.
pub fn test(args: &TestArgs) -> Outcome<()> {
    let folder = &args.folder;
    super::pack::files(folder)?;
    let report = run_pack(folder).map_err(Failure::new)?;
    if report.scenarios.is_empty() {
        let why = format!("`{}` has no scenario in tests/", folder.display());
        return Err(Failure::new(why));
    }
    let mut failed = 0;
    let mut total = Vec::new();
    for (file, result) in &report.scenarios {
        let path = folder.join("tests").join(file);
        failed += usize::from(!result.as_ref().is_ok_and(Report::is_ok));
        for line in lines(&path, result) {
            out::say(&line)?;
        }
        let used = result.as_ref().map(|r| r.used.as_slice());
        let used = used.unwrap_or_default();
        if args.verbose {
            table(used)?;
        }
        add(&mut total, used);
    }
    if !args.verbose {
        out::say("")?;
        table(&total)?;
    }
    let all = report.scenarios.len();
    let fine = all - failed;
    out::say(&format!(
        "{fine} of {all} scenarios of {} as expected",
        report.pack
    ))?;
    match failed {
        0 => Ok(()),
        n => Err(Failure::new(format!("scenarios that failed: {n}"))),
    }
}

/// What there is to tell of a scenario.
fn lines(path: &Path, result: &Result<Report, String>) -> Vec<String> {
    let report = match result {
        Ok(report) => report,
        Err(why) => return vec![format!("FAIL {}\n  {why}", path.display())],
    };
    let mark = if report.is_ok() { "ok  " } else { "FAIL" };
    let mut lines = vec![format!("{mark} {}: {}", path.display(), report.about)];
    let mut told: Vec<&Problem> = Vec::new();
    for (_, problem) in &report.problems {
        // The same difference is seen on every store.
        if told.contains(&problem) {
            continue;
        }
        told.push(problem);
        let on = report.problems.iter().filter(|(_, p)| p == problem);
        let on: Vec<&str> = on.map(|(place, _)| place.as_str()).collect();
        lines.extend(difference(path, problem, &on));
    }
    lines
}

fn difference(path: &Path, problem: &Problem, on: &[&str]) -> Vec<String> {
    let step = match problem.step {
        0 => "given".to_owned(),
        n => format!("step {n}"),
    };
    let line = problem.line;
    let mut lines = vec![format!(
        "  {}:{line}: {step}: {}",
        path.display(),
        problem.difference.what
    )];
    let (expected, got) = (&problem.difference.expected, &problem.difference.got);
    if !expected.is_empty() || !got.is_empty() {
        lines.push(format!("      expected  {expected}"));
        lines.push(format!("      got       {got}"));
    }
    lines.push(format!("      seen in   {}", on.join("; ")));
    lines
}

fn add(total: &mut Vec<RuleUse>, used: &[RuleUse]) {
    for one in used {
        let Some(sum) = total.iter_mut().find(|sum| sum.rule == one.rule) else {
            total.push(one.clone());
            continue;
        };
        sum.calls += one.calls;
        sum.failures += one.failures;
        sum.most_used = sum.most_used.max(one.most_used);
    }
}

/// What the rules used, a line each.
fn table(used: &[RuleUse]) -> Outcome<()> {
    let width = used.iter().map(|u| u.rule.len()).max().unwrap_or_default();
    for one in used {
        let t = one;
        let percent = t.most_used.saturating_mul(100) / t.budget.max(1);
        out::say(&format!(
            "  {:width$}  {:18} {:5} calls, {} failed, at most {} of {} ({percent} %)",
            one.rule, one.hook, t.calls, t.failures, t.most_used, t.budget
        ))?;
    }
    Ok(())
}
