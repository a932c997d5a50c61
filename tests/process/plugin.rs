//! `opora plugin`, as far as it needs no tools of a language. `.ci/plugins` builds the templates.

use std::path::Path;
use std::process::{Command, Output};

fn opora(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_opora"))
        .args(args)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .output()
        .unwrap()
}

#[track_caller]
fn says(output: &Output, is_well: bool, parts: &[&str]) -> String {
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.success(), is_well, "{text}");
    for part in parts {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
    text
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[test]
fn a_new_plugin_has_all_that_it_needs_and_is_short() {
    let place = tempfile::tempdir().unwrap();
    let languages = [
        ("rust", "src/lib.rs", "opora-sdk/wit/1.0.0/types.wit"),
        ("js", "plugin.js", "wit/deps/opora-hooks-1.0.0/types.wit"),
        (
            "python",
            "plugin.py",
            "wit/deps/opora-hooks-1.0.0/types.wit",
        ),
    ];
    for (language, source, contract) in languages {
        let name = format!("my-{language}");
        let made = opora(place.path(), &["plugin", "new", &name, "--lang", language]);
        says(&made, true, &[source, "opora plugin build"]);
        let root = place.path().join(&name);
        for file in [
            source,
            contract,
            "pack.toml",
            "README.md",
            ".gitignore",
            "fixtures/transition.guard/refuses.json",
        ] {
            let text = std::fs::read_to_string(root.join(file)).unwrap();
            assert!(!text.contains("{{"), "{language}, {file}: {text}");
        }
        let lines = std::fs::read_to_string(root.join(source)).unwrap();
        let lines = lines.lines().count();
        assert!(lines < 20, "{language}: {lines} lines");
        // It is told what to do next, and never a file of the machine that built the program.
        let check = opora(&root, &["plugin", "check"]);
        says(&check, false, &[&format!("{name}.wasm")]);
    }
    let again = opora(place.path(), &["plugin", "new", "my-js"]);
    says(&again, false, &["`my-js` exists"]);
    let odd = opora(place.path(), &["plugin", "new", "My plugin"]);
    says(&odd, false, &["pack name `My plugin` must begin with"]);
}

/// The conformance plugin as a project.
fn project(folder: &Path) {
    let component = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hooks/conformance.wasm");
    std::fs::copy(component, folder.join("guest.wasm")).unwrap();
    write(
        folder,
        "pack.toml",
        "[pack]\nname = \"conformance\"\nversion = \"0.1.0\"\nengine = \"0.1\"\nplugin = \"guest.wasm\"\n\
         [[rule]]\nname = \"guard\"\nhook = \"transition.guard\"\nkind = \"ticket\"\napplies_to = [\"*\"]\n",
    );
}

#[test]
fn a_plugin_is_checked_tested_and_run_within_the_limits_of_production() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    project(folder);
    let told = opora(folder, &["plugin", "check"]);
    says(
        &told,
        true,
        &[
            "conformance 0.1.0 is fit to be installed",
            "transition-guard@1.0.0",
            "guard on transition.guard",
            "of 1048576 bytes",
            "fuel 10000000, memory 16384 KiB",
        ],
    );

    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hooks/fixtures");
    let all = opora(folder, &["plugin", "test", "--fixtures", fixtures]);
    let text = says(&all, true, &["fixtures passed", "KiB", " ms"]);
    assert!(text.contains("ok    transition.guard/refuses"), "{text}");

    let call = r#"{"detail": {"transition": {"from": "conformance/open", "to": "conformance/closed", "category": "done"}}}"#;
    let wrong = format!(r#"{{"about": "wrong", "call": {call}, "expect": {{"decision": {{}}}}}}"#);
    write(folder, "fixtures/transition.guard/wrong.json", &wrong);
    let failed = opora(folder, &["plugin", "test"]);
    says(
        &failed,
        false,
        &[
            "WRONG transition.guard/wrong",
            "no_solution",
            "1 of 1 fixtures",
        ],
    );
    write(folder, "fixtures/transition.guard/wrong.json", "{");
    says(
        &opora(folder, &["plugin", "test"]),
        false,
        &["wrong.json", "line 1"],
    );

    write(folder, "call.json", call);
    let ran = opora(
        folder,
        &["plugin", "run", "transition.guard", "--call", "call.json"],
    );
    says(&ran, true, &["\"no_solution\"", "fuel ", " of 10000000"]);
    let none = opora(
        folder,
        &["plugin", "run", "transition.gard", "--call", "call.json"],
    );
    says(&none, false, &["there is no hook `transition.gard`"]);
    let spin = r#"{"options": {"trouble": "spin"}, "detail": {"transition": {"from": "a", "to": "b", "category": "done"}}}"#;
    write(folder, "call.json", spin);
    let over = opora(
        folder,
        &["plugin", "run", "transition.guard", "--call", "call.json"],
    );
    says(&over, false, &["used up its fuel"]);

    write(folder, "guest.wasm", "no component");
    says(
        &opora(folder, &["plugin", "check"]),
        false,
        &["guest.wasm", "WebAssembly"],
    );
}

#[test]
fn a_plugin_that_is_not_built_says_how() {
    let place = tempfile::tempdir().unwrap();
    says(
        &opora(place.path(), &["plugin", "new", "closer"]),
        true,
        &[],
    );
    for task in ["check", "test"] {
        let told = opora(place.path(), &["plugin", task, "closer"]);
        says(
            &told,
            false,
            &["`closer/closer.wasm` is not built yet; run `opora plugin build closer`"],
        );
    }
    std::fs::create_dir(place.path().join("empty")).unwrap();
    let told = opora(place.path(), &["plugin", "check", "empty"]);
    says(&told, false, &["`empty` is no pack: it has no pack.toml"]);
}

#[test]
fn names_that_would_not_build_are_refused_at_once() {
    let place = tempfile::tempdir().unwrap();
    for (name, why) in [
        ("opora", "is the engine's own"),
        ("opora-sdk", "the crate that the plugin stands on"),
    ] {
        says(
            &opora(place.path(), &["plugin", "new", name]),
            false,
            &[why],
        );
        assert!(!place.path().join(name).exists());
    }
}

#[test]
fn fixtures_that_would_never_run_are_told() {
    let place = tempfile::tempdir().unwrap();
    let made = opora(place.path(), &["plugin", "new", "closer"]);
    says(&made, true, &[]);
    let root = place.path().join("closer");
    write(&root, "fixtures/transition.gaurd/one.json", "{}");
    write(&root, "fixtures/two.json", "{}");
    says(
        &opora(&root, &["plugin", "test"]),
        false,
        &[
            "there is no hook `transition.gaurd`; did you mean `transition.guard`?",
            "two.json` stands outside the folder of a hook; write HOOK/NAME.json",
        ],
    );
}
