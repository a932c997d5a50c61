//! The tree of categories: which lies within which.

use std::collections::{BTreeMap, BTreeSet};

use super::{Id, Names, Record, Value};

/// Deepest nesting.
pub const MAX_DEPTH: usize = 16;
/// Longest code in bytes.
const MAX_CODE: usize = 64;

/// Names of the fields of a category.
pub mod fields {
    /// Code that articles name.
    pub const CODE: &str = "code";
    /// The category that it lies in.
    pub const PARENT: &str = "parent";
    /// Place among its siblings.
    pub const POSITION: &str = "position";
    /// Name in English.
    pub const NAME_EN: &str = "name_en";
    /// Name in Russian.
    pub const NAME_RU: &str = "name_ru";
}

/// A category with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The record.
    pub id: Id,
    /// Code.
    pub code: String,
    /// Names; the title stands for those that are missing.
    pub names: Names,
    /// Code of the category that it lies in.
    pub parent: Option<String>,
    /// How many categories it lies in.
    pub depth: usize,
    position: i64,
}

/// All categories.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// In the order of the tree: each category before those in it, siblings by place and name.
    nodes: Vec<Node>,
}

impl Tree {
    /// The tree of some records. One whose parent is not among them stands at the top.
    #[must_use]
    pub fn of(records: &[Record]) -> Self {
        let codes: BTreeMap<Id, &str> = records
            .iter()
            .filter_map(|r| Some((r.id, r.text(fields::CODE)?)))
            .collect();
        let mut within: BTreeMap<Option<String>, Vec<Node>> = BTreeMap::new();
        for record in records {
            let Some(code) = record.text(fields::CODE) else {
                continue;
            };
            let parent = record.reference(fields::PARENT);
            let parent = parent
                .and_then(|id| codes.get(&id))
                .map(|code| (*code).to_owned());
            within.entry(parent.clone()).or_default().push(Node {
                id: record.id,
                code: code.to_owned(),
                names: names(record),
                parent,
                depth: 0,
                position: record
                    .get(fields::POSITION)
                    .and_then(Value::as_int)
                    .unwrap_or(0),
            });
        }
        for siblings in within.values_mut() {
            siblings.sort_by(|a, b| (a.position, &a.code).cmp(&(b.position, &b.code)));
            // The last one is taken first.
            siblings.reverse();
        }
        let mut nodes = Vec::with_capacity(records.len());
        let mut open: Vec<Node> = within.remove(&None).unwrap_or_default();
        while let Some(node) = open.pop() {
            let inside = within.remove(&Some(node.code.clone())).unwrap_or_default();
            let depth = node.depth + 1;
            open.extend(inside.into_iter().map(|inner| Node { depth, ..inner }));
            nodes.push(node);
        }
        Self { nodes }
    }

    /// The categories in the order of the tree.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The category with a code.
    #[must_use]
    pub fn node(&self, code: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.code == code)
    }

    /// The codes of a category and all in it; a code that nobody has stands for itself.
    #[must_use]
    pub fn within(&self, code: &str) -> Vec<String> {
        let mut rest = self.nodes.iter().skip_while(|n| n.code != code);
        let Some(top) = rest.next() else {
            return vec![code.to_owned()];
        };
        let inside = rest.take_while(|n| top.depth < n.depth);
        let all = std::iter::once(top).chain(inside);
        all.map(|n| n.code.clone()).collect()
    }

    /// How many there are in each category and all in it, from how many there are in each itself.
    /// Categories with none are left out.
    #[must_use]
    pub fn sums(&self, own: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        for (code, count) in own {
            let mut at = Some(code.as_str());
            let mut seen = BTreeSet::new();
            while let Some(code) = at.filter(|code| seen.insert(*code)) {
                *sums.entry(code.to_owned()).or_default() += count;
                at = self.node(code).and_then(|n| n.parent.as_deref());
            }
        }
        sums
    }
}

fn names(record: &Record) -> Names {
    let name = |field: &str| record.text(field).unwrap_or_else(|| record.title());
    Names::of(name(fields::NAME_EN), name(fields::NAME_RU))
}

/// What is wrong with a code, if anything is.
#[must_use]
pub fn code_fault(code: &str) -> Option<String> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    if !code.is_empty() && code.len() <= MAX_CODE && code.bytes().all(fits) {
        return None;
    }
    Some(format!(
        "expected at most {MAX_CODE} small Latin letters, digits and `-_.`"
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Tree;
    use crate::domain::{Id, Kind, Record, Value};

    fn category(n: u8, code: &str, parent: Option<u8>, position: i64) -> Record {
        let mut record = Record::new(Id([n; 16]), Kind::Category);
        record.put("code", Some(code.into()));
        record.put("title", Some(code.into()));
        record.put("parent", parent.map(|p| Value::Ref(Id([p; 16]))));
        record.put("position", Some(Value::Int(position)));
        record
    }

    fn tree() -> Tree {
        Tree::of(&[
            category(1, "software", None, 2),
            category(2, "hardware", None, 1),
            category(3, "printers", Some(2), 2),
            category(4, "laser", Some(3), 0),
            category(5, "screens", Some(2), 1),
            category(6, "lost", Some(9), 3),
        ])
    }

    #[test]
    fn the_order_is_that_of_the_tree() {
        let tree = tree();
        let shown: Vec<String> = tree
            .nodes()
            .iter()
            .map(|n| format!("{}{}", "-".repeat(n.depth), n.code))
            .collect();
        let expected = [
            "hardware",
            "-screens",
            "-printers",
            "--laser",
            "software",
            "lost",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_lies_within_a_category_counts_for_it() {
        let tree = tree();
        assert_eq!(tree.within("printers"), ["printers", "laser"]);
        assert_eq!(tree.within("hardware").len(), 4);
        assert_eq!(tree.within("unknown"), ["unknown"]);
        let own = BTreeMap::from([
            ("laser".to_owned(), 2),
            ("screens".to_owned(), 1),
            ("old".to_owned(), 5),
        ]);
        let sums = tree.sums(&own);
        let sum = |code: &str| sums.get(code).copied();
        assert_eq!(sum("hardware"), Some(3));
        assert_eq!((sum("printers"), sum("laser")), (Some(2), Some(2)));
        assert_eq!((sum("old"), sum("software")), (Some(5), None));
    }
}
