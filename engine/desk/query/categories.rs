//! The tree of categories.

use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, Result, codec};
use crate::domain::category::{Node, Tree};
use crate::domain::{Kind, Record};
use crate::store::{MAX_RANGE_ROWS, Snapshot, Table};

/// Most categories that are read.
pub const MAX_CATEGORIES: usize = 5_000;

impl Desk {
    /// The categories in the order of the tree, as far as the asker may see them.
    ///
    /// # Errors
    /// When a rule of access broke, or the store fails.
    pub fn categories(&self, actor: &Actor) -> Result<Vec<Node>> {
        let snapshot = self.store.snapshot(None)?;
        let (ground, _) = self.ground(snapshot, self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        Ok(seen(&*ground.snapshot, &sight)?.nodes().to_vec())
    }
}

/// The categories that an asker may see.
///
/// # Errors
/// When a rule of access broke, or the store fails.
pub fn seen(snapshot: &dyn Snapshot, sight: &Sight<'_, '_>) -> Result<Tree> {
    let mut seen = Vec::new();
    for record in records(snapshot)? {
        if sight.sees(&record)? {
            seen.push(record);
        }
    }
    Ok(Tree::of(&seen))
}

/// All categories.
///
/// # Errors
/// When the store fails.
pub fn tree(snapshot: &dyn Snapshot) -> Result<Tree> {
    Ok(Tree::of(&records(snapshot)?))
}

fn records(snapshot: &dyn Snapshot) -> Result<Vec<Record>> {
    let (from, to) = crate::desk::keys::records(Kind::Category);
    let most = MAX_CATEGORIES.min(MAX_RANGE_ROWS);
    let rows = snapshot.range(Table::Records, &from, &to, false, most)?;
    rows.iter()
        .map(|(_, row)| codec::decode(&row.bytes))
        .collect()
}
