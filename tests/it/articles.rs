//! Who finds which article when: reading, lists, searches, counts and titles agree, whoever asks.

use std::sync::Arc;

use chrono::TimeDelta;
use opora::desk::{
    Actor, Command, Desk, DeskOptions, IdSource, ListQuery, Request, SearchQuery, SuggestQuery,
    VirtualClock,
};
use opora::domain::{Id, Instant, Kind};
use opora::store::{MemoryStore, Pos};
use serde_json::{Value as Json, json};

use crate::support::{at, fields};

const START: &str = "2026-03-02T09:00:00Z";

struct Shelf {
    desk: Arc<Desk>,
    clock: Arc<VirtualClock>,
}

/// What an article says of its readers.
#[derive(Debug, Clone)]
struct Known {
    id: Id,
    status: &'static str,
    audience: &'static str,
    accounts: Vec<Id>,
    from: Option<Instant>,
    until: Option<Instant>,
}

impl Known {
    /// Said anew, from the words of the manual.
    fn is_read_by(&self, actor: &Actor, now: Instant) -> bool {
        let (own, is_customer) = match actor {
            Actor::Contact { account, .. } => (Some(*account), true),
            Actor::Visitor => (None, true),
            _ => (None, false),
        };
        if !is_customer {
            return true;
        }
        let in_force = self.from.is_none_or(|f| f <= now) && self.until.is_none_or(|u| now < u);
        let meant = match self.audience {
            "public" => true,
            "accounts" => own.is_some_and(|own| self.accounts.contains(&own)),
            _ => false,
        };
        self.status == "published" && in_force && meant
    }
}

impl Shelf {
    fn new() -> Self {
        let clock = Arc::new(VirtualClock::at(at(START)));
        let options = DeskOptions {
            clock: clock.clone(),
            ids: IdSource::seeded(11),
            ..DeskOptions::default()
        };
        let desk = Desk::open(Arc::new(MemoryStore::new()), options).unwrap();
        Self { desk, clock }
    }

    fn create(&self, kind: Kind, json: Json) -> Id {
        self.clock.advance(TimeDelta::milliseconds(1));
        let command = Command::Create {
            kind,
            fields: fields(json),
        };
        self.desk
            .run(&Request::by(Actor::System), &command)
            .unwrap()
            .id
    }

    fn listed(&self, actor: &Actor, sort: Option<(String, bool)>) -> Vec<Id> {
        let mut ids = Vec::new();
        let mut cursor = None;
        loop {
            let query = ListQuery {
                sort: sort.clone(),
                cursor,
                at_least: Some(self.desk.pos()),
                ..ListQuery::newest(Kind::Article, 7)
            };
            let page = self.desk.list(actor, &query).unwrap();
            ids.extend(page.items.iter().map(|p| p.record.id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        ids.sort_unstable();
        ids
    }

    fn searched(&self, actor: &Actor, outdated: bool) -> (Vec<Id>, u64) {
        let query = SearchQuery {
            text: "lamp".to_owned(),
            kinds: vec![Kind::Article],
            limit: 200,
            at_least: Some(self.desk.pos()),
            facets: vec!["kind".to_owned()],
            outdated,
            ..SearchQuery::default()
        };
        let found = self.desk.search(actor, &query).unwrap();
        let mut ids: Vec<Id> = found.hits.iter().map(|h| h.record.id).collect();
        ids.sort_unstable();
        let counted = found.facets[0].values.iter().map(|v| v.count).sum();
        (ids, counted)
    }

    fn suggested(&self, actor: &Actor) -> Vec<Id> {
        let query = SuggestQuery {
            text: "lam".to_owned(),
            kinds: vec![Kind::Article],
            limit: 20,
            at_least: Some(self.desk.pos()),
        };
        let titles = self.desk.suggest(actor, &query).unwrap().titles;
        titles.into_iter().map(|p| p.record.id).collect()
    }
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }
}

fn article(shelf: &Shelf, chance: &mut Chance, n: usize, accounts: [Id; 2]) -> Known {
    let status = chance.of(&["published", "published", "published", "draft", "review"]);
    let audience = chance.of(&["public", "accounts", "accounts", "internal"]);
    let named = match chance.below(3) {
        0 => vec![accounts[0]],
        1 => vec![accounts[1]],
        _ => accounts.to_vec(),
    };
    let hour = |chance: &mut Chance| at(START) + TimeDelta::hours(chance.below(9) as i64 - 4);
    let from = (chance.below(2) == 0).then(|| hour(chance));
    let until = (chance.below(2) == 0).then(|| hour(chance));
    let until = until.filter(|until| from.is_none_or(|from| from < *until));
    let mut asked = json!({"title": format!("lamp {n}"), "body": "A lamp.", "status": status,
        "audience": audience, "accounts": named});
    if let Some(from) = from {
        asked["valid_from"] = json!(from.to_rfc3339());
    }
    if let Some(until) = until {
        asked["valid_until"] = json!(until.to_rfc3339());
    }
    Known {
        id: shelf.create(Kind::Article, asked),
        status,
        audience,
        accounts: named,
        from,
        until,
    }
}

#[test]
fn every_way_to_an_article_lets_the_same_ones_through() {
    let shelf = Shelf::new();
    let account = |code: &str| shelf.create(Kind::Account, json!({"title": code, "code": code}));
    let accounts = [account("alpha"), account("beta")];
    let customer = |account: Id| {
        let contact = json!({"title": "Anna", "account": account, "portal": true});
        let contact = shelf.create(Kind::Contact, contact);
        Actor::Contact { contact, account }
    };
    let agent = shelf.create(Kind::Agent, json!({"title": "Irina", "code": "irina"}));
    let askers = [
        customer(accounts[0]),
        customer(accounts[1]),
        Actor::Visitor,
        Actor::Agent { agent: Some(agent) },
    ];
    let mut chance = Chance(5);
    let all: Vec<Known> = (0..60)
        .map(|n| article(&shelf, &mut chance, n, accounts))
        .collect();
    for hour in 0..4 {
        let now = shelf.desk.now();
        for asker in &askers {
            let mut expected: Vec<Id> = all
                .iter()
                .filter(|a| a.is_read_by(asker, now))
                .map(|a| a.id)
                .collect();
            expected.sort_unstable();
            let told = format!("{} at hour {hour}", asker.name());
            let is_read = |a: &&Known| shelf.desk.record(asker, Kind::Article, a.id, None).is_ok();
            let mut read: Vec<Id> = all.iter().filter(is_read).map(|a| a.id).collect();
            read.sort_unstable();
            assert_eq!(read, expected, "reading as {told}");
            assert_eq!(shelf.listed(asker, None), expected, "listing as {told}");
            let sort = Some(("title".to_owned(), true));
            assert_eq!(shelf.listed(asker, sort), expected, "sorting as {told}");
            let (found, counted) = shelf.searched(asker, true);
            assert_eq!(found, expected, "searching as {told}");
            assert_eq!(counted, expected.len() as u64, "counting as {told}");
            let titles = shelf.suggested(asker);
            assert!(
                titles.iter().all(|id| expected.contains(id)),
                "titles as {told}"
            );
            assert!(!titles.is_empty(), "titles as {told}");
            let events = shelf.desk.events(asker, Pos::ZERO, 1_000).unwrap();
            let mut told_of: Vec<Id> = events
                .iter()
                .flat_map(|e| &e.records)
                .filter(|(kind, _, _)| *kind == Kind::Article)
                .map(|(_, id, _)| *id)
                .collect();
            told_of.sort_unstable();
            assert_eq!(told_of, expected, "events as {told}");
        }
        // Without being asked, nobody is given what is out of date.
        let (current, _) = shelf.searched(&askers[3], false);
        let mut expected: Vec<Id> = all
            .iter()
            .filter(|a| a.from.is_none_or(|f| f <= now) && a.until.is_none_or(|u| now < u))
            .map(|a| a.id)
            .collect();
        expected.sort_unstable();
        assert_eq!(current, expected, "hour {hour}");
        shelf.clock.advance(TimeDelta::hours(1));
    }
}
