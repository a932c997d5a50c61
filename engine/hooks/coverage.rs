//! Which lines of scripts ran: for tests of packs. Rules in a desk are not watched.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;

/// Collects what ran.
#[derive(Debug, Default)]
pub struct Coverage {
    files: Mutex<BTreeMap<(String, String), Lines>>,
}

#[derive(Debug, Default)]
struct Lines {
    all: BTreeSet<u32>,
    ran: BTreeSet<u32>,
}

/// What ran of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Covered {
    /// Path in the pack.
    pub file: String,
    /// Lines on which a statement begins.
    pub lines: usize,
    /// Lines of these on which one ran.
    pub ran: usize,
    /// The lines on which none ran, as ranges from first to last; lines without a statement in between
    /// do not end a range.
    pub missed: Vec<(u32, u32)>,
}

impl Coverage {
    /// Notes the lines of a file on which a statement begins.
    pub fn add_file(&self, pack: &str, file: &str, lines: BTreeSet<u32>) {
        let mut files = self.files.lock();
        let known = files.entry((pack.to_owned(), file.to_owned())).or_default();
        known.all.extend(lines);
    }

    /// Notes lines that ran.
    pub fn add_lines(&self, pack: &str, file: &str, lines: impl IntoIterator<Item = u32>) {
        let mut files = self.files.lock();
        let known = files.entry((pack.to_owned(), file.to_owned())).or_default();
        known.ran.extend(lines);
    }

    /// What ran of a pack's files.
    #[must_use]
    pub fn of_pack(&self, pack: &str) -> Vec<Covered> {
        let files = self.files.lock();
        let own = files.iter().filter(|((name, _), _)| name == pack);
        own.map(|((_, file), lines)| lines.covered(file)).collect()
    }
}

impl Lines {
    fn covered(&self, file: &str) -> Covered {
        let mut missed: Vec<(u32, u32)> = Vec::new();
        let mut goes_on = false;
        for line in &self.all {
            let ran = self.ran.contains(line);
            match missed.last_mut() {
                Some(last) if !ran && goes_on => last.1 = *line,
                _ if !ran => missed.push((*line, *line)),
                _ => {}
            }
            goes_on = !ran;
        }
        Covered {
            file: file.to_owned(),
            lines: self.all.len(),
            ran: self.all.intersection(&self.ran).count(),
            missed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_is_told_in_ranges() {
        let coverage = Coverage::default();
        coverage.add_file("p", "a.rhai", BTreeSet::from([2, 3, 5, 8, 9, 12]));
        coverage.add_lines("p", "a.rhai", [2, 8, 40]);
        coverage.add_file("q", "a.rhai", BTreeSet::from([1]));
        let covered = coverage.of_pack("p");
        assert_eq!(
            covered,
            [Covered {
                file: "a.rhai".to_owned(),
                lines: 6,
                ran: 2,
                missed: vec![(3, 5), (9, 12)],
            }]
        );
    }
}
