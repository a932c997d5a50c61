//! Every scenario over HTTP: what holds on the desk itself holds for those who come from outside.

use opora::scenario::{Report, Restarts, Scenario, run};

use crate::corpus::{Case, all, of_the_engine, of_the_packs};
use crate::driver::HttpDriver;

fn holds(case: &Case) -> Result<(), String> {
    let scenario = Scenario::parse(&case.text)?;
    let mut driver = HttpDriver::open(&scenario)?;
    let restarts = Restarts::drawn(&case.text, &scenario);
    let mut report = Report::of(&scenario);
    let found = run(&scenario, &case.packs, &mut driver, restarts)?;
    report.add(&format!("over HTTP, {restarts}"), found);
    driver.finish(&mut report);
    match report.is_ok() {
        true => Ok(()),
        false => Err(report.to_string()),
    }
}

#[test]
fn scenarios_of_the_engine() {
    all(&of_the_engine(), holds);
}

#[test]
fn scenarios_of_the_packs() {
    all(&of_the_packs(), holds);
}
