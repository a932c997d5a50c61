//! Rules within what their pack was granted: personal data it did not ask for is not in their view,
//! and what it was not granted is refused by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::asks::{Grants, asked_by};
use super::catalog::LocalFields;
use super::load::Loaded;
use crate::domain::{Kind, builtin};
use crate::hooks::{
    AgentView, Call, Decision, Detail, Failure, FailureKind, Outcome, Place, RecordView, Rule,
    Runner, SurveyAsk, Traced, Usage,
};

/// Stands for an address that is there and not shown.
const WITHHELD: &str = "withheld";

/// The personal fields of packs and administrators, by full code. The engine's own are known.
pub(super) type Personal = Arc<BTreeSet<String>>;

/// The personal fields that packs and administrators define.
pub(super) fn personal(packs: &[Arc<Loaded>], local: &[LocalFields]) -> Personal {
    let sets = packs.iter().flat_map(|p| &p.definitions.field_sets);
    let fields = sets.flat_map(|s| &s.fields);
    let fields = fields.chain(local.iter().flat_map(|l| &l.set.fields));
    let personal = fields.filter(|f| f.personal_data);
    Arc::new(personal.map(|f| f.code.clone()).collect())
}

/// A rule of a pack, within its grants. A pack that may do everything is called as it is.
pub(super) fn within(rule: &Arc<Rule>, pack: &Loaded, personal: &Personal) -> Arc<Rule> {
    let grants = &pack.grants;
    if grants.everything() {
        return Arc::clone(rule);
    }
    let runner = Granted {
        inner: Arc::clone(&rule.runner),
        rule: rule.id(),
        pack: Arc::clone(&rule.pack),
        asks: pack.manifest.asks.clone(),
        denied_read: rule.reads.iter().find(|r| !grants.read(r)).cloned(),
        grants: Arc::clone(grants),
        hidden: hidden(rule, grants, personal),
    };
    Arc::new(Rule {
        runner: Arc::new(runner),
        ..(**rule).clone()
    })
}

struct Granted {
    inner: Arc<dyn Runner>,
    rule: String,
    pack: Arc<str>,
    asks: Grants,
    denied_read: Option<String>,
    grants: Arc<Grants>,
    hidden: Hidden,
}

/// Personal fields that a pack was not granted, by kind of record.
type Hidden = BTreeMap<Kind, Vec<String>>;

/// What a rule's views go without. A pack's own fields are its own.
fn hidden(rule: &Rule, grants: &Grants, personal: &Personal) -> Hidden {
    let foreign = |name: &&str| name.split_once('/').is_none_or(|(p, _)| p != &*rule.pack);
    let of = |kind: Kind| {
        let own = builtin::fields(kind).iter().filter(|f| f.personal_data);
        let own = own.map(|f| f.code.as_str());
        let packs = personal.iter().map(String::as_str).filter(foreign);
        let names = own.chain(packs).filter(|f| !grants.personal(kind, f));
        (kind, names.map(str::to_owned).collect())
    };
    Kind::ALL.into_iter().map(of).collect()
}

impl Runner for Granted {
    fn call(&self, call: &Call) -> Result<Outcome, Failure> {
        self.permit()?;
        let outcome = match self.withheld(call) {
            Some(less) => self.inner.call(&less),
            None => self.inner.call(call),
        };
        self.check(outcome?)
    }

    fn nature(&self) -> &'static str {
        self.inner.nature()
    }

    fn trace(&self, call: &Call) -> Traced {
        if let Err(failure) = self.permit() {
            return Traced {
                result: Err(failure),
                steps: Vec::new(),
            };
        }
        let traced = match self.withheld(call) {
            Some(less) => self.inner.trace(&less),
            None => self.inner.trace(call),
        };
        Traced {
            result: traced.result.and_then(|outcome| self.check(outcome)),
            steps: traced.steps,
        }
    }

    fn is_compiling(&self) -> bool {
        self.inner.is_compiling()
    }

    fn hides(&self, kind: Kind, field: &str) -> bool {
        Self::hides(self, kind, field)
    }

    fn given(&self, call: &Call) -> Option<Call> {
        self.withheld(call)
    }

    fn place(&self) -> Option<Place> {
        self.inner.place()
    }
}

impl Granted {
    fn permit(&self) -> Result<(), Failure> {
        match &self.denied_read {
            None => Ok(()),
            Some(read) => Err(self.denied(&format!("read:{read}"), Usage::default())),
        }
    }

    fn check(&self, outcome: Outcome) -> Result<Outcome, Failure> {
        match self.not_granted(&outcome.decision) {
            None => Ok(outcome),
            Some(name) => Err(self.denied(&format!("effect:{name}"), outcome.usage)),
        }
    }

    fn denied(&self, name: &str, usage: Usage) -> Failure {
        let (pack, rule) = (&self.pack, &self.rule);
        let message = match asked_by(name).filter(|_| !self.asks.covers(name)) {
            Some((key, word)) => format!(
                "rule {rule} needs `{name}`, which pack `{pack}` does not ask for; add `{word}` to \
                 `{key}` under `[capabilities]` in its pack.toml and install it again"
            ),
            None => format!(
                "rule {rule} needs `{name}`, which pack `{pack}` was not granted; an administrator \
                 grants it with `opora pack grant {pack} --add {name}`"
            ),
        };
        Failure {
            kind: FailureKind::Broken,
            message,
            usage,
        }
    }

    /// The first thing of a decision that the pack may not ask for.
    fn not_granted(&self, decision: &Decision) -> Option<String> {
        let mut names = decision.effects.iter().map(|(effect, _)| effect.name());
        let denied = names.find(|name| !self.grants.effect(name));
        let asks = matches!(decision.ask, Some(SurveyAsk::Send { .. }));
        let asks = (asks && !self.grants.effect("ask")).then_some("ask");
        denied.or(asks).map(str::to_owned)
    }

    /// The call without personal data; nothing when it shows none.
    fn withheld(&self, call: &Call) -> Option<Call> {
        if self.grants.all_personal() {
            return None;
        }
        let mut less = call.clone();
        self.cut(&mut less.record);
        if let Some(before) = &mut less.before {
            self.cut(before);
        }
        if !less.related.is_empty() {
            for related in Arc::make_mut(&mut less.related).values_mut() {
                self.cut(related);
            }
        }
        self.cut_detail(call.record.kind, &mut less.detail);
        Some(less)
    }

    fn cut_detail(&self, kind: Kind, detail: &mut Detail) {
        let mails = self.grants.personal(Kind::Contact, "mails");
        match detail {
            Detail::SurveyDone {
                address: Some(address),
                ..
            } if !mails => WITHHELD.clone_into(address),
            Detail::SurveyReply {
                comment, answers, ..
            } if !self.grants.personal(kind, "satisfaction_comment") => {
                comment.clear();
                answers.iter_mut().for_each(|answer| answer.text.clear());
            }
            Detail::Interaction { entry }
            | Detail::Clocks {
                entry: Some(entry), ..
            } if !self.grants.entry_text() => {
                let entry = Arc::make_mut(entry);
                entry.subject.clear();
                entry.text.clear();
            }
            Detail::Notice { notice } if notice.address.is_some() && !mails => {
                Arc::make_mut(notice).address = Some(WITHHELD.to_owned());
            }
            Detail::Assign { agents, .. } if self.hides(Kind::Agent, "title") => {
                let nameless = |agent: &AgentView| AgentView {
                    name: Arc::default(),
                    ..agent.clone()
                };
                *agents = agents.iter().map(nameless).collect();
            }
            Detail::Match(asked) => {
                let names = self.grants.personal(Kind::Contact, "title");
                let phones = self.grants.personal(Kind::Contact, "phones");
                let shows = |field: &str| match field {
                    "phone" => phones,
                    "mail" => mails,
                    "name" => names,
                    "tax_number" => true,
                    // A text for anything may be any of them.
                    _ => names && phones && mails,
                };
                Arc::make_mut(asked).asked.retain(|(field, _)| shows(field));
            }
            Detail::Route(route) => {
                let route = Arc::make_mut(route);
                let of = route.wanted.kind.unwrap_or(Kind::Ticket);
                route
                    .wanted
                    .values
                    .retain(|(name, _)| !self.hides(of, name));
                for party in &mut route.found {
                    self.cut(&mut party.view);
                }
                for open in &mut route.open {
                    self.cut(open);
                }
            }
            // A word may be anybody's name, number or address.
            Detail::Rank(search) => {
                let names = self.grants.personal(Kind::Contact, "title");
                let phones = self.grants.personal(Kind::Contact, "phones");
                if !(names && phones && mails) {
                    Arc::make_mut(search).words.clear();
                }
            }
            Detail::Consume(consume) => self.cut(&mut Arc::make_mut(consume).contract),
            _ => {}
        }
    }

    /// Whether a field is personal and was not granted.
    fn hides(&self, kind: Kind, name: &str) -> bool {
        self.hidden_of(kind).iter().any(|hidden| hidden == name)
    }

    fn hidden_of(&self, kind: Kind) -> &[String] {
        self.hidden.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// The view without the personal fields that were not granted.
    fn cut(&self, view: &mut Arc<RecordView>) {
        let hidden = self.hidden_of(view.kind);
        if !hidden.iter().any(|name| view.fields.contains_key(name)) {
            return;
        }
        let shown = Arc::make_mut(view);
        for name in hidden {
            shown.fields.remove(name);
        }
    }
}
