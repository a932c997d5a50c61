//! Rules that go in a circle, found when packs come together and before they run: what one writes,
//! another looks at. Only what rules declare is known here.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::catalog::Catalog;
use super::fault::Faults;
use crate::domain::Kind;
use crate::hooks::{Hook, Once, Rule};

/// Most circles that are told.
const MAX_TOLD: usize = 10;

/// Refuses computed fields that follow from each other without end.
pub(super) fn refuse(catalog: &Catalog, faults: &mut Faults) {
    for circle in circles(catalog, Hook::FieldCompute) {
        let message = format!(
            "computed fields follow from each other in a circle: {}; let one of these rules read \
             less",
            told(&circle)
        );
        let Some(rule) = circle.first() else { continue };
        let pack = catalog.packs.iter().find(|p| p.name() == &*rule.pack);
        let spec = pack.and_then(|p| p.manifest.rules.iter().find(|s| *s.name == *rule.name));
        if let (Some(pack), Some(spec)) = (pack, spec) {
            let path = format!("rule/{}/writes", spec.place);
            faults.push(pack.origin.manifest.fault(&path, message));
        }
    }
}

/// Circles of rules that wake each other: each chain ends, but hardly as its author meant.
pub(super) fn warnings(catalog: &Catalog) -> Vec<String> {
    let found = circles(catalog, Hook::RecordChanged);
    let tell = |circle: &Vec<Arc<Rule>>| {
        format!(
            "rules of `record.changed` wake each other in a circle: {}; each chain is cut off \
             after eight, `once` or `fields` ends it before",
            told(circle)
        )
    };
    found.iter().map(tell).collect()
}

/// The circles of a hook's rules, each rule once and in the order in which they follow.
fn circles(catalog: &Catalog, hook: Hook) -> Vec<Vec<Arc<Rule>>> {
    let rules = catalog.rules(hook);
    let ends: Vec<Ends> = rules.iter().map(|rule| Ends::of(catalog, rule)).collect();
    let next: Vec<Vec<usize>> = ends
        .iter()
        .enumerate()
        .map(|(a, from)| {
            let to = ends.iter().enumerate();
            to.filter(|(b, to)| *b != a && from.leads_to(to))
                .map(|(b, _)| b)
                .collect()
        })
        .collect();
    let name = |at: usize| rules.get(at).cloned();
    find(&next)
        .into_iter()
        .map(|circle| circle.into_iter().filter_map(name).collect())
        .collect()
}

/// A circle in words: the first rule stands at the end again.
fn told(circle: &[Arc<Rule>]) -> String {
    let names = circle.iter().chain(circle.first()).map(|rule| rule.id());
    names.collect::<Vec<_>>().join(" -> ")
}

/// What a rule declares, in full codes.
struct Ends {
    /// Types of the records it runs on; none: records without type.
    types: BTreeSet<(Kind, Option<String>)>,
    /// What it looks at; none: nobody knows.
    reads: Option<BTreeSet<String>>,
    writes: BTreeSet<String>,
}

impl Ends {
    fn of(catalog: &Catalog, rule: &Rule) -> Self {
        let known = catalog.types(rule.kind).map(|t| Some(t.code.clone()));
        let types: BTreeSet<_> = known
            .chain([None])
            .filter(|code| rule.applies(rule.kind, code.as_deref()))
            .map(|code| (rule.kind, code))
            .collect();
        let full = |names: &[String]| -> BTreeSet<String> {
            let each = |name: &String| {
                let code = types.iter().find_map(|(kind, code)| {
                    let def = catalog.resolve(*kind, code.as_deref(), Some(&rule.pack), name)?;
                    Some(def.code.clone())
                });
                code.unwrap_or_else(|| name.clone())
            };
            names.iter().map(each).collect()
        };
        let named = match rule.hook {
            Hook::RecordChanged => &rule.manner.fields,
            _ => &rule.view.own,
        };
        // A rule that acts once ends the circle by itself.
        let ends = matches!(rule.manner.once, Some(Once::Record | Once::Change));
        Self {
            reads: (!named.is_empty() && !ends).then(|| full(named)),
            writes: full(rule.writes.as_deref().unwrap_or_default()),
            types,
        }
    }

    fn leads_to(&self, to: &Self) -> bool {
        let reads = to.reads.as_ref();
        reads.is_some_and(|reads| !self.writes.is_disjoint(reads))
            && !self.types.is_disjoint(&to.types)
    }
}

/// Circles of a graph, at least one in each knot of it.
fn find(next: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    let mut done = BTreeSet::new();
    for start in 0..next.len() {
        if done.contains(&start) || found.len() >= MAX_TOLD {
            continue;
        }
        // The way from the start to here, and what is still to be tried at each of its points.
        let ways = |at: usize| next.get(at).cloned().unwrap_or_default();
        let mut way = vec![(start, ways(start))];
        while let Some((at, open)) = way.last_mut() {
            let Some(to) = open.pop() else {
                done.insert(*at);
                way.pop();
                continue;
            };
            match way.iter().position(|(on, _)| *on == to) {
                Some(from) => {
                    let circle = way.iter().skip(from).map(|(on, _)| *on).collect();
                    if found.len() < MAX_TOLD && !same(&found, &circle) {
                        found.push(circle);
                    }
                }
                None if done.contains(&to) => {}
                None => way.push((to, ways(to))),
            }
        }
    }
    found
}

/// Whether the rules of a circle were told of already.
fn same(found: &[Vec<usize>], circle: &Vec<usize>) -> bool {
    let set = |c: &Vec<usize>| c.iter().copied().collect::<BTreeSet<_>>();
    found.iter().any(|f| set(f) == set(circle))
}
