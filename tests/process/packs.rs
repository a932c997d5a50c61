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
    let more = std::fs::read_to_string(&manifest).unwrap();
    let mut more = more.replace("effects = [", "effects = [\"set\", ");
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
    // Two revisions are compared, whatever folder stands around.
    assert_eq!(
        here(&["diff", "lifts", "0.2.0", "0.2.0"]),
        "no differences\n"
    );
    let folder = format!("{}/", text(&place));
    let two = [
        "pack",
        "--data",
        text(&data),
        "diff",
        &folder,
        "0.1.0",
        "0.2.0",
    ];
    assert!(complained(&two).contains("compared with one revision"));
    // Options are set beside the revision.
    assert_eq!(here(&["options", "lifts"]), "remind_hours = 24\n");
    let set = here(&["set", "lifts", "remind_hours=48"]);
    assert_eq!(set, "remind_hours = 48 (set; the pack has 24)\n");
    let wrong = [
        "pack",
        "--data",
        text(&data),
        "set",
        "lifts",
        "remind_hours=long",
    ];
    assert!(complained(&wrong).contains("`remind_hours`: must be of type int"));
    let wrong = [
        "pack",
        "--data",
        text(&data),
        "set",
        "lifts",
        "remnd_hours=1",
    ];
    assert!(complained(&wrong).contains("did you mean `remind_hours`?"));
    assert_eq!(
        here(&["set", "lifts", "--reset", "remind_hours"]),
        "remind_hours = 24\n"
    );
    // What would be refused is told, and CI hears of it.
    let definitions = place.join("definitions.toml");
    let whole = std::fs::read_to_string(&definitions).unwrap();
    let reserved = whole.replacen("code = \"case\"", "code = \"case\"\nreserved = true", 1);
    std::fs::write(&definitions, reserved).unwrap();
    here(&["upgrade", text(&place)]);
    std::fs::write(
        &definitions,
        whole.replacen("code = \"case\"", "code = \"cass\"", 1),
    )
    .unwrap();
    let dry = [
        "pack",
        "--data",
        text(&data),
        "install",
        "--dry-run",
        text(&place),
    ];
    assert!(complained(&dry).contains("nothing would be installed"));
    here(&["rollback", "lifts"]);
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
            "rolled_back",
            "upgraded",
            "options_set",
            "options_set",
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

/// A pack of one rule in a folder.
fn small(folder: &Path, name: &str, head: &str, script: &str) {
    std::fs::create_dir_all(folder).unwrap();
    let manifest = format!(
        "[pack]\nname = \"{name}\"\nversion = \"0.1.0\"\nengine = \"0.1\"\n{head}\n\
         [[rule]]\nname = \"look\"\nhook = \"record.validate\"\napplies_to = [\"*\"]\n\
         script = \"rules.rhai\"\n"
    );
    std::fs::write(folder.join("pack.toml"), manifest).unwrap();
    std::fs::write(folder.join("rules.rhai"), script).unwrap();
}

const QUIET: &str = "fn look(c) {}";
/// Asks for nothing that needs a grant.
const MODEST: &str = "[capabilities]\neffects = []";

/// Runs a subcommand that must fail; returns what it said.
#[track_caller]
fn complained(args: &[&str]) -> String {
    let output = opora(args);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{args:?}: {told}");
    told
}

#[test]
fn several_packs_are_installed_in_their_order_and_all_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (ca, cb) = (dir.path().join("ca"), dir.path().join("cb"));
    small(&ca, "ca", &format!("requires = [\"cb\"]\n{MODEST}"), QUIET);
    small(&cb, "cb", MODEST, QUIET);
    let server = Server::start(&data, &[]);
    let both = |more: &[&str]| {
        let mut args = vec![
            "pack",
            "--data",
            text(&data),
            "install",
            text(&ca),
            text(&cb),
        ];
        args.extend(more);
        args.into_iter().map(str::to_owned).collect::<Vec<String>>()
    };
    let install = |more: &[&str]| {
        let args = both(more);
        opora(&args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let installed = || {
        let list = server.get("/v1/packs").body["items"].clone();
        let names = list.as_array().unwrap().iter();
        names
            .map(|p| p["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    // Faults of either, and of both together, keep both out.
    for (folder, script, head, piece) in [
        (
            &cb,
            "fn look(c) { c.dney(); }",
            MODEST,
            "cb/rules.rhai:1:16: `c` has no method `dney`",
        ),
        (
            &cb,
            QUIET,
            "requires = [\"cc\"]",
            "pack `cc` is not installed",
        ),
        (
            &cb,
            QUIET,
            "[capabilities]\neffects = [\"notify\"]",
            "the pack asks for effect:notify",
        ),
    ] {
        small(folder, "cb", head, script);
        let refused = install(&[]);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(
            !refused.status.success() && told.contains(piece),
            "{piece}: {told}"
        );
        assert!(installed().is_empty(), "{:?}", installed());
    }
    small(&cb, "cb", MODEST, QUIET);
    let plan = install(&["--dry-run"]);
    let told = String::from_utf8_lossy(&plan.stdout).into_owned();
    assert!(told.contains("comes after cb"), "{told}");
    assert!(installed().is_empty());
    let done = install(&[]);
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let (a, b) = (
        told.find("installed ca").unwrap(),
        told.find("installed cb").unwrap(),
    );
    assert!(b < a, "{told}");
    assert_eq!(server.stop(), 0);
    // Without a server as well.
    small(&cb, "cb", "requires = [\"elsewhere\"]", QUIET);
    let refused = install(&[]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        told.contains("pack `elsewhere` is not installed") && !told.contains("did you mean"),
        "{told}"
    );
}

#[test]
fn a_fault_is_told_in_one_place_with_its_folder_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let place = dir.path().join("parts2");
    let slip = "fn look(c) {\n  c.dney(\"a\", \"b\");\n}\n";
    let server = Server::start(&data, &[]);
    let check = |script: &str, manifest: Option<&str>, wanted: &str| {
        small(&place, "parts", MODEST, script);
        if let Some(manifest) = manifest {
            std::fs::write(place.join("pack.toml"), manifest).unwrap();
        }
        for task in [
            &["pack", "install"][..],
            &["simulate"],
            &["pack", "shadow"],
            &["pack", "check"],
        ] {
            let mut args = task.to_vec();
            args.push(text(&place));
            if task != ["pack", "check"] {
                args.extend(["--data", text(&data)]);
            }
            let told = complained(&args);
            let path = format!("{}{wanted}", text(&place));
            assert!(told.contains(&path), "{task:?}: {path} in {told}");
            let file = wanted.trim_start_matches('/').split(':').next().unwrap();
            assert_eq!(told.matches(file).count(), 1, "{task:?}: {told}");
        }
    };
    let lines = "/rules.rhai:2:5: `c` has no method `dney`; did you mean `deny`?\n    c.dney(\"a\", \"b\");";
    check(slip, None, lines);
    let broken = "[pack]\nname = \"parts\"\nversion = \n";
    check(QUIET, Some(broken), "/pack.toml:3:");
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_pack_that_is_not_there_is_told_with_those_that_are() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let place = dir.path().join("lifts");
    small(&place, "lifts", MODEST, QUIET);
    let server = Server::start(&data, &[]);
    said(&["pack", "--data", text(&data), "install", text(&place)]);
    let out = dir.path().join("out");
    let all = || {
        for task in [
            "history", "enable", "disable", "remove", "grant", "export", "rollback", "diff",
        ] {
            let more = if task == "export" { text(&out) } else { "" };
            let mut args = vec!["pack", "--data", text(&data), task, "lfits"];
            args.extend(Some(more).filter(|m| !m.is_empty()));
            let told = complained(&args);
            let wanted = "there is no pack `lfits`; did you mean `lifts`? (installed: lifts)";
            assert!(told.contains(wanted), "{task}: {told}");
        }
        let told = complained(&["pack", "--data", text(&data), "diff", "../x"]);
        assert!(
            told.contains("`../x` is no pack: it has no pack.toml"),
            "{told}"
        );
    };
    all();
    let detail = |path: &str| server.get(path).body["detail"].as_str().unwrap().to_owned();
    assert_eq!(
        detail("/v1/packs/nope"),
        "there is no pack `nope`; installed: lifts"
    );
    assert!(detail("/v1/packs/lifts/diff").contains("has no draft"));
    assert_eq!(server.stop(), 0);
    all();
}

#[test]
fn what_an_installation_leaves_unsaid_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let (data, place) = (dir.path().join("data"), dir.path().join("lifts"));
    Server::start(&data, &[]).stop();
    let install = || said(&["pack", "--data", text(&data), "install", text(&place)]);
    small(&place, "lifts", MODEST, QUIET);
    let told = install();
    assert!(
        !told.contains("warning") && !told.contains("rests"),
        "{told}"
    );
    said(&["pack", "--data", text(&data), "disable", "lifts"]);
    small(&place, "lifts", MODEST, "fn look(c) { }");
    let told = install();
    for piece in [
        "lifts rests as before; `opora pack enable lifts`",
        "warning: version 0.1.0 of lifts was another revision before",
    ] {
        assert!(told.contains(piece), "no `{piece}` in: {told}");
    }
}

#[test]
fn names_that_no_pack_may_have_are_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["local", "engine", "opora"] {
        let place = dir.path().join(name);
        let told = complained(&["pack", "new", name, "--dir", text(&place)]);
        assert!(
            told.contains("is the engine's own; choose another"),
            "{told}"
        );
        assert!(!place.exists());
    }
}

#[test]
fn every_slip_of_a_file_is_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("lifts");
    small(
        &place,
        "lifts",
        "pulgin = \"x\"\nnmaes = { en = \"x\" }",
        QUIET,
    );
    std::fs::write(
        place.join("definitions.toml"),
        "[[workflow]]\ncode = \"w\"\ninitail = \"n\"\n\
         statuses = [{ code = \"n\", category = \"enw\", coed = \"m\" }]\n",
    )
    .unwrap();
    let told = complained(&["pack", "check", text(&place)]);
    for piece in ["`pulgin`", "`nmaes`"] {
        assert!(told.contains(piece), "no {piece} in: {told}");
    }
    let manifest = place.join("pack.toml");
    let good = std::fs::read_to_string(&manifest).unwrap();
    let good = good.replace("pulgin = \"x\"\nnmaes = { en = \"x\" }\n", "");
    std::fs::write(manifest, good).unwrap();
    let told = complained(&["pack", "check", text(&place)]);
    for piece in ["`initail`", "`enw`", "`coed`"] {
        assert!(told.contains(piece), "no {piece} in: {told}");
    }
}

#[test]
fn a_trial_through_a_server_goes_back_to_the_beginning() {
    use opora::desk::{Actor, Command, Desk, DeskOptions, Request, VirtualClock};
    use opora::domain::Kind;
    let dir = tempfile::tempdir().unwrap();
    let (data, place) = (dir.path().join("data"), dir.path().join("lifts"));
    std::fs::create_dir(&data).unwrap();
    said(&["pack", "new", "lifts", "--dir", text(&place)]);
    {
        let file = data.join("opora.redb");
        let store = opora::store::RedbStore::open(file, opora::store::OpenOptions::default());
        let start = "2026-01-05T09:00:00Z".parse().unwrap();
        let clock = std::sync::Arc::new(VirtualClock::at(start));
        let options = DeskOptions {
            clock: clock.clone(),
            search: false,
            ..DeskOptions::default()
        };
        let desk = Desk::open(std::sync::Arc::new(store.unwrap()), options).unwrap();
        let run = |command: Command| desk.run(&Request::by(Actor::System), &command).unwrap();
        let files = opora::packs::PackFiles::read_dir(&place).unwrap();
        run(Command::InstallPack { files });
        let fields = serde_json::json!({"type": "case", "title": "x"});
        let fields = fields.as_object().unwrap().clone();
        let id = run(Command::Create {
            kind: Kind::Ticket,
            fields,
        })
        .id;
        for to in ["open", "waiting"] {
            run(Command::Transition {
                kind: Kind::Ticket,
                id,
                to: to.to_owned(),
                fields: serde_json::Map::new(),
            });
        }
        clock.advance(chrono::TimeDelta::days(3));
        while desk.fire_due(100).unwrap() > 0 {}
        desk.close().unwrap();
    }
    let rules = place.join("rules.rhai");
    let script = std::fs::read_to_string(&rules).unwrap();
    std::fs::write(&rules, script.replace("c.options.remind_hours", "48")).unwrap();
    let server = Server::start(&data, &[]);
    let tried = |since: Option<&str>| {
        let mut args = vec!["simulate", text(&place), "--json", "--data", text(&data)];
        args.extend(since.into_iter().flat_map(|since| ["--since", since]));
        let output = opora(&args);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect(&told);
        (output.status.code(), json["commands"].as_u64().unwrap())
    };
    let all = tried(None);
    assert!(all.0 == Some(1) && all.1 >= 3, "{all:?}");
    assert_eq!(tried(Some("2026-01-01T00:00:00+03:00")), all);
    let late = tried(Some("2026-02-01T00:00:00+03:00"));
    assert!(late.0 == Some(0) && late.1 < all.1, "{late:?} of {all:?}");
    assert_eq!(server.stop(), 0);
    assert_eq!(tried(None).0, all.0);
}

#[test]
fn a_draft_that_cannot_be_tested_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let tested = |name: &str, more: &str| {
        let head = format!("[pack]\nname = \"{name}\"\nversion = \"0.1.0\"\nengine = \"0.1\"\n");
        let files = serde_json::json!({"files": {"pack.toml": {"text": head + more}}});
        let path = format!("/v1/packs/{name}/draft");
        let saved = server.post(&path, "", &files).unwrap();
        assert_eq!(saved.status, 204);
        let nothing = serde_json::json!({});
        let told = server.post(&format!("{path}/test"), "", &nothing);
        told.unwrap().body
    };
    let told = tested("odd", "");
    assert_eq!(
        (&told["ok"], &told["why"]),
        (&false.into(), &"there is no scenario in tests/".into())
    );
    let told = tested("odder", "pulgin = \"x\"\n");
    assert_eq!(told["ok"], false);
    assert_eq!(told["faults"][0]["line"], 5);
    assert_eq!(told["faults"][0]["suggestion"], "plugin");
    assert_eq!(server.stop(), 0);
}

#[test]
fn packs_that_require_each_other_are_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    small(&one, "one", "requires = [\"other\"]", QUIET);
    small(&other, "other", "requires = [\"one\"]", QUIET);
    for folder in [&one, &other] {
        let told = complained(&["pack", "check", text(folder)]);
        assert!(told.contains("one") && told.contains("other"), "{told}");
    }
}
