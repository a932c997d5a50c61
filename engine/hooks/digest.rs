//! The digest of a decision: what the journal keeps of it, so that a later run of the same rule can
//! be held to it.

use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::{
    AccessChoice, AssignChoice, ClockAct, ClockStep, Decision, Effect, FieldRule, LevelChoice,
    NewParty, NoticeChoice, Predicate, Refusal, SurveyAsk,
};
use crate::domain::entry::Visibility;
use crate::domain::{Kind, Value};

/// Room for most decisions.
const USUAL_BYTES: usize = 256;

impl Decision {
    /// The first bytes of the SHA-256 of what was decided; zero for no opinion.
    ///
    /// Equal decisions have equal digests, in every build that has this format: the bytes that are
    /// hashed are laid out here by hand, each member behind a tag, each text and list behind its
    /// length. Where in a script something was decided is left out, and so are reasons for the
    /// trace: a rule whose lines moved decides the same.
    #[must_use]
    pub fn digest(&self) -> [u8; 8] {
        if self.is_empty() {
            return [0; 8];
        }
        let mut bytes = Bytes(Vec::with_capacity(USUAL_BYTES));
        bytes.decision(self);
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(&bytes.0));
        [a, b, c, d, e, f, g, h]
    }
}

/// INVARIANT: tags are part of what is kept in journals. They are never changed and never used
/// again; a new member or effect takes the next one.
struct Bytes(Vec<u8>);

impl Bytes {
    fn decision(&mut self, decision: &Decision) {
        let Decision {
            refusals,
            effects,
            form,
            assign,
            level,
            ask,
            outcome,
            clocks,
            notice,
            access,
            result,
            keys,
            route,
            parties,
            stage,
            consume,
            texts,
            rank,
            because: _,
        } = decision;
        for refusal in refusals {
            self.refusal(refusal);
        }
        for (effect, _) in effects {
            self.tag(2);
            self.effect(effect);
        }
        for rule in form {
            self.form(rule);
        }
        if let Some(choice) = assign {
            self.assign(choice);
        }
        if let Some(choice) = level {
            self.level(choice);
        }
        if let Some(ask) = ask {
            self.ask(ask);
        }
        if let Some(outcome) = outcome {
            self.tag(7);
            self.text(&outcome.meaning);
            self.option(outcome.weighted, |bytes, weighted| bytes.int(weighted));
        }
        for step in clocks {
            self.clock(step);
        }
        if let Some(choice) = notice {
            self.notice(choice);
        }
        if let Some(AccessChoice {
            only,
            masked,
            spot: _,
        }) = access
        {
            self.tag(10);
            self.predicate(only);
            self.texts(masked);
        }
        if let Some(result) = result {
            self.tagged(11, &[result]);
        }
        if let Some(keys) = keys {
            self.keys(keys);
        }
        if let Some(route) = route {
            self.route(route);
        }
        for NewParty {
            kind,
            values,
            spot: _,
        } in parties
        {
            self.tagged(14, &[kind.name()]);
            self.fields(values);
        }
        if let Some(choice) = stage {
            self.stage(choice);
        }
        if let Some(choice) = consume {
            self.consume(choice);
        }
        for text in texts {
            self.index_text(text);
        }
        if let Some(choice) = rank {
            self.rank(choice);
        }
    }

    fn refusal(&mut self, refusal: &Refusal) {
        let Refusal {
            code,
            message,
            field,
            spot: _,
        } = refusal;
        self.tag(1);
        self.text(code);
        self.text(message);
        self.option(field.as_deref(), Self::text);
    }

    fn form(&mut self, rule: &FieldRule) {
        let FieldRule {
            field,
            visible,
            required,
            readonly,
            options,
            advice,
            spot: _,
        } = rule;
        self.tag(3);
        self.text(field);
        for flag in [visible, required, readonly] {
            self.option(*flag, |bytes, flag| bytes.tag(u8::from(flag)));
        }
        self.option(options.as_deref(), Self::texts);
        self.option(advice.as_deref(), Self::text);
    }

    fn assign(&mut self, choice: &AssignChoice) {
        let AssignChoice {
            agent,
            team,
            reason,
            spot: _,
        } = choice;
        self.tag(4);
        self.option(agent.as_deref(), Self::text);
        self.option(team.as_deref(), Self::text);
        self.text(reason);
    }

    fn level(&mut self, choice: &LevelChoice) {
        let LevelChoice {
            level,
            reason,
            spot: _,
        } = choice;
        self.tag(5);
        self.text(level);
        self.text(reason);
    }

    fn ask(&mut self, ask: &SurveyAsk) {
        self.tag(6);
        match ask {
            SurveyAsk::Skip { reason, spot: _ } => {
                self.tag(0);
                self.text(reason);
            }
            SurveyAsk::Send {
                template,
                channel,
                delay_secs,
                valid_secs,
                scale,
                subject,
                text,
                spot: _,
            } => {
                self.tag(1);
                for part in [template, channel, subject, text] {
                    self.text(part);
                }
                for number in [delay_secs, valid_secs, scale] {
                    self.int(*number);
                }
            }
        }
    }

    fn clock(&mut self, step: &ClockStep) {
        let ClockStep {
            clock,
            act,
            spot: _,
        } = step;
        self.tagged(8, &[clock]);
        match act {
            ClockAct::Start => self.tag(0),
            ClockAct::Pause => self.tag(1),
            ClockAct::Resume => self.tag(2),
            ClockAct::Meet => self.tag(3),
            ClockAct::Cancel => self.tag(4),
            ClockAct::Extend(seconds) => {
                self.tag(5);
                self.int(*seconds);
            }
        }
    }

    fn notice(&mut self, choice: &NoticeChoice) {
        self.tag(9);
        match choice {
            NoticeChoice::Suppress { reason, spot: _ } => self.tagged(0, &[reason]),
            NoticeChoice::Compose {
                to,
                channel,
                subject,
                text,
                html,
                template,
                spot: _,
            } => {
                // Decisions without HTML have the digest that they had before there was any, and
                // those without a template likewise.
                self.tag(match (template, html) {
                    (Some(_), _) => 3,
                    (None, Some(_)) => 2,
                    (None, None) => 1,
                });
                self.option(to.as_deref(), Self::texts);
                for part in [channel, subject, text] {
                    self.option(part.as_deref(), Self::text);
                }
                if let Some(template) = template {
                    self.option(html.as_deref(), Self::text);
                    self.text(&template.name);
                    self.text(&template.values);
                } else if let Some(html) = html {
                    self.text(html);
                }
            }
        }
    }

    fn predicate(&mut self, predicate: &Predicate) {
        match predicate {
            Predicate::All(parts) => self.predicates(0, parts),
            Predicate::Any(parts) => self.predicates(1, parts),
            Predicate::Not(part) => {
                self.tag(2);
                self.predicate(part);
            }
            Predicate::In { field, values } => {
                self.tagged(3, &[field]);
                self.length(values.len());
                for value in values {
                    self.value(value);
                }
            }
            Predicate::Range { field, from, to } => {
                self.tagged(4, &[field]);
                self.option(from.as_ref(), Self::value);
                self.option(to.as_ref(), Self::value);
            }
        }
    }

    fn predicates(&mut self, tag: u8, parts: &[Predicate]) {
        self.tag(tag);
        self.length(parts.len());
        for part in parts {
            self.predicate(part);
        }
    }

    fn effect(&mut self, effect: &Effect) {
        match effect {
            Effect::Set { field, value } => {
                self.tag(1);
                self.text(field);
                self.option(value.as_ref(), Self::value);
            }
            Effect::Transition { to } => self.tagged(2, &[to]),
            Effect::Assign { agent, team } => {
                self.tag(3);
                self.option(agent.as_deref(), Self::text);
                self.option(team.as_deref(), Self::text);
            }
            Effect::Comment { visibility, text } => {
                self.tag(4);
                self.tag(match visibility {
                    Visibility::Public => 0,
                    Visibility::Internal => 1,
                });
                self.text(text);
            }
            Effect::Create {
                kind,
                type_code,
                fields,
                relation,
            } => self.create(*kind, type_code.as_deref(), fields, relation),
            Effect::Link { relation, kind, to } => {
                self.tagged(6, &[relation, kind.name()]);
                self.0.extend(to.as_bytes());
            }
            Effect::Tag(label) => self.tagged(7, &[label]),
            Effect::Untag(label) => self.tagged(8, &[label]),
            Effect::Schedule { name, at, data } => {
                self.tagged(9, &[name, data]);
                self.int(at.timestamp_micros());
            }
            Effect::Unschedule { name } => self.tagged(10, &[name]),
            Effect::Notify {
                to,
                channel,
                subject,
                text,
            } => self.tagged(11, &[to, channel, subject, text]),
            Effect::Webhook { name, body } => self.tagged(12, &[name, body]),
            Effect::Custom { kind, data } => self.tagged(13, &[kind, data]),
        }
    }

    fn create(
        &mut self,
        kind: Kind,
        type_code: Option<&str>,
        fields: &[(String, Value)],
        relation: &str,
    ) {
        self.tagged(5, &[kind.name(), relation]);
        self.option(type_code, Self::text);
        self.fields(fields);
    }

    fn fields(&mut self, fields: &[(String, Value)]) {
        self.length(fields.len());
        for (field, value) in fields {
            self.text(field);
            self.value(value);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Text(text) => self.tagged(1, &[text]),
            Value::Int(number) => {
                self.tag(2);
                self.int(*number);
            }
            Value::Bool(flag) => {
                self.tag(3);
                self.tag(u8::from(*flag));
            }
            Value::Decimal(number) => {
                self.tag(4);
                self.decimal(*number);
            }
            Value::Date(date) => self.tagged(5, &[&date.to_string()]),
            Value::Instant(at) => {
                self.tag(6);
                self.int(at.timestamp_micros());
            }
            Value::Duration(seconds) => {
                self.tag(7);
                self.int(*seconds);
            }
            Value::Ref(id) => {
                self.tag(8);
                self.0.extend(id.as_bytes());
            }
            Value::List(items) => {
                self.tag(9);
                self.length(items.len());
                for item in items {
                    self.value(item);
                }
            }
            Value::Json(text) => self.tagged(10, &[text]),
        }
    }

    /// 1.50 and 1.5 are equal.
    fn decimal(&mut self, number: Decimal) {
        self.0.extend(number.normalize().serialize());
    }

    fn tag(&mut self, tag: u8) {
        self.0.push(tag);
    }

    fn tagged(&mut self, tag: u8, texts: &[&str]) {
        self.tag(tag);
        for text in texts {
            self.text(text);
        }
    }

    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.tag(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn texts(&mut self, texts: &[String]) {
        self.length(texts.len());
        for text in texts {
            self.text(text);
        }
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend(text.as_bytes());
    }

    fn length(&mut self, length: usize) {
        self.0.extend((length as u64).to_le_bytes());
    }

    fn int(&mut self, number: i64) {
        self.0.extend(number.to_le_bytes());
    }
}

mod later;
#[cfg(test)]
mod tests;
