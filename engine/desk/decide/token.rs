//! Access tokens.

use super::{Answer, Deciding};
use crate::desk::view::Token;
use crate::desk::{Actor, Error, Result, codec, keys};
use crate::domain::{Id, Kind, record::fields};
use crate::store::{Expect, Table};

impl Deciding<'_, '_> {
    pub(super) fn create_token(
        &mut self,
        actor: &Actor,
        note: &str,
        hash: [u8; 32],
    ) -> Result<Answer> {
        self.actor.require_admin("making a token")?;
        if note.len() > 200 {
            return Err(Error::field(
                "note",
                "too_long",
                "is over the limit of 200 bytes",
            ));
        }
        let actor = self.bound(actor)?;
        let id = self.allot.id(self.ground.now);
        let token = Token {
            id,
            actor,
            note: note.to_owned(),
            created_at: self.ground.now,
        };
        let key = hash.to_vec();
        self.draft
            .rows
            .expect
            .push((Table::Tokens, key.clone(), Expect::Absent));
        self.draft
            .rows
            .put
            .push((Table::Tokens, key, codec::encode(&token)?));
        let by_id = keys::named_guard("token", id.as_bytes());
        self.draft
            .rows
            .put
            .push((Table::Guards, by_id, hash.to_vec()));
        Ok(Answer {
            kind: None,
            id,
            entry: None,
        })
    }

    /// The person a token acts for must exist; a contact's account is the contact's own.
    fn bound(&mut self, actor: &Actor) -> Result<Actor> {
        let (kind, id) = match actor {
            Actor::Admin { agent: None } | Actor::Agent { agent: None } => return Ok(actor.clone()),
            Actor::Admin { agent: Some(id) } | Actor::Agent { agent: Some(id) } => {
                (Kind::Agent, *id)
            }
            Actor::Contact { contact, .. } => (Kind::Contact, *contact),
            Actor::System | Actor::Rule { .. } | Actor::Visitor => {
                return Err(Error::field(
                    "role",
                    "malformed",
                    "expected admin, agent or contact",
                ));
            }
        };
        self.draft.load(&[(kind, id)])?;
        let Some(person) = self.draft.peek(kind, id) else {
            let text = format!("there is no {} `{id}`", kind.name());
            return Err(Error::field(kind.name(), "unknown_record", text));
        };
        if kind != Kind::Contact {
            return Ok(actor.clone());
        }
        let account = person.reference(fields::ACCOUNT).ok_or_else(|| {
            Error::field("contact", "no_account", "the contact belongs to no account")
        })?;
        Ok(Actor::Contact {
            contact: id,
            account,
        })
    }

    pub(super) fn revoke_token(&mut self, id: Id) -> Result<Answer> {
        self.actor.require_admin("revoking a token")?;
        let by_id = keys::named_guard("token", id.as_bytes());
        let row = self
            .draft
            .snapshot
            .get(Table::Guards, &by_id)?
            .ok_or_else(Error::not_found)?;
        self.draft
            .rows
            .expect
            .push((Table::Guards, by_id.clone(), Expect::Version(row.version)));
        self.draft.rows.delete.push((Table::Guards, by_id));
        self.draft.rows.delete.push((Table::Tokens, row.bytes));
        Ok(Answer {
            kind: None,
            id,
            entry: None,
        })
    }
}
