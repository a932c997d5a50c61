//! Where a mail belongs, and what is not answered: by the mails it names, by the number in its
//! subject when its sender has to do with that ticket, and by what kind of mail it is.

use sha2::Digest;

use serde_json::json;

use super::carry::{held_by, message_guard};
use crate::desk::decide::entries::MAX_ATTACHMENT_BYTES;
use crate::desk::decide::{Answer, Deciding};
use crate::desk::delivery::named_by;
use crate::desk::intake::Interaction;
use crate::desk::mail::{DeliveryReport, IncomingFile, IncomingMail, MailNature};
use crate::desk::moved::place_of;
use crate::desk::settings::{self, Settings};
use crate::desk::{Result, codec, keys};
use crate::domain::entry::{EntryBody, Visibility};
use crate::domain::party::{Begins, PartyField, texts};
use crate::domain::{Id, Kind, Value, record::fields};
use crate::store::Table;

/// Most mails that one names which are looked for.
const MAX_REFERENCES: usize = 50;
/// Most people with one address who are looked at.
const MAX_PEOPLE: usize = 20;
/// Most files of a mail.
const MAX_FILES: usize = 100;

impl Deciding<'_, '_> {
    /// Deals with a mail that nobody wrote and that makes no inquiry; none: it goes the way of others.
    pub(super) fn by_nature(
        &mut self,
        event: &Interaction,
        mail: &IncomingMail,
    ) -> Result<Option<Answer>> {
        if self.is_own(event)? {
            return self.passed_over(event, "loop").map(Some);
        }
        match &mail.nature {
            MailNature::Personal => Ok(None),
            MailNature::Bulk => {
                self.not_answered(event);
                Ok(None)
            }
            MailNature::AutoReply => {
                if self.place_by_references(mail)?.is_none() {
                    return self.passed_over(event, "automatic_reply").map(Some);
                }
                self.not_answered(event);
                Ok(None)
            }
            MailNature::Report(report) => self.returned(event, report).map(Some),
        }
    }

    /// Nothing that follows in this command is sent to whoever sent this.
    fn not_answered(&mut self, event: &Interaction) {
        let from = event.from.as_deref().unwrap_or_default();
        self.unanswered = PartyField::Mail.normalise(from);
    }

    /// Whether the desk wrote the mail itself.
    fn is_own(&self, event: &Interaction) -> Result<bool> {
        if let Some(external) = &event.external_id
            && self.own_place(external)?.is_some()
        {
            return Ok(true);
        }
        let key = settings::settings_key();
        let Some(row) = self.draft.snapshot.get(Table::Meta, &key)? else {
            return Ok(false);
        };
        let settings: Settings = codec::decode(&row.bytes)?;
        let mail = |text: &str| PartyField::Mail.normalise(text);
        let sender = settings.sender.as_deref().and_then(mail);
        Ok(sender.is_some() && sender == event.from.as_deref().and_then(mail))
    }

    /// Notes that a mail came and makes nothing of it.
    fn passed_over(&mut self, event: &Interaction, why: &str) -> Result<Answer> {
        self.mark_event(event, None);
        self.draft.notes.push(format!("mail_passed_over:{why}"));
        self.result = Some(json!({"inquiry": null, "ignored": why}).to_string());
        Ok(Answer::nothing(Id::MIN))
    }

    /// A mail server tells what became of a mail: what will not arrive could not be delivered.
    fn returned(&mut self, event: &Interaction, report: &DeliveryReport) -> Result<Answer> {
        if report.failed {
            for id in report.about.iter().take(MAX_REFERENCES) {
                let Some((message, record)) = named_by(id) else {
                    continue;
                };
                let reason = format!("returned: {}", report.reason);
                if self.bounced(message, record, &reason)? {
                    self.mark_event(event, None);
                    let told = json!({"inquiry": null, "ignored": "bounce", "bounced": message});
                    self.result = Some(told.to_string());
                    return Ok(Answer::nothing(message));
                }
            }
        }
        self.passed_over(event, "bounce")
    }

    /// The record of the conversation that a mail goes on with.
    pub(super) fn place_by_references(
        &mut self,
        mail: &IncomingMail,
    ) -> Result<Option<(Kind, Id)>> {
        for id in mail.references.iter().take(MAX_REFERENCES) {
            let key = message_guard("mail", id);
            let row = self.draft.snapshot.get(Table::Guards, &key)?;
            let place = match row.and_then(|row| held_by(&row.bytes)) {
                Some(place) => Some(place),
                None => self.own_place(id)?,
            };
            if let Some((kind, id)) = place
                && kind.has_messages()
            {
                self.draft.load(&[(kind, id)])?;
                if self.draft.peek(kind, id).is_some() {
                    return Ok(Some((kind, id)));
                }
            }
        }
        Ok(None)
    }

    /// The record of one of the desk's own mails, by its Message-ID.
    fn own_place(&self, message_id: &str) -> Result<Option<(Kind, Id)>> {
        let Some((message, record)) = named_by(message_id) else {
            return Ok(None);
        };
        // What anybody may write counts only when it is as we wrote it.
        let Ok((item, _)) = self.outbox_message(message) else {
            return Ok(None);
        };
        if item.record != record {
            return Ok(None);
        }
        let snapshot = &*self.draft.snapshot;
        place_of(snapshot, (item.kind, item.record), message).map(Some)
    }

    /// The ticket whose number the subject has, when the sender has to do with it.
    pub(super) fn place_by_number(
        &mut self,
        event: &Interaction,
        mail: &IncomingMail,
    ) -> Result<Option<(Kind, Id)>> {
        let from = event.from.as_deref().unwrap_or_default();
        let Some(sender) = PartyField::Mail.normalise(from) else {
            return Ok(None);
        };
        for number in &mail.numbers {
            let value = Value::Int(*number);
            let from = keys::index_prefix(Kind::Ticket, fields::NUMBER, &value);
            let to = keys::after(&from);
            let snapshot = std::sync::Arc::clone(&self.draft.snapshot);
            let rows = snapshot.range(Table::Index, &from, &to, false, 2)?;
            let Some(id) = rows.first().and_then(|(key, _)| keys::id_at_end(key)) else {
                continue;
            };
            if self.has_to_do_with(&sender, id)? {
                return Ok(Some((Kind::Ticket, id)));
            }
        }
        Ok(None)
    }

    /// Whether an address is of the contact or organisation of a ticket, or of one of its people.
    fn has_to_do_with(&mut self, sender: &str, ticket: Id) -> Result<bool> {
        self.draft.load(&[(Kind::Ticket, ticket)])?;
        let Some(record) = self.draft.peek(Kind::Ticket, ticket) else {
            return Ok(false);
        };
        let account = record.reference(fields::ACCOUNT);
        let contact = record.reference(fields::CONTACT);
        let named = contact.map(|id| (Kind::Contact, id));
        let named = named
            .into_iter()
            .chain(account.map(|id| (Kind::Account, id)));
        let named: Vec<(Kind, Id)> = named.collect();
        self.draft.load(&named)?;
        for (kind, id) in named {
            let party = self.draft.peek(kind, id);
            let mails = party
                .and_then(|p| p.get("mails"))
                .into_iter()
                .flat_map(texts);
            let mut known = mails.filter_map(|m| PartyField::Mail.normalise(m));
            if known.any(|m| m == sender) {
                return Ok(true);
            }
        }
        let Some(account) = account else {
            return Ok(false);
        };
        let short: Vec<char> = sender.chars().collect();
        let text = crate::domain::party::kept(&short);
        let whole = text == sender;
        let from = keys::party_prefix(Kind::Contact, PartyField::Mail, Begins::Value, &text, whole);
        let to = keys::after(&from);
        let rows = self
            .draft
            .snapshot
            .range(Table::Index, &from, &to, false, MAX_PEOPLE)?;
        let ids = rows.iter().filter_map(|(key, _)| keys::id_at_end(key));
        let people: Vec<(Kind, Id)> = ids.map(|id| (Kind::Contact, id)).collect();
        self.draft.load(&people)?;
        let mut people = people
            .iter()
            .filter_map(|(kind, id)| self.draft.peek(*kind, *id));
        Ok(people.any(|person| {
            let mails = person.get("mails").into_iter().flat_map(texts);
            let mut known = mails.filter_map(|m| PartyField::Mail.normalise(m));
            person.reference(fields::ACCOUNT) == Some(account) && known.any(|m| m == sender)
        }))
    }

    /// Adds the files of a mail to where it lies.
    pub(super) fn add_files(
        &mut self,
        (kind, id): (Kind, Id),
        files: &[IncomingFile],
    ) -> Result<()> {
        for file in files.iter().take(MAX_FILES) {
            if file.content.len() > MAX_ATTACHMENT_BYTES {
                let note = format!("mail_file_left_out:{}", file.name);
                self.draft.notes.push(note);
                continue;
            }
            let hash: [u8; 32] = sha2::Sha256::digest(&file.content).into();
            self.store_blob(&hash, &file.content)?;
            let body = EntryBody::Attachment {
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                size: file.content.len() as u64,
                hash,
                visibility: Visibility::Public,
            };
            self.add_own_entry(kind, id, body);
        }
        Ok(())
    }
}
