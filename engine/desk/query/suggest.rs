//! Completing what is typed into the search box, within the asker's rights.

use std::sync::Arc;

use super::search::{SEARCHED, no_search, places_of, rights};
use super::understand::Reader;
use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, RecordPage, Result, SuggestQuery, Suggested, index_source};
use crate::domain::{Id, Kind};
use crate::search::SearchRequest;

/// Most titles of an answer.
pub const MAX_TITLES: usize = 20;

impl Desk {
    /// Completes a text that is being typed: records by their titles, and longer words of titles.
    ///
    /// # Errors
    /// When the index is not there, the limit is out of range, or the store fails.
    pub fn suggest(&self, actor: &Actor, query: &SuggestQuery) -> Result<Suggested> {
        let limit = super::limit(query.limit)?.min(MAX_TITLES);
        let index = self.search.as_ref().ok_or_else(no_search)?;
        self.reach_index(index, query.at_least)?;
        let snapshot = self.store.snapshot(query.at_least)?;
        let (ground, _) = self.ground(Arc::clone(&snapshot), self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let kinds = if query.kinds.is_empty() {
            SEARCHED.to_vec()
        } else {
            query.kinds.clone()
        };
        let (mut filters, sections) = rights(&sight, &kinds, false)?;
        let reader = Reader {
            catalog: &ground.catalog,
            sight: &sight,
            snapshot: &*snapshot,
            index,
            kinds: &kinds,
            now: ground.now,
        };
        let asked = reader.read_typed(&query.text)?;
        filters.extend(asked.filters);
        let request = SearchRequest {
            text: asked.text,
            kinds: kinds.iter().map(|k| k.name().to_owned()).collect(),
            demands: asked.demands,
            filters,
            sections,
            limit,
            wording: Arc::clone(&self.tuning.get(&*snapshot)?.wording),
            ..SearchRequest::default()
        };
        let found = index.suggest(&request).map_err(index_source::error)?;
        let places: Vec<(Kind, Id)> = places_of(found.titles.iter().map(|(k, id)| (k, id)));
        let mut pages = super::record::read_many(&*snapshot, &sight, &places)?;
        let by_place = |(kind, id): &(Kind, Id)| -> Option<RecordPage> {
            let same = |p: &RecordPage| p.record.id == *id && p.record.kind == *kind;
            let at = pages.iter().position(same)?;
            Some(pages.swap_remove(at))
        };
        Ok(Suggested {
            titles: places.iter().filter_map(by_place).collect(),
            completions: found.completions,
            rebuilding: found.rebuilding,
        })
    }
}
