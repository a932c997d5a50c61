//! The arithmetic of answers.

use std::fmt;

/// Greatest weight of a question: products stay far from overflow.
const MAX_WEIGHT: i64 = 1_000;
/// Greatest scale of a survey.
const MAX_SCALE: i64 = 100;

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The customer is content.
    Satisfied,
    /// Neither.
    Neutral,
    /// The customer is not content.
    Dissatisfied,
}

impl Meaning {
    /// The code that the engine stores.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Neutral => "neutral",
            Self::Dissatisfied => "dissatisfied",
        }
    }
}

/// Where meanings begin, in percent of the scale.
#[derive(Debug, Clone, Copy)]
pub struct Thresholds {
    /// Satisfied from here.
    pub satisfied_percent: i64,
    /// Dissatisfied below.
    pub dissatisfied_percent: i64,
}

/// A weighted score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Result {
    /// Score in hundredths.
    pub hundredths: i64,
    /// Greatest score of the scale.
    pub scale: i64,
}

impl Result {
    /// What the score means. Both sides are multiplied out: a score of exactly 80 % is 80 %.
    #[must_use]
    pub const fn meaning(self, limits: Thresholds) -> Meaning {
        if self.hundredths >= limits.satisfied_percent.saturating_mul(self.scale) {
            Meaning::Satisfied
        } else if self.hundredths < limits.dissatisfied_percent.saturating_mul(self.scale) {
            Meaning::Dissatisfied
        } else {
            Meaning::Neutral
        }
    }
}

impl fmt::Display for Result {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.hundredths / 100, self.hundredths % 100);
        write!(f, "{whole}.{part:02} / {}", self.scale)
    }
}

/// Reads weights such as `solution=5`; what cannot be read, or weighs nothing, is left out.
#[must_use]
pub fn weights(texts: &[String]) -> Vec<(&str, i64)> {
    texts
        .iter()
        .filter_map(|text| {
            let (question, weight) = text.split_once('=')?;
            let weight = weight.trim().parse().ok()?;
            (0..=MAX_WEIGHT)
                .contains(&weight)
                .then_some((question.trim(), weight))
        })
        .collect()
}

/// The weighted mean of the scored answers, rounded half up; without any, the overall score. Scores
/// outside the scale do not count, and a question of weight 0 does not either.
pub fn weigh<'a>(
    answers: impl Iterator<Item = (&'a str, i64)>,
    weights: &[(&str, i64)],
    overall: Option<i64>,
    scale: i64,
) -> Option<Result> {
    if !(1..=MAX_SCALE).contains(&scale) {
        return None;
    }
    let (mut sum, mut weight_sum) = (0_i64, 0_i64);
    for (question, score) in answers.filter(|(_, s)| (1..=scale).contains(s)) {
        let weight = weights
            .iter()
            .find(|(q, _)| *q == question)
            .map_or(1, |(_, w)| *w);
        sum = sum.saturating_add(score * weight);
        weight_sum = weight_sum.saturating_add(weight);
    }
    if weight_sum == 0 {
        let overall = overall.filter(|s| (1..=scale).contains(s))?;
        (sum, weight_sum) = (overall, 1);
    }
    let hundredths = sum.saturating_mul(200).saturating_add(weight_sum) / (weight_sum * 2);
    Some(Result { hundredths, scale })
}
