//! Conditions of rules as `pack.toml` writes them, and the fields that rules declare.

use serde::Deserialize;
use toml::Value as Toml;

use super::fault::Faults;
use super::rule_spec::READS;
use super::source::{Source, short};
use crate::domain::{Value, code};
use crate::hooks::when::{FACTS, OPTION};
use crate::hooks::{Condition, Reads, Test};

/// Most fields that a rule names as read or written.
pub const MAX_NAMED: usize = 200;
/// Most conditions of a rule.
pub const MAX_CONDITIONS: usize = 32;
/// Most values that one condition compares with.
pub const MAX_VALUES: usize = 200;

/// The operators, each a key that stands beside `field`.
pub const OPERATORS: [&str; 14] = [
    "is",
    "is_not",
    "in",
    "not_in",
    "is_set",
    "is_empty",
    "changed",
    "unchanged",
    "changed_to",
    "changed_from",
    "greater",
    "less",
    "at_least",
    "at_most",
];

/// `{ name = "urgent", field = "priority", is = "high" }`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCondition {
    name: Option<String>,
    field: String,
    is: Option<Toml>,
    is_not: Option<Toml>,
    r#in: Option<Vec<Toml>>,
    not_in: Option<Vec<Toml>>,
    is_set: Option<bool>,
    is_empty: Option<bool>,
    changed: Option<bool>,
    unchanged: Option<bool>,
    changed_to: Option<Toml>,
    changed_from: Option<Toml>,
    greater: Option<Toml>,
    less: Option<Toml>,
    at_least: Option<Toml>,
    at_most: Option<Toml>,
}

impl RawCondition {
    /// The tests that are asked for; a condition asks for one.
    fn tests(&self) -> Vec<Result<Test, String>> {
        let one = |given: &Option<Toml>, make: fn(Value) -> Test| {
            given.as_ref().map(|toml| value(toml).map(make))
        };
        let many = |given: &Option<Vec<Toml>>, make: fn(Vec<Value>) -> Test| {
            given.as_ref().map(|all| {
                if all.is_empty() || all.len() > MAX_VALUES {
                    return Err(format!("a list of 1 to {MAX_VALUES} values is needed"));
                }
                all.iter().map(value).collect::<Result<_, _>>().map(make)
            })
        };
        let flag = |given: Option<bool>, make: fn(bool) -> Test| given.map(|is| Ok(make(is)));
        let tests = [
            one(&self.is, Test::Is),
            one(&self.is_not, Test::IsNot),
            many(&self.r#in, Test::In),
            many(&self.not_in, Test::NotIn),
            flag(self.is_set, Test::IsSet),
            flag(self.is_empty.map(|is| !is), Test::IsSet),
            flag(self.changed, Test::Changed),
            flag(self.unchanged.map(|is| !is), Test::Changed),
            one(&self.changed_to, Test::ChangedTo),
            one(&self.changed_from, Test::ChangedFrom),
            one(&self.greater, Test::Greater),
            one(&self.less, Test::Less),
            one(&self.at_least, Test::AtLeast),
            one(&self.at_most, Test::AtMost),
        ];
        tests.into_iter().flatten().collect()
    }
}

fn value(toml: &Toml) -> Result<Value, String> {
    match toml {
        Toml::String(s) => Ok(Value::Text(s.clone())),
        Toml::Integer(n) => Ok(Value::Int(*n)),
        Toml::Boolean(b) => Ok(Value::Bool(*b)),
        Toml::Float(f) => {
            let text = f.to_string();
            let read = text.parse();
            read.map(Value::Decimal)
                .map_err(|_| format!("`{text}` is no number that can be compared"))
        }
        Toml::Datetime(at) => Ok(Value::Text(at.to_string())),
        Toml::Array(_) | Toml::Table(_) => Err(
            "a text, a number, a truth value or a date is needed; for several write `in`".into(),
        ),
    }
}

/// The conditions of a rule that could be read.
pub(super) fn read(
    source: &Source,
    rule: usize,
    raw: Vec<RawCondition>,
    reads: &[String],
    faults: &mut Faults,
) -> Vec<Condition> {
    if raw.len() > MAX_CONDITIONS {
        let message = format!(
            "{} conditions are over the limit of {MAX_CONDITIONS}",
            raw.len()
        );
        faults.push(source.fault(&format!("rule/{rule}/when"), message));
        return Vec::new();
    }
    let mut conditions = Vec::with_capacity(raw.len());
    for (k, raw) in raw.into_iter().enumerate() {
        let path = format!("rule/{rule}/when/{k}");
        check_subject(source, &path, &raw.field, reads, faults);
        let mut tests = raw.tests();
        let message = match (tests.len(), tests.pop()) {
            (1, Some(Ok(test))) => {
                let mut condition = Condition {
                    name: String::new(),
                    subject: raw.field,
                    test,
                    line: source.fault(&path, "").line,
                };
                let words = || condition.to_string();
                condition.name = raw.name.unwrap_or_else(words).chars().take(200).collect();
                conditions.push(condition);
                continue;
            }
            (1, Some(Err(why))) => why,
            (0, _) => format!(
                "the condition says nothing about `{}`; give it one of {}",
                short(&raw.field),
                OPERATORS.join(", ")
            ),
            _ => "a condition has one operator; write a condition for each".to_owned(),
        };
        faults.push(source.fault(&path, message));
    }
    conditions
}

/// What stands before a dot must be a record that the rule reads; what begins with `$`, a fact.
fn check_subject(
    source: &Source,
    path: &str,
    subject: &str,
    reads: &[String],
    faults: &mut Faults,
) {
    let path = format!("{path}/field");
    // Whether there is such an option is checked with the rest of the manifest.
    if subject.starts_with(OPTION) {
        return;
    }
    if subject.starts_with('$') {
        if !FACTS.contains(&subject) {
            let message = format!("there is no fact `{}`", short(subject));
            faults.push(source.fault(&path, message).near(subject, FACTS));
        }
        return;
    }
    let Some((related, _)) = subject.split_once('.') else {
        return;
    };
    let declared = |name: &String| name.split('.').next() == Some(related);
    if !READS.contains(&related) {
        let message = format!(
            "rules cannot look into `{}`; they read {}",
            short(related),
            READS.join(", ")
        );
        faults.push(source.fault(&path, message).near(related, READS));
    } else if !reads.iter().any(declared) {
        let message = format!("add \"{related}\" to `reads`: the condition looks into it");
        faults.push(source.fault(&path, message));
    }
}

/// Checks the form of what a rule reads; whether the fields are there is checked with the
/// definitions.
pub(super) fn check_reads(source: &Source, rule: usize, reads: &[String], faults: &mut Faults) {
    for (k, name) in reads.iter().enumerate() {
        if faults.is_full() {
            return;
        }
        let Some((related, _)) = name.split_once('.') else {
            continue;
        };
        // A reference of the pack is known with its definitions: `check_declared` looks for it.
        if !READS.contains(&related) && code::fault(related).is_some() {
            let message = format!(
                "rules cannot read `{}`; beside their record they read {} and references of the pack",
                short(related),
                READS.join(", ")
            );
            let path = format!("rule/{rule}/reads/{k}");
            faults.push(source.fault(&path, message).near(related, READS));
        }
    }
}

/// Splits what a rule reads into the records beside its own and the fields its view is cut down to.
pub(super) fn split(reads: &[String]) -> (Vec<String>, Reads) {
    let mut beside: Vec<String> = Vec::new();
    let mut view = Reads::default();
    for name in reads {
        let related = match name.split_once('.') {
            Some((related, field)) => {
                view.related.push((related.to_owned(), field.to_owned()));
                related
            }
            None if READS.contains(&name.as_str()) => name,
            None => {
                view.own.push(name.clone());
                continue;
            }
        };
        if !beside.iter().any(|b| b == related) {
            beside.push(related.to_owned());
        }
    }
    if !view.own.is_empty() {
        // Who reads the account may also see which one it is.
        view.own.extend(beside.iter().cloned());
    }
    (beside, view)
}
