//! A scenario's driver on the desk itself.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::driver::{
    Driver, ListAsk, Refused, Seen, ShownAction, ShownCard, ShownChange, ShownClock, ShownEntry,
    ShownEvent, ShownFailure, ShownField, ShownForm, ShownMessage, ShownParty, ShownProcess,
    ShownReport,
};
use super::failures::Counted;
use super::file::Scenario;
use super::report::{Problem, Report, RuleUse};
use super::shown::{
    SURVEY_LINK, card, change, clock, entry, fields, offered, refused, token_after,
};
use crate::desk::{
    Actor, BoardQuery, Clock, Command, Desk, DeskOptions, ErrorKind, Event, IdSource, InboxQuery,
    ListQuery, Reply, ReportSpec, Request, VirtualClock,
};
use crate::domain::{Id, Instant, Kind};
use crate::hooks::Coverage;
use crate::store::{MemoryStore, OpenOptions, Pos, RedbStore, Store};

/// Most timers that fire in one step.
const MAX_TIMERS: usize = 20_000;
/// Most pages of entries or history that are read.
const MAX_PAGES: usize = 50;
/// Items of a page.
const PAGE: usize = 200;

/// Where a scenario's desk keeps its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In memory.
    Memory,
    /// In a file of a temporary folder, which goes with the driver.
    File,
}

impl Place {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::File => "file",
        }
    }
}

/// A desk of its own, on a virtual clock; without search, when the scenario does not need it.
pub struct DeskDriver {
    desk: Arc<Desk>,
    clock: Arc<VirtualClock>,
    search: bool,
    folder: Option<PathBuf>,
    starts: u64,
    survey_link: String,
    failed: Counted,
}

impl DeskDriver {
    /// Opens an empty desk.
    ///
    /// # Errors
    /// When its file cannot be made.
    pub fn open(place: Place, start: Instant) -> Seen<Self> {
        Self::new(place, start, false, None)
    }

    /// Opens an empty desk for a scenario.
    ///
    /// # Errors
    /// When its file cannot be made.
    pub fn of(scenario: &Scenario, place: Place) -> Seen<Self> {
        Self::watched(scenario, place, None)
    }

    /// As [`DeskDriver::of`]; notes which lines of scripts run.
    ///
    /// # Errors
    /// When its file cannot be made.
    pub(super) fn watched(
        scenario: &Scenario,
        place: Place,
        coverage: Option<&Arc<Coverage>>,
    ) -> Seen<Self> {
        Self::new(place, scenario.start()?, scenario.search, coverage)
    }

    fn new(
        place: Place,
        start: Instant,
        search: bool,
        coverage: Option<&Arc<Coverage>>,
    ) -> Seen<Self> {
        let clock = Arc::new(VirtualClock::at(start));
        let folder = match place {
            Place::Memory => None,
            Place::File => Some(temporary_folder()?),
        };
        let store: Arc<dyn Store> = match &folder {
            Some(folder) => open_file(folder)?,
            None => Arc::new(MemoryStore::new()),
        };
        Ok(Self {
            desk: open_desk(store, &clock, (0, search), coverage)?,
            clock,
            search,
            folder,
            starts: 1,
            survey_link: SURVEY_LINK.to_owned(),
            failed: Counted::default(),
        })
    }

    /// On a desk that is there already; its clock must be `clock`.
    #[must_use]
    pub fn on(desk: Arc<Desk>, clock: Arc<VirtualClock>, survey_link: &str) -> Self {
        Self {
            desk,
            clock,
            search: false,
            folder: None,
            starts: 1,
            survey_link: survey_link.to_owned(),
            failed: Counted::default(),
        }
    }

    /// The desk.
    #[must_use]
    pub fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Checks that records, indexes, guards and journal say the same at the end, and that every
    /// decision can be made again with the same result.
    pub fn finish(&mut self, report: &mut Report) {
        let place = self.folder.as_ref().map_or(Place::Memory, |_| Place::File);
        let mut faults = match self.desk.verify() {
            Ok(verified) => verified.faults,
            Err(error) => vec![error.to_string()],
        };
        faults.extend(match self.desk.check_decisions() {
            Ok(checked) => checked.faults,
            Err(error) => vec![error.to_string()],
        });
        let problem = |what| Problem {
            step: report.steps,
            line: 0,
            difference: format!("after all steps: {what}").into(),
        };
        let found = faults.into_iter().map(problem).collect();
        report.add(place.name(), found);
    }

    /// What the rules used of their budgets since the desk was opened.
    ///
    /// # Errors
    /// When the store fails.
    pub fn used(&self) -> Seen<Vec<RuleUse>> {
        let steps = self.desk.hooks().map_err(|e| e.to_string())?;
        let used = steps.into_iter().filter_map(|step| {
            let rule = step.rule?;
            (0 < rule.calls).then_some(RuleUse {
                rule: step.name,
                hook: step.hook?,
                calls: rule.calls,
                failures: rule.failures,
                most_used: rule.most_used,
                budget: rule.budget,
            })
        });
        Ok(used.collect())
    }

    /// Fires what is due until `at`, each timer at its time.
    fn fire_until(&self, at: Instant, fired: &mut usize) -> Seen<()> {
        loop {
            let next = self.desk.next_timer().map_err(|e| e.to_string())?;
            let Some(due) = next.filter(|due| *due <= at) else {
                return Ok(());
            };
            self.clock.advance_to(due);
            if self.fire(fired)? == 0 {
                return Err(format!("the timer that is due at {due} does not fire"));
            }
        }
    }

    fn fire(&self, fired: &mut usize) -> Seen<usize> {
        let ran = self.desk.fire_due(1_000).map_err(|e| e.to_string())?;
        *fired += ran;
        if *fired > MAX_TIMERS {
            return Err(format!("more than {MAX_TIMERS} timers fired in one step"));
        }
        Ok(ran)
    }
}

impl Drop for DeskDriver {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // Nothing can be done about a folder that does not go.
            let _ = self.desk.close();
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

fn temporary_folder() -> Seen<PathBuf> {
    let id = IdSource::random().next(Instant::default());
    let folder = std::env::temp_dir().join(format!("opora-scenario-{id}"));
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(folder)
}

fn open_file(folder: &std::path::Path) -> Seen<Arc<dyn Store>> {
    let opened = RedbStore::open(folder.join("desk.redb"), OpenOptions::default());
    Ok(Arc::new(opened.map_err(|e| e.to_string())?))
}

fn open_desk(
    store: Arc<dyn Store>,
    clock: &Arc<VirtualClock>,
    (starts, search): (u64, bool),
    coverage: Option<&Arc<Coverage>>,
) -> Seen<Arc<Desk>> {
    let options = DeskOptions {
        clock: Arc::<VirtualClock>::clone(clock),
        // Each start draws other ids, as a new process does.
        ids: IdSource::seeded(0x0ed5_c0de ^ (starts << 32)),
        search,
        survey_link: SURVEY_LINK.to_owned(),
        coverage: coverage.cloned(),
        ..DeskOptions::default()
    };
    Desk::open(store, options).map_err(|e| e.to_string())
}

impl Driver for DeskDriver {
    fn run(&mut self, actor: &Actor, command: &Command) -> Result<Reply, Refused> {
        let request = Request::by(actor.clone());
        self.desk.run(&request, command).map_err(refused)
    }

    fn record(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<Option<Map<String, Json>>> {
        match self.desk.record(actor, kind, id, None) {
            Ok(page) => Ok(Some(fields(&page.record))),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    fn records(&mut self, kind: Kind) -> Seen<Vec<(Id, Map<String, Json>)>> {
        let query = ListQuery::newest(kind, PAGE);
        let page = self.desk.list(&Actor::System, &query);
        let items = page.map_err(|e| e.to_string())?.items;
        let shown = items.iter().map(|p| (p.record.id, fields(&p.record)));
        Ok(shown.collect())
    }

    fn list(&mut self, actor: &Actor, kind: Kind, ask: &ListAsk) -> Result<Vec<Id>, Refused> {
        super::listed::of_desk(&self.desk, actor, kind, ask)
    }

    fn events(&mut self, after: u64) -> Seen<Vec<ShownEvent>> {
        let events = self.desk.events(&Actor::System, Pos(after), 1_000);
        let events = events.map_err(|e| e.to_string())?.into_iter();
        let event = |e: Event| ShownEvent {
            command: e.command,
            actor: e.actor,
            records: e.records.into_iter().map(|(_, id, _)| id).collect(),
        };
        Ok(events.map(event).collect())
    }

    fn content(&mut self, actor: &Actor, (kind, id): (Kind, Id), entry: Id) -> Seen<Vec<u8>> {
        let found = self.desk.attachment(actor, kind, id, entry);
        Ok(found.map_err(|e| e.to_string())?.1)
    }

    fn entries(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<Vec<ShownEntry>> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let page = self
                .desk
                .entries(actor, kind, id, cursor.as_deref(), PAGE)
                .map_err(|e| e.to_string())?;
            all.extend(page.items.into_iter().map(entry));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(all)
    }

    fn history(&mut self, kind: Kind, id: Id) -> Seen<Vec<ShownChange>> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let page = self
                .desk
                .history(&Actor::System, kind, id, cursor.as_deref(), PAGE)
                .map_err(|e| e.to_string())?;
            all.extend(page.items.into_iter().map(change));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(all)
    }

    fn form(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<ShownForm> {
        let form = self.desk.form(actor, kind, id).map_err(|e| e.to_string())?;
        let fields = form.fields.into_iter().map(|f| ShownField {
            visible: f.visible,
            required: f.required,
            readonly: f.readonly,
            options: offered(&f.def, f.options.as_deref()),
            code: f.def.code,
            advice: f.advice,
        });
        let actions = form.actions.into_iter().map(|a| ShownAction {
            to: a.to.code,
            open: a.open,
            why_not: a.why_not.into_iter().map(|f| f.code).collect(),
        });
        Ok(ShownForm {
            fields: fields.collect(),
            actions: actions.collect(),
            named_actions: form.named_actions.into_iter().map(|a| a.name).collect(),
        })
    }

    fn process(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<ShownProcess> {
        let page = self.desk.process(actor, kind, id);
        let Some(at) = page.map_err(|e| e.to_string())?.at else {
            return Ok(ShownProcess::default());
        };
        let steps = at.steps.into_iter().map(|choice| {
            let why_not = choice.why_not.into_iter().map(|f| f.code).collect();
            let name = choice.answer.or(choice.to);
            (name.unwrap_or_default(), why_not)
        });
        Ok(ShownProcess {
            stages: at.process.stages.iter().map(|s| s.code.clone()).collect(),
            steps: steps.collect(),
        })
    }

    fn plan(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<Vec<Map<String, Json>>> {
        let rows = self.desk.plan(actor, kind, id, None);
        let rows = rows.map_err(|e| e.to_string())?;
        Ok(rows.iter().map(|row| fields(&row.record)).collect())
    }

    fn clocks(&mut self, id: Id) -> Seen<Vec<ShownClock>> {
        let clocks = self.desk.clocks(&Actor::System, id);
        let clocks = clocks.map_err(|e| e.to_string())?;
        Ok(clocks.into_iter().map(clock).collect())
    }

    fn outbox(&mut self) -> Seen<Vec<ShownMessage>> {
        let page = self.desk.outbox(&Actor::System, None, PAGE);
        let mut items = page.map_err(|e| e.to_string())?.items;
        items.reverse();
        let shown = items.into_iter().map(|item| ShownMessage {
            id: Some(item.id),
            record: Some(item.record),
            survey_token: token_after(&self.survey_link, &item.text),
            channel: item.channel,
            to: item.to,
            subject: item.subject,
            text: item.text,
        });
        Ok(shown.collect())
    }

    fn report(&mut self, actor: &Actor, code: &str, ask: &Json) -> Result<ShownReport, Refused> {
        let malformed = |e: serde_json::Error| Refused {
            code: "unexpected".to_owned(),
            message: e.to_string(),
            ..Refused::default()
        };
        let spec: ReportSpec = serde_json::from_value(ask.clone()).map_err(malformed)?;
        let found = self.desk.run_report(actor, (code, "en"), &spec, None);
        let found = found.map_err(refused)?;
        Ok(ShownReport {
            rows: found.objects(),
            totals: found.totals_object(),
            open: found.open.iter().map(|(page, _)| page.record.id).collect(),
            ages: found.open.iter().map(|(_, age)| *age).collect(),
        })
    }

    fn parties(&mut self, actor: &Actor, query: &Map<String, Json>) -> Seen<Vec<ShownParty>> {
        let query = super::intake::query(query)?;
        let found = self.desk.find_parties(actor, &query);
        let hits = found.map_err(|e| e.to_string())?.hits;
        Ok(hits.into_iter().map(super::intake::party).collect())
    }

    fn inbox(&mut self, actor: &Actor, whose: Option<&str>) -> Seen<Vec<Id>> {
        let query = InboxQuery {
            responsible: super::intake::responsible(whose)?,
            type_code: None,
            older_than_secs: None,
            limit: PAGE,
            cursor: None,
            at_least: None,
        };
        let page = self.desk.inbox(actor, &query).map_err(|e| e.to_string())?;
        Ok(page.items.iter().map(|i| i.page.record.id).collect())
    }

    fn board(
        &mut self,
        actor: &Actor,
        type_code: &str,
        whose: Option<&str>,
    ) -> Seen<Vec<(String, Vec<ShownCard>)>> {
        let query = BoardQuery {
            type_code: type_code.to_owned(),
            responsible: super::intake::responsible(whose)?,
            limit: 100,
            at_least: None,
        };
        let board = self.desk.board(actor, &query).map_err(|e| e.to_string())?;
        let columns = board.columns.into_iter().map(|c| {
            let code = c.status.map(|s| s.code).unwrap_or_default();
            (code, c.cards.iter().map(card).collect())
        });
        Ok(columns.collect())
    }

    fn pos(&mut self) -> Seen<u64> {
        Ok(self.desk.pos().0)
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn advance_to(&mut self, at: Instant, jump: bool) -> Seen<()> {
        let mut fired = 0;
        if !jump {
            self.fire_until(at, &mut fired)?;
        }
        self.clock.advance_to(at);
        while self.fire(&mut fired)? > 0 {}
        Ok(())
    }

    fn failures(&mut self, after: u64) -> Seen<Option<Vec<ShownFailure>>> {
        self.failed.new_ones(&self.desk, after).map(Some)
    }

    fn restart(&mut self) -> Seen<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        self.desk.close().map_err(|e| e.to_string())?;
        self.desk = open_desk(
            open_file(folder)?,
            &self.clock,
            (self.starts, self.search),
            None,
        )?;
        self.starts += 1;
        // The new desk counts anew.
        self.failed = Counted::default();
        Ok(())
    }
}
