//! The form of a record: what may be filled, what is required, which actions are open and why not.

use std::sync::Arc;

use crate::desk::allot::Allotment;
use crate::desk::decide;
use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, Fault, Form, FormAction, FormField, NamedAction, Request, Result};
use crate::domain::{FieldDef, Id, Kind, Record};
use crate::hooks::{Action, FieldRule, Rule};

impl Desk {
    /// The form of a record. Rules are asked as they would be on a write; nothing is changed.
    ///
    /// # Errors
    /// When there is no such record, or the store fails.
    pub fn form(&self, actor: &Actor, kind: Kind, id: Id) -> Result<Form> {
        let snapshot = self.store.snapshot(None)?;
        let (ground, _) = self.ground(snapshot, self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let page = super::record::read(&*ground.snapshot, &sight, kind, id)?;
        let catalog = Arc::clone(&ground.catalog);
        let request = Request::by(actor.clone());
        let mut allot = Allotment::new(&self.ids, &*self.store);
        let mut probe = decide::Probe::new(&ground, &request, &mut allot, kind, id)?;
        let rules = probe.form_rules()?;
        let record = &page.record;
        let defs = catalog.fields(kind, record.type_code());
        let shown = defs
            .iter()
            .filter(|d| !d.retired || record.get(&d.code).is_some());
        let barred = probe.barred();
        let mut fields = Vec::new();
        for def in shown {
            if !sight.hides(kind, def)? {
                let mut field = field(def, record, &rules);
                field.readonly |= barred.is_some();
                fields.push(field);
            }
        }
        let mut actions = Vec::new();
        let derived = record.type_code().and_then(|code| catalog.type_def(code));
        let derived = derived.is_some_and(|def| def.status_from_process);
        let workflow = catalog.workflow(kind, record.type_code());
        let workflow = workflow.filter(|_| !derived);
        if let (Some(workflow), Some(from)) = (workflow, record.status())
            && !actor.is_contact()
        {
            for to in workflow.targets(from) {
                let way = workflow.transition(from, &to.code);
                let requires = way.map(|w| w.requires.clone()).unwrap_or_default();
                let mut why_not = decide::missing(record, &requires);
                why_not.extend(barred.clone());
                why_not.extend(probe.guard(from, &to.code)?);
                actions.push(action(to.clone(), why_not, requires));
            }
        }
        let named = probe.actions()?.into_iter().filter(|_| barred.is_none());
        let named = named.map(named_action);
        Ok(Form {
            fields,
            actions,
            named_actions: named.collect(),
        })
    }
}

fn named_action((rule, action): (Arc<Rule>, Action)) -> NamedAction {
    NamedAction {
        name: action.name,
        pack: rule.pack.to_string(),
        names: action.names,
    }
}

fn action(to: crate::domain::StatusDef, why_not: Vec<Fault>, requires: Vec<String>) -> FormAction {
    FormAction {
        to,
        open: why_not.is_empty(),
        why_not,
        requires,
    }
}

fn field(def: &FieldDef, record: &Record, rules: &[(String, FieldRule)]) -> FormField {
    let mut field = FormField {
        def: def.clone(),
        value: record.get(&def.code).cloned(),
        visible: true,
        required: def.required,
        readonly: def.readonly || def.retired,
        options: None,
        advice: Vec::new(),
    };
    // Later rules win, but none makes the engine's own demands weaker.
    for (_, rule) in rules.iter().filter(|(code, _)| *code == def.code) {
        field.visible = rule.visible.unwrap_or(field.visible);
        field.required = rule.required.unwrap_or(field.required) || def.required;
        field.readonly = rule.readonly.unwrap_or(field.readonly) || def.readonly;
        if rule.options.is_some() {
            field.options.clone_from(&rule.options);
        }
        field.advice.extend(rule.advice.clone());
    }
    field
}
