//! Scenarios: what a desk shall do, as data files on a virtual clock.
//!
//! `tests/scenarios/README.md` describes the format. A scenario is run through a [`Driver`]: the desk
//! itself, or whatever stands before it.

mod check;
mod command;
mod compare;
mod driver;
mod failures;
mod file;
mod intake;
mod known;
mod listed;
mod look;
mod on_desk;
mod pack;
mod past;
mod report;
mod reported;
mod run;
mod shown;
mod story;
mod unlike;
mod uploaded;
mod words;

pub use driver::{
    Driver, ListAsk, Refused, RefusedFault, Seen, ShownAction, ShownCard, ShownChange, ShownClock,
    ShownEntry, ShownEvent, ShownFailure, ShownField, ShownFieldChange, ShownForm, ShownMessage,
    ShownParty, ShownProcess, ShownReport, ShownRun,
};
pub use file::Scenario;
pub use on_desk::{DeskDriver, Place};
pub use pack::{PackReport, PackScenarios, run_pack};
pub use report::{Difference, PackCoverage, Problem, Report, RuleUse};
pub use run::{Restarts, run};
pub use shown::{consumed, survey_token};
pub use story::Story;
pub use uploaded::run_uploaded;

use std::sync::Arc;

use crate::hooks::Coverage;
use crate::packs::PackFiles;

/// Reads a scenario and runs it in memory, and in a file that is closed and opened again on the way.
///
/// `packs` are those that the scenario may install, each after those it requires.
///
/// # Errors
/// When the file cannot be read or the store cannot be set up.
pub fn run_file(text: &str, packs: &[PackFiles]) -> Result<Report, String> {
    run_watched(text, packs, None)
}

/// As [`run_file`]; notes which lines of scripts ran.
fn run_watched(
    text: &str,
    packs: &[PackFiles],
    coverage: Option<&Arc<Coverage>>,
) -> Result<Report, String> {
    let scenario = Scenario::parse(text)?;
    let mut report = Report::of(&scenario);
    for place in [Place::Memory, Place::File] {
        // Both run the same rules.
        let coverage = coverage.filter(|_| place == Place::Memory);
        let mut driver = DeskDriver::watched(&scenario, place, coverage)?;
        let restarts = match place {
            Place::Memory => Restarts::Never,
            Place::File => Restarts::drawn(text, &scenario),
        };
        let found = run(&scenario, packs, &mut driver, restarts)?;
        report.add(&format!("{}, {restarts}", place.name()), found);
        driver.finish(&mut report);
        if place == Place::Memory {
            // The other desk forgot on the way what it had counted.
            report.used = driver.used()?;
        }
    }
    Ok(report)
}
