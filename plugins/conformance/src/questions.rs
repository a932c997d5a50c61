//! What is asked of a rule: values, actions, messages, access.

use opora_sdk::access_filter::{self, AccessFilter, Node};
use opora_sdk::action_run::{self, ActionRun};
use opora_sdk::field_compute::{self, FieldCompute};
use opora_sdk::notify_compose::{self, Choice, Message, NotifyCompose};
use opora_sdk::{Condition, Context as _, Effect, Fields as _, Value, because};

use crate::{Plugin, trouble};

impl FieldCompute for Plugin {
    fn compute(input: &field_compute::Input) -> field_compute::Decision {
        trouble::make(input);
        let decision = field_compute::Decision::default();
        if input.text_option("unknown", "") == "value" {
            return decision.with("span", Value::Other(("shape".to_owned(), "{}".to_owned())));
        }
        match (input.int("first"), input.int("last")) {
            (Some(first), Some(last)) => decision
                .with("span", last - first)
                .with("wide", last - first > 100),
            _ if input.field("span").is_some() => decision.without("span"),
            _ => decision,
        }
    }
}

impl ActionRun for Plugin {
    fn run(input: &action_run::Input) -> action_run::Decision {
        trouble::make(input);
        let decision = action_run::Decision {
            effects: trouble::effects(input),
            ..action_run::Decision::default()
        };
        match input.name.as_str() {
            "escalate" if input.actor.role == "contact" => {
                decision.and_refuse(None, "not_allowed", "only agents escalate")
            }
            "escalate" if input.text("priority") == Some("low") => {
                decision.and_refuse(Some("priority"), "too_low", "raise the priority first")
            }
            "escalate" => decision
                .and(Effect::assign_team("first"))
                .and(Effect::tag("escalated"))
                .returning("{\"escalated\":true}"),
            "echo" => decision.returning(input.arguments.as_str()),
            "say" => decision.returning(input.text_option("say", "")),
            _ => decision,
        }
    }
}

impl NotifyCompose for Plugin {
    fn compose(input: &notify_compose::Input) -> notify_compose::Decision {
        trouble::make(input);
        let notice = &input.notice;
        if input.text_option("unknown", "") == "choice" {
            return notify_compose::Decision {
                choice: Some(Choice::Other(("delay".to_owned(), "{}".to_owned()))),
                extra: Vec::new(),
            };
        }
        if input.text_option("unknown", "") == "extra" {
            return notify_compose::Decision {
                extra: trouble::extra(input),
                ..notify_compose::Decision::send(Message::default())
            };
        }
        if notice.channel == "chat" && notice.address.is_none() {
            let decision = notify_compose::Decision::suppress("no_address");
            return match input.text_option("unknown", "") {
                "html" => decision.html("<p>nothing</p>"),
                _ => decision,
            };
        }
        if notice.locale == "ru" {
            because("in_russian", &notice.source);
            return notify_compose::Decision::send(
                Message::default()
                    .subject("Ваше обращение")
                    .text(format!("Здравствуйте! {}", notice.text)),
            );
        }
        if notice.to == "watchers" {
            return notify_compose::Decision::send(Message::default())
                .html(format!("<p>{}</p>", notice.text));
        }
        if notice.to == "assignee" {
            let values = format!(r#"{{"number":17,"words":"{}"}}"#, notice.text);
            return notify_compose::Decision::send(Message::default()).template("closed", values);
        }
        if input.text("priority") == Some("high") {
            return notify_compose::Decision::send(
                Message::default().to(&[&notice.to, "team"]).channel("mail"),
            );
        }
        notify_compose::Decision::default()
    }
}

impl AccessFilter for Plugin {
    fn filter(input: &access_filter::Input) -> access_filter::Decision {
        trouble::make(input);
        let decision = odd(input, access_filter::Decision::default());
        match input.actor.role.as_str() {
            "contact" => {
                let own = match input.related("account") {
                    Some(account) => Condition::is("account", Value::Reference(account.id.clone())),
                    None => Condition::Any(Vec::new()),
                };
                decision.only(own).mask("cost").mask("margin")
            }
            "agent" => {
                let Some(team) = input.text("team") else {
                    return decision;
                };
                let open = Condition::All(vec![
                    Condition::is("secret", true).negated(),
                    Condition::at_least("amount", 10),
                    Condition::below("amount", 1_000),
                ]);
                let teams = Condition::one_of("team", [team, "first"]);
                decision.only(Condition::Any(vec![teams, Condition::empty("team"), open]))
            }
            _ => decision,
        }
    }
}

/// Conditions that no rule should write, for the tests of limits.
fn odd(
    input: &access_filter::Input,
    mut decision: access_filter::Decision,
) -> access_filter::Decision {
    for n in 0..input.int_option("many", 0) {
        decision = decision.only(Condition::is("amount", n));
    }
    let levels = input.int_option("deep", 0);
    if levels > 0 {
        let deep = (1..levels).fold(Condition::is("secret", true), |c, _| c.negated());
        decision = decision.only(deep);
    }
    let odd = match input.text_option("unknown", "") {
        "condition" => Node::Other(("near".to_owned(), "{}".to_owned())),
        "cut" => Node::All(2),
        _ => return decision,
    };
    let mut decision = decision.only(Condition::is("secret", false));
    if let Some(choice) = &mut decision.choice {
        choice.only.insert(0, odd);
    }
    decision
}
