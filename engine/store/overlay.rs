//! A snapshot with batches laid over it that are decided and not committed yet.
//!
//! What such a batch writes has no version until it is committed. Its rows carry a provisional one
//! meanwhile, which tells only which batch wrote them; a batch that was decided on them and expects
//! such a version comes to expect the operation instead ([`Overlay::stand`]).

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::{
    Batch, Expect, Key, MAX_RANGE_ROWS, OpId, Pos, Read, Row, Snapshot, Span, StoreResult, Table,
    Versioned, limits,
};

/// Set in provisional positions; no store comes so far.
const PROVISIONAL: u64 = 1 << 63;

impl Pos {
    /// Whether this is the version of a row in an [`Overlay`] that is not committed yet: it stands
    /// for nothing outside of it.
    #[must_use]
    pub const fn is_provisional(self) -> bool {
        self.0 & PROVISIONAL != 0
    }
}

/// A view of the store as it will be when the batches laid over it are committed in their order.
///
/// Its position is that of the snapshot below.
#[derive(Clone)]
pub struct Overlay {
    base: Arc<dyn Snapshot>,
    /// Rows that the batches wrote last; none: deleted.
    rows: BTreeMap<(Table, Key), Option<Versioned>>,
    ops: Vec<OpId>,
}

impl Overlay {
    /// A snapshot with nothing laid over it.
    #[must_use]
    pub const fn new(base: Arc<dyn Snapshot>) -> Self {
        Self {
            base,
            rows: BTreeMap::new(),
            ops: Vec::new(),
        }
    }

    /// Operation of the batch that was laid over first.
    #[must_use]
    pub fn first(&self) -> Option<OpId> {
        self.ops.first().copied()
    }

    /// Makes a batch that was decided on this view stand on the batches below it: it is applied if
    /// the last of them is, and expects of a row that one of them wrote that this one wrote it.
    pub fn stand(&self, batch: &mut Batch) {
        for (_, _, expect) in &mut batch.expect {
            if let Expect::Version(pos) = *expect
                && let Some(op) = self.writer(pos)
            {
                *expect = Expect::By(op);
            }
        }
        batch.after = self.ops.last().copied().or(batch.after);
    }

    /// Lays the rows of a batch over what there is.
    pub fn lay(&mut self, batch: &Batch) {
        let version = Pos(PROVISIONAL | self.ops.len() as u64);
        self.ops.push(batch.op);
        for (table, key) in &batch.delete {
            self.rows.insert((*table, key.clone()), None);
        }
        for (table, key, bytes) in &batch.put {
            self.put(version, *table, key.clone(), bytes);
        }
        for (table, key, bytes) in &batch.put_at_pos {
            let mut full = Vec::with_capacity(key.len() + size_of::<u64>());
            limits::key_at_pos(&mut full, key, version.0);
            self.put(version, *table, full, bytes);
        }
    }

    fn put(&mut self, version: Pos, table: Table, key: Key, bytes: &[u8]) {
        let bytes = bytes.to_vec();
        self.rows
            .insert((table, key), Some(Versioned { version, bytes }));
    }

    /// The operation behind a provisional version.
    fn writer(&self, version: Pos) -> Option<OpId> {
        if !version.is_provisional() {
            return None;
        }
        let place = usize::try_from(version.0 & !PROVISIONAL).ok()?;
        self.ops.get(place).copied()
    }

    /// What was laid over a part of a table, in key order.
    fn over(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
    ) -> impl DoubleEndedIterator<Item = (&Key, Option<&Versioned>)> {
        // A map panics on a range whose end lies before its start.
        let to = if from < to { to } else { from };
        let from = Bound::Included((table, from.to_vec()));
        let to = Bound::Excluded((table, to.to_vec()));
        let rows = self.rows.range((from, to));
        rows.map(|((_, key), row)| (key, row.as_ref()))
    }

    /// How many rows of the snapshot must be asked for, so that `limit` are left when the hidden
    /// ones are gone.
    fn enough(&self, table: Table, from: &[u8], to: &[u8], limit: usize) -> usize {
        if limit == 0 || limit > MAX_RANGE_ROWS {
            return limit;
        }
        let hidden = self.over(table, from, to).count();
        limit.saturating_add(hidden).min(MAX_RANGE_ROWS)
    }

    /// Rows of the snapshot, all that there are between two keys, under what was laid over them.
    fn merge(
        &self,
        table: Table,
        (from, to): (&[u8], &[u8]),
        below: Vec<Row>,
        reverse: bool,
    ) -> Vec<Row> {
        let mut over = self.over(table, from, to).peekable();
        if over.peek().is_none() {
            return below;
        }
        let mut rows: BTreeMap<Key, Versioned> = below.into_iter().collect();
        for (key, row) in over {
            match row {
                Some(row) => drop(rows.insert(key.clone(), row.clone())),
                None => drop(rows.remove(key)),
            }
        }
        if reverse {
            rows.into_iter().rev().collect()
        } else {
            rows.into_iter().collect()
        }
    }

    /// Rows of a part of a table, of which `below` were found in the snapshot when `asked` were
    /// asked for. More are read when too many of them are hidden.
    fn seen(
        &self,
        (table, mut from, mut to): (Table, Key, Key),
        reverse: bool,
        limit: usize,
        (mut below, mut asked): (Vec<Row>, usize),
    ) -> StoreResult<Vec<Row>> {
        let mut rows = Vec::new();
        loop {
            let is_last = below.len() < asked;
            // The snapshot's rows are all there is of it on this side of the last one.
            let edge = below
                .last()
                .filter(|_| !is_last)
                .map(|(key, _)| key.clone());
            let (begin, end, rest) = match (edge, reverse) {
                (None, _) => (from.clone(), to.clone(), None),
                (Some(last), false) => {
                    let next = [last.as_slice(), &[0]].concat();
                    (from, next.clone(), Some((next, to.clone())))
                }
                (Some(last), true) => (last.clone(), to, Some((from.clone(), last))),
            };
            rows.extend(self.merge(table, (&begin, &end), below, reverse));
            let Some(rest) = rest.filter(|_| rows.len() < limit) else {
                rows.truncate(limit);
                return Ok(rows);
            };
            (from, to) = rest;
            asked = self.enough(table, &from, &to, limit - rows.len());
            below = self.base.range(table, &from, &to, reverse, asked)?;
        }
    }
}

impl Snapshot for Overlay {
    fn pos(&self) -> Pos {
        self.base.pos()
    }

    fn get_many(&self, keys: &[(Table, Key)]) -> StoreResult<Vec<Option<Versioned>>> {
        Ok(self.read(keys, &[])?.0)
    }

    fn range(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        reverse: bool,
        limit: usize,
    ) -> StoreResult<Vec<Row>> {
        let asked = self.enough(table, from, to, limit);
        let below = self.base.range(table, from, to, reverse, asked)?;
        let part = (table, from.to_vec(), to.to_vec());
        self.seen(part, reverse, limit, (below, asked))
    }

    fn read(&self, keys: &[(Table, Key)], spans: &[Span]) -> StoreResult<Read> {
        let unknown = keys.iter().filter(|key| !self.rows.contains_key(*key));
        let unknown: Vec<(Table, Key)> = unknown.cloned().collect();
        let wider = |span: &Span| Span {
            limit: self.enough(span.table, &span.from, &span.to, span.limit),
            ..span.clone()
        };
        let wider: Vec<Span> = spans.iter().map(wider).collect();
        let (rows, parts) = match (unknown.is_empty(), spans.is_empty()) {
            (true, true) => (Vec::new(), Vec::new()),
            (_, true) => (self.base.get_many(&unknown)?, Vec::new()),
            _ => self.base.read(&unknown, &wider)?,
        };
        let mut rows = rows.into_iter();
        let found = keys.iter().map(|key| match self.rows.get(key) {
            Some(row) => row.clone(),
            None => rows.next().flatten(),
        });
        let found = found.collect();
        let mut seen = Vec::with_capacity(spans.len());
        for ((span, wider), below) in spans.iter().zip(&wider).zip(parts) {
            let part = (span.table, span.from.clone(), span.to.clone());
            seen.push(self.seen(part, false, span.limit, (below, wider.limit))?);
        }
        Ok((found, seen))
    }

    fn get(&self, table: Table, key: &[u8]) -> StoreResult<Option<Versioned>> {
        // With nothing laid over it, looking is not worth a copy of the key.
        if self.rows.is_empty() {
            return self.base.get(table, key);
        }
        match self.rows.get(&(table, key.to_vec())) {
            Some(row) => Ok(row.clone()),
            None => self.base.get(table, key),
        }
    }
}
