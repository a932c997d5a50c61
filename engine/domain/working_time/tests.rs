//! Working time by example, and against an oracle that walks minute by minute.

use chrono::{Datelike, NaiveDate, TimeDelta, Timelike};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

use super::super::calendar::{Exception, WeeklyHours};
use super::*;

const WORKDAYS: [Weekday; 5] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
];

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn office(time_zone: Tz) -> Calendar {
    Calendar::weekly("5x8", time_zone, &WORKDAYS, &[Hours::new(540, 1_080)])
}

fn every_night(time_zone: Tz) -> Calendar {
    let week = [&WORKDAYS[..], &[Weekday::Sat, Weekday::Sun]].concat();
    Calendar::weekly("night", time_zone, &week, &[Hours::new(60, 240)])
}

fn except(calendar: &mut Calendar, date: &str, intervals: Vec<Hours>) {
    let name = "a day that differs".into();
    let day = Exception { name, intervals };
    calendar.exceptions.insert(date.parse().unwrap(), day);
}

#[test]
fn office_hours_count_and_nothing_else() {
    let calendar = office(Tz::Europe__Moscow);
    // Friday 17:00 to Monday 10:00 in Moscow.
    let (from, to) = (at("2026-03-06T14:00:00Z"), at("2026-03-09T07:00:00Z"));
    assert_eq!(worked_between(&calendar, from, to), 2 * 3_600);
    assert_eq!(worked_between(&calendar, to, from), 0);
    let spans: Vec<_> = intervals_between(&calendar, from, to).collect();
    assert_eq!(spans.len(), 2);
    assert_eq!(spans[1].from, at("2026-03-09T06:00:00Z"));
    assert_eq!(spans[1].secs(), 3_600);
}

#[test]
fn s1_16_a_holiday_is_stepped_over() {
    let mut calendar = office(Tz::Europe__Moscow);
    except(&mut calendar, "2026-03-10", Vec::new());
    // Monday 17:00 and two working hours, Tuesday being a holiday: Wednesday 10:00.
    let due = add_working(&calendar, at("2026-03-09T14:00:00Z"), 7_200);
    assert_eq!(due, Ok(at("2026-03-11T07:00:00Z")));
}

#[test]
fn short_days_and_extra_days_replace_the_week() {
    let mut calendar = office(Tz::UTC);
    except(&mut calendar, "2026-03-06", vec![Hours::new(540, 600)]);
    except(&mut calendar, "2026-03-07", vec![Hours::new(0, 30)]);
    let (from, to) = (at("2026-03-02T00:00:00Z"), at("2026-03-09T00:00:00Z"));
    let week = worked_between(&calendar, from, to);
    assert_eq!(week, 4 * 9 * 3_600 + 3_600 + 1_800);
}

#[test]
fn work_done_at_the_end_of_a_day_is_due_at_that_end() {
    let calendar = office(Tz::UTC);
    let friday = at("2026-03-06T17:00:00Z");
    let due = |secs| add_working(&calendar, friday, secs);
    assert_eq!(due(3_600), Ok(at("2026-03-06T18:00:00Z")));
    assert_eq!(due(3_601), Ok(at("2026-03-09T09:00:01Z")));
    let night = at("2026-03-06T23:00:00.9Z");
    let due = add_working(&calendar, night, 0);
    assert_eq!(due, Ok(at("2026-03-06T23:00:00Z")));
}

#[test]
fn the_repeated_hour_counts_twice_and_the_skipped_one_not() {
    let calendar = every_night(Tz::Europe__Berlin);
    let night = |date: &str| {
        let evening = at(&format!("{date}T00:00:00Z")) - TimeDelta::hours(2);
        worked_between(&calendar, evening, evening + TimeDelta::hours(10))
    };
    assert_eq!(night("2026-03-28"), 3 * 3_600);
    assert_eq!(night("2026-03-29"), 2 * 3_600);
    assert_eq!(night("2026-10-25"), 4 * 3_600);
    let (from, to) = (at("2026-10-24T20:00:00Z"), at("2026-10-25T08:00:00Z"));
    let spans = intervals_between(&calendar, from, to).count();
    assert_eq!(spans, 1, "the repeated hour joins its neighbours");
}

#[test]
fn a_day_that_never_was_counts_nothing() {
    // Samoa went from 29 to 31 December 2011 across the date line.
    let mut calendar = Calendar::around_the_clock("24x7");
    calendar.time_zone = Tz::Pacific__Apia;
    except(&mut calendar, "2011-12-30", Vec::new());
    let (from, to) = (at("2011-12-29T00:00:00Z"), at("2012-01-01T00:00:00Z"));
    assert_eq!(worked_between(&calendar, from, to), 3 * 86_400);
}

#[test]
fn a_clock_change_at_midnight_repeats_the_first_hour() {
    // Havana, Sunday 1 November 2026: at 01:00 back to 00:00.
    let hours = [Hours::new(0, 30), Hours::new(1_380, 1_440)];
    let calendar = Calendar::weekly("late", Tz::America__Havana, &[Weekday::Sun], &hours);
    let (from, to) = (at("2026-10-31T00:00:00Z"), at("2026-11-03T00:00:00Z"));
    let worked = worked_between(&calendar, from, to);
    assert_eq!(worked, 2 * 1_800 + 3_600);
}

#[test]
fn around_the_clock_is_plain_time() {
    let calendar = Calendar::around_the_clock("24x7");
    let (from, to) = (at("2026-01-01T00:00:07Z"), at("2029-05-05T05:05:05Z"));
    let secs = u64::try_from((to - from).num_seconds()).unwrap();
    assert_eq!(worked_between(&calendar, from, to), secs);
    assert_eq!(add_working(&calendar, from, secs), Ok(to));
    assert_eq!(intervals_between(&calendar, from, to).count(), 1);
}

#[test]
fn overlapping_hours_of_an_unchecked_calendar_count_once() {
    let mut calendar = office(Tz::UTC);
    for (from, to) in [(600, 700), (500, 560), (9_000, 20), (1_000, 9_000)] {
        let weekday = Weekday::Mon;
        calendar.weekly.push(WeeklyHours { weekday, from, to });
    }
    let (from, to) = (at("2026-03-02T00:00:00Z"), at("2026-03-03T00:00:00Z"));
    assert_eq!(worked_between(&calendar, from, to), (1_440 - 500) * 60);
}

#[test]
fn too_little_work_ahead_is_an_error_that_says_so() {
    let mut calendar = office(Tz::UTC);
    calendar.weekly.clear();
    except(&mut calendar, "2026-03-07", vec![Hours::new(0, 60)]);
    let error = add_working(&calendar, at("2026-03-01T00:00:00Z"), 3_601).unwrap_err();
    assert_eq!((error.asked_secs, error.found_secs), (3_601, 3_600));
    let text = error.to_string();
    assert!(
        text.contains("calendar `5x8` version 1 works 3600 s"),
        "{text}"
    );
    let huge = add_working(&office(Tz::UTC), at("2026-03-01T00:00:00Z"), u64::MAX);
    assert_eq!(huge.unwrap_err().asked_secs, u64::MAX);
}

#[test]
fn the_ends_of_time_are_survived() {
    let calendar = office(Tz::America__New_York);
    let (min, max) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    let century = worked_between(&calendar, at("2026-01-01T00:00:00Z"), max);
    assert_eq!(
        century / (9 * 3_600 * 52 * 5),
        100,
        "cut after a hundred years"
    );
    assert!(worked_between(&calendar, min, max) <= century);
    assert!(add_working(&calendar, max, 3_600).is_err());
    let last = intervals_between(&calendar, max - TimeDelta::days(3), max);
    assert!(last.count() <= 3);
}

/// Working seconds by walking UTC minutes and looking at the local clock of each: another way to
/// the same rule, slow and plain. Offsets of our zones are whole minutes in the years used.
fn oracle(calendar: &Calendar, from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
    let mut minute = from.with_second(0).unwrap();
    let mut worked = 0;
    while minute < to {
        let next = minute + TimeDelta::minutes(1);
        if works_at(calendar, minute) {
            worked += (next.min(to) - minute.max(from)).num_seconds();
        }
        minute = next;
    }
    u64::try_from(worked).unwrap()
}

fn works_at(calendar: &Calendar, minute: DateTime<Utc>) -> bool {
    let local = minute.with_timezone(&calendar.time_zone);
    let clock = u16::try_from(local.hour() * 60 + local.minute()).unwrap();
    let within = |from: u16, to: u16| from <= clock && clock < to;
    match calendar.exceptions.get(&local.date_naive()) {
        Some(day) => (day.intervals.iter()).any(|hours| within(hours.from, hours.to)),
        None => (calendar.weekly.iter())
            .any(|hours| hours.weekday == local.weekday() && within(hours.from, hours.to)),
    }
}

/// A zone and an instant near which its clocks change.
fn zone_and_change() -> impl Strategy<Value = (Tz, DateTime<Utc>)> {
    prop::sample::select(vec![
        (Tz::Europe__Berlin, at("2026-03-29T01:00:00Z")),
        (Tz::Europe__Berlin, at("2026-10-25T01:00:00Z")),
        (Tz::America__New_York, at("2026-03-08T07:00:00Z")),
        (Tz::America__New_York, at("2026-11-01T06:00:00Z")),
        (Tz::Australia__Lord_Howe, at("2026-04-04T15:00:00Z")),
        (Tz::Australia__Lord_Howe, at("2026-10-03T15:30:00Z")),
        (Tz::Europe__Moscow, at("2011-03-26T23:00:00Z")),
        (Tz::Europe__Moscow, at("2014-10-25T22:00:00Z")),
        (Tz::America__Havana, at("2026-11-01T05:00:00Z")),
        (Tz::America__Sao_Paulo, at("2018-11-04T03:00:00Z")),
        (Tz::Pacific__Apia, at("2011-12-30T10:00:00Z")),
        (Tz::Asia__Kolkata, at("2026-06-01T00:00:00Z")),
        (Tz::UTC, at("2026-12-31T23:00:00Z")),
    ])
}

/// Intervals of a day that do not overlap, from sorted cuts.
fn day_hours() -> impl Strategy<Value = Vec<Hours>> {
    btree_set(0..=1_440_u16, 0..=6).prop_map(|cuts| {
        let cuts: Vec<_> = cuts.into_iter().collect();
        let pairs = cuts.chunks_exact(2);
        pairs.map(|pair| Hours::new(pair[0], pair[1])).collect()
    })
}

/// A random calendar in a zone, and the instant near which to look at it.
pub(in super::super) fn calendar_near() -> impl Strategy<Value = (Calendar, DateTime<Utc>)> {
    let week = vec(day_hours(), 7);
    let exceptions = btree_map(-6..=6_i64, day_hours(), 0..=4);
    (zone_and_change(), week, exceptions).prop_map(|((time_zone, near), week, exceptions)| {
        let monday = NaiveDate::from_isoywd_opt(2026, 1, Weekday::Mon).unwrap();
        let mut calendar = Calendar::weekly("random", time_zone, &[], &[]);
        for (date, day) in monday.iter_days().zip(week) {
            for Hours { from, to } in day {
                let weekday = date.weekday();
                calendar.weekly.push(WeeklyHours { weekday, from, to });
            }
        }
        for (days, intervals) in exceptions {
            let date = (near + TimeDelta::days(days)).date_naive();
            except(&mut calendar, &date.to_string(), intervals);
        }
        (calendar, near)
    })
}

/// Seconds away from the instant of interest, often very near to it.
pub(in super::super) fn nearby() -> impl Strategy<Value = i64> {
    prop_oneof![
        -5 * DAY_SECS..5 * DAY_SECS,
        -7_200..7_200_i64,
        (-240..240_i64).prop_map(|quarters| quarters * 900),
    ]
}

/// Enough cases to meet every zone often, and no file of past failures beside the sources.
pub(in super::super) fn many() -> ProptestConfig {
    ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn worked_time_agrees_with_the_oracle(
        (calendar, near) in calendar_near(),
        first in nearby(),
        second in nearby(),
    ) {
        let from = near + TimeDelta::seconds(first.min(second));
        let to = near + TimeDelta::seconds(first.max(second));
        let worked = worked_between(&calendar, from, to);
        prop_assert_eq!(worked, oracle(&calendar, from, to));
        let spans: Vec<_> = intervals_between(&calendar, from, to).collect();
        prop_assert_eq!(spans.iter().map(WorkInterval::secs).sum::<u64>(), worked);
        prop_assert!(spans.iter().all(|s| from <= s.from && s.from < s.to && s.to <= to));
        prop_assert!(spans.windows(2).all(|pair| pair[0].to < pair[1].from));
    }

    #[test]
    fn spans_add_up_wherever_they_are_cut(
        (calendar, near) in calendar_near(),
        mut cuts in vec(nearby(), 3),
    ) {
        cuts.sort_unstable();
        let [a, b, c] = [0, 1, 2].map(|index| near + TimeDelta::seconds(cuts[index]));
        let parts = worked_between(&calendar, a, b) + worked_between(&calendar, b, c);
        prop_assert_eq!(worked_between(&calendar, a, c), parts);
    }

    #[test]
    fn added_work_is_due_at_the_smallest_instant_with_that_work(
        (calendar, near) in calendar_near(),
        offset in nearby(),
        secs in prop_oneof![1..200_000_u64, (1..200_u64).prop_map(|quarters| quarters * 900)],
    ) {
        let start = near + TimeDelta::seconds(offset);
        match add_working(&calendar, start, secs) {
            Ok(due) => {
                let before = due - TimeDelta::seconds(1);
                prop_assert_eq!(worked_between(&calendar, start, due), secs);
                prop_assert_eq!(worked_between(&calendar, start, before), secs - 1);
                if due - start < TimeDelta::days(8) {
                    prop_assert_eq!(oracle(&calendar, start, due), secs);
                }
            }
            Err(never) => {
                let found = worked_between(&calendar, start, never.until);
                prop_assert_eq!(never.found_secs, found);
                prop_assert!(found < secs);
            }
        }
    }
}
