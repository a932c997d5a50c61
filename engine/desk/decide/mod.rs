//! Deciding a command: from a snapshot to a batch, with the rules in between. No row is written
//! here and no clock is read: the same snapshot, command, ids and `now` give the same batch.

mod action;
mod article;
mod assign;
mod beside;
mod breaker;
mod changed;
mod children;
mod citation;
mod clock_rules;
mod compute;
mod config;
mod consume;
mod contract;
mod create;
mod custom;
mod define_field;
mod delivery;
mod document;
mod duplicate;
mod effects;
mod entries;
mod erase;
#[cfg(feature = "text")]
mod files;
mod form;
mod ground;
mod guard;
mod input;
mod intake;
mod interaction;
mod learning;
mod ledger;
mod lifecycle;
mod merge;
mod notify;
mod once;
mod pack_draft;
mod pack_options;
mod pack_seen;
mod pack_shown;
mod performer;
mod plan;
mod probe;
mod process;
mod recurrence;
mod report;
mod roles;
mod rules;
mod seed;
mod send;
mod settings;
mod shift;
mod sla;
mod sla_events;
mod split;
mod stage;
mod steps;
mod survey;
mod tags;
mod target;
mod timer;
mod to_article;
mod token;
mod transition;
mod tuning;
mod update;
mod votes;
mod watch;
mod webhook;

use std::sync::Arc;

use super::allot::Allotment;
use super::changeset::{self, Heading};
use super::draft::Draft;
use super::journal::{Cause, Input, OWN_CATALOG};
use super::permits::Patience;
use super::sight::Sight;
use super::{Actor, Command, Error, Reply, Request, Result};
use crate::domain::{Id, Kind};
use crate::packs::Catalog;
use crate::store::{Batch, OpId, Pos, Table};

pub use article::no_version;
pub use beside::{named, named_by};
pub use breaker::{Breakers, FailingRule, Row, Suspension};
pub use changed::earlier;
pub use config::faults as pack_faults;
pub use delivery::{is_pending, is_undelivered, queue_rows, read as read_delivery};
pub use effects::with_hint;
pub use ground::Ground;
pub use intake::PartySearch;
pub use lifecycle::{Happening, try_happening};
pub use pack_seen::outdated;
pub use pack_shown::{hex, packs_view, rule_names};
pub use performer::may_complete;
pub use probe::Probe;
pub use process::{Standing, standing};
pub use rules::{call_checked, checked, view_by, view_of};
pub use shift::{moved_local, records as in_records, refusals, refuse_reserved, shift_to};
pub use transition::missing;
pub use update::place;

/// How far effects may cause effects.
pub const MAX_DEPTH: usize = 8;
/// Most records that one command may create by effects.
pub const MAX_CREATED: usize = 50;

/// A decision under way.
pub struct Deciding<'g, 'a> {
    ground: &'g Ground<'a>,
    actor: Actor,
    sight: Sight<'g, 'a>,
    request: &'g Request,
    allot: &'g mut Allotment<'a>,
    draft: Draft,
    input: Input,
    cause: Option<Cause>,
    /// Rules whose effects are being applied: none of them is woken by what it caused.
    chain: Vec<String>,
    /// The change that this command follows from.
    follow: Option<changed::Follow>,
    /// What a named action gives back, as JSON text.
    result: Option<String>,
    created: usize,
    /// Whether the rule at the end of a chain that is too deep was told of.
    went_too_deep: bool,
    /// Whether a ledger has rows that must come into their contract.
    counted: bool,
    /// The rules that the command brings into force.
    next: Option<Arc<Catalog>>,
    /// What those rules have to say.
    happening: Option<Happening>,
    /// Whether these rules are they.
    by_next: bool,
    /// Mail address that gets no message of this command: a program wrote from there.
    unanswered: Option<String>,
}

/// A decided command.
pub struct Decided {
    /// What to commit.
    pub batch: Batch,
    /// What to answer; its position is filled in by the commit.
    pub reply: Reply,
    /// Changes of the agents' loads.
    pub loads: Vec<(Id, i64)>,
    /// Whether something was queued that is due at once.
    pub queued: bool,
    /// Whether its journal entry names a version that is only provisional: then it must be decided
    /// again once that is a real one.
    pub is_unsettled: bool,
}

/// Decides a command.
///
/// # Errors
/// When the input is wrong, the asker may not, or a rule refuses.
pub fn decide<'g, 'a>(
    ground: &'g Ground<'a>,
    request: &'g Request,
    command: &Command,
    allot: &'g mut Allotment<'a>,
    op: OpId,
) -> Result<Decided> {
    let mut deciding = Deciding {
        ground,
        actor: request.actor.clone(),
        sight: Sight::new(ground, &request.actor),
        request,
        allot,
        draft: Draft::new(
            Arc::clone(&ground.snapshot),
            Arc::clone(&ground.service),
            ground.now,
        ),
        input: Input {
            command: command.name().to_owned(),
            target: command.target(),
            arguments: Vec::new(),
            asked: Vec::new(),
        },
        cause: None,
        chain: Vec::new(),
        follow: None,
        result: None,
        created: 0,
        went_too_deep: false,
        counted: false,
        next: None,
        happening: None,
        by_next: false,
        unanswered: None,
    };
    let answer = deciding.run(command)?;
    let Some(happening) = deciding.happening.take() else {
        return deciding.finish(answer, op);
    };
    // What a pack says when it comes, and what it brings, goes by the rules that it comes with.
    let ground = ground.by_rules(Arc::clone(&happening.catalog));
    let mut deciding = deciding.by_rules_of(&ground);
    deciding.happens(&happening, false)?;
    deciding.finish(answer, op)
}

/// What a command was about, for the reply.
pub struct Answer {
    kind: Option<Kind>,
    id: Id,
    entry: Option<Id>,
}

impl Answer {
    const fn record(kind: Kind, id: Id) -> Self {
        Self {
            kind: Some(kind),
            id,
            entry: None,
        }
    }

    /// Nothing was made or changed; `id` says whom it was about.
    const fn nothing(id: Id) -> Self {
        Self {
            kind: None,
            id,
            entry: None,
        }
    }

    const fn entry(kind: Kind, id: Id, entry: Id) -> Self {
        Self {
            kind: Some(kind),
            id,
            entry: Some(entry),
        }
    }
}

impl Deciding<'_, '_> {
    fn run(&mut self, command: &Command) -> Result<Answer> {
        let is_of_packs = matches!(
            command,
            Command::ChangePack { .. } | Command::RemovePack { .. }
        );
        if self.request.if_revision.is_some() && !is_of_packs {
            let message = "the revision of a pack says nothing about this";
            return Err(Error::field("If-Match", "invalid_header", message));
        }
        match command {
            Command::Create { kind, fields } => self.create(*kind, fields),
            Command::Update { kind, id, fields } => self.update(*kind, *id, fields),
            Command::Delete { kind, id } => self.delete(*kind, *id),
            Command::Transition {
                kind,
                id,
                to,
                fields,
            } => self.transition_command(*kind, *id, to, fields),
            Command::Process {
                kind,
                id,
                step,
                fields,
            } => self.process_command((*kind, *id), step, fields),
            Command::Plan { kind, id, rows } => self.plan_command(*kind, *id, rows),
            Command::Assign {
                kind,
                id,
                agent,
                team,
            } => self.assign_command(*kind, *id, agent.as_deref(), team.as_deref()),
            Command::Comment {
                kind,
                id,
                visibility,
                text,
            } => self.comment(*kind, *id, *visibility, text),
            Command::Message { .. } => self.message(command),
            Command::Send { .. } => self.send(command),
            Command::Deliver { lease, results } => self.deliver(lease.as_ref(), results),
            Command::RetryDelivery { message } => self.retry_delivery(*message),
            Command::SaveWebhook { name, change } => self.save_webhook(name, change),
            Command::DeleteWebhook { name } => self.delete_webhook(name),
            Command::WebhookTold {
                lease,
                name,
                progress,
                disable,
            } => self.webhook_told(lease.as_ref(), name, progress, *disable),
            Command::Cite { entry, articles } => self.cite(entry, articles),
            Command::Attach { .. } => self.attach(command),
            Command::Link {
                kind,
                id,
                relation,
                to_kind,
                to,
            } => self.link_command((*kind, *id), relation, (*to_kind, *to)),
            Command::CorrectLedger {
                contract,
                amount,
                used,
                reason,
            } => self.correct_ledger(*contract, (*amount, *used), reason),
            Command::SettleContract { contract } => self.settle_contract(*contract),
            Command::Merge {
                id,
                into,
                across_parties,
                reason,
            } => self.merge(*id, *into, *across_parties, reason),
            Command::Unmerge { id, reason } => self.unmerge(*id, reason),
            Command::Split { id, how, fields } => self.split(*id, how, fields),
            Command::MakeArticle { ticket, fields } => self.make_article(*ticket, fields),
            Command::Watch { kind, id, who, on } => {
                let who = who.as_ref().map(|(kind, name)| (*kind, name.as_str()));
                self.watch((*kind, *id), who, *on)
            }
            Command::Erase { person, step } => self.erase_step(*person, step),
            Command::Duplicate { kind, id, fields } => self.duplicate((*kind, *id), fields),
            #[cfg(feature = "text")]
            Command::KeepWords { file, outcome } => self.keep_words(file, outcome.as_ref()),
            Command::Restore { id, version } => self.restore(*id, *version),
            Command::Vote {
                id,
                helpful,
                comment,
            } => self.vote(*id, *helpful, comment),
            Command::AddVariant { id, fields } => self.add_variant(*id, fields),
            Command::TagPersonally { kind, id, tags } => self.tag_personally((*kind, *id), tags),
            Command::ChangeSettings { changes } => self.change_settings(changes),
            Command::SaveRole { role } => self.save_role(role),
            Command::RemoveRole { code } => self.remove_role(code),
            Command::TuneSearch { change } => self.tune(change),
            Command::KeepLesson { lesson } => self.keep_lesson(lesson),
            Command::SaveVariant {
                report,
                id,
                name,
                shared,
                spec,
            } => self.save_variant(report, *id, (name, *shared), spec),
            Command::DeleteVariant { report, id } => self.delete_variant(report, *id),
            Command::Receive { event } => self.receive(event),
            Command::StartIntake { origin, fields } => self.start_intake(*origin, fields),
            Command::Accept { inquiry, ask } => self.accept(*inquiry, ask),
            Command::Register {
                inquiry,
                account,
                contact,
            } => self.register(*inquiry, account.as_ref(), contact.as_ref()),
            Command::Convert {
                lead,
                type_code,
                fields,
            } => self.convert(*lead, type_code.as_deref(), fields),
            Command::RunAction {
                kind,
                id,
                action,
                arguments,
            } => self.run_action((*kind, *id), action, arguments),
            Command::AnswerSurvey {
                token,
                score,
                comment,
                answers,
            } => self.answer_survey(token, *score, comment, answers),
            Command::FireTimer {
                timer, due, failed, ..
            } => self.fire_timer(*timer, *due, failed.as_deref()),
            Command::InstallPack { files } => self.install_pack(files, &crate::packs::Given::All),
            Command::ChangePack { name, change } => self.change_pack(name, change),
            Command::RemovePack { name } => self.remove_pack(name),
            Command::DefineField {
                kind,
                type_code,
                field,
                replaced,
            } => self.define_field(*kind, type_code.as_deref(), field, replaced),
            Command::CreateToken { actor, note, hash } => self.create_token(actor, note, *hash),
            Command::RevokeToken { id } => self.revoke_token(*id),
            Command::SuspendRule { suspension } => self.suspend_rule(suspension),
            Command::ResetRule { rule } => self.reset_rule(rule),
        }
    }

    fn finish(mut self, answer: Answer, op: OpId) -> Result<Decided> {
        self.expect_rules();
        let queued = self.queue_changed()? || self.counted;
        let caused = self.cause.iter().map(|cause| &cause.set_at);
        let mut named = self.draft.reads.values().chain(caused);
        let is_unsettled = named.any(|pos| pos.is_provisional());
        let loads = self.load_changes();
        let heading = Heading {
            actor: self.request.actor.clone(),
            request: self.request.request_id.chars().take(64).collect(),
            input: self.input,
            cause: self.cause,
            catalog: match self.by_next {
                true => OWN_CATALOG,
                false => self.ground.catalog_version.unwrap_or(Pos::ZERO),
            },
            service: self.ground.service_version.unwrap_or(Pos::ZERO),
        };
        let batch = changeset::batch(self.draft, &self.ground.catalog, heading, op)?;
        let Answer { kind, id, entry } = answer;
        let reply = Reply {
            id,
            kind,
            entry,
            result: self.result,
            pos: Pos::ZERO,
            replayed: false,
        };
        Ok(Decided {
            batch,
            reply,
            loads,
            queued,
            is_unsettled,
        })
    }

    /// The rules in force are part of what was decided on: a pack that is swapped meanwhile makes
    /// the command decide again.
    fn expect_rules(&mut self) {
        let key = super::keys::active_packs();
        let rows = &mut self.draft.rows;
        if !rows
            .expect
            .iter()
            .any(|(table, k, _)| *table == Table::Packs && *k == key)
        {
            let expect = config::expected(self.ground.catalog_version);
            rows.expect.push((Table::Packs, key, expect));
        }
    }

    /// How the numbers of open tickets by agent change.
    fn load_changes(&self) -> Vec<(Id, i64)> {
        let agent_of = |record: &crate::domain::Record| {
            let open = record.kind == Kind::Ticket && record.get("closed_at").is_none();
            if open {
                record.reference("assignee")
            } else {
                None
            }
        };
        let mut changes = Vec::new();
        for work in self.draft.records.values().filter(|w| w.is_changed()) {
            changes.extend(
                work.before
                    .as_deref()
                    .and_then(agent_of)
                    .map(|agent| (agent, -1)),
            );
            changes.extend(
                work.now
                    .as_deref()
                    .and_then(agent_of)
                    .map(|agent| (agent, 1)),
            );
        }
        changes
    }

    /// The engine's own work waits for its turn; people and programs may be told to come again.
    const fn patience(&self) -> Patience {
        match self.actor {
            Actor::System => Patience::Endless,
            _ => Patience::Limited,
        }
    }
}
