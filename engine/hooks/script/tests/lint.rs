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
    check("\"a\".pad(1);", &["2:5: `pad` takes 2 values, not 1"]);
    check("sleep(10);", &["2:1: there is no function `sleep`"]);
}

#[test]
fn all_of_a_file_are_told_wherever_they_stand() {
    let source = "fn never(x) { frobnicate(x) }\n\
        fn deep(n, hook) { hook.recod.title + n }\n\
        fn hook(c) {\n  deep(1, c);\n  helper();\n  never(c.nwo);\n}";
    assert_eq!(
        told(source),
        [
            "1:15: there is no function `frobnicate`",
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

/// What the engine registers is what the check knows: read from the sources, since the interpreter
/// does not list its functions.
#[test]
fn what_is_registered_is_known() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/engine/hooks/script");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("a file").path();
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        for (at, head) in text.match_indices("register_fn(") {
            let rest = text[at + head.len()..].trim_start();
            let name = rest.strip_prefix('"').and_then(|r| r.split('"').next());
            let is_word = |n: &&str| n.chars().all(|c| c.is_alphanumeric() || c == '_');
            let Some(name) = name.filter(is_word) else {
                continue;
            };
            count += 1;
            let told = told(&format!("fn hook(c) {{ let x = 1; x.{name}(); }}")).join(" ");
            assert!(!told.contains("there is no function"), "{name}: {told}");
        }
    }
    assert!(count > 80, "only {count} were found");
    for member in crate::hooks::script::MEMBERS {
        check(&format!("ctx.{};", member.name), &[]);
    }
}
