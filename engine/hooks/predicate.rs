//! Conditions on records, as data: what `access.filter` gives, so that the engine can push it into
//! ranges and queries and never calls a rule for each record.

use crate::domain::Value;

/// Deepest nesting of a predicate.
pub const MAX_PREDICATE_DEPTH: usize = 8;
/// Most conditions of a predicate.
pub const MAX_PREDICATE_TERMS: usize = 256;

/// A condition on one record.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// Every one of them; of none: every record.
    All(Vec<Self>),
    /// At least one of them; of none: no record.
    Any(Vec<Self>),
    /// Not so.
    Not(Box<Self>),
    /// A field has one of these values; a field with several values has one of them. No values: the
    /// field has none.
    In {
        /// Field; unqualified names resolve to the rule's pack.
        field: String,
        /// Values.
        values: Vec<Value>,
    },
    /// A field has a value from `from` (included) to `to` (not included).
    Range {
        /// Field; unqualified names resolve to the rule's pack.
        field: String,
        /// Least value.
        from: Option<Value>,
        /// First value beyond.
        to: Option<Value>,
    },
}

impl Predicate {
    /// Every record.
    #[must_use]
    pub const fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// No record.
    #[must_use]
    pub const fn nothing() -> Self {
        Self::Any(Vec::new())
    }

    /// Whether the predicate holds for a record whose values `value` gives by field. Values of another
    /// type than the field's never match.
    #[must_use]
    pub fn holds<'v>(&self, value: &impl Fn(&str) -> Option<&'v Value>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|p| p.holds(value)),
            Self::Any(parts) => parts.iter().any(|p| p.holds(value)),
            Self::Not(part) => !part.holds(value),
            Self::In { field, values } => match value(field) {
                None => values.is_empty(),
                Some(Value::List(held)) => held.iter().any(|v| values.contains(v)),
                Some(held) => values.contains(held),
            },
            Self::Range { field, from, to } => value(field).is_some_and(|held| {
                from.as_ref()
                    .is_none_or(|f| order(held, f).is_some_and(std::cmp::Ordering::is_ge))
                    && to
                        .as_ref()
                        .is_none_or(|t| order(held, t).is_some_and(std::cmp::Ordering::is_lt))
            }),
        }
    }
}

/// The order of two values of one type; none between types that have no order in common.
fn order(a: &Value, b: &Value) -> Option<std::cmp::Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) | (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Instant(a), Value::Instant(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(predicate: &Predicate, record: &[(&str, Value)]) -> bool {
        predicate.holds(&|name| record.iter().find(|(n, _)| *n == name).map(|(_, v)| v))
    }

    fn is(field: &str, value: &str) -> Predicate {
        Predicate::In {
            field: field.to_owned(),
            values: vec![Value::from(value)],
        }
    }

    #[test]
    fn every_part_must_hold_or_one() {
        let urgent = [
            ("priority", Value::from("urgent")),
            ("p/region", Value::from("north")),
        ];
        let both = Predicate::All(vec![is("priority", "urgent"), is("p/region", "north")]);
        assert!(holds(&both, &urgent));
        assert!(!holds(&both, &urgent[..1]));
        let either = Predicate::Any(vec![is("priority", "low"), is("p/region", "north")]);
        assert!(holds(&either, &urgent));
        assert!(!holds(&Predicate::Not(Box::new(both)), &urgent));
        assert!(holds(&Predicate::everything(), &urgent));
        assert!(!holds(&Predicate::nothing(), &urgent));
    }

    #[test]
    fn an_empty_set_means_a_field_without_value() {
        let none = Predicate::In {
            field: "team".to_owned(),
            values: Vec::new(),
        };
        assert!(holds(&none, &[]));
        assert!(!holds(&none, &[("team", Value::from("x"))]));
    }

    #[test]
    fn one_of_several_values_is_enough() {
        let tags = [(
            "tags",
            Value::List(vec![Value::from("a"), Value::from("b")]),
        )];
        assert!(holds(&is("tags", "b"), &tags));
        assert!(!holds(&is("tags", "c"), &tags));
    }

    #[test]
    fn a_range_includes_its_start_and_not_its_end() {
        let of = |from, to| Predicate::Range {
            field: "number".to_owned(),
            from,
            to,
        };
        let ten = [("number", Value::Int(10))];
        assert!(holds(&of(Some(Value::Int(10)), None), &ten));
        assert!(!holds(&of(None, Some(Value::Int(10))), &ten));
        let text = of(Some(Value::from("10")), None);
        assert!(!holds(&text, &ten), "a text is no number");
        assert!(!holds(&of(None, None), &[]), "no value lies in no range");
    }
}
