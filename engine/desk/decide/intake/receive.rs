//! What arrives through a channel: onto the record it answers, or into a new inquiry. The same event
//! twice has no effect.

use serde_json::{Map, Value as Json, json};

use super::carry::{held_by, holder, message_guard};
use crate::desk::decide::entries::{check_text, short};
use crate::desk::decide::{Answer, Deciding};
use crate::desk::intake::Interaction;
use crate::desk::{Error, Result, keys, lookup};
use crate::domain::builtin::DRAFT;
use crate::domain::entry::{Direction, EntryBody};
use crate::domain::{Id, Kind, Value, record::fields};
use crate::store::{Expect, Key, Table};

/// Events of a call that an agent takes part in.
const OF_AN_AGENT: [&str; 2] = ["ringing", ANSWERED];
/// Somebody took the call.
const ANSWERED: &str = "answered";
/// The event of a plain message.
const MESSAGE: &str = "message";
/// Longest title made of a text, in characters.
const MAX_TITLE_CHARS: usize = 120;

impl Deciding<'_, '_> {
    pub(in crate::desk::decide) fn receive(&mut self, event: &Interaction) -> Result<Answer> {
        self.actor.require_agent("recording an interaction")?;
        short("channel", &event.channel, 32)?;
        short("event", &event.event, 32)?;
        if let Some(external) = &event.external_id {
            short("external_id", external, 500)?;
        }
        if self.is_known(event)? {
            return self.known_already(event);
        }
        if let Some(mail) = &event.mail
            && let Some(answer) = self.by_nature(event, mail)?
        {
            return Ok(answer);
        }
        let place = self.place_of_event(event)?;
        let agent = self.agent_of(event)?;
        let place = match place {
            Some(place) => self.on_record(event, place, agent)?,
            None => match self.new_inquiry(event, agent)? {
                Some(id) => (Kind::Inquiry, id),
                None => {
                    self.result = Some(json!({ "inquiry": null }).to_string());
                    self.mark_event(event, None);
                    return Ok(Answer::nothing(agent.unwrap_or(Id::MIN)));
                }
            },
        };
        self.mark_event(event, Some(place));
        self.note_answer(event, place)?;
        self.add_message(event, place)?;
        if let Some(mail) = &event.mail {
            self.add_files(place, &mail.files)?;
        }
        let mut became = place;
        if place.0 == Kind::Inquiry && self.is_for_rules(place.1) {
            became = self.route_by_itself(place.1)?.unwrap_or(place);
        }
        self.input.target = Some(place);
        if self.result.is_none() {
            let result =
                (became != place).then(|| json!({"kind": became.0.name(), "id": became.1}));
            let inquiry = (place.0 == Kind::Inquiry).then_some(place.1);
            let told = json!({"inquiry": inquiry, "result": result, "parties": []});
            self.result = Some(told.to_string());
        }
        self.settle(&[place, became])?;
        Ok(Answer::record(became.0, became.1))
    }

    /// Whether the event was recorded before.
    fn is_known(&mut self, event: &Interaction) -> Result<bool> {
        let Some(key) = event_guard(event) else {
            return Ok(false);
        };
        Ok(self.draft.snapshot.get(Table::Guards, &key)?.is_some())
    }

    /// The answer to an event that was recorded before: where it lies.
    fn known_already(&mut self, event: &Interaction) -> Result<Answer> {
        let place = match &event.external_id {
            Some(external) => self.holder_of(&event.channel, external)?,
            None => None,
        };
        let told = place.map(|(kind, id)| json!({"kind": kind.name(), "id": id}));
        let told = json!({"duplicate": true, "inquiry": null, "result": told, "parties": []});
        self.result = Some(told.to_string());
        Ok(match place {
            Some((kind, id)) => Answer::record(kind, id),
            None => Answer::nothing(Id::MIN),
        })
    }

    /// The record that an event is about: the one it names, or whose conversation it goes on with.
    fn place_of_event(&mut self, event: &Interaction) -> Result<Option<(Kind, Id)>> {
        if let Some((kind, id)) = event.record {
            self.target(kind, id)?;
            if !kind.has_messages() {
                let why = format!("a {} has no messages; comment on it", kind.name());
                return Err(Error::field("record", "no_messages", why));
            }
            return Ok(Some((kind, id)));
        }
        for known in [&event.external_id, &event.in_reply_to]
            .into_iter()
            .flatten()
        {
            if let Some((kind, id)) = self.holder_of(&event.channel, known)? {
                self.draft.load(&[(kind, id)])?;
                if self.draft.peek(kind, id).is_some() {
                    let place = self.where_merged((kind, id))?;
                    self.settle_in(place.0, place.1)?;
                    return Ok(Some(place));
                }
            }
        }
        let Some(mail) = &event.mail else {
            return Ok(None);
        };
        let place = match self.place_by_references(mail)? {
            Some(place) => Some(place),
            None => self.place_by_number(event, mail)?,
        };
        if let Some((kind, id)) = place {
            self.settle_in(kind, id)?;
        }
        Ok(place)
    }

    fn holder_of(&self, channel: &str, external_id: &str) -> Result<Option<(Kind, Id)>> {
        let key = message_guard(channel, external_id);
        let row = self.draft.snapshot.get(Table::Guards, &key)?;
        Ok(row.and_then(|row| held_by(&row.bytes)))
    }

    /// Notes that the event was recorded, and where what follows it belongs.
    pub(super) fn mark_event(&mut self, event: &Interaction, place: Option<(Kind, Id)>) {
        let Some(external) = &event.external_id else {
            return;
        };
        let bytes = place.map(holder).unwrap_or_default();
        let own = event_guard(event).unwrap_or_default();
        let message = message_guard(&event.channel, external);
        let rows = &mut self.draft.rows;
        if own != message
            && let Some(place) = place
        {
            rows.put.push((Table::Guards, message, holder(place)));
        }
        rows.expect
            .push((Table::Guards, own.clone(), Expect::Absent));
        rows.put.push((Table::Guards, own, bytes));
    }

    fn agent_of(&mut self, event: &Interaction) -> Result<Option<Id>> {
        let Some(name) = event.agent.as_deref().filter(|a| !a.is_empty()) else {
            return Ok(None);
        };
        let id = match name.parse::<Id>() {
            Ok(id) => Some(id),
            Err(_) => lookup::by_unique(&*self.draft.snapshot, Kind::Agent, &Value::from(name))?,
        };
        let id = id.ok_or_else(|| {
            let short: String = name.chars().take(64).collect();
            Error::field(
                "agent",
                "unknown_record",
                format!("there is no agent `{short}`"),
            )
        })?;
        self.draft.load(&[(Kind::Agent, id)])?;
        self.draft.record(Kind::Agent, id)?;
        Ok(Some(id))
    }

    /// An event on a record that there is: whoever answers a call takes its inquiry.
    fn on_record(
        &mut self,
        event: &Interaction,
        place: (Kind, Id),
        agent: Option<Id>,
    ) -> Result<(Kind, Id)> {
        if place.0 == Kind::Inquiry && event.event == ANSWERED && agent.is_some() {
            let open = self
                .draft
                .record(place.0, place.1)?
                .get(fields::CLOSED_AT)
                .is_none();
            if open {
                self.set_engine(place.1, fields::ASSIGNEE, agent.map(Value::Ref));
            }
        }
        Ok(place)
    }

    /// A new inquiry; none for a call of an agent who does not want the intake to open.
    fn new_inquiry(&mut self, event: &Interaction, agent: Option<Id>) -> Result<Option<Id>> {
        let live = OF_AN_AGENT.contains(&event.event.as_str()) && agent.is_some();
        if let (true, Some(agent)) = (live, agent) {
            let wants = self.draft.record(Kind::Agent, agent)?.get("intake_on_call");
            if wants.and_then(Value::as_bool) != Some(true) {
                return Ok(None);
            }
        }
        let mut asked = event.fields.clone();
        let told = |asked: &mut Map<String, Json>, name: &str, value: Json| {
            if !value.is_null() && !asked.contains_key(name) {
                asked.insert(name.to_owned(), value);
            }
        };
        told(&mut asked, fields::TITLE, Json::String(title_of(event)));
        told(&mut asked, "channel", json!(event.channel));
        told(&mut asked, "source_ref", json!(event.external_id));
        told(&mut asked, fields::TYPE, json!(event.type_code));
        told(&mut asked, "received_at", json!(event.received_at));
        if !event.text.trim().is_empty() {
            let text: String = event.text.chars().take(20_000).collect();
            told(&mut asked, "description", Json::String(text));
        }
        if let Some(from) = &event.from {
            let (name, address) = sender(from);
            told(&mut asked, reached_by(address), json!([address]));
            told(&mut asked, "person", json!(name));
        }
        let id = self.take_down(&asked, event.origin)?;
        if let Some(agent) = agent {
            let held = self
                .draft
                .record(Kind::Inquiry, id)?
                .get(fields::ASSIGNEE)
                .is_some();
            if !held {
                self.set_engine(id, fields::ASSIGNEE, Some(Value::Ref(agent)));
            }
        }
        if live {
            self.begin_draft(id);
        }
        Ok(Some(id))
    }

    /// Notes on an inquiry when its call was answered first: since then the caller talks to somebody.
    fn note_answer(&mut self, event: &Interaction, (kind, id): (Kind, Id)) -> Result<()> {
        if kind != Kind::Inquiry || event.event != ANSWERED {
            return Ok(());
        }
        let inquiry = self.draft.record(kind, id)?;
        if inquiry.get("answered_at").is_none() && inquiry.get(fields::CLOSED_AT).is_none() {
            let now = Some(Value::Instant(self.ground.now));
            self.set_engine(id, "answered_at", now);
        }
        Ok(())
    }

    fn add_message(&mut self, event: &Interaction, (kind, id): (Kind, Id)) -> Result<()> {
        // A call need not be told in words.
        let text = if event.text.trim().is_empty() {
            event.event.clone()
        } else {
            event.text.clone()
        };
        check_text("text", &text)?;
        if event.subject.len() > 1_000 {
            let message = "is over the limit of 1000 bytes";
            return Err(Error::field("subject", "too_long", message));
        }
        let body = EntryBody::Message {
            channel: event.channel.clone(),
            direction: event.direction,
            subject: event.subject.clone(),
            text,
            external_id: event.external_id.clone(),
        };
        self.add_own_entry(kind, id, body);
        self.interaction(kind, id)
    }

    /// Whether an inquiry may be handled without a person: nobody is taking it down.
    fn is_for_rules(&self, id: Id) -> bool {
        self.draft
            .peek(Kind::Inquiry, id)
            .is_some_and(|r| r.get(fields::CLOSED_AT).is_none() && r.status() != Some(DRAFT))
            && self.draft.is_new(id)
    }
}

/// The guard of an event. That of a plain message is the message's own.
fn event_guard(event: &Interaction) -> Option<Key> {
    let external = event.external_id.as_deref()?;
    if event.event == MESSAGE {
        return Some(message_guard(&event.channel, external));
    }
    use sha2::Digest;
    let bytes = format!("{}\0{external}\0{}", event.channel, event.event);
    let hash = sha2::Sha256::digest(bytes.as_bytes());
    Some(keys::named_guard("interaction", &hash))
}

/// The name and the address of a sender: `Anna <anna@mill.example>`.
fn sender(from: &str) -> (Option<&str>, &str) {
    let Some((name, rest)) = from.split_once('<') else {
        return (None, from.trim());
    };
    let name = name.trim().trim_matches('"').trim();
    let address = rest.trim_end().trim_end_matches('>').trim();
    ((!name.is_empty()).then_some(name), address)
}

/// The field in which an address is kept.
fn reached_by(from: &str) -> &'static str {
    let digits = from.chars().filter(char::is_ascii_digit).count();
    if from.contains('@') && from.contains('.') {
        "mails"
    } else if digits >= 5 && !from.chars().any(char::is_alphabetic) {
        "phones"
    } else {
        "other_contacts"
    }
}

/// What an inquiry is called when nobody says: its subject, else the beginning of its text, else who
/// it comes from.
fn title_of(event: &Interaction) -> String {
    let first = event.text.lines().map(str::trim).find(|l| !l.is_empty());
    let from = event.from.as_deref().unwrap_or(&event.channel);
    let subject = Some(event.subject.trim()).filter(|s| !s.is_empty());
    let title = subject.or(first).unwrap_or(from);
    title.chars().take(MAX_TITLE_CHARS).collect()
}

impl Interaction {
    /// A plain message that came in.
    #[must_use]
    pub fn message(channel: &str, text: &str) -> Self {
        Self {
            channel: channel.to_owned(),
            event: MESSAGE.to_owned(),
            direction: Direction::In,
            external_id: None,
            in_reply_to: None,
            from: None,
            subject: String::new(),
            text: text.to_owned(),
            agent: None,
            record: None,
            origin: None,
            type_code: None,
            received_at: None,
            fields: Map::new(),
            mail: None,
        }
    }
}
