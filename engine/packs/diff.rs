//! What differs between the files of two revisions, line by line.

use super::files::PackFiles;

/// Most lines of a file that are compared one by one; beyond, all of it counts as changed.
const MAX_COMPARED: usize = 4_000;
/// Unchanged lines shown around a change.
const AROUND: usize = 2;

/// What differs between two revisions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackDiff {
    /// What is defined otherwise, in words.
    pub changes: Vec<String>,
    /// Files that differ.
    pub files: Vec<FileDiff>,
}

/// What differs in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// Path inside the pack.
    pub path: String,
    /// `added`, `removed` or `changed`.
    pub what: &'static str,
    /// Lines with `+`, `-` or a blank before them, and `@ N` before each group: the number of its
    /// first line in the new file. Empty for what is not text.
    pub lines: Vec<String>,
}

/// Compares the files of two revisions.
#[must_use]
pub fn diff(old: &PackFiles, new: &PackFiles) -> PackDiff {
    let mut paths: Vec<&String> = old.files.keys().chain(new.files.keys()).collect();
    paths.sort();
    paths.dedup();
    let mut files = Vec::new();
    for path in paths {
        let (before, after) = (old.files.get(path), new.files.get(path));
        let what = match (before, after) {
            (before, after) if before == after => continue,
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        let text = |files: &PackFiles, there: bool| match there {
            true => files.text(path).map(str::to_owned),
            false => Some(String::new()),
        };
        let texts = text(old, before.is_some()).zip(text(new, after.is_some()));
        let lines = texts.map(|(old, new)| lines(&old, &new));
        files.push(FileDiff {
            path: path.clone(),
            what,
            lines: lines.unwrap_or_default(),
        });
    }
    PackDiff {
        changes: Vec::new(),
        files,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Both,
    Old,
    New,
}

fn lines(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let all = compare(&old, &new);
    let changed: Vec<usize> = (0..all.len())
        .filter(|i| all.get(*i).is_some_and(|(side, _)| *side != Side::Both))
        .collect();
    let near = |i: usize| {
        let at = changed.partition_point(|c| *c + AROUND < i);
        changed.get(at).is_some_and(|c| *c <= i + AROUND)
    };
    let (mut shown, mut number, mut open) = (Vec::new(), 1, false);
    for (i, (side, line)) in all.iter().enumerate() {
        let is_near = near(i);
        if is_near && !open {
            shown.push(format!("@ {number}"));
        }
        open = is_near;
        if is_near {
            let mark = match side {
                Side::Both => ' ',
                Side::Old => '-',
                Side::New => '+',
            };
            shown.push(format!("{mark}{line}"));
        }
        if *side != Side::Old {
            number += 1;
        }
    }
    shown
}

/// The lines of both texts in their order: the longest common part is kept.
fn compare<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(Side, &'t str)> {
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(new).take_while(same).count();
    let (old_rest, new_rest) = (
        old.get(head..).unwrap_or_default(),
        new.get(head..).unwrap_or_default(),
    );
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = tail.take_while(same).count();
    let (a, common) = old_rest.split_at(old_rest.len() - tail);
    let (b, _) = new_rest.split_at(new_rest.len() - tail);
    let both = |line: &&'t str| (Side::Both, *line);
    let mut all: Vec<(Side, &str)> = old.iter().take(head).map(both).collect();
    if a.len().max(b.len()) > MAX_COMPARED {
        all.extend(a.iter().map(|line| (Side::Old, *line)));
        all.extend(b.iter().map(|line| (Side::New, *line)));
    } else {
        middle(a, b, &mut all);
    }
    all.extend(common.iter().map(both));
    all
}

fn middle<'t>(a: &[&'t str], b: &[&'t str], all: &mut Vec<(Side, &'t str)>) {
    // longest[i * width + j]: the longest common part of a from i and b from j.
    let width = b.len() + 1;
    let mut longest = vec![0_u16; (a.len() + 1) * width];
    let at = |table: &[u16], i: usize, j: usize| table.get(i * width + j).copied().unwrap_or(0);
    for (i, x) in a.iter().enumerate().rev() {
        for (j, y) in b.iter().enumerate().rev() {
            let best = if x == y {
                at(&longest, i + 1, j + 1) + 1
            } else {
                at(&longest, i + 1, j).max(at(&longest, i, j + 1))
            };
            if let Some(cell) = longest.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    loop {
        match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) if x == y => {
                all.push((Side::Both, x));
                (i, j) = (i + 1, j + 1);
            }
            (Some(x), y) if y.is_none() || at(&longest, i + 1, j) >= at(&longest, i, j + 1) => {
                all.push((Side::Old, x));
                i += 1;
            }
            (_, Some(y)) => {
                all.push((Side::New, y));
                j += 1;
            }
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_stand_among_their_neighbours() {
        let old = "a\nb\nc\nd\ne\nf\ng\n";
        let new = "a\nb\nc\nD\ne\nf\ng\nh\n";
        assert_eq!(
            lines(old, new),
            ["@ 2", " b", " c", "-d", "+D", " e", " f", " g", "+h"]
        );
        assert_eq!(lines("", "x\n"), ["@ 1", "+x"]);
        assert_eq!(lines("x\ny\n", ""), ["@ 1", "-x", "-y"]);
        let far = lines("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "0\n1\n2\n3\n4\n5\n6\n7\n9\n");
        assert_eq!(
            far,
            ["@ 1", "+0", " 1", " 2", "@ 7", " 6", " 7", "-8", " 9"]
        );
    }

    #[test]
    fn files_are_added_changed_and_removed() {
        let old = PackFiles::from_texts(&[("a.md", "x\n"), ("b.md", "same\n"), ("c.md", "old\n")]);
        let mut new = PackFiles::from_texts(&[("b.md", "same\n"), ("c.md", "new\n")]);
        new.files.insert("p.wasm".to_owned(), vec![0, 255]);
        let found: Vec<_> = diff(&old, &new)
            .files
            .into_iter()
            .map(|f| (f.path, f.what, f.lines.len()))
            .collect();
        let expected = [
            ("a.md", "removed", 2),
            ("c.md", "changed", 3),
            ("p.wasm", "added", 0),
        ];
        let expected: Vec<_> = expected.map(|(p, w, n)| (p.to_owned(), w, n)).to_vec();
        assert_eq!(found, expected);
    }
}
