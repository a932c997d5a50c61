//! The desk: commands and queries, and the one way through.
//!
//! A command goes snapshot → decide → hooks → changeset → commit → journal ([`Desk::run`]); a query
//! reads a snapshot and shows the asker what it may see. Nothing here knows HTTP, redb or Rhai.

mod active;
mod actor;
mod advance;
mod ahead;
mod allot;
mod catalogs;
mod changeset;
mod citation;
mod clock;
mod codec;
mod command;
mod content;
mod decide;
mod delivery;
mod draft;
mod erase;
mod error;
#[cfg(feature = "text")]
mod files;
mod gates;
mod ids;
#[cfg(feature = "search")]
mod index_rules;
#[cfg(feature = "search")]
mod index_source;
mod intake;
mod journal;
mod kept;
mod keys;
mod learning;
mod ledger;
mod lookup;
mod mail;
mod merged;
mod moved;
mod packs;
mod party;
mod permits;
mod query;
mod rebuild;
mod recurrence;
mod rekey;
mod replay;
mod replies;
mod roles;
mod run;
mod scene;
mod service;
mod settings;
mod shifting;
mod sight;
mod survey;
mod tags;
mod timers;
mod together;
mod trace;
mod traffic;
mod tuning;
mod verify;
mod view;
mod votes;
mod webhook;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use actor::Actor;
pub use advance::{Advance, Advanced, DueTimer};
pub use citation::CitedTicket;
pub use clock::{Clock, SystemClock, VirtualClock};
pub use command::{Command, PackChange, PlanRow, ProcessStep, Reply, Request, Split};
pub use decide::{FailingRule, Suspension};
pub use delivery::{
    Delivered, Deliveries, Delivery, DeliveryState, Due, Fate, Letter, LetterFile, Mailing,
    OutboxPage, OutboxQuery, Queue, named_by, own_message_id, receiver,
};
pub use erase::{EraseStep, Erased};
pub use error::{Error, ErrorKind, Fault, Result};
pub use ids::IdSource;
pub use intake::{
    Acceptance, AskedIn, Board, BoardCard, BoardColumn, BoardQuery, InboxItem, InboxQuery,
    Interaction, PartyHit, PartyHits, PartyQuery, PartyVariant, Responsible,
};
pub use learning::{Lesson, QueryKey};
pub use mail::{DeliveryReport, IncomingFile, IncomingMail, MailNature};
pub use party::{Found, Reason};
pub use query::Undelivered;
pub use query::{
    Exposed, Period, Preview, ReportColumn, ReportResult, ReportRow, ReportSpec, Variant,
};
pub use query::{Overview, OverviewList, OverviewQuery};
pub use query::{ProcessChoice, ProcessPage, ProcessPlace};
pub use recurrence::Occurrence;
pub use replay::{
    CauseLink, Checked, Difference, Point, ReadValue, Replayed, Shadow, Silence, SimulateQuery,
    Simulation, Why, WhyChange, WhyClock, WhyItem, WhyNot, WhyQuery, WhyRule,
};
pub use settings::Settings;
pub use tags::TagCloud;
pub use traffic::{Attempts, Way, WayHealth};
pub use tuning::{Pin, StopWords, Synonyms, TuningChange};
pub use verify::Verified;
pub use view::*;
pub use votes::{Vote, VoteOf};
pub use webhook::{
    Notice, SECRET_BYTES, Webhook, WebhookChange, WebhookPage, WebhookProgress, WebhookSecret,
};

use crate::domain::{Instant, Kind};
use crate::packs::{BuiltIn, Catalog, Hosts};
use crate::store::{Pos, Store};

/// How a desk is opened.
pub struct DeskOptions {
    /// Where `now` comes from.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: IdSource,
    /// Whether to search; without, lists come from the store's indexes alone.
    pub search: bool,
    /// Folder of the search index; none: in memory.
    pub search_dir: Option<PathBuf>,
    /// The model that gives meaning to searches of articles; none: words alone count.
    #[cfg(feature = "embeddings")]
    pub embeddings: Option<crate::embeddings::EmbeddingsOptions>,
    /// Folder in which compiled plugins are kept; none: compiled at each start.
    pub plugin_cache: Option<PathBuf>,
    /// Whether opening leaves installed plugins to be compiled behind. Until one is ready, its guards
    /// refuse with `rule_not_ready`, and its effects are left out and stand in the journal.
    pub compile_behind: bool,
    /// Prefix of the addresses of surveys; the survey's token follows.
    pub survey_link: String,
    /// Where to note which lines of scripts run, for tests of packs; scripts are slow then.
    pub coverage: Option<Arc<crate::hooks::Coverage>>,
}

impl Default for DeskOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::default()),
            ids: IdSource::random(),
            search: true,
            search_dir: None,
            #[cfg(feature = "embeddings")]
            embeddings: None,
            plugin_cache: None,
            compile_behind: false,
            survey_link: "http://127.0.0.1:8080/r/".to_owned(),
            coverage: None,
        }
    }
}

/// The file of vectors, in the folder of the index.
#[cfg(feature = "embeddings")]
const EMBEDDINGS_FILE: &str = "embeddings.redb";

/// A service desk on a store.
pub struct Desk {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: IdSource,
    hosts: Arc<dyn Hosts>,
    catalogs: Arc<catalogs::Catalogs>,
    past: replay::Past,
    shadows: replay::Shadows,
    services: service::ServiceCache,
    loads: service::Loads,
    gates: gates::Gates,
    breakers: Arc<decide::Breakers>,
    permits: Arc<permits::Permits>,
    bell: timers::Bell,
    /// Whose turn it is to fire timers.
    firing: parking_lot::Mutex<()>,
    learning: learning::Learning,
    traffic: traffic::Traffic,
    #[cfg(feature = "text")]
    files: timers::Bell,
    survey_link: String,
    #[cfg(feature = "search")]
    search: Option<Arc<crate::search::SearchIndex>>,
    #[cfg(feature = "search")]
    tuning: query::TuningCache,
    #[cfg(feature = "embeddings")]
    embeddings: Option<crate::embeddings::Embeddings>,
}

impl Desk {
    /// Opens a desk on a store: compiles the active packs and begins to follow the journal with the
    /// search index.
    ///
    /// # Errors
    /// When the store fails or an installed pack no longer loads.
    pub fn open(store: Arc<dyn Store>, options: DeskOptions) -> Result<Arc<Self>> {
        let hosts = BuiltIn::new(options.plugin_cache.as_deref())
            .map_err(|fault| Error::internal(fault.to_string()))?
            .covering(options.coverage.as_ref());
        let hosts = if options.compile_behind {
            hosts.compiling_behind()
        } else {
            hosts
        };
        #[cfg(feature = "search")]
        let folder = options.search.then_some(options.search_dir);
        #[cfg_attr(
            not(feature = "search"),
            expect(unused_mut, reason = "the index comes last")
        )]
        let mut desk = Self {
            #[cfg(feature = "search")]
            search: None,
            #[cfg(feature = "search")]
            tuning: query::TuningCache::default(),
            #[cfg(feature = "embeddings")]
            embeddings: None,
            store,
            clock: options.clock,
            ids: options.ids,
            hosts: Arc::new(hosts),
            catalogs: Arc::default(),
            past: replay::Past::default(),
            shadows: replay::Shadows::default(),
            services: service::ServiceCache::default(),
            loads: service::Loads::default(),
            gates: gates::Gates::default(),
            breakers: Arc::default(),
            permits: Arc::default(),
            bell: timers::Bell::default(),
            firing: parking_lot::Mutex::new(()),
            learning: learning::Learning::default(),
            traffic: traffic::Traffic::default(),
            #[cfg(feature = "text")]
            files: timers::Bell::default(),
            survey_link: options.survey_link,
        };
        desk.rekey()?;
        desk.count_loads()?;
        desk.breakers.restore(&*desk.store.snapshot(None)?)?;
        desk.catalog()?;
        // Last: its documents are made by the rules, those left out that are suspended.
        #[cfg(feature = "search")]
        if let Some(folder) = folder {
            let rules = index_rules::IndexRules {
                catalogs: Arc::clone(&desk.catalogs),
                hosts: Arc::clone(&desk.hosts),
                breakers: Arc::clone(&desk.breakers),
                permits: Arc::clone(&desk.permits),
                ready: parking_lot::Mutex::default(),
            };
            let index = index_source::open(&desk.store, folder.as_deref(), rules)?;
            #[cfg(feature = "embeddings")]
            if let Some(model) = options.embeddings {
                let file = folder.map(|folder| folder.join(EMBEDDINGS_FILE));
                let opened = crate::embeddings::Embeddings::open(file.as_deref(), &index, model)?;
                desk.embeddings = Some(opened);
            }
            desk.search = Some(index);
        }
        Ok(Arc::new(desk))
    }

    /// The engine's time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Position of the last commit.
    #[must_use]
    pub fn pos(&self) -> Pos {
        self.store.wait(Pos::ZERO, Duration::ZERO)
    }

    /// Waits until something lies after a position; returns the last one.
    #[must_use]
    pub fn wait(&self, after: Pos, timeout: Duration) -> Pos {
        self.store.wait(after, timeout)
    }

    /// The rules in force: types, fields, workflows, rules of the active packs.
    ///
    /// # Errors
    /// When the store fails.
    pub fn catalog(&self) -> Result<Arc<Catalog>> {
        let snapshot = self.store.snapshot(None)?;
        Ok(self.ground(snapshot, self.now(), None)?.0.catalog)
    }

    /// The installed packs.
    ///
    /// # Errors
    /// When the store fails.
    pub fn packs(&self) -> Result<Vec<PackView>> {
        Ok(decide::packs_view(&*self.catalog()?))
    }

    /// The state of the desk.
    ///
    /// # Errors
    /// When the store fails.
    pub fn health(&self) -> Result<Health> {
        #[cfg(feature = "search")]
        let (indexed, rebuilding) = self.search.as_ref().map_or((None, false), |index| {
            let status = index.status();
            (Some(Pos(status.position)), status.rebuilding)
        });
        #[cfg(not(feature = "search"))]
        let (indexed, rebuilding) = (None, false);
        #[cfg(feature = "search")]
        let embeddings = self.embeddings_health();
        #[cfg(not(feature = "search"))]
        let embeddings = None;
        let catalog = self.catalog()?;
        Ok(Health {
            store: self.store.health()?,
            indexed,
            rebuilding,
            embeddings,
            packs: catalog.packs().len(),
            compiling: query::compiling(&catalog),
            failing_rules: self.failing_rules(&catalog),
        })
    }

    /// Lets a suspended rule run again.
    ///
    /// # Errors
    /// When the asker is no administrator, or the rule has not failed.
    pub fn reset_rule(&self, actor: &Actor, rule: &str) -> Result<()> {
        let command = Command::ResetRule {
            rule: rule.to_owned(),
        };
        self.run(&Request::by(actor.clone()), &command).map(|_| ())
    }

    /// Stops the index, waits for commits under way and closes the store.
    ///
    /// # Errors
    /// When the store fails.
    pub fn close(&self) -> Result<()> {
        if let Err(e) = self.keep_lessons(true) {
            tracing::warn!(code = e.code, "counts of searches are lost: {}", e.message);
        }
        #[cfg(feature = "embeddings")]
        if let Some(embeddings) = &self.embeddings {
            embeddings.close();
        }
        #[cfg(feature = "search")]
        if let Some(index) = &self.search {
            index.close();
        }
        Ok(self.store.close()?)
    }

    /// Counts the open tickets of each agent, page by page.
    fn count_loads(&self) -> Result<()> {
        let snapshot = self.store.snapshot(None)?;
        let mut from = keys::index_field(Kind::Ticket, changeset::OPEN_INDEX);
        let to = keys::after(&from);
        loop {
            let rows = snapshot.range(
                crate::store::Table::Index,
                &from,
                &to,
                false,
                crate::store::MAX_RANGE_ROWS,
            )?;
            for (key, _) in &rows {
                // The agent's id stands before the ticket's.
                let agent = key
                    .len()
                    .checked_sub(32)
                    .and_then(|at| key.get(at..at + 16));
                if let Some(agent) = agent.and_then(crate::domain::Id::from_slice) {
                    self.loads.add(agent, 1);
                }
            }
            match rows.last() {
                Some((key, _)) if rows.len() == crate::store::MAX_RANGE_ROWS => {
                    from = key.clone();
                    from.push(0);
                }
                _ => return Ok(()),
            }
        }
    }
}
