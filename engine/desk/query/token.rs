//! Access tokens, surveys and the outbox.

use chrono::NaiveDate;
use sha2::Digest;

use crate::desk::survey::{Survey, SurveyState};
use crate::desk::{
    Actor, Desk, Error, ErrorKind, OutboxItem, Page, Result, SurveyView, Token, codec, decide, keys,
};
use crate::domain::{Id, Kind, Record, Value, record::fields};
use crate::store::{Snapshot, Table};

impl Desk {
    /// The token with this hash of its secret, if it is valid: a token ends with its person, and when
    /// the customer moves to another account.
    ///
    /// # Errors
    /// When the customer is known and the portal is not open to it (`portal_closed`), or the store
    /// fails.
    pub fn token(&self, hash: &[u8; 32]) -> Result<Option<Token>> {
        let snapshot = self.store.snapshot(None)?;
        let Some(row) = snapshot.get(Table::Tokens, hash)? else {
            return Ok(None);
        };
        let token: Token = codec::decode(&row.bytes)?;
        let today = self.now().date_naive();
        match entry(&*snapshot, &token.actor, today)? {
            Entry::Open => Ok(Some(token)),
            Entry::Ended => Ok(None),
            Entry::PortalClosed => Err(Error::new(
                ErrorKind::Forbidden,
                "portal_closed",
                "the portal is not open to this contact: the desk sets `portal`, `portal_from` and \
                 `portal_to` on its card",
            )),
        }
    }

    /// The tokens, without their secrets.
    ///
    /// # Errors
    /// When the asker is no administrator, or the store fails.
    pub fn tokens(&self, actor: &Actor, cursor: Option<&str>, limit: usize) -> Result<Page<Token>> {
        actor.require_admin("listing tokens")?;
        self.rows(Table::Tokens, cursor, limit, 32)
    }

    /// What waits to leave the process, newest first.
    ///
    /// # Errors
    /// When the asker is no administrator, or the store fails.
    pub fn outbox(
        &self,
        actor: &Actor,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<OutboxItem>> {
        actor.require_admin("reading the outbox")?;
        self.rows(Table::Outbox, cursor, limit, 16)
    }

    /// A page of a table whose keys are this long. What is ordered by time comes newest first.
    fn rows<T: serde::de::DeserializeOwned>(
        &self,
        table: Table,
        cursor: Option<&str>,
        limit: usize,
        key_length: usize,
    ) -> Result<Page<T>> {
        let limit = super::limit(limit)?;
        let newest_first = table == Table::Outbox;
        let cursor = cursor.map(super::unhex).transpose()?;
        if cursor.as_ref().is_some_and(|key| key.len() != key_length) {
            return Err(super::bad_cursor());
        }
        let snapshot = self.store.snapshot(None)?;
        let (mut from, mut to) = (Vec::new(), vec![u8::MAX; 64]);
        match cursor {
            Some(key) if newest_first => to = key,
            Some(mut key) => {
                key.push(0);
                from = key;
            }
            None => {}
        }
        let rows = snapshot.range(table, &from, &to, newest_first, limit)?;
        let next = match rows.last() {
            Some((key, _)) if rows.len() == limit => Some(decide::hex(key)),
            _ => None,
        };
        let items: Result<Vec<T>> = rows
            .iter()
            .map(|(_, row)| codec::decode(&row.bytes))
            .collect();
        Ok(Page {
            items: items?,
            next,
        })
    }

    /// A survey as the person asked sees it, by its token.
    ///
    /// # Errors
    /// When there is none, or the store fails.
    pub fn survey(&self, token: &str) -> Result<SurveyView> {
        let snapshot = self.store.snapshot(None)?;
        let key = keys::named_guard("survey-token", &sha2::Sha256::digest(token.as_bytes()));
        let row = snapshot
            .get(Table::Guards, &key)?
            .ok_or_else(Error::not_found)?;
        let id = Id::from_slice(&row.bytes).ok_or_else(Error::not_found)?;
        let row = snapshot
            .get(Table::Surveys, id.as_bytes())?
            .ok_or_else(Error::not_found)?;
        let survey: Survey = codec::decode(&row.bytes)?;
        let record = read(&*snapshot, survey.kind, survey.record)?;
        let is_there = record.is_some();
        let record = record.unwrap_or_else(|| Record::new(survey.record, Kind::Ticket));
        let locale = locale(&*snapshot, &record)?;
        let now = self.now();
        let catalog = self.ground(snapshot, now, None)?.0.catalog;
        let questions = catalog
            .survey(&survey.template_now(&catalog))
            .map(|d| d.questions.clone());
        Ok(SurveyView {
            number: record.number(),
            title: record.title().to_owned(),
            questions: questions.unwrap_or_default(),
            scale: survey.scale,
            answered: survey.state == SurveyState::Answered,
            is_open: is_there && survey.is_open(now),
            locale,
            expires_at: survey.expires_at.unwrap_or_default(),
        })
    }
}

fn read(snapshot: &dyn Snapshot, kind: Kind, id: Id) -> Result<Option<Record>> {
    let row = snapshot.get(Table::Records, &keys::record(kind, id))?;
    row.map(|row| codec::decode(&row.bytes)).transpose()
}

/// The language of the person a record is for, else of the organisation.
fn locale(snapshot: &dyn Snapshot, record: &Record) -> Result<Option<String>> {
    for (field, kind) in [
        (fields::CONTACT, Kind::Contact),
        (fields::ACCOUNT, Kind::Account),
    ] {
        let Some(id) = record.reference(field) else {
            continue;
        };
        let party = read(snapshot, kind, id)?;
        if let Some(locale) = party.as_ref().and_then(|p| p.text("locale")) {
            return Ok(Some(locale.to_owned()));
        }
    }
    Ok(None)
}

/// Whether the person a token was made for is still let in.
enum Entry {
    Open,
    /// The person is known, and the portal is not open to it.
    PortalClosed,
    /// The token is worth nothing any more.
    Ended,
}

fn entry(snapshot: &dyn Snapshot, actor: &Actor, today: NaiveDate) -> Result<Entry> {
    let kind = if actor.is_contact() {
        Kind::Contact
    } else {
        Kind::Agent
    };
    let Some(id) = actor.id() else {
        return Ok(Entry::Open);
    };
    let Some(row) = snapshot.get(Table::Records, &keys::record(kind, id))? else {
        return Ok(Entry::Ended);
    };
    let person: Record = codec::decode(&row.bytes)?;
    let flag = |field: &str| person.get(field).and_then(Value::as_bool);
    let day = |field: &str| match person.get(field) {
        Some(Value::Date(day)) => Some(*day),
        _ => None,
    };
    let early = day("portal_from").is_some_and(|from| today < from);
    let late = day("portal_to").is_some_and(|to| to < today);
    Ok(match actor {
        Actor::Contact { account, .. } => {
            if person.reference(fields::ACCOUNT) != Some(*account) {
                Entry::Ended
            } else if flag("portal") != Some(true) || early || late {
                Entry::PortalClosed
            } else {
                Entry::Open
            }
        }
        _ if flag("active") == Some(false) => Entry::Ended,
        _ => Entry::Open,
    })
}
