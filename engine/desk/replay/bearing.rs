//! What of a change bears on one field: who set it or said anything about it, and who could have.

use super::explanation::{WhyItem, WhyNot, WhyRule};
use crate::domain::{FieldDef, Id, Kind};
use crate::hooks::Hook;
use crate::hooks::when::names;

/// The field that is asked about, on the record that is asked about.
pub(super) struct Asked {
    /// Full code.
    pub field: String,
    /// Its definition; none when the field is gone by now.
    pub def: Option<FieldDef>,
    /// The record.
    pub record: (Kind, Id),
}

/// Leaves what bears on a field: the rules that set it or wanted to, those that said why they did not,
/// those whose effects led to them, and the silent ones that could have set it.
pub(super) fn keep_field(item: &mut WhyItem, asked: &Asked) {
    let mut wanted: Vec<bool> = item.rules.iter().map(|rule| asked.concerns(rule)).collect();
    for change in &item.changes {
        if let Some(kept) = change.rule.and_then(|i| wanted.get_mut(i)) {
            *kept = true;
        }
    }
    for i in (0..item.rules.len()).rev() {
        let cause = item.rules.get(i).and_then(|r| r.caused_by);
        if wanted.get(i) == Some(&true)
            && let Some(kept) = cause.and_then(|c| wanted.get_mut(c))
        {
            *kept = true;
        }
    }
    let mut places = Vec::with_capacity(wanted.len());
    let mut next = 0;
    for kept in &wanted {
        places.push(kept.then_some(next));
        next += usize::from(*kept);
    }
    let renumber = |place: Option<usize>| place.and_then(|i| places.get(i).copied().flatten());
    let changed = !item.changes.is_empty();
    item.silent.retain(|rule| asked.misses(rule, changed));
    let mut flags = wanted.iter();
    item.rules.retain(|_| flags.next() == Some(&true));
    for rule in &mut item.rules {
        rule.caused_by = renumber(rule.caused_by);
    }
    for change in &mut item.changes {
        change.rule = renumber(change.rule);
    }
}

impl Asked {
    /// Whether a rule set the field, wanted to, or spoke of it.
    fn concerns(&self, rule: &WhyRule) -> bool {
        if rule.record.is_some_and(|record| record != self.record) {
            return false;
        }
        let pack = pack_of(&rule.rule);
        if rule.decided.iter().any(|p| self.is_set_by(pack, &p.field)) {
            return true;
        }
        let hook = hook_named(&rule.hook);
        if !hook.is_some_and(|hook| self.may_be_set_on(hook)) {
            return false;
        }
        if let Some(declared) = &rule.writes
            && !declared.iter().any(|name| names(pack, &self.field, name))
        {
            return false;
        }
        // A rule that decided something else gave its reasons for that, unless they name the field.
        let named = |reason: &String| {
            let code = reason.split(':').next().unwrap_or_default();
            names(pack, &self.field, code)
        };
        match rule.decided.is_empty() || rule.writes.is_some() {
            true => !rule.reasons.is_empty(),
            false => rule.reasons.iter().any(named),
        }
    }

    /// Whether a rule that kept silent could have set the field.
    fn misses(&self, rule: &WhyNot, changed: bool) -> bool {
        let pack = pack_of(&rule.rule);
        rule.record == self.record
            && hook_named(&rule.hook).is_some_and(|hook| self.may_be_set_on(hook))
            && match &rule.writes {
                Some(declared) => declared.iter().any(|name| names(pack, &self.field, name)),
                None => changed,
            }
    }

    /// Whether one thing that a rule of `pack` decided is about the field.
    fn is_set_by(&self, pack: &str, decided: &str) -> bool {
        match decided.split_once(' ') {
            Some(("tag", _)) => self.field == "tags",
            Some(("clock", clock)) => self.field.strip_prefix(clock).is_some_and(is_of_clock),
            _ => names(pack, &self.field, decided),
        }
    }

    /// Whether rules on a hook can set the field at all.
    fn may_be_set_on(&self, hook: Hook) -> bool {
        let field = self.field.as_str();
        let is_engines = !field.contains('/');
        let is_readonly = is_engines && self.def.as_ref().is_some_and(|def| def.readonly);
        let is_settable = !is_readonly && !["type", "status"].contains(&field);
        match hook {
            Hook::AssignSelect => ["assignee", "team"].contains(&field),
            Hook::SlaSelect => field == "support_level",
            Hook::SlaClock => {
                let clocks = ["reaction", "resolution"];
                let mut rests = clocks.iter().filter_map(|clock| field.strip_prefix(clock));
                field == "reacted_at" || rests.any(is_of_clock)
            }
            Hook::RecordDefaults | Hook::FieldCompute => is_settable,
            Hook::SurveyLogic if field.starts_with("satisfaction") => true,
            Hook::ProcessStep if ["process", "stage"].iter().any(|p| field.starts_with(p)) => true,
            Hook::ContractConsume if is_engines => true,
            Hook::TransitionEffect
            | Hook::ScheduleFire
            | Hook::SurveyLogic
            | Hook::InteractionEvent
            | Hook::SlaEvent
            | Hook::RecordChanged
            | Hook::ActionRun
            | Hook::IntakeRoute
            | Hook::ProcessStep
            | Hook::ContractConsume => is_settable || field == "status",
            _ => false,
        }
    }
}

/// Whether the name of a field goes on like that of a due time.
fn is_of_clock(rest: &str) -> bool {
    ["_due_at", "_breached_at"].contains(&rest)
}

fn pack_of(rule: &str) -> &str {
    rule.split('/').next().unwrap_or_default()
}

fn hook_named(name: &str) -> Option<Hook> {
    Hook::ALL.into_iter().find(|hook| hook.name() == name)
}
