//! `record.changed`: what follows from a change, in a transaction of its own. The change's batch
//! holds a timer that is due at once, so that a stop in between loses nothing and doubles nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::rules::{Ruled, place_of, view_of};
use super::{Deciding, MAX_DEPTH};
use crate::desk::draft::Work;
use crate::desk::journal::{By, JournalEntry, Purpose, Timer, What};
use crate::desk::{Result, codec, keys};
use crate::domain::{Id, Kind, Record, record::fields};
use crate::hooks::{Detail, Hook, RecordView, Rule};
use crate::store::Table;

/// Name of the timers that wait for what follows from a change.
pub const TIMER: &str = "record.changed";

/// What a command follows from, when it follows from a change.
#[derive(Default)]
pub struct Follow {
    /// The record before the change, as rules see it; none when the change created it.
    pub before: Option<Arc<RecordView>>,
    /// Rules that decided something.
    acted: Vec<String>,
    /// What they decided, for the day that it wakes others without end.
    ruled: Vec<Ruled>,
}

impl Deciding<'_, '_> {
    /// Queues what follows from the changes of this command: once for each record. Whether anything
    /// was queued.
    pub(super) fn queue_changed(&mut self) -> Result<bool> {
        let catalog = Arc::clone(&self.ground.catalog);
        if catalog.rules(Hook::RecordChanged).is_empty() {
            return Ok(false);
        }
        let mut chain = self.chain.clone();
        if let Some(follow) = self.follow.as_ref().filter(|f| !f.acted.is_empty()) {
            chain.push(follow.acted.join(" + "));
        }
        let mut queued = false;
        for (kind, id) in self.draft.changed() {
            let wake = self.woken(kind, id);
            if wake.is_empty() {
                continue;
            }
            if chain.len() >= MAX_DEPTH {
                let (chain, wake) = (chain.join(" -> "), wake.join(" + "));
                self.note_once(format!("chain_too_deep:{chain} -> {wake}"));
                self.woke_without_end(id, &chain);
                continue;
            }
            let timer = Timer {
                id: self.allot.id(self.ground.now),
                due: self.ground.now,
                kind,
                owner: id,
                name: TIMER.to_owned(),
                purpose: Purpose::Changed {
                    chain: chain.clone(),
                    wake,
                },
            };
            // Under no name of its owner: each change has its own.
            let key = keys::timer(timer.due, timer.id);
            let row = codec::encode(&timer)?;
            self.draft.rows.put.push((Table::Timers, key, row));
            queued = true;
        }
        Ok(queued)
    }

    /// The rules that a record's change wakes: those whose fields changed by somebody else's doing.
    fn woken(&self, kind: Kind, id: Id) -> Vec<String> {
        let Some(work) = self.draft.records.get(&(kind, id)) else {
            return Vec::new();
        };
        let changed = differing(work);
        if changed.is_empty() {
            return Vec::new();
        }
        let type_code = self.type_of(kind, id);
        let catalog = &self.ground.catalog;
        let rules = catalog.rules_for(Hook::RecordChanged, kind, type_code.as_deref());
        let wakes = |rule: &&Arc<Rule>| {
            let mut seen = changed.iter().filter(|field| {
                let named = &rule.manner.fields;
                let is = |name: &String| {
                    let def = catalog.resolve(kind, type_code.as_deref(), Some(&rule.pack), name);
                    def.is_some_and(|def| def.code == **field)
                };
                named.is_empty() || named.iter().any(is)
            });
            let mut seen = seen.by_ref().peekable();
            seen.peek().is_some() && !self.is_own_doing(rule, work, seen)
        };
        rules.filter(wakes).map(|rule| rule.id()).collect()
    }

    /// Whether a rule alone made these changes: it is not woken by itself.
    fn is_own_doing<'f>(
        &self,
        rule: &Arc<Rule>,
        work: &Work,
        changed: impl Iterator<Item = &'f String>,
    ) -> bool {
        let own = place_of(&self.ground.catalog, rule);
        let mut by_rule = false;
        for field in changed {
            match work.by.get(field) {
                Some(By::Asked) => return false,
                Some(By::Rule { run, .. }) => {
                    let run = self.draft.runs.get(usize::from(*run));
                    if run.is_none_or(|run| run.rule != own) {
                        return false;
                    }
                    by_rule = true;
                }
                Some(By::Engine) | None => {}
            }
        }
        // What the engine alone set follows from whatever was done here.
        let acted = self.follow.as_ref().map(|f| f.acted.as_slice());
        by_rule || acted.is_some_and(|acted| *acted == [rule.id()])
    }

    /// Runs the rules that a change woke.
    pub(super) fn changed(
        &mut self,
        timer: &Timer,
        entry: &JournalEntry,
        (chain, wake): (&[String], &[String]),
    ) -> Result<()> {
        let place = (timer.kind, timer.owner);
        let mut changes = entry.changes.iter();
        let Some(change) = changes.find(|c| (c.kind, c.id) == place) else {
            return Ok(());
        };
        let before = earlier(self.draft.record(place.0, place.1)?, entry);
        self.chain = chain.to_vec();
        self.follow = Some(Follow {
            before: before.map(|record| Arc::new(view_of(self.ground, &record))),
            acted: Vec::new(),
            ruled: Vec::new(),
        });
        let names = change.fields.iter().map(|f| f.field.clone());
        let detail = Detail::Changed {
            command: entry.input.command.clone(),
            fields: names.filter(|name| name != fields::UPDATED_AT).collect(),
        };
        let type_code = self.type_of(place.0, place.1);
        let catalog = Arc::clone(&self.ground.catalog);
        for rule in catalog.rules_for(Hook::RecordChanged, place.0, type_code.as_deref()) {
            if !wake.contains(&rule.id()) {
                continue;
            }
            if let Ok(Some(ruled)) = self.call_rule(rule, place.0, place.1, &detail)? {
                if let Some(follow) = &mut self.follow {
                    follow.acted.push(rule.id());
                }
                self.apply_effects(&ruled, place.0, place.1)?;
                if let Some(follow) = &mut self.follow {
                    follow.ruled.push(ruled);
                }
            }
        }
        Ok(())
    }

    /// The rules at the end of a chain that is cut off failed: what they changed stays, and what
    /// should follow from it does not.
    fn woke_without_end(&mut self, record: Id, chain: &str) {
        let follow = self.follow.as_mut();
        let ruled = follow.map(|f| std::mem::take(&mut f.ruled));
        for ruled in ruled.into_iter().flatten() {
            self.count_failed(&ruled, record, &format!("chain_too_deep: {chain}"));
        }
    }
}

/// A record with the fields that an entry of the journal changed as they were before it; none when
/// the entry created it.
pub fn earlier(now: &Record, entry: &JournalEntry) -> Option<Record> {
    let mut changes = entry.changes.iter();
    let change = changes.find(|c| (c.kind, c.id) == (now.kind, now.id))?;
    if change.what == What::Created {
        return None;
    }
    let mut before = now.clone();
    for field in &change.fields {
        before.put(&field.field, field.old.clone());
    }
    Some(before)
}

/// The fields that differ from before; that it was touched at all is no change.
fn differing(work: &Work) -> Vec<String> {
    let none = std::collections::BTreeMap::new();
    let before = work.before.as_ref().map_or(&none, |r| &r.fields);
    let now = work.now.as_ref().map_or(&none, |r| &r.fields);
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    names
        .into_iter()
        .filter(|name| *name != fields::UPDATED_AT && before.get(*name) != now.get(*name))
        .cloned()
        .collect()
}
