//! Many callers on one record, and on records of one contract.

use std::time::Duration;

use opora::domain::Id;
use opora_benches::kit::{Bed, Fallible, Mode, Rate, drive, median};
use parking_lot::Mutex;
use serde_json::json;

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

/// Closing tickets of one contract, 64 at a time, against one at a time.
pub fn closings(bed: &Bed, mode: &Mode) -> Fallible<()> {
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
        let mut fields = bed.ticket_fields(number);
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("contract".to_owned(), contract.to_string().into());
            fields.insert("account".to_owned(), bed.account(0).to_string().into());
        }
        let ticket = bed.create(opora::domain::Kind::Ticket, fields)?.id;
        bed.transition(ticket, "doing", json!({}))?;
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
