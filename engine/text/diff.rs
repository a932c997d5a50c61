//! What differs between two texts, line by line.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;
/// Longest time to look for the smallest difference; after it, a larger one will do.
const MAX_TIME: Duration = Duration::from_millis(500);

/// A line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `+` when it is new, `-` when it is gone, a blank when it stays.
    pub sign: char,
    /// Its number in the old text, from 1.
    pub old: Option<usize>,
    /// Its number in the new text, from 1.
    pub new: Option<usize>,
    /// The line, without its end.
    pub text: String,
}

/// The places where two texts differ, each with the lines around it.
#[must_use]
pub fn hunks(old: &str, new: &str) -> Vec<Vec<Line>> {
    let diff = TextDiff::configure().timeout(MAX_TIME).diff_lines(old, new);
    let mut hunks = Vec::new();
    for group in diff.grouped_ops(CONTEXT) {
        let changes = group.iter().flat_map(|op| diff.iter_changes(op));
        let lines = changes.map(|change| Line {
            sign: match change.tag() {
                ChangeTag::Insert => '+',
                ChangeTag::Delete => '-',
                ChangeTag::Equal => ' ',
            },
            old: change.old_index().map(|n| n + 1),
            new: change.new_index().map(|n| n + 1),
            text: change.value().trim_end_matches(['\r', '\n']).to_owned(),
        });
        hunks.push(lines.collect());
    }
    hunks
}
