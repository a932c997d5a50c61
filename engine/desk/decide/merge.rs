//! Merging a ticket into another one, and undoing it. What was said on the merged ticket stays where it
//! is and is shown with the other one; what the other one takes over is written down, so that undoing
//! takes back exactly that.

use serde::{Deserialize, Serialize};

use super::process::standing;
use super::{Answer, Deciding, watch};
use crate::desk::journal::By;
use crate::desk::merged::sources;
use crate::desk::{Error, ErrorKind, Result};
use crate::domain::family::{MAX_GENERATIONS, MAX_MERGED, fields, merged_from};
use crate::domain::field::MAX_LIST_VALUES;
use crate::domain::process::{StageEvent, fields as process};
use crate::domain::record::fields::{ACCOUNT, CONTACT, STATUS, TAGS, UPDATED_AT};
use crate::domain::sla::ClockState;
use crate::domain::{Id, Instant, Kind, Record, StatusCategory, Value};
use crate::hooks::Hook;

const TICKET: Kind = Kind::Ticket;
/// Lists that the other ticket takes over.
const TAKEN_OVER: [&str; 3] = [TAGS, watch::AGENTS, watch::CONTACTS];
/// Longest reason, in characters.
const MAX_REASON: usize = 1_000;

/// What a merge changed beside the links between the two.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Change {
    /// Status before.
    from: Option<String>,
    /// Status that it was closed with; none: it was closed already.
    to: Option<String>,
    /// Whether the merge ended a process that the status follows from.
    #[serde(default)]
    ended: bool,
    /// Texts and ids that the other ticket took over, by field.
    taken: std::collections::BTreeMap<String, Vec<String>>,
}

impl Deciding<'_, '_> {
    pub(super) fn merge(&mut self, id: Id, into: Id, across: bool, reason: &str) -> Result<Answer> {
        self.actor.require_agent("merging")?;
        self.reason(reason)?;
        self.draft.load(&[(TICKET, id), (TICKET, into)])?;
        self.target(TICKET, id)?;
        self.input
            .arguments
            .push(("into".to_owned(), Value::Ref(into)));
        self.other(into)?;
        self.check_merge(id, into, across)?;
        let taken = self.take_over(id, into);
        let now = Some(Value::Instant(self.ground.now));
        self.draft.set(
            TICKET,
            id,
            fields::MERGED_INTO,
            Some(Value::Ref(into)),
            By::Asked,
        );
        self.draft
            .set(TICKET, id, fields::MERGED_AT, now.clone(), By::Engine);
        let mut from = merged_from(self.draft.record(TICKET, into)?);
        from.push(id);
        self.set_merged_from(into, from);
        self.draft.set(TICKET, into, UPDATED_AT, now, By::Engine);
        let change = self.close_merged(id, taken)?;
        let text = serde_json::to_string(&change)
            .map_err(|e| Error::internal(format!("a merge cannot be written: {e}")))?;
        self.draft.set(
            TICKET,
            id,
            fields::MERGE,
            Some(Value::Json(text)),
            By::Engine,
        );
        self.settle(&[(TICKET, id), (TICKET, into)])?;
        Ok(Answer::record(TICKET, into))
    }

    /// The ticket that another one is merged into: seen, there, and not merged itself.
    pub(super) fn other(&mut self, into: Id) -> Result<()> {
        let unknown = || Error::field("into", "unknown_record", "there is no such ticket");
        let record = self.draft.peek(TICKET, into).ok_or_else(unknown)?;
        if !self.sight.sees(record)? {
            return Err(unknown());
        }
        self.settle_in(TICKET, into)?;
        self.permit_change(TICKET, into)?;
        self.refuse_merged(TICKET, into)
    }

    fn check_merge(&mut self, id: Id, into: Id, across: bool) -> Result<()> {
        if id == into {
            let text = "a ticket is not merged into itself";
            return Err(Error::field("into", "same_record", text));
        }
        let (from, to) = (
            self.draft.record(TICKET, id)?,
            self.draft.record(TICKET, into)?,
        );
        if !across && party(from) != party(to) {
            return Err(conflict(
                "other_party",
                "the tickets are of different customers: merge them with `across_parties` if both \
                 shall be handled as one",
            ));
        }
        let snapshot = std::sync::Arc::clone(&self.draft.snapshot);
        let all = sources(&*snapshot, from)?.len() + sources(&*snapshot, to)?.len();
        if MAX_MERGED <= all + 1 || MAX_LIST_VALUES <= merged_from(to).len() {
            let text = format!("more than {MAX_MERGED} tickets would be one");
            return Err(Error::new(ErrorKind::Limit, "too_many_merged", text));
        }
        Ok(())
    }

    /// Adds tags and watchers to the other ticket. Gives what it did not have before.
    fn take_over(&mut self, id: Id, into: Id) -> std::collections::BTreeMap<String, Vec<String>> {
        let mut taken = std::collections::BTreeMap::new();
        for name in TAKEN_OVER {
            let mut all = values(self.draft.peek(TICKET, into), name);
            let mut new = values(self.draft.peek(TICKET, id), name);
            new.retain(|value| !all.contains(value));
            new.truncate(MAX_LIST_VALUES.saturating_sub(all.len()));
            if new.is_empty() {
                continue;
            }
            taken.insert(name.to_owned(), new.iter().map(text_of).collect());
            all.extend(new);
            let value = Some(Value::List(all));
            self.draft.set(TICKET, into, name, value, By::Engine);
        }
        taken
    }

    /// Closes a ticket that was merged, with the status that its workflow names for it.
    fn close_merged(
        &mut self,
        id: Id,
        taken: std::collections::BTreeMap<String, Vec<String>>,
    ) -> Result<Change> {
        let record = self.draft.record(TICKET, id)?;
        let from = record.status().unwrap_or_default().to_owned();
        let workflow = self.ground.catalog.workflow(TICKET, record.type_code());
        let closed = self
            .category(TICKET, id, &from)
            .is_some_and(StatusCategory::is_closed);
        let to = workflow.and_then(|w| w.merged().map(|s| s.code.clone()));
        let Some(to) = to.filter(|_| !closed) else {
            return Ok(Change {
                taken,
                ..Change::default()
            });
        };
        let ended = self.end_by_merge(id)?;
        self.force_status(id, &from, &to)?;
        Ok(Change {
            from: Some(from),
            to: Some(to),
            ended,
            taken,
        })
    }

    /// A process that the status follows from is over where it stands: what was left to do is done on
    /// the other ticket. Whether there was one under way.
    fn end_by_merge(&mut self, id: Id) -> Result<bool> {
        let record = self.draft.record(TICKET, id)?;
        let at = standing(&self.ground.catalog, record);
        let Some(at) = at.filter(|at| !at.ended && self.status_is_derived(TICKET, id)) else {
            return Ok(false);
        };
        let mark = self.mark(&at, StageEvent::Merged, None, "");
        self.log(TICKET, id, mark)?;
        let now = Some(Value::Instant(self.ground.now));
        self.draft
            .set(TICKET, id, process::PROCESS_ENDED_AT, now, By::Engine);
        Ok(true)
    }

    /// The process goes on at the stage where the merge ended it.
    fn go_on_unmerged(&mut self, id: Id) -> Result<()> {
        self.draft
            .set(TICKET, id, process::PROCESS_ENDED_AT, None, By::Engine);
        let record = self.draft.record(TICKET, id)?;
        // A pack may have lost the stage meanwhile: then the process begins anew, when asked for.
        let Some(at) = standing(&self.ground.catalog, record) else {
            return Ok(());
        };
        let mark = self.mark(&at, StageEvent::Unmerged, None, "");
        self.log(TICKET, id, mark)
    }

    /// Changes a status beside the ways of the workflow. Guards are asked all the same.
    fn force_status(&mut self, id: Id, from: &str, to: &str) -> Result<()> {
        self.compute(TICKET, id)?;
        let detail = self.detail(TICKET, id, from, to);
        let faults = self.refusals(Hook::TransitionGuard, TICKET, id, &detail)?;
        if !faults.is_empty() {
            return Err(Error::refused("transition_refused", faults));
        }
        let status = Some(Value::Text(to.to_owned()));
        self.draft.set(TICKET, id, STATUS, status, By::Engine);
        self.entered(TICKET, id, from, to)
    }

    pub(super) fn unmerge(&mut self, id: Id, reason: &str) -> Result<Answer> {
        self.actor.require_agent("undoing a merge")?;
        self.reason(reason)?;
        self.target(TICKET, id)?;
        let record = self.draft.record(TICKET, id)?.clone();
        let Some(into) = record.reference(fields::MERGED_INTO) else {
            return Err(conflict("not_merged", "the ticket was not merged"));
        };
        self.input
            .arguments
            .push(("from".to_owned(), Value::Ref(into)));
        self.draft.load(&[(TICKET, into)])?;
        let change: Change = match record.get(fields::MERGE) {
            Some(Value::Json(text)) => serde_json::from_str(text)
                .map_err(|e| Error::internal(format!("a merge cannot be read: {e}")))?,
            _ => Change::default(),
        };
        self.check_unmerge(&record, into, &change)?;
        self.give_back(into, &change);
        let mut from = merged_from(self.draft.record(TICKET, into)?);
        from.retain(|one| *one != id);
        self.set_merged_from(into, from);
        let now = Some(Value::Instant(self.ground.now));
        self.draft.set(TICKET, into, UPDATED_AT, now, By::Engine);
        for name in [fields::MERGED_INTO, fields::MERGED_AT, fields::MERGE] {
            self.draft.set(TICKET, id, name, None, By::Engine);
        }
        if change.ended {
            self.go_on_unmerged(id)?;
        }
        if let (Some(before), Some(closed_as)) = (&change.from, &change.to) {
            self.force_status(id, closed_as, before)?;
            if let Some(at) = record.instant(fields::MERGED_AT) {
                self.clocks_go_on(id, at, before)?;
            }
        }
        self.settle(&[(TICKET, id), (TICKET, into)])?;
        Ok(Answer::record(TICKET, id))
    }

    /// Later changes that an undoing would run over.
    fn check_unmerge(&mut self, record: &Record, into: Id, change: &Change) -> Result<()> {
        let other = self.draft.record(TICKET, into)?;
        if !self.sight.sees(other)? {
            return Err(Error::not_found());
        }
        self.permit_change(TICKET, into)?;
        let other = self.draft.record(TICKET, into)?;
        if other.get(fields::MERGED_INTO).is_some() {
            return Err(conflict(
                "merged_further",
                "the other ticket was merged itself since then: undo that merge first",
            ));
        }
        if let Some(to) = &change.to
            && record.status() != Some(to.as_str())
        {
            return Err(conflict(
                "changed_since",
                "the status was changed since the merge: what was before cannot be restored",
            ));
        }
        let known = |status: &String| self.category(TICKET, record.id, status).is_some();
        if !change.from.as_ref().is_none_or(known) {
            return Err(conflict(
                "changed_since",
                "the status from before the merge is not in the workflow any more",
            ));
        }
        Ok(())
    }

    /// Takes from the other ticket what it took over, as far as it still has it.
    fn give_back(&mut self, into: Id, change: &Change) {
        for (name, taken) in &change.taken {
            let mut all = values(self.draft.peek(TICKET, into), name);
            all.retain(|value| !taken.contains(&text_of(value)));
            let value = (!all.is_empty()).then_some(Value::List(all));
            self.draft.set(TICKET, into, name, value, By::Engine);
        }
    }

    /// Clocks that the merge ended and that a status alone does not start again.
    fn clocks_go_on(&mut self, id: Id, merged_at: Instant, status: &str) -> Result<()> {
        let service = std::sync::Arc::clone(&self.ground.service);
        let now = self.ground.now;
        for work in self.draft.clocks_of(id)?.values_mut() {
            let ended = work
                .clock
                .end
                .as_ref()
                .is_some_and(|end| end.at.timestamp() == merged_at.timestamp());
            if ended && work.clock.state == ClockState::Cancelled {
                let cause = format!("status:{status}");
                let change = work.clock.reopen(&*service, now, &cause)?;
                work.changed |= change.changed;
            }
        }
        self.clocks_follow_status(TICKET, id, status)
    }

    fn set_merged_from(&mut self, into: Id, from: Vec<Id>) {
        let value = Value::List(from.into_iter().map(Value::Ref).collect());
        let value = Some(value).filter(Value::is_filled);
        self.draft
            .set(TICKET, into, fields::MERGED_FROM, value, By::Engine);
    }

    fn reason(&mut self, reason: &str) -> Result<()> {
        if MAX_REASON < reason.chars().count() {
            let text = format!("is over the limit of {MAX_REASON} characters");
            return Err(Error::field("reason", "too_long", text));
        }
        if !reason.is_empty() {
            let reason = Value::Text(reason.to_owned());
            self.input.arguments.push(("reason".to_owned(), reason));
        }
        Ok(())
    }

    /// What was merged is worked on where it was merged into.
    pub(super) fn refuse_merged(&mut self, kind: Kind, id: Id) -> Result<()> {
        let record = self.draft.peek(kind, id).filter(|_| kind == TICKET);
        let Some(into) = record.and_then(|r| r.reference(fields::MERGED_INTO)) else {
            return Ok(());
        };
        self.draft.load(&[(TICKET, into)])?;
        let number = match self.draft.peek(TICKET, into) {
            Some(other) if self.sight.sees(other)? => other.number(),
            _ => None,
        };
        let place = number.map_or("another ticket".to_owned(), |n| format!("number {n}"));
        Err(conflict(
            "merged",
            &format!("the ticket was merged into {place}: work on that one, or undo the merge"),
        ))
    }

    /// Where what arrives for a ticket belongs: to the one that it was merged into.
    pub(super) fn where_merged(&mut self, (kind, mut id): (Kind, Id)) -> Result<(Kind, Id)> {
        for _ in 0..MAX_GENERATIONS {
            let record = self.draft.peek(kind, id).filter(|_| kind == TICKET);
            let Some(into) = record.and_then(|r| r.reference(fields::MERGED_INTO)) else {
                break;
            };
            self.draft.load(&[(kind, into)])?;
            if self.draft.peek(kind, into).is_none() {
                break;
            }
            id = into;
        }
        Ok((kind, id))
    }

    /// The ticket that a ticket was merged into, read.
    pub(super) fn merged_away(&mut self, kind: Kind, id: Id) -> Result<Option<Id>> {
        let record = self.draft.peek(kind, id).filter(|_| kind == TICKET);
        let into = record.and_then(|r| r.reference(fields::MERGED_INTO));
        if let Some(into) = into {
            self.draft.load(&[(TICKET, into)])?;
        }
        Ok(into)
    }

    /// A merged ticket goes: the other one forgets it and keeps what it took over.
    pub(super) fn leave_merged(&mut self, id: Id, into: Id) -> Result<()> {
        let Some(other) = self.draft.peek(TICKET, into) else {
            return Ok(());
        };
        let mut from = merged_from(other);
        from.retain(|one| *one != id);
        self.set_merged_from(into, from);
        Ok(())
    }

    /// A ticket that others belong to is not deleted from under them.
    pub(super) fn refuse_family(&self, kind: Kind, id: Id) -> Result<()> {
        let Some(record) = self.draft.peek(kind, id).filter(|_| kind == TICKET) else {
            return Ok(());
        };
        if record.get(fields::MERGED_FROM).is_some() {
            let text = "other tickets were merged into it: undo these merges first";
            return Err(conflict("has_merged", text));
        }
        let children = record.get(fields::CHILDREN).and_then(Value::as_int);
        if 0 < children.unwrap_or(0) {
            let text = "other tickets are parts of it: delete these, or take them out, first";
            return Err(conflict("has_children", text));
        }
        Ok(())
    }
}

/// Whose ticket it is.
pub(super) fn party(record: &Record) -> (Option<Id>, Option<Id>) {
    let account = record.reference(ACCOUNT);
    // Within one organisation it may be anybody's.
    let contact = record.reference(CONTACT).filter(|_| account.is_none());
    (account, contact)
}

fn values(record: Option<&Record>, name: &str) -> Vec<Value> {
    match record.and_then(|r| r.get(name)) {
        Some(Value::List(items)) => items.clone(),
        _ => Vec::new(),
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => other.to_json().as_str().unwrap_or_default().to_owned(),
    }
}

fn conflict(code: &'static str, text: &str) -> Error {
    Error::new(ErrorKind::Conflict, code, text)
}
