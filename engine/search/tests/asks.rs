//! Phrases, exclusions, words of titles, paths and facets.

use super::fake::{doc, found, id, ids, index_of, text};
use crate::search::{
    Demand, Facet, FacetAsk, Filter, Matched, SearchDoc, SearchIndex, SearchRequest, Sections,
};

fn phrase(words: &str) -> Demand {
    Demand {
        text: words.to_owned(),
        phrase: true,
        title: false,
        negated: false,
    }
}

fn word(words: &str) -> Demand {
    Demand {
        phrase: false,
        ..phrase(words)
    }
}

fn without(demand: Demand) -> Demand {
    Demand {
        negated: true,
        ..demand
    }
}

fn in_title(demand: Demand) -> Demand {
    Demand {
        title: true,
        ..demand
    }
}

fn ask(index: &SearchIndex, words: &str, demands: Vec<Demand>) -> (Vec<u128>, bool) {
    let request = SearchRequest {
        demands,
        ..text(words)
    };
    let page = index.search(&request).unwrap();
    let mut found = ids(&page);
    found.sort_unstable();
    (found, page.relaxed)
}

fn printers() -> std::sync::Arc<SearchIndex> {
    index_of(vec![
        doc(1, "Принтер", "Чек не печатается, принтер молчит"),
        doc(2, "Печать", "Принтер печатает не тот чек"),
        doc(3, "Сканер", "Не печатает чек 10.5 на принтере"),
    ])
}

#[test]
fn a_phrase_stands_side_by_side_in_one_form() {
    let index = printers();
    let all = "печатает чек";
    assert_eq!(
        ask(&index, all, vec![phrase("печатает чек")]),
        (vec![3], false)
    );
    assert_eq!(
        ask(&index, all, vec![phrase("не печатает")]),
        (vec![3], false)
    );
    assert_eq!(ask(&index, all, vec![phrase("Чек НЕ")]), (vec![1], false));
    assert_eq!(
        ask(&index, all, vec![phrase("чек 10.5 на")]),
        (vec![3], false)
    );
    assert_eq!(
        ask(&index, all, vec![phrase("принтер")]),
        (vec![1, 2], false)
    );
    let two = vec![phrase("не печатает"), phrase("тот чек")];
    // Nothing has both side by side: their words are enough.
    assert_eq!(ask(&index, all, two), (vec![1, 2, 3], true));
}

#[test]
fn what_is_left_out() {
    let index = printers();
    let (found, _) = ask(&index, "чек", vec![without(word("сканер"))]);
    assert_eq!(found, [1, 2]);
    let (found, _) = ask(&index, "чек", vec![without(word("печатающий принтер"))]);
    assert!(found.is_empty(), "{found:?}");
    let (found, _) = ask(&index, "чек", vec![without(phrase("не печатает"))]);
    assert_eq!(found, [1, 2]);
    let (found, _) = ask(&index, "чек", vec![in_title(word("принтеры"))]);
    assert_eq!(found, [1]);
    let (found, _) = ask(&index, "чек", vec![without(in_title(word("принтеры")))]);
    assert_eq!(found, [2, 3]);
    let list = SearchRequest {
        demands: vec![without(word("сканер"))],
        ..SearchRequest::default()
    };
    assert_eq!(ids(&index.search(&list).unwrap()), [2, 1]);
}

#[test]
fn demands_know_no_text_that_is_not_shown() {
    let mut secret = doc(1, "Лампа", "светит");
    secret.internal = String::from("тайна за семью печатями");
    let index = index_of(vec![secret]);
    let ask = |demand: Demand, sections| {
        let request = SearchRequest {
            demands: vec![demand],
            sections,
            ..text("лампа")
        };
        index.search(&request).unwrap().total
    };
    for demand in [phrase("тайна за"), word("тайна")] {
        assert_eq!(ask(demand.clone(), Sections::ALL), 1);
        assert_eq!(ask(without(demand.clone()), Sections::ALL), 0);
        assert_eq!(ask(without(demand), Sections::PUBLIC), 1);
    }
    assert_eq!(ask(word("тайна"), Sections::PUBLIC), 0);
    let untitled = Sections {
        title: false,
        ..Sections::ALL
    };
    assert_eq!(ask(in_title(word("лампа")), untitled), 0);
}

#[test]
fn codes_are_found_whole_and_never_taken_for_others() {
    let mut serial = doc(6, "Терминал", "оплаты");
    serial.codes = vec![String::from("SN-77XY-01")];
    let index = index_of(vec![
        doc(
            1,
            "Настройка",
            "правьте /etc/nginx/nginx.conf и перезапустите",
        ),
        doc(2, "Настройка", "правьте /etc/nginx/mime.types"),
        doc(3, "Версия", "исправлено в 2.14.3-rc1"),
        doc(4, "Версия", "исправлено в 2.14.4"),
        doc(5, "Почта", "пишите на petrov@example.com"),
        serial,
        doc(7, "Реестр", r"ключ HKLM\Software\Opora\Desk"),
        doc(8, "Ошибка", "код 0x80070057 или -2147024809"),
    ]);
    let first = |query: &str| found(&index, query).first().copied();
    assert_eq!(first("/etc/nginx/nginx.conf"), Some(1));
    assert_eq!(first("/etc/nginx/mime.types"), Some(2));
    assert_eq!(first(r"HKLM\Software\Opora\Desk"), Some(7));
    assert_eq!(found(&index, "2.14.3-rc1").first(), Some(&3));
    assert_eq!(found(&index, "petrov@example.com"), [5]);
    assert_eq!(found(&index, "sn-77xy-01"), [6]);
    assert_eq!(found(&index, "-2147024809"), [8]);
    // One character beside is another code.
    for other in [
        "SN-77XY-02",
        "0x80070058",
        "-2147024808",
        "petrow@exampla.org",
    ] {
        assert!(found(&index, other).is_empty(), "{other}");
    }
    let page = index.search(&text("/opt/ngimx/ngimx.conf")).unwrap();
    let how = page.hits.iter().flat_map(|hit| &hit.matches);
    assert!(how.clone().all(|m| m.how <= Matched::Form), "{page:?}");
}

#[test]
fn facets_count_everything_that_is_found() {
    let of = |n: u128, kind: &str, tags: &[&str]| SearchDoc {
        kind: kind.to_owned(),
        facets: vec![(
            String::from("tags"),
            tags.iter().map(|t| (*t).to_owned()).collect(),
        )],
        ..doc(n, "lamp", if n.is_multiple_of(2) { "even" } else { "odd" })
    };
    let index = index_of(vec![
        of(1, "ticket", &["Red", "blue"]),
        of(2, "ticket", &["red"]),
        of(3, "article", &["blue"]),
        of(4, "article", &[]),
    ]);
    let counts = |request: SearchRequest, kinds: Option<&[&str]>| {
        let kinds = kinds.map(|k| k.iter().map(|k| (*k).to_owned()).collect());
        let ask = |name: &str| FacetAsk {
            name: name.to_owned(),
            kinds: kinds.clone(),
            most: 100,
        };
        let request = SearchRequest {
            limit: 1,
            facets: vec![ask("tags"), ask("nothing")],
            ..request
        };
        let page = index.search(&request).unwrap();
        let [tags, nothing]: [Facet; 2] = page.facets.try_into().unwrap();
        assert!(nothing.values.is_empty());
        let values = tags.values.into_iter();
        values.map(|(v, n)| format!("{v} {n}")).collect::<Vec<_>>()
    };
    assert_eq!(counts(text("lamp"), None), ["blue 2", "Red 1", "red 1"]);
    assert_eq!(counts(text("odd"), None), ["blue 2", "Red 1"]);
    assert_eq!(counts(text("lamp"), Some(&["article"])), ["blue 1"]);
    let one = SearchRequest {
        filters: vec![Filter::text("id", "none")],
        ..text("lamp")
    };
    assert!(counts(one, None).is_empty());
    assert_eq!(index.search(&text("lamp")).unwrap().facets, []);
    let first = index
        .search(&SearchRequest {
            limit: 1,
            ..text("lamp")
        })
        .unwrap();
    let next = SearchRequest {
        cursor: first.next,
        ..text("lamp")
    };
    assert_eq!(counts(next, None), ["blue 2", "Red 1", "red 1"]);
    assert_eq!(first.hits.len(), 1);
    assert_ne!(first.hits[0].id, id(9));
}
