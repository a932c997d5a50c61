//! How the hits of a search are ranked: rules of `search.rank` are asked once, and what they say is
//! put together. Who asks for it is shown which rule made what of a score.

use std::sync::Arc;

use crate::desk::permits::Patience;
use crate::desk::sight::Sight;
use crate::desk::{
    Actor, Desk, Explained, FactorPart, MeaningGave, RankedBy, Result, WordPart, decide,
    index_source, lookup,
};
use crate::domain::{Code, Id, Instant, Kind, Value};
use crate::hooks::{
    Call, Channel, Detail, FailureKind, Hook, RankChoice, RankField, RankSection, RankView,
    RecordView, Rule, Spot,
};
use crate::packs::Catalog;
use crate::search::{Explanation, Factors, Fresh, Ranking, ValueFactor, moment_of};
use crate::store::Snapshot;

use super::facets;

/// Filter field from which age counts.
const CHANGED: &str = "updated_at";
/// Words of a query that rules are told.
const MAX_WORDS: usize = 64;
/// Least and greatest factor that several rules come to together.
const FACTORS: (f32, f32) = (0.25, 4.0);

/// What rules say of a search, each with its rule.
#[derive(Default)]
pub struct Ranked {
    choices: Vec<(Arc<Rule>, RankChoice)>,
    /// The same put together; none when no rule says anything.
    pub ranking: Option<Arc<Ranking>>,
}

/// A search that is about to be made.
pub struct Asked<'a> {
    pub kinds: &'a [Kind],
    pub text: Option<&'a str>,
    pub cursor: Option<&'a str>,
    /// Language of the asker.
    pub locale: Option<&'a str>,
    pub now: Instant,
}

impl Desk {
    /// Asks the rules how a search is ranked. One that breaks is as if it were not there.
    ///
    /// # Errors
    /// When a rule of access broke, the store fails, or too many calls of a slow pack wait.
    pub(super) fn ranked(
        &self,
        snapshot: &dyn Snapshot,
        sight: &Sight<'_, '_>,
        catalog: &Catalog,
        asked: &Asked<'_>,
    ) -> Result<Ranked> {
        let rules = catalog.rules(Hook::SearchRank);
        if rules.is_empty() || asked.text.is_none() {
            return Ok(Ranked::default());
        }
        // All pages of a list are ranked as of the day of its first one.
        let at = asked.cursor.and_then(moment_of);
        let at = at.unwrap_or_else(|| day_of(asked.now).timestamp_millis());
        let mut ranked = Ranked::default();
        for rule in rules {
            let call = call_of(rule, sight.actor(), catalog, asked, at);
            if let Some(choice) = self.rank_by(rule, &call)? {
                ranked.choices.push((Arc::clone(rule), choice));
            }
        }
        ranked.settle(snapshot, sight, catalog, asked.kinds)?;
        ranked.join(at);
        Ok(ranked)
    }

    fn rank_by(&self, rule: &Arc<Rule>, call: &Call) -> Result<Option<RankChoice>> {
        if self.breakers.suspended(rule).is_some() {
            return Ok(None);
        }
        let permits = &self.permits;
        let outcome = permits.run(rule, Patience::Limited, || decide::call_checked(rule, call))?;
        match outcome {
            Ok(outcome) => {
                rule.tally.answered(&outcome);
                self.breakers.ran_well(rule);
                Ok(outcome.decision.rank)
            }
            Err(failure) => {
                tracing::warn!(rule = %rule.id(), "rule of ranking failed: {failure}");
                if failure.kind != FailureKind::NotReady {
                    rule.tally.failed(failure.usage);
                    let asker = call.actor.id.unwrap_or(Id::MIN);
                    self.breakers.failed(rule, asker, &failure.message);
                }
                Ok(None)
            }
        }
    }
}

fn call_of(rule: &Rule, actor: &Actor, catalog: &Catalog, asked: &Asked<'_>, at: i64) -> Call {
    let words = asked.text.unwrap_or_default().split_whitespace();
    let words = words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let words = words.filter(|word| !word.is_empty());
    let nobody = RecordView {
        id: Id::MIN,
        kind: rule.kind,
        fields: std::collections::BTreeMap::new(),
        category: None,
    };
    Call {
        hook: Hook::SearchRank,
        pack: Arc::clone(&rule.pack),
        now: Instant::from_timestamp_millis(at).unwrap_or_default(),
        actor: actor.view(asked.locale.unwrap_or("en")),
        record: Arc::new(nobody),
        before: None,
        asked: Arc::default(),
        related: Arc::default(),
        options: catalog.options(&rule.pack).cloned().unwrap_or_default(),
        detail: Detail::Rank(Arc::new(RankView {
            kinds: asked.kinds.to_vec(),
            words: words.take(MAX_WORDS).map(str::to_lowercase).collect(),
            channel: match actor {
                Actor::Contact { .. } | Actor::Visitor => Channel::Portal,
                _ => Channel::Agent,
            },
        })),
    }
}

/// The beginning of a day, in UTC.
fn day_of(now: Instant) -> Instant {
    let midnight = now.date_naive().and_time(chrono::NaiveTime::MIN);
    midnight.and_utc()
}

impl Ranked {
    /// Takes values as the index has them, and leaves out what the asker may not know of: an order
    /// would tell it.
    fn settle(
        &mut self,
        snapshot: &dyn Snapshot,
        sight: &Sight<'_, '_>,
        catalog: &Catalog,
        kinds: &[Kind],
    ) -> Result<()> {
        for (rule, choice) in &mut self.choices {
            for boost in &mut choice.values {
                boost.value = stored(snapshot, catalog, rule, kinds, (boost.field, &boost.value))?;
            }
        }
        let fields = RankField::ALL.iter().map(|field| field.name().to_owned());
        let fields: Vec<String> = fields.collect();
        let asks = facets::asks(sight, catalog, kinds, &fields)?;
        let is_seen = |field: &str| {
            let mut all = asks.iter();
            all.any(|ask| ask.name == field && ask.kinds.is_none())
        };
        let (mut age, mut votes) = (true, true);
        for kind in kinds {
            let masked = &sight.access(*kind)?.masked;
            age &= !masked.contains(CHANGED);
            votes &= !masked.contains(crate::desk::votes::HELPFUL);
        }
        for (_, choice) in &mut self.choices {
            choice.values.retain(|boost| is_seen(boost.field.name()));
            choice.freshness = choice.freshness.take().filter(|_| age);
            choice.votes = choice.votes.take().filter(|_| votes);
        }
        self.choices
            .retain(|(_, choice)| *choice != RankChoice::default());
        Ok(())
    }

    /// Puts together what the rules say: factors of the same thing are multiplied, within bounds.
    fn join(&mut self, at: i64) {
        if self.choices.is_empty() {
            return;
        }
        let mut ranking = Ranking {
            sections: Factors::NONE,
            values: Vec::new(),
            fresh: Vec::new(),
            age_field: CHANGED,
            votes: Vec::new(),
            votes_field: index_source::HELPFUL_SHARE,
            at,
        };
        for (_, choice) in &self.choices {
            for boost in &choice.sections {
                let sections = &mut ranking.sections;
                *match boost.section {
                    RankSection::Title => &mut sections.title,
                    RankSection::Text => &mut sections.text,
                    RankSection::Codes => &mut sections.codes,
                    RankSection::Extra => &mut sections.extra,
                } *= parts(boost.factor);
            }
            for boost in &choice.values {
                let (field, factor) = (boost.field.name(), parts(boost.factor));
                let mut known = ranking.values.iter_mut();
                match known.find(|v| v.field == field && v.value == boost.value) {
                    Some(known) => known.factor *= factor,
                    None => ranking.values.push(ValueFactor {
                        field: field.to_owned(),
                        value: boost.value.clone(),
                        factor,
                    }),
                }
            }
            ranking
                .fresh
                .extend(choice.freshness.as_ref().map(|f| Fresh {
                    half_life_days: whole(f.half_life_days),
                    weight: parts(f.weight),
                }));
            let votes = choice.votes.as_ref();
            ranking.votes.extend(votes.map(|v| parts(v.weight)));
        }
        let (least, most) = FACTORS;
        let Factors {
            title,
            text,
            codes,
            extra,
        } = &mut ranking.sections;
        let values = ranking.values.iter_mut().map(|value| &mut value.factor);
        for factor in [title, text, codes, extra].into_iter().chain(values) {
            *factor = factor.clamp(least, most);
        }
        self.ranking = Some(Arc::new(ranking));
    }

    /// What a score is made of; the staff is told the rules behind it.
    pub fn explained(&self, of: Explanation, actor: &Actor) -> Explained {
        let words = of.words.into_iter().map(|word| WordPart {
            word: word.word,
            how: word.how.name(),
            found: word.found,
            gave: word.gave,
            sections: word.sections,
        });
        let factors = of.factors.into_iter().map(|part| FactorPart {
            rules: self.behind(&part.what, part.value.as_deref()),
            what: part.what,
            value: part.value,
            factor: part.factor,
        });
        let mut factors: Vec<FactorPart> = factors.collect();
        factors.extend(self.of_sections());
        if !actor.sees_internal() {
            factors.iter_mut().for_each(|part| part.rules.clear());
        }
        Explained {
            base: of.base,
            words: words.collect(),
            codes: of.codes,
            other: of.other,
            factor: of.factor,
            factors,
            meaning: of.meaning.map(|part| MeaningGave {
                similarity: part.similarity,
                gave: part.gave,
            }),
        }
    }

    /// The factors of sections: they are in what the words gave.
    fn of_sections(&self) -> Vec<FactorPart> {
        let Some(ranking) = &self.ranking else {
            return Vec::new();
        };
        let sections = ranking.sections;
        let all = [
            (RankSection::Title, sections.title),
            (RankSection::Text, sections.text),
            (RankSection::Codes, sections.codes),
            (RankSection::Extra, sections.extra),
        ];
        let changed = all
            .into_iter()
            .filter(|(_, factor)| (factor - 1.0).abs() > f32::EPSILON);
        let part = |(section, factor): (RankSection, f32)| FactorPart {
            what: "section".to_owned(),
            value: Some(section.name().to_owned()),
            factor,
            rules: self.behind("section", Some(section.name())),
        };
        changed.map(part).collect()
    }

    /// The rules that spoke of something.
    fn behind(&self, what: &str, value: Option<&str>) -> Vec<RankedBy> {
        let mut all = Vec::new();
        for (rule, choice) in &self.choices {
            let mut add = |spot: Spot, factor: i64| {
                all.push(RankedBy {
                    rule: rule.id(),
                    version: rule.version.to_string(),
                    line: (spot.line > 0).then_some(spot.line),
                    said: crate::hooks::search::shown(factor),
                });
            };
            match what {
                "freshness" => choice.freshness.iter().for_each(|f| add(f.spot, f.weight)),
                "votes" => choice.votes.iter().for_each(|v| add(v.spot, v.weight)),
                "section" => {
                    let own = choice.sections.iter();
                    let own = own.filter(|s| Some(s.section.name()) == value);
                    own.for_each(|s| add(s.spot, s.factor));
                }
                field => {
                    let own = choice.values.iter();
                    let own = own.filter(|v| v.field.name() == field && Some(&*v.value) == value);
                    own.for_each(|v| add(v.spot, v.factor));
                }
            }
        }
        all
    }
}

/// A value as the index has it: types and statuses of the rule's own pack by their full code, products
/// by their id.
fn stored(
    snapshot: &dyn Snapshot,
    catalog: &Catalog,
    rule: &Rule,
    kinds: &[Kind],
    (field, value): (RankField, &str),
) -> Result<String> {
    let full = || Code::qualify(&rule.pack, value).0;
    Ok(match field {
        RankField::Type => full(),
        RankField::Status => {
            let is_known = |kind: &Kind| {
                let types = catalog.types(*kind).map(|t| Some(t.code.as_str()));
                let mut all = std::iter::once(None).chain(types);
                all.any(|t| {
                    let workflow = catalog.workflow(*kind, t);
                    workflow.is_some_and(|w| w.status(value).is_some())
                })
            };
            match kinds.iter().any(is_known) {
                true => value.to_owned(),
                false => full(),
            }
        }
        RankField::Product if value.parse::<Id>().is_err() => {
            let found = lookup::by_unique(snapshot, Kind::Product, &Value::from(value))?;
            found.map_or_else(|| value.to_owned(), |id| id.to_string())
        }
        _ => value.to_owned(),
    })
}

/// Hundredths as a factor.
fn parts(hundredths: i64) -> f32 {
    whole(hundredths) / 100.0
}

#[expect(
    clippy::cast_precision_loss,
    reason = "they are a few thousand at most"
)]
fn whole(number: i64) -> f32 {
    number as f32
}
