//! Watching a record: agents and contacts who hear of what rules tell `watchers`.

use super::{Answer, Deciding};
use crate::desk::journal::By;
use crate::desk::sight::Sight;
use crate::desk::{Actor, Error, ErrorKind, Result};
use crate::domain::field::MAX_LIST_VALUES;
use crate::domain::record::fields::ACCOUNT;
use crate::domain::{Id, Kind, Value};

/// Agents who watch.
pub const AGENTS: &str = "watchers";
/// Contacts who watch.
pub const CONTACTS: &str = "watching_contacts";

impl Deciding<'_, '_> {
    /// Lets somebody watch a record, or no more.
    pub(super) fn watch(
        &mut self,
        (kind, id): (Kind, Id),
        who: Option<(Kind, &str)>,
        on: bool,
    ) -> Result<Answer> {
        // Whoever may look may watch; for others it is a change.
        self.seen_target(kind, id)?;
        if who.is_some() {
            self.permit_change(kind, id)?;
        }
        if !kind.has_entries() {
            let text = format!("nobody watches a {}", kind.name());
            return Err(Error::field("kind", "no_watchers", text));
        }
        let who = self.watcher(who)?;
        let field = match who.0 {
            Kind::Contact => CONTACTS,
            _ => AGENTS,
        };
        if on && who.0 == Kind::Contact && !self.contact_sees(who.1, (kind, id))? {
            let text = "the contact may not see the record, so it cannot watch it";
            return Err(Error::field("contact", "cannot_see", text));
        }
        let mut all = match self.draft.record(kind, id)?.get(field) {
            Some(Value::List(all)) => all.clone(),
            _ => Vec::new(),
        };
        all.retain(|one| one.as_ref_id() != Some(who.1));
        if on {
            all.push(Value::Ref(who.1));
        }
        if MAX_LIST_VALUES < all.len() {
            let text = format!("more than {MAX_LIST_VALUES} would watch");
            return Err(Error::new(ErrorKind::Limit, "too_many_watchers", text));
        }
        let value = Some(Value::List(all)).filter(Value::is_filled);
        self.draft.set(kind, id, field, value, By::Asked);
        self.settle(&[(kind, id)])?;
        Ok(Answer::record(kind, id))
    }

    /// Who is to watch: whoever asks, if nobody is named. A customer names nobody else.
    fn watcher(&mut self, who: Option<(Kind, &str)>) -> Result<(Kind, Id)> {
        let Some((kind, name)) = who else {
            return self.actor.record().ok_or_else(|| {
                let text = "the token belongs to nobody: say which agent or contact shall watch";
                Error::new(ErrorKind::Conflict, "nobody", text)
            });
        };
        let id = match name.parse::<Id>() {
            Ok(id) => Some(id),
            Err(_) if self.actor.is_contact() => None,
            Err(_) => self
                .by_code(kind, name)?
                .as_ref()
                .and_then(Value::as_ref_id),
        };
        let found = id.map(|id| (kind, id));
        if self.actor.is_contact() && found != self.actor.record() {
            return Err(Error::forbidden("a contact watches for itself only"));
        }
        let unknown = || {
            Error::field(
                kind.name(),
                "unknown_record",
                "there is nobody of that name",
            )
        };
        let found = found.ok_or_else(unknown)?;
        self.draft.load(&[found])?;
        let seen = match self.draft.peek(found.0, found.1) {
            Some(record) => self.sight.may_refer(record)?,
            None => false,
        };
        seen.then_some(found).ok_or_else(unknown)
    }

    /// Whether a contact may see a record, by its organisation and the rules of access.
    pub(super) fn contact_sees(&mut self, contact: Id, place: (Kind, Id)) -> Result<bool> {
        self.draft.load(&[(Kind::Contact, contact)])?;
        let person = self.draft.peek(Kind::Contact, contact);
        let Some(account) = person.and_then(|p| p.reference(ACCOUNT)) else {
            return Ok(false);
        };
        let actor = Actor::Contact { contact, account };
        Sight::new(self.ground, &actor).sees(self.draft.record(place.0, place.1)?)
    }
}
