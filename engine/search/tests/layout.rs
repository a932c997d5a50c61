//! Texts typed in the wrong keyboard layout, as a whole and in part.

use super::fake::{doc, index_of, text};
use crate::search::{Matched, SearchIndex};

fn library() -> std::sync::Arc<SearchIndex> {
    let mut docs = vec![
        doc(
            1,
            "Принтер не печатает",
            "мы заменили картридж, бумага есть",
        ),
        doc(2, "Обмен с базой", "мы проверили, данные передаются"),
        doc(3, "Касса", "мы закрыли смену"),
        doc(4, "Linux vs Windows", "which server to choose"),
    ];
    docs.push(doc(5, "Wi-Fi", "сеть обрывается"));
    index_of(docs)
}

/// What was typed, how it was taken, and for what, in the first hit.
fn first(index: &SearchIndex, query: &str) -> (u128, Vec<(String, Matched, String)>) {
    let hit = index.search(&text(query)).unwrap().hits.remove(0);
    let matches = hit.matches.into_iter();
    let matches = matches.map(|m| (m.word, m.how, m.found)).collect();
    (u128::from_be_bytes(hit.id) >> 64, matches)
}

fn layout(word: &str, found: &str) -> (String, Matched, String) {
    (word.to_owned(), Matched::Layout, found.to_owned())
}

#[test]
fn a_word_of_the_other_language_follows_the_others_of_its_text() {
    let index = library();
    // `vs` is a word here, and what its keys give in Russian is a more frequent one.
    let (id, matches) = first(&index, "vs pfrhskb cvtye");
    assert_eq!(id, 3);
    let all = [
        layout("vs", "мы"),
        layout("pfrhskb", "закрыли"),
        layout("cvtye", "смену"),
    ];
    assert_eq!(matches, all);
    // Where nothing else was typed so, it stays what it is.
    let (id, matches) = first(&index, "linux vs windows");
    assert_eq!(id, 4);
    assert!(matches.iter().all(|m| m.1 == Matched::Exact), "{matches:?}");
}

#[test]
fn a_word_may_be_mistyped_in_the_wrong_layout() {
    let index = library();
    let (id, matches) = first(&index, "ghbynht gtxfnftn");
    assert_eq!(id, 1);
    let ways: Vec<_> = matches.iter().map(|m| (m.1, m.2.as_str())).collect();
    assert_eq!(
        ways,
        [
            (Matched::Corrected, "принтер"),
            (Matched::Layout, "печатает")
        ]
    );
}

#[test]
fn letters_that_are_punctuation_in_the_other_layout_are_letters() {
    let index = library();
    assert_eq!(first(&index, ",evfuf").0, 1);
    assert_eq!(first(&index, "Jxbcnrf ,fpf j,vty").0, 2);
    assert_eq!(
        first(&index, "j,hsdftncz").1,
        [layout("j,hsdftncz", "обрывается")]
    );
}
