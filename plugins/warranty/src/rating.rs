//! Asking for a rating, and what it means.

use opora_sdk::survey_done::{self, Survey, SurveyDone};
use opora_sdk::survey_reply::{self, SurveyReply};
use opora_sdk::{Context as _, Effect, Fields as _, because};

use crate::{Plugin, words};

impl SurveyDone for Plugin {
    fn done(input: &survey_done::Input) -> survey_done::Decision {
        if input.address.as_deref().unwrap_or_default().is_empty() {
            return survey_done::Decision::skip("no_address");
        }
        if input.asked_before > 0 {
            return survey_done::Decision::skip("asked_already");
        }
        let locale = &input.actor.locale;
        let delay = input.int_option("survey_delay_hours", 24).clamp(0, 8_760);
        survey_done::Decision::send(Survey {
            template: "repair".to_owned(),
            channel: "mail".to_owned(),
            delay_secs: delay * 3_600,
            valid_secs: 30 * 86_400,
            scale: 5,
            subject: words(locale, "Как прошёл ремонт?", "How did the repair go?").to_owned(),
            text: words(
                locale,
                "Ваше устройство готово. Оцените ремонт: {link}",
                "Your device is ready. Please rate the repair: {link}",
            )
            .to_owned(),
        })
    }
}

impl SurveyReply for Plugin {
    fn reply(input: &survey_reply::Input) -> survey_reply::Decision {
        let asked = input.answers.iter().filter_map(|a| a.score);
        // A device that does not work is the worst answer, however quick the repair was.
        let Some(score) = asked.chain(input.score).min() else {
            return survey_reply::Decision::default();
        };
        because("lowest_score", &score.to_string());
        // Fifths of the scale: two lowest are bad, two highest good.
        let fifths = score.saturating_mul(5);
        if fifths > input.scale.saturating_mul(3) {
            return survey_reply::Decision::means("satisfied", None);
        }
        if fifths > input.scale.saturating_mul(2) {
            return survey_reply::Decision::means("neutral", None);
        }
        let decision = survey_reply::Decision::means("dissatisfied", None)
            .and(Effect::tag("repair_failed"))
            .and(Effect::note(note(input)));
        let status = input.text("status").unwrap_or_default();
        if input.is_own(status, "repaired") || input.is_own(status, "replaced") {
            return decision.and(Effect::transition("diagnosing"));
        }
        decision
    }
}

fn note(input: &survey_reply::Input) -> String {
    let mut text = words(
        &input.actor.locale,
        "Клиент недоволен ремонтом.",
        "The customer is not content with the repair.",
    )
    .to_owned();
    if !input.comment.trim().is_empty() {
        text.push_str("\n\n");
        text.extend(input.comment.trim().chars().take(500));
    }
    text
}
