//! A decision in words: what it would do to which field, for people and for comparing two.

use std::collections::BTreeMap;

use crate::hooks::fixture::predicate_json;
use crate::hooks::when::shown;
use crate::hooks::{ClockAct, Decision, Effect, FieldRule, NoticeChoice, SurveyAsk};

/// One thing that a decision says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The field, or what else it is about: `refuse CODE`, `comment`, `notify contact`, …
    pub field: String,
    /// What shall be there.
    pub value: String,
    /// Line of the script; 0 when unknown.
    pub line: u32,
}

/// What a decision says, in order.
#[must_use]
pub fn outline(decision: &Decision) -> Vec<Point> {
    let mut points = Vec::new();
    let mut add = |field: String, value: String, line: u32| {
        points.push(Point { field, value, line });
    };
    for refusal in &decision.refusals {
        let field = format!("refuse {}", refusal.code);
        add(field, refusal.message.clone(), refusal.spot.line);
    }
    for (effect, spot) in &decision.effects {
        for (field, value) in effect_words(effect) {
            add(field, value, spot.line);
        }
    }
    for rule in &decision.form {
        add(
            format!("form {}", rule.field),
            form_words(rule),
            rule.spot.line,
        );
    }
    if let Some(choice) = &decision.assign {
        let who = [("assignee", &choice.agent), ("team", &choice.team)];
        for (field, value) in who {
            if let Some(value) = value {
                add(field.to_owned(), value.clone(), choice.spot.line);
            }
        }
    }
    if let Some(level) = &decision.level {
        add(
            "support_level".to_owned(),
            level.level.clone(),
            level.spot.line,
        );
    }
    match &decision.ask {
        Some(SurveyAsk::Skip { reason, spot }) => {
            add("survey".to_owned(), format!("skip: {reason}"), spot.line);
        }
        Some(SurveyAsk::Send { template, spot, .. }) => {
            add("survey".to_owned(), format!("send {template}"), spot.line);
        }
        None => {}
    }
    if let Some(outcome) = &decision.outcome {
        add(
            "satisfaction".to_owned(),
            outcome.meaning.clone(),
            outcome.spot.line,
        );
    }
    for step in &decision.clocks {
        add(
            format!("clock {}", step.clock),
            act_words(step.act),
            step.spot.line,
        );
    }
    match &decision.notice {
        Some(NoticeChoice::Suppress { reason, spot }) => {
            add(
                "notice".to_owned(),
                format!("not sent: {reason}"),
                spot.line,
            );
        }
        Some(NoticeChoice::Compose {
            to,
            channel,
            subject,
            text,
            html,
            template,
            spot,
        }) => {
            let template = template.as_ref().map(|t| t.name.clone());
            let to = to.as_ref().map(|all| all.join(", "));
            let parts = [
                ("to", &to),
                ("channel", channel),
                ("subject", subject),
                ("text", text),
                ("html", html),
                ("template", &template),
            ];
            for (name, value) in parts {
                if let Some(value) = value {
                    add(format!("notice {name}"), value.clone(), spot.line);
                }
            }
        }
        None => {}
    }
    if let Some(access) = &decision.access {
        add(
            "access".to_owned(),
            predicate_json(&access.only).to_string(),
            access.spot.line,
        );
        add(
            "access masked".to_owned(),
            access.masked.join(", "),
            access.spot.line,
        );
    }
    if let Some(result) = &decision.result {
        add("result".to_owned(), result.clone(), 0);
    }
    points
}

fn effect_words(effect: &Effect) -> Vec<(String, String)> {
    let one = |field: String, value: &str| vec![(field, value.to_owned())];
    match effect {
        Effect::Set { field, value } => vec![(field.clone(), shown(value.as_ref()))],
        Effect::Transition { to } => one("status".to_owned(), to),
        Effect::Assign { agent, team } => {
            let who = [("assignee", agent), ("team", team)];
            let who = who
                .into_iter()
                .filter_map(|(f, v)| v.as_ref().map(|v| (f, v)));
            who.map(|(field, value)| (field.to_owned(), value.clone()))
                .collect()
        }
        Effect::Comment { text, .. } => one("comment".to_owned(), text),
        Effect::Create { kind, fields, .. } => {
            let values: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name} = {}", shown(Some(value))))
                .collect();
            vec![(format!("create {}", kind.name()), values.join(", "))]
        }
        Effect::Tag(tag) => one(format!("tag {tag}"), "added"),
        Effect::Untag(tag) => one(format!("tag {tag}"), "removed"),
        Effect::Schedule { name, at, .. } => one(format!("timer {name}"), &at.to_rfc3339()),
        Effect::Unschedule { name } => one(format!("timer {name}"), "removed"),
        Effect::Notify {
            to, subject, text, ..
        } => vec![(format!("notify {to}"), format!("{subject}\n{text}"))],
        Effect::Webhook { name, body } => one(format!("webhook {name}"), body),
        Effect::Link { relation, kind, to } => {
            one(format!("link {relation}"), &format!("{} {to}", kind.name()))
        }
        Effect::Custom { kind, data } => one(kind.clone(), data),
    }
}

fn act_words(act: ClockAct) -> String {
    match act {
        ClockAct::Start => "begins".to_owned(),
        ClockAct::Pause => "stands still".to_owned(),
        ClockAct::Resume => "runs on".to_owned(),
        ClockAct::Meet => "met".to_owned(),
        ClockAct::Cancel => "cancelled".to_owned(),
        ClockAct::Extend(seconds) => format!("extended by {seconds} s"),
    }
}

fn form_words(rule: &FieldRule) -> String {
    let flags = [
        ("visible", rule.visible),
        ("required", rule.required),
        ("readonly", rule.readonly),
    ];
    let flags = flags
        .into_iter()
        .filter_map(|(n, v)| v.map(|v| format!("{n} = {v}")));
    let options = rule.options.iter();
    let options = options.map(|all| format!("options = {}", all.join(", ")));
    let advice = rule.advice.iter().map(|text| format!("advice = {text}"));
    let all: Vec<String> = flags.chain(options).chain(advice).collect();
    all.join("; ")
}

/// How two decisions differ, field by field: what the first says and what the second says.
#[must_use]
pub fn differences(
    first: &[Point],
    second: &[Point],
) -> Vec<(String, Option<String>, Option<String>)> {
    let by_field = |points: &[Point]| {
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        for point in points {
            all.entry(point.field.clone())
                .and_modify(|value| {
                    // What is said twice of a field is last said; messages add up.
                    if point.field.contains(' ') || point.field == "comment" {
                        value.push('\n');
                        value.push_str(&point.value);
                    } else {
                        value.clone_from(&point.value);
                    }
                })
                .or_insert_with(|| point.value.clone());
        }
        all
    };
    let (first, mut second) = (by_field(first), by_field(second));
    let mut found = Vec::new();
    for (field, was) in first {
        let now = second.remove(&field);
        if now.as_ref() != Some(&was) {
            found.push((field, Some(was), now));
        }
    }
    let added = second
        .into_iter()
        .map(|(field, now)| (field, None, Some(now)));
    found.extend(added);
    found
}
