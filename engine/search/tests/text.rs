//! Searching by text.

use super::fake::{doc, found, ids, index_of, text};
use crate::search::{
    Highlighter, MAX_QUERY_CHARS, Matched, SearchDoc, SearchIndex, SearchRequest, Sections, Sort,
};

#[test]
fn russian_and_english_inflection() {
    let index = index_of(vec![
        doc(1, "Не печатает принтер", "Застряла бумага в лотке"),
        doc(2, "Connection lost", "The printers were disconnected"),
        doc(3, "Совсем другое", "ни слова о том"),
    ]);
    assert_eq!(found(&index, "печатают принтеры"), [1]);
    assert_eq!(found(&index, "лотками"), [1]);
    assert_eq!(found(&index, "connections"), [2]);
    assert_eq!(found(&index, "printer"), [2]);
    assert!(found(&index, "сканер").is_empty());
}

#[test]
fn yo_and_ye_find_the_same() {
    let index = index_of(vec![
        doc(1, "Счёт за услуги", "приём платежей"),
        doc(2, "Счет на оплату", "прием заявок"),
    ]);
    let (yo, ye) = (text("счёт приём"), text("счет прием"));
    let (yo, ye) = (index.search(&yo).unwrap(), index.search(&ye).unwrap());
    assert_eq!(yo.hits.len(), 2);
    let plain = |page: &crate::search::SearchPage| {
        let hits = page.hits.iter();
        hits.map(|h| (h.id, h.score, h.snippet.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(plain(&yo), plain(&ye));
}

#[test]
fn title_and_exact_form_rank_first() {
    let index = index_of(vec![
        doc(
            1,
            "Прочее",
            "настройка почты и ещё несколько слов о том о сём",
        ),
        doc(
            2,
            "Настройка почты",
            "прочее и ещё несколько слов о том о сём",
        ),
        doc(
            3,
            "Прочее",
            "настройками почт и ещё несколько слов о том о сём",
        ),
    ]);
    assert_eq!(found(&index, "настройка почты"), [2, 1, 3]);
}

#[test]
fn codes_numbers_and_keys() {
    let mut with_number = doc(5, "Заявка", "без кода");
    with_number.number = Some(10_452);
    with_number.codes = vec![String::from("SN 77-XY")];
    let index = index_of(vec![
        doc(1, "Ошибка 0x80070005", "при обновлении"),
        doc(2, "Ошибка 0x80070057", "при обновлении"),
        doc(3, "Код E-1045", "и E-1046"),
        doc(4, "Сборка 10.0.19045", "пишите на ivan@firma.ru"),
        with_number,
    ]);
    assert_eq!(found(&index, "ошибка 0x80070057").first(), Some(&2));
    assert_eq!(found(&index, "e1045"), [3]);
    assert_eq!(found(&index, "10.0.19045").first(), Some(&4));
    assert_eq!(found(&index, "IVAN@firma.ru"), [4]);
    assert_eq!(found(&index, "#10452"), [5]);
    assert_eq!(found(&index, "sn 77-xy").first(), Some(&5));
}

#[test]
fn a_whole_code_beats_its_parts() {
    let index = index_of(vec![
        doc(1, "5 7 57", "57 раз по 5 и 7, а всего 5 7 57"),
        doc(
            2,
            "Отказ почты",
            "сервер ответил 550/5.7.57 и закрыл соединение, ещё много слов",
        ),
        doc(3, "5.7.5", "5.7 57"),
    ]);
    assert_eq!(found(&index, "5.7.57").first(), Some(&2));
}

#[test]
fn a_code_that_is_not_there_is_not_found_by_its_parts() {
    let index = index_of(vec![
        doc(1, "Код E-1045", "блок e сбой 1045 при запуске"),
        doc(2, "Дверь E-2210", "лампа e горит"),
        doc(3, "Отказ 552 5.2.2", "ящик полон, 5 раз"),
        doc(4, "Касса зависла", "ошибка"),
        doc(5, "Настройка nginx-1.25", "для Windows 10"),
        doc(6, "Адрес 00:1A:2B:3C:4D:5F", "порт 00 и 1a"),
        doc(7, "1С УТ", "обмен 1с"),
    ]);
    for none in ["E-9999", "5.7.2", "5.7.27", "E-10", "00:1A:2B:3C:4D:5E"] {
        assert_eq!(found(&index, none), [] as [u128; 0], "{none}");
    }
    assert_eq!(found(&index, "e-1045"), [1]);
    assert_eq!(found(&index, "5.2.2"), [3]);
    // Beside other words a code that is not there changes nothing of what is found, and its parts
    // are not told as matches.
    let page = index.search(&text("касса E-9999")).unwrap();
    assert_eq!(ids(&page), [4]);
    assert_eq!(page.hits[0].matches.len(), 1, "{page:?}");
    // Long parts are nobody else's, as of a key of which a piece is typed.
    let keys = index_of(vec![
        doc(1, "Ключ", "393943-22222-281721-555554"),
        doc(2, "Касса", "22"),
    ]);
    assert_eq!(found(&keys, "281721-555554"), [1]);
    // Names within a code, and what stands on its own between strong joiners, are words.
    assert_eq!(found(&index, "nginx-1.99"), [5]);
    assert_eq!(found(&index, "10/11"), [5]);
    assert_eq!(found(&index, "1С:УТ"), [7]);
    // A letter that is typed by itself as well is meant by itself.
    assert_eq!(found(&index, "E-2210 e").len(), 2);
}

#[test]
fn parts_of_a_code_still_order_what_its_other_words_find() {
    let index = index_of(vec![
        doc(1, "Принтер", "печать страниц"),
        doc(2, "Принтер", "печать на 1020"),
    ]);
    let request = SearchRequest {
        explain: true,
        ..text("принтер HP-1020")
    };
    let page = index.search(&request).unwrap();
    assert_eq!(ids(&page), [2, 1]);
    let explained = page.hits[0].explanation.as_ref().unwrap();
    let told: f32 = explained.words.iter().map(|word| word.gave).sum();
    assert!((told - explained.base).abs() < 0.01, "{explained:?}");
}

#[test]
fn names_before_a_colon_are_not_corrected() {
    let index = index_of(vec![doc(1, "Tile on the roof", "assigned")]);
    for name in ["title:", "assignee:me"] {
        assert_eq!(found(&index, name), [] as [u128; 0], "{name}");
    }
    assert_eq!(found(&index, "tiel"), [1]);
}

#[test]
fn internal_text_needs_the_right() {
    let mut secret = doc(1, "Обращение", "клиент просит счёт");
    secret.internal = String::from("клиент должник, пароль свекла");
    let index = index_of(vec![secret, doc(2, "Другое", "свёкла на складе")]);
    for snippet in [false, true] {
        let mut request = text("свекла должник");
        request.snippet = snippet;
        let page = index.search(&request).unwrap();
        assert_eq!(ids(&page), [2]);
        assert_eq!(page.total, 1);
    }
    // A hit by other words shows nothing of it either.
    let page = index.search(&text("обращение должник")).unwrap();
    assert!(!format!("{page:?}").contains("должник"));

    let mut request = text("должник");
    request.sections = Sections::ALL;
    let page = index.search(&request).unwrap();
    assert_eq!(ids(&page), [1]);
    let snippet = page.hits[0].snippet.clone().unwrap();
    assert!(snippet.contains("<mark>должник</mark>"), "{snippet}");
}

#[test]
fn snippets_mark_russian_forms_and_escape() {
    let long = "Пустые слова идут подряд. ".repeat(40);
    let body = format!("{long}Принтер <b>HP</b> & сканер не видны после обновления. {long}");
    let index = index_of(vec![doc(1, "Пропали принтеры", &body)]);
    let page = index.search(&text("принтеров сканеры")).unwrap();
    let hit = &page.hits[0];
    assert_eq!(hit.title.as_deref(), Some("Пропали <mark>принтеры</mark>"));
    let snippet = hit.snippet.clone().unwrap();
    assert!(
        snippet.contains("<mark>Принтер</mark> &lt;b&gt;HP&lt;/b&gt; &amp; <mark>сканер</mark>")
    );
    assert!(
        snippet.starts_with('…') && snippet.ends_with('…'),
        "{snippet}"
    );
    assert!(snippet.chars().count() < 300);
}

#[test]
fn a_code_is_marked_once() {
    let marks = Highlighter::new("E-1045");
    assert_eq!(marks.mark("код E-1045!"), "код <mark>E-1045</mark>!");
    assert_eq!(marks.mark("код 1045"), "код 1045");
}

#[test]
fn a_text_without_words_finds_nothing() {
    let index = index_of(vec![doc(1, "Название", "текст")]);
    for query in ["", "   ", "!!!", "«»", "\0"] {
        let page = index.search(&text(query)).unwrap();
        assert!(page.hits.is_empty(), "{query:?}");
    }
}

#[test]
fn long_texts_are_cut() {
    let index = index_of(vec![doc(1, "Название", "конец")]);
    let long = format!("{} конец", "слово ".repeat(MAX_QUERY_CHARS));
    assert!(found(&index, &long).is_empty());
    assert_eq!(found(&index, &format!("конец {long}")), [1]);
}

#[test]
fn relevance_pages_are_whole() {
    let docs: Vec<SearchDoc> = (1..60)
        .map(|n| {
            doc(
                n,
                "Принтер",
                &"шум ".repeat(usize::try_from(n % 5).unwrap()),
            )
        })
        .collect();
    let index = index_of(docs);
    let mut request = SearchRequest {
        text: Some(String::from("принтер шум")),
        limit: 7,
        sort: Sort::Relevance,
        ..SearchRequest::default()
    };
    let mut seen = Vec::new();
    let mut scores = Vec::new();
    loop {
        let page = index.search(&request).unwrap();
        assert_eq!(page.total, 59);
        seen.extend(ids(&page));
        scores.extend(page.hits.iter().map(|hit| hit.score));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => break,
        }
    }
    assert!(scores.is_sorted_by(|a, b| a >= b));
    seen.sort_unstable();
    assert_eq!(seen, (1..60).collect::<Vec<u128>>());
}

#[test]
fn a_foreign_cursor_is_refused() {
    let index = index_of(vec![
        doc(1, "Название", "текст"),
        doc(2, "Название", "текст"),
    ]);
    let mut request = text("название");
    request.limit = 1;
    let next = index.search(&request).unwrap().next;
    assert!(next.is_some());
    request.text = Some(String::from("текст"));
    request.cursor = next;
    assert!(index.search(&request).is_err());
    for cursor in ["", "0", "zz", "ффф", "00ff00ff"] {
        request.cursor = Some(String::from(cursor));
        assert!(index.search(&request).is_err(), "{cursor}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(256))]
    #[test]
    fn no_text_of_a_user_is_an_error(query in "\\PC{0,200}", cursor in proptest::option::of("[0-9a-f]{0,80}")) {
        use std::sync::OnceLock;
        static INDEX: OnceLock<std::sync::Arc<crate::search::SearchIndex>> = OnceLock::new();
        let index = INDEX.get_or_init(|| index_of(vec![
            doc(1, "Ошибка (код: \"5\") AND NOT [a TO b]", "тело* ~ ^ \\ письма"),
        ]));
        let mut request = text(&query);
        index.search(&request).unwrap();
        request.cursor = cursor;
        let _ = index.search(&request);
    }
}

fn how(index: &SearchIndex, query: &str) -> Vec<(String, Matched, String)> {
    let page = index.search(&text(query)).unwrap();
    let matches = page.hits.into_iter().flat_map(|hit| hit.matches);
    matches.map(|m| (m.word, m.how, m.found)).collect()
}

fn matched(word: &str, how: Matched, found: &str) -> Vec<(String, Matched, String)> {
    vec![(word.to_owned(), how, found.to_owned())]
}

#[test]
fn hits_say_how_they_matched() {
    let index = index_of(vec![
        doc(1, "Принтер", "не печатает, застряла бумага"),
        doc(
            2,
            "Connection lost",
            "the printers were disconnected, код E-1045",
        ),
    ]);
    let cases = [
        ("принтер", Matched::Exact, "принтер"),
        ("бумаги", Matched::Form, "бумага"),
        ("диско", Matched::Exact, ""),
        ("disconn", Matched::Prefix, "disconnected"),
        ("бумгаа", Matched::Corrected, "бумага"),
        ("conection", Matched::Corrected, "connection"),
        ("ghbynth", Matched::Layout, "принтер"),
        ("ghbyn", Matched::Layout, "принтер"),
        ("ghbynths", Matched::Layout, "принтер"),
        ("сщттусешщт", Matched::Layout, "connection"),
        ("e1045", Matched::Exact, "e-1045"),
    ];
    for (query, way, word) in cases {
        let expected = match word {
            "" => Vec::new(),
            word => matched(query, way, word),
        };
        assert_eq!(how(&index, query), expected, "{query}");
    }
    // A word that is there is not made another.
    assert_eq!(how(&index, "the"), matched("the", Matched::Exact, "the"));
    let page = index.search(&text("бумгаа")).unwrap();
    let snippet = page.hits[0].snippet.clone().unwrap();
    assert!(snippet.contains("<mark>бумага</mark>"), "{snippet}");
}

#[test]
fn guesses_come_from_what_may_be_found() {
    let mut secret = doc(1, "Обращение", "клиент просит счёт");
    secret.internal = String::from("пароль свекла");
    let mut article = doc(2, "Замена картриджа", "вынуть и вставить");
    article.kind = String::from("article");
    let index = index_of(vec![secret, article]);
    assert!(found(&index, "свелка").is_empty());
    let mut staff = text("свелка");
    staff.sections = Sections::ALL;
    assert_eq!(ids(&index.search(&staff).unwrap()), [1]);

    assert_eq!(found(&index, "кратриджа"), [2]);
    let mut tickets = text("кратриджа");
    tickets.kinds = vec![String::from("ticket")];
    let page = index.search(&tickets).unwrap();
    assert!(page.hits.is_empty(), "{page:?}");
}

#[test]
fn a_known_word_may_be_the_beginning_of_another() {
    let index = index_of(vec![
        doc(1, "Касса", "нас просят закрыть смену"),
        doc(2, "Касса", "настройка драйвера смены"),
        doc(3, "Касса", "что-то иное"),
    ]);
    // The word itself comes first, and a text that goes on behind it is not being typed there.
    assert_eq!(found(&index, "нас"), [1, 2]);
    assert_eq!(found(&index, "нас "), [1]);
    let page = index.search(&text("нас")).unwrap();
    assert_eq!(page.hits[1].matches[0].how, Matched::Prefix);
}

#[test]
fn a_title_that_is_its_text_cut_off_weighs_no_more_than_the_text() {
    let cut = "Если терминал оплаты не отвечает, проверьте кабель и";
    let go_on = format!("{cut} блок питания, затем позвоните в банк.");
    let other = "Другие слова о том, что терминал оплаты не отвечает вовсе никому.";
    let as_if = |title: &str| {
        let index = index_of(vec![doc(1, title, &go_on), doc(2, "Связь с банком", other)]);
        let page = index.search(&text("терминал")).unwrap();
        let hit = |n| page.hits.iter().position(|h| h.id == super::fake::id(n));
        let score = |n: u128| page.hits[hit(n).unwrap()].score;
        score(1) / score(2)
    };
    let heading = "Терминал оплаты не отвечает: что проверить сначала";
    assert!(
        as_if(cut) < 0.8 * as_if(heading),
        "{} {}",
        as_if(cut),
        as_if(heading)
    );
    // It is still found by its words in the title.
    let index = index_of(vec![doc(1, cut, &go_on)]);
    let found = index.suggest(&text("терминал опл")).unwrap();
    assert_eq!(found.titles.len(), 1);
}
