//! What a calendar accepts, how it is stored, and what it says about a wrong one.

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;

use super::*;

const WORKDAYS: [Weekday; 5] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
];

fn office() -> Calendar {
    Calendar::weekly(
        "5x8",
        Tz::Europe__Moscow,
        &WORKDAYS,
        &[Hours::new(540, 780), Hours::new(840, 1_080)],
    )
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn fields(calendar: &Calendar) -> Vec<String> {
    let errors = calendar.validate();
    errors.into_iter().map(|error| error.field).collect()
}

#[test]
fn ordinary_calendars_are_accepted() {
    assert_eq!(office().validate(), []);
    assert_eq!(Calendar::around_the_clock("24x7").validate(), []);
    let mut only_exceptions = office();
    only_exceptions.weekly.clear();
    only_exceptions.exceptions.insert(
        date("2026-02-14"),
        Exception {
            name: "stocktaking".into(),
            intervals: vec![Hours::new(0, DAY_MINUTES)],
        },
    );
    assert_eq!(only_exceptions.validate(), []);
}

#[test]
fn touching_intervals_do_not_overlap() {
    let mut calendar = office();
    calendar.weekly.push(WeeklyHours {
        weekday: Weekday::Mon,
        from: 780,
        to: 840,
    });
    assert_eq!(calendar.validate(), []);
    calendar.weekly.push(WeeklyHours {
        weekday: Weekday::Mon,
        from: 600,
        to: 601,
    });
    assert_eq!(fields(&calendar), ["weekly[11]"]);
}

#[test]
fn every_mistake_names_its_field() {
    let mut calendar = office();
    calendar.code = "five eight".into();
    calendar.weekly[0].to = 540;
    calendar.weekly[1].to = 1_441;
    calendar.exceptions.insert(
        date("2026-05-09"),
        Exception {
            name: " ".into(),
            intervals: vec![Hours::new(600, 700), Hours::new(500, 601)],
        },
    );
    assert_eq!(
        fields(&calendar),
        [
            "code",
            "weekly[0].from",
            "weekly[1].to",
            "exceptions.2026-05-09.name",
            "exceptions.2026-05-09.intervals[0]",
        ]
    );
}

#[test]
fn a_calendar_that_never_works_is_refused() {
    let mut calendar = office();
    calendar.weekly.clear();
    assert_eq!(fields(&calendar), ["weekly"]);
}

#[test]
fn limits_hold() {
    let mut calendar = office();
    calendar.weekly = vec![calendar.weekly[0]; WEEKLY_MAX + 1];
    let first = date("2026-01-01");
    let day = Exception {
        name: "holiday".into(),
        intervals: Vec::new(),
    };
    calendar.exceptions = (first.iter_days().take(EXCEPTIONS_MAX + 1))
        .map(|date| (date, day.clone()))
        .collect();
    assert_eq!(fields(&calendar), ["weekly", "exceptions"]);
}

#[test]
fn hours_read_and_write_as_text() {
    assert_eq!("09:00-18:00".parse(), Ok(Hours::new(540, 1_080)));
    assert_eq!(
        Hours::new(0, DAY_MINUTES).to_string().parse(),
        Ok(Hours::new(0, DAY_MINUTES))
    );
    for wrong in [
        "",
        "9",
        "18:00-09:00",
        "09:00-24:01",
        "09:60-10:00",
        "+9:00-10:00",
        "9:-10:",
        "99999:00-1:00",
    ] {
        let error = wrong.parse::<Hours>().unwrap_err();
        assert!(error.contains("write `09:00-18:00`"), "{wrong}: {error}");
    }
}

#[test]
fn the_hours_of_a_week_read_as_people_write_them() {
    let days = |text: &str| -> Vec<_> {
        let weekly = Calendar::parse_weekly(text).unwrap();
        assert!(weekly.iter().all(|w| w.hours() == Hours::new(540, 1_080)));
        weekly.iter().map(|weekly| weekly.weekday).collect()
    };
    assert_eq!(days("mon-fri 09:00-18:00"), WORKDAYS);
    assert_eq!(days("Sat  09:00-18:00"), [Weekday::Sat]);
    assert_eq!(
        days("sun-mon 09:00-18:00"),
        [Weekday::Sun, Weekday::Mon],
        "over the weekend"
    );
    for wrong in [
        "",
        "mon",
        "mon-fri",
        "mon-fri 9-18",
        "moon 09:00-18:00",
        "mon-tue-wed 09:00-18:00",
    ] {
        let error = Calendar::parse_weekly(wrong).unwrap_err();
        assert!(error.contains("; write `"), "{wrong}: {error}");
    }
}

#[test]
fn storage_keeps_the_zone_by_name() {
    let mut calendar = office();
    calendar.exceptions.insert(
        date("2026-05-09"),
        Exception {
            name: "Victory Day".into(),
            intervals: Vec::new(),
        },
    );
    let bytes = postcard::to_allocvec(&calendar).unwrap();
    assert_eq!(postcard::from_bytes::<Calendar>(&bytes).unwrap(), calendar);
    let mut json = serde_json::to_value(&calendar).unwrap();
    assert_eq!(json["time_zone"], "Europe/Moscow");
    json["time_zone"] = "Moscow".into();
    let error = serde_json::from_value::<Calendar>(json).unwrap_err();
    assert!(error.to_string().contains("time zone `Moscow` is unknown"));
}

#[test]
fn exceptions_are_found_by_local_date() {
    let mut calendar = office();
    calendar.exceptions.insert(
        date("2026-05-09"),
        Exception {
            name: "Victory Day".into(),
            intervals: Vec::new(),
        },
    );
    let count = |from: &str, to: &str| {
        (calendar.exceptions_between(from.parse().unwrap(), to.parse().unwrap())).count()
    };
    // 9 May in Moscow is 21:00 UTC to 21:00 UTC.
    assert_eq!(count("2026-05-08T20:00:00Z", "2026-05-08T21:00:00Z"), 0);
    assert_eq!(count("2026-05-08T20:00:00Z", "2026-05-08T21:00:01Z"), 1);
    assert_eq!(count("2026-05-09T20:59:59Z", "2026-05-12T00:00:00Z"), 1);
    assert_eq!(count("2026-05-09T21:00:00Z", "2026-05-12T00:00:00Z"), 0);
    assert_eq!(count("2026-05-12T00:00:00Z", "2026-05-01T00:00:00Z"), 0);
}
