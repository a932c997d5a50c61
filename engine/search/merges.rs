//! When segments are merged: few and large steps under load, the rest when there is time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tantivy::index::SegmentMeta;
use tantivy::indexer::{MergeCandidate, MergePolicy};

/// Segments with fewer documents than this are the lowest level; each next level is
/// [`LEVEL_FACTOR`] times as large.
const LOWEST_LEVEL: u32 = 512;
const LEVEL_FACTOR: u32 = 8;
/// Segments of one level that are merged.
const ENOUGH: usize = 8;
/// The same under load, where a document is then merged half as often.
const ENOUGH_UNDER_LOAD: usize = 20;
/// Levels up to this one wait under load; a search looks into every segment, and large ones are
/// rarely made.
const WAITING_LEVELS: u32 = 2;
/// A segment of more documents is merged alone when more than a quarter of it is deleted. Small
/// ones are merged soon anyway: counting their deletions would merge with every update.
const SMALL_SEGMENT: u32 = 4_000;

/// Merges segments of like size, and single large ones that are full of deleted documents.
#[derive(Debug, Clone, Default)]
pub(super) struct Merges {
    under_load: Arc<AtomicBool>,
}

impl Merges {
    /// Says whether the index is written so much that merging should wait; answers what held
    /// before.
    pub(super) fn set_under_load(&self, under_load: bool) -> bool {
        self.under_load.swap(under_load, Ordering::Relaxed)
    }
}

impl MergePolicy for Merges {
    fn compute_merge_candidates(&self, segments: &[SegmentMeta]) -> Vec<MergeCandidate> {
        let under_load = self.under_load.load(Ordering::Relaxed);
        let mut levels: BTreeMap<u32, Vec<&SegmentMeta>> = BTreeMap::new();
        for segment in segments {
            let level = level_of(segment.num_docs());
            levels.entry(level).or_default().push(segment);
        }
        let mut candidates = Vec::new();
        for (level, members) in levels {
            let enough = if under_load && level < WAITING_LEVELS {
                ENOUGH_UNDER_LOAD
            } else {
                ENOUGH
            };
            if members.len() >= enough {
                let ids = members.iter().map(|segment| segment.id());
                candidates.push(MergeCandidate(ids.collect()));
                continue;
            }
            let wasteful = members.iter().filter(|segment| {
                segment.max_doc() > SMALL_SEGMENT
                    && segment.num_deleted_docs().saturating_mul(4) > segment.max_doc()
            });
            candidates.extend(wasteful.map(|segment| MergeCandidate(vec![segment.id()])));
        }
        candidates
    }
}

fn level_of(docs: u32) -> u32 {
    (docs / LOWEST_LEVEL)
        .checked_ilog(LEVEL_FACTOR)
        .map_or(0, |level| level + 1)
}

#[cfg(test)]
mod tests {
    use super::level_of;

    #[test]
    fn levels_grow_by_eight() {
        let sizes = [0, 511, 512, 4_095, 4_096, 32_767, 32_768, u32::MAX];
        assert_eq!(sizes.map(level_of), [0, 0, 1, 1, 2, 2, 3, 8]);
    }
}
