//! Splitting a ticket: chosen comments, messages and files go to a new ticket as copies, and both say
//! where the other is.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::{Answer, Deciding};
use crate::desk::journal::StoredEntry;
use crate::desk::merged::sources;
use crate::desk::{Error, Result, codec, keys};
use crate::domain::entry::{Entry, EntryBody};
use crate::domain::record::fields::{ACCOUNT, CONTACT, TYPE};
use crate::domain::{Id, Kind, Value};
use crate::store::Table;

const TICKET: Kind = Kind::Ticket;
/// Most entries that are chosen.
const MAX_CHOSEN: usize = 200;
/// Meaning of the link to the ticket that was split.
const FROM: &str = "split_from";
/// Meaning of the link to the new ticket.
const INTO: &str = "split_into";

impl Deciding<'_, '_> {
    pub(super) fn split(
        &mut self,
        from: Id,
        chosen: &[Id],
        asked: &Map<String, Json>,
    ) -> Result<Answer> {
        self.actor.require_agent("splitting")?;
        self.actor.require_write(TICKET)?;
        self.target(TICKET, from)?;
        let entries = self.chosen_entries(from, chosen)?;
        let source = self.draft.record(TICKET, from)?.clone();
        let mut fields = asked.clone();
        for name in [TYPE, ACCOUNT, CONTACT] {
            if let Some(value) = source.get(name).filter(|_| !asked.contains_key(name)) {
                fields.insert(name.to_owned(), value.to_json());
            }
        }
        if let Some(type_code) = source.type_code() {
            fields.entry(TYPE).or_insert(json!(type_code));
        }
        let id = self.allot.id(self.ground.now);
        self.input.target = Some((TICKET, id));
        self.input
            .arguments
            .push(("from".to_owned(), Value::Ref(from)));
        self.create_as((TICKET, id), &fields, &[])?;
        for mut entry in entries {
            if let EntryBody::Message {
                channel,
                external_id: Some(external),
                ..
            } = &entry.body
            {
                // What is answered to it belongs to the new ticket.
                self.point_message(channel, external, (TICKET, id));
            }
            entry.id = self.allot.id(self.ground.now);
            self.draft.add_entry(TICKET, id, entry, None);
        }
        self.link_to((TICKET, id), FROM, (TICKET, from));
        self.link_to((TICKET, from), INTO, (TICKET, id));
        self.settle(&[(TICKET, id), (TICKET, from)])?;
        Ok(Answer::record(TICKET, id))
    }

    /// The chosen entries of a ticket and of those merged into it, in the order they were made.
    fn chosen_entries(&mut self, from: Id, chosen: &[Id]) -> Result<Vec<Entry>> {
        let chosen: BTreeSet<Id> = chosen.iter().copied().collect();
        if chosen.is_empty() || MAX_CHOSEN < chosen.len() {
            let text = format!("choose 1 to {MAX_CHOSEN} comments, messages or files");
            return Err(Error::field("entries", "malformed", text));
        }
        let snapshot = std::sync::Arc::clone(&self.draft.snapshot);
        let mut owners = vec![from];
        for source in sources(&*snapshot, self.draft.record(TICKET, from)?)? {
            if self.sight.sees(&source)? {
                owners.push(source.id);
            }
        }
        let wanted: Vec<_> = chosen
            .iter()
            .flat_map(|entry| owners.iter().map(|owner| keys::entry(*owner, *entry)))
            .map(|key| (Table::Entries, key))
            .collect();
        let mut found: Vec<Entry> = Vec::new();
        for rows in wanted.chunks(crate::store::MAX_RANGE_ROWS) {
            for row in snapshot.get_many(rows)?.into_iter().flatten() {
                found.push(codec::decode::<StoredEntry>(&row.bytes)?.entry);
            }
        }
        let speaks = |entry: &Entry| {
            matches!(
                entry.body,
                EntryBody::Comment { .. }
                    | EntryBody::Message { .. }
                    | EntryBody::Attachment { .. }
            )
        };
        found.retain(speaks);
        found.sort_by_key(|entry| entry.id);
        if found.len() < chosen.len() {
            let text = "one of them is no comment, message or file of the ticket";
            return Err(Error::field("entries", "unknown_entry", text));
        }
        Ok(found)
    }
}
