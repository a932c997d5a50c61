//! Digests of what rules about intake, processes, contracts and searches decide.

use super::Bytes;
use crate::hooks::{
    ConsumeChoice, IndexText, PartyKey, PartyKeys, RankChoice, RouteChoice, StageChoice,
};

impl Bytes {
    pub(super) fn keys(&mut self, decided: &PartyKeys) {
        let PartyKeys {
            keys,
            instead,
            all_must_match,
            limit,
            spot: _,
        } = decided;
        self.tag(12);
        self.length(keys.len());
        for PartyKey {
            kind,
            field,
            value,
            mode,
            weight,
        } in keys
        {
            for part in [kind.name(), field, value, mode.name()] {
                self.text(part);
            }
            self.int(*weight);
        }
        self.tag(u8::from(*instead));
        self.option(*all_must_match, |bytes, all| bytes.tag(u8::from(all)));
        self.option(*limit, Self::int);
    }

    pub(super) fn route(&mut self, choice: &RouteChoice) {
        self.tag(13);
        match choice {
            RouteChoice::Create {
                kind,
                type_code,
                values,
                spot: _,
            } => {
                self.tagged(0, &[kind.name()]);
                self.option(type_code.as_deref(), Self::text);
                self.fields(values);
            }
            RouteChoice::Attach { kind, id, spot: _ } => {
                self.tagged(1, &[kind.name()]);
                self.0.extend(id.as_bytes());
            }
            RouteChoice::Decline { reason, spot: _ } => self.tagged(2, &[reason]),
        }
    }

    pub(super) fn stage(&mut self, choice: &StageChoice) {
        let StageChoice {
            stage,
            status,
            reason,
            spot: _,
        } = choice;
        self.tag(15);
        self.option(stage.as_deref(), Self::text);
        self.option(status.as_deref(), Self::text);
        self.text(reason);
    }

    pub(super) fn consume(&mut self, choice: &ConsumeChoice) {
        let ConsumeChoice {
            amount,
            over_limit,
            reason,
            spot: _,
        } = choice;
        self.tag(16);
        self.option(*amount, Self::decimal);
        self.option(*over_limit, |bytes, over| bytes.text(over.name()));
        self.text(reason);
    }

    pub(super) fn index_text(&mut self, text: &IndexText) {
        let IndexText {
            text,
            internal,
            spot: _,
        } = text;
        self.tag(17);
        self.text(text);
        self.tag(u8::from(*internal));
    }

    pub(super) fn rank(&mut self, choice: &RankChoice) {
        let RankChoice {
            sections,
            values,
            freshness,
            votes,
        } = choice;
        self.tag(18);
        self.length(sections.len());
        for boost in sections {
            self.text(boost.section.name());
            self.int(boost.factor);
        }
        self.length(values.len());
        for boost in values {
            self.text(boost.field.name());
            self.text(&boost.value);
            self.int(boost.factor);
        }
        self.option(freshness.as_ref(), |bytes, freshness| {
            bytes.int(freshness.half_life_days);
            bytes.int(freshness.weight);
        });
        self.option(votes.as_ref(), |bytes, votes| bytes.int(votes.weight));
    }
}
