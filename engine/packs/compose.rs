//! Brings loaded packs together: their order, what they name of each other, and the order of rules.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::catalog::{Catalog, LocalFields, TypeEntry};
use super::check::{bare, field_faults};
use super::circle;
use super::courses;
use super::fault::{Faults, PackFault};
use super::granted::{self, Personal};
use super::load::Loaded;
use super::reports;
use super::source::short;
use super::table::FieldTable;
use super::workspaces;
use crate::domain::definitions::{FieldSet, TypeDef};
use crate::domain::{Code, FieldDef, Kind, Workflow, code};
use crate::hooks::{Hook, Rule};

/// Namespace of fields that administrators add while running.
const LOCAL: &str = "local";
/// Most fields that administrators add.
const MAX_LOCAL_FIELDS: usize = 2_000;

pub(super) fn compose(
    packs: &[Arc<Loaded>],
    extra: &[LocalFields],
) -> Result<Catalog, Vec<PackFault>> {
    let mut faults = Faults::default();
    let ordered = order(packs, &mut faults);
    let local = local(extra, &ordered, &mut faults);
    let mut composer = Composer {
        packs: ordered.iter().map(|(_, pack)| pack.clone()).collect(),
        sets: HashMap::new(),
        workflows: HashMap::new(),
        local,
        faults: &mut faults,
    };
    composer.collect();
    let kinds = Kind::ALL
        .into_iter()
        .map(|kind| (kind, composer.table(kind, None)))
        .collect();
    let types = composer.types();
    composer.applies();
    let processes = courses::collect(&composer.packs, &types, composer.faults);
    let documents = courses::documents(&composer.packs, &types, composer.faults);
    let personal = granted::personal(&composer.packs, &composer.local);
    let rules = rules(&ordered, &personal);
    let mut surveys = HashMap::new();
    for pack in &composer.packs {
        let all = pack.definitions.surveys.iter();
        surveys.extend(all.map(|s| (s.code.clone(), s.clone())));
    }
    let reports = composer.packs.iter().flat_map(|p| &p.definitions.reports);
    let reports = reports.map(|r| (r.code.clone(), r.clone())).collect();
    let workspaces = composer.packs.iter();
    let workspaces = workspaces.flat_map(|p| &p.definitions.workspaces);
    let workspaces = workspaces.map(|w| (w.code.clone(), w.clone())).collect();
    let taken = composer.packs.iter().flat_map(|p| &p.definitions.taken);
    let taken = taken.map(|t| (t.field.clone(), t.clone())).collect();
    let mut type_places = HashMap::new();
    let mut type_names: HashMap<String, Vec<usize>> = HashMap::new();
    for (i, t) in types.iter().enumerate() {
        type_places.insert(t.def.code.clone(), i);
        let name = bare(&t.def.code).to_owned();
        type_names.entry(name).or_default().push(i);
    }
    let Composer {
        packs,
        workflows,
        local,
        ..
    } = composer;
    let mut catalog = Catalog {
        packs,
        types,
        type_places,
        type_names,
        workflows,
        surveys,
        processes,
        reports,
        documents,
        workspaces,
        taken,
        kinds,
        rules,
        local,
        warnings: Vec::new(),
        shift: None,
    };
    reports::refuse(&catalog, &mut faults);
    workspaces::refuse(&catalog, &mut faults);
    circle::refuse(&catalog, &mut faults);
    catalog.warnings = circle::warnings(&catalog);
    faults.or(catalog)
}

/// The packs with their depth (0: requires nothing), by depth and name.
fn order(packs: &[Arc<Loaded>], faults: &mut Faults) -> Vec<(usize, Arc<Loaded>)> {
    let mut by_name: BTreeMap<&str, &Arc<Loaded>> = BTreeMap::new();
    for pack in packs {
        if by_name.insert(pack.name(), pack).is_some() {
            let message = format!("pack `{}` stands twice", pack.name());
            faults.push(pack.origin.manifest.fault("pack/name", message));
        }
    }
    let mut depths: BTreeMap<&str, usize> = BTreeMap::new();
    for pack in by_name.values() {
        for (i, name) in pack.manifest.requires.iter().enumerate() {
            if !by_name.contains_key(name.as_str()) {
                let message = format!("pack `{name}` is not installed; install it first");
                let path = format!("pack/requires/{i}");
                let fault = pack.origin.manifest.fault(&path, message);
                let others = by_name
                    .keys()
                    .copied()
                    .filter(|other| *other != pack.name());
                faults.push(fault.near(name, others));
            }
        }
    }
    // Each round gives a depth to the packs whose required ones have theirs.
    loop {
        let ready: Vec<(&str, usize)> = by_name
            .iter()
            .filter(|(name, _)| !depths.contains_key(*name))
            .filter_map(|(name, pack)| {
                let needed = pack.manifest.requires.iter();
                let mut known = needed.filter(|n| by_name.contains_key(n.as_str()));
                known
                    .try_fold(0, |deepest, n| {
                        depths.get(n.as_str()).map(|d| deepest.max(d + 1))
                    })
                    .map(|depth| (*name, depth))
            })
            .collect();
        if ready.is_empty() {
            break;
        }
        depths.extend(ready);
    }
    let circle: Vec<&str> = by_name
        .keys()
        .copied()
        .filter(|name| !depths.contains_key(name))
        .collect();
    for name in &circle {
        if let Some(pack) = by_name.get(name) {
            let message = format!(
                "packs require each other in a circle: {}",
                circle.join(", ")
            );
            faults.push(pack.origin.manifest.fault("pack/requires", message));
        }
    }
    let mut ordered: Vec<(usize, Arc<Loaded>)> = by_name
        .into_iter()
        .map(|(name, pack)| {
            (
                depths.get(name).copied().unwrap_or(usize::MAX),
                pack.clone(),
            )
        })
        .collect();
    ordered.sort_by(|a, b| (a.0, a.1.name()).cmp(&(b.0, b.1.name())));
    ordered
}

/// The rules by hook, in their total order: priority, depth of the pack, pack, name.
fn rules(ordered: &[(usize, Arc<Loaded>)], personal: &Personal) -> BTreeMap<Hook, Vec<Arc<Rule>>> {
    let mut all: Vec<(usize, Arc<Rule>)> = Vec::new();
    for (depth, pack) in ordered {
        let rules = pack.rules.iter().filter(|_| !pack.disabled);
        all.extend(rules.map(|rule| (*depth, granted::within(rule, pack, personal))));
    }
    all.sort_by(|(depth_a, a), (depth_b, b)| {
        (a.priority, depth_a, &a.pack, &a.name).cmp(&(b.priority, depth_b, &b.pack, &b.name))
    });
    let mut by_hook: BTreeMap<Hook, Vec<Arc<Rule>>> = BTreeMap::new();
    for (_, rule) in all {
        by_hook.entry(rule.hook).or_default().push(rule);
    }
    by_hook
}

/// The local fields in their namespace, checked as a pack's are.
fn local(
    extra: &[LocalFields],
    ordered: &[(usize, Arc<Loaded>)],
    faults: &mut Faults,
) -> Vec<LocalFields> {
    let mut fault = |message: String| faults.push(PackFault::of_file(LOCAL, "", message));
    let all: usize = extra.iter().map(|e| e.set.fields.len()).sum();
    if all > MAX_LOCAL_FIELDS {
        fault(format!(
            "{all} fields are over the limit of {MAX_LOCAL_FIELDS}"
        ));
        return Vec::new();
    }
    let types: HashSet<&str> = ordered
        .iter()
        .flat_map(|(_, p)| p.definitions.types.iter().map(|t| t.code.as_str()))
        .collect();
    let mut seen = HashSet::new();
    let mut done = extra.to_vec();
    for entry in &mut done {
        entry.set.code = Code::qualify(LOCAL, &entry.set.code).0;
        for code in &entry.types {
            if !types.contains(code.as_str()) {
                fault(format!(
                    "there is no type `{}` to add fields to",
                    short(code)
                ));
            }
        }
        for field in &mut entry.set.fields {
            field.code = Code::qualify(LOCAL, &field.code).0;
            let code = Code::from(field.code.as_str());
            if code.pack() != Some(LOCAL) {
                fault(format!(
                    "field `{}` is not in the namespace `{LOCAL}`",
                    short(&code.0)
                ));
            }
            if let Some(why) = code::fault(code.name()) {
                fault(format!("code of field `{}` {why}", short(code.name())));
            }
            if !seen.insert(field.code.clone()) {
                fault(format!("field `{}` stands twice", field.code));
            }
            for (_, message) in field_faults(field) {
                fault(message);
            }
            if let Some(text) = &field.default {
                let json = serde_json::from_str(text).unwrap_or(serde_json::Value::Null);
                if !matches!(field.read(&json), Ok(Some(_))) {
                    fault(format!(
                        "default of field `{}` is no value of it",
                        field.code
                    ));
                }
            }
        }
    }
    done
}

struct Composer<'a> {
    packs: Vec<Arc<Loaded>>,
    sets: HashMap<String, FieldSet>,
    workflows: HashMap<String, Arc<Workflow>>,
    local: Vec<LocalFields>,
    faults: &'a mut Faults,
}

impl Composer<'_> {
    fn collect(&mut self) {
        for pack in &self.packs {
            for set in &pack.definitions.field_sets {
                self.sets.insert(set.code.clone(), set.clone());
            }
            for workflow in &pack.definitions.workflows {
                self.workflows
                    .insert(workflow.code.clone(), Arc::new(workflow.clone()));
            }
        }
    }

    /// The fields of a type's records, or of a kind's records without type.
    fn table(&self, kind: Kind, of: Option<&TypeDef>) -> FieldTable {
        let sets = self.packs.iter().flat_map(|p| &p.definitions.field_sets);
        let of_kind: Vec<&FieldDef> = sets
            .filter(|s| s.kind == Some(kind))
            .flat_map(|s| &s.fields)
            .collect();
        let of_type: Vec<&FieldDef> = of
            .iter()
            .flat_map(|t| &t.field_sets)
            .filter_map(|code| self.sets.get(code))
            .flat_map(|s| &s.fields)
            .collect();
        let local = self.local.iter();
        let local: Vec<&FieldDef> = local
            .filter(|l| l.set.kind == Some(kind) || of.is_some_and(|t| l.types.contains(&t.code)))
            .flat_map(|l| &l.set.fields)
            .collect();
        FieldTable::new(kind, &[of_kind, of_type, local])
    }

    fn types(&mut self) -> Vec<TypeEntry> {
        let mut entries = Vec::new();
        for pack in self.packs.clone() {
            for (i, t) in pack.definitions.types.iter().enumerate() {
                if self.faults.is_full() {
                    break;
                }
                self.check_sets(&pack, i, t);
                let Some(workflow) = self.workflows.get(&t.workflow).cloned() else {
                    let message = self.missing("workflow", &t.workflow);
                    let fault = pack.origin.fault(&format!("type/{i}/workflow"), message);
                    let known = self.workflows.keys().map(String::as_str);
                    self.faults.push(fault.near(&t.workflow, known));
                    continue;
                };
                let table = self.table(t.kind, Some(t));
                self.check_requires(&pack, t, &workflow, &table);
                let mut def = t.clone();
                def.active &= !pack.disabled;
                entries.push(TypeEntry {
                    def,
                    workflow,
                    table,
                });
            }
        }
        entries
    }

    fn check_sets(&mut self, pack: &Loaded, i: usize, t: &TypeDef) {
        for (k, code) in t.field_sets.iter().enumerate() {
            let path = format!("type/{i}/field_sets/{k}");
            match self.sets.get(code) {
                None => {
                    let message = self.missing("field set", code);
                    let fault = pack.origin.fault(&path, message);
                    let known = self.sets.keys().map(String::as_str);
                    self.faults.push(fault.near(code, known));
                }
                Some(set) if set.kind.is_some_and(|kind| kind != t.kind) => {
                    let message = format!("field set `{code}` is for another kind of record");
                    self.faults.push(pack.origin.fault(&path, message));
                }
                Some(_) => {}
            }
        }
    }

    /// What a transition requires, the type's records must have.
    fn check_requires(&mut self, pack: &Loaded, t: &TypeDef, flow: &Workflow, table: &FieldTable) {
        let place = |w: &Workflow| w.code == flow.code;
        let owner = Code::from(flow.code.as_str());
        let owner = self
            .packs
            .iter()
            .find(|p| owner.pack() == Some(p.name()))
            .map_or(pack, |p| p);
        let index = owner.definitions.workflows.iter().position(place);
        let mut found = Faults::default();
        for (k, way) in flow.transitions.iter().enumerate() {
            for (r, field) in way.requires.iter().enumerate() {
                if self.faults.is_full() || found.is_full() || table.resolve(None, field).is_some()
                {
                    continue;
                }
                let path = format!(
                    "workflow/{}/transitions/{k}/requires/{r}",
                    index.unwrap_or_default()
                );
                let message = format!(
                    "the transition requires field `{}`, which records of type `{}` do not have; \
                     give the type its field set",
                    short(field),
                    t.code
                );
                found.push(owner.origin.fault(&path, message));
            }
        }
        self.faults.extend(found.into_vec());
    }

    /// Types of other packs that rules name.
    fn applies(&mut self) {
        let all: HashMap<&str, Kind> = self
            .packs
            .iter()
            .flat_map(|p| &p.definitions.types)
            .map(|t| (t.code.as_str(), t.kind))
            .collect();
        let mut found = Faults::default();
        for pack in &self.packs {
            for spec in &pack.manifest.rules {
                for (k, code) in spec.applies_to.iter().enumerate() {
                    let message = match all.get(code.as_str()) {
                        _ if code == "*" || found.is_full() => continue,
                        Some(kind) if *kind == spec.kind => continue,
                        Some(kind) => format!(
                            "type `{code}` is a {}, but the rule is for a {}",
                            kind.name(),
                            spec.kind.name()
                        ),
                        None => self.missing("type", code),
                    };
                    let path = format!("rule/{}/applies_to/{k}", spec.place);
                    let fault = pack.origin.manifest.fault(&path, message);
                    found.push(fault.near(code, all.keys().copied()));
                }
            }
        }
        self.faults.extend(found.into_vec());
    }

    fn missing(&self, what: &str, code: &str) -> String {
        let pack = Code::from(code).pack().unwrap_or_default().to_owned();
        if self.packs.iter().any(|p| p.name() == pack) {
            format!(
                "pack `{}` has no {what} `{}`",
                short(&pack),
                short(bare(code))
            )
        } else {
            format!(
                "{what} `{}` is of pack `{}`, which is not installed; install it and add it to \
                 `requires`",
                short(code),
                short(&pack)
            )
        }
    }
}
