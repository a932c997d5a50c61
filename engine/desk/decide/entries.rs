//! Comments, messages, attachments and links.

use sha2::Digest;

use super::intake::{holder, message_guard};
use super::{Answer, Deciding};
use crate::desk::{Command, Error, ErrorKind, Result, keys};
use crate::domain::entry::{Entry, EntryBody, Visibility};
use crate::domain::{Id, Kind};
use crate::store::{Expect, Table};

/// Longest comment or message in bytes.
pub const MAX_TEXT_BYTES: usize = 60_000;
/// Largest attachment in bytes.
pub const MAX_ATTACHMENT_BYTES: usize = 16 * 1_024 * 1_024;
/// Size of the pieces in which attachments are stored.
pub const CHUNK_BYTES: usize = 64 * 1_024;

impl Deciding<'_, '_> {
    pub(super) fn comment(
        &mut self,
        kind: Kind,
        id: Id,
        visibility: Visibility,
        text: &str,
    ) -> Result<Answer> {
        if visibility == Visibility::Internal {
            self.actor.require_agent("an internal comment")?;
        }
        self.writable_target(kind, id)?;
        check_text("text", text)?;
        let body = EntryBody::Comment {
            visibility,
            text: text.to_owned(),
        };
        let entry = self.add_own_entry(kind, id, body);
        self.interaction(kind, id)?;
        self.settle(&[(kind, id)])?;
        Ok(Answer::entry(kind, id, entry))
    }

    pub(super) fn message(&mut self, command: &Command) -> Result<Answer> {
        let Command::Message {
            kind,
            id,
            channel,
            direction,
            subject,
            text,
            external_id,
        } = command
        else {
            return Err(Error::internal("not a message"));
        };
        self.actor.require_agent("recording a message")?;
        self.writable_target(*kind, *id)?;
        if !kind.has_messages() {
            let why = format!("a {} has no messages; comment on it", kind.name());
            return Err(Error::field("kind", "no_messages", why));
        }
        check_text("text", text)?;
        short("channel", channel, 32)?;
        if subject.len() > 1_000 {
            return Err(Error::field(
                "subject",
                "too_long",
                "is over the limit of 1000 bytes",
            ));
        }
        if let Some(external) = external_id {
            short("external_id", external, 500)?;
            let key = message_guard(channel, external);
            if self.draft.snapshot.get(Table::Guards, &key)?.is_some() {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "duplicate_message",
                    format!("the {channel} message with this external id was recorded before"),
                ));
            }
            self.draft
                .rows
                .expect
                .push((Table::Guards, key.clone(), Expect::Absent));
            self.draft
                .rows
                .put
                .push((Table::Guards, key, holder((*kind, *id))));
        }
        let body = EntryBody::Message {
            channel: channel.clone(),
            direction: *direction,
            subject: subject.clone(),
            text: text.clone(),
            external_id: external_id.clone(),
        };
        let entry = self.add_own_entry(*kind, *id, body);
        self.interaction(*kind, *id)?;
        self.settle(&[(*kind, *id)])?;
        Ok(Answer::entry(*kind, *id, entry))
    }

    pub(super) fn attach(&mut self, command: &Command) -> Result<Answer> {
        let Command::Attach {
            kind,
            id,
            name,
            media_type,
            content,
            visibility,
        } = command
        else {
            return Err(Error::internal("not an attachment"));
        };
        if *visibility == Visibility::Internal {
            self.actor.require_agent("an internal attachment")?;
        }
        self.writable_target(*kind, *id)?;
        short("name", name, 255)?;
        short("media_type", media_type, 127)?;
        if content.len() > MAX_ATTACHMENT_BYTES {
            return Err(Error::new(
                ErrorKind::Limit,
                "attachment_too_large",
                format!(
                    "{} bytes are over the limit of {MAX_ATTACHMENT_BYTES} for one attachment",
                    content.len()
                ),
            ));
        }
        let hash: [u8; 32] = sha2::Sha256::digest(content).into();
        self.store_blob(&hash, content)?;
        #[cfg(feature = "text")]
        self.leave_to_read((*kind, *id), (name.as_str(), media_type.as_str(), hash))?;
        let body = EntryBody::Attachment {
            name: name.clone(),
            media_type: media_type.clone(),
            size: content.len() as u64,
            hash,
            visibility: *visibility,
        };
        let entry = self.add_own_entry(*kind, *id, body);
        self.settle(&[(*kind, *id)])?;
        Ok(Answer::entry(*kind, *id, entry))
    }

    /// Content is stored once, however often it is attached. Its last piece is written last.
    pub(super) fn store_blob(&mut self, hash: &[u8; 32], content: &[u8]) -> Result<()> {
        let pieces = u32::try_from(content.len().div_ceil(CHUNK_BYTES)).unwrap_or(u32::MAX);
        let last = keys::blob_chunk(hash, pieces.saturating_sub(1));
        if self.draft.snapshot.get(Table::Blobs, &last)?.is_some() {
            return Ok(());
        }
        for (n, chunk) in (0..pieces).zip(content.chunks(CHUNK_BYTES)) {
            let key = keys::blob_chunk(hash, n);
            self.draft
                .rows
                .put
                .push((Table::Blobs, key, chunk.to_vec()));
        }
        Ok(())
    }

    pub(super) fn link_command(
        &mut self,
        from: (Kind, Id),
        relation: &str,
        to: (Kind, Id),
    ) -> Result<Answer> {
        self.actor.require_agent("linking")?;
        self.writable_target(from.0, from.1)?;
        short("relation", relation, 64)?;
        if from == to {
            return Err(Error::field(
                "to",
                "same_record",
                "a record is not linked to itself",
            ));
        }
        self.draft.load(&[to])?;
        let seen = match self.draft.peek(to.0, to.1) {
            Some(other) => self.sight.sees(other)?,
            None => false,
        };
        if !seen {
            return Err(Error::field(
                "to",
                "unknown_record",
                "there is no such record",
            ));
        }
        let body = EntryBody::Link {
            relation: relation.to_owned(),
            kind: to.0,
            to: to.1,
        };
        let entry = self.add_own_entry(from.0, from.1, body);
        self.settle(&[from])?;
        Ok(Answer::entry(from.0, from.1, entry))
    }

    /// The record an entry is added to. A customer adds to its tickets only.
    fn writable_target(&mut self, kind: Kind, id: Id) -> Result<()> {
        self.target(kind, id)?;
        if self.actor.is_contact() && kind != Kind::Ticket {
            return Err(Error::forbidden("a contact may add to tickets only"));
        }
        if !kind.has_entries() {
            return Err(Error::field(
                "kind",
                "no_entries",
                format!("a {} has no comments, files and links", kind.name()),
            ));
        }
        Ok(())
    }

    pub(super) fn add_own_entry(&mut self, kind: Kind, id: Id, body: EntryBody) -> Id {
        let entry = self.allot.id(self.ground.now);
        let author = self.actor.name();
        let at = self.ground.now;
        self.draft.add_entry(
            kind,
            id,
            Entry {
                id: entry,
                at,
                author,
                body,
            },
            None,
        );
        entry
    }
}

/// Whether a text of an entry is there and not too long.
pub fn check_text(field: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::field(field, "required", "text is needed"));
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::field(
            field,
            "too_long",
            format!(
                "{} bytes are over the limit of {MAX_TEXT_BYTES}",
                text.len()
            ),
        ));
    }
    Ok(())
}

/// Whether a short text is there, fits and has no control characters.
pub fn short(field: &str, text: &str, most: usize) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::field(field, "required", "a value is needed"));
    }
    if text.len() > most || text.chars().any(char::is_control) {
        return Err(Error::field(
            field,
            "malformed",
            format!("must be at most {most} bytes without control characters"),
        ));
    }
    Ok(())
}
