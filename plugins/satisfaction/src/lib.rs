//! Satisfaction: what an answered survey means, and what follows.

pub mod score;

use opora_sdk::define::{self, Define};
use opora_sdk::survey_done::{self, Survey, SurveyDone};
use opora_sdk::survey_reply::{self, SurveyReply};
use opora_sdk::{Context as _, Effect, Fields as _, Value, because};
use score::{Meaning, Result, Thresholds};

/// The plugin.
pub struct Plugin;

opora_sdk::export!(Plugin: define, survey_done, survey_reply);

/// Tag, note and team are for people; this is the most text of a comment that a note repeats.
const QUOTED_CHARS: usize = 500;

impl Define for Plugin {
    fn define(_: &define::Input) -> define::Decision {
        define::Decision::json(include_str!("definitions.json"))
    }
}

impl SurveyDone for Plugin {
    fn done(input: &survey_done::Input) -> survey_done::Decision {
        if !input.bool_option("send", false) {
            return survey_done::Decision::default();
        }
        if input.address.as_deref().unwrap_or_default().is_empty() {
            return survey_done::Decision::skip("no_address");
        }
        if input.asked_before > 0 {
            return survey_done::Decision::skip("asked_already");
        }
        let (subject, text) = letter(&input.actor.locale);
        survey_done::Decision::send(Survey {
            template: "service".to_owned(),
            channel: "mail".to_owned(),
            delay_secs: input.int_option("delay_hours", 2).clamp(0, 24 * 365) * 3_600,
            valid_secs: input.int_option("valid_days", 14).clamp(1, 365) * 86_400,
            scale: 5,
            subject: subject.to_owned(),
            text: text.to_owned(),
        })
    }
}

fn letter(locale: &str) -> (&'static str, &'static str) {
    if locale.starts_with("ru") {
        (
            "Оцените нашу работу",
            "Ваше обращение выполнено. Оцените, пожалуйста, нашу работу: {link}",
        )
    } else {
        (
            "How did we do?",
            "Your request is done. Please tell us how we did: {link}",
        )
    }
}

impl SurveyReply for Plugin {
    fn reply(input: &survey_reply::Input) -> survey_reply::Decision {
        let weights = score::weights(option_texts(input, "weights"));
        let answers = input
            .answers
            .iter()
            .filter_map(|a| a.score.map(|s| (a.question.as_str(), s)));
        let Some(result) = score::weigh(answers, &weights, input.score, input.scale) else {
            because("no_score", "neither an overall score nor a scored answer");
            return survey_reply::Decision::default();
        };
        let limits = Thresholds {
            satisfied_percent: input.int_option("satisfied_percent", 80),
            dissatisfied_percent: input.int_option("dissatisfied_percent", 50),
        };
        let mut meaning = result.meaning(limits);
        let veto = input.text_option("veto_question", "");
        if !veto.is_empty()
            && input
                .answers
                .iter()
                .any(|a| a.question == veto && a.score == Some(1))
        {
            because("veto", veto);
            meaning = Meaning::Dissatisfied;
        }
        because("weighted", &result.to_string());
        let decision = survey_reply::Decision::means(meaning.code(), Some(result.hundredths));
        if meaning == Meaning::Dissatisfied {
            follow_up(input, &result, decision)
        } else {
            decision
        }
    }
}

fn follow_up(
    input: &survey_reply::Input,
    result: &Result,
    mut decision: survey_reply::Decision,
) -> survey_reply::Decision {
    let tag = input.text_option("tag", "dissatisfied");
    if !tag.is_empty() {
        decision = decision.and(Effect::tag(tag));
    }
    let status = input.text("status").unwrap_or_default();
    let pack = status.split_once('/').map_or("", |(pack, _)| pack);
    let target = option_texts(input, "reopen_to")
        .iter()
        .find(|s| s.split_once('/').is_some_and(|(p, _)| p == pack));
    // Only a finished ticket is reopened; a second bad answer must not move an open one about.
    if let Some(target) = target.filter(|_| input.subject.category.as_deref() == Some("done")) {
        decision = decision.and(Effect::transition(target));
    }
    let team = input.text_option("escalate_team", "");
    if !team.is_empty() {
        decision = decision.and(Effect::assign_team(team));
    }
    decision.and(Effect::note(note(input, result)))
}

fn note(input: &survey_reply::Input, result: &Result) -> String {
    let mut text = if input.actor.locale.starts_with("en") {
        format!("The customer is not satisfied: {result}.")
    } else {
        format!("Клиент недоволен: {result}.")
    };
    for answer in &input.answers {
        if let Some(score) = answer.score {
            text.push_str(&format!("\n{}: {score}", answer.question));
        }
    }
    if !input.comment.trim().is_empty() {
        text.push_str("\n\n");
        text.extend(input.comment.trim().chars().take(QUOTED_CHARS));
    }
    text
}

fn option_texts<'a>(input: &'a survey_reply::Input, name: &str) -> &'a [String] {
    match input.options().iter().find(|(n, _)| n == name) {
        Some((_, Value::Texts(list))) => list,
        _ => &[],
    }
}

#[cfg(test)]
mod tests;
