//! The active rule set: what all installed packs say together.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bridge::Shift;
use super::fault::PackFault;
use super::load::Loaded;
use super::names::{self, Misnamed};
use super::table::FieldTable;
use crate::domain::definitions::{FieldSet, SurveyDef, TakenDef, TypeDef};
use crate::domain::document::DocumentDef;
use crate::domain::process::{ProcessDef, Start};
use crate::domain::report::ReportDef;
use crate::domain::workspace::WorkspaceDef;
use crate::domain::{Code, FieldDef, Kind, StatusDef, Value, Workflow, builtin};
use crate::hooks::{Hook, Rule};

/// Fields that administrators add while the engine runs. Codes of the set and its fields are in the
/// namespace `local`; unqualified ones are put there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalFields {
    /// The fields; with a `kind`, every record of the kind has them.
    pub set: FieldSet,
    /// Full codes of the types whose records have them.
    #[serde(default)]
    pub types: Vec<String>,
}

/// What all installed packs define and do. It never changes: another set of packs is another catalog.
#[derive(Debug, Default)]
pub struct Catalog {
    /// In dependency order.
    pub(super) packs: Vec<Arc<Loaded>>,
    pub(super) types: Vec<TypeEntry>,
    pub(super) type_places: HashMap<String, usize>,
    /// Places of types by the name without namespace.
    pub(super) type_names: HashMap<String, Vec<usize>>,
    pub(super) workflows: HashMap<String, Arc<Workflow>>,
    pub(super) surveys: HashMap<String, SurveyDef>,
    /// By full code.
    pub(super) processes: BTreeMap<String, Arc<ProcessDef>>,
    pub(super) reports: BTreeMap<String, ReportDef>,
    /// By full code.
    pub(super) documents: BTreeMap<String, DocumentDef>,
    /// By full code.
    pub(super) workspaces: BTreeMap<String, WorkspaceDef>,
    /// By the full code of the unique field.
    pub(super) taken: BTreeMap<String, TakenDef>,
    /// Fields of records without type.
    pub(super) kinds: BTreeMap<Kind, FieldTable>,
    pub(super) rules: BTreeMap<Hook, Vec<Arc<Rule>>>,
    pub(super) local: Vec<LocalFields>,
    pub(super) warnings: Vec<String>,
    pub(super) shift: Option<Arc<Shift>>,
}

/// A type with what belongs to it.
#[derive(Debug)]
pub(super) struct TypeEntry {
    pub(super) def: TypeDef,
    pub(super) workflow: Arc<Workflow>,
    pub(super) table: FieldTable,
}

impl Catalog {
    /// The catalog of no packs: the engine's own fields and the workflow of articles.
    #[must_use]
    pub fn empty() -> Self {
        Self::build(&[], &[]).unwrap_or_default()
    }

    /// What the packs say together. The order of `packs` does not matter.
    ///
    /// # Errors
    /// Packs that are missing, need each other in a circle or stand twice; references to what no pack
    /// defines; local fields that do not fit.
    pub fn build(packs: &[Arc<Loaded>], extra: &[LocalFields]) -> Result<Self, Vec<PackFault>> {
        super::compose::compose(packs, extra)
    }

    /// The types of a kind, in the order of packs and their definitions.
    pub fn types(&self, kind: Kind) -> impl Iterator<Item = &TypeDef> {
        let all = self.types.iter().map(|t| &t.def);
        all.filter(move |t| t.kind == kind)
    }

    /// The type with a full code.
    #[must_use]
    pub fn type_def(&self, code: &str) -> Option<&TypeDef> {
        self.entry(code).map(|t| &t.def)
    }

    /// The type that a name means: a full code, or a name that one pack alone gives to a type.
    #[must_use]
    pub fn resolve_type(&self, name: &str) -> Option<&TypeDef> {
        if let Some(def) = self.type_def(name) {
            return Some(def);
        }
        match self.type_names.get(name)?.as_slice() {
            [place] => self.types.get(*place).map(|t| &t.def),
            _ => None,
        }
    }

    /// The workflow of a type, or of a kind that has one without types (articles).
    #[must_use]
    pub fn workflow(&self, kind: Kind, type_code: Option<&str>) -> Option<&Workflow> {
        type_code
            .and_then(|code| self.entry_of(kind, code))
            .map(|t| &*t.workflow)
            .or_else(|| builtin::workflow(kind))
    }

    /// The workflow with a full code, whether a type has it or not.
    #[must_use]
    pub fn workflow_named(&self, code: &str) -> Option<&Workflow> {
        self.workflows.get(code).map(|w| &**w)
    }

    /// A status by its full code, or by its name alone.
    #[must_use]
    pub fn status(&self, kind: Kind, type_code: Option<&str>, code: &str) -> Option<&StatusDef> {
        let workflow = self.workflow(kind, type_code)?;
        workflow.status(code).or_else(|| {
            let mut all = workflow.statuses.iter();
            all.find(|s| Code::from(s.code.as_str()).name() == code)
        })
    }

    /// The fields of a type's records in form order: the engine's own, those that packs give to every
    /// record of the kind, the type's, local ones.
    #[must_use]
    pub fn fields(&self, kind: Kind, type_code: Option<&str>) -> &[Arc<FieldDef>] {
        self.table(kind, type_code).map_or(&[], |t| &t.fields)
    }

    /// A field by its full code or an unqualified name: the engine's own field, else that of the
    /// type's pack.
    #[must_use]
    pub fn field(&self, kind: Kind, type_code: Option<&str>, name: &str) -> Option<&FieldDef> {
        self.resolve(kind, type_code, None, name)
    }

    /// A field as a rule of `pack` names it; without a pack, as [`Catalog::field`].
    #[must_use]
    pub fn resolve(
        &self,
        kind: Kind,
        type_code: Option<&str>,
        pack: Option<&str>,
        name: &str,
    ) -> Option<&FieldDef> {
        let of_type = || type_code.and_then(|code| code.split_once('/').map(|(p, _)| p));
        self.table(kind, type_code)?
            .resolve(pack.or_else(of_type), name)
    }

    /// The rules of a hook in the order they run.
    #[must_use]
    pub fn rules(&self, hook: Hook) -> &[Arc<Rule>] {
        self.rules.get(&hook).map_or(&[], Vec::as_slice)
    }

    /// The rules of a hook that run on records of a kind and type, in the order they run.
    pub fn rules_for<'a>(
        &'a self,
        hook: Hook,
        kind: Kind,
        type_code: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<Rule>> + 'a {
        let all = self.rules(hook).iter();
        all.filter(move |rule| rule.applies(kind, type_code))
    }

    /// The survey with a full code.
    #[must_use]
    pub fn survey(&self, code: &str) -> Option<&SurveyDef> {
        self.surveys.get(code)
    }

    /// The processes, by full code.
    pub fn processes(&self) -> impl Iterator<Item = &Arc<ProcessDef>> {
        self.processes.values()
    }

    /// The process with a full code.
    #[must_use]
    pub fn process(&self, code: &str) -> Option<&Arc<ProcessDef>> {
        self.processes.get(code)
    }

    /// The processes that records of a type may go through.
    pub fn processes_of<'a>(
        &'a self,
        type_code: &'a str,
    ) -> impl Iterator<Item = &'a Arc<ProcessDef>> + 'a {
        let all = self.processes.values();
        all.filter(move |p| p.types.iter().any(|t| t == type_code))
    }

    /// The kinds of documents that records are made from, by full code.
    pub fn documents(&self) -> impl Iterator<Item = &DocumentDef> {
        self.documents.values()
    }

    /// The kind of document with a full code.
    #[must_use]
    pub fn document(&self, code: &str) -> Option<&DocumentDef> {
        self.documents.get(code)
    }

    /// The workspaces, by full code.
    pub fn workspaces(&self) -> impl Iterator<Item = &WorkspaceDef> {
        self.workspaces.values()
    }

    /// The workspace that a name means: a full code, or a name that one pack alone gives to one.
    #[must_use]
    pub fn workspace(&self, name: &str) -> Option<&WorkspaceDef> {
        self.workspaces.get(name).or_else(|| {
            let is_named = |w: &&WorkspaceDef| Code::from(w.code.as_str()).name() == name;
            let mut named = self.workspaces.values().filter(is_named);
            named.next().filter(|_| named.next().is_none())
        })
    }

    /// How it is told that a value of a unique field is taken, when a pack has words for it.
    #[must_use]
    pub fn taken(&self, field: &str) -> Option<&TakenDef> {
        self.taken.get(field)
    }

    /// The process that begins when a record of a type is created.
    #[must_use]
    pub fn process_begun<'a>(&'a self, type_code: &'a str) -> Option<&'a Arc<ProcessDef>> {
        let mut all = self.processes_of(type_code);
        all.find(|p| p.start == Start::Created)
    }

    /// The reports, by their codes.
    pub fn reports(&self) -> impl Iterator<Item = &ReportDef> {
        self.reports.values()
    }

    /// The report that a name means: a full code, or a name that one pack alone gives to a report.
    #[must_use]
    pub fn report(&self, name: &str) -> Option<&ReportDef> {
        self.reports.get(name).or_else(|| {
            let mut named = self
                .reports
                .values()
                .filter(|r| Code::from(r.code.as_str()).name() == name);
            named.next().filter(|_| named.next().is_none())
        })
    }

    /// A field as a report names it: of its types, else of its pack, else of any type of its kind.
    #[must_use]
    pub fn report_field(&self, report: &ReportDef, name: &str) -> Option<&FieldDef> {
        let pack = report.code.split_once('/').map(|(pack, _)| pack);
        let named = report.types.iter().map(String::as_str);
        let all: Vec<&str> = self.types(report.source).map(|t| t.code.as_str()).collect();
        let is_own = |t: &&&str| t.split_once('/').map(|(p, _)| p) == pack;
        let own = all.iter().filter(is_own).copied();
        let others = own.chain(all.iter().copied()).map(Some);
        let mut types = named.map(Some).chain([None]).chain(others);
        types.find_map(|of| self.resolve(report.source, of, pack, name))
    }

    /// The packs, each after those it requires.
    #[must_use]
    pub fn packs(&self) -> &[Arc<Loaded>] {
        &self.packs
    }

    /// The pack with a name.
    #[must_use]
    pub fn pack(&self, name: &str) -> Option<&Arc<Loaded>> {
        self.packs.iter().find(|p| p.name() == name)
    }

    /// The options of a pack.
    #[must_use]
    pub fn options(&self, pack: &str) -> Option<&Arc<BTreeMap<String, Value>>> {
        self.pack(pack).map(|p| &p.options)
    }

    /// What may go wrong while the rules run, a sentence each: circles of rules that wake each other.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What may go wrong while the rules of a pack run, a sentence each.
    #[must_use]
    pub fn told_of(&self, pack: &str) -> Vec<String> {
        let named = self.misnamed(pack).warnings.into_iter();
        let circles = super::circle::warnings_of(self, pack);
        named
            .map(|fault| fault.to_string())
            .chain(circles)
            .collect()
    }

    /// Names in the scripts of a pack that mean nothing here: they are looked up when it is saved.
    #[must_use]
    pub fn misnamed(&self, pack: &str) -> Misnamed {
        let found = self.pack(pack);
        found.map_or_else(Misnamed::default, |loaded| names::look(self, loaded))
    }

    /// The change that records still follow, while some of them have not moved yet.
    #[must_use]
    pub fn shift(&self) -> Option<&Arc<Shift>> {
        self.shift.as_ref()
    }

    /// The fields that administrators added, with full codes.
    #[must_use]
    pub fn local(&self) -> &[LocalFields] {
        &self.local
    }

    fn entry(&self, code: &str) -> Option<&TypeEntry> {
        self.types.get(*self.type_places.get(code)?)
    }

    fn entry_of(&self, kind: Kind, code: &str) -> Option<&TypeEntry> {
        self.entry(code).filter(|t| t.def.kind == kind)
    }

    fn table(&self, kind: Kind, type_code: Option<&str>) -> Option<&FieldTable> {
        type_code
            .and_then(|code| self.entry_of(kind, code))
            .map(|t| &t.table)
            .or_else(|| self.kinds.get(&kind))
    }
}
