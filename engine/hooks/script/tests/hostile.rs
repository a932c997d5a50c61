//! Scripts that mean harm, or that went wrong badly. None may take long, fill memory, or take the
//! process with it.

use super::*;
use crate::hooks::FailureKind;

/// Stack of a thread of the server.
const STACK_BYTES: usize = 2 * 1024 * 1024;

/// Runs a body on a thread with the stack of a server's thread.
fn attack(source: String) -> Result<Outcome, Failure> {
    let thread = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let c = call(Hook::TransitionEffect, transition());
            run_source(&c, &source)
        })
        .expect("a thread");
    thread.join().expect("the script must not panic")
}

fn over_budget(body: &str) {
    let result = attack(format!("fn hook(c) {{\n{body}\n}}"));
    let failure = result.expect_err(body);
    assert_eq!(failure.kind, FailureKind::OverBudget, "{body}: {failure}");
    assert!(failure.usage.used <= failure.usage.budget);
}

fn contained(body: &str) -> Result<Outcome, Failure> {
    attack(format!("fn hook(c) {{\n{body}\n}}"))
}

#[test]
fn endless_loops_end() {
    over_budget("loop {}");
    over_budget("while true { let x = 1; }");
    over_budget("for i in 0..9223372036854775807 { let x = i; }");
    over_budget("let a = [1]; loop { for x in a { } }");
    over_budget("let n = 0; do { n += 1; } while n > 0;");
    over_budget("try { loop {} } catch { }");
}

#[test]
fn deep_recursion_ends() {
    let failure = attack("fn down(n) { down(n + 1) }\nfn hook(c) { down(0); }".to_owned());
    assert_eq!(failure.expect_err("too deep").kind, FailureKind::OverBudget);
    let failure = attack("fn a(c) { b(c); }\nfn b(c) { a(c); }\nfn hook(c) { a(c); }".to_owned());
    assert_eq!(failure.expect_err("too deep").kind, FailureKind::OverBudget);
}

#[test]
fn texts_stay_small() {
    over_budget("let s = \"ab\"; loop { s += s; }");
    over_budget("let s = \"ab\"; loop { s = s + s; }");
    over_budget("let s = \"ab\"; loop { s = `${s}${s}`; }");
    over_budget("let s = \"a\"; s.pad(9223372036854775807, \"b\");");
    over_budget("let s = \"a\"; s.pad(9223372036854775807, 'b');");
    over_budget("let s = \"a\"; s.pad(90000, 'b'); let t = s; t.replace(\"b\", s);");
    over_budget("let s = \"a\"; s.pad(90000, 'b'); s.replace(\"\", s);");
    over_budget("let s = \"\"; s.pad(90000, 'b'); s.replace('b', s);");
    // Without the guard this never comes back.
    let failure = contained("let s = \"a\"; s.pad(9, \"\");").expect_err("refused");
    assert!(failure.message.contains("`pad` needs a text"), "{failure}");
}

#[test]
fn lists_and_maps_stay_small() {
    over_budget("let a = []; loop { a.push(1); }");
    over_budget("let a = [1]; loop { a += a; }");
    over_budget("let a = [1]; loop { a.append(a); }");
    over_budget("let a = []; a.pad(9223372036854775807, 1);");
    over_budget("let a = []; a.pad(2000, [1, 2, 3]);");
    over_budget("let m = #{}; let n = 0; loop { m[`k${n}`] = 1; n += 1; }");
    over_budget("let m = #{}; let n = 0; loop { m.set(`k${n}`, 1); n += 1; }");
    over_budget("let a = [0]; loop { a = [a, a]; }");
    over_budget("let m = #{}; loop { m = #{a: m, b: m}; }");
    over_budget("let s = \"a\"; s.pad(98000, 'b'); let l = s.to_chars();");
    over_budget("let s = \"a\"; s.pad(98000, ' '); let l = s.split(\"\");");
}

#[test]
fn many_long_texts_in_a_list_are_stopped() {
    // The limit of a text counts for all texts of a list together.
    over_budget(
        "let s = \"x\"; s.pad(16000, 'y'); let a = []; for i in 0..1000 { a.push(s + i); }",
    );
    over_budget(
        "let s = \"x\"; s.pad(16000, 'y'); let m = #{}; for i in 0..1000 { m.set(`k${i}`, s + i); }",
    );
    // An assignment to a place is not looked at by itself; what the variables hold is.
    for body in [
        "let m = #{}; for i in 0..1000 { m[`k${i}`] = s + i; }",
        "let a = []; a.pad(1000, 0); for i in 0..1000 { a[i] = s + i; }",
        "let a = []; a.pad(1000, #{}); for i in 0..1000 { a[i].x = s + i; }",
        "let a = []; a.pad(1000, ()); for i in 0..1000 { a[i] = [s + i]; a[i].push(s + i); }",
        "let b = []; b.pad(1900, 1); let a = []; a.pad(900, 0); for i in 0..900 { a[i] = b; } let d = []; d.pad(900, 0); for i in 0..900 { d[i] = a[i]; }",
        "let b = []; b.pad(1900, 1); let a = []; a.pad(900, ()); for i in 0..900 { a[i] = b; } let e = a; let f = a; let g = e;",
    ] {
        over_budget(&format!("let s = \"x\"; s.pad(90000, 'y'); {body}"));
    }
}

/// A list in a list, two thousand times: made, copied, compared, printed, handed over, dropped.
#[test]
fn nests_do_not_overflow_the_stack() {
    let nest = "let a = []; for i in 0..1990 { a = [a]; } ";
    for then in [
        "",
        "let b = a; b.push(1);",
        "let b = a; if a == b { c.tag(\"x\"); }",
        "let b = a; if a != b { c.tag(\"x\"); }",
        "let b = [a]; let d = b.contains(a);",
        "let d = [a, 1].index_of(a);",
        "let t = a.to_string();",
        "let t = a.to_debug();",
        "let t = `${a}`;",
        "let t = \"x\" + a;",
        "let t = a + \"x\";",
        "c.set(\"f\", a);",
        "c.webhook(\"w\", a);",
        "c.webhook(\"w\", #{a: a});",
        "c.schedule(\"t\", hours(1), a);",
        "a.dedup();",
        "let b = [a, a]; b.dedup();",
        "let b = [a]; b.sort();",
        "let m = #{a: a}; let t = m.to_json();",
        "let m = #{a: a}; let t = `${m}`;",
        "switch a { [] => c.tag(\"x\"), _ => () }",
        "throw a;",
    ] {
        if let Err(failure) = contained(&format!("{nest}{then}")) {
            assert!(failure.message.starts_with("pack p, "), "{failure}");
        }
    }
    let maps = "let a = #{}; for i in 0..1990 { a = #{a: a}; } let b = a;";
    for then in [
        "if a == b { }",
        "let t = `${a}`;",
        "c.set(\"f\", a);",
        "throw a;",
    ] {
        let _ = contained(&format!("{maps}{then}"));
    }
}

#[test]
fn what_is_not_there_is_refused_when_compiled() {
    for body in [
        "eval(\"1\");",
        "print(\"x\");",
        "debug(\"x\");",
        "import \"x\" as y;",
        "export x;",
        "let f = Fn(\"loop\");",
        "let f = |x| x; f.curry(1);",
        "let x = 1; let f = || x;",
    ] {
        let source = format!("fn hook(c) {{\n{body}\n}}");
        assert!(host().compile("p", "x.rhai", &source).is_err(), "{body}");
    }
}

#[test]
fn what_is_not_there_is_refused_when_run() {
    for body in [
        "exit(1);",
        "exit();",
        "sleep(10);",
        "timestamp();",
        "parse_json(\"1\");",
        "blob(1000000);",
        "\"sleep\".call(1);",
    ] {
        let result = contained(body);
        assert_eq!(result.expect_err(body).kind, FailureKind::Broken, "{body}");
    }
}

#[test]
fn deep_expressions_are_refused() {
    let deep = format!(
        "fn hook(c) {{ let x = {}1{}; }}",
        "(".repeat(500),
        ")".repeat(500)
    );
    assert!(host().compile("p", "x.rhai", &deep).is_err());
    let sum = format!("fn hook(c) {{ let x = {}1; }}", "1 + ".repeat(5_000));
    assert!(host().compile("p", "x.rhai", &sum).is_err());
    let list = format!(
        "fn hook(c) {{ let x = {}{}; }}",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    assert!(host().compile("p", "x.rhai", &list).is_err());
    let blocks = format!(
        "fn hook(c) {{ {}{} }}",
        "{".repeat(5_000),
        "}".repeat(5_000)
    );
    assert!(host().compile("p", "x.rhai", &blocks).is_err());
    let long = format!("fn hook(c) {{ {} }}", "let x = 1;".repeat(10_000));
    assert!(fault(&long).message.contains("split it"));
    let functions: String = (0..200).map(|n| format!("fn f{n}(c) {{}}\n")).collect();
    assert!(host().compile("p", "x.rhai", &functions).is_err());
    let variables: String = (0..300).map(|n| format!("let v{n} = 1;")).collect();
    over_budget(&variables);
}

#[test]
fn decisions_stay_small() {
    over_budget("for i in 0..65 { c.tag(\"x\"); }");
    over_budget("loop { c.tag(\"x\"); }");
    over_budget("loop { try { c.tag(\"x\"); } catch { } }");
    over_budget("for i in 0..65 { c.because(\"x\", \"y\"); }");
    over_budget("let s = \"\"; s.pad(16385, 'x'); c.comment(s);");
    over_budget("let s = \"\"; s.pad(16000, 'x'); for i in 0..20 { c.comment(s); }");
    over_budget("let s = \"\"; s.pad(90000, 'x'); for i in 0..20 { c.set(\"f\", s); }");
    let most = contained("for i in 0..64 { c.tag(\"x\"); }").expect("as many as allowed");
    assert_eq!(most.decision.effects.len(), 64);
}

/// Operations that work on much at once are few within the budget, and the clock ends them.
#[test]
fn slow_work_on_great_values_comes_to_an_end() {
    let limits = ScriptLimits {
        millis: 100,
        ..ScriptLimits::default()
    };
    let host = ScriptHost::new(limits);
    let c = call(Hook::TransitionEffect, transition());
    for body in [
        "let a = []; a.pad(1990, 1); let b = a; loop { if a != b { break; } }",
        "let a = []; a.pad(1990, 1); loop { a.sort(); }",
        "let s = \"\"; s.pad(90000, 'x'); loop { let t = s.index_of(\"y\"); }",
        "let s = \"\"; s.pad(90000, 'x'); loop { let t = s.to_upper(); }",
    ] {
        let source = format!("fn hook(c) {{ {body} }}");
        let script = host.compile("p", "x.rhai", &source);
        let runner = script.and_then(|s| s.runner("hook"));
        let runner = runner.unwrap_or_else(|f| panic!("{f}"));
        let failure = runner.call(&c).expect_err(body);
        assert_eq!(failure.kind, FailureKind::OverBudget, "{failure}");
        assert!(failure.message.contains(":1:"), "{failure}");
    }
}

#[test]
fn a_panic_of_the_interpreter_is_contained() {
    for body in [
        "let x = -9223372036854775807 - 1; let y = x.abs();",
        "let x = (-9223372036854775807 - 1) % -1;",
        "let x = 2 ** 9223372036854775807;",
        "let x = 2 ** -1;",
        "let x = 10.0 ** 1000;",
        "let x = 0.0 ** -1.0;",
        "let x = (0.0 - 1.0).sqrt();",
        "let x = 0.0.ln();",
        "let x = 99999999999.0.exp();",
        "let x = \"äöü\".sub_string(1, 9223372036854775807);",
        "let x = \"äöü\"; x.truncate(-5); x.crop(-9223372036854775807, 5);",
        "let x = [1,2,3]; x.splice(-9, 9223372036854775807, [1]);",
        "let x = [1,2,3]; x.drain(9223372036854775807, -1);",
        "let x = [1,2,3].extract(-9223372036854775807, 9223372036854775807);",
        "let x = \"a b\".split(\" \", -1);",
        "let x = \"a b\".split(9223372036854775807);",
        "for i in range(0, 10, 0) { }",
        "for i in range(9223372036854775806, 9223372036854775807, 5) { }",
        "let x = 5; x[-9223372036854775807] = true;",
        "let x = parse_int(\"99999999999999999999\");",
        "let x = 1.5.round(-1);",
        "let x = 1.5.round(9999999999);",
        "let x = 5.to_hex(); let y = (-5).to_binary();",
    ] {
        // Any end is right but taking the process along.
        let _ = contained(body);
    }
}
