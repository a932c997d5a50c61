//! Faults of a pack: where, what, and what to write instead.

use std::fmt;

/// Most faults that are reported together.
pub const MAX_FAULTS: usize = 50;
/// Longest source line that a fault repeats, in characters.
const MAX_SOURCE_LINE: usize = 200;

/// One thing that is wrong with a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackFault {
    /// Pack; its folder's name while its own is unknown.
    pub pack: String,
    /// File inside the pack.
    pub file: String,
    /// Line, from 1; 0 when the fault is about the file as a whole.
    pub line: u32,
    /// Column in characters, from 1; 0 when unknown.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: String,
    /// The known word that was probably meant.
    pub suggestion: Option<String>,
    /// The line the fault is in.
    pub source_line: Option<Box<str>>,
}

impl PackFault {
    /// A fault of a file as a whole.
    #[must_use]
    pub fn of_file(pack: &str, file: &str, message: impl Into<String>) -> Self {
        Self {
            pack: pack.to_owned(),
            file: file.to_owned(),
            message: message.into(),
            ..Self::default()
        }
    }

    /// The fault with the known word nearest to `word` as its suggestion.
    #[must_use]
    pub fn near<'a>(mut self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        self.suggestion = nearest(word, known);
        self
    }

    /// The fault at the place of byte `offset` of `text`.
    #[must_use]
    pub fn at(mut self, text: &str, offset: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset = offset.saturating_sub(1);
        }
        let (before, after) = text.split_at(offset);
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let head = before.get(start..).unwrap_or_default();
        let tail = after.split('\n').next().unwrap_or_default();
        self.line = u32::try_from(line).unwrap_or(u32::MAX);
        self.column = u32::try_from(head.chars().count() + 1).unwrap_or(u32::MAX);
        let source: String = head
            .chars()
            .chain(tail.chars())
            .take(MAX_SOURCE_LINE)
            .collect();
        self.source_line = Some(Box::from(source.trim_end()));
        self
    }
}

impl fmt::Display for PackFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(word) = &self.suggestion {
            write!(f, "; did you mean `{word}`?")?;
        }
        Ok(())
    }
}

impl std::error::Error for PackFault {}

/// Collects faults up to [`MAX_FAULTS`].
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<PackFault>);

impl Faults {
    pub(super) fn push(&mut self, fault: PackFault) {
        if self.0.len() < MAX_FAULTS && !self.0.contains(&fault) {
            self.0.push(fault);
        }
    }

    pub(super) fn extend(&mut self, faults: impl IntoIterator<Item = PackFault>) {
        for fault in faults {
            self.push(fault);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MAX_FAULTS
    }

    /// The faults in the order a reader goes through the files.
    pub(super) fn into_vec(self) -> Vec<PackFault> {
        let mut faults = self.0;
        faults.sort_by(|a, b| {
            (&a.pack, &a.file, a.line, a.column).cmp(&(&b.pack, &b.file, b.line, b.column))
        });
        faults
    }

    /// The faults, or `value` when there are none.
    pub(super) fn or<T>(self, value: T) -> Result<T, Vec<PackFault>> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self.into_vec())
        }
    }
}

/// The known word nearest to `word`, when one is near enough to have been meant. Namespaces are
/// looked through: `opne` finds `desk/open`.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let given = word;
    let word = bare(word);
    let wanted: Vec<char> = word.chars().take(64).flat_map(char::to_lowercase).collect();
    if wanted.is_empty() {
        return None;
    }
    let limit = (wanted.len() / 3).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        let chars: Vec<char> = bare(candidate)
            .chars()
            .take(64)
            .flat_map(char::to_lowercase)
            .collect();
        if chars.len().abs_diff(wanted.len()) > limit || candidate == given {
            continue;
        }
        let distance = distance(&wanted, &chars);
        let better = best.is_none_or(|(d, c)| (distance, candidate) < (d, c));
        if distance <= limit && distance < wanted.len() && better {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate.to_owned())
}

fn bare(word: &str) -> &str {
    word.split_once('/').map_or(word, |(_, name)| name)
}

/// Edits (insertion, removal, replacement, swap of neighbours) from one word to the other.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut a_before: Option<char> = None;
    for (i, &ca) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        let mut b_before: Option<char> = None;
        for (j, &cb) in b.iter().enumerate() {
            let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(usize::MAX - 1);
            let mut cost = at(&last, j) + usize::from(ca != cb);
            cost = cost.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = a_before == Some(cb) && b_before == Some(ca);
            if swapped && j > 0 {
                cost = cost.min(at(&before, j - 1) + 1);
            }
            row.push(cost);
            b_before = Some(cb);
        }
        before = std::mem::replace(&mut last, row);
        a_before = Some(ca);
    }
    last.last().copied().unwrap_or(usize::MAX)
}
