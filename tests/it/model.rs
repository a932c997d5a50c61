//! Seeded random commands against a plain map, and records rebuilt from the journal.
//! `OPORA_SEED` repeats a run.

use std::collections::BTreeMap;

use opora::desk::{Actor, Command, Error, ListQuery};
use opora::domain::entry::Visibility;
use opora::domain::{Id, Kind, Record};
use opora::store::Pos;
use serde_json::{Map, Value as Json, json};

use crate::support::{TestDesk, fields};

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.next().is_multiple_of(of)
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.next() % of.len() as u64).unwrap()]
    }
}

/// The fields that the model knows of a record, its status among them.
type Model = BTreeMap<(Kind, Id), Map<String, Json>>;

/// The statuses of the plain pack that a status leads to, without the fields they require.
fn ways(from: &str) -> &'static [&'static str] {
    match from {
        "plain/todo" => &["doing", "dropped"],
        "plain/doing" => &["waiting", "done", "dropped"],
        "plain/waiting" | "plain/done" => &["doing", "dropped"],
        _ => &[],
    }
}

struct Run {
    desk: TestDesk,
    random: Random,
    model: Model,
    snapshots: Vec<(Kind, Id, Pos, Option<Record>)>,
    refused: usize,
}

impl Run {
    fn values(&mut self, kind: Kind) -> Map<String, Json> {
        let n = self.random.next() % 6;
        let mut all = match kind {
            Kind::Ticket => json!({
                "priority": self.random.pick(&["low", "normal", "high"]), "room": format!("r{n}"),
                "weight": n, "solution": "s", "tags": ["a", "b"]
            }),
            Kind::Account => json!({"city": format!("c{n}"), "code": format!("code-{n}")}),
            Kind::Contact => {
                json!({"position": format!("p{n}"), "mails": [format!("{n}@x.example")]})
            }
            _ => json!({"body": format!("text {n}"), "category": format!("k{n}")}),
        };
        let object = all.as_object_mut().unwrap();
        let drop = self.random.next();
        let mut place = 0;
        object.retain(|_, _| {
            place += 1;
            drop >> place & 1 == 1
        });
        object.insert("title".to_owned(), json!(format!("t{n}")));
        object.clone()
    }

    fn step(&mut self) {
        let kind = self.random.pick(&[
            Kind::Ticket,
            Kind::Ticket,
            Kind::Account,
            Kind::Contact,
            Kind::Article,
        ]);
        let known: Vec<Id> = self
            .model
            .keys()
            .filter(|k| k.0 == kind)
            .map(|k| k.1)
            .collect();
        if self.random.one_in(4) {
            self.desk.clock.advance(chrono::TimeDelta::minutes(7));
        }
        if known.is_empty() || self.random.one_in(4) {
            return self.create(kind);
        }
        let id = self.random.pick(&known);
        match self.random.next() % 8 {
            0..4 => self.update(kind, id),
            4 => self.delete(kind, id),
            5 => {
                let text = "hello".to_owned();
                let visibility = Visibility::Internal;
                self.desk
                    .run(Command::Comment {
                        kind,
                        id,
                        visibility,
                        text,
                    })
                    .unwrap();
            }
            _ => self.transition(id, kind),
        }
        self.remember(kind, id);
    }

    /// The code is taken by another record, in the model.
    fn code_taken(&self, kind: Kind, own: Option<Id>, values: &Map<String, Json>) -> bool {
        let Some(code) = values.get("code") else {
            return false;
        };
        let mut all = self.model.iter();
        all.any(|((k, id), has)| *k == kind && Some(*id) != own && has.get("code") == Some(code))
    }

    fn create(&mut self, kind: Kind) {
        let values = self.values(kind);
        let mut asked = values.clone();
        if kind == Kind::Ticket {
            asked.insert("type".to_owned(), json!("fault"));
        }
        let taken = self.code_taken(kind, None, &values);
        let result = self.desk.run(Command::Create {
            kind,
            fields: asked,
        });
        let Some(reply) = self.settled(result, taken, "not_unique") else {
            return;
        };
        let mut has = values;
        match kind {
            Kind::Ticket => {
                has.entry("priority").or_insert(json!("normal"));
                has.insert("status".to_owned(), json!("plain/todo"));
            }
            Kind::Article => {
                has.insert("status".to_owned(), json!("draft"));
            }
            _ => {}
        }
        self.model.insert((kind, reply.id), has);
        self.remember(kind, reply.id);
    }

    fn update(&mut self, kind: Kind, id: Id) {
        let mut asked = self.values(kind);
        let removed = self.random.pick(&["room", "city", "position", "body"]);
        let def_known = self
            .desk
            .get(kind, id)
            .fields
            .keys()
            .any(|f| f.ends_with(removed));
        if def_known && self.random.one_in(3) {
            asked.insert(removed.to_owned(), Json::Null);
        }
        let taken = self.code_taken(kind, Some(id), &asked);
        let fields = asked.clone();
        let result = self.desk.run(Command::Update { kind, id, fields });
        if self.settled(result, taken, "not_unique").is_some() {
            let has = self.model.get_mut(&(kind, id)).unwrap();
            for (name, value) in asked {
                if value.is_null() {
                    has.remove(&name);
                } else {
                    has.insert(name, value);
                }
            }
        }
    }

    fn delete(&mut self, kind: Kind, id: Id) {
        self.desk.run(Command::Delete { kind, id }).unwrap();
        self.model.remove(&(kind, id));
    }

    fn transition(&mut self, id: Id, kind: Kind) {
        if kind != Kind::Ticket {
            return;
        }
        let to = self.random.pick(&["doing", "waiting", "done", "dropped"]);
        let has = &self.model[&(kind, id)];
        let from = has["status"].as_str().unwrap().to_owned();
        let full = format!("plain/{to}");
        let way = ways(&from).contains(&to) || full == from;
        let filled = to != "done" || from == full || has.contains_key("solution");
        let code = if way {
            "fields_required"
        } else {
            "transition_not_allowed"
        };
        let result = self.desk.transition(id, to);
        if self.settled(result, !(way && filled), code).is_some() {
            let has = self.model.get_mut(&(kind, id)).unwrap();
            has.insert("status".to_owned(), json!(full));
        }
    }

    /// The reply, or none when the model expects a refusal with this code.
    fn settled<T>(&mut self, result: Result<T, Error>, refused: bool, code: &str) -> Option<T> {
        match (result, refused) {
            (Ok(reply), false) => Some(reply),
            (Err(error), true) if error.code == code => {
                self.refused += 1;
                None
            }
            (Ok(_), true) => panic!("went through and should be refused by {code}"),
            (Err(error), _) => panic!("{error}"),
        }
    }

    fn remember(&mut self, kind: Kind, id: Id) {
        if self.random.one_in(3) {
            let page = self.desk.desk.record(&Actor::System, kind, id, None);
            let pos = self.desk.desk.pos();
            let record = page.ok().map(|page| {
                let mut record = page.record;
                // Votes are counted when it is read; the journal of the record knows none.
                record
                    .fields
                    .retain(|name, _| !name.ends_with("helpful_count"));
                record
            });
            self.snapshots.push((kind, id, pos, record));
        }
    }

    fn check(&self) {
        for ((kind, id), has) in &self.model {
            let record = self.desk.get(*kind, *id);
            for (name, value) in has {
                let got = record
                    .get(name)
                    .or_else(|| record.get(&format!("plain/{name}")));
                assert_eq!(
                    got.map(opora::domain::Value::to_json).as_ref(),
                    Some(value),
                    "{name}"
                );
            }
            for name in [
                "room", "weight", "solution", "city", "position", "body", "code", "tags",
            ] {
                let got = record
                    .get(name)
                    .or_else(|| record.get(&format!("plain/{name}")));
                assert_eq!(
                    got.is_some(),
                    has.contains_key(name),
                    "{name} of {record:?}"
                );
            }
            let closed = matches!(record.status(), Some("plain/done" | "plain/dropped"));
            assert_eq!(record.get("closed_at").is_some(), closed);
        }
        for kind in [Kind::Ticket, Kind::Account, Kind::Contact, Kind::Article] {
            let page = self
                .desk
                .desk
                .list(&Actor::System, &ListQuery::newest(kind, 200))
                .unwrap();
            let known = self.model.keys().filter(|k| k.0 == kind).count();
            assert_eq!(page.items.len(), known, "{kind:?}");
        }
        for (kind, id, pos, then) in &self.snapshots {
            let rebuilt = self.desk.desk.record_at(*kind, *id, *pos).unwrap();
            assert_eq!(rebuilt, *then, "{kind:?} {id} at {pos}");
        }
    }
}

#[test]
fn random_commands_do_what_a_plain_map_does_and_the_journal_rebuilds_every_record() {
    let seeds: Vec<u64> = match std::env::var("OPORA_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (1..=20).collect(),
    };
    for seed in seeds {
        eprintln!("OPORA_SEED={seed}");
        let mut run = Run {
            desk: TestDesk::plain(),
            random: Random(seed),
            model: Model::new(),
            snapshots: Vec::new(),
            refused: 0,
        };
        for _ in 0..150 {
            run.step();
        }
        run.check();
        assert!(run.refused > 0 && run.snapshots.len() > 10);
    }
}

#[test]
fn a_deleted_record_is_none_from_then_on_and_was_there_before() {
    let desk = TestDesk::plain();
    let first = desk
        .create(Kind::Account, json!({"title": "a", "code": "x"}))
        .unwrap();
    let gone = desk
        .run(Command::Delete {
            kind: Kind::Account,
            id: first.id,
        })
        .unwrap();
    let at = |pos| desk.desk.record_at(Kind::Account, first.id, pos).unwrap();
    assert_eq!(at(first.pos).unwrap().title(), "a");
    assert_eq!((at(gone.pos), at(Pos::ZERO)), (None, None));
    let again = Command::Create {
        kind: Kind::Account,
        fields: fields(json!({"title": "b", "code": "x"})),
    };
    desk.run(again).unwrap();
}
