//! What rules see of events, and what they make of them.

use super::*;
use crate::hooks::{ClockAct, NoticeChoice, Spot};

#[test]
fn an_entry_is_read_where_one_was_recorded() {
    for c in [
        call(
            Hook::InteractionEvent,
            Detail::Interaction { entry: entry() },
        ),
        call(Hook::SlaClock, clocks()),
    ] {
        let seen = "[c.entry.form, c.entry.author, c.entry.channel, c.entry.direction, \
                    c.entry.visibility, c.entry.subject, c.entry.text]";
        let text = shown(
            &c,
            &format!("{seen}.reduce(|a, b| if a == () {{ b }} else {{ a + \"|\" + b }})"),
        );
        assert_eq!(
            text,
            "message|contact|mail|in|public|Re: Printer|still silent"
        );
    }
    let mut c = call(Hook::SlaClock, clocks());
    c.detail = Detail::Clocks {
        event: "created",
        entry: None,
        clocks: Arc::new([]),
    };
    assert_eq!(shown(&c, "c.entry == ()"), "true");
}

#[test]
fn clocks_are_read_and_stepped_in_order() {
    let c = call(Hook::SlaClock, clocks());
    assert_eq!(
        shown(&c, "c.event + c.clocks.len + c.clocks[0].state"),
        "interaction1running"
    );
    assert_eq!(shown(&c, "c.clock_of(\"reaction\").due_at > c.now"), "true");
    assert_eq!(shown(&c, "c.clock_of(\"other\") == ()"), "true");
    let decision = decide(
        &c,
        "c.clock_meet(\"reaction\"); c.clock_extend(\"resolution\", hours(2));",
    );
    let acts: Vec<_> = decision
        .clocks
        .iter()
        .map(|s| (s.clock.as_str(), s.act))
        .collect();
    assert_eq!(
        acts,
        [
            ("reaction", ClockAct::Meet),
            ("resolution", ClockAct::Extend(7_200))
        ]
    );
    assert_eq!(
        decision.clocks.first().expect("a step").spot,
        Spot { line: 2, column: 3 }
    );
    for wrong in [
        "c.clock_extend(\"x\", 5);",
        "c.clock_extend(\"x\", hours(-1));",
    ] {
        assert!(
            failure(&c, wrong).message.contains("length of time"),
            "{wrong}"
        );
    }
}

#[test]
fn a_breach_says_which_clock() {
    let c = call(Hook::SlaEvent, sla_event());
    assert_eq!(
        shown(&c, "c.event + \" \" + c.clock.name + c.clock.breached"),
        "breached reactionfalse"
    );
    assert_eq!(decide(&c, "c.tag(\"late\");").effects.len(), 1);
}

#[test]
fn a_change_names_its_fields_and_command() {
    let c = call(Hook::RecordChanged, changed());
    assert_eq!(shown(&c, "c.command + c.changes[0]"), "updatepriority");
}

#[test]
fn an_action_takes_arguments_and_gives_a_result() {
    let c = call(Hook::ActionRun, action());
    assert_eq!(
        shown(&c, "c.action + c.arguments.to + c.argument(\"level\", 1)"),
        "escalatesecond2"
    );
    assert_eq!(shown(&c, "c.argument(\"absent\", 7)"), "7");
    let decision = decide(&c, "c.result(#{link: \"x\", tries: 2}); c.tag(\"up\");");
    assert_eq!(
        decision.result.as_deref(),
        Some(r#"{"link":"x","tries":2}"#)
    );
    let refused = decide(&c, "c.deny(\"no\", \"not now\");");
    assert_eq!(refused.refusals.len(), 1);
}

#[test]
fn a_message_is_composed_in_the_language_of_its_recipient() {
    let c = call(Hook::NotifyCompose, notice());
    assert_eq!(
        shown(&c, "c.notice.address + c.notice.locale + c.notice.source"),
        "anna@mill.exampleruP/thank".to_lowercase()
    );
    let decision = decide(
        &c,
        "c.compose(#{to: [\"contact\", \"a@b.example\"], text: #{ru: \"да\", en: \"yes\"}});",
    );
    let expected = NoticeChoice::Compose {
        to: Some(vec!["contact".to_owned(), "a@b.example".to_owned()]),
        channel: None,
        subject: None,
        text: Some("да".to_owned()),
        html: None,
        template: None,
        spot: Spot { line: 2, column: 3 },
    };
    assert_eq!(decision.notice, Some(expected));
    let message = failure(&c, "c.compose(#{subjet: \"x\"});").message;
    assert!(message.contains("did you mean `subject`"), "{message}");
    let suppressed = decide(&c, "c.suppress(\"vip_only\");").notice;
    assert!(
        matches!(suppressed, Some(NoticeChoice::Suppress { reason, .. }) if reason == "vip_only")
    );
}
