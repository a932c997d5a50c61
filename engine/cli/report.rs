//! `opora report`: which reports there are, and running them.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Map, Value as Json, json};

use super::client::{Peer, Place, items, text_of};
use super::failure::{Failure, Outcome};
use super::folder::{Around, Opening};
use super::settings::{Settings, Shared};
use super::{logging, out};
use crate::api;
use crate::desk::{Actor, Desk, ReportSpec, SystemClock};

/// What to do with reports.
#[derive(Debug, Subcommand)]
pub enum ReportTask {
    /// List the reports that packs define.
    List,
    /// Run a report.
    Run(RunArgs),
}

/// Which report, and what is asked of it.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Code of the report, with its pack or alone.
    #[arg(value_name = "CODE")]
    code: String,
    /// A filter of the report, `field=value` or `field=one,another`; may be given several times.
    #[arg(long = "where", value_name = "FILTER")]
    filters: Vec<String>,
    /// First date or instant of the period.
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Last date of the period, or the instant after it.
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Codes of dimensions, with commas; all of the report when not given.
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    by: Option<Vec<String>>,
    /// Code of a dimension or measure to sort by, with `-` before it for descending order.
    #[arg(long, value_name = "CODE", allow_hyphen_values = true)]
    sort: Option<String>,
    /// Most rows.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Language of names: `en` or `ru`.
    #[arg(long, default_value = "en", value_name = "LANG")]
    locale: String,
    /// Print JSON.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print comma-separated values.
    #[arg(long)]
    csv: bool,
    /// Begin the file with a byte order mark.
    #[arg(long, requires = "csv")]
    bom: bool,
}

/// Runs `opora report`.
///
/// # Errors
/// When there is no such report, what is asked of it is wrong, or neither folder nor server can be
/// reached.
pub fn run(task: &ReportTask, place: &Place, shared: &Shared) -> Outcome<()> {
    logging::start(&Settings::of_client(shared)?)?;
    let whole = Opening::Whole(Around::new(Arc::new(SystemClock::default()), String::new()));
    let peer = place.peer_as(shared, whole)?;
    let done = match (&peer, task) {
        (Peer::Desk(desk), ReportTask::List) => list_here(desk),
        (Peer::Server(client), ReportTask::List) => {
            let found = client.get("/v1/reports")?;
            let lines = items(&found, "items").iter();
            let line = |r: &Json| format!("{:32} {}", text_of(r, "code"), text_of(r, "name"));
            lines.map(line).try_for_each(|line| out::say(&line))
        }
        (Peer::Desk(desk), ReportTask::Run(args)) => run_here(desk, args),
        (Peer::Server(client), ReportTask::Run(args)) => {
            let path = format!("/v1/reports/{}/run", args.code.replace('/', "%2F"));
            let body = json!(args.spec()?);
            if args.csv {
                let path = format!("{path}?format=csv&bom={}", args.bom);
                return out::print(&client.post_for_text(&path, &body, &args.locale)?);
            }
            say(&client.post_in(&path, &body, &args.locale)?, args.json)
        }
    };
    if let Peer::Desk(desk) = peer {
        desk.close()?;
    }
    done
}

fn list_here(desk: &Desk) -> Outcome<()> {
    for report in desk.reports(&Actor::System)? {
        let name = report.names.get("en").unwrap_or_default();
        out::say(&format!("{:32} {name}", report.code))?;
    }
    Ok(())
}

fn run_here(desk: &Desk, args: &RunArgs) -> Outcome<()> {
    let at = Some(desk.pos());
    let which = (args.code.as_str(), args.locale.as_str());
    let result = desk.run_report(&Actor::System, which, &args.spec()?, at)?;
    if args.csv {
        return out::print(&api::report_csv(&result, args.bom));
    }
    say(&api::report_view(desk, &args.locale, result)?, args.json)
}

impl RunArgs {
    fn spec(&self) -> Outcome<ReportSpec> {
        let mut filters = Map::new();
        for filter in &self.filters {
            let Some((name, values)) = filter.split_once('=') else {
                return Err(Failure::new(format!(
                    "`{filter}` is no filter such as `status=new`"
                )));
            };
            let values: Vec<&str> = values.split(',').collect();
            filters.insert(name.to_owned(), json!(values));
        }
        let period = json!({ "from": self.from, "to": self.to });
        let spec = json!({ "filters": filters, "period": period, "dimensions": self.by,
            "sort": self.sort, "limit": self.limit });
        serde_json::from_value(spec).map_err(|e| Failure::new(e.to_string()))
    }
}

/// A table for people, or JSON.
fn say(found: &Json, as_json: bool) -> Outcome<()> {
    if as_json {
        let text = serde_json::to_string_pretty(found);
        return out::say(&text.map_err(|e| Failure::new(e.to_string()))?);
    }
    let columns = items(found, "columns");
    let cell = |row: &Json, code: &str| -> String {
        let label = row
            .get("labels")
            .and_then(|l| l.get(code))
            .and_then(Json::as_str);
        match (label, row.get(code)) {
            (Some(label), _) => label.to_owned(),
            (None, None | Some(Json::Null)) => "-".to_owned(),
            (None, Some(Json::String(text))) => text.clone(),
            (None, Some(other)) => other.to_string(),
        }
    };
    let mut lines = vec![
        columns
            .iter()
            .map(|c| text_of(c, "name").to_owned())
            .collect::<Vec<_>>(),
    ];
    let with_totals = items(found, "rows").iter().chain(found.get("totals"));
    for row in with_totals {
        lines.push(
            columns
                .iter()
                .map(|c| cell(row, text_of(c, "code")))
                .collect(),
        );
    }
    let width = |at: usize| {
        let cells = lines.iter().filter_map(|line| line.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    for line in &lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| {
            let gap = width.saturating_sub(cell.chars().count());
            format!("{cell}{}", " ".repeat(gap))
        });
        out::say(cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    for record in items(found, "open") {
        let age = record
            .get("age_seconds")
            .and_then(Json::as_i64)
            .unwrap_or(0);
        let number = record.get("number").and_then(Json::as_i64).unwrap_or(0);
        let title = text_of(record, "title");
        out::say(&format!("open for {} h: #{number} {title}", age / 3_600))?;
    }
    Ok(())
}
