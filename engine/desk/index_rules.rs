//! What packs add to the search index: rules of `search.document`, called where documents are made.
//!
//! They are no part of a command: the index follows the journal and may be deleted at any time. A
//! rule that breaks adds nothing and is counted like any other; it never keeps a record out of the
//! index.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::catalogs::Catalogs;
use super::permits::{Patience, Permits};
use super::{Actor, Error, ErrorKind, Result, codec, decide, keys};
use crate::domain::{FieldDef, Kind, Record, Value, builtin};
use crate::hooks::when::OPTION;
use crate::hooks::{Call, Detail, FailureKind, Hook, IndexText, RecordView, Rule};
use crate::packs::{Catalog, Hosts};
use crate::store::{Snapshot, Table};

/// Field with the time of a record's last change.
const CHANGED: &str = "updated_at";

/// Calls the rules of the packs in force.
pub struct IndexRules {
    pub catalogs: Arc<Catalogs>,
    pub hosts: Arc<dyn Hosts>,
    pub breakers: Arc<decide::Breakers>,
    pub permits: Arc<Permits>,
    /// What was made ready last.
    pub ready: Mutex<Option<Arc<InForce>>>,
}

/// The rules of one catalog.
pub struct InForce {
    catalog: Arc<Catalog>,
    /// Each with whether its texts are for whoever may see the record.
    rules: Vec<(Arc<Rule>, bool)>,
}

/// Texts that rules add to a record.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// For whoever may see the record.
    pub public: Vec<String>,
    /// For the staff.
    pub internal: Vec<String>,
}

impl IndexRules {
    /// The rules in force.
    ///
    /// # Errors
    /// When the store fails.
    pub fn in_force(&self, snapshot: &dyn Snapshot) -> Result<Arc<InForce>> {
        let row = snapshot.get(Table::Packs, &keys::active_packs())?;
        let catalog = self.catalogs.get(snapshot, row.as_ref(), &*self.hosts)?;
        let mut ready = self.ready.lock();
        if let Some(known) = &*ready
            && Arc::ptr_eq(&known.catalog, &catalog)
        {
            return Ok(Arc::clone(known));
        }
        let rules = catalog.rules(Hook::SearchDocument).iter();
        let rules = rules.map(|rule| (Arc::clone(rule), is_public(&catalog, rule)));
        let rules = rules.collect();
        let new = Arc::new(InForce { catalog, rules });
        *ready = Some(Arc::clone(&new));
        Ok(new)
    }

    /// Stands for the rules that are called: of another revision, with other options or grants, or
    /// with one of them suspended, it is another one. 0 without rules.
    #[must_use]
    pub fn stamp(&self, in_force: &InForce) -> u64 {
        let called = in_force.rules.iter();
        let called: Vec<&(Arc<Rule>, bool)> = called
            .filter(|(rule, _)| self.breakers.suspended(rule).is_none())
            .collect();
        if called.is_empty() {
            return 0;
        }
        let mut hash = Sha256::new();
        for (rule, public) in called {
            hash.update(rule.id());
            hash.update(rule.revision);
            hash.update([u8::from(*public)]);
            if let Some(pack) = in_force.catalog.pack(&rule.pack) {
                hash.update(format!("{:?}", pack.options));
                pack.grants.names().for_each(|name| hash.update(name));
            }
        }
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
        u64::from_be_bytes([a, b, c, d, e, f, g, h]).max(1)
    }

    /// What rules add to a record.
    ///
    /// # Errors
    /// When the store fails, or a plugin is still being compiled: the index waits for it.
    pub fn added(
        &self,
        in_force: &InForce,
        snapshot: &dyn Snapshot,
        record: &Record,
    ) -> Result<Added> {
        let mut added = Added::default();
        let own = in_force.rules.iter();
        let mut own = own
            .filter(|(rule, _)| rule.applies(record.kind, record.type_code()))
            .peekable();
        if own.peek().is_none() {
            return Ok(added);
        }
        let view = Arc::new(decide::view_by(&in_force.catalog, record));
        for (rule, public) in own {
            for text in self.call(in_force, snapshot, (rule, record), &view)? {
                match *public && !text.internal {
                    true => added.public.push(text.text),
                    false => added.internal.push(text.text),
                }
            }
        }
        Ok(added)
    }

    fn call(
        &self,
        in_force: &InForce,
        snapshot: &dyn Snapshot,
        (rule, record): (&Arc<Rule>, &Record),
        view: &Arc<RecordView>,
    ) -> Result<Vec<IndexText>> {
        if self.breakers.suspended(rule).is_some() {
            return Ok(Vec::new());
        }
        let catalog = &in_force.catalog;
        let call = Call {
            hook: Hook::SearchDocument,
            pack: Arc::clone(&rule.pack),
            // The same record gives the same texts, whenever the index is built.
            now: match record.get(CHANGED) {
                Some(Value::Instant(at)) => *at,
                _ => crate::domain::Instant::default(),
            },
            actor: Actor::System.view("en"),
            record: Arc::clone(view),
            before: None,
            asked: Arc::default(),
            related: Arc::new(related(catalog, snapshot, rule, record)?),
            options: catalog.options(&rule.pack).cloned().unwrap_or_default(),
            detail: Detail::None,
        };
        if rule.unmet(&call).is_some() {
            return Ok(Vec::new());
        }
        let call = rule.narrow(call);
        let permits = &self.permits;
        let outcome = permits.run(rule, Patience::Endless, || {
            decide::call_checked(rule, &call)
        })?;
        match outcome {
            Ok(outcome) => {
                rule.tally.answered(&outcome);
                self.breakers.ran_well(rule);
                Ok(outcome.decision.texts)
            }
            Err(failure) if failure.kind == FailureKind::NotReady => Err(Error::new(
                ErrorKind::Busy,
                "rule_not_ready",
                format!("the search index waits for a plugin: {failure}"),
            )),
            Err(failure) => {
                tracing::warn!(rule = %rule.id(), "rule of the search index failed: {failure}");
                rule.tally.failed(failure.usage);
                self.breakers.failed(rule, record.id, &failure.message);
                Ok(Vec::new())
            }
        }
    }
}

/// The records that a rule declared it reads.
fn related(
    catalog: &Catalog,
    snapshot: &dyn Snapshot,
    rule: &Rule,
    record: &Record,
) -> Result<BTreeMap<String, Arc<RecordView>>> {
    let named = rule.reads.iter().filter_map(|name| {
        let place = decide::named(catalog, record, rule, name)?;
        Some((name.clone(), place))
    });
    let named: Vec<_> = named.collect();
    let wanted = named
        .iter()
        .map(|(_, (kind, id))| (Table::Records, keys::record(*kind, *id)));
    let rows: Vec<_> = wanted.collect();
    let mut related = BTreeMap::new();
    for ((name, _), row) in named.into_iter().zip(snapshot.get_many(&rows)?) {
        if let Some(row) = row {
            let found: Record = codec::decode(&row.bytes)?;
            related.insert(name, Arc::new(decide::view_by(catalog, &found)));
        }
    }
    Ok(related)
}

/// What a rule looks at.
pub struct Looks<'r> {
    /// Fields of the record, as the rule names them; none: all of them.
    pub own: Option<Vec<&'r str>>,
    /// Names of the records beside.
    pub related: &'r [String],
}

/// What a rule looks at, its conditions included.
#[must_use]
pub fn looks(rule: &Rule) -> Looks<'_> {
    let of_conditions = rule.when.iter().filter_map(|c| match c.subject.as_str() {
        "$status_category" => Some("status"),
        fact if fact.starts_with('$') || fact.starts_with(OPTION) => None,
        related if related.contains('.') => None,
        own => Some(own),
    });
    let declared = rule.view.own.iter().map(String::as_str);
    let own = (!rule.view.own.is_empty()).then(|| declared.chain(of_conditions).collect());
    Looks {
        own,
        related: &rule.reads,
    }
}

/// Whether everything that a rule looks at is shown to customers, too: declared fields of the record
/// itself of which none is internal. What it says is for the staff otherwise.
fn is_public(catalog: &Catalog, rule: &Rule) -> bool {
    let looks = looks(rule);
    let Some(own) = looks.own.filter(|_| looks.related.is_empty()) else {
        return false;
    };
    let types = catalog.types(rule.kind).map(|t| Some(t.code.as_str()));
    let types: Vec<Option<&str>> = std::iter::once(None)
        .chain(types)
        .filter(|t| rule.applies(rule.kind, *t))
        .collect();
    let is_shown = |name: &&str| {
        let defs = types.iter();
        let mut defs = defs
            .filter_map(|t| catalog.resolve(rule.kind, *t, Some(&rule.pack), name))
            .peekable();
        let is_known = defs.peek().is_some();
        is_known && defs.all(|def: &FieldDef| !def.internal)
    };
    own.iter().all(is_shown)
}

/// Kind of the record that a rule reads under a name; none when no field of its kind refers to one.
#[must_use]
pub fn target(catalog: &Catalog, rule: &Rule, name: &str) -> Option<Kind> {
    let list = format!("{name}s");
    let own = [name, list.as_str()].into_iter();
    let mut own = own.filter_map(|name| builtin::field(rule.kind, name)?.target);
    own.next().or_else(|| {
        let types = catalog.types(rule.kind).map(|t| Some(t.code.as_str()));
        let mut types = std::iter::once(None).chain(types);
        types.find_map(|t| {
            catalog
                .resolve(rule.kind, t, Some(&rule.pack), name)?
                .target
        })
    })
}
