//! The calls of one command, made again from the journal and the records as they were.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::not_replayable;
use crate::desk::Result;
use crate::desk::decide::{earlier, named, view_by};
use crate::desk::journal::JournalEntry;
use crate::desk::scene::SceneDetail;
use crate::desk::service::Service;
use crate::desk::trace::{Scene, Step, Trace};
use crate::domain::{Entry, Id, Kind, Record, Value};
use crate::hooks::{
    AgentView, Call, ConsumeView, Detail, FoundParty, Hook, RecordView, RouteView, Rule,
};
use crate::packs::Catalog;
use crate::store::Pos;

/// Where records of the past come from.
pub trait Records {
    /// The record as it was when the command was decided; none when it did not exist.
    ///
    /// # Errors
    /// When the store fails.
    fn before(&mut self, kind: Kind, id: Id) -> Result<Option<Arc<Record>>>;

    /// A comment or message of a record; none when it is gone.
    ///
    /// # Errors
    /// When the store fails.
    fn entry(&mut self, owner: Id, entry: Id) -> Result<Option<Entry>>;

    /// The journal's entry at an earlier position.
    ///
    /// # Errors
    /// When the store fails.
    fn journal(&mut self, pos: Pos) -> Result<Option<JournalEntry>>;
}

/// One command, as it was being decided.
pub struct Moment<'a> {
    entry: &'a JournalEntry,
    trace: &'a Trace,
    catalog: &'a Catalog,
    service: &'a Service,
    records: &'a mut dyn Records,
    /// Fields by their numbers in the steps, with the values they ended with.
    fields: Vec<(Kind, Id, &'a str, Option<&'a Value>)>,
    states: BTreeMap<(Kind, Id), State>,
    /// Steps done.
    done: u32,
    /// What rules would have set otherwise.
    supposed: Vec<Supposed>,
}

/// A value that a field would have had after so many steps.
struct Supposed {
    place: (Kind, Id),
    field: String,
    value: Option<Value>,
    from: u32,
}

/// A record in the middle of a command.
#[derive(Default)]
struct State {
    before: Option<Arc<Record>>,
    /// None: as before.
    changed: Option<Record>,
    asked: Arc<Vec<String>>,
    shown: Option<Arc<RecordView>>,
    shown_before: Option<Arc<RecordView>>,
}

impl State {
    fn now(&self) -> Option<&Record> {
        self.changed.as_ref().or(self.before.as_deref())
    }

    fn view(&mut self, catalog: &Catalog) -> Option<Arc<RecordView>> {
        if self.changed.is_none() {
            return self.view_before(catalog);
        }
        if self.shown.is_none() {
            self.shown = self.now().map(|r| Arc::new(view_by(catalog, r)));
        }
        self.shown.clone()
    }

    fn view_before(&mut self, catalog: &Catalog) -> Option<Arc<RecordView>> {
        if self.shown_before.is_none() {
            let before = self.before.as_deref();
            self.shown_before = before.map(|r| Arc::new(view_by(catalog, r)));
        }
        self.shown_before.clone()
    }
}

impl<'a> Moment<'a> {
    /// The command of an entry, before anything was done.
    pub fn new(
        entry: &'a JournalEntry,
        trace: &'a Trace,
        catalog: &'a Catalog,
        service: &'a Service,
        records: &'a mut dyn Records,
    ) -> Self {
        let changed = entry.changes.iter().flat_map(|change| {
            let place = (change.kind, change.id);
            let fields = change.fields.iter();
            fields.map(move |f| (place.0, place.1, f.field.as_str(), f.new.as_ref()))
        });
        let beside = trace.beside.iter();
        let beside = beside.map(|(kind, id, field)| (*kind, *id, field.as_str(), None));
        Self {
            entry,
            trace,
            catalog,
            service,
            records,
            fields: changed.chain(beside).collect(),
            states: BTreeMap::new(),
            done: 0,
            supposed: Vec::new(),
        }
    }

    /// Supposes that a field has another value after so many steps, until somebody sets it again.
    pub fn suppose(&mut self, place: (Kind, Id), field: &str, value: Option<Value>, from: u32) {
        self.supposed.push(Supposed {
            place,
            field: field.to_owned(),
            value,
            from,
        });
    }

    /// A record after so many steps, and with what is supposed.
    pub fn supposed(&mut self, place: (Kind, Id), at: u32) -> Result<Option<Record>> {
        self.go_to(at)?;
        let mut record = self.state(place)?.now().cloned();
        for supposed in &self.supposed {
            if supposed.place == place
                && supposed.from <= at
                && !self.sets(place, &supposed.field, supposed.from, at)
                && let Some(record) = &mut record
            {
                record.put(&supposed.field, supposed.value.clone());
            }
        }
        Ok(record)
    }

    /// Whether who asked gave the field its value.
    pub fn was_asked(&mut self, place: (Kind, Id), field: &str, at: u32) -> Result<bool> {
        self.go_to(at)?;
        Ok(self.state(place)?.asked.iter().any(|asked| asked == field))
    }

    /// Whether a step between two sets a field.
    fn sets(&self, place: (Kind, Id), field: &str, from: u32, to: u32) -> bool {
        let steps = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        let steps = steps.and_then(|(from, to)| self.trace.steps.get(from..to));
        steps.unwrap_or_default().iter().any(|step| {
            let (Step::Final(of) | Step::Set(of, _)) = step else {
                return false;
            };
            let set = usize::try_from(*of).ok().and_then(|i| self.fields.get(i));
            set.is_some_and(|(kind, id, name, _)| ((*kind, *id), *name) == (place, field))
        })
    }

    /// As [`Moment::call`], on records with what is supposed.
    pub fn call_supposing(&mut self, rule: &Rule, scene: &Scene, at: u32) -> Result<Call> {
        let mut call = self.call(rule, scene, at)?;
        if self.supposed.is_empty() {
            return Ok(call);
        }
        let place = self.record_of(scene)?;
        if let Some(record) = self.supposed(place, at)? {
            call.record = Arc::new(view_by(self.catalog, &record));
        }
        Ok(call)
    }

    /// The record that a scene is about.
    pub fn record_of(&self, scene: &Scene) -> Result<(Kind, Id)> {
        place_of(self.entry, self.trace, scene)
            .ok_or_else(|| not_replayable("the journal entry names no record".to_owned()))
    }

    /// The call of a rule in a scene after so many steps, whole: see [`Rule::narrow`].
    pub fn call(&mut self, rule: &Rule, scene: &Scene, at: u32) -> Result<Call> {
        let place = self.record_of(scene)?;
        self.go_to(at)?;
        let related = self.related(rule, place)?;
        let detail = self.detail(scene, place)?;
        let catalog = self.catalog;
        let state = self.state(place)?;
        let empty = || Arc::new(view_by(catalog, &Record::new(place.1, place.0)));
        let record = state.view(catalog).unwrap_or_else(empty);
        let mut before = state.view_before(catalog);
        let asked = Arc::clone(&state.asked);
        if rule.hook == Hook::RecordChanged {
            before = self.before_change(place)?;
        }
        let actor = scene.actor.as_ref().unwrap_or(&self.entry.actor);
        let locale = scene.locale.as_ref().unwrap_or(&self.trace.locale);
        Ok(Call {
            hook: rule.hook,
            pack: Arc::clone(&rule.pack),
            now: self.entry.at,
            actor: actor.view(locale),
            record,
            before,
            asked,
            related: Arc::new(related),
            options: catalog.options(&rule.pack).cloned().unwrap_or_default(),
            detail,
        })
    }

    /// The record before the change that a command follows from.
    fn before_change(&mut self, place: (Kind, Id)) -> Result<Option<Arc<RecordView>>> {
        let caused = match &self.entry.cause {
            Some(cause) => self.records.journal(cause.set_at)?,
            None => None,
        };
        let caused = caused
            .ok_or_else(|| not_replayable("the change that it follows from is gone".to_owned()))?;
        let catalog = self.catalog;
        let now = self.state(place)?.before.clone();
        let before = now.and_then(|now| earlier(&now, &caused));
        Ok(before.map(|record| Arc::new(view_by(catalog, &record))))
    }

    /// Whether a rule runs on the record of a scene.
    pub fn applies(&mut self, rule: &Rule, scene: &Scene) -> Result<bool> {
        let place = self.record_of(scene)?;
        self.go_to(scene.at)?;
        let state = self.state(place)?;
        let type_code = state.now().and_then(Record::type_code);
        let is_asked = match &scene.detail {
            SceneDetail::Lifecycle(happened) => *happened.pack == *rule.pack,
            SceneDetail::Config(change) => !change.is_of(&rule.pack),
            _ => true,
        };
        let hook = Hook::with_code(scene.hook);
        Ok(is_asked && hook == Some(rule.hook) && rule.applies(place.0, type_code))
    }

    fn related(
        &mut self,
        rule: &Rule,
        place: (Kind, Id),
    ) -> Result<BTreeMap<String, Arc<RecordView>>> {
        let mut wanted = Vec::new();
        let catalog = self.catalog;
        if let Some(record) = self.state(place)?.now() {
            for name in &rule.reads {
                let place = named(catalog, record, rule, name);
                wanted.extend(place.map(|place| (name.clone(), place)));
            }
        }
        let mut related = BTreeMap::new();
        for (name, place) in wanted {
            if let Some(view) = self.state(place)?.view(catalog) {
                related.insert(name, view);
            }
        }
        Ok(related)
    }

    fn detail(&mut self, scene: &Scene, place: (Kind, Id)) -> Result<Detail> {
        let detail = match &scene.detail {
            SceneDetail::Transition { from, to } => {
                let catalog = self.catalog;
                let record = self.state(place)?.now();
                let workflow = catalog.workflow(place.0, record.and_then(Record::type_code));
                let status = workflow.and_then(|w| w.status(to));
                Detail::Transition {
                    from: from.clone(),
                    to: to.clone(),
                    to_category: status.map_or("", |s| s.category.name()),
                }
            }
            SceneDetail::Assign(loads) => {
                let agents = self.service.agents.iter().enumerate();
                let agents = agents.map(|(i, agent)| AgentView {
                    profile: Arc::clone(&agent.profile),
                    name: Arc::clone(&agent.name),
                    load: loads.get(i).copied().unwrap_or(0),
                });
                Detail::Assign {
                    agents: agents.collect(),
                    teams: Arc::clone(&self.service.teams),
                }
            }
            SceneDetail::SlaSelect => Detail::SlaSelect {
                levels: Arc::clone(&self.service.level_views),
            },
            SceneDetail::Route(kept) => {
                let mut found = Vec::with_capacity(kept.found.len());
                for (place, score, reasons) in &kept.found {
                    found.push(FoundParty {
                        view: self.view(*place)?,
                        score: *score,
                        reasons: reasons.clone(),
                    });
                }
                let open = kept.open.iter().map(|place| self.view(*place));
                Detail::Route(Arc::new(RouteView {
                    automatic: kept.automatic,
                    wanted: kept.wanted.clone(),
                    open: open.collect::<Result<_>>()?,
                    found,
                }))
            }
            SceneDetail::Consume(kept) => Detail::Consume(Arc::new(ConsumeView {
                event: kept.event,
                contract: self.view(kept.contract)?,
                unit: kept.unit,
                total: kept.total,
                used: kept.used,
                counted: kept.counted,
            })),
            other => {
                let mut text = |entry| {
                    let kept = self.records.entry(place.1, entry)?;
                    Ok(kept.map(|kept| kept.body))
                };
                return match other.detail(&mut text)? {
                    Some(detail) => Ok(detail),
                    None => Err(not_replayable(
                        "a comment or message it saw is gone".to_owned(),
                    )),
                };
            }
        };
        Ok(detail)
    }

    /// A record that a detail shows, as it was.
    fn view(&mut self, place: (Kind, Id)) -> Result<Arc<RecordView>> {
        let catalog = self.catalog;
        let view = self.state(place)?.view(catalog);
        view.ok_or_else(|| not_replayable("a record that it saw is gone".to_owned()))
    }

    fn state(&mut self, place: (Kind, Id)) -> Result<&mut State> {
        use std::collections::btree_map::Entry;
        match self.states.entry(place) {
            Entry::Occupied(state) => Ok(state.into_mut()),
            Entry::Vacant(empty) => Ok(empty.insert(State {
                before: self.records.before(place.0, place.1)?,
                ..State::default()
            })),
        }
    }

    /// Does the steps up to one, from the beginning when it lies behind.
    fn go_to(&mut self, at: u32) -> Result<()> {
        if at < self.done {
            self.begin_again();
        }
        while self.done < at {
            let next = self.done;
            let step = usize::try_from(next)
                .ok()
                .and_then(|i| self.trace.steps.get(i));
            match step {
                Some(Step::Back(to)) if *to < next => {
                    self.begin_again();
                    self.go_to(*to)?;
                }
                Some(step) => self.do_step(step)?,
                None => {
                    return Err(not_replayable(
                        "the trace is shorter than it says".to_owned(),
                    ));
                }
            }
            self.done = next + 1;
        }
        Ok(())
    }

    fn begin_again(&mut self) {
        self.done = 0;
        for state in self.states.values_mut() {
            state.changed = None;
            state.shown = None;
            state.asked = Arc::default();
        }
    }

    fn do_step(&mut self, step: &Step) -> Result<()> {
        let (of, value) = match step {
            Step::Final(of) | Step::Asked(of) => (*of, None),
            Step::Set(of, value) => (*of, Some(value)),
            Step::Back(_) => return Ok(()),
        };
        let field = usize::try_from(of).ok().and_then(|i| self.fields.get(i));
        let Some((kind, id, field, ended)) = field.copied() else {
            return Err(not_replayable("the trace names no field".to_owned()));
        };
        let state = self.state((kind, id))?;
        if matches!(step, Step::Asked(_)) {
            Arc::make_mut(&mut state.asked).push(field.to_owned());
            return Ok(());
        }
        let value = match value {
            Some(value) => value.clone(),
            None => ended.cloned(),
        };
        let before = state.before.as_deref();
        let record = state
            .changed
            .get_or_insert_with(|| before.cloned().unwrap_or_else(|| Record::new(id, kind)));
        record.put(field, value);
        state.shown = None;
        Ok(())
    }
}

/// The record that a scene is about.
pub fn place_of(entry: &JournalEntry, trace: &Trace, scene: &Scene) -> Option<(Kind, Id)> {
    let on = usize::from(scene.on);
    match entry.changes.get(on) {
        Some(change) => Some((change.kind, change.id)),
        None => trace
            .places
            .get(on.checked_sub(entry.changes.len())?)
            .copied(),
    }
}
