//! Looks up the names that scripts give as they stand, in the catalog that would hold.
//!
//! A function may be shared: a name is wrong when it is wrong for each rule that comes to it. What
//! belongs to a pack that is not there is warned of and not refused: it may come later.

use std::collections::BTreeSet;

use super::asks::effect_of;
use super::catalog::Catalog;
use super::check::bare;
use super::fault::{Faults, PackFault};
use super::load::Loaded;
use super::rule_spec::RuleSpec;
use super::source::short;
use crate::domain::{Code, FieldDef, Kind, ValueType, Workflow, builtin};
use crate::hooks::{Condition, Hook, Mention, Named, Rule};

/// What every record has beside its fields.
const OF_RECORDS: [&str; 4] = ["id", "kind", "status_category", "name"];

/// A name in a script, with the file.
#[derive(Debug, Clone)]
pub(super) struct InFile {
    pub(super) file: String,
    pub(super) named: Named,
}

/// What a look at the scripts of a pack found.
#[derive(Debug, Default)]
pub struct Misnamed {
    /// What cannot be meant.
    pub faults: Vec<PackFault>,
    /// What may be meant, and is not there.
    pub warnings: Vec<PackFault>,
}

/// The faults of methods and members that are not for the hooks of the rules which call them: known
/// without a catalog.
pub(super) fn misplaced(loaded: &Loaded, faults: &mut Faults) {
    for at in loaded.named.iter() {
        let Mention::Method(hooks) = &at.named.what else {
            continue;
        };
        let mut rules = rules_of(loaded, at).peekable();
        let fits = |spec: &&RuleSpec| hooks.is_empty() || hooks.contains(&spec.hook);
        let Some(first) = rules.peek().copied() else {
            continue;
        };
        if rules.any(|spec| fits(&spec)) {
            continue;
        }
        let names: Vec<&str> = hooks.iter().map(|h| h.name()).collect();
        let message = format!(
            "`{}` is not for {}, the hook of rule `{}`; it is for {}",
            at.named.name,
            first.hook,
            first.name,
            names.join(", ")
        );
        faults.push(fault(loaded, at, message));
    }
}

/// The names in the scripts of a pack that mean nothing in a catalog.
pub(super) fn look(catalog: &Catalog, loaded: &Loaded) -> Misnamed {
    let (mut faults, mut warnings) = (Faults::default(), Faults::default());
    for at in loaded.named.iter() {
        let mut wrong = None;
        for spec in rules_of(loaded, at) {
            let view = View::of(catalog, loaded, spec);
            match view.wrong(&at.named) {
                None => {
                    wrong = None;
                    break;
                }
                found => wrong = wrong.or(found),
            }
        }
        let Some(wrong) = wrong else { continue };
        let mut fault = fault(loaded, at, wrong.message);
        fault.suggestion = wrong.near;
        match wrong.is_sure {
            true => faults.push(fault),
            false => warnings.push(fault),
        }
    }
    for spec in &loaded.manifest.rules {
        let view = View::of(catalog, loaded, spec);
        for condition in &spec.when {
            if let Some(wrong) = view.unseen_by(condition) {
                let fault = PackFault::of_file(loaded.name(), "pack.toml", wrong.message);
                warnings.push(PackFault {
                    line: condition.line,
                    ..fault
                });
            }
        }
    }
    Misnamed {
        faults: faults.into_vec(),
        warnings: warnings.into_vec(),
    }
}

/// The rules that come to a name.
fn rules_of<'p>(loaded: &'p Loaded, at: &'p InFile) -> impl Iterator<Item = &'p RuleSpec> {
    loaded.manifest.rules.iter().filter(|spec| {
        spec.script.as_deref() == Some(&*at.file) && at.named.rules.contains(&spec.function)
    })
}

fn fault(loaded: &Loaded, at: &InFile, message: String) -> PackFault {
    let source = &at.named.source_line;
    PackFault {
        line: at.named.line,
        column: at.named.column,
        source_line: (!source.is_empty()).then(|| source.clone()),
        ..PackFault::of_file(loaded.name(), &at.file, message)
    }
}

/// A name that means nothing.
struct Wrong {
    message: String,
    near: Option<String>,
    /// Whether it cannot be right in any case.
    is_sure: bool,
}

/// What a rule may name.
struct View<'a> {
    catalog: &'a Catalog,
    loaded: &'a Loaded,
    spec: &'a RuleSpec,
    pack: &'a str,
}

/// Records by kind and type; without a type, those that have none.
type Of<'a> = Vec<(Kind, Option<&'a str>)>;

impl<'a> View<'a> {
    fn of(catalog: &'a Catalog, loaded: &'a Loaded, spec: &'a RuleSpec) -> Self {
        Self {
            catalog,
            loaded,
            spec,
            pack: loaded.name(),
        }
    }

    /// What is wrong with a name; nothing when it may be right.
    fn wrong(&self, named: &Named) -> Option<Wrong> {
        let name = named.name.as_str();
        let is_access = self.spec.hook == Hook::AccessFilter;
        match &named.what {
            Mention::Method(_) => self.unasked(name),
            Mention::Written => None,
            Mention::Read => {
                if !self.spec.hook.has_record() || OF_RECORDS.contains(&name) {
                    return None;
                }
                let of = self.records();
                let wrong = self.field(&of, name, true);
                wrong.or_else(|| self.unseen(&of, name))
            }
            Mention::Changed | Mention::Asked | Mention::Set(_) | Mention::Form => {
                self.field(&self.records(), name, true)
            }
            // It may be an argument of an action or a field of what is to be created.
            Mention::Blamed => {
                let own = [Hook::RecordValidate, Hook::TransitionGuard];
                let is_own = own.contains(&self.spec.hook);
                let wrong = is_own.then(|| self.field(&self.records(), name, false));
                wrong.flatten()
            }
            Mention::Condition if is_access => self.condition(name),
            Mention::Mask if is_access => self.field(&self.seen(), name, true),
            Mention::Condition | Mention::Mask => None,
            Mention::Choice(field, compared) => {
                self.choice(&self.records(), field, name, !compared)
            }
            Mention::ConditionChoice(field) => match is_access {
                true => self.choice(&self.seen(), field, name, true),
                false => None,
            },
            Mention::FieldOf(kind, of) => self.field(&self.made(*kind, of.as_deref()), name, true),
            Mention::ChoiceOf(kind, of, field) => {
                self.choice(&self.made(*kind, of.as_deref()), field, name, true)
            }
            Mention::Beside => self.beside(name),
            Mention::ReadBeside(beside) => {
                let kind = self.target(beside)?;
                if OF_RECORDS.contains(&name) {
                    return None;
                }
                let of = self.all(kind);
                let wrong = self.field(&of, name, true);
                wrong.or_else(|| self.unseen(&of, name))
            }
            Mention::PackOption => {
                let options = &self.loaded.manifest.options;
                let known = options.keys().map(String::as_str);
                (!options.contains_key(name)).then(|| {
                    let message = format!(
                        "the pack has no option `{}`; define it in pack.toml under [options.{0}]",
                        short(name)
                    );
                    wrong(message, name, known.collect(), true)
                })
            }
            Mention::Type(kind) => self.type_named(name, *kind),
            Mention::Status(enters) => self.status(name, *enters),
            Mention::Stage => self.stage(name),
            Mention::Process => {
                let known = self.catalog.processes().map(|p| p.code.as_str()).collect();
                self.code("process", name, known, true)
            }
        }
    }

    /// The records that the rule is called on.
    fn records(&self) -> Of<'a> {
        if self.spec.hook == Hook::AccessFilter {
            let mut both = self.all(Kind::Agent);
            both.extend(self.all(Kind::Contact));
            return both;
        }
        let mut of = self.all(self.spec.kind);
        of.retain(|(_, code)| self.applies(*code));
        of
    }

    /// Whether the rule runs on records of a type.
    fn applies(&self, code: Option<&str>) -> bool {
        let rules = self.loaded.rules.iter();
        let mut own = rules.filter(|rule: &&std::sync::Arc<Rule>| *rule.name == *self.spec.name);
        let kind = self.spec.kind;
        code.is_none() || own.any(|rule| rule.applies(kind, code))
    }

    /// The records of which an access rule says who sees them.
    fn seen(&self) -> Of<'a> {
        self.all(self.spec.kind)
    }

    fn all(&self, kind: Kind) -> Of<'a> {
        let types = self.catalog.types(kind).map(|t| Some(t.code.as_str()));
        types.chain([None]).map(|code| (kind, code)).collect()
    }

    /// A record that the rule makes; of any type when it is not known.
    fn made(&self, kind: Kind, of: Option<&str>) -> Of<'a> {
        let def = of.and_then(|of| self.catalog.type_def(&Code::qualify(self.pack, of).0));
        match def {
            Some(def) => vec![(kind, Some(def.code.as_str()))],
            None => self.all(kind),
        }
    }

    fn defs(&self, of: &Of<'a>, name: &str) -> Vec<&'a FieldDef> {
        let resolve = |(kind, code): &(Kind, Option<&str>)| {
            self.catalog.resolve(*kind, *code, Some(self.pack), name)
        };
        of.iter().filter_map(resolve).collect()
    }

    fn field(&self, of: &Of<'a>, name: &str, is_sure: bool) -> Option<Wrong> {
        if !self.defs(of, name).is_empty() {
            return None;
        }
        let fields = of.iter();
        let fields = fields.flat_map(|(kind, code)| self.catalog.fields(*kind, *code));
        let known = fields.map(|def| self.bare(&def.code)).collect();
        let kinds: BTreeSet<&str> = of.iter().map(|(kind, _)| kind.name()).collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();
        let message = format!(
            "there is no field `{}` on {}",
            short(name),
            kinds.join(" or ")
        );
        Some(self.or_foreign(name, wrong(message, name, known, is_sure)))
    }

    /// A method whose effect the pack does not ask for: the rule fails when it is called.
    fn unasked(&self, method: &str) -> Option<Wrong> {
        let effect = effect_of(method)?;
        if self.loaded.manifest.asks.effect(effect) {
            return None;
        }
        let message = format!(
            "`c.{method}` needs `{effect}`, which the pack does not ask for; add it to `effects` under \
             `[capabilities]` in its pack.toml"
        );
        Some(Wrong {
            message,
            near: None,
            is_sure: false,
        })
    }

    /// A personal field that the pack does not ask for: its rules never get a value of it.
    fn unseen(&self, of: &Of<'a>, name: &str) -> Option<Wrong> {
        let mut asked_as = None;
        for (kind, code) in of {
            let def = self.catalog.resolve(*kind, *code, Some(self.pack), name);
            let Some(def) = def else { continue };
            let is_own = self.bare(&def.code) != def.code;
            let asks = &self.loaded.manifest.asks;
            if !def.personal_data || is_own || asks.personal(*kind, &def.code) {
                return None;
            }
            asked_as = Some(format!("{}.{}", kind.name(), def.code));
        }
        asked_as.map(|word| Wrong {
            message: format!(
                "`{}` is personal and the pack does not ask for it, so its rules find nothing \
                 there; add `{word}` to `personal` under `[capabilities]` in its pack.toml",
                short(name)
            ),
            near: None,
            is_sure: false,
        })
    }

    /// A condition on such a field.
    fn unseen_by(&self, condition: &Condition) -> Option<Wrong> {
        match condition.subject.split_once('.') {
            _ if condition.subject.starts_with('$') => None,
            Some((beside, name)) => {
                let wrong = self.unseen(&self.all(self.target(beside)?), name)?;
                let whole = wrong.message.replacen(name, &condition.subject, 1);
                Some(Wrong {
                    message: whole,
                    ..wrong
                })
            }
            None => self.unseen(&self.records(), &condition.subject),
        }
    }

    fn condition(&self, name: &str) -> Option<Wrong> {
        if name == "id" {
            return None;
        }
        let seen = self.seen();
        let defs = self.defs(&seen, name);
        if defs.is_empty() {
            return self.field(&seen, name, true);
        }
        defs.iter().all(|def| !def.indexed).then(|| Wrong {
            message: format!(
                "field `{}` is not declared `indexed`, so access cannot depend on it",
                short(name)
            ),
            near: None,
            is_sure: true,
        })
    }

    fn choice(&self, of: &Of<'a>, field: &str, code: &str, is_sure: bool) -> Option<Wrong> {
        let defs = self.defs(of, field);
        let closed = |def: &&FieldDef| {
            matches!(def.value, ValueType::Enum | ValueType::MultiEnum) && !def.options.is_empty()
        };
        if defs.is_empty() || !defs.iter().all(closed) || (!is_sure && code.is_empty()) {
            return None;
        }
        let options = defs.iter().flat_map(|def| &def.options);
        let known: Vec<&str> = options.map(|o| o.code.as_str()).collect();
        if known.contains(&code) {
            return None;
        }
        let message = format!("field `{}` has no option `{}`", short(field), short(code));
        Some(wrong(message, code, known, is_sure))
    }

    /// A record beside the rule's own is there when the rule reads it.
    fn beside(&self, name: &str) -> Option<Wrong> {
        let spec = self.spec;
        let related = spec.view.related.iter().map(|(related, _)| related);
        let known: Vec<&str> = spec
            .reads
            .iter()
            .chain(related)
            .map(String::as_str)
            .collect();
        if known.contains(&name) {
            return None;
        }
        let message = format!(
            "rule `{}` does not read `{}`; add it to its `reads` in pack.toml",
            spec.name,
            short(name)
        );
        Some(wrong(message, name, known, true))
    }

    /// Kind of the record beside the rule's own.
    fn target(&self, beside: &str) -> Option<Kind> {
        let of = |name: &str| {
            let defs = self.defs(&self.records(), name);
            defs.into_iter().find_map(|def| def.target)
        };
        of(beside).or_else(|| of(&format!("{beside}s")))
    }

    fn type_named(&self, name: &str, kind: Option<Kind>) -> Option<Wrong> {
        let kinds = Kind::ALL.into_iter();
        let types = kinds.flat_map(|kind| self.catalog.types(kind));
        let types = types.filter(|t| kind.is_none_or(|kind| t.kind == kind));
        self.code(
            "type",
            name,
            types.map(|t| t.code.as_str()).collect(),
            false,
        )
    }

    fn status(&self, name: &str, enters: bool) -> Option<Wrong> {
        // A record that is new comes from no status.
        if name.is_empty() {
            return None;
        }
        let of = self.records();
        let flows = of
            .iter()
            .filter_map(|(kind, code)| self.catalog.workflow(*kind, *code));
        let own = self.loaded.definitions.workflows.iter();
        let flows: Vec<&Workflow> = flows.chain(own).collect();
        if flows.is_empty()
            && of
                .iter()
                .all(|(kind, _)| builtin::workflow(*kind).is_none())
        {
            return None;
        }
        let known = flows.iter().flat_map(|flow| &flow.statuses);
        self.code(
            "status",
            name,
            known.map(|s| s.code.as_str()).collect(),
            enters,
        )
    }

    fn stage(&self, name: &str) -> Option<Wrong> {
        let stages = self.catalog.processes().flat_map(|p| &p.stages);
        self.code(
            "stage",
            name,
            stages.map(|s| s.code.as_str()).collect(),
            true,
        )
    }

    /// A code of this pack, or a full one; of any pack, where the bare name will do.
    fn code(&self, what: &str, name: &str, known: Vec<&str>, is_bare: bool) -> Option<Wrong> {
        let full = Code::qualify(self.pack, name);
        let is =
            |code: &&str| *code == name || **code == *full.0 || (is_bare && bare(code) == name);
        if known.iter().any(is) {
            return None;
        }
        let known = known.into_iter().map(|code| self.bare(code)).collect();
        let message = format!("there is no {what} `{}`", short(name));
        Some(self.or_foreign(name, wrong(message, name, known, true)))
    }

    /// A code as the pack writes it.
    fn bare<'c>(&self, code: &'c str) -> &'c str {
        let own = code.strip_prefix(self.pack);
        own.and_then(|c| c.strip_prefix('/')).unwrap_or(code)
    }

    /// What belongs to a pack that is not there, or to an administrator, may come later.
    fn or_foreign(&self, name: &str, wrong: Wrong) -> Wrong {
        let foreign = name.split_once('/').map(|(pack, _)| pack);
        match foreign.filter(|pack| self.catalog.pack(pack).is_none()) {
            Some(pack) if pack != self.pack => Wrong {
                message: format!("{}: pack `{}` is not there", wrong.message, short(pack)),
                is_sure: false,
                ..wrong
            },
            _ => wrong,
        }
    }
}

fn wrong(message: String, name: &str, known: Vec<&str>, is_sure: bool) -> Wrong {
    Wrong {
        message,
        near: super::nearest(name, known),
        is_sure,
    }
}
