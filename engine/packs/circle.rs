//! Rules that go in a circle, found when packs come together and before they run: what one writes,
//! another looks at. What rules do not declare is taken from the names in their scripts.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::catalog::Catalog;
use super::fault::Faults;
use crate::domain::Kind;
use crate::hooks::{Hook, Mention, Named, Once, Rule};

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
    found.iter().map(|circle| warning(circle)).collect()
}

/// The circles that rules of a pack are in.
pub(super) fn warnings_of(catalog: &Catalog, pack: &str) -> Vec<String> {
    let found = circles(catalog, Hook::RecordChanged).into_iter();
    let own = found.filter(|circle| circle.iter().any(|rule| *rule.pack == *pack));
    own.map(|circle| warning(&circle)).collect()
}

fn warning(circle: &[Arc<Rule>]) -> String {
    format!(
        "rules of `record.changed` wake each other in a circle: {}; each chain is cut off after \
         eight, `once` or `fields` ends it before",
        told(circle)
    )
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

/// What a rule looks at.
enum Looks {
    /// Nobody knows.
    Unknown,
    At(BTreeSet<String>),
    /// It acts on every change.
    Everything,
}

/// What a rule looks at and writes, in full codes.
struct Ends {
    /// Types of the records it runs on; none: records without type.
    types: BTreeSet<(Kind, Option<String>)>,
    reads: Looks,
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
        let (named, script) = match rule.hook {
            Hook::RecordChanged => (&rule.manner.fields, Script::of(catalog, rule)),
            _ => (&rule.view.own, Script::default()),
        };
        let writes = match &rule.writes {
            Some(declared) => full(declared),
            None => full(&script.writes),
        };
        // A rule that acts once ends the circle by itself.
        let ends = matches!(rule.manner.once, Some(Once::Record | Once::Change));
        let reads = match (named.is_empty(), script.looks_at_all(rule)) {
            _ if ends => Looks::Unknown,
            (false, _) => Looks::At(full(named)),
            (true, true) => Looks::Everything,
            (true, false) if script.is_read => Looks::At(full(&script.reads)),
            (true, false) => Looks::Unknown,
        };
        Self {
            types,
            reads,
            writes,
        }
    }

    fn leads_to(&self, to: &Self) -> bool {
        let wakes = match &to.reads {
            Looks::Unknown => false,
            Looks::At(reads) => !self.writes.is_disjoint(reads),
            Looks::Everything => !self.writes.is_empty(),
        };
        wakes && !self.types.is_disjoint(&to.types)
    }
}

/// What the names in a script tell of a rule.
#[derive(Default)]
struct Script {
    is_read: bool,
    reads: Vec<String>,
    writes: Vec<String>,
    /// Whether it sets a value that follows when it runs: another one each time, perhaps.
    computes: bool,
    /// Whether it asks what changed.
    asks: bool,
}

impl Script {
    fn of(catalog: &Catalog, rule: &Rule) -> Self {
        let mut script = Self::default();
        let Some(pack) = catalog.pack(&rule.pack) else {
            return script;
        };
        let mut specs = pack.manifest.rules.iter();
        let Some(spec) = specs.find(|spec| *spec.name == *rule.name) else {
            return script;
        };
        script.is_read = spec.script.is_some();
        let own = pack.named.iter().filter(|at| {
            spec.script.as_deref() == Some(&*at.file) && at.named.rules.contains(&spec.function)
        });
        for at in own {
            script.take(&at.named);
        }
        let subjects = rule.when.iter().map(|condition| &condition.subject);
        let fields = subjects.filter(|subject| !subject.contains(['$', '.']));
        script.reads.extend(fields.cloned());
        // What it writes, it may find changed by others.
        script.reads.extend(script.writes.iter().cloned());
        script
    }

    fn take(&mut self, named: &Named) {
        let name = || named.name.clone();
        match named.what {
            Mention::Read => self.reads.push(name()),
            Mention::Changed => {
                self.asks = true;
                self.reads.push(name());
            }
            Mention::Set(computes) => {
                self.computes |= computes;
                self.writes.push(name());
            }
            Mention::Written => self.writes.push(name()),
            _ => {}
        }
    }

    /// Whether a rule that names no `fields` acts anew on each change, whatever it is.
    fn looks_at_all(&self, rule: &Rule) -> bool {
        self.computes && !self.asks && rule.when.is_empty()
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
