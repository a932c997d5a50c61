//! How urgent a text sounds.

use crate::tokens::Tokens;

/// Phrases and their points. A word that ends in `*` matches every word that begins so.
static PHRASES: [(&[&str], i64); 50] = [
    // Russian: it does not work.
    (&["не", "работа*"], 4),
    (&["не", "запуска*"], 3),
    (&["не", "открыва*"], 2),
    (&["не", "печата*"], 2),
    (&["не", "можем", "работать"], 5),
    (&["нет", "связи"], 4),
    (&["нет", "доступа"], 3),
    (&["авари*"], 5),
    (&["простой"], 4),
    (&["остановил*"], 4),
    (&["стоит", "производство"], 6),
    (&["упал*"], 3),
    (&["сломал*"], 3),
    (&["пропал*"], 3),
    (&["потер*"], 3),
    (&["утечк*"], 5),
    (&["взлом*"], 6),
    (&["пожар"], 8),
    // Russian: hurry.
    (&["срочн*"], 4),
    (&["немедленно"], 4),
    (&["критич*"], 4),
    (&["горит"], 3),
    // Russian: no hurry.
    (&["не", "к", "спеху"], -5),
    (&["когда", "будет", "время"], -4),
    (&["вопрос*"], -1),
    (&["подскаж*"], -2),
    (&["пожелан*"], -3),
    (&["предложен*"], -2),
    (&["консультац*"], -2),
    // English: it does not work.
    (&["does", "not", "work"], 4),
    (&["doesnt", "work"], 4),
    (&["not", "working"], 4),
    (&["cannot", "work"], 5),
    (&["cant", "work"], 5),
    (&["down"], 3),
    (&["outage"], 5),
    (&["crash*"], 3),
    (&["broken"], 3),
    (&["data", "loss"], 6),
    (&["lost"], 2),
    (&["breach*"], 6),
    (&["hacked"], 6),
    // English: hurry.
    (&["urgent*"], 4),
    (&["asap"], 3),
    (&["immediately"], 3),
    (&["critical"], 4),
    // English: no hurry.
    (&["no", "rush"], -5),
    (&["question*"], -2),
    (&["how", "do", "i"], -2),
    (&["feature", "request"], -3),
];

/// Words that turn what follows within two words.
static NEGATIONS: [&str; 14] = [
    "не",
    "нет",
    "без",
    "ни",
    "not",
    "no",
    "isnt",
    "wasnt",
    "without",
    "never",
    "dont",
    "doesnt",
    "nothing",
    "никак",
];

/// Points of everything the text says; a negated phrase counts half against itself.
#[must_use]
pub fn points(tokens: &Tokens) -> i64 {
    let words = tokens.words();
    let mut sum = 0;
    let mut next = 0;
    while next < words.len() {
        let rest = words.get(next..).unwrap_or_default();
        let Some((length, points)) = longest(rest) else {
            next += 1;
            continue;
        };
        let before = words.get(next.saturating_sub(2)..next).unwrap_or_default();
        sum += if is_negated(before) {
            -points / 2
        } else {
            points
        };
        next += length;
    }
    sum
}

/// The priority for points, when they say one.
#[must_use]
pub const fn priority(points: i64) -> Option<&'static str> {
    match points {
        8.. => Some("urgent"),
        4..=7 => Some("high"),
        -2..=3 => None,
        _ => Some("low"),
    }
}

/// Number of words and points of the longest phrase that the words begin with: `not working` is no
/// negated `working`.
fn longest(words: &[String]) -> Option<(usize, i64)> {
    let second = words.first()?.as_bytes().get(1)?;
    let mut best: Option<(usize, i64)> = None;
    for (phrase, points) in &PHRASES {
        // Most words differ in their second byte already; comparing whole words costs fuel.
        if phrase.first().and_then(|p| p.as_bytes().get(1)) == Some(second)
            && phrase.len() > best.map_or(0, |(length, _)| length)
            && begins(words, phrase)
        {
            best = Some((phrase.len(), *points));
        }
    }
    best
}

fn begins(words: &[String], phrase: &[&str]) -> bool {
    let is_same = |(part, word): (&&str, &String)| match part.as_bytes() {
        [beginning @ .., b'*'] => word.as_bytes().starts_with(beginning),
        whole => word.as_bytes() == whole,
    };
    words.len() >= phrase.len() && phrase.iter().zip(words).all(is_same)
}

/// Whether the words before, up to the end of the sentence before, hold a negation.
fn is_negated(before: &[String]) -> bool {
    before
        .iter()
        .rev()
        .take_while(|w| !w.is_empty())
        .any(|w| NEGATIONS.contains(&w.as_str()))
}
