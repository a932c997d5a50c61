//! Commands: every change that anybody can ask for.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use super::delivery::Delivered;
use super::webhook::{WebhookChange, WebhookProgress};
use super::{
    Acceptance, Actor, EraseStep, Error, Interaction, Lesson, ReportSpec, Result, Suspension,
    TuningChange,
};
use crate::domain::entry::{Direction, Visibility};
use crate::domain::field::FieldDef;
use crate::domain::role::Role;
use crate::domain::{Id, Kind, Value};
use crate::packs::{Given, PackFiles};
use crate::store::{Lease, Pos};

/// A change that is asked for.
#[derive(Debug, Clone)]
pub enum Command {
    /// Create a record. A pack's fields may be named without their namespace.
    Create {
        /// Kind.
        kind: Kind,
        /// Values by field; the type is the field `type`.
        fields: Map<String, Json>,
    },
    /// Change fields; `null` removes a value. Changing `status` is a transition.
    Update {
        /// Kind.
        kind: Kind,
        /// Record.
        id: Id,
        /// New values by field.
        fields: Map<String, Json>,
    },
    /// Delete a record and what belongs to it. Its history stays in the journal.
    Delete {
        /// Kind.
        kind: Kind,
        /// Record.
        id: Id,
    },
    /// Change the status.
    Transition {
        /// Kind.
        kind: Kind,
        /// Record.
        id: Id,
        /// Status to enter.
        to: String,
        /// Values set with it.
        fields: Map<String, Json>,
    },
    /// Take a step of the process that the record goes through.
    Process {
        /// Kind.
        kind: Kind,
        /// Record.
        id: Id,
        /// What is done.
        step: ProcessStep,
        /// Values set with it.
        fields: Map<String, Json>,
    },
    /// Add, change and remove activities of a record's plan: all rows or none.
    Plan {
        /// Kind.
        kind: Kind,
        /// Record.
        id: Id,
        /// The rows.
        rows: Vec<PlanRow>,
    },
    /// Put somebody in charge, by id or code; neither: ask the rules.
    Assign {
        /// Kind.
        kind: Kind,
        /// Record.
        id: Id,
        /// Agent.
        agent: Option<String>,
        /// Team.
        team: Option<String>,
    },
    /// Add a comment.
    Comment {
        /// Kind.
        kind: Kind,
        /// Record.
        id: Id,
        /// Who sees it.
        visibility: Visibility,
        /// Text.
        text: String,
    },
    /// Record what passed between the desk and a customer.
    Message {
        /// Kind.
        kind: Kind,
        /// Record.
        id: Id,
        /// `mail`, `call`, `chat`, …
        channel: String,
        /// Which way it went.
        direction: Direction,
        /// Subject.
        subject: String,
        /// Text.
        text: String,
        /// The channel's id of the message; the same id is taken once.
        external_id: Option<String>,
    },
    /// Write to a customer: the message is recorded, and leaves.
    Send {
        /// Kind.
        kind: Kind,
        /// Record.
        id: Id,
        /// `mail`, or the name of a webhook that carries the channel.
        channel: String,
        /// Address; none: the customer's.
        to: Option<String>,
        /// Subject; empty: that of the record.
        subject: String,
        /// Text.
        text: String,
        /// Files of the record that go with it.
        attachments: Vec<Id>,
    },
    /// Note what came of messages that left: asked for by the engine.
    Deliver {
        /// The lease under which they were sent.
        lease: Option<Lease>,
        /// What came of each.
        results: Vec<Delivered>,
    },
    /// Try a message again that could not be delivered.
    RetryDelivery {
        /// The message.
        message: Id,
    },
    /// Make or change a webhook.
    SaveWebhook {
        /// Its name.
        name: String,
        /// What it shall be.
        change: Box<WebhookChange>,
    },
    /// Remove a webhook.
    DeleteWebhook {
        /// Its name.
        name: String,
    },
    /// Keep how far a webhook was told: asked for by the engine.
    WebhookTold {
        /// The lease under which it was called.
        lease: Option<Lease>,
        /// Its name.
        name: String,
        /// How far, and what came of it.
        progress: WebhookProgress,
        /// Whether it is called no more.
        disable: bool,
    },
    /// Add a comment or message that has articles in it.
    Cite {
        /// The comment or message.
        entry: Box<Self>,
        /// The articles.
        articles: Vec<Id>,
    },
    /// Attach a file.
    Attach {
        /// Kind.
        kind: Kind,
        /// Record.
        id: Id,
        /// File name.
        name: String,
        /// Media type.
        media_type: String,
        /// Content.
        content: Vec<u8>,
        /// Who sees it.
        visibility: Visibility,
    },
    /// Link two records.
    Link {
        /// Kind.
        kind: Kind,
        /// Record.
        id: Id,
        /// What the link means.
        relation: String,
        /// Kind of the other record.
        to_kind: Kind,
        /// The other record.
        to: Id,
    },
    /// Correct by hand what is used of a contract: by an amount, or to what it shall be.
    CorrectLedger {
        /// The contract.
        contract: Id,
        /// Units to add; negative to take back.
        amount: Option<Decimal>,
        /// What shall be used.
        used: Option<Decimal>,
        /// Why.
        reason: String,
    },
    /// Move what was counted into a contract: asked for by the engine.
    SettleContract {
        /// The contract.
        contract: Id,
    },
    /// Merge a ticket into another one.
    Merge {
        /// The ticket that is merged.
        id: Id,
        /// The ticket that goes on.
        into: Id,
        /// Whether they may be of different customers.
        across_parties: bool,
        /// Why.
        reason: String,
    },
    /// Undo the merge of a ticket into another one.
    Unmerge {
        /// The ticket that was merged.
        id: Id,
        /// Why.
        reason: String,
    },
    /// Make a new ticket of some of a ticket's comments, messages and files.
    Split {
        /// The ticket that is split.
        id: Id,
        /// What is copied to the new one.
        entries: Vec<Id>,
        /// Values of the new one.
        fields: Map<String, Json>,
    },
    /// Make a draft of an article from a ticket.
    MakeArticle {
        /// The ticket.
        ticket: Id,
        /// Values of the article that take the place of the ticket's.
        fields: Map<String, Json>,
    },
    /// Let somebody watch a record, or watch it no more.
    Watch {
        /// Kind.
        kind: Kind,
        /// Record.
        id: Id,
        /// Agent or contact, by id or code; none: whoever asks.
        who: Option<(Kind, String)>,
        /// Whether to watch.
        on: bool,
    },
    /// A step of erasing a person: asked for by [`super::Desk::erase_person`].
    Erase {
        /// The person.
        contact: Id,
        /// What is changed.
        step: Box<EraseStep>,
    },
    /// Make a duplicate of a record.
    Duplicate {
        /// Kind.
        kind: Kind,
        /// The original.
        id: Id,
        /// Values that take the place of the original's.
        fields: Map<String, Json>,
    },
    /// Add a variant of an article in another language.
    AddVariant {
        /// The article.
        id: Id,
        /// Values of the variant; what is not said of category, audience and the like is as it is
        /// with the main article.
        fields: Map<String, Json>,
    },
    /// Keep what came of reading an attached file: asked for by the engine.
    #[cfg(feature = "text")]
    KeepWords {
        /// The file.
        file: Box<super::files::Unread>,
        /// Its words, or why it has none; none: it was read for another record.
        outcome: Option<std::result::Result<String, String>>,
    },
    /// Give an article the text of one of its versions again.
    Restore {
        /// The article.
        id: Id,
        /// The version.
        version: Pos,
    },
    /// Say whether an article helped.
    Vote {
        /// The article.
        id: Id,
        /// Whether it did; none: what was said before is taken back.
        helpful: Option<bool>,
        /// Why, in words.
        comment: String,
    },
    /// Give a record the asker's own tags, instead of those before.
    TagPersonally {
        /// Kind.
        kind: Kind,
        /// Record.
        id: Id,
        /// The tags.
        tags: Vec<String>,
    },
    /// Change the settings of the desk.
    ChangeSettings {
        /// Text by setting; null takes one away, all others stay.
        changes: Map<String, Json>,
    },
    /// Define a role of agents, or define it anew.
    SaveRole {
        /// The role.
        role: Box<Role>,
    },
    /// Remove a role that no agent has.
    RemoveRole {
        /// Its code.
        code: String,
    },
    /// Change synonyms, stop words or pinned articles.
    TuneSearch {
        /// What to do.
        change: TuningChange,
    },
    /// Write down what searches taught: asked for by the engine.
    KeepLesson {
        /// What.
        lesson: Box<Lesson>,
    },
    /// Save a variant of a report.
    SaveVariant {
        /// The report.
        report: String,
        /// The variant that is saved anew; none: another one.
        id: Option<Id>,
        /// Name for people.
        name: String,
        /// Whether others may use it.
        shared: bool,
        /// What is asked.
        spec: Box<ReportSpec>,
    },
    /// Remove a variant of a report.
    DeleteVariant {
        /// The report.
        report: String,
        /// The variant.
        id: Id,
    },
    /// Record what arrived through a channel: onto the record it answers, or into a new inquiry.
    Receive {
        /// What arrived.
        event: Box<Interaction>,
    },
    /// Open the intake by hand: a draft inquiry of whoever asks.
    StartIntake {
        /// The card or request that it comes from.
        origin: Option<(Kind, Id)>,
        /// Values of the inquiry.
        fields: Map<String, Json>,
    },
    /// Accept an inquiry: into a ticket, a lead, a message on a record that there is, or not at all.
    Accept {
        /// The inquiry; none: it is taken down with the same command.
        inquiry: Option<Id>,
        /// What it becomes.
        ask: Box<Acceptance>,
    },
    /// Register the sender of an inquiry as an account, a contact or both.
    Register {
        /// The inquiry.
        inquiry: Id,
        /// Values of a new account, beside what the inquiry tells.
        account: Option<Map<String, Json>>,
        /// Values of a new contact, beside what the inquiry tells.
        contact: Option<Map<String, Json>>,
    },
    /// Convert a lead into a ticket.
    Convert {
        /// The lead.
        lead: Id,
        /// Type of the ticket.
        type_code: Option<String>,
        /// Values of the ticket, beside what the lead holds.
        fields: Map<String, Json>,
    },
    /// Run a named action of a rule.
    RunAction {
        /// Kind.
        kind: Kind,
        /// Record.
        id: Id,
        /// Name of the action, with the pack or without.
        action: String,
        /// What the action wants to know.
        arguments: Map<String, Json>,
    },
    /// Answer a survey.
    AnswerSurvey {
        /// The survey's token.
        token: String,
        /// Overall score.
        score: Option<i64>,
        /// Comment.
        comment: String,
        /// Scores or texts by question.
        answers: Map<String, Json>,
    },
    /// Run a timer that came due.
    FireTimer {
        /// The timer.
        timer: Id,
        /// When it is due: part of its key.
        due: crate::domain::Instant,
        /// The record it belongs to, which is read along with it.
        owner: (Kind, Id),
        /// Why it could not be run; then it is only removed, with this in the journal.
        failed: Option<String>,
    },
    /// Install a pack, or another revision of it, and let it do all that it asks for: for those who
    /// trust it.
    InstallPack {
        /// Its files.
        files: PackFiles,
    },
    /// Change a pack in another way than installing or removing it.
    ChangePack {
        /// Its name; for an installation it may be empty, and else must be that of the files.
        name: String,
        /// What to do.
        change: PackChange,
    },
    /// Remove a pack from the active ones. Records keep their values.
    RemovePack {
        /// Its name.
        name: String,
    },
    /// Add or change a field while running.
    DefineField {
        /// Kind whose records get it.
        kind: Kind,
        /// Full code of the type whose records get it; none: all of the kind.
        type_code: Option<String>,
        /// The field; its code gets the namespace `local`.
        field: Box<FieldDef>,
        /// Options that it loses, each with the one that takes its place in records.
        replaced: BTreeMap<String, String>,
    },
    /// Make an access token.
    CreateToken {
        /// Role and person.
        actor: Actor,
        /// What it is for.
        note: String,
        /// SHA-256 of the secret.
        hash: [u8; 32],
    },
    /// Revoke an access token.
    RevokeToken {
        /// Its id.
        id: Id,
    },
    /// Keep the suspension of a rule that failed too often: asked for by the engine.
    SuspendRule {
        /// The rule, and why.
        suspension: Suspension,
    },
    /// Let a suspended rule run again.
    ResetRule {
        /// `pack/name`.
        rule: String,
    },
}

/// A step of a process. Where `stage` is given, the record must be at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessStep {
    /// Begin a process.
    Start {
        /// Its code, with or without the pack; none: the only one for the record.
        process: Option<String>,
    },
    /// Complete the work of the stage.
    Complete {
        /// The stage that is completed.
        stage: Option<String>,
        /// The stage to go to, when several ways are open or the process is over.
        to: Option<String>,
        /// What came of it, in words.
        result: String,
    },
    /// Answer the question of the stage.
    Decide {
        /// The stage that asks.
        stage: Option<String>,
        /// Code of the answer.
        answer: String,
        /// Why, in words.
        result: String,
    },
    /// Give the record to somebody else; the stage stays.
    Redirect {
        /// The stage that it is at.
        stage: Option<String>,
        /// Agent, by id or code.
        agent: Option<String>,
        /// Team, by id or code.
        team: Option<String>,
        /// Why, in words.
        reason: String,
    },
}

impl ProcessStep {
    /// The name used in the API and the journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::Complete { .. } => "complete",
            Self::Decide { .. } => "decide",
            Self::Redirect { .. } => "redirect",
        }
    }

    /// The stage that the record must be at.
    #[must_use]
    pub fn stage(&self) -> Option<&str> {
        match self {
            Self::Start { .. } => None,
            Self::Complete { stage, .. }
            | Self::Decide { stage, .. }
            | Self::Redirect { stage, .. } => stage.as_deref(),
        }
    }

    /// What the journal keeps of it.
    pub(super) fn arguments(&self) -> Vec<(String, Value)> {
        let step = [("step", Some(self.name().to_owned()))];
        let more = match self {
            Self::Start { process } => [("process", process.clone()), ("result", None)],
            Self::Complete { to, result, .. } => [("to", to.clone()), ("result", said(result))],
            Self::Decide { answer, result, .. } => {
                [("answer", said(answer)), ("result", said(result))]
            }
            Self::Redirect { reason, .. } => [("to", None), ("reason", said(reason))],
        };
        let all = step.into_iter().chain(more);
        all.filter_map(|(name, text)| {
            // What is too long is refused before anything is written.
            let text: String = text?.chars().take(2_000).collect();
            Some((name.to_owned(), Value::Text(text)))
        })
        .collect()
    }
}

/// A row of a plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlanRow {
    /// The activity to change or remove; none: a new one.
    pub id: Option<Id>,
    /// Whether it is removed.
    pub remove: bool,
    /// Values by field.
    pub fields: Map<String, Json>,
}

impl PlanRow {
    /// Rows out of JSON: a list of objects with `id` and `remove` beside the values.
    ///
    /// # Errors
    /// When it is no such list.
    pub fn read_all(json: Json) -> Result<Vec<Self>> {
        let wrong = |message: &str| Error::field("plan", "malformed", message);
        let Json::Array(items) = json else {
            return Err(wrong("expected a list of rows"));
        };
        let mut rows = Vec::with_capacity(items.len().min(1_000));
        for item in items {
            let Json::Object(mut fields) = item else {
                return Err(wrong("expected a row as an object"));
            };
            let id = match fields.remove("id") {
                None | Some(Json::Null) => None,
                Some(id) => Some(
                    id.as_str()
                        .and_then(|id| id.parse().ok())
                        .ok_or_else(|| wrong("`id` of a row must be the id of an activity"))?,
                ),
            };
            let remove = match fields.remove("remove") {
                None | Some(Json::Null) => false,
                Some(remove) => remove
                    .as_bool()
                    .ok_or_else(|| wrong("`remove` of a row is true or false"))?,
            };
            if remove && id.is_none() {
                return Err(wrong("a row that is removed needs its `id`"));
            }
            rows.push(Self { id, remove, fields });
        }
        Ok(rows)
    }
}

fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A change of a pack.
#[derive(Debug, Clone)]
pub enum PackChange {
    /// Install files, with what is granted to them.
    Install {
        /// The files.
        files: PackFiles,
        /// What the administrator grants.
        grants: Given,
    },
    /// Install the draft, which is gone then. The request's `if_match` is the draft's version.
    ActivateDraft {
        /// What the administrator grants.
        grants: Given,
    },
    /// Make an earlier revision the active one.
    RollBack {
        /// Its version, or the beginning of its hash; none: the one before.
        to: Option<String>,
        /// What the administrator grants.
        grants: Given,
    },
    /// Let its rules rest and its types take no new records.
    Disable,
    /// Let it run again.
    Enable,
    /// Say anew what it may do.
    Grant {
        /// What the administrator grants.
        grants: Given,
    },
    /// Keep files as its draft. The request's `if_match` is the version of the draft before.
    SaveDraft {
        /// The files.
        files: PackFiles,
    },
    /// Throw its draft away.
    DropDraft,
    /// Move the next records to its new revision.
    Move,
}

impl PackChange {
    const fn name(&self) -> &'static str {
        match self {
            Self::Install { .. } | Self::ActivateDraft { .. } => "install_pack",
            Self::RollBack { .. } => "roll_back_pack",
            Self::Disable => "disable_pack",
            Self::Enable => "enable_pack",
            Self::Grant { .. } => "grant_pack",
            Self::SaveDraft { .. } => "save_pack_draft",
            Self::DropDraft => "drop_pack_draft",
            Self::Move => "move_records",
        }
    }

    /// What is changed, and with which files: the hash of these stands for them.
    fn fingerprint(&self) -> String {
        match self {
            Self::Install { files, grants } => format!("install {:?} {grants:?}", files.hash()),
            Self::SaveDraft { files } => format!("save {:?}", files.hash()),
            other => format!("{other:?}"),
        }
    }
}

impl Command {
    /// The name written to the journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Update { .. } => "update",
            Self::Delete { .. } => "delete",
            Self::Transition { .. } => "transition",
            Self::Process { .. } => "process",
            Self::Plan { .. } => "plan",
            Self::Assign { .. } => "assign",
            Self::Comment { .. } => "comment",
            Self::Message { .. } => "message",
            Self::Send { .. } => "send",
            Self::Deliver { .. } => "deliver",
            Self::RetryDelivery { .. } => "retry_delivery",
            Self::SaveWebhook { .. } => "save_webhook",
            Self::DeleteWebhook { .. } => "delete_webhook",
            Self::WebhookTold { .. } => "webhook_told",
            Self::Cite { entry, .. } => entry.name(),
            Self::Attach { .. } => "attach",
            Self::Link { .. } => "link",
            Self::CorrectLedger { .. } => "correct_ledger",
            Self::SettleContract { .. } => "settle_contract",
            Self::Merge { .. } => "merge",
            Self::Unmerge { .. } => "unmerge",
            Self::Split { .. } => "split",
            Self::MakeArticle { .. } => "make_article",
            Self::Watch { on: true, .. } => "watch",
            Self::Watch { on: false, .. } => "unwatch",
            Self::Erase { .. } => "erase",
            Self::Duplicate { .. } => "duplicate",
            Self::AddVariant { .. } => "add_variant",
            #[cfg(feature = "text")]
            Self::KeepWords { .. } => "keep_words",
            Self::Restore { .. } => "restore",
            Self::Vote { .. } => "vote",
            Self::TagPersonally { .. } => "tag_personally",
            Self::ChangeSettings { .. } => "change_settings",
            Self::SaveRole { .. } => "save_role",
            Self::RemoveRole { .. } => "remove_role",
            Self::TuneSearch { change } => change.name(),
            Self::KeepLesson { .. } => "keep_lesson",
            Self::SaveVariant { .. } => "save_variant",
            Self::DeleteVariant { .. } => "delete_variant",
            Self::Receive { .. } => "receive",
            Self::StartIntake { .. } => "start_intake",
            Self::Accept { .. } => "accept",
            Self::Register { .. } => "register",
            Self::Convert { .. } => "convert",
            Self::RunAction { .. } => "run_action",
            Self::AnswerSurvey { .. } => "answer_survey",
            Self::FireTimer { .. } => "fire_timer",
            Self::InstallPack { .. } => "install_pack",
            Self::ChangePack { change, .. } => change.name(),
            Self::RemovePack { .. } => "remove_pack",
            Self::DefineField { .. } => "define_field",
            Self::CreateToken { .. } => "create_token",
            Self::RevokeToken { .. } => "revoke_token",
            Self::SuspendRule { .. } => "suspend_rule",
            Self::ResetRule { .. } => "reset_rule",
        }
    }

    /// SHA-256 of the command: equal commands have equal ones.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        use sha2::Digest;
        let mut hash = sha2::Sha256::new();
        match self {
            Self::Attach {
                kind,
                id,
                name,
                media_type,
                content,
                visibility,
            } => {
                hash.update(format!(
                    "attach {kind:?} {id} {name:?} {media_type:?} {visibility:?}"
                ));
                hash.update(content);
            }
            Self::InstallPack { files } => hash.update(files.hash()),
            Self::ChangePack { name, change } => {
                hash.update(format!("pack {name:?} {}", change.fingerprint()));
            }
            other => hash.update(format!("{other:?}")),
        }
        hash.finalize().into()
    }

    /// The record the command is about, when it exists already.
    #[must_use]
    pub const fn target(&self) -> Option<(Kind, Id)> {
        match self {
            Self::Update { kind, id, .. }
            | Self::Delete { kind, id }
            | Self::Transition { kind, id, .. }
            | Self::Process { kind, id, .. }
            | Self::Plan { kind, id, .. }
            | Self::Assign { kind, id, .. }
            | Self::Comment { kind, id, .. }
            | Self::Message { kind, id, .. }
            | Self::Send { kind, id, .. }
            | Self::Attach { kind, id, .. }
            | Self::RunAction { kind, id, .. }
            | Self::Duplicate { kind, id, .. }
            | Self::Watch { kind, id, .. }
            | Self::TagPersonally { kind, id, .. }
            | Self::Link { kind, id, .. } => Some((*kind, *id)),
            Self::MakeArticle { ticket: id, .. }
            | Self::Merge { id, .. }
            | Self::Unmerge { id, .. }
            | Self::Split { id, .. } => Some((Kind::Ticket, *id)),
            #[cfg(feature = "text")]
            Self::KeepWords { file, .. } => Some((file.kind, file.owner)),
            Self::AddVariant { id, .. } | Self::Restore { id, .. } | Self::Vote { id, .. } => {
                Some((Kind::Article, *id))
            }
            Self::CorrectLedger { contract, .. } | Self::SettleContract { contract } => {
                Some((Kind::Contract, *contract))
            }
            Self::Cite { entry, .. } => entry.target(),
            Self::FireTimer { owner, .. } => Some(*owner),
            Self::Receive { event } => event.record,
            Self::Accept {
                inquiry: Some(id), ..
            }
            | Self::Register { inquiry: id, .. } => Some((Kind::Inquiry, *id)),
            Self::Convert { lead, .. } => Some((Kind::Lead, *lead)),
            Self::Erase { contact, .. } => Some((Kind::Contact, *contact)),
            _ => None,
        }
    }

    /// Whether it may be decided on changes of its record that are not committed yet, and others on
    /// its own: it is small, and an operation that nobody else applies.
    pub(crate) const fn joins(&self) -> bool {
        matches!(
            self,
            Self::Update { .. }
                | Self::Transition { .. }
                | Self::Process { .. }
                | Self::Plan { .. }
                | Self::Assign { .. }
                | Self::Comment { .. }
                | Self::Message { .. }
                | Self::RunAction { .. }
                | Self::TagPersonally { .. }
                | Self::Link { .. }
        )
    }
}

/// Who asks, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who.
    pub actor: Actor,
    /// Id of the request, for logs and the journal; at most 64 bytes are kept.
    pub request_id: String,
    /// The same key with the same command has one effect for 24 hours.
    pub idempotency_key: Option<String>,
    /// The record must be at this version.
    pub if_match: Option<Pos>,
}

impl Request {
    /// A request of `actor` without key or condition.
    #[must_use]
    pub fn by(actor: Actor) -> Self {
        Self {
            actor,
            request_id: String::new(),
            idempotency_key: None,
            if_match: None,
        }
    }
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reply {
    /// The record, token or pack it was about.
    pub id: Id,
    /// Kind of the record.
    pub kind: Option<Kind>,
    /// The entry that was added.
    pub entry: Option<Id>,
    /// What a named action gives back, as JSON text of an object.
    #[serde(skip)]
    pub result: Option<String>,
    /// Position of the change: the record's version from now on.
    pub pos: Pos,
    /// Whether this is the kept answer to an earlier request with the same idempotency key.
    pub replayed: bool,
}
