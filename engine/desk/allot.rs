//! Ids and numbers of one command. A command that is decided again keeps its own.

use std::collections::BTreeMap;

use super::{IdSource, Result};
use crate::domain::{Id, Instant, Kind};
use crate::store::Store;

/// The ids, numbers and secrets that a command holds.
#[derive(Default)]
pub struct Allotted {
    ids: Vec<Id>,
    numbers: BTreeMap<Kind, Vec<i64>>,
    secrets: Vec<[u8; 20]>,
}

/// What is handed out while a command is decided: first what it holds already, in the same order.
pub struct Allotment<'a> {
    source: &'a IdSource,
    store: &'a dyn Store,
    held: Allotted,
    next_id: usize,
    next_secret: usize,
    next_number: BTreeMap<Kind, usize>,
    /// Whether nothing is kept of the command, so that no number is used up.
    is_tried: bool,
}

impl<'a> Allotment<'a> {
    /// Nothing allotted.
    pub fn new(source: &'a IdSource, store: &'a dyn Store) -> Self {
        Self::resume(source, store, Allotted::default())
    }

    /// Begins to hand out what is held again.
    pub const fn resume(source: &'a IdSource, store: &'a dyn Store, held: Allotted) -> Self {
        Self {
            source,
            store,
            held,
            next_id: 0,
            next_secret: 0,
            next_number: BTreeMap::new(),
            is_tried: false,
        }
    }

    /// For a command of which nothing is kept: its numbers are all 0.
    pub fn tried(source: &'a IdSource, store: &'a dyn Store) -> Self {
        Self {
            is_tried: true,
            ..Self::new(source, store)
        }
    }

    /// What the command holds from now on.
    pub fn keep(self) -> Allotted {
        self.held
    }

    /// The next secret.
    ///
    /// # Errors
    /// When the machine has no entropy to give.
    pub fn secret(&mut self) -> Result<[u8; 20]> {
        let place = self.next_secret;
        self.next_secret += 1;
        if let Some(secret) = self.held.secrets.get(place) {
            return Ok(*secret);
        }
        let secret = self.source.secret()?;
        self.held.secrets.push(secret);
        Ok(secret)
    }

    /// The next id.
    pub fn id(&mut self, now: Instant) -> Id {
        let place = self.next_id;
        self.next_id += 1;
        if let Some(id) = self.held.ids.get(place) {
            return *id;
        }
        let id = self.source.next(now);
        self.held.ids.push(id);
        id
    }

    /// The next human number of a kind.
    ///
    /// # Errors
    /// When the store fails.
    pub fn number(&mut self, kind: Kind) -> Result<i64> {
        if self.is_tried {
            return Ok(0);
        }
        let place = self.next_number.entry(kind).or_insert(0);
        let taken = self.held.numbers.entry(kind).or_default();
        if let Some(number) = taken.get(*place) {
            *place += 1;
            return Ok(*number);
        }
        *place += 1;
        let number = i64::try_from(self.store.numbers(kind.name(), 1)?).unwrap_or(i64::MAX);
        taken.push(number);
        Ok(number)
    }
}
