//! A decision as it is being made: what may be decided where, and how much of it.

use super::limits::ScriptLimits;
use super::{Answer, overrun, refuse};
use crate::hooks::{
    AccessChoice, AssignChoice, Because, ClockStep, ConsumeChoice, Decision, Effect, FieldRule,
    IndexText, LevelChoice, NewParty, NoticeChoice, PartyKeys, Predicate, RankChoice, Refusal,
    RouteChoice, Spot, StageChoice, SurveyAsk, SurveyOutcome, TemplateChoice,
};

/// A decision being made, and the bytes of text in it.
#[derive(Debug, Default)]
pub(super) struct Built {
    decision: Decision,
    bytes: usize,
}

impl Built {
    pub(super) fn into_decision(self) -> Decision {
        self.decision
    }

    /// Counts text that goes into the decision.
    pub(super) fn weigh(&mut self, limits: &ScriptLimits, texts: &[&str]) -> Answer<()> {
        for text in texts {
            if text.len() > limits.decided_text_bytes {
                return overrun(format!(
                    "gave a text of {} bytes, over the limit of {}",
                    text.len(),
                    limits.decided_text_bytes
                ));
            }
            self.add(limits, text.len())?;
        }
        Ok(())
    }

    /// Counts bytes that go into the decision.
    pub(super) fn add(&mut self, limits: &ScriptLimits, bytes: usize) -> Answer<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > limits.decision_bytes {
            return overrun(format!(
                "made a decision over the limit of {} bytes of text",
                limits.decision_bytes
            ));
        }
        Ok(())
    }

    pub(super) fn refuse(&mut self, limits: &ScriptLimits, refusal: Refusal) -> Answer<()> {
        if refusal.code.trim().is_empty() {
            return refuse("a refusal needs a code such as \"cause_missing\"");
        }
        self.weigh(limits, &[&refusal.code, &refusal.message])?;
        room(self.decision.refusals.len(), limits.decided, "refusals")?;
        self.decision.refusals.push(refusal);
        Ok(())
    }

    pub(super) fn effect(
        &mut self,
        limits: &ScriptLimits,
        effect: Effect,
        spot: Spot,
    ) -> Answer<()> {
        room(self.decision.effects.len(), limits.decided, "effects")?;
        self.decision.effects.push((effect, spot));
        Ok(())
    }

    /// The rule for a field of the form; one rule for each field, in the order they came up.
    pub(super) fn field_rule(
        &mut self,
        limits: &ScriptLimits,
        field: &str,
        spot: Spot,
        change: impl FnOnce(&mut FieldRule),
    ) -> Answer<()> {
        if field.trim().is_empty() {
            return refuse("a form rule needs the code of a field");
        }
        if let Some(rule) = self.decision.form.iter_mut().find(|r| r.field == field) {
            change(rule);
            rule.spot = spot;
            return Ok(());
        }
        self.weigh(limits, &[field])?;
        room(
            self.decision.form.len(),
            limits.form_fields,
            "fields with form rules",
        )?;
        let mut rule = FieldRule {
            field: field.to_owned(),
            spot,
            ..FieldRule::default()
        };
        change(&mut rule);
        self.decision.form.push(rule);
        Ok(())
    }

    /// The choice of who shall be in charge, begun if there is none.
    pub(super) fn assignment(&mut self) -> &mut AssignChoice {
        self.decision.assign.get_or_insert_default()
    }

    pub(super) fn level(&mut self, choice: LevelChoice) {
        self.decision.level = Some(choice);
    }

    pub(super) fn ask(&mut self, ask: SurveyAsk) {
        self.decision.ask = Some(ask);
    }

    pub(super) fn outcome(&mut self, outcome: SurveyOutcome) {
        self.decision.outcome = Some(outcome);
    }

    pub(super) fn clock(&mut self, limits: &ScriptLimits, step: ClockStep) -> Answer<()> {
        self.weigh(limits, &[&step.clock])?;
        room(
            self.decision.clocks.len(),
            limits.decided,
            "steps of clocks",
        )?;
        self.decision.clocks.push(step);
        Ok(())
    }

    pub(super) fn notice(&mut self, choice: NoticeChoice) {
        self.decision.notice = Some(choice);
    }

    /// The template named so far.
    pub(super) fn template(&mut self) -> Option<TemplateChoice> {
        match &mut self.decision.notice {
            Some(NoticeChoice::Compose { template, .. }) => template.take(),
            _ => None,
        }
    }

    /// Names the template of the message, beside what was composed so far.
    pub(super) fn name_template(&mut self, choice: TemplateChoice, at: Spot) {
        if let Some(NoticeChoice::Compose { template, .. }) = &mut self.decision.notice {
            *template = Some(choice);
            return;
        }
        self.decision.notice = Some(NoticeChoice::Compose {
            to: None,
            channel: None,
            subject: None,
            text: None,
            html: None,
            template: Some(choice),
            spot: at,
        });
    }

    pub(super) fn result(&mut self, json: String) {
        self.decision.result = Some(json);
    }

    /// The access choice, begun with every record and every field if there is none.
    pub(super) fn access(&mut self, spot: Spot) -> &mut AccessChoice {
        self.decision.access.get_or_insert_with(|| AccessChoice {
            only: Predicate::everything(),
            masked: Vec::new(),
            spot,
        })
    }

    /// The keys of a search, begun beside the engine's own if there are none.
    pub(super) fn keys(&mut self, spot: Spot) -> &mut PartyKeys {
        let keys = &mut self.decision.keys;
        keys.get_or_insert_with(|| PartyKeys::begun(spot))
    }

    pub(super) fn route(&mut self, choice: RouteChoice) {
        self.decision.route = Some(choice);
    }

    /// Values for a new party: one of each kind, the later one stands.
    pub(super) fn party(&mut self, party: NewParty) {
        let parties = &mut self.decision.parties;
        parties.retain(|other| other.kind != party.kind);
        parties.push(party);
    }

    pub(super) fn stage(&mut self) -> &mut StageChoice {
        self.decision.stage.get_or_insert_default()
    }

    pub(super) fn consume(&mut self) -> &mut ConsumeChoice {
        self.decision.consume.get_or_insert_default()
    }

    pub(super) fn index_text(&mut self, limits: &ScriptLimits, text: IndexText) -> Answer<()> {
        self.weigh(limits, &[&text.text])?;
        text.add_to(&mut self.decision.texts).or_else(overrun)
    }

    pub(super) fn rank(&mut self) -> &mut RankChoice {
        self.decision.rank.get_or_insert_default()
    }

    pub(super) fn because(&mut self, limits: &ScriptLimits, reason: Because) -> Answer<()> {
        self.weigh(limits, &[&reason.code, &reason.text])?;
        room(self.decision.because.len(), limits.decided, "reasons")?;
        self.decision.because.push(reason);
        Ok(())
    }
}

fn room(have: usize, most: usize, what: &str) -> Answer<()> {
    if have < most {
        return Ok(());
    }
    overrun(format!(
        "made more than the {most} {what} a decision may hold"
    ))
}
