//! A desk on a durable store, with a pack, people, levels and customers.

use std::path::Path;
use std::sync::Arc;

use opora::desk::{Actor, Command, Desk, DeskOptions, ListQuery, Reply, Request};
use opora::domain::entry::Visibility;
use opora::domain::{Id, Kind};
use opora::packs::PackFiles;
use opora::store::{CountingStore, OpenOptions, RedbStore, Store};
use serde_json::{Map, Value as Json, json};

use super::{Fallible, Recorder, bench_pack};

/// How a bed is made.
#[derive(Debug, Clone, Default)]
pub struct BedOptions {
    /// Whether the search index follows the journal.
    pub search: bool,
}

/// A desk on a store.
pub struct Bed {
    /// The desk.
    pub desk: Arc<Desk>,
    /// Its store.
    pub store: Arc<Recorder<CountingStore<RedbStore>>>,
    /// What tickets refer to.
    pub seed: Seed,
}

/// Records that tickets refer to.
#[derive(Debug, Clone, Default)]
pub struct Seed {
    /// Organisations.
    pub accounts: Vec<Id>,
    /// One contract of the first organisation.
    pub contract: Option<Id>,
}

const ACCOUNTS: usize = 200;

impl Seed {
    /// What an earlier bed made.
    fn read(desk: &Desk) -> Fallible<Self> {
        let ids = |kind| -> Fallible<Vec<Id>> {
            let page = desk.list(&Actor::System, &ListQuery::newest(kind, ACCOUNTS))?;
            Ok(page.items.iter().map(|item| item.record.id).collect())
        };
        Ok(Self {
            accounts: ids(Kind::Account)?,
            contract: ids(Kind::Contract)?.first().copied(),
        })
    }
}
const AGENTS: usize = 40;

impl Bed {
    /// Opens what lies in a folder, or makes a new desk there.
    ///
    /// # Errors
    /// When the store or a command fails.
    pub fn open(folder: &Path, options: &BedOptions) -> Fallible<Self> {
        let file = folder.join("opora.redb");
        let is_new = !file.exists();
        let file = RedbStore::open(file, OpenOptions::default())?;
        let store = Arc::new(Recorder::new(CountingStore::new(file)));
        let shared: Arc<dyn Store> = store.clone();
        let desk = Desk::open(
            shared,
            DeskOptions {
                search: options.search,
                search_dir: Some(folder.join("search")),
                ..DeskOptions::default()
            },
        )?;
        let mut bed = Self {
            desk,
            store,
            seed: Seed::default(),
        };
        if is_new {
            bed.install(bench_pack())?;
            bed.populate()?;
        } else {
            bed.seed = Seed::read(&bed.desk)?;
        }
        Ok(bed)
    }

    /// Installs a pack.
    ///
    /// # Errors
    /// Its faults.
    pub fn install(&self, files: PackFiles) -> Fallible<()> {
        self.run(&Command::InstallPack { files }).map(drop)
    }

    fn populate(&mut self) -> Fallible<()> {
        let week = ["Mon", "Tue", "Wed", "Thu", "Fri"];
        let weekly = week.map(|day| json!({"weekday": day, "from": 540, "to": 1_080}));
        let calendar = json!({"code": "days", "names": {}, "time_zone": "Europe/Moscow",
            "weekly": weekly,
            "exceptions": {}, "version": 1});
        self.create(
            Kind::Calendar,
            json!({"title": "days", "code": "days", "definition": calendar}),
        )?;
        for (order, code) in ["gold", "basic"].into_iter().enumerate() {
            let hours = 3_600 * (order + 1);
            let level = json!({"code": code, "names": {}, "calendar": "days", "order": order,
                "targets": [
                    {"clock": "reaction", "duration_secs": hours, "warn_before_secs": []},
                    {"clock": "resolution", "duration_secs": hours * 8, "warn_before_secs": []}]});
            self.create(
                Kind::SupportLevel,
                json!({"title": code, "code": code, "definition": level}),
            )?;
        }
        self.create(Kind::Team, json!({"title": "First line", "code": "first"}))?;
        for n in 0..AGENTS {
            let skill = if n % 2 == 0 { "printers" } else { "networks" };
            let agent = json!({"title": format!("Agent {n}"), "code": format!("agent{n}"),
                "team": "first", "skills": [skill]});
            self.create(Kind::Agent, agent)?;
        }
        for n in 0..ACCOUNTS {
            let account = json!({"title": format!("Account {n}"), "code": format!("account{n}")});
            let made = self.create(Kind::Account, account)?;
            self.seed.accounts.push(made.id);
        }
        let account = self.account(0);
        let contract = json!({"title": "Contract 1", "account": account.to_string()});
        self.seed.contract = Some(self.create(Kind::Contract, contract)?.id);
        Ok(())
    }

    /// Runs a command as an administrator.
    ///
    /// # Errors
    /// The desk's.
    pub fn run(&self, command: &Command) -> Fallible<Reply> {
        let request = Request::by(Actor::Admin { agent: None });
        Ok(self.desk.run(&request, command)?)
    }

    /// Creates a record.
    ///
    /// # Errors
    /// The desk's.
    pub fn create(&self, kind: Kind, fields: Json) -> Fallible<Reply> {
        self.run(&Command::Create {
            kind,
            fields: members(fields),
        })
    }

    /// The account of a number.
    #[must_use]
    pub fn account(&self, number: u64) -> Id {
        let count = self.seed.accounts.len().max(1) as u64;
        let place = usize::try_from(number % count).unwrap_or(0);
        self.seed.accounts.get(place).copied().unwrap_or(Id::MIN)
    }

    /// Creates the ticket of a number.
    ///
    /// # Errors
    /// The desk's.
    pub fn ticket(&self, number: u64) -> Fallible<Reply> {
        self.create(Kind::Ticket, self.ticket_fields(number))
    }

    /// The fields of the ticket of a number: an ordinary one.
    #[must_use]
    pub fn ticket_fields(&self, number: u64) -> Json {
        let priorities = ["low", "normal", "high", "urgent"];
        let place = usize::try_from(scatter(number) % 4).unwrap_or(0);
        json!({
            "type": "fault",
            "title": lorem(number, 6),
            "description": lorem(number ^ 0x5555, 30),
            "account": self.account(scatter(number)).to_string(),
            "priority": priorities.get(place),
            "channel": "mail",
            "room": format!("room {}", scatter(number) % 50),
            "weight": scatter(number) % 10_000,
        })
    }

    /// Comments on a ticket.
    ///
    /// # Errors
    /// The desk's.
    pub fn comment(&self, id: Id, number: u64) -> Fallible<Reply> {
        self.run(&Command::Comment {
            kind: Kind::Ticket,
            id,
            visibility: Visibility::Public,
            text: lorem(number, 12),
        })
    }

    /// Moves a ticket to another status.
    ///
    /// # Errors
    /// The desk's.
    pub fn transition(&self, id: Id, to: &str, fields: Json) -> Fallible<Reply> {
        self.run(&Command::Transition {
            kind: Kind::Ticket,
            id,
            to: to.to_owned(),
            fields: members(fields),
        })
    }
}

fn members(fields: Json) -> Map<String, Json> {
    match fields {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

/// Spreads numbers evenly.
pub(super) fn scatter(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 8
}

const WORDS: [&str; 64] = [
    "принтер",
    "замялась",
    "бумага",
    "картридж",
    "сеть",
    "пароль",
    "почта",
    "сервер",
    "обновление",
    "ошибка",
    "печать",
    "отчёт",
    "касса",
    "договор",
    "оплата",
    "экран",
    "клавиатура",
    "не",
    "включается",
    "работает",
    "после",
    "перезагрузки",
    "срочно",
    "клиент",
    "звонил",
    "дважды",
    "склад",
    "остатки",
    "обмен",
    "база",
    "кабель",
    "монитор",
    "printer",
    "jam",
    "paper",
    "toner",
    "network",
    "password",
    "mail",
    "server",
    "update",
    "error",
    "report",
    "invoice",
    "payment",
    "screen",
    "keyboard",
    "reboot",
    "urgent",
    "customer",
    "called",
    "twice",
    "stock",
    "exchange",
    "database",
    "cable",
    "monitor",
    "light",
    "blinks",
    "red",
    "slow",
    "since",
    "morning",
    "again",
];

/// Words of a support desk, the same for the same number, and one that no other number has.
#[must_use]
pub fn lorem(number: u64, words: u64) -> String {
    let mut text = format!("n{number}");
    for n in 0..words {
        // Some words are much more frequent than others, as in any language.
        let draw = scatter(number.wrapping_mul(31).wrapping_add(n));
        let place = usize::try_from((draw % 64).min((draw >> 20) % 64)).unwrap_or(0);
        text.push(' ');
        text.push_str(WORDS.get(place).copied().unwrap_or_default());
    }
    text
}
