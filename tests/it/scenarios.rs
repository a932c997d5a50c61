//! Every scenario on the desk itself.

use opora::scenario::run_file;

use crate::corpus::{Case, all, of_the_engine, of_the_packs};

fn holds(case: &Case) -> Result<(), String> {
    match run_file(&case.text, &case.packs)? {
        report if report.is_ok() => Ok(()),
        report => Err(report.to_string()),
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
