//! Packs, configuration, intake, processes and contracts: what a rule reads and decides.

use super::*;
use crate::hooks::{
    ConfigOperation, ConfigView, ConsumeEvent, ConsumeUnit, ConsumeView, FoundParty, LifecycleView,
    MatchMode, MatchView, Phase, RouteChoice, RouteView, StageEvent, StageView, Wanted,
};

pub(super) fn lifecycle() -> Detail {
    Detail::Lifecycle(Arc::new(LifecycleView {
        pack: "p".to_owned(),
        phase: Phase::Upgrade,
        from: Some("1.0.0".to_owned()),
        to: Some("1.1.0".to_owned()),
        dry_run: true,
    }))
}

pub(super) fn config() -> Detail {
    Detail::Config(Arc::new(ConfigView {
        operation: ConfigOperation::Change,
        what: "status".to_owned(),
        code: "p/open".to_owned(),
        before: vec![("category".to_owned(), "open".into())],
        after: vec![
            ("category".to_owned(), "open".into()),
            ("names".to_owned(), "Open".into()),
        ],
    }))
}

pub(super) fn search() -> Detail {
    Detail::Match(Arc::new(MatchView {
        asked: vec![
            ("phone".to_owned(), "+7 1".to_owned()),
            ("p/card".to_owned(), "77".to_owned()),
        ],
        mode: MatchMode::Part,
        all_must_match: true,
        channel: None,
    }))
}

pub(super) fn route() -> Detail {
    Detail::Route(Arc::new(RouteView {
        automatic: true,
        wanted: Wanted {
            type_code: Some("p/error".to_owned()),
            values: vec![("p/cause".to_owned(), "cable".into())],
            ..Wanted::default()
        },
        found: vec![FoundParty {
            view: view(2, Kind::Account, &[("title", "Mill".into())]),
            score: 80,
            reasons: vec!["phone".to_owned()],
        }],
        open: vec![view(7, Kind::Ticket, &[("title", "Noise".into())])],
    }))
}

pub(super) fn stage() -> Detail {
    Detail::Stage(Arc::new(StageView {
        process: "p/approval".to_owned(),
        stage: "check".to_owned(),
        loops: 1,
        entered_at: now(),
        decided: vec![("first".to_owned(), "yes".to_owned())],
        event: StageEvent::Decided("no".to_owned()),
    }))
}

pub(super) fn contract() -> Detail {
    Detail::Consume(Arc::new(ConsumeView {
        event: ConsumeEvent::Effort,
        contract: view(8, Kind::Contract, &[("title", "Care".into())]),
        unit: ConsumeUnit::Hours,
        total: Some("10.5".parse().expect("a decimal")),
        used: "2.25".parse().expect("a decimal"),
        counted: "1".parse().expect("a decimal"),
    }))
}

#[test]
fn what_a_rule_reads() {
    let c = call(Hook::PackLifecycle, lifecycle());
    assert_eq!(
        shown(&c, "c.phase + c.from_version + c.to_version"),
        "upgrade1.0.01.1.0"
    );
    assert_eq!(shown(&c, "c.dry_run"), "true");
    let c = call(Hook::ConfigGuard, config());
    assert_eq!(
        shown(&c, "c.config.operation + c.config.what + c.config.code"),
        "changestatusp/open"
    );
    assert_eq!(shown(&c, "c.config.before.category"), "open");
    assert_eq!(
        shown(
            &c,
            "c.config.before.names == () && c.config.differs(\"names\")"
        ),
        "true"
    );
    assert_eq!(shown(&c, "c.config.differs(\"category\")"), "false");
    let c = call(Hook::IntakeMatch, search());
    assert_eq!(
        shown(&c, "c.match_text(\"phone\") + c.match_text(\"card\")"),
        "+7 177"
    );
    assert_eq!(
        shown(&c, "c.search.asked[1].field + c.search.mode"),
        "p/cardpart"
    );
    assert_eq!(
        shown(&c, "c.search.channel == () && c.search.all_must_match"),
        "true"
    );
    let c = call(Hook::IntakeRoute, route());
    assert_eq!(
        shown(&c, "c.wanted.type + c.wanted.values[\"p/cause\"]"),
        "p/errorcable"
    );
    assert_eq!(shown(&c, "c.wanted.record == () && c.automatic"), "true");
    assert_eq!(
        shown(
            &c,
            "c.found[0].record.name + c.found[0].score + c.found[0].reasons[0]"
        ),
        "Mill80phone"
    );
    assert_eq!(shown(&c, "c.open[0].title"), "Noise");
    let c = call(Hook::ProcessStep, stage());
    assert_eq!(
        shown(&c, "c.process + c.stage + c.event + c.outcome"),
        "p/approvalcheckdecidedno"
    );
    assert_eq!(
        shown(&c, "c.decided[0].stage + c.decided[0].answer + c.loops"),
        "firstyes1"
    );
    assert_eq!(shown(&c, "c.entered_at == c.now"), "true");
    let c = call(Hook::ContractConsume, contract());
    assert_eq!(
        shown(&c, "c.event + c.unit + c.contract.title"),
        "efforthoursCare"
    );
    assert_eq!(shown(&c, "c.total - c.used - c.counted"), "7.25");
}

#[test]
fn rules_of_no_record_have_none() {
    let c = call(Hook::ConfigGuard, config());
    let failed = failure(&c, "c.deny(\"x\", c.record.title);");
    assert!(
        failed.message.contains("config.guard is about no record"),
        "{failed}"
    );
}

#[test]
fn a_later_route_and_party_stand() {
    let c = call(Hook::IntakeRoute, route());
    let body = "c.route_decline(\"spam\"); c.route_attach(\"ticket\", c.open[0].id);\n\
                c.route_party(\"account\", #{ title: \"A\" });\n\
                c.route_party(\"account\", #{ title: \"B\" });";
    let decision = decide(&c, body);
    assert!(
        matches!(decision.route, Some(RouteChoice::Attach { kind: Kind::Ticket, id: to, .. }) if to == id(7))
    );
    let [party] = decision.parties.as_slice() else {
        panic!("{:?}", decision.parties);
    };
    assert_eq!(party.values, [("title".to_owned(), Value::from("B"))]);
}

#[test]
fn what_is_wrong_is_said() {
    for (hook, detail, body, says) in [
        (
            Hook::IntakeMatch,
            search(),
            "c.match_key(#{ kind: \"account\", field: \"a\", value: \"b\", waight: 3 });",
            "did you mean `weight`",
        ),
        (
            Hook::IntakeMatch,
            search(),
            "c.match_key(#{ kind: \"account\", field: \"a\" });",
            "needs `value`",
        ),
        (
            Hook::IntakeMatch,
            search(),
            "c.match_key(#{ kind: \"account\", field: \"a\", value: \"b\", weight: 0 });",
            "from 1 to 100",
        ),
        (
            Hook::IntakeMatch,
            search(),
            "c.match_key(#{ kind: \"account\", field: \"a\", value: \"b\", mode: \"like\" });",
            "`like` is no mode",
        ),
        (
            Hook::IntakeMatch,
            search(),
            "c.match_limit(0);",
            "1 to 200 parties",
        ),
        (
            Hook::IntakeRoute,
            route(),
            "c.route_decline(\" \");",
            "needs the code of a reason",
        ),
        (
            Hook::IntakeRoute,
            route(),
            "c.route_attach(\"ticket\", \"x\");",
            "takes a record, or its kind and id",
        ),
        (
            Hook::ProcessStep,
            stage(),
            "c.next_stage(\"\", \"x\");",
            "needs a code",
        ),
        (
            Hook::ContractConsume,
            contract(),
            "c.consume_amount(-1, \"x\");",
            "uses 0 or more",
        ),
        (
            Hook::ContractConsume,
            contract(),
            "c.consume_amount(\"1\", \"x\");",
            "not a text",
        ),
        (
            Hook::ContractConsume,
            contract(),
            "c.consume_over(\"shout\", \"x\");",
            "`shout` is none of",
        ),
        (
            Hook::PackLifecycle,
            lifecycle(),
            "c.tag(\"x\");",
            "pack.lifecycle may not use `tag`",
        ),
    ] {
        let failed = failure(&call(hook, detail), body);
        assert!(failed.message.contains(says), "{failed}");
    }
}
