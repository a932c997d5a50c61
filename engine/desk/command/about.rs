//! What a command is called, what it is about, and when two are the same.

use super::Command;
use crate::domain::{Id, Kind};

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
            Self::Erase { person, .. } => Some(*person),
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
                | Self::Send { .. }
                | Self::RunAction { .. }
                | Self::TagPersonally { .. }
                | Self::Link { .. }
        )
    }
}
