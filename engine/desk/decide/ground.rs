//! What commands are decided on: a view of the store, and the rules and services of that moment.

use std::sync::Arc;

use super::Breakers;
use crate::desk::catalogs::Catalogs;
use crate::desk::permits::Permits;
use crate::desk::service::{Loads, Service};
use crate::domain::Instant;
use crate::packs::Catalog;
use crate::store::{Pos, Snapshot, Store};

/// What a decision is made on, beside the command.
pub struct Ground<'a> {
    /// The view of the store.
    pub snapshot: Arc<dyn Snapshot>,
    /// The rules.
    pub catalog: Arc<Catalog>,
    /// Version of the list of active packs.
    pub catalog_version: Option<Pos>,
    /// Levels, calendars, agents, teams.
    pub service: Arc<Service>,
    /// Version of their stamp.
    pub service_version: Option<Pos>,
    /// Open tickets by agent.
    pub loads: &'a Loads,
    /// Which rules failed, and which are suspended.
    pub breakers: &'a Breakers,
    /// How many threads a pack's rules may hold.
    pub permits: &'a Permits,
    /// Reads packs.
    pub hosts: &'a dyn crate::packs::Hosts,
    /// Where compiled catalogs are kept.
    pub catalogs: &'a Catalogs,
    /// The engine's time.
    pub now: Instant,
    /// Prefix of the addresses of surveys.
    pub survey_link: &'a str,
    /// Where entries of the journal are read: they never change.
    pub store: &'a dyn Store,
}

impl<'a> Ground<'a> {
    /// The same with other rules.
    pub fn by_rules(&self, catalog: Arc<Catalog>) -> Ground<'a> {
        Ground {
            snapshot: Arc::clone(&self.snapshot),
            catalog,
            catalog_version: self.catalog_version,
            service: Arc::clone(&self.service),
            service_version: self.service_version,
            loads: self.loads,
            breakers: self.breakers,
            permits: self.permits,
            hosts: self.hosts,
            catalogs: self.catalogs,
            now: self.now,
            survey_link: self.survey_link,
            store: self.store,
        }
    }
}
