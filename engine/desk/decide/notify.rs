//! Messages that wait to leave the process.

use super::Deciding;
use super::rules::Ruled;
use crate::desk::Result;
use crate::desk::view::OutboxItem;
use crate::domain::{Id, Kind, Record, Value, record::fields};

/// Most members of a team that one message goes to.
const MAX_MEMBERS: usize = 50;

impl Deciding<'_, '_> {
    /// Queues a message of a rule; when there is nobody to send it to, the journal says so.
    pub(super) fn notify(
        &mut self,
        ruled: &Ruled,
        about: (Kind, Id),
        to: &str,
        channel: &str,
        subject: &str,
        text: &str,
    ) -> Result<()> {
        let rule = ruled.rule.id();
        let addresses = match to {
            "team" => self.team_addresses(about)?,
            _ => self.address(about, to)?.into_iter().collect(),
        };
        if addresses.is_empty() {
            let note = format!("notify_skipped:no_address:{to}:{rule}");
            self.draft.notes.push(note);
        }
        for address in addresses {
            self.queue(about, channel, &address, subject, text, &rule);
        }
        Ok(())
    }

    /// The address of the record's team; a team without one is reached by its members who are at
    /// work.
    fn team_addresses(&mut self, about: (Kind, Id)) -> Result<Vec<String>> {
        let record = self.draft.record(about.0, about.1)?;
        let Some(team) = record.reference(fields::TEAM) else {
            return Ok(Vec::new());
        };
        self.draft.load(&[(Kind::Team, team)])?;
        if let Some(mail) = self.draft.peek(Kind::Team, team).and_then(mail_of) {
            return Ok(vec![mail]);
        }
        let service = std::sync::Arc::clone(&self.ground.service);
        let members = service.agents.iter().map(|agent| &agent.profile);
        let members = members.filter(|profile| profile.team == Some(team));
        let members: Vec<(Kind, Id)> = members
            .take(MAX_MEMBERS)
            .map(|profile| (Kind::Agent, profile.id))
            .collect();
        self.draft.load(&members)?;
        let mails = members
            .iter()
            .filter_map(|(kind, id)| self.draft.peek(*kind, *id).and_then(mail_of));
        Ok(mails.collect())
    }

    /// The address that `contact`, `assignee` or a literal address stands for.
    fn address(&mut self, about: (Kind, Id), to: &str) -> Result<Option<String>> {
        let record = self.draft.record(about.0, about.1)?;
        let person = match to {
            "contact" => record
                .reference(fields::CONTACT)
                .map(|id| (Kind::Contact, id)),
            "assignee" => record
                .reference(fields::ASSIGNEE)
                .map(|id| (Kind::Agent, id)),
            _ => return Ok(to.contains('@').then(|| to.to_owned())),
        };
        let Some((kind, id)) = person else {
            return Ok(None);
        };
        self.draft.load(&[(kind, id)])?;
        Ok(self.draft.peek(kind, id).and_then(mail_of))
    }

    /// The customer's mail address, if there is one.
    pub(super) fn customer_address(&mut self, about: (Kind, Id)) -> Result<Option<String>> {
        self.address(about, "contact")
    }

    /// Puts an item into the outbox.
    pub(super) fn queue(
        &mut self,
        about: (Kind, Id),
        channel: &str,
        to: &str,
        subject: &str,
        text: &str,
        rule: &str,
    ) {
        let id = self.allot.id(self.ground.now);
        self.draft.outbox.push(OutboxItem {
            id,
            at: self.ground.now,
            kind: about.0,
            record: about.1,
            channel: channel.to_owned(),
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: text.to_owned(),
            rule: rule.to_owned(),
        });
    }
}

fn mail_of(person: &Record) -> Option<String> {
    let first = match person.get("mails") {
        Some(Value::List(mails)) => mails.first().and_then(Value::as_text),
        _ => person.text("mail"),
    };
    first.filter(|m| m.contains('@')).map(str::to_owned)
}
