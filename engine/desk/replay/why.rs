//! Why a record is as it is: for every change who and what was behind it, for every rule that kept
//! silent the condition that did not hold, for every due time the ledger that adds up to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bearing::{Asked, keep_field};
use super::causes::Chains;
use super::explanation::{Silence, Why, WhyChange, WhyClock, WhyItem, WhyNot, WhyQuery, WhyRule};
use super::moment::{Moment, place_of};
use super::run::{AsOf, Recorded, replay_run};
use crate::desk::decide::Ground;
use crate::desk::journal::{By, JournalEntry, RuleRun};
use crate::desk::sight::Sight;
use crate::desk::trace::Trace;
use crate::desk::{Actor, Desk, Error, Result, codec, decide, keys, query};
use crate::domain::sla::SlaClock;
use crate::domain::{FieldDef, Id, Kind, Record};
use crate::hooks::{Hook, Rule};
use crate::packs::nearest;
use crate::store::{Pos, Snapshot, Table};

/// Most changes of a record that are searched for a field that is gone.
const MAX_SEARCHED: usize = 10_000;
/// Most clocks of a record.
const MAX_CLOCKS: usize = 16;

impl Desk {
    /// Why a record is as it is.
    ///
    /// # Errors
    /// When there is no such record, the asker is a customer, the cursor is foreign or the store
    /// fails. What cannot be told any more is a gap in the answer, not an error.
    pub fn why(&self, actor: &Actor, query: &WhyQuery) -> Result<Why> {
        actor.require_agent("explaining")?;
        let limit = query::limit(query.limit)?;
        let snapshot = self.store.snapshot(None)?;
        let (ground, _) = self.ground(Arc::clone(&snapshot), self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let page = query::record::read(&*snapshot, &sight, query.kind, query.id)?;
        let asked = match &query.field {
            Some(name) => Some(self.asked(&*snapshot, &ground, &page.record, name)?),
            None => None,
        };
        let (mut from, to) = keys::owned(query.id);
        if let Some(cursor) = &query.cursor {
            from = query::unhex(cursor)?;
            if from.get(..16) != Some(query.id.as_bytes().as_slice()) {
                return Err(query::bad_cursor());
            }
            from.push(0);
        }
        let rows = snapshot.range(Table::History, &from, &to, false, limit)?;
        let next = match rows.last() {
            Some((key, _)) if rows.len() == limit => Some(decide::hex(key)),
            _ => None,
        };
        let mut items = Vec::new();
        let mut chains = Chains::default();
        for (_, row) in rows {
            let Some(mut item) = self.why_at(row.version, query.id, asked.as_ref(), &mut chains)?
            else {
                continue;
            };
            if !sight.is_whole() {
                mask(&ground, &sight, &page.record, &mut item)?;
            }
            items.push(item);
        }
        let mut clocks = match query.cursor {
            None => self.why_due(query.id, asked.as_ref().map(|a| &*a.field))?,
            Some(_) => Vec::new(),
        };
        let hidden = &sight.access(query.kind)?.masked;
        clocks.retain(|clock| clock.field.as_ref().is_none_or(|f| !hidden.contains(f)));
        Ok(Why {
            items,
            clocks,
            next,
        })
    }

    /// The field that is asked about: one that the record has, or once had.
    fn asked(
        &self,
        snapshot: &dyn Snapshot,
        ground: &Ground<'_>,
        record: &Record,
        name: &str,
    ) -> Result<Asked> {
        let (kind, type_code) = (record.kind, record.type_code());
        let asked = |field: String, def: Option<FieldDef>| Asked {
            field,
            def,
            record: (kind, record.id),
        };
        if let Some(def) = ground.catalog.field(kind, type_code, name) {
            return Ok(asked(def.code.clone(), Some(def.clone())));
        }
        let (from, to) = keys::owned(record.id);
        for (_, row) in snapshot.range(Table::History, &from, &to, false, MAX_SEARCHED)? {
            let Some((entry, _)) = self.traced_at(row.version)? else {
                continue;
            };
            let own = entry.changes.iter().filter(|c| c.id == record.id);
            let bare = |full: &str| full.rsplit('/').next() == Some(name);
            let mut fields = own.flat_map(|c| &c.fields);
            if let Some(found) = fields.find(|f| f.field == name || bare(&f.field)) {
                return Ok(asked(found.field.clone(), None));
            }
        }
        let known = ground.catalog.fields(kind, type_code).iter();
        let near = nearest(name, known.map(|def| &*def.code));
        let hint = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
        let name: String = name.chars().take(64).collect();
        let message = format!("this record has and had no field `{name}`{hint}");
        Err(Error::field("field", "unknown_field", message))
    }

    fn why_at(
        &self,
        pos: Pos,
        id: Id,
        asked: Option<&Asked>,
        chains: &mut Chains,
    ) -> Result<Option<WhyItem>> {
        let Some((entry, trace)) = self.traced_at(pos)? else {
            return Ok(None);
        };
        let mut item = WhyItem {
            pos,
            at: entry.at,
            actor: entry.actor.name(),
            command: entry.input.command.clone(),
            request: entry.request.clone(),
            causes: chains.of(self, pos, &entry)?,
            changes: changes(&entry, id, asked.map(|a| &*a.field)),
            rules: Vec::new(),
            silent: Vec::new(),
            notes: entry.notes.clone(),
            gap: None,
        };
        match self.recorded(pos) {
            Ok(recorded) => self.explain_rules(&recorded, &mut item)?,
            Err(error) if error.code == "not_replayable" => {
                self.name_rules(&entry, trace.as_ref(), &mut item)?;
                item.gap = Some(error.message);
            }
            Err(error) => return Err(error),
        }
        if let Some(asked) = asked {
            keep_field(&mut item, asked);
            if item.changes.is_empty() && item.silent.is_empty() && item.rules.is_empty() {
                return Ok(None);
            }
        }
        Ok(Some(item))
    }

    /// Rules as their names tell, when they do not load any more.
    fn name_rules(
        &self,
        entry: &JournalEntry,
        trace: Option<&Trace>,
        item: &mut WhyItem,
    ) -> Result<()> {
        let order = self.rule_order_at(entry.catalog)?;
        for (i, run) in entry.runs.iter().enumerate() {
            let mut rule = bare(run);
            if let Some(name) = order.get(usize::from(run.rule)) {
                rule.rule.clone_from(&name.rule);
                rule.version.clone_from(&name.version);
                rule.revision = decide::hex(&name.revision);
                rule.hook.clone_from(&name.hook);
            }
            place_rule(&mut rule, entry, trace, i);
            item.rules.push(rule);
        }
        Ok(())
    }

    fn explain_rules(&self, recorded: &Recorded, item: &mut WhyItem) -> Result<()> {
        let entry = &recorded.entry;
        let footing = &recorded.footing;
        let Some(trace) = &recorded.trace else {
            self.name_rules(entry, None, item)?;
            for (rule, run) in item.rules.iter_mut().zip(&entry.runs) {
                rule.place = footing.rule(run.rule).and_then(|r| r.runner.place());
            }
            if !entry.runs.is_empty() {
                item.gap = recorded.traced().err().map(|e| e.message);
            }
            return Ok(());
        };
        let mut records = AsOf {
            desk: self,
            base: recorded.base.clone(),
        };
        let (catalog, service) = (&footing.catalog, &footing.service);
        let mut moment = Moment::new(entry, trace, catalog, service, &mut records);
        for (i, run) in entry.runs.iter().enumerate() {
            let mut rule = bare(run);
            if let Some(name) = footing.name(run.rule) {
                rule.rule.clone_from(&name.rule);
                rule.version.clone_from(&name.version);
                rule.revision = decide::hex(&name.revision);
                rule.hook.clone_from(&name.hook);
            }
            place_rule(&mut rule, entry, Some(trace), i);
            match replay_run(recorded, &mut moment, i, run) {
                Ok(again) => {
                    rule.place = again.place;
                    rule.budget = Some(again.budget);
                    rule.same = Some(again.differs.is_none());
                    rule.read = again.read;
                    rule.decided = again.points;
                    rule.writes = footing.rule(run.rule).and_then(|r| r.writes.clone());
                }
                Err(error) if error.code == "not_replayable" => item.gap = Some(error.message),
                Err(error) => return Err(error),
            }
            item.rules.push(rule);
        }
        item.silent = silent(recorded, trace, &mut moment, item)?;
        Ok(())
    }

    pub(super) fn traced_at(&self, pos: Pos) -> Result<Option<(JournalEntry, Option<Trace>)>> {
        let rows = self.store.journal(Pos(pos.0.saturating_sub(1)), 1)?;
        let row = rows
            .into_iter()
            .find(|r| r.pos == pos && !r.bytes.is_empty());
        row.map(|row| crate::desk::trace::decode(pos, &row.bytes))
            .transpose()
    }

    fn why_due(&self, id: Id, field: Option<&str>) -> Result<Vec<WhyClock>> {
        let snapshot = self.store.snapshot(None)?;
        let (from, to) = keys::owned(id);
        let rows = snapshot.range(Table::Clocks, &from, &to, false, MAX_CLOCKS)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let stamp = snapshot.get(Table::Meta, &crate::desk::service::stamp())?;
        let stamp = stamp.map(|row| row.version).unwrap_or_default();
        let service = self.services.get(&*snapshot, stamp)?;
        let mut clocks = Vec::new();
        for (_, row) in rows {
            let clock: SlaClock = codec::decode(&row.bytes)?;
            let shown = ["reaction", "resolution"].contains(&clock.clock.as_str());
            let due_field = shown.then(|| format!("{}_due_at", clock.clock));
            let about = [
                Some(format!("{}_breached_at", clock.clock)),
                due_field.clone(),
            ];
            if field.is_some_and(|f| !about.iter().flatten().any(|a| a == f)) {
                continue;
            }
            let ledger = clock.explain(&*service, self.now()).map_err(Error::from)?;
            clocks.push(WhyClock {
                field: due_field,
                ledger,
            });
        }
        Ok(clocks)
    }
}

/// Leaves what an asker may see from whom something is kept: rules saw whole records, so that their
/// reasons and values are left out.
fn mask(
    ground: &Ground<'_>,
    sight: &Sight<'_, '_>,
    record: &Record,
    item: &mut WhyItem,
) -> Result<()> {
    let type_code = record.type_code();
    for change in std::mem::take(&mut item.changes) {
        let def = ground.catalog.field(record.kind, type_code, &change.field);
        if let Some(def) = def
            && !sight.hides(record.kind, def)?
        {
            item.changes.push(change);
        }
    }
    for rule in &mut item.rules {
        rule.reasons.clear();
        rule.read.clear();
        rule.decided.clear();
    }
    item.silent.clear();
    item.notes.clear();
    item.gap = Some("what rules saw is told only to those from whom nothing is kept".to_owned());
    Ok(())
}

/// Rules that were due and not called.
fn silent(
    recorded: &Recorded,
    trace: &Trace,
    moment: &mut Moment<'_>,
    item: &WhyItem,
) -> Result<Vec<WhyNot>> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for (place, run) in trace.runs.iter().zip(&item.rules) {
        seen.entry(place.scene).or_default().push(run.rule.clone());
    }
    for skip in &trace.skips {
        let scene = trace.scenes.get(usize::from(skip.scene));
        let rule = recorded.footing.rule(skip.rule);
        let (Some(scene), Some(rule)) = (scene, rule) else {
            continue;
        };
        seen.entry(skip.scene).or_default().push(rule.id());
        let call = moment.call(rule, scene, skip.at)?;
        let Some(condition) = rule.when.get(usize::from(skip.condition)) else {
            continue;
        };
        let withheld = rule.hides(condition, &call);
        let silence = Silence::Condition {
            name: condition.name.clone(),
            subject: condition.subject.clone(),
            operator: condition.test.operator(),
            wanted: condition.test.values().to_vec(),
            value: condition.value(&call).filter(|_| !withheld),
            withheld,
            line: condition.line,
        };
        found.push(not_called(rule, moment.record_of(scene)?, silence));
    }
    for (n, scene) in trace.scenes.iter().enumerate() {
        let n = u16::try_from(n).unwrap_or(u16::MAX);
        let known = seen.get(&n);
        let Some(hook) = Hook::with_code(scene.hook) else {
            continue;
        };
        for rule in recorded.footing.catalog.rules(hook) {
            let id = rule.id();
            if known.is_some_and(|all| all.contains(&id)) || !moment.applies(rule, scene)? {
                continue;
            }
            let woken_by = scene.cause.and_then(|run| item.rules.get(usize::from(run)));
            let last = known.and_then(|all| all.last());
            let silence = match (woken_by, last) {
                (Some(by), _) if by.rule == id => Silence::OwnEffect,
                (_, Some(last)) => Silence::Decided { by: last.clone() },
                // `schedule.fire` goes to the rules of the pack that set the timer.
                (_, None) => continue,
            };
            found.push(not_called(rule, moment.record_of(scene)?, silence));
        }
    }
    Ok(found)
}

fn not_called(rule: &Rule, record: (Kind, Id), silence: Silence) -> WhyNot {
    WhyNot {
        rule: rule.id(),
        version: rule.version.to_string(),
        revision: decide::hex(&rule.revision),
        hook: rule.hook.name().to_owned(),
        line: rule.line,
        record,
        writes: rule.writes.clone(),
        silence,
    }
}

fn bare(run: &RuleRun) -> WhyRule {
    WhyRule {
        rule: format!("unknown rule {}", run.rule),
        version: String::new(),
        revision: String::new(),
        hook: String::new(),
        place: None,
        record: None,
        verdict: run.verdict.name(),
        used: run.used,
        budget: None,
        reasons: run.reasons.clone(),
        writes: None,
        decided: Vec::new(),
        read: Vec::new(),
        caused_by: None,
        same: None,
    }
}

/// Which record a run was about, and whose effect led to it.
fn place_rule(rule: &mut WhyRule, entry: &JournalEntry, trace: Option<&Trace>, run: usize) {
    let Some(trace) = trace else { return };
    let place = trace.runs.get(run);
    let Some(scene) = place.and_then(|p| trace.scenes.get(usize::from(p.scene))) else {
        return;
    };
    rule.record = place_of(entry, trace, scene);
    rule.caused_by = scene.cause.map(usize::from);
}

fn changes(entry: &JournalEntry, id: Id, field: Option<&str>) -> Vec<WhyChange> {
    let own = entry.changes.iter().filter(|c| c.id == id);
    let own = own.flat_map(|c| &c.fields);
    let own = own.filter(|f| field.is_none_or(|wanted| f.field == wanted));
    own.map(|f| {
        let (by, rule, line) = match f.by {
            By::Asked => ("asked", None, 0),
            By::Engine => ("engine", None, 0),
            By::Rule { run, line } => ("rule", Some(usize::from(run)), line),
        };
        WhyChange {
            field: f.field.clone(),
            old: f.old.clone(),
            new: f.new.clone(),
            by,
            rule,
            line,
        }
    })
    .collect()
}
