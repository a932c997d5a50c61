//! What rules choose from: support levels, calendars, agents, teams; and the language of the desk.
//! Read once and kept until one of them changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::settings::language_key;
use super::{Actor, Error, Result, codec, keys};
use crate::domain::calendar::Calendar;
use crate::domain::role::{Rights, Role};
use crate::domain::sla::{CalendarVersions, SupportLevel};
use crate::domain::{Id, Kind, Record, Value, record::fields};
use crate::hooks::{AgentProfile, AgentView, LevelView};
use crate::store::{Pos, Snapshot, Table};

/// Most records of each kind that take part.
pub const MOST: usize = 2_000;

/// The row whose version changes with any agent, team, level or calendar, and with the language.
pub fn stamp() -> Vec<u8> {
    b"service".to_vec()
}

/// Where a version of a calendar is kept: old ledgers are counted by old versions.
pub fn calendar_version(code: &str, version: u32) -> Vec<u8> {
    let mut key = b"calendar/".to_vec();
    key.extend(code.as_bytes());
    key.push(0);
    key.extend(version.to_be_bytes());
    key
}

/// Support levels, calendars, agents and teams as of one version.
#[derive(Default)]
pub struct Service {
    /// Support levels in their order.
    pub levels: Vec<(Id, SupportLevel)>,
    /// The levels as rules see them.
    pub level_views: Arc<[LevelView]>,
    /// Every version of every calendar.
    pub calendars: Vec<Calendar>,
    /// Agents who are active and present.
    pub agents: Vec<AgentView>,
    /// Teams by code.
    pub teams: Arc<[(String, Id)]>,
    /// Roles by code.
    roles: BTreeMap<String, Role>,
    /// Language of the desk, if an administrator set one.
    language: Option<String>,
    /// The records of levels, agents and teams, with their versions.
    records: BTreeMap<(Kind, Id), (Pos, Arc<Record>)>,
}

impl Service {
    /// Every agent, working or not.
    pub fn agent_ids(&self) -> impl Iterator<Item = Id> {
        let agents = self.records.keys().filter(|(kind, _)| *kind == Kind::Agent);
        agents.map(|(_, id)| *id)
    }

    /// The newest version of a calendar.
    pub fn calendar(&self, code: &str) -> Option<&Calendar> {
        self.calendars
            .iter()
            .filter(|c| c.code == code)
            .max_by_key(|c| c.version)
    }

    /// The level with this id or code.
    pub fn level(&self, name: &str) -> Option<&(Id, SupportLevel)> {
        self.levels
            .iter()
            .find(|(id, level)| level.code == name || id.to_string() == name)
    }

    /// The agent with this id or code.
    pub fn agent(&self, name: &str) -> Option<&AgentView> {
        self.agents
            .iter()
            .find(|a| a.code == name || a.id.to_string() == name)
    }

    /// The team with this id or code.
    pub fn team(&self, name: &str) -> Option<Id> {
        self.teams
            .iter()
            .find(|(code, id)| code == name || id.to_string() == name)
            .map(|t| t.1)
    }

    /// The record of an agent, team or level. None: another kind, or perhaps not there.
    pub fn record(&self, place: (Kind, Id)) -> Option<(Pos, Arc<Record>)> {
        self.records.get(&place).cloned()
    }

    /// What the roles of an asker permit; nothing for whoever is bound by none.
    pub fn rights(&self, actor: &Actor) -> Option<Rights> {
        let Actor::Agent { agent: Some(id) } = actor else {
            return None;
        };
        let (_, record) = self.records.get(&(Kind::Agent, *id))?;
        let named = role_names(record);
        // A role that is no longer there permits nothing; it is none less to be bound by.
        let known = named.iter().filter_map(|name| self.roles.get(*name));
        let roles = known.cloned().collect();
        let team = record.reference(fields::TEAM);
        (!named.is_empty()).then(|| Rights::new(*id, team, roles))
    }

    /// The language of texts for which nobody's is known.
    pub fn language(&self) -> &str {
        self.language.as_deref().unwrap_or("en")
    }

    /// Whether there is a role.
    pub fn has_role(&self, code: &str) -> bool {
        self.roles.contains_key(code)
    }

    /// Names of the agents who have a role.
    pub fn agents_with_role(&self, code: &str) -> Vec<String> {
        let agents = self
            .records
            .iter()
            .filter(|((kind, _), _)| *kind == Kind::Agent);
        let holders = agents.filter(|(_, (_, record))| role_names(record).contains(&code));
        holders
            .map(|(_, (_, record))| record.title().to_owned())
            .collect()
    }

    fn read(snapshot: &dyn Snapshot) -> Result<Self> {
        let mut kept = BTreeMap::new();
        let mut calendars = Vec::new();
        let prefix = b"calendar/".to_vec();
        for (_, row) in snapshot.range(Table::Meta, &prefix, &keys::after(&prefix), false, MOST)? {
            calendars.push(codec::decode(&row.bytes)?);
        }
        let mut service = Self::of(|kind| records(snapshot, kind, &mut kept), calendars)?;
        service.records = kept;
        let roles = super::roles::read(snapshot)?;
        service.roles = roles
            .into_iter()
            .map(|role| (role.code.clone(), role))
            .collect();
        let language = snapshot.get(Table::Meta, &language_key())?;
        service.language = language.map(|row| codec::decode(&row.bytes)).transpose()?;
        Ok(service)
    }

    /// The service that records of these kinds make, each kind's in the order of their ids.
    pub fn of(
        mut records: impl FnMut(Kind) -> Result<Vec<Arc<Record>>>,
        calendars: Vec<Calendar>,
    ) -> Result<Self> {
        let teams = records(Kind::Team)?;
        let teams: Arc<[(String, Id)]> = teams
            .iter()
            .take(MOST)
            .map(|t| (t.text("code").unwrap_or_default().to_owned(), t.id))
            .collect();
        let agents = records(Kind::Agent)?;
        let agents = agents
            .iter()
            .take(MOST)
            .filter(|a| is_available(a))
            .map(|a| agent_view(a, &teams));
        let mut levels = Vec::new();
        for record in records(Kind::SupportLevel)?.iter().take(MOST) {
            levels.push((record.id, definition::<SupportLevel>(record)?));
        }
        levels.sort_by(|a, b| (a.1.order, &a.1.code).cmp(&(b.1.order, &b.1.code)));
        let level_view = |(id, level): &(Id, SupportLevel)| LevelView {
            id: *id,
            code: level.code.clone(),
        };
        Ok(Self {
            level_views: levels.iter().map(level_view).collect(),
            levels,
            calendars,
            agents: agents.collect(),
            teams,
            roles: BTreeMap::new(),
            language: None,
            records: BTreeMap::new(),
        })
    }
}

impl CalendarVersions for Service {
    fn find(&self, code: &str, version: u32) -> Option<&Calendar> {
        self.calendars
            .iter()
            .find(|c| c.code == code && c.version == version)
    }
}

/// Reads the `definition` of a calendar or support level.
pub fn definition<T: serde::de::DeserializeOwned>(record: &Record) -> Result<T> {
    let Some(Value::Json(text)) = record.get("definition") else {
        return Err(Error::field(
            "definition",
            "required",
            "a definition is needed",
        ));
    };
    serde_json::from_str(text).map_err(|e| {
        // Its text is the engine's, so a line and column in it would tell nobody anything.
        let why = e.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        Error::field("definition", "malformed", format!("cannot be read: {why}"))
    })
}

fn records(
    snapshot: &dyn Snapshot,
    kind: Kind,
    kept: &mut BTreeMap<(Kind, Id), (Pos, Arc<Record>)>,
) -> Result<Vec<Arc<Record>>> {
    let (from, to) = keys::records(kind);
    let mut records = Vec::new();
    for (_, row) in snapshot.range(Table::Records, &from, &to, false, MOST)? {
        let record: Arc<Record> = Arc::new(codec::decode(&row.bytes)?);
        kept.insert((kind, record.id), (row.version, Arc::clone(&record)));
        records.push(record);
    }
    Ok(records)
}

fn role_names(agent: &Record) -> Vec<&str> {
    match agent.get(super::roles::ROLES) {
        Some(Value::List(named)) => named.iter().filter_map(Value::as_text).collect(),
        _ => Vec::new(),
    }
}

fn is_available(agent: &Record) -> bool {
    let flag = |name: &str| agent.get(name).and_then(Value::as_bool);
    flag("active") != Some(false) && flag("absent") != Some(true)
}

fn agent_view(agent: &Record, teams: &[(String, Id)]) -> AgentView {
    let team = agent.reference(fields::TEAM);
    let team_code = teams
        .iter()
        .find(|(_, id)| Some(*id) == team)
        .map(|t| t.0.clone());
    let skills = match agent.get("skills") {
        Some(Value::List(items)) => items
            .iter()
            .filter_map(|v| v.as_text().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    };
    let profile = AgentProfile {
        id: agent.id,
        code: agent.text("code").unwrap_or_default().to_owned(),
        team,
        team_code: team_code.unwrap_or_default(),
        skills,
    };
    AgentView {
        profile: Arc::new(profile),
        name: agent.title().into(),
        load: 0,
    }
}

/// Keeps the newest [`Service`].
#[derive(Default)]
pub struct ServiceCache(Mutex<Option<(Pos, Arc<Service>)>>);

impl ServiceCache {
    /// The service as of a snapshot whose stamp row has this version.
    pub fn get(&self, snapshot: &dyn Snapshot, version: Pos) -> Result<Arc<Service>> {
        let mut kept = self.0.lock();
        if let Some((at, service)) = kept.as_ref()
            && *at == version
        {
            return Ok(Arc::clone(service));
        }
        let service = Arc::new(Service::read(snapshot)?);
        // An older snapshot must not push out what newer ones need.
        if kept.as_ref().is_none_or(|(at, _)| *at < version) {
            *kept = Some((version, Arc::clone(&service)));
        }
        Ok(service)
    }
}

/// Numbers of open tickets by agent: advice for assignment, counted along with the commits.
#[derive(Default)]
pub struct Loads(Mutex<BTreeMap<Id, i64>>);

impl Loads {
    /// Adds to an agent's number.
    pub fn add(&self, agent: Id, by: i64) {
        let mut all = self.0.lock();
        let load = all.entry(agent).or_insert(0);
        *load = load.saturating_add(by).max(0);
    }

    /// The agent's number.
    pub fn of(&self, agent: Id) -> i64 {
        self.0.lock().get(&agent).copied().unwrap_or(0)
    }
}
