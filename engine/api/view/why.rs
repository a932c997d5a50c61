//! Explanations and replayed decisions as JSON.

use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::instant;
use crate::desk::{
    CauseLink, Point, ReadValue, Replayed, Silence, Why, WhyChange, WhyClock, WhyItem, WhyNot,
    WhyRule,
};
use crate::domain::{Id, Kind, Value};

/// Why a record is as it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Why)]
pub struct WhyView {
    /// The changes, oldest first.
    items: Vec<WhyItemView>,
    /// The due times, each with the ledger that adds up to it; on the first page.
    due_times: Vec<WhyDueView>,
    /// `cursor` of the next page; null on the last.
    next: Option<String>,
}

/// One change and what was behind it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WhyItem)]
pub struct WhyItemView {
    /// Position.
    position: u64,
    /// When.
    at: String,
    /// Who asked.
    actor: String,
    /// Command.
    command: String,
    /// Id of the request.
    request_id: String,
    /// What led to it, nearest first; the last is a person, a program or the engine.
    causes: Vec<WhyCauseView>,
    /// Fields that changed.
    changes: Vec<WhyChangeView>,
    /// Rules that were called, in order.
    rules: Vec<WhyRuleView>,
    /// Rules that were due and not called.
    silent: Vec<WhyNotView>,
    /// Notes such as `survey_skipped:no_address`.
    notes: Vec<String>,
    /// Why a part of the answer is missing.
    gap: Option<String>,
}

/// A link of a chain of causes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WhyCause)]
pub struct WhyCauseView {
    /// `command`, `timer`, `rule` or `actor`; `left_out` for changes of a long chain that are not
    /// told one by one.
    what: &'static str,
    /// Its name.
    name: String,
    /// Position at which it happened.
    position: u64,
    /// When.
    at: String,
    /// How many changes are left out, for `left_out`.
    count: Option<usize>,
}

/// A field that changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WhyChange)]
pub struct WhyChangeView {
    /// Field.
    field: String,
    /// Value before.
    old: Json,
    /// Value after.
    new: Json,
    /// `asked`, `engine` or `rule`.
    by: &'static str,
    /// The rule: its place in `rules`, from 0.
    rule: Option<usize>,
    /// Line of the rule's file that set it.
    line: Option<u32>,
}

/// A rule that was called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WhyRule)]
pub struct WhyRuleView {
    /// `pack/name`.
    rule: String,
    /// Version of the pack.
    version: String,
    /// Hash of the pack's revision.
    revision: String,
    /// Hook.
    hook: String,
    /// File of the pack; null for a plugin.
    file: Option<String>,
    /// Line at which its function begins.
    line: Option<u32>,
    /// Kind of the record it was about.
    record_kind: Option<&'static str>,
    /// The record it was about.
    record: Option<String>,
    /// `no_opinion`, `decided`, `refused`, `failed` or `suspended`.
    verdict: String,
    /// Operations or fuel used.
    used: u64,
    /// Operations or fuel it may use.
    budget: Option<u64>,
    /// Reasons it gave, and its error.
    reasons: Vec<String>,
    /// What it decided, field by field.
    decided: Vec<PointView>,
    /// Values it read.
    read: Vec<ReadView>,
    /// The rule whose effect led to it: its place in `rules`, from 0.
    caused_by: Option<usize>,
    /// Whether making the decision again gave the same; null when it cannot be made again.
    same: Option<bool>,
}

/// One thing that a rule decided.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DecidedPoint)]
pub struct PointView {
    /// Field, or what else it is about.
    field: String,
    /// What shall be there.
    value: String,
    /// Line of the script.
    line: Option<u32>,
}

/// A value that a rule read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReadValue)]
pub struct ReadView {
    /// The related record by its reference, `before`, or empty for the record itself.
    of: String,
    /// Field.
    field: String,
    /// Value, as the rule was given it.
    value: Json,
    /// Whether there was a value that the pack was not granted to see; `value` is null then.
    withheld: bool,
}

/// A rule that was due and not called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WhyNot)]
pub struct WhyNotView {
    /// `pack/name`.
    rule: String,
    /// Version of the pack.
    version: String,
    /// Hash of the pack's revision.
    revision: String,
    /// Hook.
    hook: String,
    /// Line of the rule in `pack.toml`.
    line: u32,
    /// Kind of the record.
    record_kind: &'static str,
    /// The record.
    record: String,
    /// `condition`, `decided_before` or `own_effect`.
    reason: &'static str,
    /// The reason in words.
    text: String,
    /// The condition that did not hold.
    condition: Option<ConditionView>,
}

/// A condition that did not hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WhyCondition)]
pub struct ConditionView {
    /// Its name.
    name: String,
    /// What it looks at.
    field: String,
    /// Its operator.
    operator: &'static str,
    /// What it compares with.
    wanted: Vec<Json>,
    /// What was there.
    value: Json,
    /// Whether the pack was not granted to see what was there; the condition saw nothing then.
    withheld: bool,
    /// Line of `pack.toml`.
    line: u32,
}

/// A due time and what it is made of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WhyDue)]
pub struct WhyDueView {
    /// Clock.
    clock: String,
    /// Field that shows the due time.
    field: Option<String>,
    /// Support level.
    level: String,
    /// Calendar.
    calendar: String,
    /// `running`, `paused`, `met` or `cancelled`.
    state: String,
    /// When it started.
    started_at: String,
    /// When it is due.
    due_at: String,
    /// The due that passed unmet.
    breached_at: Option<String>,
    /// Working seconds promised.
    target_secs: u64,
    /// Working seconds counted against the target.
    counted_secs: u64,
    /// Working seconds left out, by which the due moved.
    excluded_secs: u64,
    /// Working seconds left; negative when overdue.
    remaining_secs: i64,
    /// The spans, end to end.
    spans: Vec<WhySpanView>,
    /// Exceptional days of the calendar that bear on it.
    special_days: Vec<String>,
}

/// A span of a ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WhySpan)]
pub struct WhySpanView {
    /// First second.
    from: String,
    /// Second after the last one.
    to: String,
    /// Whether it goes on.
    open: bool,
    /// Whether it counts against the target.
    counted: bool,
    /// Working seconds within it.
    working_secs: u64,
    /// Why it began.
    cause: String,
    /// Version of the calendar it is counted by.
    calendar_version: u32,
}

/// A decision that was made again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Replayed)]
pub struct ReplayedView {
    /// Place among the calls of the command.
    run: usize,
    /// `pack/name`.
    rule: String,
    /// Version of the pack.
    version: String,
    /// Hash of the pack's revision.
    revision: String,
    /// Hook.
    hook: String,
    /// File of the pack; null for a plugin.
    file: Option<String>,
    /// Line at which its function begins.
    line: Option<u32>,
    /// Kind of the record.
    record_kind: &'static str,
    /// The record.
    record: String,
    /// What it said then.
    verdict: String,
    /// Operations or fuel used then.
    used: u64,
    /// Operations or fuel it may use.
    budget: u64,
    /// Whether the decision is the same, bit for bit.
    same: bool,
    /// What differs.
    differs: Option<String>,
    /// What it decides.
    decided: Vec<PointView>,
    /// Reasons it gives.
    because: Vec<PointView>,
    /// Values it reads.
    read: Vec<ReadView>,
    /// Its error.
    failure: Option<String>,
    /// Lines of the script that were run, in order.
    trace: Vec<TraceLineView>,
}

/// A line of a script that was run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TraceLine)]
pub struct TraceLineView {
    /// Line.
    line: u32,
    /// The line as it is written.
    text: String,
}

fn json(value: Option<Value>) -> Json {
    value.map_or(Json::Null, |v| v.to_json())
}

fn some_line(line: u32) -> Option<u32> {
    (line > 0).then_some(line)
}

fn place(record: (Kind, Id)) -> (&'static str, String) {
    (record.0.name(), record.1.to_string())
}

fn point(point: Point) -> PointView {
    PointView {
        field: point.field,
        value: point.value,
        line: some_line(point.line),
    }
}

fn read(read: ReadValue) -> ReadView {
    ReadView {
        of: read.of,
        field: read.field,
        value: json(read.value),
        withheld: read.withheld,
    }
}

/// An explanation as JSON.
#[must_use]
pub fn why(why: Why) -> WhyView {
    WhyView {
        items: why.items.into_iter().map(item).collect(),
        due_times: why.clocks.into_iter().map(due).collect(),
        next: why.next,
    }
}

fn item(item: WhyItem) -> WhyItemView {
    WhyItemView {
        position: item.pos.0,
        at: instant(item.at),
        actor: item.actor,
        command: item.command,
        request_id: item.request,
        causes: item.causes.into_iter().map(cause).collect(),
        changes: item.changes.into_iter().map(change).collect(),
        rules: item.rules.into_iter().map(rule).collect(),
        silent: item.silent.into_iter().map(silent).collect(),
        notes: item.notes,
        gap: item.gap,
    }
}

fn cause(link: CauseLink) -> WhyCauseView {
    WhyCauseView {
        what: link.what,
        name: link.name,
        position: link.pos.0,
        at: instant(link.at),
        count: link.count,
    }
}

fn change(change: WhyChange) -> WhyChangeView {
    WhyChangeView {
        field: change.field,
        old: json(change.old),
        new: json(change.new),
        by: change.by,
        rule: change.rule,
        line: some_line(change.line),
    }
}

fn rule(rule: WhyRule) -> WhyRuleView {
    let record = rule.record.map(place);
    WhyRuleView {
        rule: rule.rule,
        version: rule.version,
        revision: rule.revision,
        hook: rule.hook,
        file: rule.place.as_ref().map(|p| p.file.clone()),
        line: rule.place.and_then(|p| some_line(p.line)),
        record_kind: record.as_ref().map(|r| r.0),
        record: record.map(|r| r.1),
        verdict: rule.verdict.to_owned(),
        used: rule.used,
        budget: rule.budget,
        reasons: rule.reasons,
        decided: rule.decided.into_iter().map(point).collect(),
        read: rule.read.into_iter().map(read).collect(),
        caused_by: rule.caused_by,
        same: rule.same,
    }
}

fn silent(rule: WhyNot) -> WhyNotView {
    let text = rule.silence.words();
    let (record_kind, record) = place(rule.record);
    let (reason, condition) = match rule.silence {
        Silence::Condition {
            name,
            subject,
            operator,
            wanted,
            value,
            withheld,
            line,
        } => {
            let condition = ConditionView {
                name,
                field: subject,
                operator,
                wanted: wanted.iter().map(Value::to_json).collect(),
                value: json(value),
                withheld,
                line,
            };
            ("condition", Some(condition))
        }
        Silence::Decided { .. } => ("decided_before", None),
        Silence::OwnEffect => ("own_effect", None),
    };
    WhyNotView {
        rule: rule.rule,
        version: rule.version,
        revision: rule.revision,
        hook: rule.hook,
        line: rule.line,
        record_kind,
        record,
        reason,
        text,
        condition,
    }
}

fn due(clock: WhyClock) -> WhyDueView {
    let ledger = clock.ledger;
    let span = |row: crate::domain::sla::LedgerRow| WhySpanView {
        from: instant(row.from),
        to: instant(row.to),
        open: row.open,
        counted: row.counted,
        working_secs: row.working_secs,
        cause: row.cause,
        calendar_version: row.calendar_version,
    };
    let days = ledger.special_days.iter();
    WhyDueView {
        field: clock.field,
        level: ledger.level,
        calendar: ledger.calendar_code,
        state: ledger.state.to_string(),
        started_at: instant(ledger.started_at),
        due_at: instant(ledger.due_at),
        breached_at: ledger.breached_at.map(instant),
        target_secs: ledger.target_secs,
        counted_secs: ledger.counted_secs,
        excluded_secs: ledger.excluded_secs,
        remaining_secs: ledger.remaining_secs,
        special_days: days.map(|d| format!("{} {}", d.on, d.name)).collect(),
        spans: ledger.rows.into_iter().map(span).collect(),
        clock: ledger.clock,
    }
}

/// A replayed decision as JSON.
#[must_use]
pub fn replayed(done: Replayed) -> ReplayedView {
    let (record_kind, record) = place(done.record);
    let steps = done.steps.into_iter().map(|step| TraceLineView {
        line: step.line,
        text: step.text,
    });
    ReplayedView {
        run: done.run,
        rule: done.rule,
        version: done.version,
        revision: done.revision,
        hook: done.hook,
        file: done.place.as_ref().map(|p| p.file.clone()),
        line: done.place.and_then(|p| some_line(p.line)),
        record_kind,
        record,
        verdict: done.verdict,
        used: done.used,
        budget: done.budget,
        same: done.differs.is_none(),
        differs: done.differs,
        decided: done.points.into_iter().map(point).collect(),
        because: done.because.into_iter().map(point).collect(),
        read: done.read.into_iter().map(read).collect(),
        failure: done.failure,
        trace: steps.collect(),
    }
}
