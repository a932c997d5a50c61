//! Ids and numbers of one command. A command that is decided again keeps its own.

use std::collections::BTreeMap;

use super::{IdSource, Result};
use crate::domain::{Id, Instant, Kind};
use crate::store::Store;

/// What a command has been allotted so far.
pub struct Allotment<'a> {
    source: &'a IdSource,
    store: &'a dyn Store,
    ids: Vec<Id>,
    next_id: usize,
    numbers: BTreeMap<Kind, Vec<i64>>,
    next_number: BTreeMap<Kind, usize>,
}

impl<'a> Allotment<'a> {
    /// Nothing allotted.
    pub fn new(source: &'a IdSource, store: &'a dyn Store) -> Self {
        Self {
            source,
            store,
            ids: Vec::new(),
            next_id: 0,
            numbers: BTreeMap::new(),
            next_number: BTreeMap::new(),
        }
    }

    /// Begins to hand out the same ids and numbers again.
    pub fn rewind(&mut self) {
        self.next_id = 0;
        self.next_number.clear();
    }

    /// The next id.
    pub fn id(&mut self, now: Instant) -> Id {
        let place = self.next_id;
        self.next_id += 1;
        if let Some(id) = self.ids.get(place) {
            return *id;
        }
        let id = self.source.next(now);
        self.ids.push(id);
        id
    }

    /// The next human number of a kind.
    ///
    /// # Errors
    /// When the store fails.
    pub fn number(&mut self, kind: Kind) -> Result<i64> {
        let place = self.next_number.entry(kind).or_insert(0);
        let taken = self.numbers.entry(kind).or_default();
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
