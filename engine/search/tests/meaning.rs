//! The order by words and meaning.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use proptest::prelude::*;

use super::fake::{doc, id, ids, index_of, text};
use crate::search::{Meaning, Nearness, SearchIndex, SearchRequest, Sort};

/// Similarities by number of the document.
#[derive(Debug, Default)]
struct Known(HashMap<[u8; 16], f32>);

impl Nearness for Known {
    fn of(&self, id: &[u8; 16]) -> Option<f32> {
        self.0.get(id).copied()
    }
}

/// Says the same of every text, and keeps what it was asked.
#[derive(Debug)]
struct Model {
    known: Arc<Known>,
    asked: Mutex<Vec<String>>,
}

impl Meaning for Model {
    fn nearness(&self, text: &str) -> Option<Arc<dyn Nearness>> {
        self.asked.lock().push(text.to_owned());
        Some(Arc::clone(&self.known) as _)
    }
}

fn model(all: &[(u128, f32)]) -> Arc<Model> {
    let all = all.iter().map(|(n, near)| (id(*n), *near));
    Arc::new(Model {
        known: Arc::new(Known(all.collect())),
        asked: Mutex::default(),
    })
}

fn known(all: &[(u128, f32)]) -> Arc<dyn Meaning> {
    model(all)
}

fn about(words: &str, meaning: &Arc<dyn Meaning>) -> SearchRequest {
    SearchRequest {
        meaning: Some(Arc::clone(meaning)),
        ..text(words)
    }
}

/// So many documents with both words, each a little longer than the one before.
fn alike(count: u128) -> Arc<SearchIndex> {
    let long = |n: u128| "ещё слово ".repeat(usize::try_from(n).unwrap());
    let all = (1..=count).map(|n| doc(n, "", &format!("сброс пароля {}", long(n))));
    index_of(all.collect())
}

/// All pages of so many hits, and their scores.
fn pages(index: &SearchIndex, request: &SearchRequest, limit: usize) -> Vec<(u128, f32)> {
    let mut all = Vec::new();
    let mut request = SearchRequest {
        limit,
        ..request.clone()
    };
    loop {
        let page = index.search(&request).unwrap();
        assert!(page.hits.len() <= limit);
        all.extend(
            ids(&page)
                .into_iter()
                .zip(page.hits.iter().map(|hit| hit.score)),
        );
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return all,
        }
    }
}

fn order(all: &[(u128, f32)]) -> Vec<u128> {
    all.iter().map(|(n, _)| *n).collect()
}

#[test]
fn what_is_nearer_in_meaning_moves_up() {
    let index = alike(12);
    let words = pages(&index, &text("сброс пароля"), 50);
    assert_eq!(order(&words), (1..=12).collect::<Vec<_>>());
    let near: Vec<(u128, f32)> = (1..=12)
        .map(|n| (n, if n == 9 { 0.9 } else { 0.1 }))
        .collect();
    let page = index.search(&about("сброс пароля", &known(&near))).unwrap();
    assert!(page.by_meaning);
    assert_eq!(ids(&page)[..3], [9, 1, 2]);
}

#[test]
fn hits_of_which_nothing_is_known_stay_where_their_words_put_them() {
    let index = alike(6);
    let unknown = known(&[]);
    let page = index.search(&about("сброс пароля", &unknown)).unwrap();
    assert!(!page.by_meaning);
    assert_eq!(ids(&page), [1, 2, 3, 4, 5, 6]);
    let some = known(&[(5, 0.8), (6, 0.2)]);
    let found = ids(&index.search(&about("сброс пароля", &some)).unwrap());
    let rest: Vec<u128> = found.iter().copied().filter(|n| *n != 5).collect();
    assert_eq!(rest, [1, 2, 3, 4, 6], "only the fifth moves: {found:?}");
}

#[test]
fn a_score_is_that_of_words_and_what_meaning_gave() {
    let index = alike(12);
    let near: Vec<(u128, f32)> = (1..=12).map(|n| (n, 0.05 * n as f32)).collect();
    let request = SearchRequest {
        explain: true,
        ..about("сброс пароля", &known(&near))
    };
    let page = index.search(&request).unwrap();
    for hit in &page.hits {
        let of = hit.explanation.as_ref().unwrap();
        let meaning = of.meaning.unwrap();
        let sum = of.base * of.factor + meaning.gave;
        assert!((hit.score - sum).abs() < 1e-4, "{} {sum}", hit.score);
    }
    let gave = page
        .hits
        .iter()
        .map(|hit| hit.explanation.as_ref().unwrap().meaning.unwrap());
    let most = gave.max_by(|a, b| a.gave.total_cmp(&b.gave)).unwrap();
    assert_eq!(most.similarity, 0.05 * 12.0);
}

#[test]
fn pages_keep_the_order_of_the_first_one_whatever_is_known_later() {
    let index = alike(70);
    let near: Vec<(u128, f32)> = (1..=70)
        .map(|n| (n, (n * 7919 % 100) as f32 / 100.0))
        .collect();
    let whole = pages(&index, &about("сброс пароля", &known(&near)), 200);
    let first = SearchRequest {
        limit: 10,
        ..about("сброс пароля", &known(&near))
    };
    let page = index.search(&first).unwrap();
    let mut found = ids(&page);
    // The model is gone, or says something else.
    for meaning in [None, Some(known(&[(3, 1.0), (4, 0.0)]))] {
        let later = SearchRequest {
            meaning,
            cursor: page.next.clone(),
            limit: 60,
            ..first.clone()
        };
        found.truncate(10);
        found.extend(ids(&index.search(&later).unwrap()));
        assert_eq!(found, order(&whole));
    }
}

#[test]
fn sorted_lists_have_no_meaning() {
    let index = alike(12);
    let near = known(&[(1, 0.1), (9, 0.9)]);
    let request = SearchRequest {
        sort: Sort::Field {
            name: "number".to_owned(),
            descending: false,
        },
        ..about("сброс пароля", &near)
    };
    assert!(!index.search(&request).unwrap().by_meaning);
}

#[test]
fn codes_and_single_words_are_meant_as_they_stand() {
    let index = alike(12);
    let asked = |words: &str| {
        let model = model(&[(1, 0.1), (9, 0.9)]);
        let meaning = Arc::clone(&model) as Arc<dyn Meaning>;
        index.search(&about(words, &meaning)).unwrap();
        let asked = model.asked.lock();
        asked.first().cloned()
    };
    for words in [
        "пароль",
        "пароль 0x80070005",
        "ivan@example.org пароль сброс",
    ] {
        assert_eq!(asked(words), None, "{words}");
    }
    assert_eq!(asked("сброс моего пароля").unwrap(), "сброс моего пароля");
    // As it was meant, and not as it was typed.
    assert_eq!(asked("c,hjc gfhjkz").unwrap(), "сброс пароля");
    assert_eq!(asked("сброс паролля").unwrap(), "сброс пароля");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pages_of_any_size_are_one_list_in_falling_order(
        near in proptest::collection::vec(proptest::option::of(-1.0_f32..1.0), 80),
        limit in 1_usize..70,
    ) {
        let index = alike(80);
        let near = near.iter().zip(1..).filter_map(|(near, n)| Some((n, (*near)?)));
        let request = about("сброс пароля", &known(&near.collect::<Vec<_>>()));
        let all = pages(&index, &request, limit);
        let different: BTreeSet<u128> = order(&all).into_iter().collect();
        prop_assert_eq!(all.len(), 80);
        prop_assert_eq!(different.len(), 80);
        prop_assert!(all.windows(2).all(|two| two[0].1 >= two[1].1), "{:?}", all);
    }
}
