//! Working calendars: the hours of a week, the days that differ, and the time zone they hold in.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::Names;
pub use check::FieldError;
use check::{check_code, check_day, check_name, check_names};

pub(super) mod check;
#[cfg(test)]
mod tests;

/// Minutes in a day: the largest `to` of [`Hours`].
pub const DAY_MINUTES: u16 = 1_440;
/// Most weekly intervals of a calendar.
pub const WEEKLY_MAX: usize = 70;
/// Most exceptions of a calendar.
pub const EXCEPTIONS_MAX: usize = 2_000;
/// Most intervals of one exceptional day.
pub const DAY_INTERVALS_MAX: usize = 24;
/// Longest name, in characters.
pub const NAME_MAX: usize = 200;
/// Most locales that a name is given in.
pub const LOCALES_MAX: usize = 50;

const WEEK: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];

/// Working hours within one local day: from `from` (included) to `to` (excluded), in minutes
/// since local midnight, `0..=1440`. Work past midnight is two intervals on two days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(expecting = "an interval of a day: an object with `from` and `to`, minutes from midnight")]
pub struct Hours {
    /// First minute of the interval.
    pub from: u16,
    /// Minute after the last one; 1440 is the end of the day.
    pub to: u16,
}

/// An interval of every week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    expecting = "an interval of the week: an object with `weekday`, `from` and `to`, minutes from midnight"
)]
pub struct WeeklyHours {
    /// The local day of the week, written `Mon` to `Sun`.
    pub weekday: Weekday,
    /// First minute of the local day.
    pub from: u16,
    /// Minute after the last one; 1440 is the end of the day.
    pub to: u16,
}

/// A local date that differs from its day of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(expecting = "a day that differs: an object with `name` and `intervals`")]
pub struct Exception {
    /// What the day is, for people: `Victory Day`, `short day`.
    pub name: String,
    /// The hours of that day, instead of the week's. None: a holiday. Some: a short day or an
    /// extra working day.
    pub intervals: Vec<Hours>,
}

/// A working calendar. A change makes a new `version`; what was counted with an old one keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(expecting = "a calendar: an object with `code`, `time_zone` and `weekly`")]
pub struct Calendar {
    /// The name rules use: `5x8-moscow`.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
    /// The zone the hours are local to; stored by its IANA name.
    #[serde(with = "zone_by_name")]
    pub time_zone: Tz,
    /// The hours of an ordinary week, in any order.
    pub weekly: Vec<WeeklyHours>,
    /// The days that differ, by local date.
    #[serde(default)]
    pub exceptions: BTreeMap<NaiveDate, Exception>,
    /// Raised by every change.
    #[serde(default)]
    pub version: u32,
}

impl Hours {
    /// The interval from minute `from` to minute `to`, unchecked: see [`Calendar::validate`].
    pub const fn new(from: u16, to: u16) -> Self {
        Self { from, to }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from, self.to);
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            from / 60,
            from % 60,
            to / 60,
            to % 60
        )
    }
}

impl FromStr for Hours {
    type Err = String;

    /// Reads `09:00-18:00`; the end of a day is `24:00`.
    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("`{text}` is not an interval of a day; write `09:00-18:00`");
        let (from, to) = text.split_once('-').ok_or_else(refuse)?;
        let (from, to) = (
            minute_of_day(from.trim()).ok_or_else(refuse)?,
            minute_of_day(to.trim()).ok_or_else(refuse)?,
        );
        if from < to {
            Ok(Self { from, to })
        } else {
            Err(refuse())
        }
    }
}

impl WeeklyHours {
    /// The hours of this interval, without its weekday.
    pub const fn hours(&self) -> Hours {
        Hours::new(self.from, self.to)
    }
}

impl Calendar {
    /// A calendar that always works, version 1, in UTC.
    pub fn around_the_clock(code: impl Into<String>) -> Self {
        let whole_days = WEEK.iter().map(|&weekday| WeeklyHours {
            weekday,
            from: 0,
            to: DAY_MINUTES,
        });
        Self {
            code: code.into(),
            names: Names::default(),
            time_zone: Tz::UTC,
            weekly: whole_days.collect(),
            exceptions: BTreeMap::new(),
            version: 1,
        }
    }

    /// The same hours on each of `weekdays`, version 1, no exceptions.
    pub fn weekly(
        code: impl Into<String>,
        time_zone: Tz,
        weekdays: &[Weekday],
        hours: &[Hours],
    ) -> Self {
        let weekly = weekdays.iter().flat_map(|&weekday| {
            hours.iter().map(move |hours| WeeklyHours {
                weekday,
                from: hours.from,
                to: hours.to,
            })
        });
        Self {
            code: code.into(),
            names: Names::default(),
            time_zone,
            weekly: weekly.collect(),
            exceptions: BTreeMap::new(),
            version: 1,
        }
    }

    /// Reads the hours of a week as people write them: `mon-fri 09:00-18:00`, `sat 10:00-14:00`.
    /// A range of days may run over the weekend: `sat-mon 00:00-24:00`.
    ///
    /// # Errors
    /// What is wrong with the text, and how to write it.
    pub fn parse_weekly(text: &str) -> Result<Vec<WeeklyHours>, String> {
        let refuse = || format!("`{text}` is not hours of a week; write `mon-fri 09:00-18:00`");
        let (days, hours) = text.trim().split_once(' ').ok_or_else(refuse)?;
        let Hours { from, to } = hours.trim().parse()?;
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let parse = |day: &str| day.parse::<Weekday>().map_err(|_| refuse());
        let (first, last) = (parse(first)?, parse(last)?);
        let count = last.days_since(first) as usize + 1;
        let weekdays = WEEK.iter().cycle().skip_while(|day| **day != first);
        let weekly = weekdays.take(count);
        Ok(weekly
            .map(|&weekday| WeeklyHours { weekday, from, to })
            .collect())
    }

    /// Everything that is wrong with the calendar; empty when it may be saved.
    pub fn validate(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        check_code("code", &self.code, &mut errors);
        check_names(&self.names, &mut errors);
        self.check_weekly(&mut errors);
        self.check_exceptions(&mut errors);
        let works = |hours: Hours| hours.from < hours.to;
        let some_work = self.weekly.iter().any(|weekly| works(weekly.hours()))
            || (self.exceptions.values())
                .any(|day| day.intervals.iter().any(|&hours| works(hours)));
        if !some_work {
            errors.push(FieldError::new(
                "weekly",
                "the calendar never works; add at least one interval to the week or to an exception",
            ));
        }
        errors
    }

    /// The exceptional days that the instants from `from` to before `to` touch, by local date.
    pub fn exceptions_between(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = (NaiveDate, &Exception)> {
        let local = |at: DateTime<Utc>| at.with_timezone(&self.time_zone).date_naive();
        let days = (from < to).then(|| local(from)..=local(to - TimeDelta::nanoseconds(1)));
        // A skipped local day can make the range run backwards, which `range` would refuse.
        let days = days.filter(|days| days.start() <= days.end());
        days.into_iter()
            .flat_map(|days| self.exceptions.range(days))
            .map(|(date, day)| (*date, day))
    }

    fn check_weekly(&self, errors: &mut Vec<FieldError>) {
        if self.weekly.len() > WEEKLY_MAX {
            errors.push(FieldError::new(
                "weekly",
                format!(
                    "`{}` intervals; a week holds at most {WEEKLY_MAX}",
                    self.weekly.len()
                ),
            ));
            return;
        }
        for weekday in WEEK {
            let day = (self.weekly.iter().enumerate())
                .filter(|(_, weekly)| weekly.weekday == weekday)
                .map(|(index, weekly)| (format!("weekly[{index}]"), weekly.hours()));
            check_day(day.collect(), errors);
        }
    }

    fn check_exceptions(&self, errors: &mut Vec<FieldError>) {
        if self.exceptions.len() > EXCEPTIONS_MAX {
            errors.push(FieldError::new(
                "exceptions",
                format!(
                    "`{}` days; a calendar holds at most {EXCEPTIONS_MAX}, drop the oldest",
                    self.exceptions.len()
                ),
            ));
            return;
        }
        for (date, day) in &self.exceptions {
            let field = format!("exceptions.{date}");
            check_name(&format!("{field}.name"), &day.name, errors);
            if day.intervals.len() > DAY_INTERVALS_MAX {
                errors.push(FieldError::new(
                    format!("{field}.intervals"),
                    format!(
                        "`{}` intervals; a day holds at most {DAY_INTERVALS_MAX}",
                        day.intervals.len()
                    ),
                ));
                continue;
            }
            let intervals = (day.intervals.iter().enumerate())
                .map(|(index, &hours)| (format!("{field}.intervals[{index}]"), hours));
            check_day(intervals.collect(), errors);
        }
    }
}

fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let whole = hour.checked_mul(60)?.checked_add(minute)?;
    (minute < 60 && whole <= DAY_MINUTES).then_some(whole)
}

/// A time zone as its IANA name.
pub(super) mod zone_by_name {
    use chrono_tz::Tz;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(in crate::domain) fn serialize<S: Serializer>(
        zone: &Tz,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(zone.name())
    }

    pub(in crate::domain) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Tz, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(|_| {
            de::Error::custom(format!(
                "time zone `{name}` is unknown; write an IANA name such as `Europe/Moscow`"
            ))
        })
    }
}
