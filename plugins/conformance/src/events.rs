//! What follows from events: messages, clocks, changes that were committed.

use opora_sdk::interaction_event::{self, InteractionEvent};
use opora_sdk::record_changed::{self, RecordChanged};
use opora_sdk::sla_clock::{self, Act, SlaClock, Step};
use opora_sdk::sla_event::{self, SlaEvent};
use opora_sdk::{Context as _, Effect, Fields as _, because};

use crate::{HOUR, Plugin, trouble};

impl InteractionEvent for Plugin {
    fn recorded(input: &interaction_event::Input) -> interaction_event::Decision {
        trouble::make(input);
        let mut decision = interaction_event::Decision {
            effects: trouble::effects(input),
            ..interaction_event::Decision::default()
        };
        if input.entry.direction != "in" {
            return decision;
        }
        if input.entry.text.contains("urgent") {
            because("urgent_word", &input.entry.subject);
            decision = decision
                .and(Effect::set("priority", "high"))
                .and(Effect::tag("urgent"));
        }
        if input.subject.category.as_deref() == Some("waiting") {
            decision = decision.and(Effect::transition("open"));
        }
        decision
    }
}

impl SlaClock for Plugin {
    fn follow(input: &sla_clock::Input) -> sla_clock::Decision {
        trouble::make(input);
        let mut decision = sla_clock::Decision::default();
        for n in 0..input.int_option("many", 0) {
            decision = decision.start(&format!("c{n}"));
        }
        if input.text_option("unknown", "") == "act" {
            decision.steps.push(Step {
                clock: "reaction".to_owned(),
                act: Act::Other(("rewind".to_owned(), "{}".to_owned())),
            });
        }
        match input.event.as_str() {
            "created" => decision.start("reaction").start("resolution"),
            "interaction" => answered(input, decision),
            "status" => waiting(input, decision),
            "level" => {
                let by = input.int_option("extend", 7_200);
                input.clocks.iter().fold(decision, |decision, clock| {
                    if clock.breached {
                        decision.cancel(&clock.name)
                    } else {
                        decision.extend(&clock.name, by)
                    }
                })
            }
            _ => decision,
        }
    }
}

/// An answer that the customer sees meets the promise of a reaction.
fn answered(input: &sla_clock::Input, decision: sla_clock::Decision) -> sla_clock::Decision {
    match &input.entry {
        Some(entry) if entry.author == "agent" && entry.visibility == "public" => {
            because("answered", &entry.channel);
            decision.meet("reaction")
        }
        _ => decision,
    }
}

/// Clocks stand still while the customer is waited for.
fn waiting(input: &sla_clock::Input, decision: sla_clock::Decision) -> sla_clock::Decision {
    let waits = input.subject.category.as_deref() == Some("waiting");
    input
        .clocks
        .iter()
        .fold(decision, |decision, clock| match clock.state.as_str() {
            "running" if waits => decision.pause(&clock.name),
            "paused" if !waits => decision.resume(&clock.name),
            _ => decision,
        })
}

impl SlaEvent for Plugin {
    fn happened(input: &sla_event::Input) -> sla_event::Decision {
        trouble::make(input);
        let decision = sla_event::Decision {
            effects: trouble::effects(input),
            ..sla_event::Decision::default()
        };
        let clock = &input.clock.name;
        match input.event.as_str() {
            "warned" if input.text("priority") != Some("low") => {
                let text = format!(
                    "{clock} is due in {} s",
                    (input.clock.due_at - input.now) / 1_000_000
                );
                decision.and(Effect::notify("assignee", "mail", "Hurry", text))
            }
            "breached" => decision
                .and(Effect::assign_team("first"))
                .and(Effect::set("late_clock", clock.as_str()))
                .and(Effect::tag("late")),
            _ => decision,
        }
    }
}

impl RecordChanged for Plugin {
    fn changed(input: &record_changed::Input) -> record_changed::Decision {
        trouble::make(input);
        let decision = record_changed::Decision {
            effects: trouble::effects(input),
            ..record_changed::Decision::default()
        };
        let amount = input.changes.iter().any(|f| f == "amount");
        match input.command.as_str() {
            "update" if amount => decision
                .and(Effect::webhook("erp", "{\"changed\":\"amount\"}"))
                .and(Effect::tag("changed")),
            "transition" => decision.and(Effect::schedule("check", input.now + HOUR, "{}")),
            _ => decision,
        }
    }
}
