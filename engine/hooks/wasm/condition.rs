//! Conditions that plugins return: trees written as lists in prefix order.

use super::bindings::guest::access_filter::Node;
use super::fault::Fault;
use super::values::{from_wit, short, text};
use crate::hooks::Predicate;
use crate::hooks::predicate::{MAX_PREDICATE_DEPTH, MAX_PREDICATE_TERMS};

/// The conditions of a list, all of which must hold. None at all lets every record through.
pub(super) fn conditions(nodes: Vec<Node>) -> Result<Predicate, Fault> {
    // The whole list is counted before anything is made of it.
    let values = nodes.iter().map(|node| match node {
        Node::OneOf(set) => set.values.len(),
        Node::Within(range) => usize::from(range.from.is_some()) + usize::from(range.to.is_some()),
        _ => 0,
    });
    let terms = values.fold(nodes.len(), usize::saturating_add);
    if terms > MAX_PREDICATE_TERMS {
        return Err(Fault::over(format!(
            "returned conditions with {terms} nodes and values, the limit is {MAX_PREDICATE_TERMS}"
        )));
    }
    let mut rest = nodes.into_iter();
    let mut parts = Vec::new();
    while let Some(node) = rest.next() {
        parts.push(tree(node, &mut rest, MAX_PREDICATE_DEPTH)?);
    }
    Ok(Predicate::All(parts))
}

/// The tree that begins with a node; its parts are taken from the rest. Each level takes at least one
/// node, and no count is trusted for more than the list holds.
fn tree(
    node: Node,
    rest: &mut impl Iterator<Item = Node>,
    depth: usize,
) -> Result<Predicate, Fault> {
    let Some(deeper) = depth.checked_sub(1) else {
        return Err(Fault::over(format!(
            "returned a condition over the limit of {MAX_PREDICATE_DEPTH} levels"
        )));
    };
    Ok(match node {
        Node::All(count) => Predicate::All(parts(count, rest, deeper)?),
        Node::Any(count) => Predicate::Any(parts(count, rest, deeper)?),
        Node::Not => Predicate::Not(Box::new(part(rest, deeper)?)),
        Node::OneOf(set) => Predicate::In {
            field: text(set.field)?,
            values: set
                .values
                .into_iter()
                .map(from_wit)
                .collect::<Result<_, _>>()?,
        },
        Node::Within(range) if range.from.is_none() && range.to.is_none() => {
            return Err(Fault::broken(format!(
                "returned a range of `{}` without an end",
                short(&range.field)
            )));
        }
        Node::Within(range) => Predicate::Range {
            field: text(range.field)?,
            from: range.from.map(from_wit).transpose()?,
            to: range.to.map(from_wit).transpose()?,
        },
        Node::Other((name, _)) => {
            return Err(Fault::broken(format!(
                "returned a condition `{}`, which this engine does not know",
                short(&name)
            )));
        }
    })
}

fn parts(
    count: u32,
    rest: &mut impl Iterator<Item = Node>,
    depth: usize,
) -> Result<Vec<Predicate>, Fault> {
    (0..count).map(|_| part(rest, depth)).collect()
}

fn part(rest: &mut impl Iterator<Item = Node>, depth: usize) -> Result<Predicate, Fault> {
    match rest.next() {
        Some(node) => tree(node, rest, depth),
        None => Err(Fault::broken(
            "returned a condition whose list ends before its last part",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Value;
    use crate::hooks::FailureKind;
    use crate::hooks::wasm::bindings::guest::access_filter::{Range, Set};
    use crate::hooks::wasm::bindings::types::Value as WitValue;

    fn is(field: &str, values: &[&str]) -> Node {
        let values = values.iter().map(|v| WitValue::Text((*v).to_owned()));
        Node::OneOf(Set {
            field: field.to_owned(),
            values: values.collect(),
        })
    }

    fn read(field: &str, value: &str) -> Predicate {
        Predicate::In {
            field: field.to_owned(),
            values: vec![Value::from(value)],
        }
    }

    #[track_caller]
    fn refused(nodes: Vec<Node>, kind: FailureKind, says: &str) {
        let fault = conditions(nodes).expect_err("a refusal");
        assert_eq!(fault.kind, kind, "{}", fault.text);
        assert!(fault.text.contains(says), "{}", fault.text);
    }

    #[test]
    fn a_list_is_read_as_the_trees_it_stands_for() {
        let nodes = vec![
            Node::Any(2),
            is("owner", &["me"]),
            Node::All(2),
            is("team", &["first"]),
            Node::Not,
            is("secret", &["yes"]),
            is("region", &["north"]),
        ];
        let team = Predicate::All(vec![
            read("team", "first"),
            Predicate::Not(Box::new(read("secret", "yes"))),
        ]);
        assert_eq!(
            conditions(nodes),
            Ok(Predicate::All(vec![
                Predicate::Any(vec![read("owner", "me"), team]),
                read("region", "north"),
            ]))
        );
        assert_eq!(conditions(Vec::new()), Ok(Predicate::everything()));
    }

    #[test]
    fn a_list_cut_short_is_refused() {
        let says = "ends before its last part";
        for nodes in [
            vec![Node::Not],
            vec![Node::All(1)],
            vec![Node::All(2), is("team", &["first"])],
            vec![Node::Any(u32::MAX)],
            vec![Node::Any(2), Node::All(1), is("team", &["first"])],
        ] {
            refused(nodes, FailureKind::Broken, says);
        }
    }

    #[test]
    fn depth_and_length_have_a_limit() {
        let deep = |levels: usize| {
            let mut nodes: Vec<Node> = (1..levels).map(|_| Node::Not).collect();
            nodes.push(is("team", &["first"]));
            nodes
        };
        assert!(conditions(deep(MAX_PREDICATE_DEPTH)).is_ok());
        refused(
            deep(MAX_PREDICATE_DEPTH + 1),
            FailureKind::OverBudget,
            "8 levels",
        );
        let values = |count: usize| vec![is("team", &vec!["x"; count])];
        assert!(conditions(values(MAX_PREDICATE_TERMS - 1)).is_ok());
        refused(
            values(MAX_PREDICATE_TERMS),
            FailureKind::OverBudget,
            "257 nodes and values, the limit is 256",
        );
        let many = (0..=MAX_PREDICATE_TERMS).map(|_| Node::All(0)).collect();
        refused(many, FailureKind::OverBudget, "the limit is 256");
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let endless = Range {
            field: "amount".to_owned(),
            from: None,
            to: None,
        };
        refused(
            vec![Node::Within(endless)],
            FailureKind::Broken,
            "a range of `amount` without an end",
        );
        refused(
            vec![Node::Other(("near".to_owned(), "{}".to_owned()))],
            FailureKind::Broken,
            "a condition `near`, which this engine does not know",
        );
    }
}
