//! `c`: the one parameter of a hook.

use std::sync::Arc;

use parking_lot::Mutex;
use rhai::Dynamic;

use super::decide::Built;
use super::limits::ScriptLimits;
use super::views::{AgentItem, LevelItem, RecordItem};
use super::{Answer, refuse};
use crate::domain::Code;
use crate::hooks::{AgentView, Call, Decision, Detail, LevelView, RecordView, Texts};

/// What a hook gets and what it has decided so far. Copies are the same hook.
#[derive(Clone)]
pub(super) struct Context(Arc<Inner>);

struct Inner {
    call: Call,
    limits: ScriptLimits,
    texts: Arc<Texts>,
    built: Mutex<Built>,
}

impl Context {
    pub(super) fn new(call: &Call, limits: ScriptLimits, texts: &Arc<Texts>) -> Self {
        Self(Arc::new(Inner {
            call: call.clone(),
            limits,
            texts: Arc::clone(texts),
            built: Mutex::new(Built::default()),
        }))
    }

    pub(super) fn call(&self) -> &Call {
        &self.0.call
    }

    pub(super) fn limits(&self) -> &ScriptLimits {
        &self.0.limits
    }

    /// Strings and templates of the pack.
    pub(super) fn texts(&self) -> &Texts {
        &self.0.texts
    }

    /// Works on what was decided so far.
    pub(super) fn build<T>(&self, work: impl FnOnce(&mut Built) -> Answer<T>) -> Answer<T> {
        work(&mut self.0.built.lock())
    }

    /// Takes the decision out.
    pub(super) fn finish(&self) -> Decision {
        std::mem::take(&mut *self.0.built.lock()).into_decision()
    }

    /// A record for the script.
    pub(super) fn item(&self, view: &Arc<RecordView>) -> RecordItem {
        RecordItem {
            pack: self.call().pack.clone(),
            view: view.clone(),
        }
    }

    /// The full code of what the pack calls `name`.
    pub(super) fn full(&self, name: &str) -> String {
        Code::qualify(&self.call().pack, name).0
    }

    /// Whether a field of the record holds the code that the pack calls `name`.
    pub(super) fn field_is(&self, field: &str, name: &str) -> bool {
        let held = self.call().record.field(&self.call().pack, field);
        held.and_then(crate::domain::Value::as_text)
            .is_some_and(|code| code == name || code == self.full(name))
    }

    /// Whether the field has another value than before the command.
    pub(super) fn changed(&self, field: &str) -> bool {
        let call = self.call();
        let before = call
            .before
            .as_ref()
            .and_then(|b| b.field(&call.pack, field));
        before != call.record.field(&call.pack, field)
    }

    /// Whether the command itself set the field.
    pub(super) fn asked(&self, field: &str) -> bool {
        let full = self.full(field);
        self.call().asked.iter().any(|a| a == field || *a == full)
    }

    /// The status left and the status entered.
    pub(super) fn transition(&self, member: &str) -> Answer<(&str, &str, &'static str)> {
        match &self.call().detail {
            Detail::Transition {
                from,
                to,
                to_category,
            } => Ok((from, to, to_category)),
            _ => self.elsewhere(member, "transition.guard and transition.effect"),
        }
    }

    pub(super) fn agents(&self, member: &str) -> Answer<&[AgentView]> {
        match &self.call().detail {
            Detail::Assign { agents, .. } => Ok(agents),
            _ => self.elsewhere(member, "assign.select"),
        }
    }

    pub(super) fn teams(&self, member: &str) -> Answer<&[(String, crate::domain::Id)]> {
        match &self.call().detail {
            Detail::Assign { teams, .. } => Ok(teams),
            _ => self.elsewhere(member, "assign.select"),
        }
    }

    pub(super) fn levels(&self, member: &str) -> Answer<&[LevelView]> {
        match &self.call().detail {
            Detail::SlaSelect { levels } => Ok(levels),
            _ => self.elsewhere(member, "sla.select"),
        }
    }

    /// A member that another hook has.
    pub(super) fn elsewhere<T>(&self, member: &str, hooks: &str) -> Answer<T> {
        refuse(format!(
            "`c.{member}` is there in {hooks} only; this hook is {}",
            self.call().hook
        ))
    }

    /// A list for the script; more items than a script may hold are an error and not a cut.
    pub(super) fn list(&self, what: &str, items: impl Iterator<Item = Dynamic>) -> Answer<Dynamic> {
        let items: Vec<Dynamic> = items.collect();
        let most = self.limits().list_items;
        if items.len() > most {
            return refuse(format!(
                "{} {what} are over the limit of {most} items in a list",
                items.len()
            ));
        }
        Ok(Dynamic::from_array(items))
    }

    /// The agents that pass a test, as a list.
    pub(super) fn agents_where(
        &self,
        member: &str,
        test: impl Fn(&AgentView) -> bool,
    ) -> Answer<Dynamic> {
        let chosen = self.agents(member)?.iter().filter(|a| test(a));
        self.list(
            "agents",
            chosen.map(|a| Dynamic::from(AgentItem(a.clone()))),
        )
    }

    /// A level of the list as the script sees it.
    pub(super) fn level_items(&self) -> Answer<Dynamic> {
        let levels = self.levels("levels")?.iter();
        self.list(
            "levels",
            levels.map(|l| Dynamic::from(LevelItem(Arc::new(l.clone())))),
        )
    }

    /// Text for people: text as it is, or the text of a map in `locale`, else in English, else any.
    pub(super) fn words(&self, locale: &str, given: &Dynamic) -> Answer<String> {
        if let Ok(text) = given.as_immutable_string_ref() {
            return Ok(text.to_string());
        }
        if let Ok(map) = given.as_map_ref() {
            let found = map
                .get(locale)
                .or_else(|| map.get("en"))
                .or_else(|| map.values().next());
            if let Some(text) = found.and_then(|d| d.as_immutable_string_ref().ok()) {
                return Ok(text.to_string());
            }
        }
        refuse(format!(
            "expected a text, or texts by language such as #{{ru: \"…\", en: \"…\"}}, not {}",
            super::convert::kind_of(given)
        ))
    }
}
