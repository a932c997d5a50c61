//! Order by what rules say of age, values and votes.

use std::sync::Arc;

use proptest::prelude::{Strategy, any, proptest};

use super::fake::{doc, ids, index_of, text};
use crate::search::{Factors, FilterValue, Fresh, Ranking, SearchDoc, ValueFactor};

const NOW: i64 = 1_800_000_000_000;
const DAY: i64 = 86_400_000;

/// A document by how often it says the word, its age in days, its votes and its type.
fn made(n: u128, (words, days, votes, kind): (usize, i64, Option<i64>, bool)) -> SearchDoc {
    let mut doc = doc(n, "", &"насос ".repeat(words));
    let changed = FilterValue::Instant(NOW - days * DAY);
    doc.filters.push(("changed".to_owned(), changed));
    let votes = votes.map(|share| ("share".to_owned(), FilterValue::Int(share)));
    doc.filters.extend(votes);
    let kind = if kind { "error" } else { "wish" };
    doc.facets.push(("type".to_owned(), vec![kind.to_owned()]));
    doc
}

fn documents() -> impl Strategy<Value = Vec<SearchDoc>> {
    let votes = proptest::option::of(0_i64..=1_000);
    let one = (1_usize..6, 0_i64..900, votes, any::<bool>());
    let some = proptest::collection::vec(one, 2..60);
    some.prop_map(|all| (1_u128..).zip(all).map(|(n, of)| made(n, of)).collect())
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    /// The first page leaves documents out that cannot be on it without looking at them.
    #[test]
    fn a_short_page_begins_as_a_long_one(
        docs in documents(), limit in 1_usize..8, weight in 0_f32..=1.0, factor in 0.25_f32..=4.0,
    ) {
        let index = index_of(docs);
        let ranking = Ranking {
            sections: Factors::NONE,
            values: vec![ValueFactor {
                field: "type".to_owned(),
                value: "error".to_owned(),
                factor,
            }],
            fresh: vec![Fresh { half_life_days: 90.0, weight }],
            age_field: "changed",
            votes: vec![weight, 0.3],
            votes_field: "share",
            at: NOW,
        };
        let mut request = text("насос");
        request.ranking = Some(Arc::new(ranking));
        request.limit = 100;
        let all = ids(&index.search(&request).unwrap());
        request.limit = limit;
        let first = ids(&index.search(&request).unwrap());
        assert_eq!(first[..], all[..limit.min(all.len())]);
    }
}
