//! `opora pack test`: a pack's scenarios, on a virtual clock and a desk of their own.

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{Failure, Outcome};
use super::out;
use crate::api;
use crate::scenario::{PackCoverage, Problem, Report, RuleUse, run_pack};

/// What to test.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Folder of the pack; packs that it requires are looked for beside it.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Tell of each scenario what its rules used of their budgets.
    #[arg(long)]
    verbose: bool,
    /// Print JSON: scenarios, what rules used, and what was gone through.
    #[arg(long)]
    json: bool,
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
    let fails = |result: &Result<Report, String>| !result.as_ref().is_ok_and(Report::is_ok);
    let failed = report.scenarios.iter().filter(|(_, r)| fails(r)).count();
    if args.json {
        let text = serde_json::to_string_pretty(&api::tested_view(&report));
        out::say(&text.map_err(|e| Failure::new(e.to_string()))?)?;
        return verdict(failed);
    }
    for (file, result) in &report.scenarios {
        let path = folder.join("tests").join(file);
        for line in lines(&path, result) {
            out::say(&line)?;
        }
        if let (true, Ok(report)) = (args.verbose, result) {
            table(&report.used)?;
        }
    }
    if !args.verbose {
        out::say("")?;
        table(&report.used())?;
    }
    coverage(&report.coverage, folder)?;
    let all = report.scenarios.len();
    let fine = all - failed;
    out::say(&format!(
        "{fine} of {all} scenarios of {} as expected",
        report.pack
    ))?;
    verdict(failed)
}

fn verdict(failed: usize) -> Outcome<()> {
    match failed {
        0 => Ok(()),
        n => Err(Failure::new(format!("scenarios that failed: {n}"))),
    }
}

/// What there is to tell of a scenario.
fn lines(path: &Path, result: &Result<Report, String>) -> Vec<String> {
    let report = match result {
        Ok(report) => report,
        Err(why) => {
            let why = why.replace('\n', "\n  ");
            return vec![format!("FAIL {}\n  {why}", path.display())];
        }
    };
    let mark = if report.is_ok() { "ok  " } else { "FAIL" };
    let mut lines = vec![format!("{mark} {}: {}", path.display(), report.about)];
    for (problem, on) in report.told() {
        lines.extend(difference(path, problem, &on));
    }
    lines
}

fn difference(path: &Path, problem: &Problem, on: &[&str]) -> Vec<String> {
    let step = match problem.step {
        0 => "given".to_owned(),
        n => format!("step {n}"),
    };
    let place = match problem.line {
        0 => path.display().to_string(),
        line => format!("{}:{line}", path.display()),
    };
    let mut lines = vec![format!(
        "  {place}: {step}: {}",
        // The error of a rule has the line of its script below it.
        problem.difference.what.replace('\n', "\n      ")
    )];
    let (expected, got) = (&problem.difference.expected, &problem.difference.got);
    if !expected.is_empty() || !got.is_empty() {
        lines.push(format!("      expected  {expected}"));
        lines.push(format!("      got       {got}"));
    }
    lines.push(format!("      seen in   {}", on.join("; ")));
    lines
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

/// Which rules were called, and which lines of scripts no scenario came to.
fn coverage(covered: &PackCoverage, folder: &Path) -> Outcome<()> {
    let rules = &covered.rules;
    let called = rules.iter().filter(|(.., calls)| *calls > 0).count();
    if !rules.is_empty() {
        out::say(&format!("\n{called} of {} rules were called", rules.len()))?;
    }
    for (rule, hook, _) in rules.iter().filter(|(.., calls)| *calls == 0) {
        out::say(&format!("  never called: {rule} on {hook}"))?;
    }
    for file in &covered.files {
        let percent = file.ran * 100 / file.lines.max(1);
        let path = folder.join(&file.file);
        out::say(&format!(
            "{percent:3} % of {}: {} of {} lines ran",
            path.display(),
            file.ran,
            file.lines
        ))?;
        if !file.missed.is_empty() {
            let ranges = file.missed.iter().map(|(first, last)| match first == last {
                true => first.to_string(),
                false => format!("{first}-{last}"),
            });
            let ranges: Vec<String> = ranges.collect();
            out::say(&format!("  never ran: {}", ranges.join(", ")))?;
        }
    }
    Ok(())
}
