//! Rules that failed while a scenario ran.

use std::collections::{BTreeMap, BTreeSet};

use super::driver::{Seen, ShownFailure};
use crate::desk::{Actor, Desk};
use crate::domain::{Id, Kind};
use crate::store::Pos;

/// Most commands that are looked through.
const MOST_EVENTS: usize = 1_000;
/// Most changes of a record that are looked through.
const MOST_CHANGES: usize = 200;

/// How often each rule had failed at the last look.
#[derive(Debug, Default)]
pub(super) struct Counted(BTreeMap<String, u64>);

impl Counted {
    /// What failed since the last look; `after` is the position of then.
    pub fn new_ones(&mut self, desk: &Desk, after: u64) -> Seen<Vec<ShownFailure>> {
        let steps = desk.hooks().map_err(|e| e.to_string())?;
        let mut found = Vec::new();
        for step in steps {
            let Some(rule) = step.rule else { continue };
            let known = self.0.entry(step.name.clone()).or_default();
            let times = rule.failures.saturating_sub(*known);
            *known = rule.failures;
            if times > 0 {
                found.push(ShownFailure {
                    rule: step.name,
                    times,
                    messages: rule.last_error.into_iter().collect(),
                });
            }
        }
        if found.iter().any(|failure| failure.times > 1) {
            // Only the last error of a rule is kept; the journal has the others of what was done.
            for (rule, message) in journalled(desk, after)? {
                if let Some(failure) = found.iter_mut().find(|f| f.rule == rule) {
                    // The last error may be kept cut off.
                    failure
                        .messages
                        .retain(|m| !message.starts_with(m.as_str()));
                    failure.messages.push(message);
                }
            }
        }
        Ok(found)
    }
}

/// The rules that failed in what was committed after a position, each with its message, each once.
fn journalled(desk: &Desk, after: u64) -> Seen<BTreeSet<(String, String)>> {
    let events = desk.events(&Actor::System, Pos(after), MOST_EVENTS);
    let events = events.map_err(|e| e.to_string())?;
    let records: BTreeSet<(Kind, Id)> = events
        .iter()
        .flat_map(|e| e.records.iter().map(|(kind, id, _)| (*kind, *id)))
        .collect();
    let mut found = BTreeSet::new();
    for (kind, id) in records {
        // A record that is gone has no history to look at.
        let Ok(page) = desk.history(&Actor::System, kind, id, None, MOST_CHANGES) else {
            continue;
        };
        let items = page.items.into_iter().filter(|item| item.pos.0 > after);
        for run in items.flat_map(|item| item.rules) {
            if run.verdict == "failed" {
                found.extend(run.reasons.into_iter().map(|why| (run.rule.clone(), why)));
            }
        }
    }
    Ok(found)
}
