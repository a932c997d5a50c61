//! Writing to a customer: the message stands on the record, and waits to leave.

use super::entries::{check_text, short};
use super::{Answer, Deciding};
use crate::desk::delivery::Mailing;
use crate::desk::journal::StoredEntry;
use crate::desk::view::OutboxItem;
use crate::desk::{Command, Error, Result, codec, keys};
use crate::domain::entry::{Direction, EntryBody};
use crate::domain::{Id, Kind};
use crate::store::{Key, Table};

/// Most files of a message.
const MAX_FILES: usize = 20;
/// Most bytes of the files of a message together: what mail servers take at least, encoded.
const MAX_FILE_BYTES: u64 = 15 * 1_024 * 1_024;

impl Deciding<'_, '_> {
    /// Adds a message that goes out to a record, and queues it.
    pub(super) fn send(&mut self, command: &Command) -> Result<Answer> {
        let Command::Send {
            kind,
            id,
            channel,
            to,
            subject,
            text,
            attachments,
        } = command
        else {
            return Err(Error::internal("not a message that is sent"));
        };
        self.actor.require_agent("sending a message")?;
        self.target(*kind, *id)?;
        if !kind.has_messages() {
            let why = format!("a {} has no messages; comment on it", kind.name());
            return Err(Error::field("kind", "no_messages", why));
        }
        check_text("text", text)?;
        short("channel", channel, 32)?;
        if subject.len() > 1_000 || subject.chars().any(char::is_control) {
            let message = "must be at most 1000 bytes without control characters";
            return Err(Error::field("subject", "malformed", message));
        }
        let to = match to {
            Some(to) => {
                short("to", to, 254)?;
                to.clone()
            }
            None => self.customer_address((*kind, *id))?.ok_or_else(|| {
                let why = "the customer has no mail address; name one with `to`";
                Error::field("to", "no_address", why)
            })?,
        };
        if channel == "mail" && !is_address(&to) {
            let message = "expected a mail address such as anna@mill.example";
            return Err(Error::field("to", "malformed", message));
        }
        self.check_files((*kind, *id), attachments)?;
        let subject = match subject.trim() {
            "" => format!("Re: {}", self.draft.record(*kind, *id)?.title()),
            given => given.to_owned(),
        };
        let body = EntryBody::Message {
            channel: channel.clone(),
            direction: Direction::Out,
            subject: subject.clone(),
            text: text.clone(),
            external_id: None,
        };
        let entry = self.add_own_entry(*kind, *id, body);
        // The entry and what leaves are one message: they share their id.
        self.draft.outbox.push(OutboxItem {
            id: entry,
            at: self.ground.now,
            kind: *kind,
            record: *id,
            channel: channel.clone(),
            to,
            subject,
            text: text.clone(),
            rule: self.actor.name(),
        });
        let attachments = attachments.clone();
        self.draft.mailings.insert(entry, Mailing { attachments });
        self.interaction(*kind, *id)?;
        self.settle(&[(*kind, *id)])?;
        Ok(Answer::entry(*kind, *id, entry))
    }

    /// Files that are sent must lie on the record, and fit into a mail.
    fn check_files(&self, (kind, id): (Kind, Id), files: &[Id]) -> Result<()> {
        let wrong = |code: &str, why: String| Err(Error::field("attachments", code, why));
        if files.len() > MAX_FILES {
            return wrong(
                "too_many",
                format!("a message has at most {MAX_FILES} files"),
            );
        }
        let asked: Vec<(Table, Key)> = files
            .iter()
            .map(|file| (Table::Entries, keys::entry(id, *file)))
            .collect();
        let mut bytes = 0;
        for (file, row) in files.iter().zip(self.draft.snapshot.get_many(&asked)?) {
            let stored = row.map(|row| codec::decode::<StoredEntry>(&row.bytes));
            match stored.transpose()?.map(|stored| stored.entry.body) {
                Some(EntryBody::Attachment { size, .. }) => bytes += size,
                _ => {
                    let why = format!("the {} has no file `{file}`", kind.name());
                    return wrong("unknown_record", why);
                }
            }
        }
        if bytes > MAX_FILE_BYTES {
            let why = format!("{bytes} bytes are over the limit of {MAX_FILE_BYTES} for a message");
            return wrong("too_large", why);
        }
        Ok(())
    }
}

/// Whether a text can be a mail address, as far as it can be told without writing to it.
fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    }) && !text.contains(|c: char| c.is_whitespace() || "<>,;\"".contains(c))
}
