//! The plugins that come with the engine, as components.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use opora::domain::{Id, Kind, Value};
use opora::hooks::{ActorView, Call, Detail, Effect, Hook, RecordView, SurveyAnswer};
use opora::packs::{self, BuiltIn, PackFiles};
use sha2::{Digest, Sha256};

use super::support::{ask, bytes, path, plugin};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn files(dir: &Path, found: &mut Vec<String>) {
    let root = path("");
    if dir.is_file() {
        let name = dir.strip_prefix(&root).expect("inside").display();
        found.push(name.to_string());
        return;
    }
    for entry in std::fs::read_dir(dir).expect("a folder") {
        files(&entry.expect("an entry").path(), found);
    }
}

/// The hash that `plugins/build.sh` records: over the hashes and names of everything a component is
/// made of.
fn sources(name: &str) -> String {
    let mut all = Vec::new();
    let parts = [
        "sdk/Cargo.toml".to_owned(),
        "sdk/src".to_owned(),
        "sdk/wit".to_owned(),
        "plugins/Cargo.toml".to_owned(),
        "plugins/Cargo.lock".to_owned(),
        format!("plugins/{name}/Cargo.toml"),
        format!("plugins/{name}/src"),
    ];
    for part in parts {
        files(&path(&part), &mut all);
    }
    all.sort();
    let list = all.iter().fold(String::new(), |mut text, file| {
        let _ = writeln!(text, "{}  {file}", hex(&Sha256::digest(bytes(file))));
        text
    });
    hex(&Sha256::digest(list))
}

#[test]
fn plugins_are_fresh() {
    for (name, component) in [
        ("conformance", "tests/hooks/conformance.wasm"),
        ("satisfaction", "plugins/satisfaction/satisfaction.wasm"),
        ("triage", "plugins/triage/triage.wasm"),
        ("warranty", "plugins/warranty/warranty.wasm"),
    ] {
        let recorded = String::from_utf8(bytes(&format!("{component}.sources"))).expect("text");
        let now = format!(
            "sources {}\ncomponent {}\n",
            sources(name),
            hex(&Sha256::digest(bytes(component)))
        );
        assert_eq!(recorded, now, "{name}: run plugins/build.sh");
    }
}

#[test]
fn each_implements_its_hooks() {
    let cases: [(&str, &[Hook]); 3] = [
        ("satisfaction", &[Hook::Define, Hook::SurveyLogic]),
        ("triage", &[Hook::RecordDefaults, Hook::AssignSelect]),
        (
            "warranty",
            &[
                Hook::Define,
                Hook::RecordDefaults,
                Hook::TransitionGuard,
                Hook::SurveyLogic,
            ],
        ),
    ];
    for (name, hooks) in cases {
        assert_eq!(plugin(name).hooks(), hooks, "{name}");
    }
}

#[test]
fn definitions_are_sound() {
    for name in ["satisfaction", "warranty"] {
        let defined = plugin(name)
            .define()
            .expect("it defines")
            .expect("something");
        for workflow in &defined.workflows {
            assert_eq!(workflow.faults(), Vec::<String>::new(), "{name}");
        }
        for survey in &defined.surveys {
            assert!(!survey.questions.is_empty(), "{name}");
        }
        let types = defined.types.iter().flat_map(|t| &t.field_sets);
        for set in types {
            assert!(defined.field_sets.iter().any(|s| s.code == *set), "{set}");
        }
        let names = defined.field_sets.iter().flat_map(|s| &s.fields);
        for field in names {
            assert!(field.names.0.contains_key("ru"), "{}", field.code);
            assert!(field.names.0.contains_key("en"), "{}", field.code);
        }
    }
}

#[test]
fn they_load_as_packs() {
    let hosts = BuiltIn::new(None).expect("the hosts");
    for (name, rules) in [("satisfaction", 1), ("triage", 2), ("warranty", 3)] {
        let files = PackFiles::read_dir(&path(&format!("plugins/{name}")));
        let files = files.unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        let pack = packs::load(&files, &hosts);
        let pack = pack.unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        assert_eq!(pack.name(), name);
        assert_eq!(pack.rules.len(), rules, "{name}");
    }
}

/// A call of a hook of `pack` on a ticket with these fields.
fn call(pack: &str, hook: Hook, fields: &[(&str, Value)], detail: Detail) -> Call {
    Call {
        hook,
        pack: pack.into(),
        now: "2026-03-02T09:00:00Z".parse().expect("an instant"),
        actor: ActorView {
            role: "agent".to_owned(),
            id: None,
            locale: "ru".to_owned(),
        },
        record: Arc::new(RecordView {
            id: Id::MIN,
            kind: Kind::Ticket,
            fields: fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            category: Some("done"),
        }),
        before: None,
        asked: Arc::default(),
        related: Arc::default(),
        options: Arc::default(),
        detail,
    }
}

#[test]
fn warranty_refuses_in_the_language_of_the_person() {
    let repair = |fields: &[(&str, Value)]| {
        let detail = Detail::Transition {
            from: "warranty/diagnosing".to_owned(),
            to: "warranty/repaired".to_owned(),
            to_category: "done",
        };
        let call = call("warranty", Hook::TransitionGuard, fields, detail);
        let outcome = ask(&plugin("warranty"), Hook::TransitionGuard, &call);
        outcome.expect("a decision").decision.refusals
    };
    let date = |text: &str| Value::Date(text.parse().expect("a date"));
    let refusals = repair(&[("warranty/purchased_on", date("2024-03-01"))]);
    let [refusal] = refusals.as_slice() else {
        panic!("{refusals:?}");
    };
    assert_eq!(refusal.code, "out_of_warranty");
    assert_eq!(refusal.field.as_deref(), Some("goodwill"));
    assert_eq!(
        refusal.message,
        "гарантия закончилась 2026-03-01; отметьте добрую волю или откажите"
    );
    assert_eq!(repair(&[("warranty/purchased_on", date("2024-03-02"))]), []);
}

#[test]
fn triage_reads_a_long_text_within_its_budget() {
    let text = "Не срочно, авария на линии не работает. ".repeat(500);
    let fields = [
        ("title", Value::from("Вопрос")),
        ("description", text.into()),
    ];
    let call = call("triage", Hook::RecordDefaults, &fields, Detail::None);
    let outcome = ask(&plugin("triage"), Hook::RecordDefaults, &call).expect("a decision");
    let set = Effect::Set {
        field: "priority".to_owned(),
        value: Some("urgent".into()),
    };
    assert_eq!(outcome.decision.effects.first().map(|(e, _)| e), Some(&set));
    // Room for a text all of phrases.
    assert!(
        outcome.usage.used < outcome.usage.budget / 2,
        "{:?}",
        outcome.usage
    );
}

#[test]
fn satisfaction_weighs_and_escalates() {
    let detail = Detail::SurveyReply {
        template: "satisfaction/service".to_owned(),
        score: None,
        scale: 5,
        comment: "Долго".to_owned(),
        answers: vec![SurveyAnswer {
            question: "speed".to_owned(),
            score: Some(2),
            text: String::new(),
        }],
    };
    let mut call = call("satisfaction", Hook::SurveyLogic, &[], detail);
    call.options = Arc::new([("escalate_team".to_owned(), "seniors".into())].into());
    let decision = ask(&plugin("satisfaction"), Hook::SurveyLogic, &call)
        .expect("a decision")
        .decision;
    let outcome = decision.outcome.expect("an outcome");
    assert_eq!(outcome.meaning, "dissatisfied");
    assert_eq!(outcome.weighted, Some(200));
    let names: Vec<&str> = decision.effects.iter().map(|(e, _)| e.name()).collect();
    assert_eq!(names, ["tag", "assign", "comment"]);
}
