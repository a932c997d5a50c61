//! What a text is about.

use crate::tokens::Tokens;

/// The topic that occurs most, the title counting double; the first of equals. Topics are written
/// `skill=beginning,beginning`.
#[must_use]
pub fn best<'a>(topics: &'a [String], title: &Tokens, body: &Tokens) -> Option<&'a str> {
    let mut best: Option<(&str, usize)> = None;
    for (skill, beginnings) in topics.iter().filter_map(|t| t.split_once('=')) {
        let count = 2 * occurrences(beginnings, title) + occurrences(beginnings, body);
        if count > best.map_or(0, |(_, most)| most) {
            best = Some((skill.trim(), count));
        }
    }
    best.map(|(skill, _)| skill)
}

fn occurrences(beginnings: &str, tokens: &Tokens) -> usize {
    tokens
        .words()
        .iter()
        .filter(|word| {
            beginnings
                .split(',')
                .map(str::trim)
                .any(|b| !b.is_empty() && word.starts_with(b))
        })
        .count()
}
