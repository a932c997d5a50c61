//! What belongs to an inquiry or lead goes with it: messages and files, and the links both ways.

use sha2::Digest;

use crate::desk::decide::Deciding;
use crate::desk::journal::StoredEntry;
use crate::desk::{Result, codec, keys};
use crate::domain::entry::{Entry, EntryBody};
use crate::domain::{Id, Kind};
use crate::store::{Key, Table};

/// Most messages and files that are carried over.
const MAX_ENTRIES: usize = 500;

/// The guard of a channel's message: it leads to the record that the message lies on.
pub fn message_guard(channel: &str, external_id: &str) -> Key {
    let bytes = format!("{channel}\0{external_id}");
    keys::named_guard("message", &sha2::Sha256::digest(bytes.as_bytes()))
}

/// What such a guard holds.
pub fn holder((kind, id): (Kind, Id)) -> Vec<u8> {
    let mut bytes = id.0.to_vec();
    bytes.push(kind as u8);
    bytes
}

/// The record that a guard leads to; none for those of builds that did not keep the kind.
pub fn held_by(bytes: &[u8]) -> Option<(Kind, Id)> {
    let (id, kind) = bytes.split_at_checked(16)?;
    Some((Kind::from_u8(*kind.first()?)?, Id::from_slice(id)?))
}

impl Deciding<'_, '_> {
    /// Copies the messages and files of an inquiry or lead to what became of it. Later messages of the same
    /// conversation find their way there.
    pub(super) fn carry_entries(&mut self, source: Id, to: (Kind, Id)) -> Result<()> {
        let mut all: Vec<Entry> = Vec::new();
        if !self.draft.is_new(source) {
            let (from, end) = keys::owned(source);
            let snapshot = std::sync::Arc::clone(&self.draft.snapshot);
            let rows = snapshot.range(Table::Entries, &from, &end, false, MAX_ENTRIES)?;
            for (_, row) in rows {
                let stored: StoredEntry = codec::decode(&row.bytes)?;
                all.push(stored.entry);
            }
        }
        let added = self.draft.entries.iter();
        let added = added.filter(|(_, owner, _)| *owner == source);
        all.extend(added.map(|(stored, ..)| stored.entry.clone()));
        for mut entry in all {
            match &entry.body {
                EntryBody::Message {
                    channel,
                    external_id: Some(external),
                    ..
                } => self.point_message(channel, external, to),
                EntryBody::Message { .. } | EntryBody::Attachment { .. } => {}
                EntryBody::Comment { .. } | EntryBody::Link { .. } | EntryBody::Consumption(_) => {
                    continue;
                }
            }
            entry.id = self.allot.id(self.ground.now);
            self.draft.add_entry(to.0, to.1, entry, None);
        }
        Ok(())
    }

    /// Has a message's guard lead to a record.
    pub(in crate::desk::decide) fn point_message(
        &mut self,
        channel: &str,
        external_id: &str,
        to: (Kind, Id),
    ) {
        let key = message_guard(channel, external_id);
        let rows = &mut self.draft.rows.put;
        rows.retain(|(table, k, _)| *table != Table::Guards || *k != key);
        rows.push((Table::Guards, key, holder(to)));
    }

    pub(in crate::desk::decide) fn link_to(
        &mut self,
        from: (Kind, Id),
        relation: &str,
        to: (Kind, Id),
    ) {
        let body = EntryBody::Link {
            relation: relation.to_owned(),
            kind: to.0,
            to: to.1,
        };
        self.add_own_entry(from.0, from.1, body);
    }
}
