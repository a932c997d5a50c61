//! Counters of the HTTP layer and of the desk, in the Prometheus text format.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use parking_lot::Mutex;

use super::principal::Access;
use super::problem::Problem;
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::{Health, WayHealth};
use crate::domain::Instant;

/// Upper bounds of the duration histogram in seconds.
const BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Counters. Labels come from the route table, so their number is bounded.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<Label, Timing>>,
    under_way: AtomicI64,
    streams: AtomicI64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Label {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Default)]
struct Timing {
    count: u64,
    seconds: f64,
    buckets: [u64; BOUNDS.len()],
}

impl Metrics {
    /// A request begins.
    pub fn begin(&self) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    /// A request ends.
    pub fn end(&self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }

    /// An event stream opens (1) or closes (-1).
    pub fn stream(&self, by: i64) {
        self.streams.fetch_add(by, Ordering::Relaxed);
    }

    /// Counts an answered request.
    pub fn count(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        let label = Label {
            route: route.to_owned(),
            method,
            status,
        };
        let seconds = took.as_secs_f64();
        let mut requests = self.requests.lock();
        let timing = requests.entry(label).or_default();
        timing.count += 1;
        timing.seconds += seconds;
        for (bucket, bound) in timing.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(seconds <= bound);
        }
    }

    fn write(&self, health: &Health, (ways, now): (&[WayHealth], Instant)) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail, so the results are dropped.
        let _ = self.write_http(&mut text);
        let _ = write_desk(&mut text, health);
        let _ = write_ways(&mut text, ways, now);
        text
    }

    fn write_http(&self, to: &mut String) -> std::fmt::Result {
        let requests = self.requests.lock();
        writeln!(to, "# HELP opora_http_requests_total Requests answered.")?;
        writeln!(to, "# TYPE opora_http_requests_total counter")?;
        for (l, timing) in requests.iter() {
            let (route, method, status) = (&l.route, l.method, l.status);
            let n = timing.count;
            writeln!(
                to,
                "opora_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}} {n}"
            )?;
        }
        writeln!(to, "# HELP opora_http_request_seconds Time to answer.")?;
        writeln!(to, "# TYPE opora_http_request_seconds histogram")?;
        for (l, timing) in requests.iter() {
            let labels = format!(
                "route=\"{}\",method=\"{}\",status=\"{}\"",
                l.route, l.method, l.status
            );
            for (count, bound) in timing.buckets.iter().zip(BOUNDS) {
                writeln!(
                    to,
                    "opora_http_request_seconds_bucket{{{labels},le=\"{bound}\"}} {count}"
                )?;
            }
            let (n, sum) = (timing.count, timing.seconds);
            writeln!(
                to,
                "opora_http_request_seconds_bucket{{{labels},le=\"+Inf\"}} {n}"
            )?;
            writeln!(to, "opora_http_request_seconds_sum{{{labels}}} {sum}")?;
            writeln!(to, "opora_http_request_seconds_count{{{labels}}} {n}")?;
        }
        let under_way = self.under_way.load(Ordering::Relaxed);
        gauge(
            to,
            "opora_http_requests_under_way",
            "Requests under way.",
            under_way,
        )?;
        let streams = self.streams.load(Ordering::Relaxed);
        gauge(
            to,
            "opora_http_event_streams",
            "Open event streams.",
            streams,
        )
    }
}

fn write_desk(to: &mut String, health: &Health) -> std::fmt::Result {
    let store = &health.store;
    gauge(
        to,
        "opora_store_file_bytes",
        "Size of the store's file.",
        store.file_bytes,
    )?;
    gauge(
        to,
        "opora_store_live_bytes",
        "Bytes of live rows in the store's file.",
        store.live_bytes,
    )?;
    gauge(
        to,
        "opora_store_position",
        "Position of the last commit.",
        store.last,
    )?;
    if let Some(reader) = store.oldest_reader {
        gauge(
            to,
            "opora_store_oldest_reader",
            "Position of the oldest open snapshot.",
            reader,
        )?;
    }
    writeln!(
        to,
        "# HELP opora_store_commits_total Durable commits since the start."
    )?;
    writeln!(to, "# TYPE opora_store_commits_total counter")?;
    writeln!(to, "opora_store_commits_total {}", store.commits)?;
    if let Some(indexed) = health.indexed {
        gauge(
            to,
            "opora_search_position",
            "Position the search index has reached.",
            indexed,
        )?;
    }
    let rebuilding = u8::from(health.rebuilding);
    gauge(
        to,
        "opora_search_rebuilding",
        "Whether the index is being rebuilt.",
        rebuilding,
    )?;
    gauge(to, "opora_packs", "Active packs.", health.packs)?;
    writeln!(
        to,
        "# HELP opora_rule_failures_total Failures of rules since the start."
    )?;
    writeln!(to, "# TYPE opora_rule_failures_total counter")?;
    for failing in &health.failing_rules {
        let (rule, count) = (&failing.rule, failing.failures);
        writeln!(to, "opora_rule_failures_total{{rule=\"{rule}\"}} {count}")?;
    }
    writeln!(
        to,
        "# HELP opora_rule_suspended Whether a rule that failed is suspended."
    )?;
    writeln!(to, "# TYPE opora_rule_suspended gauge")?;
    for failing in &health.failing_rules {
        let (rule, suspended) = (&failing.rule, u8::from(failing.suspended));
        writeln!(to, "opora_rule_suspended{{rule=\"{rule}\"}} {suspended}")?;
    }
    Ok(())
}

/// What a gauge tells of a way.
type Shown<'s> = &'s dyn Fn(&WayHealth) -> String;

/// What leaves, by the way it goes.
fn write_ways(to: &mut String, ways: &[WayHealth], now: Instant) -> std::fmt::Result {
    let age = |way: &WayHealth| {
        let age = way.oldest.map(|at| (now - at).num_milliseconds().max(0));
        age.map_or(0.0, |millis| {
            std::time::Duration::from_millis(millis.unsigned_abs()).as_secs_f64()
        })
    };
    let gauges: [(&str, &str, Shown<'_>); 2] = [
        (
            "opora_delivery_waiting",
            "Messages that wait to leave; webhooks whose events are tried again.",
            &|way| way.waiting.to_string(),
        ),
        (
            "opora_delivery_oldest_seconds",
            "Age of the oldest message that waits to leave.",
            &|way| age(way).to_string(),
        ),
    ];
    for (name, about, value) in gauges {
        writeln!(to, "# HELP {name} {about}")?;
        writeln!(to, "# TYPE {name} gauge")?;
        for way in ways {
            writeln!(
                to,
                "{name}{{channel=\"{}\"}} {}",
                way.way.name(),
                value(way)
            )?;
        }
    }
    let name = "opora_delivery_attempts_total";
    writeln!(
        to,
        "# HELP {name} Attempts to hand over since the start, by what came of them."
    )?;
    writeln!(to, "# TYPE {name} counter")?;
    for way in ways {
        let (channel, n) = (way.way.name(), way.attempts);
        let counts = [
            ("delivered", n.delivered),
            ("retried", n.retried),
            ("failed", n.failed),
            ("skipped", n.skipped),
        ];
        for (result, count) in counts {
            writeln!(
                to,
                "{name}{{channel=\"{channel}\",result=\"{result}\"}} {count}"
            )?;
        }
    }
    Ok(())
}

fn gauge(
    to: &mut String,
    name: &str,
    about: &str,
    value: impl std::fmt::Display,
) -> std::fmt::Result {
    writeln!(to, "# HELP {name} {about}")?;
    writeln!(to, "# TYPE {name} gauge")?;
    writeln!(to, "{name} {value}")
}

/// Adds the route.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/metrics", "read_metrics")
        .about("health", "Counters in the Prometheus text format.")
        .access(Access::Public)
        .reply_as(200, "The counters", "text/plain");
    routes.add(op, read_metrics);
}

async fn read_metrics(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let read = app.call(|desk| Ok((desk.health()?, desk.ways()?, desk.now())));
    let (health, ways, now) = read.await?;
    let kind = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    Ok((kind, app.metrics().write(&health, (&ways, now))))
}
