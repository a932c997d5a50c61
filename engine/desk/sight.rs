//! What an asker may see in one request: the bounds of its roles, and what `access.filter` adds.
//!
//! The rules are asked once for each kind of record that a request touches and answer with data: a
//! predicate and masked fields. The predicate goes into lists and searches and is checked again on
//! every record that is read. A rule that breaks lets nothing through.

mod names;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::decide::{self, Ground, Row};
use super::permits::Patience;
use super::{Actor, Error, ErrorKind, Result, codec, keys, roles};
#[cfg(feature = "search")]
use crate::domain::record::fields;
use crate::domain::role::Rights;
use crate::domain::{FieldDef, Id, Kind, Record, Value};
use crate::hooks::{AccessChoice, Call, Detail, FailureKind, Hook, Predicate, RecordView, Rule};
use crate::store::Table;

use names::Names;

/// Fields whose text is searched with the descriptions.
#[cfg(feature = "search")]
const BODY: [&str; 4] = ["description", "body", "solution", "notes"];
/// Fields that are searched as codes.
#[cfg(feature = "search")]
const CODES: [&str; 4] = ["serial", "code", "external_id", "inn"];

/// What an asker may see. It lives as long as the request.
pub struct Sight<'g, 'a> {
    ground: &'g Ground<'a>,
    actor: &'g Actor,
    kinds: RefCell<BTreeMap<Kind, Arc<Access>>>,
    rights: Option<Rights>,
}

/// What roles and rules say of the records of one kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Access {
    /// Conditions that hold together, each for the records of some types.
    pub parts: Vec<Part>,
    /// Full codes of fields that are not shown.
    pub masked: BTreeSet<String>,
}

/// One rule's condition, in full field names and values of the fields' types.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Full codes of the types whose records it is about; none: all.
    pub types: Option<Vec<String>>,
    /// Whether it is about records without a type as well.
    pub untyped: bool,
    /// Which of them are seen.
    pub only: Predicate,
}

impl<'g, 'a> Sight<'g, 'a> {
    /// The sight of an asker.
    pub fn new(ground: &'g Ground<'a>, actor: &'g Actor) -> Self {
        Self {
            ground,
            actor,
            kinds: RefCell::new(BTreeMap::new()),
            rights: ground.service.rights(actor),
        }
    }

    /// What is looked at.
    pub fn snapshot(&self) -> &dyn crate::store::Snapshot {
        &*self.ground.snapshot
    }

    /// When it is looked.
    #[cfg(feature = "search")]
    pub const fn now(&self) -> crate::domain::Instant {
        self.ground.now
    }

    /// Who asks.
    pub const fn actor(&self) -> &'g Actor {
        self.actor
    }

    /// What the asker's roles permit; nothing for whoever is bound by none.
    pub const fn rights(&self) -> Option<&Rights> {
        self.rights.as_ref()
    }

    /// What roles and rules say of a kind.
    ///
    /// # Errors
    /// When a rule broke, or the store fails.
    pub fn access(&self, kind: Kind) -> Result<Arc<Access>> {
        if let Some(known) = self.kinds.borrow().get(&kind) {
            return Ok(Arc::clone(known));
        }
        let access = Arc::new(self.ask(kind)?);
        self.kinds.borrow_mut().insert(kind, Arc::clone(&access));
        Ok(access)
    }

    /// Whether the asker may know that the record exists.
    ///
    /// # Errors
    /// When a rule broke, or the store fails.
    pub fn sees(&self, record: &Record) -> Result<bool> {
        Ok(self.actor.may_see(record, self.ground.now) && self.access(record.kind)?.lets(record))
    }

    /// Whether the asker may name the record in a field.
    ///
    /// # Errors
    /// When a rule broke, or the store fails.
    pub fn may_refer(&self, record: &Record) -> Result<bool> {
        // Who works here may be named by everybody, as in `Actor::may_refer`.
        if matches!(record.kind, Kind::Agent | Kind::Team | Kind::SupportLevel) {
            return Ok(true);
        }
        Ok(self.actor.may_refer(record, self.ground.now) && self.access(record.kind)?.lets(record))
    }

    /// Whether the asker may not see a field.
    ///
    /// # Errors
    /// When a rule broke, or the store fails.
    pub fn hides(&self, kind: Kind, def: &FieldDef) -> Result<bool> {
        let internal = def.internal && !self.actor.sees_internal();
        Ok(internal || self.access(kind)?.masked.contains(&def.code))
    }

    /// Removes what the asker may not see.
    ///
    /// # Errors
    /// When a rule broke, or the store fails.
    pub fn mask(&self, record: &mut Record) -> Result<()> {
        let access = self.access(record.kind)?;
        if !access.masked.is_empty() {
            record
                .fields
                .retain(|name, _| !access.masked.contains(name));
        }
        if self.actor.sees_internal() {
            return Ok(());
        }
        let (kind, type_code) = (record.kind, record.type_code().map(str::to_owned));
        record.fields.retain(|name, _| {
            let def = self.ground.catalog.field(kind, type_code.as_deref(), name);
            def.is_some_and(|def| !def.internal)
        });
        Ok(())
    }

    /// Whether nothing is kept from the asker, so that nothing needs to be looked at.
    pub fn is_whole(&self) -> bool {
        self.actor.sees_internal() && self.rights.is_none() && !self.is_filtered()
    }

    /// Rules are for people with a role that administrators bound: not for them, the engine or rules.
    fn is_filtered(&self) -> bool {
        matches!(
            self.actor,
            Actor::Agent { .. } | Actor::Contact { .. } | Actor::Visitor
        ) && !self.ground.catalog.rules(Hook::AccessFilter).is_empty()
    }

    fn ask(&self, kind: Kind) -> Result<Access> {
        let mut access = Access::default();
        if let Some(rights) = &self.rights {
            access.parts.extend(roles::bound(rights, kind));
            access.masked = rights.masked(kind);
        }
        if !self.is_filtered() {
            return Ok(access);
        }
        let rules = self.ground.catalog.rules(Hook::AccessFilter).iter();
        let mut principal = None;
        for rule in rules.filter(|rule| rule.kind == kind) {
            let record = match &principal {
                Some(known) => Arc::clone(known),
                None => Arc::clone(principal.insert(self.principal()?)),
            };
            if let Some(asked) = self.call(rule, kind, record)? {
                self.take(rule, kind, asked, &mut access)?;
            }
        }
        Ok(access)
    }

    /// The agent's or contact's own record; an empty one for a program without one.
    fn principal(&self) -> Result<Arc<RecordView>> {
        let kind = if self.actor.is_contact() {
            Kind::Contact
        } else {
            Kind::Agent
        };
        let id = self.actor.id().unwrap_or(Id::MIN);
        let row = self
            .ground
            .snapshot
            .get(Table::Records, &keys::record(kind, id))?;
        let record = match row {
            Some(row) => codec::decode(&row.bytes)?,
            None => Record::new(id, kind),
        };
        Ok(Arc::new(decide::view_of(self.ground, &record)))
    }

    fn call(
        &self,
        rule: &Arc<Rule>,
        kind: Kind,
        principal: Arc<RecordView>,
    ) -> Result<Option<(AccessChoice, Row)>> {
        if self.ground.breakers.suspended(rule).is_some() {
            return Err(closed(rule));
        }
        let text = |name: &str| principal.fields.get(name).and_then(Value::as_text);
        let locale = text("locale").unwrap_or_else(|| self.ground.service.language());
        let locale = locale.to_owned();
        let id = principal.id;
        let call = Call {
            hook: Hook::AccessFilter,
            pack: Arc::clone(&rule.pack),
            now: self.ground.now,
            actor: self.actor.view(&locale),
            related: Arc::new(self.related(rule, &principal)?),
            record: principal,
            before: None,
            asked: Arc::default(),
            options: self
                .ground
                .catalog
                .options(&rule.pack)
                .cloned()
                .unwrap_or_default(),
            detail: Detail::Access { kind },
        };
        if rule.unmet(&call).is_some() {
            return Ok(None);
        }
        let permits = self.ground.permits;
        let outcome = permits.run(rule, Patience::Limited, || rule.runner.call(&call))?;
        match outcome {
            Ok(outcome) => {
                rule.tally.answered(&outcome);
                let row = self.ground.breakers.ran_well(rule);
                Ok(outcome.decision.access.map(|choice| (choice, row)))
            }
            Err(failure) => {
                tracing::warn!(rule = %rule.id(), "access rule failed: {failure}");
                if failure.kind != FailureKind::NotReady {
                    rule.tally.failed(failure.usage);
                    self.ground.breakers.failed(rule, id, &failure.message);
                }
                Err(closed(rule))
            }
        }
    }

    /// The records that the rule declared it reads.
    fn related(
        &self,
        rule: &Rule,
        principal: &RecordView,
    ) -> Result<BTreeMap<String, Arc<RecordView>>> {
        let mut record = Record::new(principal.id, principal.kind);
        record.fields.clone_from(&principal.fields);
        let mut related = BTreeMap::new();
        for name in &rule.reads {
            let Some((kind, id)) = decide::named(&self.ground.catalog, &record, rule, name) else {
                continue;
            };
            let row = self
                .ground
                .snapshot
                .get(Table::Records, &keys::record(kind, id))?;
            if let Some(row) = row {
                let found: Record = codec::decode(&row.bytes)?;
                let view = decide::view_of(self.ground, &found);
                related.insert(name.clone(), Arc::new(view));
            }
        }
        Ok(related)
    }

    /// Takes a choice over in full names and values of the right types.
    fn take(
        &self,
        rule: &Arc<Rule>,
        kind: Kind,
        (choice, row): (AccessChoice, Row),
        access: &mut Access,
    ) -> Result<()> {
        let types = self.types_of(rule, kind);
        let names = Names {
            ground: self.ground,
            rule,
            kind,
            types: types.as_deref(),
        };
        let read = || -> std::result::Result<_, String> {
            let masked: Vec<String> = choice
                .masked
                .iter()
                .map(|name| names.field(name).map(|def| def.code.clone()))
                .collect::<std::result::Result<_, _>>()?;
            Ok((names.predicate(&choice.only)?, masked))
        };
        match read() {
            Ok((only, masked)) => {
                access.masked.extend(masked);
                if only != Predicate::everything() {
                    let untyped = rule.applies(kind, None);
                    access.parts.push(Part {
                        types,
                        untyped,
                        only,
                    });
                }
                Ok(())
            }
            Err(why) => {
                let at = decide::place(rule, choice.spot.line);
                let why = format!("{at}: {why}");
                tracing::warn!(rule = %rule.id(), "access rule failed: {why}");
                rule.tally.retracted();
                let asker = self.actor.id().unwrap_or(Id::MIN);
                self.ground.breakers.failed_after(rule, asker, &why, &row);
                Err(closed(rule))
            }
        }
    }

    /// The types a rule is about: those it names, those of its pack, or all.
    fn types_of(&self, rule: &Rule, kind: Kind) -> Option<Vec<String>> {
        let all = self.ground.catalog.types(kind);
        let own: Vec<String> = all
            .filter(|t| rule.applies(kind, Some(&t.code)))
            .map(|t| t.code.clone())
            .collect();
        (!rule.applies_to.iter().any(|a| a == "*")).then_some(own)
    }
}

impl Access {
    /// Whether the rules let a record through.
    #[must_use]
    pub fn lets(&self, record: &Record) -> bool {
        let id = Value::Ref(record.id);
        let value = |name: &str| {
            if name == "id" {
                Some(&id)
            } else {
                record.get(name)
            }
        };
        self.parts.iter().all(|part| {
            let concerns = match (&part.types, record.type_code()) {
                (None, _) => true,
                (Some(_), None) => part.untyped,
                (Some(types), Some(own)) => types.iter().any(|t| t == own),
            };
            !concerns || part.only.holds(&value)
        })
    }

    /// Whether every condition is one that the store has an index row for.
    #[must_use]
    pub fn is_in_indexes(&self) -> bool {
        let plain = |p: &Predicate| matches!(p, Predicate::In { values, .. } if !values.is_empty());
        self.parts.iter().all(|part| {
            part.types.is_none()
                && match &part.only {
                    Predicate::All(parts) => parts.iter().all(plain),
                    only => plain(only),
                }
        })
    }

    /// Which text may be searched.
    #[cfg(feature = "search")]
    #[must_use]
    pub fn sections(&self, actor: &Actor) -> crate::search::Sections {
        let masked = |names: &[&str]| names.iter().any(|n| self.masked.contains(*n));
        crate::search::Sections {
            title: !masked(&[fields::TITLE, "name"]),
            body: !masked(&BODY),
            internal: actor.sees_internal() && !self.masked.iter().any(|n| n.contains('/')),
            codes: !masked(&CODES) && !masked(&[fields::NUMBER]),
            // What packs added is made of more than one kind's fields: see `query/added.rs`.
            extra: false,
            extra_internal: false,
        }
    }
}

/// A request that a broken rule closed. Whoever is kept out does not get the rule's own words.
fn closed(rule: &Rule) -> Error {
    Error::new(
        ErrorKind::Forbidden,
        "access_unknown",
        format!(
            "the rule `{}` says what you may see and could not be run, so nothing is shown; an \
             administrator finds its error among the failing rules",
            rule.id()
        ),
    )
}
