//! Errors say pack, file, line, column and what to write instead.

use super::*;
use crate::hooks::FailureKind;

#[test]
fn faults_of_a_file_have_a_place_and_advice() {
    for (source, line, message, advice) in [
        (
            "fn hook(c) {\n  c.deny(\"a\" \"b\");\n}",
            2,
            "expecting",
            None,
        ),
        ("fn hook(c) {\n  let x = ;\n}", 2, "", None),
        (
            "fn hook(c) {\n  print(1);\n}",
            2,
            "print",
            Some("c.because"),
        ),
        (
            "fn hook(c) {\n  eval(\"1\");\n}",
            2,
            "eval",
            Some("by their name"),
        ),
        (
            "import \"a\" as b;",
            1,
            "import",
            Some("a rule file is whole"),
        ),
        (
            "fn hook(c) {\n  let f = Fn(\"x\");\n}",
            2,
            "Fn",
            Some("by their name"),
        ),
        (
            "fn hook(c) {\n  let x = 1;\n  [1].filter(|i| i == x)\n}",
            3,
            "undefined variable: x",
            Some("own variables only"),
        ),
        (
            "fn a(c) { 1 }\nlet x = 5;",
            2,
            "functions only",
            Some("into a function"),
        ),
        ("fn a(c) {}\nfn a(c) {}", 2, "already exists", None),
        (
            "fn hook(c) {}\nfn ask(c) {}",
            2,
            "in place of `c.ask`",
            Some("another name"),
        ),
    ] {
        let fault = fault(source);
        assert_eq!(fault.line, line, "{source}: {fault}");
        assert!(fault.column > 0, "{source}: {fault}");
        assert_eq!((&*fault.pack, &*fault.file), ("p", "rules/x.rhai"));
        assert!(fault.message.contains(message), "{source}: {fault}");
        let expected = source
            .lines()
            .nth(line as usize - 1)
            .unwrap_or_default()
            .trim();
        assert_eq!(fault.source_line, expected);
        if let Some(advice) = advice {
            assert!(fault.message.contains(advice), "{source}: {fault}");
        }
    }
}

#[test]
fn a_missing_function_is_guessed() {
    let script = host()
        .compile(
            "p",
            "rules/x.rhai",
            "fn guard(c) {}\nfn two(a, b) {}\nprivate fn own(c) {}",
        )
        .unwrap_or_else(|f| panic!("{f}"));
    assert_eq!(
        script.functions(),
        [("guard".to_owned(), 1), ("two".to_owned(), 2)]
    );
    let guess = script.runner("gaurd").err().expect("a fault");
    assert_eq!(guess.suggestion.as_deref(), Some("guard"));
    assert!(guess.to_string().ends_with("did you mean `guard`?"));
    let arity = script.runner("two").err().expect("a fault");
    assert_eq!(arity.line, 2);
    assert!(arity.to_string().contains("takes 2 parameters"), "{arity}");
    assert!(script.runner("own").is_err());
}

#[test]
fn a_broken_rule_says_where_and_what() {
    let c = call(Hook::RecordValidate, Detail::None);
    for (body, expected) in [
        ("let x = 1 / 0;", "division by zero"),
        ("let x = 9223372036854775807 + 1;", "overflow"),
        ("let x = 9223372036854775807; x *= 2;", "overflow"),
        (
            "let x = -9223372036854775807 - 1; let y = x / -1;",
            "overflow",
        ),
        ("let x = 2 ** 99;", "overflow"),
        ("let x = [1, 2]; let y = x[5];", "index 5 out of bounds"),
        ("let x = 1.5 / 0.0;", "by zero"),
        (
            "let x = 79228162514264337593543950335.0 * 10.0;",
            "overflow",
        ),
        ("throw \"my own words\";", "my own words"),
        ("c.denny(\"a\", \"b\");", "did you mean `deny`?"),
        ("c.deny(\"a\");", "`deny` takes (code, text)"),
        ("c.deny(\"\", \"b\");", "needs a code"),
        ("c.deny(\"a\", 5);", "expected a text"),
        ("let x = c.recrod;", "did you mean `record`?"),
        ("let x = c.priority;", "c.record.priority"),
        ("let x = c.deny;", "called with parentheses"),
        ("c.title = 5;", "c.set(field, value)"),
        ("c.record.title = 5;", "c.set(field, value)"),
        ("let x = c.options.wait_day;", "did you mean `wait_days`?"),
        ("let x = c.options.colour;", "[options.colour]"),
        ("let x = c.record.nothing.len;", ""),
        ("let x = \"a\" - 5;", "there is no function `-`"),
        ("let x = c.record.number.year;", ""),
    ] {
        let failure = failure(&c, body);
        assert_eq!(failure.kind, FailureKind::Broken, "{body}: {failure}");
        let said = &failure.message;
        assert!(
            said.starts_with("pack p, rules/x.rhai:2:"),
            "{body}: {said}"
        );
        assert!(said.contains(expected), "{body}: {said}");
        assert!(said.ends_with(&format!("\n  | {body}")), "{body}: {said}");
        assert!(failure.usage.used > 0);
    }
}

#[test]
fn an_error_in_a_helper_has_the_helpers_line() {
    let c = call(Hook::RecordValidate, Detail::None);
    let source = "fn helper(x) {\n  let y = 10;\n  y / x\n}\nfn hook(c) {\n  let z = helper(0);\n}";
    let failure = run_source(&c, source).expect_err("a failure");
    assert!(failure.message.contains(":3:"), "{failure}");
    assert!(failure.message.ends_with("| y / x"), "{failure}");
}

#[test]
fn an_answer_that_means_nothing_is_an_error() {
    let c = call(Hook::RecordValidate, Detail::None);
    for (body, expected) in [("false", "a truth value"), ("1 + 1", "a whole number")] {
        let failure = failure(&c, body);
        assert!(failure.message.contains(expected), "{failure}");
        assert!(failure.message.contains("means nothing"), "{failure}");
    }
    assert!(decide(&c, "return;").is_empty());
    assert!(decide(&c, "").is_empty());
}

#[test]
fn a_script_may_catch_its_own_errors_but_decides_nothing_by_them() {
    let c = call(Hook::RecordValidate, Detail::None);
    let decision = decide(
        &c,
        "try { c.set(\"f\", 1); } catch (e) { c.because(\"caught\", `${e}`); }",
    );
    assert!(decision.effects.is_empty());
    let said = &decision.because.first().expect("a reason").text;
    assert!(said.contains("may not use `set`"), "{said}");
}

#[test]
fn the_line_of_a_runaway_is_found() {
    let c = call(Hook::RecordValidate, Detail::None);
    for (source, line) in [
        (
            "fn hook(c) {\n  let n = 0;\n  loop {\n    n += 1;\n  }\n}",
            3..=4,
        ),
        (
            "fn turn() {\n  let n = 0;\n  while true { n += 1; }\n}\n\nfn hook(c) {\n  turn();\n}",
            3..=3,
        ),
        (
            "fn hook(c) {\n  let s = \"ab\";\n  for i in 0..50 {\n    s += s;\n  }\n}",
            4..=4,
        ),
        (
            "fn down(n) {\n  down(n + 1)\n}\nfn hook(c) {\n  down(0);\n}",
            1..=2,
        ),
    ] {
        let failure = run_source(&c, source).expect_err("a failure");
        assert_eq!(failure.kind, FailureKind::OverBudget, "{failure}");
        let place = failure.message.split(':').nth(1).unwrap_or_default();
        let at: usize = place.parse().unwrap_or(0);
        assert!(line.contains(&at), "{failure}");
        assert!(failure.message.contains("\n  | "), "{failure}");
    }
}

#[test]
fn a_function_stands_where_its_whole_name_does() {
    let source = "fn remind_later(c) {}\n// fn remind(c) is below\n  fn remind (c) {}\n";
    let script = ScriptHost::new(ScriptLimits::default())
        .compile("p", "r.rhai", source)
        .unwrap();
    let line = |name: &str| script.runner(name).unwrap().place().unwrap().line;
    assert_eq!((line("remind_later"), line("remind")), (1, 3));
}
