//! Reports: which there are, and running them.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use super::input::{Input, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at, set};
use super::report_csv;
use super::route::{Op, Routes};
use super::state::App;
use super::view::Look;
use crate::desk::{Error, ReportResult, ReportSpec, Variant};
use crate::domain::Id;
use crate::domain::report::{DimensionDef, MeasureDef, ReportDef};

pub(super) const TAG: &str = "reports";

/// What a reader asks of a report. Everything may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReportRun {
    /// Values by filter: one, a list, `{"from", "to"}`, or `{"present"}`. Those of the variant stay
    /// where nothing is said.
    #[schema(value_type = Object)]
    filters: Map<String, Json>,
    /// `{"from", "to"}`: dates, both included, or instants, the last excluded.
    #[schema(value_type = Option<Object>)]
    period: Option<Json>,
    /// Codes of dimensions, in order; all of the report when not given.
    dimensions: Option<Vec<String>>,
    /// Codes of measures, in order; all of the report when not given.
    measures: Option<Vec<String>>,
    /// Code of a dimension or measure, with `-` before it for descending order.
    sort: Option<String>,
    /// Most rows, 1 to 5000; 1000 when not given.
    limit: Option<usize>,
    /// A saved variant to begin with.
    pub(super) variant: Option<String>,
}

/// A report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Report)]
pub struct ReportView {
    /// Full code.
    code: String,
    /// Name in the language of the request.
    name: String,
    /// Kind of the records.
    source: &'static str,
    /// What it is broken down by.
    dimensions: Vec<ReportPartView>,
    /// What is counted.
    measures: Vec<ReportPartView>,
    /// Names of the filters a run may use.
    filters: Vec<String>,
    /// The field that the period is about.
    period: String,
    /// Time zone of days, weeks and months.
    time_zone: String,
}

/// A dimension or measure of a report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReportPart)]
pub struct ReportPartView {
    /// Code.
    code: String,
    /// Name in the language of the request.
    name: Option<String>,
}

/// All reports.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reports)]
pub struct ReportsView {
    /// The reports, by code.
    items: Vec<ReportView>,
}

/// A column of a report's answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReportColumn)]
pub struct ColumnView {
    /// Code: the key in rows.
    code: String,
    /// Name in the language of the request.
    name: String,
    /// `dimension` or `measure`.
    role: &'static str,
    /// `text`, `record`, `number`, `seconds` or `share`.
    values: &'static str,
}

/// What a report came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReportAnswer)]
pub struct AnswerView {
    /// Full code of the report.
    report: String,
    /// Name in the language of the request.
    name: String,
    /// Dimensions, then measures.
    columns: Vec<ColumnView>,
    /// Rows: values by the codes of columns; `labels` has the names of types, statuses, options and
    /// records. Exact numbers are text.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<Json>,
    /// The measures of all records together.
    #[schema(value_type = Object)]
    totals: Json,
    /// The oldest records that are not closed, each with `age_seconds`.
    #[schema(value_type = Vec<Object>)]
    open: Vec<Json>,
    /// Records that were counted.
    records: u64,
    /// Rows there are in all.
    rows_in_all: usize,
    /// Records that are in the totals only: there were more than 20000 groups.
    left_out: u64,
    /// `index`: counted from the search index; `records`: from the records themselves.
    source: &'static str,
    /// Position that the answer shows at least.
    position: u64,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/reports", "list_reports")
        .access(Access::Agent)
        .about(TAG, "The reports that packs define.")
        .at_least()
        .reply_with::<ReportsView>(200, "The reports");
    routes.add(op, list_reports);
    let op = Op::post("/v1/reports/{code}/run", "run_report")
        .access(Access::Agent)
        .about(
            TAG,
            "Run a report: what the asker may not see is not counted. In the path a `/` of the code is `%2F`; the code alone will do when no other pack has it.",
        )
        .query("format", "`json`, or `csv` for a file of comma-separated values (RFC 4180).")
        .flag("bom", "Begin the file with a byte order mark, as some spreadsheets want it.")
        .at_least()
        .body::<ReportRun>()
        .reply_with::<AnswerView>(200, "What it came to");
    routes.add(op, run_report);
}

async fn list_reports(
    caller: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    let (at_least, locale) = (params.only_at_least()?, caller.locale);
    let done = app.read(at_least, move |desk| desk.reports(&caller.actor));
    let (pos, reports) = done.await?;
    let items = reports.iter().map(|r| report(r, locale)).collect();
    Ok(at(pos, axum::Json(ReportsView { items })))
}

fn report(def: &ReportDef, locale: &str) -> ReportView {
    let name = |names: &crate::domain::Names| names.get(locale).map(str::to_owned);
    let dimension = |d: &DimensionDef| ReportPartView {
        code: d.name(),
        name: name(&d.names),
    };
    let measure = |m: &MeasureDef| ReportPartView {
        code: m.name(),
        name: name(&m.names),
    };
    ReportView {
        code: def.code.clone(),
        name: name(&def.names).unwrap_or_else(|| def.code.clone()),
        source: def.source.name(),
        dimensions: def.dimensions.iter().map(dimension).collect(),
        measures: def.measures.iter().map(measure).collect(),
        filters: def.filters.clone(),
        period: def.period.clone(),
        time_zone: def.time_zone.to_string(),
    }
}

/// In which form an answer goes out.
enum Form {
    Json,
    Csv { bom: bool },
}

async fn run_report(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    mut params: Params,
    Input(body): Input<ReportRun>,
) -> Result<Response, Problem> {
    let code = path.text("code").to_owned();
    let at_least = params.at_least()?;
    let bom = params.one("bom")?.as_deref() == Some("true");
    let form = match params.one("format")?.as_deref() {
        None | Some("json") => Form::Json,
        Some("csv") => Form::Csv { bom },
        Some(_) => {
            let message = "expected `json` or `csv`";
            return Err(Error::field("format", "invalid_parameter", message).into());
        }
    };
    params.finish()?;
    let variant = body
        .variant
        .as_deref()
        .map(|v| records::id_in("variant", v));
    let variant: Option<Id> = variant.transpose()?;
    let asked = spec(body)?;
    let done = app.read(at_least, move |desk| {
        let spec = match variant {
            Some(id) => merged(&desk.variant(&caller.actor, &code, id)?, asked)?,
            None => asked,
        };
        let result = desk.run_report(&caller.actor, (&code, caller.locale), &spec, at_least)?;
        let catalog = desk.catalog()?;
        let look = records::look(&catalog, &caller);
        let body = match form {
            Form::Json => Ok(answer(&look, result)),
            Form::Csv { bom } => Err(report_csv::text(&result, bom)),
        };
        Ok(body)
    });
    let (pos, body) = done.await?;
    Ok(match body {
        Ok(view) => at(pos, axum::Json(view).into_response()),
        Err(csv) => {
            let mut response = csv.into_response();
            set(
                &mut response,
                header::CONTENT_TYPE,
                "text/csv; charset=utf-8",
            );
            set(
                &mut response,
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"report.csv\"",
            );
            at(pos, response)
        }
    })
}

pub(super) fn spec(body: ReportRun) -> Result<ReportSpec, Error> {
    let period = body
        .period
        .filter(|p| !p.is_null())
        .map(serde_json::from_value);
    let period = period.transpose().map_err(|e| {
        Error::field(
            "period",
            "malformed",
            format!("expected `from` and `to`: {e}"),
        )
    })?;
    Ok(ReportSpec {
        filters: body.filters.into_iter().collect(),
        period,
        dimensions: body.dimensions,
        measures: body.measures,
        sort: body.sort,
        limit: body.limit,
    })
}

/// A variant with what is asked on top of it.
fn merged(variant: &Variant, asked: ReportSpec) -> Result<ReportSpec, Error> {
    let mut spec: ReportSpec = serde_json::from_str(&variant.spec)
        .map_err(|e| Error::internal(format!("a saved variant cannot be read: {e}")))?;
    spec.filters.extend(asked.filters);
    spec.period = asked.period.or(spec.period);
    spec.dimensions = asked.dimensions.or(spec.dimensions);
    spec.measures = asked.measures.or(spec.measures);
    spec.sort = asked.sort.or(spec.sort);
    spec.limit = asked.limit.or(spec.limit);
    Ok(spec)
}

fn answer(look: &Look<'_>, result: ReportResult) -> AnswerView {
    let (rows, totals) = (result.objects(), result.totals_object());
    let open = result.open.iter().map(|(page, age)| {
        let mut record = look.record(page);
        if let Some(all) = record.as_object_mut() {
            all.insert("age_seconds".to_owned(), json!(age));
        }
        record
    });
    AnswerView {
        totals,
        open: open.collect(),
        rows,
        report: result.code,
        name: result.name,
        columns: result
            .columns
            .into_iter()
            .map(|c| ColumnView {
                code: c.code,
                name: c.name,
                role: if c.is_dimension {
                    "dimension"
                } else {
                    "measure"
                },
                values: c.values,
            })
            .collect(),
        records: result.records,
        rows_in_all: result.rows_in_all,
        left_out: result.left_out,
        source: result.source,
        position: result.position.0,
    }
}

/// A report's answer as JSON, as the API gives it to an administrator.
///
/// # Errors
/// When the store fails.
pub fn report_view(
    desk: &crate::desk::Desk,
    locale: &str,
    result: ReportResult,
) -> crate::desk::Result<Json> {
    let catalog = desk.catalog()?;
    let look = Look {
        catalog: &catalog,
        locale,
        actor: &crate::desk::Actor::System,
    };
    Ok(json!(answer(&look, result)))
}
