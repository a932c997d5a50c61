//! What a hook reads.

use super::*;

#[test]
fn fields_of_every_type_are_read() {
    let c = call(Hook::RecordValidate, Detail::None);
    let account = id(2).to_string();
    for (expression, expected) in [
        ("c.record.title", "Printer is silent"),
        ("c.record[\"title\"]", "Printer is silent"),
        ("c.record.number + 1", "18"),
        ("c.record.cause", "cable"),
        ("c.record[\"p/cause\"]", "cable"),
        ("c.record.account", account.as_str()),
        ("c.record.tags.len", "2"),
        ("c.record.price * 2", "25.00"),
        ("c.record.sold_on + days(1)", "2026-03-03"),
        ("c.record.spent", "1h 30m"),
        ("c.record.open.n", "1"),
        ("c.record.open.f", "1.5"),
        ("c.record.open.l[0]", "true"),
        ("c.record.priorty == ()", "true"),
        ("c.record.nothing ?? \"none\"", "none"),
        ("c.record.kind", "ticket"),
        ("c.record.status_category", "open"),
        ("c.record.has(\"title\")", "true"),
        ("c.record.has(\"nothing\")", "false"),
        ("c.before.priority", "low"),
        ("c.is_new", "false"),
        ("c.changed(\"priority\")", "true"),
        ("c.changed(\"title\")", "false"),
        ("c.asked(\"cause\")", "true"),
        ("c.asked(\"title\")", "false"),
        ("c.related.account.name", "Mill"),
        ("c.related.contact == ()", "true"),
        ("c.related.contact?.name == ()", "true"),
        ("c.options.wait_days", "3"),
        ("c.option(\"wait_days\", 9)", "3"),
        ("c.option(\"colour\", 9)", "9"),
        ("c.actor.role", "agent"),
        ("c.actor.locale", "ru"),
        ("c.hook", "record.validate"),
        ("c.pack", "p"),
        ("c.code(\"done\")", "p/done"),
        ("c.type_is(\"error\")", "true"),
        ("c.type_is(\"p/error\")", "true"),
        ("c.status_is(\"done\")", "false"),
        ("c.text(#{ru: \"да\", en: \"yes\"})", "да"),
        ("c.text(#{en: \"yes\", de: \"ja\"})", "yes"),
        ("c.text_in(\"de\", #{en: \"yes\", de: \"ja\"})", "ja"),
        ("c.text(\"plain\")", "plain"),
    ] {
        assert_eq!(shown(&c, expression), expected, "{expression}");
    }
}

#[test]
fn a_new_record_has_no_before() {
    let mut c = call(Hook::RecordDefaults, Detail::None);
    c.before = None;
    assert_eq!(shown(&c, "c.is_new && c.before == ()"), "true");
    assert_eq!(shown(&c, "c.changed(\"title\")"), "true");
}

#[test]
fn time_is_arithmetic() {
    let c = call(Hook::RecordValidate, Detail::None);
    for (expression, expected) in [
        ("c.now", "2026-03-02T06:00:00Z"),
        ("c.now + hours(2)", "2026-03-02T08:00:00Z"),
        ("c.now - minutes(90)", "2026-03-02T04:30:00Z"),
        ("c.now.plus_minutes(30)", "2026-03-02T06:30:00Z"),
        ("c.now.plus_days(-1)", "2026-03-01T06:00:00Z"),
        ("c.now.date", "2026-03-02"),
        ("c.now.weekday", "1"),
        ("c.now.hour_in(\"Europe/Moscow\")", "9"),
        ("c.now.weekday_in(\"Pacific/Auckland\")", "1"),
        (
            "c.now.format_in(\"Europe/Moscow\", \"%d.%m.%Y %H:%M\")",
            "02.03.2026 09:00",
        ),
        ("c.now.format(\"%Y\")", "2026"),
        ("c.now > c.record.created_at", "false"),
        ("c.now >= c.record.created_at", "true"),
        ("(c.now + days(2)) - c.now", "2d"),
        ("((c.now + days(2)) - c.now).hours", "48"),
        ("instant(\"2026-03-02T09:00:00+03:00\") == c.now", "true"),
        ("date(\"2026-02-28\") + days(1)", "2026-03-01"),
        ("(date(\"2026-03-01\") - date(\"2026-02-27\")).days", "2"),
        ("hours(1) * 3 + minutes(1)", "3h 1m"),
        ("hours(1) > minutes(59)", "true"),
        ("hours(3) / 2", "1h 30m"),
        ("`due ${c.now + hours(1)}`", "due 2026-03-02T07:00:00Z"),
    ] {
        assert_eq!(shown(&c, expression), expected, "{expression}");
    }
}

#[test]
fn time_that_cannot_be_is_an_error() {
    let c = call(Hook::RecordValidate, Detail::None);
    for (body, expected) in [
        ("c.now + days(9000000000);", "beyond the calendar"),
        (
            "c.now.plus_days(9223372036854775807);",
            "beyond the calendar",
        ),
        ("weeks(9223372036854775807);", "too great"),
        ("hours(1) / 0;", "too great"),
        ("c.now.date + hours(1);", "whole days"),
        ("c.now.hour_in(\"Mars/Base\");", "no time zone"),
        ("c.now.format(\"%Q\");", "no date pattern"),
        ("instant(\"yesterday\");", "expected an instant"),
        ("date(\"2026-02-30\");", "expected a date"),
    ] {
        let message = failure(&c, body).message;
        assert!(message.contains(expected), "{body}: {message}");
    }
}

#[test]
fn each_hook_reads_its_own_detail() {
    let c = call(Hook::TransitionGuard, transition());
    assert_eq!(
        shown(&c, "c.from + c.to + c.to_category"),
        "p/in_progressp/donedone"
    );
    assert_eq!(
        shown(&c, "c.to_is(\"done\") && c.from_is(\"in_progress\")"),
        "true"
    );
    let c = call(Hook::AssignSelect, assign());
    for (expression, expected) in [
        ("c.agents.len", "3"),
        ("c.agents[1].code", "boris"),
        ("c.agents[1].team_code", "engineers"),
        ("c.agents[1].skills.len", "2"),
        ("c.agents[0].has_skill(\"mail\")", "true"),
        ("c.agents.filter(|a| a.load > 2).len", "1"),
        ("c.agents_with(\"network\").len", "2"),
        ("c.agents_in(\"desk\")[0].name", "ANNA"),
        ("c.least_loaded(c.agents).code", "boris"),
        ("c.least_loaded([]) == ()", "true"),
        ("c.teams[1].code", "engineers"),
        ("c.has_team(\"desk\")", "true"),
        ("c.has_team(\"sales\")", "false"),
    ] {
        assert_eq!(shown(&c, expression), expected, "{expression}");
    }
    let c = call(Hook::SlaSelect, levels());
    assert_eq!(shown(&c, "c.levels[0].code"), "gold");
    assert_eq!(shown(&c, "c.has_level(\"silver\")"), "false");
    let c = call(Hook::SurveyLogic, survey_done());
    assert_eq!(
        shown(&c, "c.address + c.asked_before"),
        "anna@mill.example1"
    );
    assert_eq!(shown(&c, "c.is_reply()"), "false");
    let c = call(Hook::SurveyLogic, survey_reply());
    for (expression, expected) in [
        ("c.is_reply()", "true"),
        ("c.template", "p/rating"),
        ("c.score", "2"),
        ("c.scale", "5"),
        ("c.comment", "slow"),
        ("c.answers.len", "1"),
        ("c.answer(\"speed\").score", "1"),
        ("c.answer(\"tone\") == ()", "true"),
    ] {
        assert_eq!(shown(&c, expression), expected, "{expression}");
    }
    let c = call(Hook::ScheduleFire, timer());
    assert_eq!(shown(&c, "c.timer"), "remind");
    assert_eq!(shown(&c, "c.data.times"), "2");
}

#[test]
fn a_detail_of_another_hook_is_an_error_that_names_both() {
    let c = call(Hook::RecordValidate, Detail::None);
    for member in [
        "c.to",
        "c.agents",
        "c.levels",
        "c.address",
        "c.score",
        "c.timer",
    ] {
        let message = failure(&c, &format!("let x = {member};")).message;
        assert!(message.contains("record.validate"), "{message}");
        assert!(message.contains(" only"), "{message}");
    }
}

#[test]
fn long_text_of_a_field_can_be_read() {
    let mut c = call(Hook::RecordValidate, Detail::None);
    let text = "ж".repeat(crate::domain::field::MAX_LONG_TEXT_CHARS);
    let mut record = (*c.record).clone();
    record
        .fields
        .insert("description".to_owned(), (text + "!").into());
    c.record = Arc::new(record);
    assert_eq!(shown(&c, "c.record.description.ends_with(\"!\")"), "true");
}
