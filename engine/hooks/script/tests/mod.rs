//! Tests of rules written in Rhai.

mod access;
mod cost;
mod document;
mod errors;
mod events;
mod hostile;
mod lint;
mod methods;
mod reading;
mod searches;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeZone;

use super::{ScriptFault, ScriptHost, ScriptLimits};
use crate::domain::{Id, Instant, Kind, Value};
use crate::hooks::{
    ActorView, AgentProfile, AgentView, Call, ClockView, Decision, Detail, EntryView, Failure,
    Hook, LevelView, NoticeView, Outcome, RecordView, SurveyAnswer,
};

fn now() -> Instant {
    chrono::Utc
        .with_ymd_and_hms(2026, 3, 2, 6, 0, 0)
        .single()
        .expect("a valid instant")
}

fn id(n: u8) -> Id {
    Id::new(now(), [n; 10])
}

fn view(n: u8, kind: Kind, fields: &[(&str, Value)]) -> Arc<RecordView> {
    Arc::new(RecordView {
        id: id(n),
        kind,
        fields: fields
            .iter()
            .map(|(name, v)| ((*name).to_owned(), v.clone()))
            .collect(),
        category: Some("open"),
    })
}

/// A call of `hook` on a ticket with every sort of value.
fn call(hook: Hook, detail: Detail) -> Call {
    let ticket = view(
        1,
        Kind::Ticket,
        &[
            ("title", "Printer is silent".into()),
            ("type", "p/error".into()),
            ("status", "p/in_progress".into()),
            ("priority", "high".into()),
            ("number", Value::Int(17)),
            ("account", Value::Ref(id(2))),
            ("created_at", Value::Instant(now())),
            ("tags", Value::List(vec!["a".into(), "b".into()])),
            ("p/cause", "cable".into()),
            (
                "p/price",
                Value::Decimal("12.50".parse().expect("a decimal")),
            ),
            ("p/sold_on", Value::Date(now().date_naive())),
            ("p/spent", Value::Duration(5_400)),
            (
                "p/open",
                Value::Json(r#"{"n":1,"f":1.5,"l":[true]}"#.into()),
            ),
        ],
    );
    let mut before = (*ticket).clone();
    before.fields.insert("priority".to_owned(), "low".into());
    let account = view(
        2,
        Kind::Account,
        &[("title", "Mill".into()), ("support_level", id(3).into())],
    );
    Call {
        hook,
        pack: "p".into(),
        now: now(),
        actor: ActorView {
            role: "agent".to_owned(),
            id: Some(id(9)),
            locale: "ru".to_owned(),
        },
        record: ticket,
        before: Some(Arc::new(before)),
        asked: Arc::new(vec!["priority".to_owned(), "p/cause".to_owned()]),
        related: Arc::new(BTreeMap::from([("account".to_owned(), account)])),
        options: Arc::new(BTreeMap::from([
            ("wait_days".to_owned(), Value::Int(3)),
            ("needs_cause".to_owned(), Value::Bool(true)),
        ])),
        detail,
    }
}

fn transition() -> Detail {
    Detail::Transition {
        from: "p/in_progress".to_owned(),
        to: "p/done".to_owned(),
        to_category: "done",
    }
}

fn agent(n: u8, code: &str, team: &str, skills: &[&str], load: i64) -> AgentView {
    let profile = AgentProfile {
        id: id(n),
        code: code.to_owned(),
        team: Some(id(40)),
        team_code: team.to_owned(),
        skills: skills.iter().map(|s| (*s).to_owned()).collect(),
    };
    AgentView {
        profile: Arc::new(profile),
        name: code.to_uppercase().into(),
        load,
    }
}

fn assign() -> Detail {
    Detail::Assign {
        agents: Arc::new([
            agent(31, "anna", "desk", &["mail"], 4),
            agent(32, "boris", "engineers", &["network", "mail"], 2),
            agent(33, "clara", "engineers", &["network"], 2),
        ]),
        teams: Arc::new([
            ("desk".to_owned(), id(40)),
            ("engineers".to_owned(), id(41)),
        ]),
    }
}

fn levels() -> Detail {
    let level = |n, code: &str| LevelView {
        id: id(n),
        code: code.to_owned(),
    };
    Detail::SlaSelect {
        levels: Arc::new([level(51, "gold"), level(52, "bronze")]),
    }
}

fn survey_done() -> Detail {
    Detail::SurveyDone {
        address: Some("anna@mill.example".to_owned()),
        asked_before: 1,
    }
}

fn survey_reply() -> Detail {
    Detail::SurveyReply {
        template: "p/rating".to_owned(),
        score: Some(2),
        scale: 5,
        comment: "slow".to_owned(),
        answers: vec![SurveyAnswer {
            question: "speed".to_owned(),
            score: Some(1),
            text: String::new(),
        }],
    }
}

fn timer() -> Detail {
    Detail::Timer {
        name: "remind".to_owned(),
        data: r#"{"times":2}"#.to_owned(),
    }
}

fn entry() -> Arc<EntryView> {
    Arc::new(EntryView {
        id: id(60),
        at: now(),
        form: "message",
        author: "contact".to_owned(),
        channel: "mail".to_owned(),
        direction: "in",
        visibility: "public",
        subject: "Re: Printer".to_owned(),
        text: "still silent".to_owned(),
    })
}

fn clock() -> ClockView {
    ClockView {
        clock: "reaction".to_owned(),
        state: "running",
        due_at: now() + chrono::TimeDelta::hours(1),
        breached: false,
    }
}

fn clocks() -> Detail {
    Detail::Clocks {
        event: "interaction",
        entry: Some(entry()),
        clocks: Arc::new([clock()]),
    }
}

fn notice() -> Detail {
    Detail::Notice {
        notice: Arc::new(NoticeView {
            source: "p/thank".to_owned(),
            to: "contact".to_owned(),
            address: Some("anna@mill.example".to_owned()),
            channel: "mail".to_owned(),
            locale: "ru".to_owned(),
            subject: "Done".to_owned(),
            text: "It is done".to_owned(),
        }),
    }
}

fn action() -> Detail {
    Detail::Action {
        name: "escalate".to_owned(),
        arguments: r#"{"to":"second","level":2}"#.to_owned(),
    }
}

fn changed() -> Detail {
    Detail::Changed {
        command: "update".to_owned(),
        fields: Arc::new(["priority".to_owned()]),
    }
}

fn sla_event() -> Detail {
    Detail::SlaEvent {
        event: "breached",
        clock: clock(),
    }
}

fn access() -> Detail {
    Detail::Access { kind: Kind::Ticket }
}

/// The hooks, each with the detail it gets.
fn every_hook() -> Vec<Call> {
    vec![
        call(Hook::RecordDefaults, Detail::None),
        call(Hook::FormRules, Detail::None),
        call(Hook::RecordValidate, Detail::None),
        call(Hook::TransitionGuard, transition()),
        call(Hook::TransitionEffect, transition()),
        call(Hook::AssignSelect, assign()),
        call(Hook::SlaSelect, levels()),
        call(Hook::SurveyLogic, survey_done()),
        call(Hook::SurveyLogic, survey_reply()),
        call(Hook::ScheduleFire, timer()),
        call(Hook::FieldCompute, Detail::None),
        call(
            Hook::InteractionEvent,
            Detail::Interaction { entry: entry() },
        ),
        call(Hook::SlaClock, clocks()),
        call(Hook::SlaEvent, sla_event()),
        call(Hook::RecordChanged, changed()),
        call(Hook::ActionRun, action()),
        call(Hook::NotifyCompose, notice()),
        call(Hook::AccessFilter, access()),
        call(Hook::PackLifecycle, work::lifecycle()),
        call(Hook::ConfigGuard, work::config()),
        call(Hook::IntakeMatch, work::search()),
        call(Hook::IntakeRoute, work::route()),
        call(Hook::ProcessStep, work::stage()),
        call(Hook::ContractConsume, work::contract()),
        call(Hook::SearchDocument, Detail::None),
        call(Hook::SearchRank, searches::rank()),
    ]
}

fn host() -> ScriptHost {
    ScriptHost::new(ScriptLimits::default())
}

/// Runs the body of a hook. The body stands on line 2.
fn run_body(call: &Call, body: &str) -> Result<Outcome, Failure> {
    run_source(call, &format!("fn hook(c) {{\n{body}\n}}"))
}

fn run_source(call: &Call, source: &str) -> Result<Outcome, Failure> {
    let script = host()
        .compile("p", "rules/x.rhai", source)
        .unwrap_or_else(|fault| panic!("{fault}"));
    let runner = script
        .runner("hook")
        .unwrap_or_else(|fault| panic!("{fault}"));
    runner.call(call)
}

fn decide(call: &Call, body: &str) -> Decision {
    match run_body(call, body) {
        Ok(outcome) => outcome.decision,
        Err(failure) => panic!("{failure}"),
    }
}

fn failure(call: &Call, body: &str) -> Failure {
    run_body(call, body).expect_err(body)
}

fn fault(source: &str) -> ScriptFault {
    host()
        .compile("p", "rules/x.rhai", source)
        .expect_err("the file must be refused")
}

/// What `expression` is in the form `to_string` gives it.
fn shown(call: &Call, expression: &str) -> String {
    let body = format!("c.because(\"x\", ({expression}).to_string());");
    let decision = decide(call, &body);
    decision.because.first().expect("a reason").text.clone()
}
