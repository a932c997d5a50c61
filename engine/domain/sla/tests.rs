//! Clocks by example: the rules of support levels, waits, breaches and changes of level.

use chrono::{TimeDelta, Weekday};
use chrono_tz::Tz;

use super::super::calendar::{Exception, Hours};
use super::*;

mod edges;
mod properties;

const HOUR: u64 = 3_600;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// An instant of the week of Monday 2 March 2026: `mon 10:00`, in UTC as the office's hours are.
fn on(text: &str) -> DateTime<Utc> {
    let (day, clock) = text.split_once(' ').unwrap();
    let days = day.parse::<Weekday>().unwrap().num_days_from_monday();
    at(&format!("2026-03-02T{clock}:00Z")) + TimeDelta::days(days.into())
}

/// As [`on`], a week later.
fn next(text: &str) -> DateTime<Utc> {
    on(text) + TimeDelta::days(7)
}

fn office() -> Calendar {
    use Weekday::{Fri, Mon, Thu, Tue, Wed};
    let week = [Mon, Tue, Wed, Thu, Fri];
    Calendar::weekly("5x8", Tz::UTC, &week, &[Hours::new(540, 1_080)])
}

fn gold() -> SupportLevel {
    let target = |clock: &str, hours: u64| Target {
        clock: clock.into(),
        duration_secs: hours * HOUR,
        warn_before_secs: vec![HOUR / 2],
        warn_at: Vec::new(),
    };
    SupportLevel {
        code: "gold".into(),
        names: super::super::Names::of("Gold", "Золотой"),
        calendar: "5x8".into(),
        targets: vec![target("reaction", 2), target("resolution", 8)],
        order: 1,
    }
}

fn started(calendar: &Calendar, target_secs: u64, start: DateTime<Utc>) -> SlaClock {
    let terms = terms(calendar, target_secs);
    SlaClock::start("resolution", terms, calendar, start, "created").unwrap()
}

fn terms(calendar: &Calendar, target_secs: u64) -> Terms {
    Terms {
        level: format!("level of {target_secs}"),
        calendar_code: calendar.code.clone(),
        calendar_version: calendar.version,
        target_secs,
    }
}

/// Waits from `from` to `to` and returns what the resume did.
fn wait(
    clock: &mut SlaClock,
    calendar: &Calendar,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> ClockChange {
    clock.pause(calendar, from, "waiting").unwrap();
    clock.resume(calendar, to, "in progress").unwrap()
}

#[test]
fn s1_13_a_level_sets_both_dues() {
    let (level, calendar) = (gold(), office());
    assert_eq!(level.validate(), []);
    let due = |clock: &str| {
        let terms = level.terms(clock, &calendar).unwrap();
        let clock = SlaClock::start(clock, terms, &calendar, on("mon 10:00"), "created");
        clock.unwrap().due_at
    };
    assert_eq!(due("reaction"), on("mon 12:00"));
    assert_eq!(due("resolution"), on("mon 18:00"));
    assert_eq!(level.terms("intake", &calendar), None);
}

#[test]
fn s1_14_an_answer_before_the_due_meets_it() {
    let calendar = office();
    let mut clock = started(&calendar, 2 * HOUR, on("mon 10:00"));
    let change = clock.meet(&calendar, on("mon 11:30"), "mail sent").unwrap();
    assert!(change.changed && !change.breached);
    assert_eq!(clock.met_at(), Some(on("mon 11:30")));
    assert_eq!((clock.state, clock.breached_at), (ClockState::Met, None));
    assert!(
        !clock.tick(on("mon 13:00")),
        "an ended clock is never breached"
    );
    assert_eq!(clock.is_overdue(&calendar, on("mon 13:00")), Ok(false));
}

#[test]
fn s1_15_done_after_the_due_is_met_and_breached() {
    let calendar = office();
    for (done, breach) in [
        ("mon 17:59", None),
        ("mon 18:00", None),
        ("mon 18:01", Some(on("mon 18:00"))),
    ] {
        let mut clock = started(&calendar, 8 * HOUR, on("mon 10:00"));
        let change = clock.meet(&calendar, on(done), "done").unwrap();
        assert_eq!(clock.state, ClockState::Met);
        assert_eq!(clock.breached_at, breach, "{done}");
        assert_eq!(change.breached, breach.is_some());
    }
}

#[test]
fn s1_16_a_holiday_moves_the_due() {
    let mut calendar = office();
    let (name, intervals) = ("holiday".into(), Vec::new());
    let day = Exception { name, intervals };
    calendar
        .exceptions
        .insert(on("tue 00:00").date_naive(), day);
    let clock = started(&calendar, 2 * HOUR, on("mon 17:00"));
    assert_eq!(clock.due_at, on("wed 10:00"));
    let view = clock.explain(&calendar, on("mon 17:30")).unwrap();
    let named: Vec<_> = view
        .special_days
        .iter()
        .map(|day| day.name.as_str())
        .collect();
    assert_eq!(named, ["holiday"], "the ledger says why it is Wednesday");
}

#[test]
fn s1_46_a_due_that_comes_while_running_is_a_breach() {
    let calendar = office();
    let mut clock = started(&calendar, 2 * HOUR, on("mon 10:00"));
    assert_eq!(clock.next_tick_at(), Some(on("mon 12:00")));
    assert!(!clock.tick(on("mon 11:59")));
    assert!(clock.tick(on("mon 12:01")));
    assert_eq!(clock.breached_at, Some(on("mon 12:00")));
    assert_eq!(
        clock.state,
        ClockState::Running,
        "a breached clock still runs"
    );
    assert_eq!(clock.is_overdue(&calendar, on("mon 12:01")), Ok(true));
    assert!(!clock.tick(on("mon 12:02")), "told once");
    assert_eq!(clock.next_tick_at(), None);
}

#[test]
fn s1_49_a_wait_moves_the_due_over_the_end_of_the_day() {
    let calendar = office();
    let mut clock = started(&calendar, 8 * HOUR, on("mon 10:00"));
    assert_eq!(clock.due_at, on("mon 18:00"));
    let change = wait(&mut clock, &calendar, on("mon 10:00"), on("mon 12:00"));
    assert_eq!(change.waited_secs, 2 * HOUR);
    assert_eq!(
        (change.due_before, change.due_at),
        (on("mon 18:00"), on("tue 11:00"))
    );
    assert_eq!(clock.due_at, on("tue 11:00"));
}

#[test]
fn s1_49_while_waiting_the_due_is_provisional() {
    let calendar = office();
    let mut clock = started(&calendar, 8 * HOUR, on("mon 10:00"));
    clock.pause(&calendar, on("mon 11:00"), "waiting").unwrap();
    assert_eq!(
        clock.due_at,
        on("mon 18:00"),
        "stored: as of the last operation"
    );
    for (now, due) in [
        ("mon 11:00", "mon 18:00"),
        ("mon 12:00", "tue 10:00"),
        ("tue 08:00", "tue 16:00"),
        ("tue 10:00", "tue 17:00"),
    ] {
        assert_eq!(clock.due_at(&calendar, on(now)), Ok(on(due)), "{now}");
        assert_eq!(clock.remaining(&calendar, on(now)), Ok(7 * 3_600));
        assert!(!clock.tick(on(now)), "a paused clock is not breached");
    }
    assert_eq!(clock.next_tick_at(), None);
}

#[test]
fn s1_50_done_straight_from_waiting_extends_too() {
    let calendar = office();
    let mut clock = started(&calendar, 2 * HOUR, on("mon 10:00"));
    clock.pause(&calendar, on("mon 11:00"), "waiting").unwrap();
    let change = clock.meet(&calendar, on("mon 15:00"), "done").unwrap();
    assert_eq!(
        (change.waited_secs, change.due_at),
        (4 * HOUR, on("mon 16:00"))
    );
    assert_eq!(clock.breached_at, None);
}

#[test]
fn s1_51_a_wait_over_the_weekend_counts_by_the_calendar() {
    let calendar = office();
    let mut clock = started(&calendar, 8 * HOUR, on("fri 16:00"));
    assert_eq!(clock.due_at, next("mon 15:00"));
    let change = wait(&mut clock, &calendar, on("fri 17:00"), next("mon 10:00"));
    assert_eq!(change.waited_secs, 2 * HOUR);
    assert_eq!(clock.due_at, next("mon 17:00"));
}

#[test]
fn s1_52_a_wait_outside_working_hours_extends_by_nothing() {
    let calendar = office();
    let mut clock = started(&calendar, 8 * HOUR, on("fri 16:00"));
    let change = wait(&mut clock, &calendar, on("sat 10:00"), on("sun 10:00"));
    assert_eq!(change.waited_secs, 0);
    assert_eq!(change.due_at, change.due_before);
}

#[test]
fn s1_53_waits_add_up_and_outlive_a_change_of_level() {
    let calendar = office();
    let mut clock = started(&calendar, 8 * HOUR, on("mon 09:00"));
    wait(&mut clock, &calendar, on("mon 10:00"), on("mon 11:00"));
    wait(&mut clock, &calendar, on("mon 12:00"), on("mon 13:00"));
    assert_eq!(clock.due_at, on("tue 10:00"), "17:00 and two hours");
    let change = clock
        .change_level(
            &calendar,
            terms(&calendar, 5 * HOUR),
            on("mon 13:30"),
            "now silver",
        )
        .unwrap();
    assert_eq!(change.due_at, on("mon 16:00"), "14:00 and two hours");
    assert_eq!(clock.level, "level of 18000");
    assert_eq!(
        clock.waited_working(&calendar, on("mon 14:00")),
        Ok(2 * HOUR)
    );
    assert_eq!(
        clock.elapsed_working(&calendar, on("mon 14:00")),
        Ok(3 * HOUR)
    );
}

#[test]
fn s1_53_another_calendar_recounts_from_the_start() {
    let (office, always) = (office(), Calendar::around_the_clock("24x7"));
    let mut clock = started(&always, 12 * HOUR, on("mon 09:00"));
    wait(&mut clock, &always, on("mon 10:00"), on("mon 12:00"));
    assert_eq!(clock.due_at, on("mon 23:00"));
    clock
        .change_level(
            &office,
            terms(&office, 18 * HOUR),
            on("mon 22:00"),
            "office hours",
        )
        .unwrap();
    // Two office days from Monday morning and the two hours waited; the evening no longer counts.
    assert_eq!(clock.due_at, on("wed 11:00"));
    assert_eq!(clock.breached_at, None);
    assert_eq!(clock.remaining(&office, on("mon 22:00")), Ok(11 * 3_600));
}

#[test]
fn a_new_calendar_version_leaves_the_past_alone() {
    let old = office();
    let mut new = office();
    new.version = 2;
    for weekly in &mut new.weekly {
        (weekly.from, weekly.to) = (600, 1_200);
    }
    let mut clock = started(&old, 9 * HOUR, on("mon 12:00"));
    assert_eq!(clock.due_at, on("tue 12:00"));
    let both = vec![old, new.clone()];
    let at_ten = on("tue 10:00");
    clock
        .change_level(&both, terms(&new, 9 * HOUR), at_ten, "calendar changed")
        .unwrap();
    assert_eq!(
        clock.due_at,
        on("tue 12:00"),
        "6 h of Monday and 1 h of Tuesday as before"
    );
    let view = clock.explain(&both, on("tue 11:00")).unwrap();
    let rows: Vec<_> = (view.rows.iter())
        .map(|row| {
            (
                row.calendar_version,
                row.working_secs,
                row.cause.as_str(),
                row.open,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            (1, 7 * HOUR, "created", false),
            (2, HOUR, "calendar changed", true)
        ]
    );
    assert_eq!(
        clock.calendar_versions().into_iter().collect::<Vec<_>>(),
        [1, 2]
    );
    let missing = clock.due_at(&new, on("tue 11:00")).unwrap_err();
    assert_eq!(missing.code(), "sla_calendar_missing");
    let text = missing.to_string();
    assert!(
        text.contains("calendar `5x8` version 1 is missing"),
        "{text}"
    );
}

#[test]
fn s5_2_two_minutes_around_the_clock() {
    let calendar = Calendar::around_the_clock("24x7");
    let call = at("2026-03-01T10:00:00Z");
    let mut clock = started(&calendar, 120, call);
    assert!(!clock.tick(call + TimeDelta::seconds(119)));
    assert!(
        clock.tick(at("2026-03-01T10:02:00Z")),
        "not registered at 10:02:00"
    );
    let mut clock = started(&calendar, 120, call);
    clock
        .meet(&calendar, at("2026-03-01T10:01:59.9Z"), "registered")
        .unwrap();
    assert_eq!(clock.breached_at, None);
}

#[test]
fn warnings_come_in_working_time_before_the_due() {
    let calendar = office();
    let clock = started(&calendar, 8 * HOUR, on("mon 16:00"));
    let warn = |before| clock.warn_at(&calendar, on("mon 16:00"), before);
    assert_eq!(clock.due_at, on("tue 15:00"));
    assert_eq!(warn(2 * HOUR), Ok(on("tue 13:00")));
    assert_eq!(warn(7 * HOUR), Ok(on("mon 17:00")));
    assert_eq!(warn(9 * HOUR), Ok(on("mon 16:00")));
}

#[test]
fn a_breach_before_a_wait_stays_and_the_wait_still_extends() {
    let calendar = office();
    let mut clock = started(&calendar, 2 * HOUR, on("mon 10:00"));
    let change = clock.pause(&calendar, on("mon 13:00"), "waiting").unwrap();
    assert!(change.breached, "found without a tick");
    let change = clock
        .resume(&calendar, on("mon 15:00"), "in progress")
        .unwrap();
    assert!(!change.breached);
    assert_eq!(change.due_at, on("mon 14:00"));
    assert_eq!(clock.breached_at, Some(on("mon 12:00")));
    assert_eq!(clock.remaining(&calendar, on("mon 15:00")), Ok(-3_600));
}
