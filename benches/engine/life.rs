//! The life of a ticket of each pack, to see that the hooks which are measured do run.

use std::collections::BTreeSet;

use opora::desk::Actor;
use opora::domain::Kind;
use opora_benches::kit::{Bed, Fallible, Mode};

/// Hooks that a ticket meets from its registration until it is done.
const HOOKS: [&str; 8] = [
    "record.defaults",
    "record.validate",
    "form.rules",
    "assign.select",
    "sla.select",
    "transition.guard",
    "transition.effect",
    "survey.logic",
];

pub fn of_tickets(bed: &Bed, _: &Mode) -> Fallible<()> {
    let (mut hooks, mut rules, mut failed) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut calls = 0;
    let tickets = 20;
    for number in 0..tickets {
        let id = bed.ticket(number)?.id;
        bed.update(id, number)?;
        bed.comment(id, number)?;
        bed.begin(id, number)?;
        bed.finish(id, number)?;
        let history = bed
            .desk
            .history(&Actor::System, Kind::Ticket, id, None, 200)?;
        for run in history.items.into_iter().flat_map(|item| item.rules) {
            calls += 1;
            if run.verdict == "failed" {
                failed.insert(format!("{}: {:?}", run.rule, run.reasons));
            }
            hooks.insert(run.hook);
            rules.insert(run.rule);
        }
    }
    if !failed.is_empty() {
        return Err(format!("rules failed: {failed:?}").into());
    }
    if let Some(missing) = HOOKS.iter().find(|hook| !hooks.contains(**hook)) {
        return Err(format!("no rule ran on `{missing}`").into());
    }
    println!(
        "hooks that ran                {} calls a ticket from registration to done, of {} rules on \
         {} hooks",
        calls / tickets,
        rules.len(),
        hooks.len()
    );
    Ok(())
}
