//! Roles of agents: what those who have one see and change, on every way to a record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use opora::desk::{
    Actor, Command, Desk, DeskOptions, Error, ErrorKind, ListQuery, Request, Result, SearchQuery,
};
use opora::domain::entry::Visibility;
use opora::domain::role::{Reach, Right, Role};
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora::store::{MemoryStore, Store};
use serde_json::{Map, Value as Json, json};

use crate::support::{DEFINITIONS, MANIFEST, fields};

struct Office {
    desk: Arc<Desk>,
    team: Id,
    anna: Id,
}

const ADMIN: Actor = Actor::Admin { agent: None };

impl Office {
    fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let desk = Desk::open(store, DeskOptions::default()).unwrap();
        let mut office = Self {
            desk,
            team: Id::MIN,
            anna: Id::MIN,
        };
        let files =
            PackFiles::from_texts(&[("pack.toml", MANIFEST), ("definitions.toml", DEFINITIONS)]);
        office.admin(&Command::InstallPack { files }).unwrap();
        office.team = office.create(Kind::Team, json!({"code": "east", "title": "East"}));
        let anna = json!({"code": "anna", "title": "Anna", "team": office.team});
        office.anna = office.create(Kind::Agent, anna);
        office
    }

    fn run(&self, actor: &Actor, command: &Command) -> Result<Id> {
        let reply = self.desk.run(&Request::by(actor.clone()), command)?;
        Ok(reply.id)
    }

    fn admin(&self, command: &Command) -> Result<Id> {
        self.run(&ADMIN, command)
    }

    fn create(&self, kind: Kind, json: Json) -> Id {
        let fields = fields(json);
        self.admin(&Command::Create { kind, fields }).unwrap()
    }

    fn ticket(&self, title: &str, more: Json) -> Id {
        let mut asked = json!({"type": "fault", "title": title});
        asked.as_object_mut().unwrap().extend(fields(more));
        self.create(Kind::Ticket, asked)
    }

    fn role(&self, code: &str, see: Reach, change: Reach) -> Role {
        let role = Role {
            code: code.to_owned(),
            kinds: BTreeMap::from([(Kind::Ticket, Right { see, change })]),
            ..Role::default()
        };
        self.save(&role).unwrap();
        role
    }

    fn save(&self, role: &Role) -> Result<Id> {
        let role = Box::new(role.clone());
        self.admin(&Command::SaveRole { role })
    }

    fn give(&self, roles: &[&str]) -> Actor {
        let command = update(Kind::Agent, self.anna, json!({"roles": roles}));
        self.admin(&command).unwrap();
        Actor::Agent {
            agent: Some(self.anna),
        }
    }

    fn listed(&self, actor: &Actor, kind: Kind) -> usize {
        let query = ListQuery {
            at_least: Some(self.desk.pos()),
            ..ListQuery::newest(kind, 200)
        };
        self.desk.list(actor, &query).unwrap().items.len()
    }

    fn found(&self, actor: &Actor, text: &str) -> usize {
        let query = SearchQuery {
            text: text.to_owned(),
            limit: 50,
            at_least: Some(self.desk.pos()),
            ..SearchQuery::default()
        };
        self.desk.search(actor, &query).unwrap().hits.len()
    }
}

fn update(kind: Kind, id: Id, json: Json) -> Command {
    let fields = fields(json);
    Command::Update { kind, id, fields }
}

fn comment(id: Id) -> Command {
    Command::Comment {
        kind: Kind::Ticket,
        id,
        visibility: Visibility::Internal,
        text: "noted".to_owned(),
    }
}

fn refused(result: Result<Id>) -> (ErrorKind, &'static str) {
    let error: Error = result.unwrap_err();
    (error.kind, error.code)
}

#[test]
fn a_role_sees_its_team_s_tickets_and_changes_its_own() {
    let office = Office::new();
    let own = office.ticket("lamp", json!({"assignee": office.anna}));
    let team = office.ticket("lamp", json!({"team": office.team}));
    let other = office.ticket("lamp", json!({}));
    let anna = office.give(&[]);
    assert_eq!(office.listed(&anna, Kind::Ticket), 3);
    office.role("first-line", Reach::Team, Reach::Own);
    let anna = office.give(&["first-line"]);

    assert_eq!(office.listed(&anna, Kind::Ticket), 2);
    assert_eq!(office.found(&anna, "lamp"), 2);
    let seen = |id| office.desk.record(&anna, Kind::Ticket, id, None).is_ok();
    assert!(seen(own) && seen(team) && !seen(other));
    let absent = (ErrorKind::NotFound, "not_found");
    assert_eq!(refused(office.run(&anna, &comment(other))), absent);

    let barred = (ErrorKind::Forbidden, "role_forbids");
    let change = json!({"title": "new lamp"});
    office
        .run(&anna, &update(Kind::Ticket, own, change.clone()))
        .unwrap();
    office.run(&anna, &comment(own)).unwrap();
    let asked = update(Kind::Ticket, team, change.clone());
    assert_eq!(refused(office.run(&anna, &asked)), barred);
    assert_eq!(refused(office.run(&anna, &comment(team))), barred);
    // Whoever sees a record may keep tags of its own on it.
    let tags = Command::TagPersonally {
        kind: Kind::Ticket,
        id: team,
        tags: vec!["later".to_owned()],
    };
    office.run(&anna, &tags).unwrap();

    let form = office.desk.form(&anna, Kind::Ticket, team).unwrap();
    assert!(form.fields.iter().all(|f| f.readonly) && form.actions.iter().all(|a| !a.open));
    let form = office.desk.form(&anna, Kind::Ticket, own).unwrap();
    assert!(form.actions.iter().any(|a| a.open));

    // An administrator is bound by no role.
    let boss = Actor::Admin {
        agent: Some(office.anna),
    };
    office
        .run(&boss, &update(Kind::Ticket, other, change))
        .unwrap();
    office.give(&[]);
    assert_eq!(office.listed(&anna, Kind::Ticket), 3);
}

#[test]
fn a_role_makes_no_records_that_it_may_not_change() {
    let office = Office::new();
    office.role("reader", Reach::All, Reach::None);
    let anna = office.give(&["reader"]);
    let ticket = Command::Create {
        kind: Kind::Ticket,
        fields: fields(json!({"type": "fault", "title": "lamp"})),
    };
    let barred = (ErrorKind::Forbidden, "role_forbids");
    assert_eq!(refused(office.run(&anna, &ticket)), barred);
    let id = office.admin(&ticket).unwrap();
    let duplicate = Command::Duplicate {
        kind: Kind::Ticket,
        id,
        fields: Map::new(),
    };
    assert_eq!(refused(office.run(&anna, &duplicate)), barred);
    let account = Command::Create {
        kind: Kind::Account,
        fields: fields(json!({"title": "Lantern Ltd"})),
    };
    office.run(&anna, &account).unwrap();
    // Of two roles the wider one counts.
    office.role("maker", Reach::None, Reach::None);
    let mut wide = office.role("wide", Reach::All, Reach::All);
    wide.others = Right {
        see: Reach::None,
        change: Reach::None,
    };
    office.save(&wide).unwrap();
    let anna = office.give(&["reader", "maker", "wide"]);
    office.run(&anna, &ticket).unwrap();
}

#[test]
fn a_kind_that_a_role_does_not_see_is_empty() {
    let office = Office::new();
    let contact = office.create(Kind::Contact, json!({"title": "Petrova"}));
    let mut role = office.role("narrow", Reach::All, Reach::All);
    role.others = Right {
        see: Reach::None,
        change: Reach::None,
    };
    office.save(&role).unwrap();
    let anna = office.give(&["narrow"]);
    assert_eq!(office.listed(&anna, Kind::Contact), 0);
    assert_eq!(office.found(&anna, "Petrova"), 0);
    let read = office.desk.record(&anna, Kind::Contact, contact, None);
    assert_eq!(read.unwrap_err().kind, ErrorKind::NotFound);
}

#[test]
fn masked_fields_and_reports_follow_the_roles() {
    let office = Office::new();
    let id = office.ticket("lamp", json!({"room": "cellar"}));
    let mut role = office.role("blind", Reach::All, Reach::All);
    let masked = BTreeSet::from(["plain/room".to_owned()]);
    role.masked = BTreeMap::from([(Kind::Ticket, masked)]);
    office.save(&role).unwrap();
    let anna = office.give(&["blind"]);
    let room = |actor: &Actor| {
        let page = office.desk.record(actor, Kind::Ticket, id, None).unwrap();
        page.record.text("plain/room").map(str::to_owned)
    };
    assert_eq!(room(&anna), None);
    assert_eq!(room(&ADMIN).as_deref(), Some("cellar"));
    let run = || {
        office
            .desk
            .run_report(&anna, ("nothing", "en"), &Default::default(), None)
            .unwrap_err()
            .kind
    };
    assert_eq!(run(), ErrorKind::Forbidden);
    role.reports = true;
    office.save(&role).unwrap();
    assert_ne!(run(), ErrorKind::Forbidden);
}

#[test]
fn a_role_is_checked_when_it_is_saved_given_and_removed() {
    let office = Office::new();
    let mut role = office.role("first-line", Reach::Team, Reach::Own);
    let give = update(Kind::Agent, office.anna, json!({"roles": ["firstline"]}));
    let unknown = office.admin(&give).unwrap_err();
    assert_eq!(unknown.faults[0].code, "unknown_role");
    let anna = office.give(&["first-line"]);
    let code = || "first-line".to_owned();
    let remove = Command::RemoveRole { code: code() };
    assert_eq!(refused(office.admin(&remove)).1, "in_use");
    let by_agent = Command::RemoveRole { code: code() };
    assert_eq!(
        refused(office.run(&anna, &by_agent)).0,
        ErrorKind::Forbidden
    );

    let right = |see, change| Right { see, change };
    role.kinds = BTreeMap::from([
        (Kind::Ticket, right(Reach::Own, Reach::All)),
        (Kind::Product, right(Reach::Team, Reach::None)),
    ]);
    role.masked = BTreeMap::from([(Kind::Contact, BTreeSet::from(["fone".to_owned()]))]);
    let faults = office.save(&role).unwrap_err().faults;
    let told: Vec<_> = faults.iter().filter_map(|f| f.field.as_deref()).collect();
    assert_eq!(told, ["ticket", "product", "masked"]);

    office.give(&[]);
    office.admin(&remove).unwrap();
    assert!(office.desk.roles(&ADMIN).unwrap().is_empty());
    assert_eq!(refused(office.admin(&remove)).0, ErrorKind::NotFound);
}
