//! Many callers on one record, and on records of one contract.

use std::time::Duration;

use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora_benches::kit::{Bed, Fallible, Mode, Rate, drive, lorem, median};
use parking_lot::Mutex;
use serde_json::json;

const MANIFEST: &str = r#"
[pack]
name = "contracts"
version = "1.0.0"
engine = "0.1"
names = { en = "Contracts" }

[[rule]]
name = "in-force"
hook = "transition.guard"
script = "rules.rhai"
applies_to = ["*"]
reads = ["contract"]
"#;

const RULES: &str = r#"
fn in_force(c) {
    if c.to_is("support-1c/done") && c.related.contract?.title == "void" {
        c.deny("contract_void", "the contract is void");
    }
}
"#;

/// 64 callers that comment on one ticket, against one.
pub fn comments(bed: &Bed, mode: &Mode) -> Fallible<()> {
    let rounds = mode.pick(7, 1);
    let time = mode.pick(Duration::from_millis(1_000), Duration::from_millis(200));
    let (mut one, mut many) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let ticket = bed.ticket(round)?.id;
        let comment = |_: usize, number: u64| bed.comment(ticket, number).map(|_| true);
        one.push(drive(1, time, comment)?);
        many.push(drive(64, time, comment)?);
    }
    report("comments on one ticket", &one, &many);
    Ok(())
}

/// Closing tickets of one contract, which a guard reads and expects, 64 at a time against one at a
/// time.
pub fn closings(bed: &Bed, mode: &Mode) -> Fallible<()> {
    bed.install(PackFiles::from_texts(&[
        ("pack.toml", MANIFEST),
        ("rules.rhai", RULES),
    ]))?;
    let rounds = mode.pick(5, 1);
    let count = mode.pick(512, 64);
    let contract = bed.seed.contract.unwrap_or(Id::MIN);
    let (mut one, mut many) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        one.push(close(bed, contract, 1, count / 4)?);
        many.push(close(bed, contract, 64, count)?);
    }
    report("closings of one contract", &one, &many);
    Ok(())
}

fn close(bed: &Bed, contract: Id, callers: usize, count: u64) -> Fallible<Rate> {
    let open = Mutex::new(Vec::new());
    drive(64, Duration::from_secs(600), |_, number| {
        if number >= count {
            return Ok(false);
        }
        let fields = json!({"type": "support-1c/appeal", "title": lorem(number, 6),
            "description": lorem(number, 30), "contact": bed.contact(0).to_string(),
            "contract": contract.to_string()});
        let ticket = bed.create(Kind::Ticket, fields)?.id;
        bed.transition(ticket, "in_progress", json!({}))?;
        open.lock().push(ticket);
        Ok(true)
    })?;
    drive(callers, Duration::from_secs(600), |_, _| {
        let Some(ticket) = open.lock().pop() else {
            return Ok(false);
        };
        bed.transition(ticket, "done", json!({"solution": "a new cable"}))?;
        Ok(true)
    })
}

/// An error would have ended the run, so there is none to count.
fn report(what: &str, one: &[Rate], many: &[Rate]) {
    let rates = |all: &[Rate]| median(all.iter().map(Rate::per_second).collect());
    let ratio = median(
        many.iter()
            .zip(one)
            .map(|(m, o)| m.per_second() / o.per_second())
            .collect(),
    );
    println!(
        "{what:<29} 64 callers {ratio:.2} of one (at least 1), 0 errors: {:.0} /s and {:.0} /s",
        rates(many),
        rates(one)
    );
}
