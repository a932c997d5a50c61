//! Conditions on records, as rules write them.

use super::*;
use crate::hooks::Predicate;

fn only(body: &str) -> Predicate {
    let c = call(Hook::AccessFilter, access());
    decide(&c, body).access.expect("an access choice").only
}

fn wrong(condition: &str) -> String {
    failure(
        &call(Hook::AccessFilter, access()),
        &format!("c.only({condition});"),
    )
    .message
}

#[test]
fn conditions_of_several_calls_hold_together() {
    let both = only(
        "c.only(#{field: \"team\", equals: \"x\"}); c.only(#{field: \"number\", from: 1, to: 9});",
    );
    let expected = Predicate::All(vec![
        Predicate::In {
            field: "team".to_owned(),
            values: vec!["x".into()],
        },
        Predicate::Range {
            field: "number".to_owned(),
            from: Some(Value::Int(1)),
            to: Some(Value::Int(9)),
        },
    ]);
    assert_eq!(both, expected);
}

#[test]
fn conditions_nest() {
    let given = only(
        "c.only(#{any: [#{not: #{field: \"priority\", one_of: [\"low\", \"normal\"]}}, \
         #{all: [#{field: \"assignee\", equals: ()}]}]});",
    );
    let expected = Predicate::All(vec![Predicate::Any(vec![
        Predicate::Not(Box::new(Predicate::In {
            field: "priority".to_owned(),
            values: vec!["low".into(), "normal".into()],
        })),
        Predicate::All(vec![Predicate::In {
            field: "assignee".to_owned(),
            values: Vec::new(),
        }]),
    ])]);
    assert_eq!(given, expected);
}

#[test]
fn an_empty_set_lets_nothing_through() {
    let none = only("c.only(#{field: \"team\", one_of: []});");
    assert_eq!(none, Predicate::All(vec![Predicate::nothing()]));
}

#[test]
fn a_wrong_condition_says_what_is_right() {
    for (condition, says) in [
        ("#{feild: \"x\", equals: 1}", "did you mean `field`"),
        ("#{field: \"x\"}", "beside `field`"),
        ("#{field: \"x\", equals: 1, from: 2}", "beside `field`"),
        ("#{all: 5}", "a list of conditions"),
        ("#{all: [5]}", "expected a condition"),
        ("#{not: 1}", "takes a condition"),
        ("#{}", "a condition is one of"),
        ("#{field: 5, equals: 1}", "code of a field"),
    ] {
        let message = wrong(condition);
        assert!(message.contains(says), "{condition}: {message}");
    }
    let c = call(Hook::AccessFilter, access());
    let deep = "let p = #{field: \"x\", equals: 1}; for i in 0..9 { p = #{not: p}; } c.only(p);";
    let message = failure(&c, deep).message;
    assert!(message.contains("8 deep"), "{message}");
}

#[test]
fn masks_are_kept_once_and_alone_leave_every_record() {
    let c = call(Hook::AccessFilter, access());
    let choice = decide(
        &c,
        "c.mask(\"cost\"); c.mask(\"cost\"); c.mask(\"p/margin\");",
    )
    .access;
    let choice = choice.expect("an access choice");
    assert_eq!(choice.only, Predicate::everything());
    assert_eq!(choice.masked, ["cost", "p/margin"]);
}
