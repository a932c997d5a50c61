//! Spans of time and numbers as they are typed: `>2026-01-01`, `2026-03`, `7d`, `10..20`.
//!
//! Days are those of UTC, as dates in filters are.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta};

use crate::domain::Instant;

/// A span from an instant up to another that is no longer part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where it begins, if anywhere.
    pub from: Option<Instant>,
    /// Where it ends, if anywhere.
    pub below: Option<Instant>,
}

impl Span {
    /// Its two ends as RFC 3339 text, `..` between them.
    pub fn told(self) -> Vec<String> {
        let end = |at: Option<Instant>| {
            at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
                .unwrap_or_default()
        };
        vec![format!("{}..{}", end(self.from), end(self.below))]
    }
}

enum Sign {
    Equal,
    More,
    AtLeast,
    Less,
    AtMost,
}

/// Reads a span of time; nothing when the text is none.
pub fn of_time(text: &str, now: Instant) -> Option<Span> {
    if let Some((from, to)) = text.split_once("..") {
        let (from, to) = (side(from, now)?, side(to, now)?);
        return (from.is_some() || to.is_some()).then(|| Span {
            from: from.and_then(|span| span.from),
            below: to.and_then(|span| span.below),
        });
    }
    let (sign, rest) = signed(text);
    if let Some(length) = length(rest) {
        let at = now.checked_sub_signed(length)?;
        // A length is counted back from now: more than a week ago is before that.
        return Some(match sign {
            Sign::More | Sign::AtLeast => span(None, Some(at)),
            _ => span(Some(at), None),
        });
    }
    let (from, below) = days(rest, now)?;
    Some(match sign {
        Sign::Equal => span(Some(from), Some(below)),
        Sign::More => span(Some(below), None),
        Sign::AtLeast => span(Some(from), None),
        Sign::Less => span(None, Some(from)),
        Sign::AtMost => span(None, Some(below)),
    })
}

/// Reads a span of whole numbers: the least, and the one above the greatest.
pub fn of_numbers(text: &str) -> Option<(Option<i64>, Option<i64>)> {
    if let Some((from, to)) = text.split_once("..") {
        let end = |t: &str| (!t.is_empty()).then(|| t.parse::<i64>()).transpose().ok();
        let (from, to) = (end(from)?, end(to)?);
        return (from.is_some() || to.is_some()).then(|| (from, to.map(|n| n.saturating_add(1))));
    }
    let (sign, rest) = signed(text);
    let number: i64 = rest.trim_start_matches('#').parse().ok()?;
    let next = number.saturating_add(1);
    Some(match sign {
        Sign::Equal => (Some(number), Some(next)),
        Sign::More => (Some(next), None),
        Sign::AtLeast => (Some(number), None),
        Sign::Less => (None, Some(number)),
        Sign::AtMost => (None, Some(next)),
    })
}

const fn span(from: Option<Instant>, below: Option<Instant>) -> Span {
    Span { from, below }
}

fn signed(text: &str) -> (Sign, &str) {
    let signs = [
        (">=", Sign::AtLeast),
        ("<=", Sign::AtMost),
        (">", Sign::More),
        ("<", Sign::Less),
    ];
    for (mark, sign) in signs {
        if let Some(rest) = text.strip_prefix(mark) {
            return (sign, rest);
        }
    }
    (Sign::Equal, text)
}

/// One side of `a..b`, which may be open.
fn side(text: &str, now: Instant) -> Option<Option<Span>> {
    if text.is_empty() {
        return Some(None);
    }
    let (from, below) = days(text, now)?;
    Some(Some(span(Some(from), Some(below))))
}

/// A length such as `7d`: hours, days, weeks, months of 30 and years of 365 days.
fn length(text: &str) -> Option<TimeDelta> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let number: i64 = number.parse().ok()?;
    let hours = match unit {
        "h" | "ч" => 1,
        "d" | "д" | "дн" => 24,
        "w" | "н" | "нед" => 24 * 7,
        "m" | "м" | "мес" => 24 * 30,
        "y" | "г" => 24 * 365,
        _ => return None,
    };
    TimeDelta::try_hours(number.checked_mul(hours)?)
}

/// A day, month or year: where it begins and where the next one does.
fn days(text: &str, now: Instant) -> Option<(Instant, Instant)> {
    let today = now.date_naive();
    let (first, next) = match text {
        "today" | "сегодня" => (today, today.checked_add_days(Days::new(1))?),
        "yesterday" | "вчера" => (today.checked_sub_days(Days::new(1))?, today),
        _ => {
            // `30.09.2026` is read from its end.
            let text: String = match text.contains('.') {
                true => text.rsplit('.').collect::<Vec<_>>().join("-"),
                false => text.to_owned(),
            };
            let mut parts = text.splitn(3, '-');
            let year: i32 = parts.next().filter(|y| y.len() == 4)?.parse().ok()?;
            let month: Option<u32> = parts.next().map(str::parse).transpose().ok()?;
            let day: Option<u32> = parts.next().map(str::parse).transpose().ok()?;
            let first = NaiveDate::from_ymd_opt(year, month.unwrap_or(1), day.unwrap_or(1))?;
            let next = match (month, day) {
                (_, Some(_)) => first.checked_add_days(Days::new(1))?,
                (Some(_), None) => first.checked_add_months(Months::new(1))?,
                (None, None) => first.with_year(year.checked_add(1)?)?,
            };
            (first, next)
        }
    };
    let start = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    Some((start(first), start(next)))
}

#[cfg(test)]
mod tests {
    use super::{of_numbers, of_time};

    fn told(text: &str) -> Option<String> {
        let now = "2026-03-02T09:30:00Z".parse().unwrap();
        of_time(text, now).map(|span| span.told().concat())
    }

    #[test]
    fn spans_of_time() {
        let day = "2026-01-01T00:00:00Z";
        assert_eq!(
            told("2026-01").unwrap(),
            format!("{day}..2026-02-01T00:00:00Z")
        );
        assert_eq!(
            told("2026").unwrap(),
            format!("{day}..2027-01-01T00:00:00Z")
        );
        assert_eq!(told(">2025").unwrap(), format!("{day}.."));
        assert_eq!(told("<2026-01-01").unwrap(), format!("..{day}"));
        assert_eq!(told("<=2025-12-31").unwrap(), format!("..{day}"));
        assert_eq!(told("2026-01-01..").unwrap(), format!("{day}.."));
        assert_eq!(told(">=01.01.2026").unwrap(), format!("{day}.."));
        assert_eq!(told("01.2026").unwrap(), told("2026-01").unwrap());
        assert_eq!(
            told("30.09.2026..1.10.2026").unwrap(),
            "2026-09-30T00:00:00Z..2026-10-02T00:00:00Z"
        );
        assert_eq!(told("7d").unwrap(), "2026-02-23T09:30:00Z..");
        assert_eq!(told(">24ч").unwrap(), "..2026-03-01T09:30:00Z");
        assert_eq!(
            told("вчера").unwrap(),
            "2026-03-01T00:00:00Z..2026-03-02T00:00:00Z"
        );
        for no in [
            "",
            "..",
            "x",
            "2026-13",
            "99999999999999999d",
            "-1",
            "7",
            "2026-1-1-1",
            ">",
            "д",
        ] {
            assert_eq!(told(no), None, "{no}");
        }
    }

    #[test]
    fn spans_of_numbers() {
        assert_eq!(of_numbers("5"), Some((Some(5), Some(6))));
        assert_eq!(of_numbers(">5"), Some((Some(6), None)));
        assert_eq!(of_numbers("5..7"), Some((Some(5), Some(8))));
        assert_eq!(
            of_numbers("..9223372036854775807"),
            Some((None, Some(i64::MAX)))
        );
        assert_eq!(of_numbers("x"), None);
        assert_eq!(of_numbers(".."), None);
    }
}
