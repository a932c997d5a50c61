//! Messages that wait to leave the process. Each is offered to `notify.compose` before it is queued.

use std::sync::Arc;

use super::Deciding;
use super::entries::short;
use super::rules::Ruled;
use super::update::place;
use super::watch;
use crate::desk::view::OutboxItem;
use crate::desk::{Error, Result};
use crate::domain::party::PartyField;
use crate::domain::{Id, Kind, Record, Value, record::fields};
use crate::hooks::{Detail, Hook, NoticeChoice, NoticeView};

/// Most recipients of one message, and most members of a team who get it.
const MAX_RECIPIENTS: usize = 50;
/// Most bytes of what a message says as HTML.
const MAX_HTML_BYTES: usize = 60_000;

/// What a message says.
pub(super) struct Words<'w> {
    pub(super) channel: &'w str,
    pub(super) subject: &'w str,
    pub(super) text: &'w str,
}

/// A message that rules may still compose.
struct Offered {
    notice: NoticeView,
    /// Its text as HTML, when a rule gave it.
    html: Option<String>,
}

impl Deciding<'_, '_> {
    /// Queues a message of a rule; when there is nobody to send it to, the journal says so.
    pub(super) fn notify(
        &mut self,
        ruled: &Ruled,
        about: (Kind, Id),
        to: &str,
        words: &Words<'_>,
    ) -> Result<()> {
        let rule = ruled.rule.id();
        let mut offered = Vec::new();
        for (address, locale) in self.recipients(about, to)? {
            offered.push(notice(&rule, to, (address, locale), words));
        }
        self.offer(about, offered, &rule)?;
        Ok(())
    }

    /// Queues a message of the engine itself to an address that `to` stood for. How many messages
    /// came of it.
    pub(super) fn notify_from_engine(
        &mut self,
        about: (Kind, Id),
        (source, rule): (&str, &str),
        (to, address): (&str, &str),
        words: &Words<'_>,
    ) -> Result<usize> {
        let known = self.recipients(about, to)?;
        let known = known.into_iter().next().map(|r| r.1);
        let locale = known.unwrap_or_else(|| self.ground.service.language().to_owned());
        let recipient = (Some(address.to_owned()), locale);
        self.offer(about, vec![notice(source, to, recipient, words)], rule)
    }

    /// Queues a message of the engine itself to whoever `to` stands for, in nobody's name but its own.
    pub(super) fn remind(
        &mut self,
        about: (Kind, Id),
        (source, to): (&str, &str),
        words: &Words<'_>,
    ) -> Result<()> {
        let mut offered = Vec::new();
        for recipient in self.recipients(about, to)? {
            offered.push(notice(source, to, recipient, words));
        }
        self.offer(about, offered, source)?;
        Ok(())
    }

    /// Lets the rules compose or suppress messages, one after another, and queues what is left.
    fn offer(&mut self, about: (Kind, Id), pending: Vec<NoticeView>, rule: &str) -> Result<usize> {
        let plain = |notice| Offered { notice, html: None };
        let mut pending: Vec<Offered> = pending.into_iter().map(plain).collect();
        for composer in self.due_rules(Hook::NotifyCompose, about.0, about.1) {
            let mut next = Vec::with_capacity(pending.len());
            for offered in pending {
                let detail = Detail::Notice {
                    notice: Arc::new(offered.notice.clone()),
                };
                match self.call_rule(&composer, about.0, about.1, &detail)? {
                    Ok(Some(ruled)) => next.extend(self.chosen(&ruled, about, offered)?),
                    _ => next.push(offered),
                }
            }
            pending = next;
        }
        let mut queued = 0;
        for offered in pending {
            queued += usize::from(self.post(about, offered, rule));
        }
        Ok(queued)
    }

    /// What a rule makes of a message. One that cannot be sent so goes as it was asked for.
    fn chosen(
        &mut self,
        ruled: &Ruled,
        about: (Kind, Id),
        offered: Offered,
    ) -> Result<Vec<Offered>> {
        let Offered { notice, html: had } = offered;
        match ruled.decision.notice.clone() {
            None => Ok(vec![Offered { notice, html: had }]),
            Some(NoticeChoice::Suppress { reason, spot }) => {
                let by = place(&ruled.rule, spot.line);
                let (to, source) = (&notice.to, &notice.source);
                let note = format!("notify_suppressed:{reason}:{to}:{source}:{by}");
                self.draft.notes.push(note);
                Ok(Vec::new())
            }
            Some(NoticeChoice::Compose {
                to,
                channel,
                subject,
                text,
                html,
                template,
                ..
            }) => {
                let words = Words {
                    channel: channel.as_deref().unwrap_or(&notice.channel),
                    subject: subject.as_deref().unwrap_or(&notice.subject),
                    text: text.as_deref().unwrap_or(&notice.text),
                };
                let fits = match template {
                    None => fits(&words, html.as_deref(), to.as_deref()),
                    // Rules of packs leave none behind.
                    Some(_) => Err(Error::field(
                        "template",
                        "unknown_template",
                        "only rules of packs have templates",
                    )),
                };
                if let Err(error) = fits {
                    self.retract(ruled, about.1, &error.message);
                    return Ok(vec![Offered { notice, html: had }]);
                }
                // HTML of an earlier rule says what the text said before.
                let html = html.or(had.filter(|_| text.is_none()));
                let made = |to: &str, recipient| Offered {
                    notice: self::notice(&notice.source, to, recipient, &words),
                    html: html.clone(),
                };
                let Some(to) = to else {
                    let recipient = (notice.address.clone(), notice.locale.clone());
                    return Ok(vec![made(&notice.to, recipient)]);
                };
                let mut composed = Vec::new();
                for to in to {
                    let recipients = self.recipients(about, &to)?.into_iter();
                    composed.extend(recipients.map(|recipient| made(&to, recipient)));
                }
                Ok(composed)
            }
        }
    }

    /// Puts a message into the outbox, unless there is nobody to send it to or the same goes there
    /// already. Whether it was put there.
    fn post(&mut self, about: (Kind, Id), offered: Offered, rule: &str) -> bool {
        let Offered { notice, html } = offered;
        let Some(address) = notice.address else {
            let note = format!("notify_skipped:no_address:{}:{}", notice.to, notice.source);
            self.draft.notes.push(note);
            return false;
        };
        if let Some(program) = &self.unanswered
            && PartyField::Mail.normalise(&address).as_ref() == Some(program)
        {
            let note = format!("notify_skipped:automatic:{address}:{}", notice.source);
            self.draft.notes.push(note);
            return false;
        }
        let same = |item: &OutboxItem| {
            item.to == address
                && item.channel == notice.channel
                && item.subject == notice.subject
                && item.text == notice.text
        };
        if self.draft.outbox.iter().any(same) {
            let note = format!("notify_skipped:duplicate:{address}:{}", notice.source);
            self.draft.notes.push(note);
            return false;
        }
        let (channel, subject) = (&notice.channel, &notice.subject);
        let message = self.queue(about, channel, &address, subject, &notice.text, rule);
        if let Some(html) = html.filter(|html| channel == "mail" && !html.trim().is_empty()) {
            self.draft.htmls.insert(message, html);
        }
        true
    }

    /// The addresses that `contact`, `assignee`, `team`, `watchers` or a literal address stands for, each with
    /// the language of who reads there, or of the desk. At least one, which may be nobody.
    fn recipients(&mut self, about: (Kind, Id), to: &str) -> Result<Vec<(Option<String>, String)>> {
        let language = self.ground.service.language();
        let record = self.draft.record(about.0, about.1)?;
        let person = |kind, field| record.reference(field).map(|id| (kind, id));
        let people: Vec<(Kind, Id)> = match to {
            "contact" => person(Kind::Contact, fields::CONTACT).into_iter().collect(),
            "assignee" => person(Kind::Agent, fields::ASSIGNEE).into_iter().collect(),
            "watchers" => self.watchers(about)?,
            "team" => {
                let team = record.reference(fields::TEAM);
                self.team_people(team)?
            }
            literal => {
                let address = literal.contains('@').then(|| literal.to_owned());
                return Ok(vec![(address, language.to_owned())]);
            }
        };
        self.draft.load(&people)?;
        let mut found = Vec::new();
        for (kind, id) in people {
            let person = self.draft.peek(kind, id);
            let locale = person.and_then(|p| p.text("locale")).unwrap_or(language);
            found.push((person.and_then(mail_of), locale.to_owned()));
        }
        // Members of a team without an address of their own do not hold up the others.
        if found.iter().any(|(address, _)| address.is_some()) {
            found.retain(|(address, _)| address.is_some());
        } else {
            found.truncate(1);
        }
        if found.is_empty() {
            found.push((None, language.to_owned()));
        }
        Ok(found)
    }

    /// The agents who watch a record, and the contacts who do and may still see it.
    fn watchers(&mut self, about: (Kind, Id)) -> Result<Vec<(Kind, Id)>> {
        let record = self.draft.record(about.0, about.1)?;
        let of = |field: &str, kind: Kind| {
            let all = match record.get(field) {
                Some(Value::List(all)) => all.as_slice(),
                _ => &[],
            };
            let ids = all.iter().filter_map(Value::as_ref_id);
            ids.map(move |id| (kind, id)).collect::<Vec<_>>()
        };
        let mut found = of(watch::AGENTS, Kind::Agent);
        for (kind, id) in of(watch::CONTACTS, Kind::Contact) {
            if found.len() < MAX_RECIPIENTS && self.contact_sees(id, about)? {
                found.push((kind, id));
            }
        }
        found.truncate(MAX_RECIPIENTS);
        Ok(found)
    }

    /// Who reads what a team gets: the team itself when it has an address, else its members who are
    /// at work.
    fn team_people(&mut self, team: Option<Id>) -> Result<Vec<(Kind, Id)>> {
        let Some(team) = team else {
            return Ok(Vec::new());
        };
        let itself = (Kind::Team, team);
        self.draft.load(&[itself])?;
        if self
            .draft
            .peek(itself.0, itself.1)
            .and_then(mail_of)
            .is_some()
        {
            return Ok(vec![itself]);
        }
        let agents = self.ground.service.agents.iter();
        let members = agents.filter(|a| a.team == Some(team));
        let members = members.map(|a| (Kind::Agent, a.id));
        Ok(members.take(MAX_RECIPIENTS).collect())
    }

    /// The customer's mail address, if there is one.
    pub(super) fn customer_address(&mut self, about: (Kind, Id)) -> Result<Option<String>> {
        let found = self.recipients(about, "contact")?;
        Ok(found.into_iter().next().and_then(|(address, _)| address))
    }

    /// Puts an item into the outbox as it is. Its id.
    pub(super) fn queue(
        &mut self,
        about: (Kind, Id),
        channel: &str,
        to: &str,
        subject: &str,
        text: &str,
        rule: &str,
    ) -> Id {
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
        id
    }
}

fn notice(
    source: &str,
    to: &str,
    (address, locale): (Option<String>, String),
    words: &Words<'_>,
) -> NoticeView {
    NoticeView {
        source: source.to_owned(),
        to: to.to_owned(),
        address,
        channel: words.channel.to_owned(),
        locale,
        subject: words.subject.to_owned(),
        text: words.text.to_owned(),
    }
}

/// Whether a composed message can be sent.
fn fits(words: &Words<'_>, html: Option<&str>, to: Option<&[String]>) -> Result<()> {
    short("channel", words.channel, 32)?;
    if let Some(html) = html
        && MAX_HTML_BYTES < html.len()
    {
        let message = format!("is over the limit of {MAX_HTML_BYTES} bytes");
        return Err(Error::field("html", "too_long", message));
    }
    if let Some(to) = to
        && !(1..=MAX_RECIPIENTS).contains(&to.len())
    {
        let message = format!("a message has 1 to {MAX_RECIPIENTS} recipients");
        return Err(Error::field("to", "malformed", message));
    }
    Ok(())
}

fn mail_of(person: &Record) -> Option<String> {
    let first = match person.get("mails") {
        Some(Value::List(mails)) => mails.first().and_then(Value::as_text),
        _ => person.text("mail"),
    };
    first.filter(|m| m.contains('@')).map(str::to_owned)
}
