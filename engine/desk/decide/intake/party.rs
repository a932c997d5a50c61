//! Parties of an inquiry: those that there are, and those that are registered with it.

use serde_json::{Map, Value as Json};

use crate::desk::decide::{Answer, Deciding};
use crate::desk::intake::Acceptance;
use crate::desk::journal::By;
use crate::desk::{Error, ErrorKind, Result};
use crate::domain::{Id, Kind, Record, Value, record::fields};

/// What an inquiry tells of a party, by the name of the party's field.
const HINTS: [&str; 4] = ["inn", "phones", "mails", "other_contacts"];

/// An organisation and a person; both or one of them.
pub type Party = (Option<Id>, Option<Id>);

impl Deciding<'_, '_> {
    /// Registers the sender of an inquiry, and notes on the inquiry who it is.
    pub(in crate::desk::decide) fn register(
        &mut self,
        id: Id,
        account: Option<&Map<String, Json>>,
        contact: Option<&Map<String, Json>>,
    ) -> Result<Answer> {
        self.actor.require_agent("registering a party")?;
        self.target(Kind::Inquiry, id)?;
        let ask = Acceptance {
            new_account: account.cloned(),
            new_contact: contact.cloned(),
            ..Acceptance::default()
        };
        let mut made = Vec::new();
        let (account, contact) = self.party(id, &ask, &mut made)?;
        let Some(last) = made.last().copied() else {
            let message = "say whom to register: `account`, `contact` or both";
            return Err(Error::field("contact", "required", message));
        };
        for (name, party) in [(fields::ACCOUNT, account), (fields::CONTACT, contact)] {
            if let Some(party) = party {
                self.set_engine(id, name, Some(Value::Ref(party)));
            }
        }
        let mut settled = made.clone();
        settled.push((Kind::Inquiry, id));
        self.settle(&settled)?;
        Ok(Answer::record(last.0, last.1))
    }

    /// Whose inquiry it is: as was asked for, as is known, or as is registered now.
    pub(super) fn party(
        &mut self,
        inquiry: Id,
        ask: &Acceptance,
        made: &mut Vec<(Kind, Id)>,
    ) -> Result<Party> {
        let held = self.draft.record(Kind::Inquiry, inquiry)?;
        let mut account = held.reference(fields::ACCOUNT);
        let mut contact = held.reference(fields::CONTACT);
        let named = |name: &str| ask.fields.get(name).is_some_and(|v| !v.is_null());
        let (names_account, names_contact) = (named(fields::ACCOUNT), named(fields::CONTACT));
        if let Some(given) = &ask.new_account {
            let id = self.new_party(inquiry, Kind::Account, given, None)?;
            made.push((Kind::Account, id));
            account = Some(id);
        }
        if let Some(given) = &ask.new_contact {
            let id = self.new_party(inquiry, Kind::Contact, given, account)?;
            made.push((Kind::Contact, id));
            contact = Some(id);
        }
        let known = account.is_some() || contact.is_some() || names_account || names_contact;
        if !known {
            return Err(Error::field(
                fields::CONTACT,
                "party_required",
                "say whose it is: `account` or `contact` among the fields, or `new_account` or \
                 `new_contact`; POST /v1/intake/search finds those that there are",
            ));
        }
        if account.is_none()
            && let Some(person) = contact
        {
            self.draft.load(&[(Kind::Contact, person)])?;
            let person = self.draft.peek(Kind::Contact, person);
            account = person.and_then(|p| p.reference(fields::ACCOUNT));
        }
        Ok((account, contact))
    }

    /// Makes an account or contact of what was given and what the inquiry tells of its sender.
    pub(super) fn new_party(
        &mut self,
        inquiry: Id,
        kind: Kind,
        given: &Map<String, Json>,
        account: Option<Id>,
    ) -> Result<Id> {
        let told = self.draft.record(Kind::Inquiry, inquiry)?.clone();
        self.party_of(&told, kind, account, |deciding, id| {
            deciding.set_asked(kind, id, given)
        })
    }

    /// Makes an account or contact of what a record tells; `more` has the last word.
    pub(super) fn party_of(
        &mut self,
        told: &Record,
        kind: Kind,
        account: Option<Id>,
        more: impl FnOnce(&mut Self, Id) -> Result<()>,
    ) -> Result<Id> {
        self.created += 1;
        if self.created > crate::desk::decide::MAX_CREATED {
            let message = "too many parties are registered at once";
            return Err(Error::new(ErrorKind::Limit, "too_many_created", message));
        }
        let id = self.allot.id(self.ground.now);
        self.begin(kind, id, None, By::Asked)?;
        if let Some(title) = name_of(told, kind) {
            self.draft
                .set(kind, id, fields::TITLE, Some(title), By::Asked);
        }
        // A person is reached by what the person wrote from, not the organisation.
        let of_person = kind == Kind::Account && told.get("person").is_some();
        for hint in HINTS {
            if of_person && hint != "inn" {
                continue;
            }
            // A contact of an organisation has no tax number of its own.
            if crate::domain::builtin::field(kind, hint).is_some() {
                let value = told.get(hint).cloned();
                self.draft.set(kind, id, hint, value, By::Asked);
            }
        }
        if let (Kind::Contact, Some(account)) = (kind, account) {
            let account = Some(Value::Ref(account));
            self.draft
                .set(kind, id, fields::ACCOUNT, account, By::Asked);
        }
        more(self, id)?;
        self.complete(kind, id)?;
        Ok(id)
    }
}

/// What a party is called: its name, else how it is reached.
fn name_of(told: &Record, kind: Kind) -> Option<Value> {
    let names = match kind {
        Kind::Account => ["company", "person"],
        _ => ["person", "company"],
    };
    let name = names.into_iter().find_map(|n| told.get(n).cloned());
    name.or_else(|| {
        let reached = ["phones", "mails", "other_contacts"].into_iter();
        let mut reached = reached.filter_map(|n| match told.get(n) {
            Some(Value::List(items)) => items.first().cloned(),
            _ => None,
        });
        reached.next()
    })
}
