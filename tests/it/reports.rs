//! Reports from the columns of the search index against the records themselves, and their bounds.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use opora::desk::{Actor, Command, Desk, DeskOptions, IdSource, ReportSpec, Request, VirtualClock};
use opora::domain::Kind;
use opora::packs::PackFiles;
use opora::store::{MemoryStore, Store};
use serde_json::{Value as Json, json};

use crate::support::{DEFINITIONS, MANIFEST, at, fields};

const REPORTS: &str = r#"
[[report]]
code = "faults"
source = "ticket"
types = ["fault"]
time_zone = "Europe/Moscow"
dimensions = [{ field = "room" }, { field = "created_at", by = "month" }, { field = "status" }]
measures = [
  { of = "count" },
  { of = "sum", field = "weight" },
  { of = "avg", field = "effort_hours" },
  { of = "share_within", field = "closed_at", from = "created_at", within_secs = 7200 },
  { of = "median_age" },
]
filters = ["room", "status_category", "effort_hours"]
open_list = 3

[[report]]
code = "by_month"
source = "ticket"
dimensions = [{ field = "type" }, { field = "created_at", by = "month" }]
measures = [{ of = "count" }]
"#;

struct Counting {
    store: Arc<dyn Store>,
    desk: Arc<Desk>,
    clock: Arc<VirtualClock>,
}

fn open(store: &Arc<dyn Store>, clock: &Arc<VirtualClock>, search: bool) -> Arc<Desk> {
    let options = DeskOptions {
        clock: Arc::clone(clock) as Arc<dyn opora::desk::Clock>,
        ids: IdSource::seeded(7),
        search,
        ..DeskOptions::default()
    };
    Desk::open(Arc::clone(store), options).unwrap()
}

fn counting() -> Counting {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let clock = Arc::new(VirtualClock::at(at("2026-01-30T09:00:00Z")));
    let desk = open(&store, &clock, true);
    let definitions = format!("{DEFINITIONS}{REPORTS}");
    let files =
        PackFiles::from_texts(&[("pack.toml", MANIFEST), ("definitions.toml", &definitions)]);
    let counting = Counting { store, desk, clock };
    counting.run(&Command::InstallPack { files });
    counting
}

impl Counting {
    fn run(&self, command: &Command) -> opora::domain::Id {
        let admin = Request::by(Actor::Admin { agent: None });
        self.desk.run(&admin, command).unwrap().id
    }

    fn tickets(&self, count: usize) {
        for n in 0..count {
            let rooms = ["Hall", "Кухня", "Attic"];
            let mut asked = json!({"type": "fault", "title": format!("T{n}"), "weight": n % 7,
                "room": rooms[n % 3], "effort_hours": format!("{}.25", n % 4), "solution": "done"});
            if n % 10 == 0 {
                asked.as_object_mut().unwrap().remove("room");
            }
            let kind = Kind::Ticket;
            let id = self.run(&Command::Create {
                kind,
                fields: fields(asked),
            });
            let to = |to: &str| Command::Transition {
                kind,
                id,
                to: to.to_owned(),
                fields: fields(json!({})),
            };
            self.run(&to("doing"));
            self.clock.advance(chrono::TimeDelta::minutes(37));
            if n % 3 > 0 {
                self.run(&to("done"));
            }
        }
    }

    fn report(&self, code: &str, ask: Json) -> opora::desk::ReportResult {
        let spec: ReportSpec = serde_json::from_value(ask).unwrap();
        let at = Some(self.desk.pos());
        self.desk
            .run_report(&Actor::System, (code, "en"), &spec, at)
            .unwrap()
    }
}

#[test]
fn the_index_counts_what_the_records_say() {
    let counting = counting();
    counting.tickets(120);
    let plain = Counting {
        store: Arc::clone(&counting.store),
        desk: open(&counting.store, &counting.clock, false),
        clock: Arc::clone(&counting.clock),
    };
    for ask in [
        json!({}),
        json!({"filters": {"room": "Кухня"}}),
        json!({"filters": {"status_category": ["done"], "effort_hours": {"from": "1"}}}),
        json!({"period": {"from": "2026-02-01", "to": "2026-02-01"}}),
        json!({"dimensions": ["room"], "sort": "-sum_weight", "limit": 2}),
        json!({"dimensions": [], "measures": ["count"]}),
    ] {
        let (index, records) = (
            counting.report("faults", ask.clone()),
            plain.report("faults", ask),
        );
        assert_eq!((index.source, records.source), ("index", "records"));
        assert_eq!(index.objects(), records.objects());
        assert_eq!(index.totals_object(), records.totals_object());
        assert_eq!(index.records, records.records);
        let ids = |r: &opora::desk::ReportResult| -> Vec<_> {
            r.open
                .iter()
                .map(|(page, age)| (page.record.id, *age))
                .collect()
        };
        assert_eq!(ids(&index), ids(&records));
    }
    let all = counting.report("faults", json!({"dimensions": ["room"]}));
    let rooms: Vec<Json> = all
        .objects()
        .iter()
        .map(|row| row["room"].clone())
        .collect();
    assert_eq!(
        rooms,
        [Json::Null, json!("Attic"), json!("Hall"), json!("Кухня")]
    );
    assert_eq!(all.totals_object()["count"], 120);
}

#[test]
fn customers_run_no_reports_and_wrong_questions_are_told() {
    let counting = counting();
    let ask = |actor: &Actor, code: &str, spec: Json| {
        let spec: ReportSpec = serde_json::from_value(spec).unwrap();
        counting
            .desk
            .run_report(actor, (code, "en"), &spec, None)
            .unwrap_err()
            .code
    };
    let id = opora::domain::Id::MIN;
    let contact = Actor::Contact {
        contact: id,
        account: id,
    };
    let system = Actor::System;
    assert_eq!(ask(&contact, "faults", json!({})), "forbidden");
    assert_eq!(ask(&system, "fault", json!({})), "unknown_report");
    for wrong in [
        json!({"filters": {"weight": 1}}),
        json!({"dimensions": ["wait"]}),
        json!({"sort": "title"}),
        json!({"period": {"from": "soon"}}),
    ] {
        assert_eq!(ask(&system, "faults", wrong), "invalid");
    }
    assert_eq!(
        ask(&system, "faults", json!({"limit": 0})),
        "limit_out_of_range"
    );
}

/// How long a report of many tickets takes: `OPORA_REPORT_TICKETS=100000`.
#[test]
fn many_tickets_by_type_and_month() {
    let Ok(count) = std::env::var("OPORA_REPORT_TICKETS") else {
        return;
    };
    let counting = counting();
    for n in 0..count.parse::<usize>().unwrap() {
        let asked = json!({"type": "fault", "title": format!("T{n}"), "room": "Hall"});
        let fields = fields(asked);
        counting.run(&Command::Create {
            kind: Kind::Ticket,
            fields,
        });
        counting.clock.advance(chrono::TimeDelta::minutes(5));
    }
    // The first one waits for the index.
    for _ in 0..5 {
        let from = Instant::now();
        let found = counting.report("by_month", json!({}));
        let told = format!(
            "{} tickets, {} rows: {:?}",
            found.records,
            found.rows.len(),
            from.elapsed()
        );
        writeln!(std::io::stderr(), "{told}").unwrap();
    }
}
