//! Packs from the command line: begun, checked, installed, watched.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::program::{Server, opora, said};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_new_pack_is_fit_and_passes_its_own_scenario() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("lifts");
    said(&["pack", "new", "lifts", "--dir", text(&place)]);
    let checked = said(&["pack", "check", text(&place)]);
    assert!(
        checked.contains("lifts 0.1.0 is fit: 1 types, 4 rules"),
        "{checked}"
    );
    let report = opora::scenario::run_pack(&place).unwrap();
    assert!(report.is_ok(), "{report:?}");
    let again = opora(&["pack", "new", "lifts", "--dir", text(&place)]);
    assert!(!again.status.success());
    // A slip is told with its place, the line and the word that was meant.
    let manifest = place.join("pack.toml");
    let broken = std::fs::read_to_string(&manifest).unwrap();
    let broken = broken.replacen(
        "script = \"rules.rhai\"",
        "script = \"rules.rhai\"\npriorty = 1",
        1,
    );
    std::fs::write(&manifest, broken).unwrap();
    let wrong = opora(&["pack", "check", text(&place)]);
    let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(!wrong.status.success());
    for piece in [
        "lifts/pack.toml:22:1: unknown key `priorty`",
        "did you mean `priority`?",
        "    priorty = 1",
    ] {
        assert!(told.contains(piece), "{piece}: {told}");
    }
}

#[test]
fn what_may_go_wrong_is_told_by_check_and_by_an_installation() {
    let dir = tempfile::tempdir().unwrap();
    let (data, place) = (dir.path().join("data"), dir.path().join("lifts"));
    Server::start(&data, &[]).stop();
    said(&["pack", "new", "lifts", "--dir", text(&place)]);
    let manifest = place.join("pack.toml");
    let mut more = std::fs::read_to_string(&manifest).unwrap();
    for name in ["ping", "pong"] {
        more += &format!(
            "\n[[rule]]\nname = \"{name}\"\nhook = \"record.changed\"\nscript = \"ring.rhai\"\n"
        );
    }
    std::fs::write(&manifest, more).unwrap();
    let ring = place.join("ring.rhai");
    let script = "fn ping(c) { c.set(\"title\", c.record.title + \"x\"); }\n\
                  fn pong(c) { c.set(\"description\", c.record.title); }\n";
    std::fs::write(&ring, script).unwrap();
    let circle = "warning: rules of `record.changed` wake each other in a circle: lifts/ping";
    let told = said(&["pack", "check", text(&place)]);
    assert!(told.contains("is fit") && told.contains(circle), "{told}");
    let here = [
        "pack",
        "install",
        text(&place),
        "--grant",
        "all",
        "--data",
        text(&data),
    ];
    let told = said(&here);
    assert!(
        told.contains("installed") && told.contains(circle),
        "{told}"
    );
    let server = Server::start(&data, &[]);
    let warnings = server.get("/v1/packs/lifts").body["warnings"].clone();
    assert_eq!(warnings.as_array().map(Vec::len), Some(1), "{warnings}");
    // A name that means nothing is told with its line and what was meant, and what runs runs on.
    std::fs::write(&ring, script.replace("\"title\"", "\"tilte\"")).unwrap();
    for task in ["check", "upgrade"] {
        let mut args = vec!["pack", task, text(&place)];
        if task == "upgrade" {
            args.extend(["--data", text(&data)]);
        }
        let wrong = opora(&args);
        let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
        assert!(!wrong.status.success());
        assert!(
            told.contains(
                "ring.rhai:1:20: there is no field `tilte` on ticket; did you mean `title`?"
            ),
            "{task}: {told}"
        );
    }
    server.stop();
}

#[test]
fn revisions_from_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let (data, place) = (dir.path().join("data"), dir.path().join("lifts"));
    Server::start(&data, &[]).stop();
    said(&["pack", "new", "lifts", "--dir", text(&place)]);
    let here = |args: &[&str]| {
        let mut all = vec!["pack", "--data", text(&data)];
        all.extend(args);
        said(&all)
    };
    here(&["install", text(&place)]);
    let manifest = place.join("pack.toml");
    let newer = std::fs::read_to_string(&manifest).unwrap();
    let newer = newer
        .replace("0.1.0", "0.2.0")
        .replace("effects = [", "effects = [\"notify\", ");
    std::fs::write(&manifest, newer).unwrap();
    let hooks = said(&["hooks", "--data", text(&data)]);
    for piece in ["settle", "a foreign record is like an absent one", "lifts/"] {
        assert!(hooks.contains(piece), "no `{piece}` in: {hooks}");
    }
    let hooks = said(&["hooks", "--data", text(&data), "--json"]);
    let hooks: serde_json::Value = serde_json::from_str(&hooks).unwrap();
    let steps = hooks["items"].as_array().unwrap();
    let rules = steps.iter().filter(|s| s["rule"]["pack"] == "lifts");
    assert_eq!(rules.count(), 4);
    assert_eq!(steps[0]["order"], 1);
    let diff = here(&["diff", text(&place)]);
    assert!(
        diff.contains("changed pack.toml") && diff.contains("+version = \"0.2.0\""),
        "{diff}"
    );
    let refused = opora(&["pack", "--data", text(&data), "upgrade", text(&place)]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        told.contains("asks for effect:notify") && told.contains("--grant all"),
        "{told}"
    );
    let plan = here(&["upgrade", "--dry-run", text(&place)]);
    assert!(
        plan.contains("asks for effect:notify") && plan.contains("left as it is: 1 type"),
        "{plan}"
    );
    here(&["upgrade", text(&place), "--grant", "effect:notify"]);
    // What was granted before stays when more is added.
    let granted = here(&["grant", "lifts", "--add", "effect:notify"]);
    assert!(
        granted.contains("effect:notify") && granted.contains("effect:comment"),
        "{granted}"
    );
    assert!(here(&["list"]).contains("lifts 0.2.0"));
    assert!(here(&["rollback", "lifts"]).contains("lifts is at 0.1.0"));
    here(&["disable", "lifts"]);
    assert!(here(&["list"]).contains("lifts 0.1.0 (disabled)"));
    here(&["enable", "lifts"]);
    let history = here(&["history", "lifts"]);
    let told: Vec<&str> = history
        .lines()
        .map(|l| l.split(' ').nth(1).unwrap())
        .collect();
    assert_eq!(
        told,
        [
            "enabled",
            "disabled",
            "rolled_back",
            "granted",
            "upgraded",
            "installed"
        ]
    );
    let out = dir.path().join("out");
    here(&["export", "lifts", text(&out), "--revision", "0.2.0"]);
    assert!(
        std::fs::read_to_string(out.join("pack.toml"))
            .unwrap()
            .contains("0.2.0")
    );
    here(&["remove", "lifts"]);
    assert!(!here(&["list"]).contains("lifts"));
}

#[test]
fn a_watched_folder_runs_as_it_was_saved_and_a_broken_one_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let (data, packs) = (dir.path().join("data"), dir.path().join("packs"));
    let place = packs.join("lifts");
    std::fs::create_dir(&packs).unwrap();
    said(&["pack", "new", "lifts", "--dir", text(&place)]);
    let server = Server::start(&data, &["--watch", text(&packs)]);
    let version = || server.get("/v1/packs/lifts").body["version"].clone();
    assert_eq!(version(), "0.1.0");
    let manifest = place.join("pack.toml");
    let first = std::fs::read_to_string(&manifest).unwrap();
    let until = |what: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !what() {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{:?}",
                server.printed()
            );
            std::thread::yield_now();
        }
    };
    std::fs::write(&manifest, first.replace("0.1.0", "0.2.0")).unwrap();
    until(&|| version() == "0.2.0");
    // What does not load is told with file, line, column, the line and a suggestion.
    let definitions = place.join("definitions.toml");
    let good = std::fs::read_to_string(&definitions).unwrap();
    std::fs::write(
        &definitions,
        good.replace("category = \"open\"", "category = \"opne\""),
    )
    .unwrap();
    let printed = |piece: &str| server.printed().iter().any(|line| line.contains(piece));
    until(&|| printed("did you mean `open`?") && printed("category = \"opne\", names"));
    assert!(
        printed("lifts/definitions.toml:14:") && printed("what ran before runs on"),
        "{:?}",
        server.printed()
    );
    assert_eq!(version(), "0.2.0");
    let body = serde_json::json!({"type": "case", "title": "x"});
    assert_eq!(server.post("/v1/tickets", "", &body).unwrap().status, 201);
    std::fs::write(&definitions, good).unwrap();
    std::fs::write(&manifest, first.replace("0.1.0", "0.3.0")).unwrap();
    until(&|| version() == "0.3.0");
    // Whoever changes the pack over the API is not written over.
    let body = serde_json::json!({});
    assert_eq!(
        server
            .post("/v1/packs/lifts/rollback", "", &body)
            .unwrap()
            .status,
        200
    );
    std::fs::write(&manifest, first.replace("0.1.0", "0.4.0")).unwrap();
    until(&|| printed("not watched any more"));
    assert_eq!(version(), "0.2.0");
    assert_eq!(server.stop(), 0);
}
