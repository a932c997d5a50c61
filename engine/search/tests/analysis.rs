//! What a word is.

use tantivy::tokenizer::TokenStream;

use crate::search::analysis::Terms;

fn terms(text: &str) -> Vec<String> {
    let mut stream = Terms::new(text);
    let mut terms = Vec::new();
    while stream.advance() {
        let token = stream.token();
        // Every offset is a whole slice of the text.
        assert!(text.get(token.offset_from..token.offset_to).is_some());
        terms.push(token.text.clone());
    }
    terms
}

fn stems(text: &str) -> Vec<String> {
    let all = terms(text);
    all.into_iter().filter(|t| !t.starts_with('=')).collect()
}

#[test]
fn words_give_stem_and_form() {
    assert_eq!(
        terms("Ошибки печати"),
        ["ошибк", "=ошибки", "печат", "=печати"]
    );
    assert_eq!(terms("Printing"), ["print", "=printing"]);
}

#[test]
fn inflected_forms_share_a_stem() {
    for forms in [
        ["принтер", "принтера", "принтерами"],
        ["настройка", "настройки", "настройку"],
        ["connect", "connected", "connecting"],
    ] {
        let [a, b, c] = forms.map(stems);
        assert_eq!(a, b);
        assert_eq!(b, c);
    }
}

#[test]
fn yo_is_ye_composed_or_not() {
    assert_eq!(terms("счёт Ёлка"), terms("счет елка"));
    assert_eq!(terms("сче\u{308}т"), terms("счёт"));
    assert_eq!(terms("чаи\u{306}ник"), terms("чайник"));
    assert_ne!(stems("чайник"), stems("чаиник"));
}

#[test]
fn codes_are_kept_whole() {
    assert_eq!(terms("0x80070005"), ["0x80070005"]);
    assert_eq!(terms("E-1045,"), ["e1045", "e", "=e", "1045"]);
    assert!(terms("(10.0.19045)").contains(&String::from("=10.0.19045")));
    assert!(terms("ivan.petrov@firma.ru").contains(&String::from("=ivan.petrov@firma.ru")));
    assert_eq!(terms("кто-нибудь").len(), 4);
    assert!(terms("550/5.7.57:12").contains(&String::from("=5.7.57")));
    // The end of a sentence joins nothing.
    assert_eq!(
        terms("версия 5. Далее"),
        ["верс", "=версия", "5", "дал", "=далее"]
    );
}

#[test]
fn lookalike_letters_of_codes_are_one() {
    // Latin C and Cyrillic С.
    assert_eq!(terms("1C"), terms("1С"));
}

#[test]
fn long_words_are_kept() {
    let word = "превысокомногорассмотрительствующий";
    assert!(word.len() > 40);
    assert_eq!(stems(word).len(), 1);
    let endless = "щ".repeat(100_000);
    assert_eq!(stems(&endless).len(), 1);
    assert!(
        stems(&endless)
            .iter()
            .all(|stem| stem.chars().count() <= 128)
    );
}

#[test]
fn apostrophes_belong_to_english_words() {
    assert_eq!(stems("user's"), stems("user"));
    assert_eq!(terms("'quoted'"), ["quot", "=quoted"]);
}

#[test]
fn positions_follow_words() {
    let mut stream = Terms::new("Ошибка E-1045");
    let mut positions = Vec::new();
    while stream.advance() {
        positions.push(stream.token().position);
    }
    assert!(positions.is_sorted());
}

proptest::proptest! {
    #[test]
    fn any_text_is_cut_on_characters(text in "\\PC*") {
        terms(&text);
    }

    #[test]
    fn marks_and_joiners_do_no_harm(text in "[a-zё0-9а-я\u{301}\u{306}\u{308}\u{ad}'’@._ -]{0,60}") {
        terms(&text);
    }
}
