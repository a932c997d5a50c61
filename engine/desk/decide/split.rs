//! Splitting a ticket: chosen comments, messages and files go to another ticket, a new one unless one is
//! named, and both say where the other is. They go as copies, or move: then a link stands in their
//! place.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::merge::party;
use super::{Answer, Deciding};
use crate::desk::journal::StoredEntry;
use crate::desk::merged::sources;
use crate::desk::moved::MOVED;
use crate::desk::{Error, ErrorKind, Result, Split, codec, keys};
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

/// An entry that was chosen, and whose it is.
struct Chosen {
    owner: Id,
    entry: Entry,
}

impl Deciding<'_, '_> {
    pub(super) fn split(
        &mut self,
        from: Id,
        how: &Split,
        asked: &Map<String, Json>,
    ) -> Result<Answer> {
        self.actor.require_agent("splitting")?;
        self.actor.require_write(TICKET)?;
        self.target(TICKET, from)?;
        let chosen = self.chosen_entries(from, how)?;
        let to = match how.into {
            Some(into) => self.split_into(from, into, asked)?,
            None => self.split_new(from, asked)?,
        };
        self.input
            .arguments
            .push(("from".to_owned(), Value::Ref(from)));
        if how.moves {
            let moved = i64::try_from(chosen.len()).unwrap_or(i64::MAX);
            let moved = Value::Int(moved);
            self.input.arguments.push(("moved".to_owned(), moved));
        }
        for one in chosen {
            self.bring(one, to, how.moves);
        }
        self.link_to((TICKET, to), FROM, (TICKET, from));
        self.link_to((TICKET, from), INTO, (TICKET, to));
        self.settle(&[(TICKET, to), (TICKET, from)])?;
        Ok(Answer::record(TICKET, to))
    }

    /// The new ticket: of the same type and customer, unless said otherwise.
    fn split_new(&mut self, from: Id, asked: &Map<String, Json>) -> Result<Id> {
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
        self.create_as((TICKET, id), &fields, &[])?;
        Ok(id)
    }

    /// A ticket that is there already, of the same customer.
    fn split_into(&mut self, from: Id, into: Id, asked: &Map<String, Json>) -> Result<Id> {
        if !asked.is_empty() {
            let text = "the ticket is there already: its fields are changed by themselves";
            return Err(Error::field("fields", "unknown_field", text));
        }
        if from == into {
            let text = "a ticket is not split into itself";
            return Err(Error::field("into", "same_record", text));
        }
        self.draft.load(&[(TICKET, into)])?;
        self.other(into)?;
        if party(self.draft.record(TICKET, from)?) != party(self.draft.record(TICKET, into)?) {
            let text =
                "the tickets are of different customers: what one wrote is not shown to the other";
            return Err(Error::new(ErrorKind::Conflict, "other_party", text));
        }
        self.input.target = Some((TICKET, into));
        Ok(into)
    }

    /// Puts an entry on the other ticket. One that moves keeps its id, and a link takes its place.
    fn bring(&mut self, one: Chosen, to: Id, moves: bool) {
        let Chosen { owner, mut entry } = one;
        if let EntryBody::Message {
            channel,
            external_id: Some(external),
            ..
        } = &entry.body
        {
            // What is answered to it belongs to the other ticket.
            self.point_message(channel, external, (TICKET, to));
        }
        if !moves {
            entry.id = self.allot.id(self.ground.now);
            self.draft.add_entry(TICKET, to, entry, None);
            return;
        }
        let body = EntryBody::Link {
            relation: MOVED.to_owned(),
            kind: TICKET,
            to,
        };
        let link = Entry {
            id: entry.id,
            at: entry.at,
            author: entry.author.clone(),
            body,
        };
        self.draft.add_entry(TICKET, owner, link, None);
        self.draft.add_entry(TICKET, to, entry, None);
    }

    /// The chosen entries of a ticket, in the order they were made. Copies may be made of what was
    /// merged into it, too.
    fn chosen_entries(&mut self, from: Id, how: &Split) -> Result<Vec<Chosen>> {
        let chosen: BTreeSet<Id> = how.entries.iter().copied().collect();
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
        let mut wanted = Vec::new();
        for entry in &chosen {
            let of = |owner: &Id| (*owner, (Table::Entries, keys::entry(*owner, *entry)));
            wanted.extend(owners.iter().map(of));
        }
        let mut found: Vec<Chosen> = Vec::new();
        for part in wanted.chunks(crate::store::MAX_RANGE_ROWS) {
            let rows: Vec<_> = part.iter().map(|(_, key)| key.clone()).collect();
            for ((owner, _), row) in part.iter().zip(snapshot.get_many(&rows)?) {
                let Some(row) = row else { continue };
                let entry = codec::decode::<StoredEntry>(&row.bytes)?.entry;
                let owner = *owner;
                found.push(Chosen { owner, entry });
            }
        }
        found.retain(|one| speaks(&one.entry));
        found.sort_by_key(|one| one.entry.id);
        found.dedup_by_key(|one| one.entry.id);
        if found.len() < chosen.len() {
            let text = "one of them is no comment, message or file of the ticket";
            return Err(Error::field("entries", "unknown_entry", text));
        }
        if how.moves && found.iter().any(|one| one.owner != from) {
            let text = "one of them is of a ticket that was merged into this one: undo that merge, or copy it";
            return Err(Error::field("entries", "merged", text));
        }
        Ok(found)
    }
}

fn speaks(entry: &Entry) -> bool {
    matches!(
        entry.body,
        EntryBody::Comment { .. } | EntryBody::Message { .. } | EntryBody::Attachment { .. }
    )
}
