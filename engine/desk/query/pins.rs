//! What a search takes from administrators: words made ready, and the articles that come first.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::search::no_search;
use crate::desk::tuning::{
    LearningRow, MAX_LOCALES, MAX_PINS, MAX_SYNONYMS, Pin, StopWords, Synonyms, learning_key,
    pin_key, rows, stamp_key, stop_words_key, synonyms_key,
};
use crate::desk::{Desk, Result, codec, index_source};
use crate::domain::{Id, Instant, Kind};
use crate::search::{
    Filter, FilterValue, Hit, MAX_LIMIT, SearchRequest, SynonymSet, Wording, fits, turned,
};
use crate::store::{Pos, Snapshot, Table};

/// What administrators said, ready for searches.
pub struct Tuned {
    /// Synonyms and stop words.
    pub wording: Arc<Wording>,
    /// Pins by the words of their queries.
    pins: HashMap<String, Vec<Arc<Pin>>>,
    /// Whether searches are counted.
    pub counts: bool,
}

impl Default for Tuned {
    fn default() -> Self {
        Self {
            wording: Arc::default(),
            pins: HashMap::new(),
            counts: true,
        }
    }
}

/// The last state that was made ready, with the version of its stamp.
#[derive(Default)]
pub struct TuningCache(Mutex<Option<(Pos, Arc<Tuned>)>>);

impl TuningCache {
    /// What administrators said up to a snapshot.
    ///
    /// # Errors
    /// When the store fails.
    pub fn get(&self, snapshot: &dyn Snapshot) -> Result<Arc<Tuned>> {
        let Some(stamp) = snapshot.get(Table::Meta, &stamp_key())? else {
            return Ok(Arc::default());
        };
        if let Some((version, tuned)) = &*self.0.lock()
            && *version == stamp.version
        {
            return Ok(Arc::clone(tuned));
        }
        let tuned = Arc::new(Tuned::read(snapshot)?);
        *self.0.lock() = Some((stamp.version, Arc::clone(&tuned)));
        Ok(tuned)
    }
}

impl Tuned {
    fn read(snapshot: &dyn Snapshot) -> Result<Self> {
        let synonyms: Vec<Synonyms> = rows(snapshot, &synonyms_key(None), MAX_SYNONYMS)?;
        let stop: Vec<StopWords> = rows(snapshot, &stop_words_key(""), MAX_LOCALES)?;
        let kept: Vec<Pin> = rows(snapshot, &pin_key(None), MAX_PINS)?;
        let sets = synonyms.into_iter().map(|set| SynonymSet {
            locale: set.locale,
            words: set.words,
            means: set.means,
        });
        let sets: Vec<SynonymSet> = sets.collect();
        let stop = stop.iter().map(|s| (s.locale.as_str(), s.words.as_slice()));
        let wording = Arc::new(Wording::new(&sets, stop));
        let mut pins: HashMap<String, Vec<Arc<Pin>>> = HashMap::new();
        for pin in kept.into_iter().map(Arc::new) {
            for query in &pin.queries {
                let same = pins.entry(wording.key(query)).or_default();
                if !same.iter().any(|known| known.id == pin.id) {
                    same.push(Arc::clone(&pin));
                }
            }
        }
        let learning = snapshot.get(Table::Meta, &learning_key())?;
        let learning: Option<LearningRow> =
            learning.map(|row| codec::decode(&row.bytes)).transpose()?;
        Ok(Self {
            wording,
            pins,
            counts: learning.unwrap_or_default().keep_days > 0,
        })
    }

    /// The articles that are pinned for a text.
    fn pinned(&self, text: &str, locale: Option<&str>, now: Instant) -> Vec<Id> {
        let mut ids: Vec<Id> = Vec::new();
        if self.pins.is_empty() {
            return ids;
        }
        let day = now.date_naive();
        // The very words of a pin in the wrong keyboard layout are meant for it.
        let turned: Option<Vec<String>> = text.split_whitespace().map(turned).collect();
        let turned = turned.map(|words| words.join(" "));
        let texts = std::iter::once(text).chain(turned.as_deref());
        let mut pins = texts.filter_map(|text| self.pins.get(&self.wording.key(text)));
        for pin in pins.next().into_iter().flatten() {
            if pin.holds_on(day) && fits(pin.locale.as_deref(), locale) {
                let new = pin.articles.iter().filter(|id| !ids.contains(id));
                let new: Vec<Id> = new.copied().collect();
                ids.extend(new);
            }
        }
        ids.truncate(MAX_PINNED);
        ids
    }
}

/// Most articles that are pinned for one query.
const MAX_PINNED: usize = 20;
/// Starts the cursor of a page that pins fill.
const CURSOR: &str = "pinned-";

/// The articles that come first, and where a page is among them.
pub struct Top {
    hits: Vec<Hit>,
    from: usize,
    limit: usize,
}

impl Desk {
    /// The articles that are pinned for a text, as far as the request finds such ones: its conditions
    /// and rights hold for them, its words need not. The request becomes that for the rest of the
    /// page.
    ///
    /// # Errors
    /// When the index is not there, or it fails.
    pub(super) fn top(
        &self,
        tuned: &Tuned,
        request: &mut SearchRequest,
        now: Instant,
    ) -> Result<Top> {
        let mut top = Top::none(request.limit);
        let before = request
            .cursor
            .as_deref()
            .and_then(|c| c.strip_prefix(CURSOR));
        let before: Option<usize> = before.and_then(|n| n.parse().ok());
        let is_first = request.cursor.is_none() || before.is_some();
        if before.is_some() {
            request.cursor = None;
        }
        let articles = Kind::Article.name();
        let text = request.text.as_deref().unwrap_or_default();
        let ids = if request.kinds.iter().any(|kind| kind == articles) {
            tuned.pinned(text, request.locale.as_deref(), now)
        } else {
            Vec::new()
        };
        if ids.is_empty() {
            return Ok(top);
        }
        let values = ids.iter().map(|id| FilterValue::Text(id.to_string()));
        let mut only = request.filters.clone();
        only.push(Filter::In("id".to_owned(), values.collect()));
        let index = self.search.as_ref().ok_or_else(no_search)?;
        let found = index.search(&SearchRequest {
            text: None,
            kinds: vec![articles.to_owned()],
            filters: only,
            demands: request.demands.clone(),
            limit: ids.len(),
            sections: request.sections,
            snippet: request.snippet,
            ..SearchRequest::default()
        });
        let mut found = found.map_err(index_source::error)?.hits;
        let hit = |id: &Id| {
            let at = found.iter().position(|hit| hit.id == id.0)?;
            Some(found.swap_remove(at))
        };
        top.hits = ids.iter().filter_map(hit).collect();
        top.from = match (is_first, before) {
            (true, before) => before.unwrap_or(0).min(top.hits.len()),
            (false, _) => top.hits.len(),
        };
        // Those that are pinned come again among the others, and are left out there.
        let rest = top.limit.saturating_sub(top.hits.len() - top.from);
        request.limit = (rest.max(1) + top.hits.len()).min(MAX_LIMIT);
        Ok(top)
    }
}

impl Top {
    /// Nothing comes first.
    pub(super) const fn none(limit: usize) -> Self {
        Self {
            hits: Vec::new(),
            from: 0,
            limit,
        }
    }

    /// The hits of the page, each with whether it is pinned, and where the next one begins.
    pub(super) fn page(
        self,
        found: Vec<Hit>,
        next: Option<String>,
    ) -> (Vec<(Hit, bool)>, Option<String>) {
        if self.hits.is_empty() {
            return (found.into_iter().map(|hit| (hit, false)).collect(), next);
        }
        let is_pinned = |hit: &Hit| self.hits.iter().any(|top| top.id == hit.id);
        let (again, others): (Vec<Hit>, Vec<Hit>) = found.into_iter().partition(is_pinned);
        let mut page: Vec<(Hit, bool)> = Vec::with_capacity(self.limit);
        for pinned in self.hits.iter().skip(self.from).take(self.limit) {
            // What its words found says more.
            let known = again.iter().find(|hit| hit.id == pinned.id);
            page.push((known.unwrap_or(pinned).clone(), true));
        }
        let shown = self.from + page.len();
        let rest = self.limit - page.len();
        let more = rest < others.len();
        page.extend(others.into_iter().take(rest).map(|hit| (hit, false)));
        let next = match page.last() {
            _ if shown < self.hits.len() || (rest == 0 && more) => Some(format!("{CURSOR}{shown}")),
            Some((last, false)) if more => Some(last.cursor.clone()),
            _ => next,
        };
        (page, next)
    }
}
