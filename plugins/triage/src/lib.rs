//! Triage: priority and assignment from what the customer wrote.

pub mod tokens;
pub mod topics;
pub mod urgency;

use opora_sdk::assign_select::{self, Agent, AssignSelect};
use opora_sdk::record_defaults::{Decision, Input, RecordDefaults};
use opora_sdk::{Context, Fields as _, Value, because};
use tokens::Tokens;

/// The plugin.
pub struct Plugin;

opora_sdk::export!(Plugin: record_defaults, assign_select);

/// Points of an important account.
const IMPORTANT: i64 = 2;

impl RecordDefaults for Plugin {
    fn defaults(input: &Input) -> Decision {
        if input.is_asked("priority") {
            return Decision::default();
        }
        let (title, body) = texts(input);
        let mut points = urgency::points(&title) * 2 + urgency::points(&body);
        if points != 0 {
            because("words", &points.to_string());
        }
        if is_important(input) {
            because("important_account", "2");
            points += IMPORTANT;
        }
        match urgency::priority(points) {
            Some(priority) => Decision::default().with("priority", priority),
            None => Decision::default(),
        }
    }
}

impl AssignSelect for Plugin {
    fn select(input: &assign_select::Input) -> assign_select::Decision {
        let (title, body) = texts(input);
        let Some(topic) = topics::best(list(input, "topics"), &title, &body) else {
            return to_team(input, None);
        };
        because("topic", topic);
        let team = input.reference("team");
        let limit = input.int_option("max_load", 20);
        let able = input.agents.iter().filter(|a| {
            a.skills.iter().any(|s| s == topic)
                && a.load < limit
                && (team.is_none() || a.team.as_deref() == team)
        });
        match able.min_by(|a, b| (a.load, &a.code).cmp(&(b.load, &b.code))) {
            Some(agent) => assign_select::Decision::agent(&agent.id, reason(input, topic, agent)),
            None => to_team(input, Some(topic)),
        }
    }
}

fn reason(input: &assign_select::Input, topic: &str, agent: &Agent) -> String {
    let load = agent.load;
    if input.actor.locale.starts_with("ru") {
        format!("тема {topic}, открытых заявок: {load}")
    } else {
        format!("topic {topic}, open tickets: {load}")
    }
}

/// The topic's team, or the one for the rest; a ticket that has a team keeps it.
fn to_team(input: &assign_select::Input, topic: Option<&str>) -> assign_select::Decision {
    if input.reference("team").is_some() {
        return assign_select::Decision::default();
    }
    let of_topic = topic.and_then(|topic| {
        let pairs = list(input, "teams")
            .iter()
            .filter_map(|t| t.split_once('='));
        let mut teams = pairs.filter(|(skill, _)| *skill == topic);
        teams.next().map(|(_, team)| team)
    });
    let team = of_topic.unwrap_or_else(|| input.text_option("default_team", ""));
    if team.is_empty() || !input.teams.iter().any(|t| t.code == team) {
        return assign_select::Decision::default();
    }
    let is_russian = input.actor.locale.starts_with("ru");
    let reason = match (topic, is_russian) {
        (Some(topic), true) => format!("тема {topic}, свободных исполнителей нет"),
        (Some(topic), false) => format!("topic {topic}, no agent is free"),
        (None, true) => "тема не ясна".to_owned(),
        (None, false) => "no topic is clear".to_owned(),
    };
    assign_select::Decision::team(team, reason)
}

fn texts(input: &impl Context) -> (Tokens, Tokens) {
    let text = |name| Tokens::read(input.text(name).unwrap_or_default());
    (text("title"), text("description"))
}

fn is_important(input: &Input) -> bool {
    let of_account = input.related("account").is_some_and(|account| {
        let kind = account.text("account_kind").unwrap_or_default();
        let tags = account.texts("tags");
        list(input, "important_kinds").iter().any(|k| k == kind)
            || list(input, "important_tags")
                .iter()
                .any(|t| tags.contains(t))
    });
    let level = input.related("support_level").and_then(|l| l.text("code"));
    of_account || level.is_some_and(|l| list(input, "important_levels").iter().any(|i| i == l))
}

fn list<'a>(input: &'a impl Context, option: &str) -> &'a [String] {
    match input.options().iter().find(|(name, _)| name == option) {
        Some((_, Value::Texts(texts))) => texts,
        _ => &[],
    }
}

#[cfg(test)]
mod tests;
