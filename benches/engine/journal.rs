//! What the journal takes beside the values that changed.

use opora::desk::Actor;
use opora::domain::{Id, Kind};
use opora_benches::kit::{Bed, Fallible, Mode, median};

/// Aim for the bytes of a command beside the changed values.
const AIM: f64 = 400.0;

pub fn bytes(bed: &Bed, mode: &Mode) -> Fallible<()> {
    let count = mode.pick(100, 5);
    let (mut all, mut by_command) = (Vec::new(), Vec::new());
    let mut tickets = Vec::new();
    let mut measure = |name: &'static str, work: &mut dyn FnMut(u64) -> Fallible<Id>| {
        let mut sizes = Vec::new();
        for number in 0..count {
            let (id, batches) = bed.store.record(|| work(number));
            let id = id?;
            let entry: usize = batches.iter().map(|batch| batch.journal.len()).sum();
            sizes.push(entry as f64 - changed_values(bed, id)?);
        }
        all.extend(sizes.iter().copied());
        by_command.push(format!("{name} {:.0}", median(sizes)));
        Fallible::Ok(())
    };
    measure("create", &mut |number| {
        let id = bed.ticket(number)?.id;
        tickets.push(id);
        Ok(id)
    })?;
    let ticket = |number: u64| {
        let place = usize::try_from(number).unwrap_or(0);
        tickets.get(place).copied().unwrap_or(Id::MIN)
    };
    measure("transition", &mut |number| {
        Ok(bed.begin(ticket(number), number)?.id)
    })?;
    measure("comment", &mut |number| {
        Ok(bed.comment(ticket(number), number)?.id)
    })?;
    measure("close", &mut |number| {
        Ok(bed.finish(ticket(number), number)?.id)
    })?;
    println!(
        "journal beside the values     {:.0} B median of a command (aim: {AIM} at most): {}",
        median(all),
        by_command.join(", ")
    );
    Ok(())
}

/// Bytes of the values before and after of the last change of a ticket.
fn changed_values(bed: &Bed, id: Id) -> Fallible<f64> {
    let history = bed
        .desk
        .history(&Actor::System, Kind::Ticket, id, None, 200)?;
    let Some(last) = history.items.last() else {
        return Ok(0.0);
    };
    let mut bytes = 0;
    for change in &last.changes {
        bytes += postcard::to_stdvec(&change.old)?.len() + postcard::to_stdvec(&change.new)?.len();
    }
    Ok(bytes as f64)
}
