//! Working-time arithmetic: how much work lies between two instants, and when an amount is done.
//!
//! The rule: a calendar works at those UTC instants whose *local* time lies in its hours. So where
//! clocks go back, the repeated hour counts twice (people are there twice), and where they go
//! forward, the skipped hour counts not at all. Everything is in whole seconds; the fraction of an
//! instant is dropped, so amounts add up however a span is cut.

use chrono::{DateTime, NaiveDate, Offset, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

use super::calendar::{Calendar, Hours};

#[cfg(test)]
pub(super) mod tests;

/// How far [`add_working`] looks for working time, in days: 20 years.
pub const HORIZON_DAYS: i64 = 7_305;
/// Longest span that is counted, in days: 100 years. What lies beyond counts as not worked.
pub const SPAN_DAYS_MAX: i64 = 36_525;

const DAY_SECS: i64 = 86_400;

/// A span of working time, `from` included and `to` excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkInterval {
    /// First second of the span.
    pub from: DateTime<Utc>,
    /// Second after the last one.
    pub to: DateTime<Utc>,
}

impl WorkInterval {
    /// Length in seconds.
    pub fn secs(&self) -> u64 {
        seconds(self.from.timestamp(), self.to.timestamp())
    }
}

/// The calendar has too little working time ahead for the amount asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "calendar `{calendar}` version {version} works {found_secs} s between {start} and {until}, and {asked_secs} s are needed; add working hours or lower the target"
)]
pub struct NeverDue {
    /// Code of the calendar.
    pub calendar: String,
    /// Version of the calendar.
    pub version: u32,
    /// Where the search began.
    pub start: DateTime<Utc>,
    /// Where it gave up.
    pub until: DateTime<Utc>,
    /// Working seconds asked for.
    pub asked_secs: u64,
    /// Working seconds found.
    pub found_secs: u64,
}

/// Working seconds from `from` to `to`; 0 when `to` is not after `from`.
pub fn worked_between(calendar: &Calendar, from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
    Pieces::new(calendar, from.timestamp(), to.timestamp())
        .map(|(from, to)| seconds(from, to))
        .sum()
}

/// The earliest instant at or after `start` by which `secs` working seconds have passed.
///
/// Nothing to wait for is due at once: with 0 seconds the answer is `start` itself. An amount
/// done at the end of a day is due at that end, not at the next morning.
///
/// # Errors
/// [`NeverDue`] when the calendar has less than that within [`HORIZON_DAYS`].
pub fn add_working(
    calendar: &Calendar,
    start: DateTime<Utc>,
    secs: u64,
) -> Result<DateTime<Utc>, NeverDue> {
    let begin = start.timestamp();
    if secs == 0 {
        return Ok(instant(begin));
    }
    let until = begin.saturating_add(HORIZON_DAYS * DAY_SECS);
    let mut found_secs = 0;
    for (from, to) in Pieces::new(calendar, begin, until) {
        let left = secs - found_secs;
        let piece = seconds(from, to);
        if piece >= left {
            // `left` is at most `piece`, which came from an i64.
            return Ok(instant(from.saturating_add_unsigned(left)));
        }
        found_secs += piece;
    }
    Err(NeverDue {
        calendar: calendar.code.clone(),
        version: calendar.version,
        start: instant(begin),
        until: instant(until),
        asked_secs: secs,
        found_secs,
    })
}

/// The working spans from `from` to `to` in order; spans that touch are joined.
pub fn intervals_between(
    calendar: &Calendar,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> impl Iterator<Item = WorkInterval> {
    let mut pieces = Pieces::new(calendar, from.timestamp(), to.timestamp()).peekable();
    std::iter::from_fn(move || {
        let (from, mut to) = pieces.next()?;
        while let Some((_, further)) = pieces.next_if(|(next, _)| *next == to) {
            to = further;
        }
        Some(WorkInterval {
            from: instant(from),
            to: instant(to),
        })
    })
}

/// Local days with working time between two instants; 0 when `to` is not after `from`.
pub fn working_days(calendar: &Calendar, from: DateTime<Utc>, to: DateTime<Utc>) -> u32 {
    let local = |at: DateTime<Utc>| at.with_timezone(&calendar.time_zone).date_naive();
    let mut last: Option<NaiveDate> = None;
    let mut days = 0;
    for worked in intervals_between(calendar, from, to) {
        let mut day = local(worked.from);
        let end = local(worked.to - chrono::TimeDelta::seconds(1));
        while day <= end {
            if last.is_none_or(|last| last < day) {
                days += 1;
                last = Some(day);
            }
            let Some(next) = day.succ_opt() else { break };
            day = next;
        }
    }
    days
}

/// The working pieces of a span, each within one local day and one offset from UTC.
///
/// Walking such parts is what makes the arithmetic right across clock changes: within a part the
/// local time runs evenly, so no local time has to be turned back into an instant.
struct Pieces<'a> {
    calendar: &'a Calendar,
    at: i64,
    end: i64,
    part: Option<Part<'a>>,
}

/// From some instant to the end of its local day or to the next clock change.
#[derive(Clone, Copy)]
struct Part<'a> {
    /// The instant after the last one of the part.
    to: i64,
    /// The offset in force at `to`.
    offset_after: i64,
    /// Where the local day would begin if this part's offset held all day.
    midnight: i64,
    day: Day<'a>,
}

/// Where the hours of a day are.
#[derive(Clone, Copy)]
enum Day<'a> {
    Weekly(Weekday),
    Exception(&'a [Hours]),
}

impl<'a> Pieces<'a> {
    fn new(calendar: &'a Calendar, from: i64, to: i64) -> Self {
        Self {
            calendar,
            at: from,
            end: to.min(from.saturating_add(SPAN_DAYS_MAX * DAY_SECS)),
            part: None,
        }
    }

    /// The part that begins at `self.at`.
    fn part(&self) -> Option<Part<'a>> {
        let zone = self.calendar.time_zone;
        let offset = match self.part {
            Some(before) if before.to == self.at => before.offset_after,
            _ => offset_at(zone, self.at)?,
        };
        let local = self.at + offset;
        let midnight = local - local.rem_euclid(DAY_SECS) - offset;
        let mut to = midnight + DAY_SECS;
        let offset_after = offset_at(zone, to)?;
        if offset_after != offset {
            to = clock_change(zone, self.at, to, offset)?;
        }
        let date = DateTime::from_timestamp(local, 0)?.date_naive();
        Some(Part {
            to,
            offset_after,
            midnight,
            day: day_of(self.calendar, date),
        })
    }

    /// The first working piece at or after `self.at` within `part`.
    fn piece(&self, part: &Part<'_>) -> Option<(i64, i64)> {
        let clip = |hours: Hours| {
            let from = part.midnight + i64::from(hours.from) * 60;
            let to = part.midnight + i64::from(hours.to) * 60;
            let (from, to) = (from.max(self.at), to.min(part.to).min(self.end));
            (from < to).then_some((from, to))
        };
        // Taking the earliest each time needs no order, and counts an overlap once.
        match part.day {
            Day::Weekly(weekday) => (self.calendar.weekly.iter())
                .filter(|weekly| weekly.weekday == weekday)
                .filter_map(|weekly| clip(weekly.hours()))
                .min(),
            Day::Exception(hours) => hours.iter().filter_map(|&hours| clip(hours)).min(),
        }
    }
}

impl Iterator for Pieces<'_> {
    type Item = (i64, i64);

    fn next(&mut self) -> Option<(i64, i64)> {
        while self.at < self.end {
            let part = match self.part {
                Some(part) if self.at < part.to => part,
                _ => {
                    let part = self.part()?;
                    self.part = Some(part);
                    part
                }
            };
            if let Some((from, to)) = self.piece(&part) {
                self.at = to;
                return Some((from, to));
            }
            self.at = part.to;
        }
        None
    }
}

fn day_of(calendar: &Calendar, date: NaiveDate) -> Day<'_> {
    use chrono::Datelike;
    match calendar.exceptions.get(&date) {
        Some(exception) => Day::Exception(&exception.intervals),
        None => Day::Weekly(date.weekday()),
    }
}

/// Seconds to add to UTC in `zone`; nothing at the ends of representable time.
fn offset_at(zone: Tz, at: i64) -> Option<i64> {
    let utc = DateTime::from_timestamp(at, 0)?.naive_utc();
    let offset = zone.offset_from_utc_datetime(&utc).fix();
    Some(i64::from(offset.local_minus_utc()))
}

/// The first instant after `from` whose offset is no longer `offset`, given that `to` is one.
///
/// A zone changes its clocks at most once in a day, so halving finds it.
fn clock_change(zone: Tz, from: i64, to: i64, offset: i64) -> Option<i64> {
    let (mut same, mut other) = (from, to);
    while other - same > 1 {
        let middle = same + (other - same) / 2;
        if offset_at(zone, middle)? == offset {
            same = middle;
        } else {
            other = middle;
        }
    }
    Some(other)
}

fn seconds(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or(0)
}

fn instant(timestamp: i64) -> DateTime<Utc> {
    // Out of range only past the year 262,000, where the last instant serves as well.
    DateTime::from_timestamp(timestamp, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
