//! Clocks at their edges: reopening, repeats, refusals, limits, and wrong levels.

use super::*;

#[test]
fn reopening_runs_on_with_what_was_left() {
    let calendar = office();
    let mut clock = started(&calendar, 4 * HOUR, on("mon 09:00"));
    clock.meet(&calendar, on("mon 12:00"), "done").unwrap();
    let change = clock
        .reopen(&calendar, on("wed 09:00"), "customer wrote")
        .unwrap();
    assert_eq!(change.due_at, on("wed 10:00"));
    assert!(
        !change.breached,
        "the old due is past, but the clock was met"
    );
    assert_eq!((clock.state, clock.met_at()), (ClockState::Running, None));
    let view = clock.explain(&calendar, on("wed 09:30")).unwrap();
    let causes: Vec<_> = view.rows.iter().map(|row| row.cause.as_str()).collect();
    assert_eq!(causes, ["created", "done", "customer wrote"]);
    assert_eq!(
        (view.counted_secs, view.excluded_secs),
        (7 * HOUR / 2, 15 * HOUR)
    );
}

#[test]
fn asking_for_the_present_state_changes_nothing() {
    let calendar = office();
    let mut clock = started(&calendar, 4 * HOUR, on("mon 09:00"));
    let before = clock.clone();
    assert!(
        !clock
            .resume(&calendar, on("tue 09:00"), "again")
            .unwrap()
            .changed
    );
    assert!(
        !clock
            .reopen(&calendar, on("tue 09:00"), "again")
            .unwrap()
            .changed
    );
    assert_eq!(clock, before);
    clock.pause(&calendar, on("mon 10:00"), "waiting").unwrap();
    let before = clock.clone();
    assert!(
        !clock
            .pause(&calendar, on("tue 09:00"), "again")
            .unwrap()
            .changed
    );
    assert_eq!(clock, before);
    clock.cancel(&calendar, on("mon 11:00"), "void").unwrap();
    assert!(
        !clock
            .cancel(&calendar, on("tue 09:00"), "again")
            .unwrap()
            .changed
    );
}

#[test]
fn the_wrong_state_is_refused_with_the_way_out() {
    let calendar = office();
    let mut clock = started(&calendar, 4 * HOUR, on("mon 09:00"));
    clock.cancel(&calendar, on("mon 10:00"), "void").unwrap();
    let before = clock.clone();
    let later = on("mon 11:00");
    for refused in [
        clock.pause(&calendar, later, ""),
        clock.resume(&calendar, later, ""),
        clock.meet(&calendar, later, ""),
        clock.change_level(&calendar, terms(&calendar, HOUR), later, ""),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.code(), "sla_operation_not_allowed");
        assert!(error.to_string().contains("is cancelled and cannot be"));
        assert!(error.to_string().ends_with("reopen it first"));
    }
    assert_eq!(clock, before);
    let mut paused = started(&calendar, 4 * HOUR, on("mon 09:00"));
    paused.pause(&calendar, later, "").unwrap();
    let error = paused.reopen(&calendar, later, "").unwrap_err();
    assert!(error.to_string().ends_with("resume it"), "{error}");
}

#[test]
fn a_ledger_never_runs_backwards() {
    let calendar = office();
    let mut clock = started(&calendar, 4 * HOUR, on("mon 09:00"));
    clock.pause(&calendar, on("mon 10:00"), "waiting").unwrap();
    clock
        .resume(&calendar, on("mon 09:30"), "a slow clock")
        .unwrap();
    assert_eq!(clock.segments[1].to, Some(on("mon 10:00")));
    assert_eq!(clock.due_at, on("mon 13:00"));
}

#[test]
fn ledgers_and_causes_have_limits() {
    let calendar = office();
    let mut clock = started(&calendar, 4 * HOUR, on("mon 09:00"));
    clock
        .pause(&calendar, on("mon 10:00"), &"ы".repeat(CAUSE_MAX + 1))
        .unwrap();
    assert_eq!(clock.segments[1].cause.chars().count(), CAUSE_MAX);
    let last = clock.segments[1].clone();
    clock.segments.resize(SEGMENTS_MAX, last);
    let before = clock.clone();
    let error = clock.resume(&calendar, on("mon 11:00"), "").unwrap_err();
    assert_eq!(error.code(), "sla_ledger_full");
    assert_eq!(clock, before);
    assert!(
        clock.meet(&calendar, on("mon 11:00"), "").is_ok(),
        "it can still end"
    );
}

#[test]
fn every_mistake_in_a_level_names_its_field() {
    let mut level = gold();
    level.code = String::new();
    level.names.0.insert("de".into(), String::new());
    level.targets[0].warn_before_secs = vec![0, 60, 2 * HOUR];
    level.targets[1].clock = "reaction".into();
    level.targets[1].duration_secs = TARGET_SECS_MAX + 1;
    let fields: Vec<_> = level
        .validate()
        .into_iter()
        .map(|error| error.field)
        .collect();
    let expected = [
        "code",
        "names.de",
        "targets[0].warn_before_secs[0]",
        "targets[0].warn_before_secs[2]",
        "targets[1].duration_secs",
        "targets[1].clock",
    ];
    assert_eq!(fields, expected);
    level = gold();
    level.targets[0].duration_secs = 0;
    level.targets[0].warn_before_secs.clear();
    assert_eq!(level.validate()[0].field, "targets[0].duration_secs");
}

#[test]
fn a_share_of_the_time_is_a_warning_by_what_the_clock_has() {
    let target: Target = serde_json::from_str(
        r#"{"clock": "x", "duration_secs": 7200, "warn_before_secs": [600, 1440],
            "warn_at": ["50%", " 80 %", "80%"]}"#,
    )
    .unwrap();
    assert_eq!(target.warnings(7_200), [600, 1_440, 3_600]);
    // An extension gives the shares more time and the rest none.
    assert_eq!(target.warnings(14_400), [600, 1_440, 7_200, 2_880]);
    assert_eq!(
        serde_json::to_value(&target.warn_at).unwrap(),
        serde_json::json!(["50%", "80%", "80%"])
    );
    for wrong in ["", "%", "0%", "100%", "80", "-5%", "eighty%", "300%"] {
        let error = Share::try_from(wrong.to_owned()).unwrap_err();
        assert!(error.contains("write `1%` to `99%`"), "{error}");
    }
}

#[test]
fn what_is_used_up_at_the_end_of_a_day_is_due_at_that_end() {
    let calendar = office();
    let mut clock = started(&calendar, 8 * HOUR, on("mon 10:00"));
    let change = wait(&mut clock, &calendar, on("mon 19:00"), on("mon 20:00"));
    assert_eq!(
        change.due_at,
        on("mon 18:00"),
        "not at the evening's operations"
    );
    assert_eq!(clock.breached_at, Some(on("mon 18:00")));
}

#[test]
fn a_night_of_waiting_does_not_save_a_target_used_up() {
    let calendar = office();
    let mut clock = started(&calendar, 8 * HOUR, on("mon 10:00"));
    let change = clock.pause(&calendar, on("mon 18:00"), "waiting").unwrap();
    assert!(!change.breached, "paused at the due itself");
    let change = clock
        .resume(&calendar, on("tue 08:00"), "in progress")
        .unwrap();
    assert_eq!((change.waited_secs, change.breached), (0, true));
    assert_eq!(clock.breached_at, Some(on("mon 18:00")));
}
