//! Commands: every change that anybody can ask for.

mod about;
mod pack_change;
mod plan_row;
mod process_step;
mod request;
mod split;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use super::delivery::Delivered;
use super::webhook::{WebhookChange, WebhookProgress};
use super::{
    Acceptance, Actor, EraseStep, Interaction, Lesson, ReportSpec, Suspension, TuningChange,
};
use crate::domain::entry::{Direction, Visibility};
use crate::domain::field::FieldDef;
use crate::domain::role::Role;
use crate::domain::{Id, Kind};
use crate::packs::PackFiles;
use crate::store::{Lease, Pos};

pub use pack_change::PackChange;
pub use plan_row::PlanRow;
pub use process_step::ProcessStep;
pub use request::{Reply, Request};
pub use split::Split;

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
        /// What goes, and where to.
        how: Split,
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
        /// Its contact or agent.
        person: (Kind, Id),
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
