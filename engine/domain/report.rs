//! Reports as data: what is counted, broken down by what.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::record::fields;
use super::{Kind, Names};

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportDef {
    /// Code, `pack/name` once loaded.
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
    /// Kind of the records.
    pub source: Kind,
    /// Types of the records; none: all of the kind.
    #[serde(default)]
    pub types: Vec<String>,
    /// What it is broken down by, in this order.
    #[serde(default)]
    pub dimensions: Vec<DimensionDef>,
    /// What is counted.
    #[serde(default)]
    pub measures: Vec<MeasureDef>,
    /// Fields by which a reader may filter; `status_category` filters by the meaning of statuses.
    #[serde(default)]
    pub filters: Vec<String>,
    /// Values of filters when the reader gives none.
    #[serde(default)]
    pub defaults: BTreeMap<String, Vec<String>>,
    /// Conditions that always hold, by field.
    #[serde(default, rename = "where")]
    pub fixed: BTreeMap<String, Vec<String>>,
    /// The instant or date that the period of a run is about.
    #[serde(default = "created_at")]
    pub period: String,
    /// Time zone of days, weeks and months.
    #[serde(default = "utc", with = "super::calendar::zone_by_name")]
    pub time_zone: Tz,
    /// How many of the oldest records that are not closed are listed with their age.
    #[serde(default)]
    pub open_list: usize,
}

/// What a report is broken down by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DimensionDef {
    /// The field; of a list the first value counts.
    pub field: String,
    /// Step of a field of time.
    #[serde(default)]
    pub by: Option<Step>,
    /// Code; the field's name without pack, with the step after a dot, when not given.
    #[serde(default)]
    pub code: String,
    /// Names by locale; the field's when not given.
    #[serde(default)]
    pub names: Names,
}

/// A step of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A day.
    Day,
    /// A week from Monday on.
    Week,
    /// A month.
    Month,
    /// A quarter of a year.
    Quarter,
    /// A year.
    Year,
}

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureDef {
    /// How.
    pub of: MeasureKind,
    /// The field: a number, or an instant.
    #[serde(default)]
    pub field: Option<String>,
    /// The instant that a length of time begins at.
    #[serde(default)]
    pub from: Option<String>,
    /// The instant that `field` should not lie behind.
    #[serde(default)]
    pub within: Option<String>,
    /// How long after `from` the field may lie, in seconds.
    #[serde(default)]
    pub within_secs: Option<i64>,
    /// Code; the kind's name with the field's when not given.
    #[serde(default)]
    pub code: String,
    /// Names by locale.
    #[serde(default)]
    pub names: Names,
}

/// How something is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    /// Records.
    Count,
    /// The sum of `field`; with `from`, of the seconds from there to `field`.
    Sum,
    /// The average of the same.
    Avg,
    /// The share, 0 to 1, of records whose `field` lies not behind `within`, or not more than
    /// `within_secs` behind `from`. Records that may still come in time are left out.
    ShareWithin,
    /// The median age in seconds of records that are not closed; from `from`, or from their making.
    MedianAge,
}

impl MeasureKind {
    /// Name in definitions and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::ShareWithin => "share_within",
            Self::MedianAge => "median_age",
        }
    }
}

impl DimensionDef {
    /// The code that rows name it by.
    #[must_use]
    pub fn name(&self) -> String {
        match self.by {
            _ if !self.code.is_empty() => self.code.clone(),
            Some(step) => format!("{}.{}", bare(&self.field), step.name()),
            None => bare(&self.field).to_owned(),
        }
    }
}

impl MeasureDef {
    /// The code that rows name it by.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.field {
            _ if !self.code.is_empty() => self.code.clone(),
            Some(field) => format!("{}_{}", self.of.name(), bare(field)),
            None => self.of.name().to_owned(),
        }
    }

    /// The fields it needs.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let aged = matches!(self.of, MeasureKind::MedianAge);
        let own = [
            self.field.as_deref(),
            self.from.as_deref(),
            self.within.as_deref(),
        ];
        let more = [fields::CREATED_AT, fields::CLOSED_AT];
        own.into_iter()
            .flatten()
            .chain(more.into_iter().filter(move |_| aged))
    }

    /// What is wrong with it, if anything.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let (field, from) = (self.field.is_some(), self.from.is_some());
        let (within, secs) = (self.within.is_some(), self.within_secs.is_some());
        match self.of {
            MeasureKind::Count if field || from || within || secs => {
                Some("counts records and takes no field")
            }
            MeasureKind::Sum | MeasureKind::Avg if !field || within || secs => {
                Some("needs `field`, and `from` for a length of time")
            }
            MeasureKind::ShareWithin
                if !(field && (within || (from && secs)) && within != secs) =>
            {
                Some("needs `field` and either `within` or `from` with `within_secs`")
            }
            MeasureKind::MedianAge if field || within || secs => Some("takes `from` only"),
            _ => None,
        }
    }
}

impl Step {
    /// Name in definitions and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// The step that a day lies in, as text that sorts by time: `2026-03-02`, `2026-W10`, `2026-03`,
    /// `2026-Q1`, `2026`.
    #[must_use]
    pub fn of(self, day: NaiveDate) -> String {
        match self {
            Self::Day => day.to_string(),
            Self::Week => {
                let week = day.iso_week();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Self::Month => format!("{:04}-{:02}", day.year(), day.month()),
            Self::Quarter => format!("{:04}-Q{}", day.year(), day.month0() / 3 + 1),
            Self::Year => format!("{:04}", day.year()),
        }
    }
}

/// A code without its pack.
#[must_use]
pub fn bare(code: &str) -> &str {
    code.rsplit('/').next().unwrap_or(code)
}

fn created_at() -> String {
    fields::CREATED_AT.to_owned()
}

const fn utc() -> Tz {
    Tz::UTC
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(toml: &str) -> MeasureDef {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn measures_say_what_they_lack() {
        assert!(measure("of = \"sum\"").fault().is_some());
        assert!(
            measure("of = \"share_within\"\nfield = \"a\"")
                .fault()
                .is_some()
        );
        assert!(
            measure("of = \"share_within\"\nfield = \"a\"\nwithin = \"b\"")
                .fault()
                .is_none()
        );
        assert!(measure("of = \"count\"\nfield = \"a\"").fault().is_some());
    }
}
