//! Running reports: under the reader's rights, from the columns of the search index; without an
//! index from the records themselves, of which only so many are read.

mod cells;
mod plan;
mod source;
mod variant;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, Error, ErrorKind, RecordPage, Result};
use crate::domain::Id;
use crate::domain::report::ReportDef;
use crate::domain::tally::{Group, Measured, Tally};
use crate::store::Pos;

pub use plan::Plan;
pub use variant::{Variant, key as variant_key};

/// Most groups that are counted; records beyond them are in the totals only.
pub const MAX_GROUPS: usize = 20_000;
/// Most rows of an answer.
pub const MAX_ROWS: usize = 5_000;
/// Rows of an answer when the reader does not say.
const USUAL_ROWS: usize = 1_000;

/// What a reader asks of a report.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportSpec {
    /// Values by field: one, a list, `{from, to}`, or `{present}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub filters: BTreeMap<String, Json>,
    /// From when until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// Codes of dimensions; none given: all of the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<Vec<String>>,
    /// Codes of measures; none given: all of the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measures: Option<Vec<String>>,
    /// Code of a dimension or measure, with `-` before it for descending order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// Most rows, 1 to 5000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// A length of time: dates of the report's time zone, both included, or instants, the last excluded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Period {
    /// First date or instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Last date, or the instant after the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// A column of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportColumn {
    /// Code of the dimension or measure.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Whether it is a dimension.
    pub is_dimension: bool,
    /// What its values are: `text`, `record`, `number`, `seconds`, `share`.
    pub values: &'static str,
}

/// A row of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportRow {
    /// Values of the dimensions, in order; null where records have none.
    pub keys: Vec<Json>,
    /// Their names for people.
    pub labels: Vec<Option<String>>,
    /// Values of the measures, in order; null where there was nothing to measure.
    pub values: Vec<Json>,
}

/// What a report came to.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportResult {
    /// Full code of the report.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Dimensions, then measures.
    pub columns: Vec<ReportColumn>,
    /// Rows.
    pub rows: Vec<ReportRow>,
    /// The measures of all records together.
    pub totals: Vec<Json>,
    /// The oldest records that are not closed, with their ages in seconds.
    pub open: Vec<(RecordPage, i64)>,
    /// Records that were counted.
    pub records: u64,
    /// Rows there are; the answer may hold fewer.
    pub rows_in_all: usize,
    /// Records that are in the totals only, since there were too many groups.
    pub left_out: u64,
    /// `index` or `records`.
    pub source: &'static str,
    /// Position that the answer shows at least.
    pub position: Pos,
}

impl ReportResult {
    /// The rows as objects: values by the codes of columns, and names for people under `labels`.
    #[must_use]
    pub fn objects(&self) -> Vec<Json> {
        let codes: Vec<&String> = self.columns.iter().map(|c| &c.code).collect();
        let object = |row: &ReportRow| {
            let values = row.keys.iter().chain(&row.values).cloned();
            let values = codes.iter().map(|c| (*c).clone()).zip(values);
            let mut all: serde_json::Map<String, Json> = values.collect();
            let labels = codes.iter().zip(&row.labels);
            let labels = labels.filter_map(|(c, l)| Some(((*c).clone(), Json::from(l.clone()?))));
            all.insert("labels".to_owned(), Json::Object(labels.collect()));
            Json::Object(all)
        };
        self.rows.iter().map(object).collect()
    }

    /// The totals by the codes of measures.
    #[must_use]
    pub fn totals_object(&self) -> Json {
        let measures = self.columns.iter().filter(|c| !c.is_dimension);
        let pairs = measures.map(|c| c.code.clone()).zip(self.totals.clone());
        Json::Object(pairs.collect())
    }
}

impl Desk {
    /// The reports that a reader may run.
    ///
    /// # Errors
    /// For customers, or when the store fails.
    pub fn reports(&self, actor: &Actor) -> Result<Vec<ReportDef>> {
        actor.require_agent("reading reports")?;
        Ok(self.catalog()?.reports().cloned().collect())
    }

    /// Runs a report.
    ///
    /// # Errors
    /// When there is none, a filter is wrong, the reader may not see a field of it, there are too many
    /// records, or the store fails.
    pub fn run_report(
        &self,
        actor: &Actor,
        (name, locale): (&str, &str),
        spec: &ReportSpec,
        at_least: Option<Pos>,
    ) -> Result<ReportResult> {
        actor.require_agent("reading reports")?;
        let snapshot = self.store.snapshot(at_least)?;
        let (ground, _) = self.ground(snapshot, self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        if sight.rights().is_some_and(|rights| !rights.reports()) {
            return Err(Error::forbidden("none of your roles lets you run reports"));
        }
        let catalog = Arc::clone(&ground.catalog);
        let def = catalog
            .report(name)
            .ok_or_else(|| unknown(&catalog, name))?;
        let plan = Plan::of(&ground, &sight, def, spec)?;
        let zone = (def.time_zone, ground.now, MAX_GROUPS);
        let (dimensions, measures) = (plan.dimensions(), plan.measures());
        let mut tally = Tally::new(dimensions, measures, &plan.names, zone);
        let found = self.count(&ground, &sight, &plan, at_least, &mut tally)?;
        let left_out = tally.left_out;
        let (mut groups, totals) = tally.finish();
        let rows_in_all = groups.len();
        plan.sort(&mut groups, spec.sort.as_deref())?;
        groups.truncate(limit(spec.limit)?);
        let rows = plan.rows(&sight, locale, groups, found.from_index)?;
        Ok(ReportResult {
            code: def.code.clone(),
            name: def.names.get(locale).unwrap_or(&def.code).to_owned(),
            columns: plan.columns(locale),
            rows,
            totals: totals.iter().map(measured).collect(),
            open: found.open,
            records: found.records,
            rows_in_all,
            left_out,
            source: if found.from_index { "index" } else { "records" },
            position: found.position,
        })
    }
}

fn limit(asked: Option<usize>) -> Result<usize> {
    match asked.unwrap_or(USUAL_ROWS) {
        n @ 1..=MAX_ROWS => Ok(n),
        n => Err(Error::new(
            ErrorKind::Invalid,
            "limit_out_of_range",
            format!("`limit` is {n}; it must lie between 1 and {MAX_ROWS}"),
        )),
    }
}

/// What a measure came to, as JSON: whole numbers as numbers, exact ones as text.
fn measured(value: &Measured) -> Json {
    match value {
        Measured::Int(n) => Json::from(*n),
        Measured::Decimal(d) => Json::from(d.to_string()),
        Measured::Nothing => Json::Null,
    }
}

/// The error for a report that there is not.
pub fn unknown(catalog: &crate::packs::Catalog, name: &str) -> Error {
    let short: String = name.chars().take(64).collect();
    let known: Vec<&str> = catalog.reports().map(|r| r.code.as_str()).collect();
    let bare = known.iter().map(|c| crate::domain::report::bare(c));
    let near = crate::packs::nearest(&short, known.iter().copied().chain(bare));
    let hint = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
    let message = format!("there is no report `{short}`{hint}");
    Error::new(ErrorKind::NotFound, "unknown_report", message)
}

/// What came out of counting.
struct Counted {
    records: u64,
    open: Vec<(RecordPage, i64)>,
    from_index: bool,
    position: Pos,
}

/// The order of measured values: what could not be measured comes last.
fn compare(a: &Measured, b: &Measured) -> std::cmp::Ordering {
    let number = |m: &Measured| match m {
        Measured::Int(n) => Some(rust_decimal::Decimal::from(*n)),
        Measured::Decimal(d) => Some(*d),
        Measured::Nothing => None,
    };
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn id_of(group: &Group) -> Id {
    Id(group.2)
}
