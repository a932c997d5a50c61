//! Checks that the fields which rules declare and look at are there, and take the values named.

use super::attach::Attacher;
use super::check::bare;
use super::fault::Faults;
use super::rule_spec::{READS, RuleSpec};
use super::source::short;
use crate::domain::{FieldDef, Kind, Value, ValueType, builtin};
use crate::hooks::when::OPTION;
use crate::hooks::{Condition, Hook, Test};

/// What stands in for fields that are set with an effect of their own.
const BY_EFFECT: [&str; 2] = ["status", "tags"];

impl Attacher<'_> {
    /// Checks what a rule declares and its conditions.
    pub(super) fn check_declared(&self, spec: &RuleSpec, faults: &mut Faults) {
        let place = format!("rule/{}", spec.place);
        if spec.hook == Hook::AccessFilter {
            // It is called on the asker's own record, and a rule that kept silent over a value that
            // happens to be missing would let all through. The role of an asker is always there.
            let on_role = |c: &Condition| c.subject == "$actor_role";
            if !spec.when.iter().all(on_role) || !spec.view.own.is_empty() {
                let message = "a rule on `access.filter` is called for every asker on its own \
                               record: its `when` may look at `$actor_role` only, and it takes no \
                               fields in `reads`";
                faults.push(self.origin.manifest.fault(&place, message));
            }
            return;
        }
        let own = |list: &str, names: &[String], faults: &mut Faults| {
            for name in names.iter().filter(|n| !READS.contains(&n.as_str())) {
                if faults.is_full() {
                    return;
                }
                self.check_name(spec.kind, name, &format!("{place}/{list}"), faults);
            }
        };
        own("reads", &spec.view.own, faults);
        for (related, field) in &spec.view.related {
            match self.target(spec.kind, related) {
                Some(kind) => self.check_name(kind, field, &format!("{place}/reads"), faults),
                None => self.check_reference(related, &format!("{place}/reads"), faults),
            }
        }
        let writes = spec.writes.as_deref().unwrap_or_default();
        let fields: Vec<String> = writes
            .iter()
            .filter(|n| !BY_EFFECT.contains(&n.as_str()))
            .cloned()
            .collect();
        for name in &fields {
            self.check_name(spec.kind, name, &format!("{place}/writes"), faults);
        }
        for (k, condition) in spec.when.iter().enumerate() {
            if faults.is_full() {
                return;
            }
            self.check_condition(spec.kind, condition, &format!("{place}/when/{k}"), faults);
        }
    }

    /// A field that no pack needs to be asked about: the engine's own, or one of this pack.
    pub(super) fn known(&self, kind: Kind, name: &str) -> Option<&FieldDef> {
        let own = self.definitions.field_sets.iter().flat_map(|s| &s.fields);
        let mut own = own.filter(|f| f.code == name || bare(&f.code) == name);
        builtin::field(kind, name).or_else(|| own.next())
    }

    /// Kind of the record that a reference of this name leads to: the engine's own, or the pack's.
    fn target(&self, kind: Kind, related: &str) -> Option<Kind> {
        target(kind, related).or_else(|| self.known(kind, related)?.target)
    }

    /// What a rule looks into must be a reference of the pack, when it is none of the engine's.
    fn check_reference(&self, related: &str, path: &str, faults: &mut Faults) {
        if READS.contains(&related) {
            return;
        }
        let own = self.definitions.field_sets.iter().flat_map(|s| &s.fields);
        let own = own.filter(|f| f.value == ValueType::Ref);
        let known = READS.into_iter().chain(own.map(|f| bare(&f.code)));
        let message = format!(
            "rules cannot look into `{}`: it is no reference",
            short(related)
        );
        let fault = self.origin.manifest.fault(path, message);
        faults.push(fault.near(related, known));
    }

    /// Bare names of the fields that the pack defines.
    pub(super) fn own_fields(&self) -> impl Iterator<Item = &str> {
        let own = self.definitions.field_sets.iter().flat_map(|s| &s.fields);
        own.map(|f| bare(&f.code))
    }

    fn check_name(&self, kind: Kind, name: &str, path: &str, faults: &mut Faults) {
        let foreign = name
            .split_once('/')
            .is_some_and(|(pack, _)| pack != self.origin.pack);
        if foreign || self.known(kind, name).is_some() {
            return;
        }
        let own = self.definitions.field_sets.iter().flat_map(|s| &s.fields);
        let known = builtin::fields(kind).iter().map(|f| f.code.as_str());
        let known = known.chain(own.map(|f| bare(&f.code))).chain(READS);
        let message = format!("a {} has no field `{}`", kind.name(), short(name));
        let fault = self.origin.manifest.fault(path, message);
        faults.push(fault.near(name, known));
    }

    fn check_condition(&self, kind: Kind, condition: &Condition, path: &str, faults: &mut Faults) {
        let subject = condition.subject.as_str();
        let change = matches!(
            condition.test,
            Test::Changed(_) | Test::ChangedTo(_) | Test::ChangedFrom(_)
        );
        if subject.starts_with('$') && change {
            let message = format!("`{subject}` is no field that changes; use `is` or `in`");
            faults.push(self.origin.manifest.fault(path, message));
        }
        if let Some(option) = subject.strip_prefix(OPTION) {
            return self.check_option(option, condition, path, faults);
        }
        let (kind, name) = match subject.split_once('.') {
            Some((related, name)) => match self.target(kind, related) {
                Some(kind) => (kind, name),
                None => return,
            },
            None => (kind, subject),
        };
        if ["status", "$from", "$to"].contains(&name) {
            let flows = self.definitions.workflows.iter();
            let codes = flows.flat_map(|w| w.statuses.iter().map(|s| s.code.as_str()));
            return self.check_codes(
                "status",
                &codes.collect::<Vec<_>>(),
                condition,
                path,
                faults,
            );
        }
        if name == "type" {
            let codes = self.definitions.types.iter().map(|t| t.code.as_str());
            return self.check_codes("type", &codes.collect::<Vec<_>>(), condition, path, faults);
        }
        if name.starts_with('$') {
            return;
        }
        self.check_name(kind, name, &format!("{path}/field"), faults);
        let Some(def) = self.known(kind, name) else {
            return;
        };
        if matches!(condition.test, Test::IsSet(_) | Test::Changed(_)) {
            return;
        }
        for value in condition.test.values() {
            if let Err(message) = readable(def, value) {
                let known = def.options.iter().map(|o| o.code.as_str());
                let word = value.as_text().unwrap_or_default();
                let path = format!("{path}/{}", condition.test.operator());
                let fault = self.origin.manifest.fault(&path, message);
                faults.push(fault.near(word, known));
            }
        }
    }

    /// A switch is an option of the pack, and compared with values like its own.
    fn check_option(&self, name: &str, condition: &Condition, path: &str, faults: &mut Faults) {
        let options = &self.manifest.options;
        let Some(option) = options.get(name) else {
            let message = format!("the pack has no option `{}`", short(name));
            let fault = self
                .origin
                .manifest
                .fault(&format!("{path}/field"), message);
            faults.push(fault.near(name, options.keys().map(String::as_str)));
            return;
        };
        let kind = |value: &Value| std::mem::discriminant(value);
        let list = matches!(option.value, Value::List(_));
        let differs = |value: &&Value| !list && kind(value) != kind(&option.value);
        if condition.test.values().iter().any(|v| differs(&v)) {
            let message = format!(
                "option `{name}` is never that: its value is {}",
                option.value.to_json()
            );
            let path = format!("{path}/{}", condition.test.operator());
            faults.push(self.origin.manifest.fault(&path, message));
        }
    }

    /// Codes of statuses and types: those without a namespace must be of this pack.
    fn check_codes(
        &self,
        what: &str,
        known: &[&str],
        condition: &Condition,
        path: &str,
        faults: &mut Faults,
    ) {
        for value in condition.test.values() {
            let code = value.as_text().unwrap_or_default();
            let foreign = code
                .split_once('/')
                .is_some_and(|(pack, _)| pack != self.origin.pack);
            // A pack without workflows of its own speaks of others' statuses.
            if foreign || known.is_empty() || known.iter().any(|k| *k == code || bare(k) == code) {
                continue;
            }
            let message = format!("the pack has no {what} `{}`", short(code));
            let path = format!("{path}/{}", condition.test.operator());
            let fault = self.origin.manifest.fault(&path, message);
            faults.push(fault.near(code, known.iter().map(|k| bare(k))));
        }
    }
}

/// Kind of the record that a reference of this name leads to.
fn target(kind: Kind, related: &str) -> Option<Kind> {
    let of = |name: &str| builtin::field(kind, name).and_then(|def| def.target);
    of(related).or_else(|| of(&format!("{related}s")))
}

/// Whether a field can hold what a condition compares it with.
fn readable(def: &FieldDef, value: &Value) -> Result<(), String> {
    let json = match (def.value, value) {
        // One value of a list is named alone.
        (ValueType::MultiEnum | ValueType::TextList | ValueType::RefList, value) => {
            serde_json::Value::Array(vec![value.to_json()])
        }
        (_, value) => value.to_json(),
    };
    def.read(&json).map(|_| ())
}
