//! Conditions on records, for `access_filter`.

use crate::access_filter::{Choice, Decision, Node, Range, Set};
use crate::values::Value;

/// A condition on a record. An unqualified field is the engine's or one of the plugin's own pack.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Each of them; of none: every record.
    All(Vec<Self>),
    /// At least one of them; of none: no record.
    Any(Vec<Self>),
    /// Not so.
    Not(Box<Self>),
    /// A field has one of these values; without values: the field has none.
    OneOf(String, Vec<Value>),
    /// A field's value is not less than the first and less than the second.
    Within(String, Option<Value>, Option<Value>),
}

impl Condition {
    /// A field has this value; one with several values has it among them.
    #[must_use]
    pub fn is(field: &str, value: impl Into<Value>) -> Self {
        Self::OneOf(field.to_owned(), vec![value.into()])
    }

    /// A field has one of these values; of none: no record.
    #[must_use]
    pub fn one_of<V: Into<Value>>(field: &str, values: impl IntoIterator<Item = V>) -> Self {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        if values.is_empty() {
            // Without values the contract means an empty field.
            return Self::Any(Vec::new());
        }
        Self::OneOf(field.to_owned(), values)
    }

    /// A field has no value.
    #[must_use]
    pub fn empty(field: &str) -> Self {
        Self::OneOf(field.to_owned(), Vec::new())
    }

    /// A field's value is at least this.
    #[must_use]
    pub fn at_least(field: &str, least: impl Into<Value>) -> Self {
        Self::Within(field.to_owned(), Some(least.into()), None)
    }

    /// A field's value is less than this.
    #[must_use]
    pub fn below(field: &str, beyond: impl Into<Value>) -> Self {
        Self::Within(field.to_owned(), None, Some(beyond.into()))
    }

    /// Turned round.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Writes the condition in prefix order.
    fn write(self, to: &mut Vec<Node>) {
        let count = |parts: &[Self]| u32::try_from(parts.len()).unwrap_or(u32::MAX);
        match self {
            Self::All(parts) => {
                to.push(Node::All(count(&parts)));
                parts.into_iter().for_each(|p| p.write(to));
            }
            Self::Any(parts) => {
                to.push(Node::Any(count(&parts)));
                parts.into_iter().for_each(|p| p.write(to));
            }
            Self::Not(part) => {
                to.push(Node::Not);
                part.write(to);
            }
            Self::OneOf(field, values) => to.push(Node::OneOf(Set { field, values })),
            Self::Within(field, from, beyond) => to.push(Node::Within(Range {
                field,
                from,
                to: beyond,
            })),
        }
    }
}

impl Decision {
    fn choice(&mut self) -> &mut Choice {
        self.choice.get_or_insert_with(|| Choice {
            only: Vec::new(),
            masked: Vec::new(),
        })
    }

    /// Only records for which the condition holds; it joins those given before.
    #[must_use]
    pub fn only(mut self, condition: Condition) -> Self {
        condition.write(&mut self.choice().only);
        self
    }

    /// Without this field.
    #[must_use]
    pub fn mask(mut self, field: &str) -> Self {
        self.choice().masked.push(field.to_owned());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{Condition, Decision, Node, Set};

    #[test]
    fn conditions_are_written_in_prefix_order() {
        let team = Condition::is("team", "first");
        let hidden = Condition::is("secret", true).negated();
        let decision = Decision::default()
            .only(Condition::Any(vec![
                Condition::empty("owner"),
                Condition::All(vec![team, hidden]),
            ]))
            .only(Condition::one_of("region", Vec::<String>::new()));
        let set = |field: &str, values| {
            Node::OneOf(Set {
                field: field.to_owned(),
                values,
            })
        };
        assert_eq!(
            decision.choice.expect("a choice").only,
            [
                Node::Any(2),
                set("owner", vec![]),
                Node::All(2),
                set("team", vec!["first".into()]),
                Node::Not,
                set("secret", vec![true.into()]),
                Node::Any(0),
            ]
        );
    }
}
