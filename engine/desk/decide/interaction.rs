//! What follows from a comment or message: the clocks, and `interaction.event`. What rules write
//! themselves is no interaction and wakes nobody.

use std::sync::Arc;

use super::Deciding;
use crate::desk::{Error, Result};
use crate::domain::entry::{Direction, Entry, EntryBody, Visibility};
use crate::domain::{Id, Kind};
use crate::hooks::{Detail, EntryView, Hook};

impl Deciding<'_, '_> {
    /// Tells clocks and rules of the comment or message that was just added.
    pub(super) fn interaction(&mut self, kind: Kind, id: Id) -> Result<()> {
        let added = self.draft.entries.last();
        let Some((stored, ..)) = added else {
            return Err(Error::internal("no entry was added"));
        };
        let Some(view) = view(&stored.entry, self.actor.role()) else {
            return Ok(());
        };
        let entry = Arc::new(view);
        if kind == Kind::Ticket && self.has_clock_rules(id) {
            // What satisfies the reaction is for the pack to say.
            self.clock_rules(id, "interaction", Some(Arc::clone(&entry)))?;
        } else if let Some(cause) = answer(&entry) {
            self.answered(kind, id, &cause)?;
        }
        let detail = Detail::Interaction { entry };
        self.rules_with_effects(Hook::InteractionEvent, kind, id, &detail)
    }
}

/// What an entry is called when it answers the customer: a message that went out, or a comment that
/// the customer sees and did not write.
fn answer(entry: &EntryView) -> Option<String> {
    match entry.form {
        "message" => (entry.direction == "out").then(|| format!("message:{}", entry.channel)),
        _ => (entry.visibility == "public" && entry.author != "contact")
            .then(|| "comment".to_owned()),
    }
}

fn view(entry: &Entry, author: &str) -> Option<EntryView> {
    let mut view = EntryView {
        id: entry.id,
        at: entry.at,
        form: "comment",
        author: author.to_owned(),
        channel: String::new(),
        direction: "",
        visibility: "public",
        subject: String::new(),
        text: String::new(),
    };
    match &entry.body {
        EntryBody::Comment { visibility, text } => {
            view.visibility = match visibility {
                Visibility::Public => "public",
                Visibility::Internal => "internal",
            };
            view.text.clone_from(text);
        }
        EntryBody::Message {
            channel,
            direction,
            subject,
            text,
            ..
        } => {
            view.form = "message";
            view.channel.clone_from(channel);
            view.direction = match direction {
                Direction::In => "in",
                Direction::Out => "out",
            };
            view.subject.clone_from(subject);
            view.text.clone_from(text);
        }
        EntryBody::Attachment { .. } | EntryBody::Link { .. } | EntryBody::Consumption(_) => {
            return None;
        }
    }
    Some(view)
}
