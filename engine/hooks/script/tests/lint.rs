//! What a script calls and does not exist is told before it runs, with the word that was meant.

use super::*;

/// What is told of a file whose rule is `hook`, each as `line:column: text`.
fn told(source: &str) -> Vec<String> {
    let script = host().compile("p", "x.rhai", source);
    let script = script.unwrap_or_else(|fault| panic!("{fault}"));
    let faults = script.unknown_calls(&["hook"]).into_iter();
    let text = |f: ScriptFault| {
        assert!(!f.source_line.is_empty(), "{f}");
        let near = f.suggestion.map(|near| format!(" -> {near}"));
        let (line, column) = (f.line, f.column);
        format!("{line}:{column}: {}{}", f.message, near.unwrap_or_default())
    };
    faults.map(text).collect()
}

#[track_caller]
fn check(body: &str, expected: &[&str]) {
    assert_eq!(
        told(&format!("fn hook(ctx) {{\n{body}\n}}")),
        expected,
        "{body}"
    );
}

#[test]
fn slips_are_told_with_place_and_word() {
    check(
        "ctx.recrod.title;",
        &["2:5: `ctx` has no member `recrod` -> record"],
    );
    check(
        "let t = ctx.actr.role;",
        &["2:13: `ctx` has no member `actr` -> actor"],
    );
    check(
        "ctx.dney(\"a\", \"b\");",
        &["2:5: `ctx` has no method `dney` -> deny"],
    );
    check(
        "ctx.set_feild(\"a\", 1);",
        &["2:5: `ctx` has no method `set_feild`"],
    );
    check(
        "ctx.record();",
        &["2:5: `record` is read without parentheses: `ctx.record`"],
    );
    check(
        "let s = ctx.skip;",
        &["2:13: `skip` is called with parentheses: `ctx.skip(…)`"],
    );
    check(
        "let x = huors(2);",
        &["2:9: there is no function `huors` -> hours"],
    );
    check(
        "if ctx.is_new {\n  let t = \"a\".to_uper();\n}",
        &["3:15: there is no function `to_uper` -> to_upper"],
    );
    check(
        "for x in [1] { [x].psuh(2); }",
        &["2:20: there is no function `psuh` -> push"],
    );
    check(
        "ctx.deny(\"a\");",
        &["2:5: `deny` takes (code, text), not 1 values"],
    );
    check("\"a\".pad(1);", &["2:5: `pad` takes 2, not 1 values"]);
    check("sleep(10);", &["2:1: there is no function `sleep`"]);
}

#[test]
fn all_of_a_file_are_told_wherever_they_stand() {
    let source = "fn never(x) { nothing(x) }\n\
        fn deep(n, hook) { hook.recod.title + n }\n\
        fn hook(c) {\n  deep(1, c);\n  helper();\n  never(c.nwo);\n}";
    assert_eq!(
        told(source),
        [
            "1:15: there is no function `nothing`",
            "2:25: `hook` has no member `recod` -> record",
            "5:3: there is no function `helper`",
            "6:11: `c` has no member `nwo` -> now",
        ]
    );
}

#[test]
fn what_exists_or_may_exist_is_left_alone() {
    for body in [
        "ctx.record.whatever;",
        "let m = #{a: 1}; m.b = 2; m.a;",
        "let f = |x| x + 1; f.call(1); [1].map(f); [1].filter(|x| x > 0);",
        "let m = #{run: |x| x}; m.run(1);",
        "type_of(1); is_def_fn(\"hook\", 1);",
        "let ctx = #{own: 1}; ctx.own;",
        "let s = \"a\"; s += \"b\"; if \"a\" in s { } !true; 1..2; -1;",
        "ctx.now + hours(2); ctx.now.year; ctx.options.limit;",
        "switch ctx.hook { \"a\" => ctx.because(\"a\", \"b\"), _ => () }",
        "ctx.related.account?.title; ctx.before?.title; ctx.record[\"title\"];",
        "let t = `${ctx.record.title} ${ctx.pack}`; t.len(); t.len; t.contains(\"x\");",
    ] {
        check(body, &[]);
    }
    // Helpers may be called as functions and as methods of what they work on.
    let helpers = "fn twice(x) { x * 2 }\nfn more() { this + 1 }\n\
        fn hook(c) { twice(1); let n = 1; n.more(); }";
    assert_eq!(told(helpers), Vec::<String>::new());
}

/// Every method and member that documentation names is one that the check knows.
#[test]
fn what_is_documented_is_known() {
    for method in crate::hooks::script::methods() {
        let count = match method.arguments {
            "" => 0,
            // A map or list in the arguments has commas of its own.
            _ => continue,
        };
        assert_eq!(count, 0);
        check(&format!("ctx.{}();", method.name), &[]);
    }
    for member in crate::hooks::script::MEMBERS {
        check(&format!("ctx.{member};"), &[]);
    }
}
