//! What led to a change: the timer that fired, the rule that set it, and so on to somebody who asked.

use std::collections::HashMap;

use super::explanation::CauseLink;
use crate::desk::journal::{Cause, JournalEntry};
use crate::desk::{Actor, Desk, Result};
use crate::store::Pos;

/// Most changes of a chain that are told from its end on; those before them are counted, and the one
/// that it began with is told.
const MAX_TOLD: usize = 10;
/// Most changes that a chain is followed through; what is beyond is left to a timer.
const MAX_FOLLOWED: usize = 100_000;

/// What is known of chains while one answer is made: the changes of a record have most of theirs in
/// common.
#[derive(Default)]
pub(super) struct Chains {
    /// Where the chain of a position begins, and how many changes stand between.
    begun: HashMap<Pos, (Pos, usize)>,
    /// The rules that set timers.
    setters: HashMap<(Pos, String), Option<String>>,
}

impl Chains {
    /// The chain of a change, nearest first. It ends at a person, a program or the engine, or at a
    /// timer when what set that is gone.
    pub(super) fn of(
        &mut self,
        desk: &Desk,
        pos: Pos,
        entry: &JournalEntry,
    ) -> Result<Vec<CauseLink>> {
        let mut links = Vec::new();
        let (mut pos, mut entry) = (pos, entry.clone());
        for _ in 0..MAX_TOLD {
            links.push(command(pos, &entry));
            let Some(cause) = entry.cause.clone() else {
                links.push(end(pos, &entry));
                return Ok(links);
            };
            let Some((set, _)) = desk.traced_at(cause.set_at)? else {
                links.push(end(pos, &entry));
                return Ok(links);
            };
            links.push(link("timer", cause.name.clone(), cause.set_at, &set));
            if let Some(rule) = self.who_set(desk, &cause)? {
                links.push(link("rule", rule, cause.set_at, &set));
            }
            (pos, entry) = (cause.set_at, set);
        }
        let (begun, between) = self.begun(desk, pos, &entry)?;
        if between > 0 {
            let changes = if between == 1 { "change" } else { "changes" };
            let mut left = link("left_out", format!("{between} {changes}"), pos, &entry);
            left.count = Some(between);
            links.push(left);
        }
        if begun != pos
            && let Some((first, _)) = desk.traced_at(begun)?
        {
            (pos, entry) = (begun, first);
        }
        links.push(command(pos, &entry));
        links.push(end(pos, &entry));
        Ok(links)
    }

    /// Where a chain begins, and how many changes come before it is reached, the one at `pos`
    /// included.
    fn begun(&mut self, desk: &Desk, pos: Pos, entry: &JournalEntry) -> Result<(Pos, usize)> {
        let mut passed = Vec::new();
        let (mut pos, mut cause) = (pos, entry.cause.clone());
        let (begun, mut between) = loop {
            if let Some(known) = self.begun.get(&pos) {
                break *known;
            }
            let set = match &cause {
                Some(cause) if passed.len() < MAX_FOLLOWED => desk.traced_at(cause.set_at)?,
                _ => None,
            };
            let (Some((set, _)), Some(by)) = (set, cause) else {
                break (pos, 0);
            };
            passed.push(pos);
            (pos, cause) = (by.set_at, set.cause);
        };
        self.begun.insert(pos, (begun, between));
        for pos in passed.into_iter().rev() {
            between += 1;
            self.begun.insert(pos, (begun, between));
        }
        Ok((begun, between))
    }

    /// The rule that set a timer, with its line: found by making the decisions of its pack again.
    fn who_set(&mut self, desk: &Desk, cause: &Cause) -> Result<Option<String>> {
        let key = (cause.set_at, cause.name.clone());
        if let Some(known) = self.setters.get(&key) {
            return Ok(known.clone());
        }
        let found = who_set(desk, cause)?;
        self.setters.insert(key, found.clone());
        Ok(found)
    }
}

fn who_set(desk: &Desk, cause: &Cause) -> Result<Option<String>> {
    let Some((pack, name)) = cause.name.split_once('/') else {
        return Ok(None);
    };
    let again = match desk.replay(&Actor::System, cause.set_at, None) {
        Ok(again) => again,
        Err(error) if error.code == "not_replayable" => return Ok(None),
        Err(error) => return Err(error),
    };
    let field = format!("timer {name}");
    let own = again
        .iter()
        .filter(|r| r.rule.split('/').next() == Some(pack));
    let found = own.flat_map(|r| r.points.iter().map(move |p| (r, p)));
    let mut found = found.filter(|(_, p)| p.field == field && p.value != "removed");
    Ok(found.next().map(|(r, p)| match p.line {
        0 => r.rule.clone(),
        line => format!("{}:{line}", r.rule),
    }))
}

fn command(pos: Pos, entry: &JournalEntry) -> CauseLink {
    link("command", entry.input.command.clone(), pos, entry)
}

/// Who began it; the timer, when what set it is gone.
fn end(pos: Pos, entry: &JournalEntry) -> CauseLink {
    match &entry.cause {
        None => link("actor", entry.actor.name(), pos, entry),
        Some(cause) => link("timer", cause.name.clone(), cause.set_at, entry),
    }
}

fn link(what: &'static str, name: String, pos: Pos, entry: &JournalEntry) -> CauseLink {
    CauseLink {
        what,
        name,
        pos,
        at: entry.at,
        count: None,
    }
}
