//! Calendar dates without a library: plugins stay small.

use std::fmt;

/// A date of the Gregorian calendar. The order is the order in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Year.
    pub year: i64,
    /// Month, 1 to 12.
    pub month: i64,
    /// Day of the month, from 1.
    pub day: i64,
}

impl Date {
    /// Reads a date such as `2026-03-02`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-').map(str::parse::<i64>);
        let (year, month, day) = (
            parts.next()?.ok()?,
            parts.next()?.ok()?,
            parts.next()?.ok()?,
        );
        let is_date = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_of(year, month)).contains(&day);
        is_date.then_some(Self { year, month, day })
    }

    /// The date in UTC of an instant in microseconds since 1970.
    #[must_use]
    pub fn of_instant(micros: i64) -> Self {
        // Days since 0000-03-01: with the year beginning in March, the leap day is its last day.
        let days = micros.div_euclid(86_400_000_000) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month,
            day: of_year - (153 * shifted + 2) / 5 + 1,
        }
    }

    /// The same day `months` later, or the last day of that month when it is shorter.
    #[must_use]
    pub fn plus_months(self, months: i64) -> Self {
        let count = self.year * 12 + self.month - 1 + months;
        let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
        Self {
            year,
            month,
            day: self.day.min(days_of(year, month)),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::Date;

    #[test]
    fn instants_give_their_date() {
        let cases = [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400_000_000, "2000-02-29"),
            (1_772_409_600_000_000, "2026-03-02"),
            (4_107_542_400_000_000, "2100-03-01"),
        ];
        for (micros, date) in cases {
            assert_eq!(Date::of_instant(micros).to_string(), date);
        }
    }

    #[test]
    fn months_are_added_within_the_month() {
        let add = |date, months| Date::parse(date).map(|d| d.plus_months(months).to_string());
        assert_eq!(add("2026-01-31", 1).as_deref(), Some("2026-02-28"));
        assert_eq!(add("2024-02-29", 12).as_deref(), Some("2025-02-28"));
        assert_eq!(add("2026-11-30", 24).as_deref(), Some("2028-11-30"));
    }

    #[test]
    fn texts_that_are_no_dates_are_refused() {
        for text in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "26",
            "2026-01-32",
            "x-y-z",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
