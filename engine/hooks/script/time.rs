//! Instants, dates and lengths of time in scripts.

use std::fmt;

use chrono::{Datelike, NaiveDate, TimeDelta, Timelike};
use rhai::Engine;

use super::{Answer, refuse};
use crate::domain::Instant;

/// An instant: `c.now`, values of instant fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At(pub(super) Instant);

/// A calendar date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(pub(super) NaiveDate);

/// A length of time in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span(pub(super) i64);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, secs) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let parts = [
            (secs / 86_400, "d"),
            (secs / 3_600 % 24, "h"),
            (secs / 60 % 60, "m"),
            (secs % 60, "s"),
        ];
        let said: Vec<String> = parts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, unit)| format!("{n}{unit}"))
            .collect();
        if said.is_empty() {
            return f.write_str("0s");
        }
        write!(f, "{sign}{}", said.join(" "))
    }
}

const FAR: &str = "the result is beyond the calendar";

fn shift(at: At, secs: Option<i64>) -> Answer<At> {
    let moved = secs
        .and_then(TimeDelta::try_seconds)
        .and_then(|by| at.0.checked_add_signed(by));
    moved.map_or_else(|| refuse(FAR), |at| Ok(At(at)))
}

fn shift_days(day: Day, days: Option<i64>) -> Answer<Day> {
    let moved = days
        .and_then(TimeDelta::try_days)
        .and_then(|by| day.0.checked_add_signed(by));
    moved.map_or_else(|| refuse(FAR), |day| Ok(Day(day)))
}

/// Whole days of a length of time, for arithmetic with dates.
fn whole_days(span: Span) -> Answer<i64> {
    if span.0 % 86_400 == 0 {
        Ok(span.0 / 86_400)
    } else {
        refuse("a date is moved by whole days: write `days(n)`")
    }
}

fn span(n: Option<i64>) -> Answer<Span> {
    n.map_or_else(
        || refuse("the length of time is too great"),
        |s| Ok(Span(s)),
    )
}

/// Formats by a pattern of `%Y-%m-%d %H:%M`; a wrong pattern is an error and not a panic.
fn by_pattern(pattern: &str, write: impl Fn(&mut String) -> fmt::Result) -> Answer<String> {
    let mut text = String::new();
    if pattern.len() > 64 || write(&mut text).is_err() {
        return refuse(format!(
            "`{}` is no date pattern; write one such as `%d.%m.%Y %H:%M`",
            pattern.chars().take(64).collect::<String>()
        ));
    }
    Ok(text)
}

/// The instant on the wall clocks of a time zone.
fn local(at: At, zone: &str) -> Answer<chrono::DateTime<chrono_tz::Tz>> {
    match zone.parse::<chrono_tz::Tz>() {
        Ok(tz) => Ok(at.0.with_timezone(&tz)),
        Err(_) => refuse(format!(
            "`{}` is no time zone; write one such as `Europe/Moscow`",
            zone.chars().take(64).collect::<String>()
        )),
    }
}

fn instant(text: &str) -> Answer<At> {
    chrono::DateTime::parse_from_rfc3339(text).map_or_else(
        |_| refuse("expected an instant such as 2026-03-02T09:00:00Z"),
        |at| Ok(At(at.with_timezone(&chrono::Utc))),
    )
}

fn date(text: &str) -> Answer<Day> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_or_else(
        |_| refuse("expected a date such as 2026-03-02"),
        |d| Ok(Day(d)),
    )
}

/// Registers the six comparisons and the forms of text of a type.
macro_rules! ordered {
    ($engine:expr, $type:ty) => {
        $engine
            .register_fn("==", |a: $type, b: $type| a == b)
            .register_fn("!=", |a: $type, b: $type| a != b)
            .register_fn("<", |a: $type, b: $type| a < b)
            .register_fn("<=", |a: $type, b: $type| a <= b)
            .register_fn(">", |a: $type, b: $type| a > b)
            .register_fn(">=", |a: $type, b: $type| a >= b)
            .register_fn("min", |a: $type, b: $type| a.min(b))
            .register_fn("max", |a: $type, b: $type| a.max(b))
            .register_fn("to_string", |a: &mut $type| a.to_string())
            .register_fn("to_debug", |a: &mut $type| a.to_string())
    };
}

pub(super) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<At>("Instant")
        .register_type_with_name::<Day>("Date")
        .register_type_with_name::<Span>("Duration");
    ordered!(engine, At);
    ordered!(engine, Day);
    ordered!(engine, Span);
    make(engine);
    arithmetic(engine);
    parts(engine);
    zones(engine);
}

fn make(engine: &mut Engine) {
    engine
        .register_fn("instant", instant)
        .register_fn("date", date)
        .register_fn("seconds", |n: i64| Span(n))
        .register_fn("minutes", |n: i64| span(n.checked_mul(60)))
        .register_fn("hours", |n: i64| span(n.checked_mul(3_600)))
        .register_fn("days", |n: i64| span(n.checked_mul(86_400)))
        .register_fn("weeks", |n: i64| span(n.checked_mul(604_800)));
}

fn arithmetic(engine: &mut Engine) {
    engine
        .register_fn("+", |a: At, s: Span| shift(a, Some(s.0)))
        .register_fn("-", |a: At, s: Span| shift(a, s.0.checked_neg()))
        .register_fn("-", |a: At, b: At| Span((a.0 - b.0).num_seconds()))
        .register_fn("plus_minutes", |a: At, n: i64| shift(a, n.checked_mul(60)))
        .register_fn("plus_hours", |a: At, n: i64| shift(a, n.checked_mul(3_600)))
        .register_fn("plus_days", |a: At, n: i64| shift(a, n.checked_mul(86_400)))
        .register_fn("plus_days", |d: Day, n: i64| shift_days(d, Some(n)))
        .register_fn("+", |d: Day, s: Span| shift_days(d, Some(whole_days(s)?)))
        .register_fn("-", |d: Day, s: Span| {
            shift_days(d, whole_days(s)?.checked_neg())
        })
        .register_fn("-", |a: Day, b: Day| {
            Span((a.0 - b.0).num_days().saturating_mul(86_400))
        })
        .register_fn("+", |a: Span, b: Span| span(a.0.checked_add(b.0)))
        .register_fn("-", |a: Span, b: Span| span(a.0.checked_sub(b.0)))
        .register_fn("*", |a: Span, n: i64| span(a.0.checked_mul(n)))
        .register_fn("*", |n: i64, a: Span| span(a.0.checked_mul(n)))
        .register_fn("/", |a: Span, n: i64| span(a.0.checked_div(n)));
}

fn parts(engine: &mut Engine) {
    engine
        .register_get("year", |a: &mut At| i64::from(a.0.year()))
        .register_get("month", |a: &mut At| i64::from(a.0.month()))
        .register_get("day", |a: &mut At| i64::from(a.0.day()))
        .register_get("hour", |a: &mut At| i64::from(a.0.hour()))
        .register_get("minute", |a: &mut At| i64::from(a.0.minute()))
        .register_get("second", |a: &mut At| i64::from(a.0.second()))
        .register_get("weekday", |a: &mut At| {
            i64::from(a.0.weekday().number_from_monday())
        })
        .register_get("date", |a: &mut At| Day(a.0.date_naive()))
        .register_get("timestamp", |a: &mut At| a.0.timestamp())
        .register_get("year", |d: &mut Day| i64::from(d.0.year()))
        .register_get("month", |d: &mut Day| i64::from(d.0.month()))
        .register_get("day", |d: &mut Day| i64::from(d.0.day()))
        .register_get("weekday", |d: &mut Day| {
            i64::from(d.0.weekday().number_from_monday())
        })
        .register_get("seconds", |s: &mut Span| s.0)
        .register_get("minutes", |s: &mut Span| s.0 / 60)
        .register_get("hours", |s: &mut Span| s.0 / 3_600)
        .register_get("days", |s: &mut Span| s.0 / 86_400);
}

fn zones(engine: &mut Engine) {
    use std::fmt::Write as _;
    engine
        .register_fn("format", |a: At, p: &str| {
            by_pattern(p, |s| write!(s, "{}", a.0.format(p)))
        })
        .register_fn("format", |d: Day, p: &str| {
            by_pattern(p, |s| write!(s, "{}", d.0.format(p)))
        })
        .register_fn("format_in", |a: At, zone: &str, p: &str| {
            let at = local(a, zone)?;
            by_pattern(p, |s| write!(s, "{}", at.format(p)))
        })
        .register_fn("date_in", |a: At, zone: &str| -> Answer<Day> {
            Ok(Day(local(a, zone)?.date_naive()))
        })
        .register_fn("hour_in", |a: At, zone: &str| -> Answer<i64> {
            Ok(i64::from(local(a, zone)?.hour()))
        })
        .register_fn("weekday_in", |a: At, zone: &str| -> Answer<i64> {
            Ok(i64::from(local(a, zone)?.weekday().number_from_monday()))
        });
}
