//! A draft of an article from a ticket: its question and its solution, and nothing that only agents see.

use serde_json::{Map, Value as Json};

use super::{Answer, Deciding};
use crate::desk::{Error, Result};
use crate::domain::record::fields::{CONTACT, TITLE};
use crate::domain::{Id, Kind, Value};

const TICKET: Kind = Kind::Ticket;
/// Meaning of the link to the ticket.
const FROM: &str = "made_from";
/// Meaning of the link to the article.
const INTO: &str = "made_into";

impl Deciding<'_, '_> {
    pub(super) fn make_article(&mut self, ticket: Id, asked: &Map<String, Json>) -> Result<Answer> {
        self.actor.require_agent("writing an article")?;
        self.actor.require_write(Kind::Article)?;
        self.seen_target(TICKET, ticket)?;
        let fields = self.told_by(ticket, asked)?;
        let id = self.allot.id(self.ground.now);
        self.input.target = Some((Kind::Article, id));
        self.input
            .arguments
            .push(("from".to_owned(), Value::Ref(ticket)));
        let known = [("source_ticket", Value::Ref(ticket))];
        self.create_as((Kind::Article, id), &fields, &known)?;
        self.link_to((Kind::Article, id), FROM, (TICKET, ticket));
        self.link_to((TICKET, ticket), INTO, (Kind::Article, id));
        self.settle(&[(Kind::Article, id), (TICKET, ticket)])?;
        Ok(Answer::record(Kind::Article, id))
    }

    /// What a ticket tells an article, beside what was asked for.
    fn told_by(&mut self, ticket: Id, asked: &Map<String, Json>) -> Result<Map<String, Json>> {
        let mut fields = asked.clone();
        let mut tell = |name: &str, value: Option<Value>| {
            if let Some(value) = value.filter(|_| !asked.contains_key(name)) {
                fields.insert(name.to_owned(), value.to_json());
            }
        };
        tell(TITLE, self.open_value(ticket, TITLE)?);
        tell("category", self.open_value(ticket, "category")?);
        if let Some(Value::List(products)) = self.open_value(ticket, "products")? {
            tell("product", products.into_iter().next());
        }
        let contact = self.draft.record(TICKET, ticket)?.reference(CONTACT);
        if let Some(contact) = contact {
            self.draft.load(&[(Kind::Contact, contact)])?;
            let contact = self.draft.peek(Kind::Contact, contact);
            tell("locale", contact.and_then(|c| c.get("locale").cloned()));
        }
        if asked.contains_key("body") {
            return Ok(fields);
        }
        let question = self.open_value(ticket, "description")?;
        let Some(solution) = self
            .open_value(ticket, "solution")?
            .filter(Value::is_filled)
        else {
            let text =
                "the ticket has no solution yet: write it down, or give the article's `body`";
            return Err(Error::field("solution", "solution_missing", text));
        };
        let parts = question.iter().chain([&solution]);
        let parts: Vec<&str> = parts.filter_map(Value::as_text).collect();
        fields.insert("body".to_owned(), Json::String(parts.join("\n\n")));
        Ok(fields)
    }

    /// A value of the ticket, unless it is only for agents or kept from whoever asks.
    fn open_value(&self, ticket: Id, name: &str) -> Result<Option<Value>> {
        let record = self.draft.record(TICKET, ticket)?;
        let catalog = &self.ground.catalog;
        let Some(def) = catalog.field(TICKET, record.type_code(), name) else {
            return Ok(None);
        };
        if def.internal || self.sight.hides(TICKET, def)? {
            return Ok(None);
        }
        Ok(record.get(name).cloned())
    }
}
