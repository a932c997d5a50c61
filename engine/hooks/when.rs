//! When a rule runs: named conditions that the host evaluates, never the script, so that the engine
//! can say which of them kept a rule from running, and on which value.

use std::cmp::Ordering;
use std::fmt;

use rust_decimal::Decimal;

use super::{Call, Detail, RecordView};
use crate::domain::{Kind, Value};

/// One condition of a rule. All conditions of a rule must hold for it to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Name, for people: the one given in `pack.toml`, or the condition in words.
    pub name: String,
    /// What is looked at: a field of the record, `RELATED.FIELD`, one of [`FACTS`], or [`OPTION`] and
    /// the name of an option.
    pub subject: String,
    /// How it is looked at.
    pub test: Test,
    /// Line of `pack.toml`.
    pub line: u32,
}

/// What conditions may look at beside fields.
pub const FACTS: [&str; 6] = [
    "$from",
    "$to",
    "$to_category",
    "$status_category",
    "$actor_role",
    "$is_new",
];

/// What stands before the name of an option of the pack: a switch for rules.
pub const OPTION: &str = "$option.";

/// How a value is looked at. Values are compared as the kind of value the record holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// It is this value; a list is when it holds it.
    Is(Value),
    /// It is not this value; a field without value is not.
    IsNot(Value),
    /// It is one of these.
    In(Vec<Value>),
    /// It is none of these.
    NotIn(Vec<Value>),
    /// Whether there is a value; empty text and empty lists are none.
    IsSet(bool),
    /// Whether the command changed it.
    Changed(bool),
    /// The command changed it, to this value.
    ChangedTo(Value),
    /// The command changed it, from this value.
    ChangedFrom(Value),
    /// It is there and greater.
    Greater(Value),
    /// It is there and less.
    Less(Value),
    /// It is there and not less.
    AtLeast(Value),
    /// It is there and not greater.
    AtMost(Value),
}

impl Test {
    /// The operator as `pack.toml` names it.
    #[must_use]
    pub const fn operator(&self) -> &'static str {
        match self {
            Self::Is(_) => "is",
            Self::IsNot(_) => "is_not",
            Self::In(_) => "in",
            Self::NotIn(_) => "not_in",
            Self::IsSet(true) => "is_set",
            Self::IsSet(false) => "is_empty",
            Self::Changed(true) => "changed",
            Self::Changed(false) => "unchanged",
            Self::ChangedTo(_) => "changed_to",
            Self::ChangedFrom(_) => "changed_from",
            Self::Greater(_) => "greater",
            Self::Less(_) => "less",
            Self::AtLeast(_) => "at_least",
            Self::AtMost(_) => "at_most",
        }
    }

    /// The values it compares with.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        match self {
            Self::Is(v)
            | Self::IsNot(v)
            | Self::ChangedTo(v)
            | Self::ChangedFrom(v)
            | Self::Greater(v)
            | Self::Less(v)
            | Self::AtLeast(v)
            | Self::AtMost(v) => std::slice::from_ref(v),
            Self::In(all) | Self::NotIn(all) => all,
            Self::IsSet(_) | Self::Changed(_) => &[],
        }
    }
}

impl fmt::Display for Condition {
    /// `priority is high`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject, self.test.operator())?;
        for (i, value) in self.test.values().iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            write!(f, "{comma} {}", shown(Some(value)))?;
        }
        Ok(())
    }
}

/// A value as explanations show it; `nothing` when there is none.
#[must_use]
pub fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::Text(text)) => text.chars().take(200).collect(),
        Some(other) => other.to_json().to_string().chars().take(200).collect(),
    }
}

impl Condition {
    /// Whether the condition holds for a call.
    #[must_use]
    pub fn holds(&self, call: &Call) -> bool {
        let value = self.value(call);
        let value = value.as_ref();
        let same = |wanted: &Value| value.is_some_and(|v| matches(&call.pack, v, wanted));
        let ordered = |wanted: &Value| value.and_then(|v| order(v, wanted));
        match &self.test {
            Test::Is(wanted) => same(wanted),
            Test::IsNot(wanted) => !same(wanted),
            Test::In(all) => all.iter().any(same),
            Test::NotIn(all) => !all.iter().any(same),
            Test::IsSet(wanted) => value.is_some_and(Value::is_filled) == *wanted,
            Test::Changed(wanted) => self.changed(call) == *wanted,
            Test::ChangedTo(wanted) => self.changed(call) && same(wanted),
            Test::ChangedFrom(wanted) => {
                let before = call.before.as_deref();
                let was = before.and_then(|b| field(call, b, &self.subject));
                self.changed(call) && was.is_some_and(|v| matches(&call.pack, &v, wanted))
            }
            Test::Greater(wanted) => ordered(wanted) == Some(Ordering::Greater),
            Test::Less(wanted) => ordered(wanted) == Some(Ordering::Less),
            Test::AtLeast(wanted) => ordered(wanted).is_some_and(Ordering::is_ge),
            Test::AtMost(wanted) => ordered(wanted).is_some_and(Ordering::is_le),
        }
    }

    /// The value that the condition looks at.
    #[must_use]
    pub fn value(&self, call: &Call) -> Option<Value> {
        let transition = |pick: fn(&str, &str, &str) -> Value| match &call.detail {
            Detail::Transition {
                from,
                to,
                to_category,
            } => Some(pick(from, to, to_category)),
            _ => None,
        };
        match self.subject.as_str() {
            "$from" => transition(|from, _, _| Value::from(from)),
            "$to" => transition(|_, to, _| Value::from(to)),
            "$to_category" => transition(|_, _, category| Value::from(category)),
            "$status_category" => call.record.category.map(Value::from),
            "$actor_role" => Some(Value::from(call.actor.role.as_str())),
            "$is_new" => Some(Value::Bool(call.before.is_none())),
            name => match name.strip_prefix(OPTION) {
                Some(option) => call.options.get(option).cloned(),
                None => field(call, &call.record, name),
            },
        }
    }

    /// The field that it looks at, and of which kind of record; none when it is about something else.
    #[must_use]
    pub fn field_of(&self, call: &Call) -> Option<(Kind, &str)> {
        match self.subject.split_once('.') {
            _ if self.subject.starts_with('$') => None,
            Some((related, name)) => Some((call.related.get(related)?.kind, name)),
            None => Some((call.record.kind, &self.subject)),
        }
    }

    fn changed(&self, call: &Call) -> bool {
        let before = call.before.as_deref();
        let was = before.and_then(|b| field(call, b, &self.subject));
        was != field(call, &call.record, &self.subject)
    }
}

/// A field of the record, or of a related one: `account.support_level`.
fn field(call: &Call, record: &RecordView, name: &str) -> Option<Value> {
    match name.split_once('.') {
        Some((related, name)) => {
            let record = call.related.get(related)?;
            record.field(&call.pack, name).cloned()
        }
        None => record.field(&call.pack, name).cloned(),
    }
}

/// Whether a value is the one that a condition names. Codes may be named without their namespace;
/// numbers, dates and ids are compared by what they mean; a list is when it holds the value.
fn matches(pack: &str, value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::List(items), wanted) => items.iter().any(|v| matches(pack, v, wanted)),
        (Value::Text(held), Value::Text(wanted)) => {
            held == wanted
                || held
                    .strip_prefix(pack)
                    .and_then(|rest| rest.strip_prefix('/'))
                    == Some(wanted)
        }
        (value, wanted) => order(value, wanted) == Some(Ordering::Equal),
    }
}

/// Order of a value and what a condition names; none when they cannot be compared.
fn order(value: &Value, wanted: &Value) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (number(value), number(wanted)) {
        return Some(a.cmp(&b));
    }
    match (value, wanted) {
        (Value::Instant(a), Value::Text(b)) => {
            let b = chrono::DateTime::parse_from_rfc3339(b).ok()?;
            Some(a.cmp(&b.to_utc()))
        }
        (Value::Date(a), Value::Text(b)) => Some(a.cmp(&b.parse().ok()?)),
        (Value::Ref(a), Value::Text(b)) => Some(a.to_string().as_str().cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (a, b) if std::mem::discriminant(a) == std::mem::discriminant(b) => Some(a.compare(b)),
        _ => None,
    }
}

fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(n) | Value::Duration(n) => Some(Decimal::from(*n)),
        Value::Decimal(d) => Some(*d),
        _ => None,
    }
}

/// The fields that a rule declared it reads: what its view of records is cut down to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Fields of the record; none declared: all of them.
    pub own: Vec<String>,
    /// Fields of related records: (`account`, `title`); a record without any is seen whole.
    pub related: Vec<(String, String)>,
}

impl Reads {
    /// Whether a field of the record is in the rule's view.
    #[must_use]
    pub fn shows(&self, pack: &str, field: &str) -> bool {
        self.own.is_empty() || self.own.iter().any(|name| names(pack, field, name))
    }

    /// The record as the rule sees it; none when it sees all of it.
    #[must_use]
    pub fn cut(&self, pack: &str, view: &RecordView) -> Option<RecordView> {
        (!self.own.is_empty()).then(|| only(view, |field| self.shows(pack, field)))
    }

    /// A related record as the rule sees it; none when it sees all of it.
    #[must_use]
    pub fn cut_related(&self, pack: &str, name: &str, view: &RecordView) -> Option<RecordView> {
        let own = |(related, _): &&(String, String)| related == name;
        let mut fields = self.related.iter().filter(own).peekable();
        fields.peek()?;
        let fields: Vec<&str> = fields.map(|(_, field)| field.as_str()).collect();
        Some(only(view, |field| {
            fields.iter().any(|name| names(pack, field, name))
        }))
    }
}

/// Whether a rule of `pack` means the field by `name`.
#[must_use]
pub fn names(pack: &str, field: &str, name: &str) -> bool {
    field == name
        || field
            .strip_prefix(pack)
            .and_then(|rest| rest.strip_prefix('/'))
            == Some(name)
}

fn only(view: &RecordView, shows: impl Fn(&str) -> bool) -> RecordView {
    let fields = view.fields.iter().filter(|(name, _)| shows(name));
    RecordView {
        id: view.id,
        kind: view.kind,
        fields: fields.map(|(n, v)| (n.clone(), v.clone())).collect(),
        category: view.category.filter(|_| shows("status")),
    }
}
