//! Where a record stands in its process, what may be done there, and why not.

use std::sync::Arc;

use crate::desk::decide::{self, Standing};
use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, Fault, Result};
use crate::domain::process::{ProcessDef, StageDef, StageKind, StageLog, fields};
use crate::domain::{Id, Instant, Kind, Names, Record, Value};

/// A record and its process.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessPage {
    /// The process and the stage that the record is at; none while it is in none that is defined.
    pub at: Option<ProcessPlace>,
    /// Processes that may be started.
    pub open: Vec<Arc<ProcessDef>>,
    /// What happened at the stages, oldest first.
    pub log: StageLog,
}

/// The stage that a record is at.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessPlace {
    /// The process.
    pub process: Arc<ProcessDef>,
    /// The stage.
    pub stage: StageDef,
    /// When it was entered.
    pub entered_at: Option<Instant>,
    /// How often it was entered, this time included.
    pub pass: i64,
    /// When the process was over.
    pub ended_at: Option<Instant>,
    /// Whether the asker may complete the stage.
    pub may_complete: bool,
    /// What may be done.
    pub steps: Vec<ProcessChoice>,
}

/// Something that may be done at a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessChoice {
    /// `complete` or `decide`.
    pub step: &'static str,
    /// Answer of a decision.
    pub answer: Option<String>,
    /// Full code of the stage that follows; none: the process ends.
    pub to: Option<String>,
    /// Names of the answer or the way.
    pub names: Names,
    /// Why it cannot be done now; empty when it can.
    pub why_not: Vec<Fault>,
}

impl Desk {
    /// Where a record stands in its process.
    ///
    /// # Errors
    /// When there is no such record for the asker, or the store fails.
    pub fn process(&self, actor: &Actor, kind: Kind, id: Id) -> Result<ProcessPage> {
        actor.require_agent("looking at a process")?;
        let snapshot = self.store.snapshot(None)?;
        let (ground, _) = self.ground(snapshot, self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let page = super::record::read(&*ground.snapshot, &sight, kind, id)?;
        let record = &page.record;
        let log = StageLog::of(record);
        let standing = decide::standing(&ground.catalog, record);
        let is_free = standing.as_ref().is_none_or(|at| at.ended);
        let of_type = ground
            .catalog
            .processes_of(record.type_code().unwrap_or_default());
        let open = of_type.filter(|p| is_free && !log.knows(&p.code));
        let open = open.cloned().collect();
        let at = standing.and_then(|at| {
            let stage = at.stage().ok()?.clone();
            let may = decide::may_complete(&ground.service, actor, &stage, record);
            Some(place(&at, stage, record, may))
        });
        Ok(ProcessPage { at, open, log })
    }
}

fn place(at: &Standing, stage: StageDef, record: &Record, may_complete: bool) -> ProcessPlace {
    let pass = record.get(fields::STAGE_PASS).and_then(Value::as_int);
    let mut steps = match stage.kind {
        StageKind::Decision => answers(at, &stage, record),
        StageKind::Task | StageKind::End => ways(at, &stage, record),
    };
    if !may_complete {
        let fault = Fault {
            field: None,
            code: "not_performer".to_owned(),
            message: "the stage is for others to complete".to_owned(),
            rule: None,
        };
        for step in &mut steps {
            step.why_not.insert(0, fault.clone());
        }
    }
    ProcessPlace {
        process: Arc::clone(&at.process),
        entered_at: record.instant(fields::STAGE_ENTERED_AT),
        pass: pass.unwrap_or_default(),
        ended_at: record.instant(fields::PROCESS_ENDED_AT),
        may_complete,
        steps,
        stage,
    }
}

fn answers(at: &Standing, stage: &StageDef, record: &Record) -> Vec<ProcessChoice> {
    let choice = |answer: &crate::domain::process::AnswerDef| {
        // What an answer sets has a value when it is given.
        let needed = stage.requires.iter().chain(&answer.requires);
        let needed: Vec<String> = needed
            .filter(|f| !answer.set.contains_key(*f))
            .cloned()
            .collect();
        let way = at.process.way(&at.stage, Some(&answer.code), None, record);
        ProcessChoice {
            step: "decide",
            answer: Some(answer.code.clone()),
            to: way.map(|w| w.to.clone()),
            names: answer.names.clone(),
            why_not: decide::missing(record, &needed),
        }
    };
    stage.answers.iter().map(choice).collect()
}

fn ways(at: &Standing, stage: &StageDef, record: &Record) -> Vec<ProcessChoice> {
    let why_not = decide::missing(record, &stage.requires);
    let mut all = Vec::new();
    if stage.kind == StageKind::End && !at.ended {
        all.push(ProcessChoice {
            step: "complete",
            answer: None,
            to: None,
            names: Names::default(),
            why_not: why_not.clone(),
        });
    }
    let open = at.process.ways(&at.stage);
    let open = open.filter(|edge| edge.when.iter().all(|test| test.holds(record)));
    all.extend(open.map(|edge| ProcessChoice {
        step: "complete",
        answer: None,
        to: Some(edge.to.clone()),
        names: edge.names.clone(),
        why_not: why_not.clone(),
    }));
    all
}
