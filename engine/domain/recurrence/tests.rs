//! Schedules against an oracle that counts days, over changes of clocks and free days.

use chrono::{Datelike, Days as Step, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Weekday};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::{Days, Schedule, instant_at, is_working};
use crate::domain::Instant;
use crate::domain::calendar::{Calendar, Exception, Hours};

fn office(zone: Tz) -> Calendar {
    use Weekday::{Fri, Mon, Thu, Tue, Wed};
    Calendar::weekly(
        "office",
        zone,
        &[Mon, Tue, Wed, Thu, Fri],
        &[Hours::new(540, 1_080)],
    )
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn local(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn read(rule: &str, start: &str, days: Days) -> Schedule {
    Schedule::read(rule, local(start), None, days).unwrap()
}

fn first(schedule: &Schedule, calendar: &Calendar, from: &str, most: usize) -> Vec<String> {
    let found = schedule.from(calendar, at(from), most).unwrap();
    found.iter().map(|at| at.to_rfc3339()).collect()
}

#[test]
fn nine_in_the_morning_stays_nine_when_clocks_change() {
    let calendar = office(Tz::Europe__Berlin);
    let daily = read("FREQ=DAILY", "2026-03-27T09:00:00", Days::Any);
    let found = first(&daily, &calendar, "2026-03-28T00:00:00Z", 3);
    assert_eq!(
        found,
        [
            "2026-03-28T08:00:00+00:00",
            "2026-03-29T07:00:00+00:00",
            "2026-03-30T07:00:00+00:00"
        ]
    );
}

#[test]
fn a_time_that_clocks_skip_goes_by_the_offset_before_and_one_that_comes_twice_is_the_first() {
    let berlin = Tz::Europe__Berlin;
    // Clocks go from 02:00 to 03:00, and in autumn from 03:00 back to 02:00.
    let spring = instant_at(local("2026-03-29T02:30:00"), berlin).unwrap();
    assert_eq!(spring, at("2026-03-29T01:30:00Z"));
    let autumn = instant_at(local("2026-10-25T02:30:00"), berlin).unwrap();
    assert_eq!(autumn, at("2026-10-25T00:30:00Z"));
    // A whole day that an island skipped.
    let apia = instant_at(local("2011-12-30T12:00:00"), Tz::Pacific__Apia).unwrap();
    assert_eq!(apia, at("2011-12-30T22:00:00Z"));
}

#[test]
fn times_that_become_one_are_one_occurrence() {
    let calendar = Calendar {
        time_zone: Tz::Europe__Berlin,
        ..Calendar::around_the_clock("all")
    };
    let rule = read(
        "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30",
        "2026-03-28T00:00:00",
        Days::Any,
    );
    let found = first(&rule, &calendar, "2026-03-29T00:00:00Z", 3);
    assert_eq!(
        found,
        [
            "2026-03-29T01:30:00+00:00",
            "2026-03-30T00:30:00+00:00",
            "2026-03-30T01:30:00+00:00"
        ]
    );
}

#[test]
fn free_days_are_skipped_or_moved_and_what_moves_together_is_one() {
    let mut calendar = office(Tz::UTC);
    let holiday = Exception {
        name: "holiday".to_owned(),
        intervals: Vec::new(),
    };
    calendar.exceptions.insert(date("2026-03-09"), holiday);
    let from = "2026-03-06T00:00:00Z";
    let skipped = read("FREQ=DAILY;BYHOUR=9,15", "2026-03-02T00:00:00", Days::Skip);
    assert_eq!(
        first(&skipped, &calendar, from, 3),
        [
            "2026-03-06T09:00:00+00:00",
            "2026-03-06T15:00:00+00:00",
            "2026-03-10T09:00:00+00:00"
        ]
    );
    let moved = read(
        "FREQ=WEEKLY;BYDAY=SA,SU,MO",
        "2026-03-02T09:00:00",
        Days::NextWorking,
    );
    assert_eq!(
        first(&moved, &calendar, from, 2),
        ["2026-03-10T09:00:00+00:00", "2026-03-16T09:00:00+00:00"]
    );
}

#[test]
fn the_last_date_and_the_count_end_it() {
    let calendar = office(Tz::UTC);
    let start = local("2026-03-02T09:00:00");
    let ends = Some(date("2026-03-04"));
    let daily = Schedule::read("FREQ=DAILY", start, ends, Days::Any).unwrap();
    assert_eq!(
        first(&daily, &calendar, "2026-01-01T00:00:00Z", 10).len(),
        3
    );
    let counted = read(
        "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2",
        "2026-01-15T09:00:00",
        Days::Any,
    );
    assert_eq!(
        first(&counted, &calendar, "2026-01-01T00:00:00Z", 10),
        ["2026-01-31T09:00:00+00:00", "2026-02-28T09:00:00+00:00"]
    );
}

#[test]
fn a_rule_that_never_occurs_or_too_often_comes_to_an_end() {
    let calendar = office(Tz::UTC);
    let never = read(
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "2026-01-01T09:00:00",
        Days::Any,
    );
    let none = never.from(&calendar, at("2026-01-01T00:00:00Z"), 1);
    assert_eq!(none.unwrap().len(), 0);
    let often = read("FREQ=DAILY", "1900-01-01T09:00:00", Days::Any);
    let error = often
        .from(&calendar, at("2026-01-01T00:00:00Z"), 1)
        .unwrap_err();
    assert_eq!(error.field, "starts_on");
    // A calendar that never works again.
    let mut closed = office(Tz::UTC);
    closed.weekly.clear();
    let moved = Schedule::read(
        "FREQ=DAILY;COUNT=5",
        local("2026-01-01T09:00:00"),
        None,
        Days::NextWorking,
    );
    let none = moved.unwrap().from(&closed, at("2026-01-01T00:00:00Z"), 1);
    assert_eq!(none.unwrap().len(), 0);
}

#[test]
fn what_is_no_rule_is_refused_with_what_to_write() {
    let refused = |rule: &str| {
        let start = local("2026-01-01T09:00:00");
        Schedule::read(rule, start, None, Days::Any)
            .unwrap_err()
            .message
    };
    for (rule, says) in [
        ("", "cannot be read"),
        ("weekly", "cannot be read"),
        ("FREQ=HOURLY", "daily or more seldom"),
        ("FREQ=DAILY;UNTIL=20270101T000000Z", "ends_on"),
        ("FREQ=DAILY;BYSECOND=1", "BYSECOND"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;BYMONTHDAY=77", "cannot be"),
        (
            "FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5",
            "over the limit",
        ),
        ("FREQ=DAILY\nDTSTART:20260101T000000", "without blanks"),
        ("FREQ=ЕЖЕДНЕВНО", "without blanks"),
    ] {
        assert!(refused(rule).contains(says), "{rule}: {}", refused(rule));
    }
}

/// Every local day from the first on, one by one: what daily and weekly rules mean.
fn oracle(
    (start, interval, weekdays): (NaiveDateTime, u64, &[Weekday]),
    days: Days,
    calendar: &Calendar,
    most: usize,
) -> Vec<Instant> {
    let week = |day: NaiveDate| day - Step::new(day.weekday().num_days_from_monday().into());
    let mut found = std::collections::BTreeSet::new();
    for n in 0..4_000 {
        let day = start.date() + Step::new(n);
        let weeks = (week(day) - week(start.date())).num_days().cast_unsigned() / 7;
        let due = match weekdays {
            [] => n % interval == 0,
            some => weeks % interval == 0 && some.contains(&day.weekday()),
        };
        let day = match days {
            _ if !due => continue,
            Days::Skip if !is_working(calendar, day) => continue,
            Days::NextWorking => day.iter_days().find(|d| is_working(calendar, *d)).unwrap(),
            _ => day,
        };
        // Where the time is skipped, an hour later by the clock: all zones here jump by an hour.
        let time = day.and_time(start.time());
        let zone = calendar.time_zone;
        let at = zone.from_local_datetime(&time).earliest();
        let at = at.or_else(|| {
            zone.from_local_datetime(&(time + chrono::TimeDelta::hours(1)))
                .earliest()
        });
        found.insert(at.unwrap().to_utc());
    }
    found.into_iter().take(most).collect()
}

proptest! {
    #[test]
    fn daily_and_weekly_rules_are_what_counting_days_gives(
        zone in prop::sample::select(vec![
            Tz::Europe__Berlin, Tz::America__New_York, Tz::Australia__Sydney, Tz::Europe__Moscow,
        ]),
        first in 0_u64..1_500,
        minute in 0_u32..1_440,
        interval in 1_u64..4,
        picked in prop::sample::subsequence(
            vec![("MO", Weekday::Mon), ("WE", Weekday::Wed), ("SA", Weekday::Sat), ("SU", Weekday::Sun)], 0..4),
        days in prop::sample::select(vec![Days::Any, Days::Skip, Days::NextWorking]),
    ) {
        let calendar = office(zone);
        let time = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap();
        let start = (date("2024-01-01") + Step::new(first)).and_time(time);
        let names: Vec<&str> = picked.iter().map(|p| p.0).collect();
        let weekdays: Vec<Weekday> = picked.iter().map(|p| p.1).collect();
        let rule = match names.is_empty() {
            true => format!("FREQ=DAILY;INTERVAL={interval}"),
            false => format!("FREQ=WEEKLY;INTERVAL={interval};BYDAY={}", names.join(",")),
        };
        let schedule = Schedule::read(&rule, start, None, days).unwrap();
        let most = 150;
        let found = schedule.from(&calendar, at("2000-01-01T00:00:00Z"), most);
        let counted = oracle((start, interval, &weekdays), days, &calendar, most);
        if counted.is_empty() {
            // Free days only, and those are skipped: there is no end to looking.
            prop_assert_eq!(found.unwrap_err().field, "days");
        } else {
            prop_assert_eq!(found.unwrap(), counted);
        }
    }
}
