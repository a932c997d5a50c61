//! Counting records into the groups of a report.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::Instant;
use super::record::fields;
use super::report::{DimensionDef, MeasureDef, MeasureKind, Step};

/// A value that is counted or broken down by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// Text, code, reference or step of time.
    Text(Arc<str>),
    /// Whole number, truth value or seconds.
    Int(i64),
    /// Exact number.
    Decimal(Decimal),
    /// Instant.
    At(Instant),
    /// Date.
    Day(NaiveDate),
}

impl Cell {
    fn number(&self) -> Option<Decimal> {
        match self {
            Self::Int(n) => Some(Decimal::from(*n)),
            Self::Decimal(d) => Some(*d),
            _ => None,
        }
    }

    const fn at(&self) -> Option<Instant> {
        match self {
            Self::At(at) => Some(*at),
            _ => None,
        }
    }

    /// The cell as a dimension shows it.
    fn stepped(self, by: Option<Step>, zone: Tz) -> Self {
        let day = match (&self, by) {
            (Self::At(at), Some(_)) => at.with_timezone(&zone).date_naive(),
            (Self::Day(day), Some(_)) => *day,
            _ => return self,
        };
        by.map_or(self, |step| Self::Text(step.of(day).into()))
    }
}

/// What a measure came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measured {
    /// A whole number.
    Int(i64),
    /// An exact number.
    Decimal(Decimal),
    /// There was nothing to measure.
    Nothing,
}

/// One measure while it is counted.
#[derive(Debug, Clone, Default)]
struct Sum {
    records: i64,
    sum: Decimal,
    kept: i64,
    ages: Vec<i64>,
}

/// A group while it is counted, and one of its records.
type Counting = (Vec<Sum>, [u8; 16]);

/// Counts records into groups.
pub struct Tally<'d> {
    dimensions: Vec<(&'d DimensionDef, usize)>,
    measures: Vec<(&'d MeasureDef, [Option<usize>; 5])>,
    zone: Tz,
    now: Instant,
    most: usize,
    groups: BTreeMap<Vec<Option<Cell>>, Counting>,
    totals: Vec<Sum>,
    /// Records that were left out because there were too many groups.
    pub left_out: u64,
}

/// One group: its dimensions, its measures and one of its records.
pub type Group = (Vec<Option<Cell>>, Vec<Measured>, [u8; 16]);

impl<'d> Tally<'d> {
    /// A tally of records whose values come in the order of `names`; at most `most` groups.
    #[must_use]
    pub fn new(
        dimensions: Vec<&'d DimensionDef>,
        measures: Vec<&'d MeasureDef>,
        names: &[String],
        (zone, now, most): (Tz, Instant, usize),
    ) -> Self {
        let place = |name: &str| names.iter().position(|n| n == name);
        let of = |name: Option<&str>| name.and_then(place);
        let places = |m: &MeasureDef| {
            let aged = m.of == MeasureKind::MedianAge;
            [
                of(m.field.as_deref()),
                of(m.from.as_deref()),
                of(m.within.as_deref()),
                of(aged.then_some(fields::CREATED_AT)),
                of(aged.then_some(fields::CLOSED_AT)),
            ]
        };
        let totals = vec![Sum::default(); measures.len()];
        Self {
            dimensions: dimensions
                .into_iter()
                .map(|d| (d, place(&d.field).unwrap_or(usize::MAX)))
                .collect(),
            measures: measures.into_iter().map(|m| (m, places(m))).collect(),
            zone,
            now,
            most,
            groups: BTreeMap::new(),
            totals,
            left_out: 0,
        }
    }

    /// Counts one record.
    pub fn add(&mut self, values: &[Option<Cell>], id: [u8; 16]) {
        let get = |place: usize| values.get(place).cloned().flatten();
        let key: Vec<Option<Cell>> = self
            .dimensions
            .iter()
            .map(|(def, place)| get(*place).map(|cell| cell.stepped(def.by, self.zone)))
            .collect();
        for ((measure, places), sum) in self.measures.iter().zip(&mut self.totals) {
            sum.add(measure, places.map(|p| p.and_then(get)), self.now);
        }
        if !self.groups.contains_key(&key) && self.groups.len() >= self.most {
            self.left_out += 1;
            return;
        }
        let count = self.measures.len();
        let (sums, _) = self
            .groups
            .entry(key)
            .or_insert_with(|| (vec![Sum::default(); count], id));
        for ((measure, places), sum) in self.measures.iter().zip(sums) {
            sum.add(measure, places.map(|p| p.and_then(get)), self.now);
        }
    }

    /// The groups in the order of their dimensions, and what all records together came to.
    #[must_use]
    pub fn finish(self) -> (Vec<Group>, Vec<Measured>) {
        let kinds: Vec<MeasureKind> = self.measures.iter().map(|(m, _)| m.of).collect();
        let measured = |sums: Vec<Sum>| -> Vec<Measured> {
            let pairs = kinds.iter().zip(sums);
            pairs.map(|(kind, sum)| sum.finish(*kind)).collect()
        };
        let groups = self.groups.into_iter();
        let groups = groups.map(|(key, (sums, id))| (key, measured(sums), id));
        let groups: Vec<Group> = groups.collect();
        (groups, measured(self.totals))
    }
}

impl Sum {
    fn add(&mut self, measure: &MeasureDef, cells: [Option<Cell>; 5], now: Instant) {
        let [field, from, within, created, closed] = cells;
        let instant = |cell: &Option<Cell>| cell.as_ref().and_then(Cell::at);
        match measure.of {
            MeasureKind::Count => self.records += 1,
            MeasureKind::Sum | MeasureKind::Avg => {
                let value = match &measure.from {
                    Some(_) => instant(&field)
                        .zip(instant(&from))
                        .map(|(to, from)| Decimal::from((to - from).num_seconds())),
                    None => field.as_ref().and_then(Cell::number),
                };
                if let Some(sum) = value.and_then(|v| self.sum.checked_add(v)) {
                    self.sum = sum;
                    self.records += 1;
                }
            }
            MeasureKind::ShareWithin => {
                let secs = TimeDelta::try_seconds(measure.within_secs.unwrap_or_default());
                let due = match &measure.within {
                    Some(_) => instant(&within),
                    None => instant(&from).zip(secs).map(|(from, secs)| from + secs),
                };
                let Some(due) = due else { return };
                let came = instant(&field);
                if came.is_none() && now <= due {
                    return;
                }
                self.records += 1;
                self.kept += i64::from(came.is_some_and(|came| came <= due));
            }
            MeasureKind::MedianAge => {
                let from = match &measure.from {
                    Some(_) => instant(&from),
                    None => instant(&created),
                };
                if let (Some(from), None) = (from, closed) {
                    self.ages.push((now - from).num_seconds());
                }
            }
        }
    }

    fn finish(mut self, kind: MeasureKind) -> Measured {
        let share = |part: Decimal, of: i64| match of {
            0 => Measured::Nothing,
            of => Measured::Decimal((part / Decimal::from(of)).round_dp(4).normalize()),
        };
        match kind {
            MeasureKind::Count => Measured::Int(self.records),
            MeasureKind::Sum if self.records == 0 => Measured::Int(0),
            MeasureKind::Sum => Measured::Decimal(self.sum.round_dp(6).normalize()),
            MeasureKind::Avg => share(self.sum, self.records),
            MeasureKind::ShareWithin => share(Decimal::from(self.kept), self.records),
            MeasureKind::MedianAge => {
                self.ages.sort_unstable();
                let upper = self.ages.get(self.ages.len() / 2).copied();
                let lower = self
                    .ages
                    .get(self.ages.len().saturating_sub(1) / 2)
                    .copied();
                match lower.zip(upper) {
                    Some((lower, upper)) => Measured::Int(i64::midpoint(lower, upper)),
                    None => Measured::Nothing,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<Cell> {
        Some(Cell::At(text.parse().unwrap()))
    }

    fn text(text: &str) -> Option<Cell> {
        Some(Cell::Text(text.into()))
    }

    fn measure(toml: &str) -> MeasureDef {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn records_are_counted_by_type_and_month_of_the_zone() {
        let by_type: DimensionDef = toml::from_str("field = \"p/kind\"").unwrap();
        let by_month: DimensionDef =
            toml::from_str("field = \"created_at\"\nby = \"month\"").unwrap();
        assert_eq!(
            (by_type.name().as_str(), by_month.name().as_str()),
            ("kind", "created_at.month")
        );
        let count = measure("of = \"count\"");
        let names = ["p/kind".to_owned(), "created_at".to_owned()];
        let now = "2026-04-01T00:00:00Z".parse().unwrap();
        let zone = chrono_tz::Europe::Moscow;
        let mut tally = Tally::new(
            vec![&by_type, &by_month],
            vec![&count],
            &names,
            (zone, now, 2),
        );
        // In Moscow it is March already.
        tally.add(&[text("a"), at("2026-02-28T22:00:00Z")], [0; 16]);
        tally.add(&[text("a"), at("2026-03-15T22:00:00Z")], [1; 16]);
        tally.add(&[None, at("2026-03-15T22:00:00Z")], [2; 16]);
        tally.add(&[text("b"), at("2026-03-15T22:00:00Z")], [3; 16]);
        assert_eq!(tally.left_out, 1);
        let (groups, totals) = tally.finish();
        let march = text("2026-03");
        let wanted = [
            (vec![None, march.clone()], vec![Measured::Int(1)], [2; 16]),
            (vec![text("a"), march], vec![Measured::Int(2)], [0; 16]),
        ];
        assert_eq!(groups, wanted);
        assert_eq!(totals, [Measured::Int(4)]);
    }

    #[test]
    fn shares_averages_and_ages() {
        let share = measure("of = \"share_within\"\nfield = \"done\"\nwithin = \"due\"");
        let quick = measure(
            "of = \"share_within\"\nfield = \"done\"\nfrom = \"created_at\"\nwithin_secs = 120",
        );
        let avg = measure("of = \"avg\"\nfield = \"done\"\nfrom = \"created_at\"");
        let age = measure("of = \"median_age\"");
        let names = ["created_at", "done", "due", "closed_at"].map(str::to_owned);
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        let all = vec![&share, &quick, &avg, &age];
        let mut tally = Tally::new(Vec::new(), all, &names, (Tz::UTC, now, 10));
        let due = at("2026-03-02T10:00:00Z");
        let made = || at("2026-03-02T09:00:00Z");
        let in_time = at("2026-03-02T09:01:00Z");
        tally.add(&[made(), in_time.clone(), due.clone(), in_time], [0; 16]);
        tally.add(
            &[made(), at("2026-03-02T10:00:00Z"), due.clone(), None],
            [0; 16],
        );
        tally.add(&[made(), None, due, None], [0; 16]);
        // May still come in time.
        tally.add(
            &[
                at("2026-03-02T11:59:30Z"),
                None,
                at("2026-03-02T13:00:00Z"),
                None,
            ],
            [0; 16],
        );
        let d = |text: &str| Measured::Decimal(text.parse().unwrap());
        let wanted = [d("0.6667"), d("0.3333"), d("1830"), Measured::Int(10_800)];
        assert_eq!(tally.finish().1, wanted);
    }
}
