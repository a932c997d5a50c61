//! Asking customers for a rating, and what their answers mean.

use serde_json::{Map, Value as Json};
use sha2::Digest;

use super::notify::Words;
use super::rules::Ruled;
use super::{Answer, Deciding};
use crate::desk::journal::{By, Purpose, Timer};
use crate::desk::survey::{Survey, SurveyState};
use crate::desk::{Actor, Error, ErrorKind, Result, ahead, codec, keys};
use crate::domain::definitions::SurveyDef;
use crate::domain::{Code, Id, Kind, StatusCategory, Value, record::fields};
use crate::hooks::{Detail, Hook, SurveyAnswer, SurveyAsk};
use crate::store::{Expect, Table};

/// Greatest scale of a score.
const MAX_SCALE: i64 = 100;
/// Longest delay and validity in seconds: a year.
const MAX_SECS: i64 = 366 * 24 * 3_600;

/// Name of the timer that sends a record's survey.
const TIMER: &str = "survey";

impl Deciding<'_, '_> {
    /// `survey.logic` when a record is done: the first rule that says ask or skip decides.
    pub(super) fn survey_when_done(&mut self, kind: Kind, id: Id) -> Result<()> {
        let rules = self.due_rules(Hook::SurveyLogic, kind, id);
        if rules.is_empty() {
            return Ok(());
        }
        let address = self.customer_address((kind, id))?;
        let asked_before = i64::try_from(self.surveys_asked(id)?).unwrap_or(i64::MAX);
        let detail = Detail::SurveyDone {
            address: address.clone(),
            asked_before,
        };
        for rule in rules {
            let Ok(Some(ruled)) = self.call_rule(&rule, kind, id, &detail)? else {
                continue;
            };
            self.apply_effects(&ruled, kind, id)?;
            match ruled.decision.ask.clone() {
                Some(SurveyAsk::Skip { reason, .. }) => {
                    self.draft.notes.push(format!("survey_skipped:{reason}"));
                    return Ok(());
                }
                Some(ask @ SurveyAsk::Send { .. }) => {
                    match address {
                        Some(to) => self.plan_survey(&ruled, kind, id, &ask, to)?,
                        None => self
                            .draft
                            .notes
                            .push("survey_skipped:no_address".to_owned()),
                    }
                    return Ok(());
                }
                None => {}
            }
        }
        Ok(())
    }

    fn surveys_asked(&self, id: Id) -> Result<usize> {
        let asked = ahead::surveys_of(id);
        Ok(ahead::rows_of(&*self.draft.snapshot, &asked)?.len())
    }

    fn plan_survey(
        &mut self,
        ruled: &Ruled,
        kind: Kind,
        record: Id,
        ask: &SurveyAsk,
        to: String,
    ) -> Result<()> {
        let SurveyAsk::Send {
            template,
            channel,
            delay_secs,
            valid_secs,
            scale,
            subject,
            text,
            ..
        } = ask
        else {
            return Ok(());
        };
        let template = Code::qualify(&ruled.rule.pack, template).0;
        let limits = (1..=MAX_SCALE).contains(scale)
            && (0..=MAX_SECS).contains(delay_secs)
            && (60..=MAX_SECS).contains(valid_secs);
        if !limits || !text.contains("{link}") {
            self.retract(
                ruled,
                record,
                "a survey needs a scale of 1 to 100, a delay and validity within a year and `{link}` in its text",
            );
            return Ok(());
        }
        self.withdraw_survey(record, "replaced")?;
        let id = self.allot.id(self.ground.now);
        let survey = Survey {
            id,
            kind,
            record,
            pack: ruled.rule.pack.to_string(),
            rule: ruled.rule.id(),
            template,
            channel: channel.clone(),
            to,
            subject: subject.clone(),
            text: text.clone(),
            scale: *scale,
            valid_secs: *valid_secs,
            state: SurveyState::Planned,
            expires_at: None,
        };
        self.draft.surveys.insert(id, (None, survey));
        let due = self.ground.now + chrono::TimeDelta::seconds(*delay_secs);
        self.set_timer(kind, record, TIMER, due, Purpose::SurveySend { survey: id });
        Ok(())
    }

    /// A survey that waits to be sent is not sent any more.
    pub(super) fn withdraw_survey(&mut self, record: Id, why: &str) -> Result<()> {
        let surveys = &mut self.draft.surveys;
        let before = surveys.len();
        surveys.retain(|_, (version, survey)| {
            let waits = survey.state == SurveyState::Planned && version.is_none();
            !(waits && survey.record == record)
        });
        let mut withdrawn = surveys.len() < before;
        if let Some((id, version, mut survey)) = self.planned_survey(record)?
            && !self.draft.surveys.contains_key(&id)
        {
            survey.state = SurveyState::Dropped;
            self.draft.surveys.insert(id, (Some(version), survey));
            withdrawn = true;
        }
        if withdrawn {
            self.draft.notes.push(format!("survey_withdrawn:{why}"));
        }
        Ok(())
    }

    /// The stored survey that the record's timer will send.
    fn planned_survey(&self, record: Id) -> Result<Option<(Id, crate::store::Pos, Survey)>> {
        let snapshot = &self.draft.snapshot;
        let name = keys::timer_name(record, TIMER);
        let Some(name) = snapshot.get(Table::TimerNames, &name)? else {
            return Ok(None);
        };
        let Some(row) = snapshot.get(Table::Timers, &name.bytes)? else {
            return Ok(None);
        };
        let timer: Timer = codec::decode(&row.bytes)?;
        let Purpose::SurveySend { survey: id } = timer.purpose else {
            return Ok(None);
        };
        let stored = self.stored_survey(id)?;
        let planned = stored.filter(|(_, s)| s.state == SurveyState::Planned);
        Ok(planned.map(|(version, survey)| (id, version, survey)))
    }

    /// The time to ask has come: the link goes out, unless the record was opened again.
    pub(super) fn send_survey(&mut self, id: Id) -> Result<()> {
        let Some((version, mut survey)) = self.stored_survey(id)? else {
            return Ok(());
        };
        if survey.state != SurveyState::Planned {
            return Ok(());
        }
        let place = (survey.kind, survey.record);
        self.draft.load(&[place])?;
        let status = self
            .draft
            .peek(place.0, place.1)
            .and_then(|r| r.status().map(str::to_owned));
        let category = status.and_then(|s| self.category(place.0, place.1, &s));
        if category != Some(StatusCategory::Done) {
            survey.state = SurveyState::Dropped;
            self.draft
                .notes
                .push("survey_skipped:opened_again".to_owned());
            self.draft.surveys.insert(id, (Some(version), survey));
            return Ok(());
        }
        let token = self.survey_token()?;
        let link = format!("{}{token}", self.ground.survey_link);
        let text = survey.text.replace("{link}", &link);
        let words = Words {
            channel: &survey.channel,
            subject: &survey.subject,
            text: &text,
        };
        let (by, to) = (("survey", &*survey.rule), ("contact", &*survey.to));
        if self.notify_from_engine(place, by, to, &words)? == 0 {
            survey.state = SurveyState::Dropped;
            self.draft.notes.push("survey_skipped:not_sent".to_owned());
            self.draft.surveys.insert(id, (Some(version), survey));
            return Ok(());
        }
        let hash = sha2::Sha256::digest(token.as_bytes());
        let key = keys::named_guard("survey-token", &hash);
        self.draft
            .rows
            .expect
            .push((Table::Guards, key.clone(), Expect::Absent));
        self.draft
            .rows
            .put
            .push((Table::Guards, key, id.0.to_vec()));
        // What was planned and dropped was never asked: only what is sent is counted.
        let mut mark = survey.record.as_bytes().to_vec();
        mark.extend(id.as_bytes());
        let mark = keys::named_guard("survey-of", &mark);
        self.draft.rows.put.push((Table::Guards, mark, Vec::new()));
        survey.state = SurveyState::Sent;
        survey.expires_at = Some(self.ground.now + chrono::TimeDelta::seconds(survey.valid_secs));
        self.draft.notes.push("survey_sent".to_owned());
        self.draft.surveys.insert(id, (Some(version), survey));
        Ok(())
    }

    /// A secret of 160 bits.
    fn survey_token(&mut self) -> Result<String> {
        let secret = self.allot.secret()?;
        Ok(secret.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn stored_survey(&self, id: Id) -> Result<Option<(crate::store::Pos, Survey)>> {
        let row = self.draft.snapshot.get(Table::Surveys, id.as_bytes())?;
        row.map(|row| Ok((row.version, codec::decode(&row.bytes)?)))
            .transpose()
    }

    pub(super) fn answer_survey(
        &mut self,
        token: &str,
        score: Option<i64>,
        comment: &str,
        answers: &Map<String, Json>,
    ) -> Result<Answer> {
        let (version, mut survey) = self.open_survey(token)?;
        let place = (survey.kind, survey.record);
        self.draft.load(&[place])?;
        self.settle_in(place.0, place.1)?;
        let record = self.draft.record(place.0, place.1)?;
        let contact = record.reference(fields::CONTACT);
        let account = record.reference(fields::ACCOUNT);
        if let Some(contact) = contact {
            // Rules speak the language of who acts from the first one on.
            self.draft.load(&[(Kind::Contact, contact)])?;
            if let Some(account) = account {
                self.actor = Actor::Contact { contact, account };
            }
        }
        let by = contact.filter(|contact| self.has_address(*contact, &survey.to));
        survey.template = survey.template_now(&self.ground.catalog);
        let def = self.ground.catalog.survey(&survey.template).cloned();
        let answers = read_answers(def.as_ref(), survey.scale, answers)?;
        check_score(score, &answers, survey.scale)?;
        if comment.chars().count() > 4_000 {
            return Err(Error::field(
                "comment",
                "too_long",
                "is over the limit of 4000 characters",
            ));
        }
        self.input.target = Some(place);
        self.keep_answer(place, score, comment, by);
        survey.state = SurveyState::Answered;
        let detail = Detail::SurveyReply {
            template: survey.template.clone(),
            score,
            scale: survey.scale,
            comment: comment.to_owned(),
            answers,
        };
        self.draft
            .surveys
            .insert(survey.id, (Some(version), survey));
        self.outcome(place, &detail)?;
        self.settle(&[place])?;
        Ok(Answer::record(place.0, place.1))
    }

    fn open_survey(&self, token: &str) -> Result<(crate::store::Pos, Survey)> {
        let hash = sha2::Sha256::digest(token.as_bytes());
        let key = keys::named_guard("survey-token", &hash);
        let row = self
            .draft
            .snapshot
            .get(Table::Guards, &key)?
            .ok_or_else(Error::not_found)?;
        let id = Id::from_slice(&row.bytes).ok_or_else(Error::not_found)?;
        let (version, survey) = self.stored_survey(id)?.ok_or_else(Error::not_found)?;
        let gone = |code, text: &str| Err(Error::new(ErrorKind::Conflict, code, text));
        if survey.state == SurveyState::Answered {
            return gone("survey_answered", "this survey was answered already");
        }
        if survey.expires_at.is_some_and(|at| at < self.ground.now) {
            return gone(
                "survey_expired",
                "the time to answer this survey has passed",
            );
        }
        Ok((version, survey))
    }

    /// Whether a contact that was read has an address: the record may be another person's by now.
    fn has_address(&self, contact: Id, address: &str) -> bool {
        let found = self.draft.record(Kind::Contact, contact);
        let mails = found.ok().and_then(|record| record.get("mails"));
        matches!(mails, Some(Value::List(all)) if all.iter().any(|m| m.as_text() == Some(address)))
    }

    fn keep_answer(
        &mut self,
        (kind, id): (Kind, Id),
        score: Option<i64>,
        comment: &str,
        by: Option<Id>,
    ) {
        let at = Value::Instant(self.ground.now);
        self.draft
            .set(kind, id, "satisfaction_by", by.map(Value::Ref), By::Engine);
        self.draft
            .set(kind, id, "satisfaction_at", Some(at), By::Engine);
        let score = score.map(Value::Int);
        self.draft
            .set(kind, id, "satisfaction_score", score, By::Asked);
        let comment = (!comment.is_empty()).then(|| Value::from(comment));
        self.draft
            .set(kind, id, "satisfaction_comment", comment, By::Asked);
    }

    /// `survey.logic` when a reply came: what it means and what follows.
    fn outcome(&mut self, (kind, id): (Kind, Id), detail: &Detail) -> Result<()> {
        let mut meant = false;
        for rule in self.due_rules(Hook::SurveyLogic, kind, id) {
            let Ok(Some(ruled)) = self.call_rule(&rule, kind, id, detail)? else {
                continue;
            };
            if let Some(outcome) = &ruled.decision.outcome
                && !meant
            {
                meant = true;
                let by = ruled.by(outcome.spot);
                let meaning = Value::from(outcome.meaning.as_str());
                self.draft.set(kind, id, "satisfaction", Some(meaning), by);
                if let Some(hundredths) = outcome.weighted {
                    self.draft
                        .notes
                        .push(format!("survey_weighted:{hundredths}"));
                }
            }
            self.apply_effects(&ruled, kind, id)?;
        }
        Ok(())
    }
}

fn read_answers(
    def: Option<&SurveyDef>,
    scale: i64,
    answers: &Map<String, Json>,
) -> Result<Vec<SurveyAnswer>> {
    let mut read = Vec::new();
    for (code, json) in answers {
        let place = format!("answers.{}", code.chars().take(64).collect::<String>());
        let question = def.and_then(|d| d.questions.iter().find(|q| q.code == *code));
        let Some(question) = question else {
            return Err(Error::field(
                &place,
                "unknown_question",
                "the survey has no such question",
            ));
        };
        let (score, text) = match (question.is_text, json.as_i64(), json.as_str()) {
            (true, _, Some(text)) if text.chars().count() <= 4_000 => (None, text.to_owned()),
            (false, Some(score), _) if (1..=scale).contains(&score) => (Some(score), String::new()),
            (true, ..) => {
                return Err(Error::field(
                    &place,
                    "malformed",
                    "expected text of at most 4000 characters",
                ));
            }
            (false, ..) => {
                return Err(Error::field(
                    &place,
                    "malformed",
                    format!("expected a whole number from 1 to {scale}"),
                ));
            }
        };
        read.push(SurveyAnswer {
            question: code.clone(),
            score,
            text,
        });
    }
    Ok(read)
}

fn check_score(score: Option<i64>, answers: &[SurveyAnswer], scale: i64) -> Result<()> {
    match score {
        Some(score) if (1..=scale).contains(&score) => Ok(()),
        None if answers.iter().any(|a| a.score.is_some()) => Ok(()),
        _ => Err(Error::field(
            "score",
            "malformed",
            format!("expected a whole number from 1 to {scale}"),
        )),
    }
}
