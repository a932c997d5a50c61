//! The variants of an article: one text in several languages.

use super::record;
use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, RecordPage, Result, VariantPage, codec, keys};
use crate::domain::article::{self, fields};
use crate::domain::{Id, Kind, Record, Value};
use crate::store::{Pos, Snapshot, Table};

/// Most variants of an article.
const MAX_VARIANTS: usize = 50;

impl Desk {
    /// An article and its variants that the asker may see, the main one first.
    ///
    /// # Errors
    /// When there is no such article, or the store fails.
    pub fn article_variants(
        &self,
        actor: &Actor,
        id: Id,
        at_least: Option<Pos>,
    ) -> Result<Vec<VariantPage>> {
        let snapshot = self.store.snapshot(at_least)?;
        let (ground, _) = self.ground(snapshot, self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let snapshot = &*ground.snapshot;
        let asked = record::read(snapshot, &sight, Kind::Article, id)?;
        let main = article::main_of(&asked.record);
        // Readers may see a variant whose main article they may not.
        let row = snapshot.get(Table::Records, &keys::record(Kind::Article, main))?;
        let text: Option<Record> = row.map(|row| codec::decode(&row.bytes)).transpose()?;
        let mut pages = of_main(snapshot, &sight, main)?;
        pages.sort_by_key(|page| (page.record.id != main, page.record.id));
        Ok(pages
            .into_iter()
            .map(|page| VariantPage {
                is_main: page.record.id == main,
                is_stale: text
                    .as_ref()
                    .is_some_and(|main| article::is_stale(&page.record, main)),
                page,
            })
            .collect())
    }
}

/// A main article and its variants that the asker may see: two trips.
pub fn of_main(
    snapshot: &dyn Snapshot,
    sight: &Sight<'_, '_>,
    main: Id,
) -> Result<Vec<RecordPage>> {
    let prefix = keys::index_prefix(Kind::Article, fields::VARIANT_OF, &Value::Ref(main));
    let to = keys::after(&prefix);
    let rows = snapshot.range(Table::Index, &prefix, &to, false, MAX_VARIANTS)?;
    let ids = rows.iter().filter_map(|(key, _)| keys::id_at_end(key));
    let places: Vec<(Kind, Id)> = std::iter::once(main)
        .chain(ids)
        .map(|id| (Kind::Article, id))
        .collect();
    record::read_many(snapshot, sight, &places)
}
