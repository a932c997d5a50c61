//! Completing what is being typed.

use super::fake::{doc, id, index_of, text};
use crate::search::{Filter, SearchIndex, SearchRequest, Sections, Suggestions};

fn suggest(index: &SearchIndex, typed: &str) -> Suggestions {
    let request = SearchRequest {
        limit: 5,
        ..text(typed)
    };
    index.suggest(&request).unwrap()
}

fn titles(index: &SearchIndex, typed: &str) -> Vec<u128> {
    let found = suggest(index, typed).titles.into_iter();
    let mut numbers: Vec<u128> = found.map(|(_, id)| u128::from_be_bytes(id) >> 64).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn titles_by_beginnings_mistakes_and_layout() {
    let index = index_of(vec![
        doc(1, "Замятие бумаги в принтере", "пресс"),
        doc(2, "Принтер не печатает", "x"),
        doc(3, "Пресс-релиз", "принтер"),
        doc(4, "Ошибка E-1045 на кассе", "x"),
    ]);
    assert_eq!(titles(&index, "п"), [1, 2, 3]);
    assert_eq!(titles(&index, "прин"), [1, 2]);
    assert_eq!(titles(&index, "принтер печ"), [2]);
    assert_eq!(titles(&index, "приннтер бум"), [1]);
    assert_eq!(titles(&index, "ghby"), [1, 2]);
    assert_eq!(titles(&index, "E-1045"), [4]);
    // No title has both words: one is better than none.
    assert_eq!(titles(&index, "релиз бумага"), [1, 3]);
    assert!(titles(&index, "ничего").is_empty());
    assert_eq!(
        suggest(&index, "бумаги прин").completions,
        ["бумаги принтер", "бумаги принтере"][..1]
    );
    assert_eq!(suggest(&index, "\"").completions, Vec::<String>::new());
}

#[test]
fn codes_are_completed_before_they_are_whole() {
    let index = index_of(vec![
        doc(1, "Ошибка E-1045 на кассе", "x"),
        doc(2, "Ошибка E-1031", "x"),
        doc(3, "Отказ 5.7.26", "x"),
        doc(4, "Дверь 10", "e"),
    ]);
    assert_eq!(titles(&index, "E-10"), [1, 2]);
    assert_eq!(suggest(&index, "E-10").completions, ["E-1031", "E-1045"]);
    assert_eq!(titles(&index, "касса e104"), [1]);
    assert_eq!(suggest(&index, "отказ 5.7.").completions, ["отказ 5.7.26"]);
    assert_eq!(titles(&index, "E-99"), [] as [u128; 0]);
    // A code with a blank behind it is whole.
    assert!(suggest(&index, "E-10 ").completions.is_empty());
}

#[test]
fn nothing_is_completed_from_what_is_not_let_through() {
    let mut secret = doc(1, "Тайное слияние компаний", "x");
    secret.internal = String::from("тайник");
    let index = index_of(vec![secret, doc(2, "Таймер", "тайна")]);
    let only = SearchRequest {
        filters: vec![Filter::Not(Box::new(Filter::text("kind", "ticket")))],
        kinds: vec![String::from("article")],
        ..text("тай")
    };
    assert_eq!(index.suggest(&only).unwrap(), Suggestions::default());
    let untitled = SearchRequest {
        sections: Sections {
            title: false,
            ..Sections::ALL
        },
        ..text("тай")
    };
    assert_eq!(index.suggest(&untitled).unwrap(), Suggestions::default());
    let all = index.suggest(&text("тай")).unwrap();
    assert_eq!(all.titles.len(), 2);
    assert_eq!(all.titles[0].1.len(), id(1).len());
    // Words of texts are no titles.
    assert_eq!(all.completions, ["таймер", "тайное"]);
}
