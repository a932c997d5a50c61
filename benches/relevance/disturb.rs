//! Queries as hurried people type them, made from those that stand as they should.

/// A way of typing: the query changed, or none when it cannot be changed so.
pub type Disturb = fn(&str) -> Option<String>;

/// The ways, by name.
pub const WAYS: [(&str, Disturb); 4] = [
    ("typo", typo),
    ("prefix", unfinished),
    ("layout", other_layout),
    ("yo", other_yo),
];

/// Two letters exchanged inside the longest word.
fn typo(query: &str) -> Option<String> {
    let word = query.split(' ').max_by_key(|w| w.chars().count())?;
    let mut letters: Vec<char> = word.chars().collect();
    let middle = letters.len() / 2;
    if letters.len() < 5 || letters.get(middle) == letters.get(middle - 1) {
        return None;
    }
    letters.swap(middle - 1, middle);
    Some(query.replace(word, &letters.iter().collect::<String>()))
}

/// The last word cut to two thirds.
fn unfinished(query: &str) -> Option<String> {
    let last = query.rsplit(' ').next()?;
    let letters = last.chars().count();
    let cut: String = last.chars().take(letters * 2 / 3).collect();
    let before = query.strip_suffix(last)?;
    (letters >= 5).then(|| format!("{before}{cut}"))
}

/// Every letter by the same key of the other keyboard layout.
fn other_layout(query: &str) -> Option<String> {
    let english = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
    let russian = "йцукенгшщзхъфывапролджэячсмитьбюё";
    let (from, to) = match query.is_ascii() {
        true => (english, russian),
        false => (russian, english),
    };
    let turned = |c: char| match from.chars().position(|key| key == c) {
        Some(at) => to.chars().nth(at).unwrap_or(c),
        None => c,
    };
    Some(query.to_lowercase().chars().map(turned).collect())
}

/// `ё` and `е` exchanged.
fn other_yo(query: &str) -> Option<String> {
    if query.contains('ё') {
        return Some(query.replace('ё', "е"));
    }
    query.contains('е').then(|| query.replacen('е', "ё", 1))
}
