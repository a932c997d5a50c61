//! Packs, configuration, intake, processes and contracts.

use opora_sdk::config_guard::{self, ConfigGuard};
use opora_sdk::contract_consume::{self, ContractConsume};
use opora_sdk::intake_match::{self, IntakeMatch, Key};
use opora_sdk::intake_route::{self, Creation, IntakeRoute, NewParty, Route};
use opora_sdk::pack_lifecycle::{self, PackLifecycle};
use opora_sdk::process_step::{self, ProcessStep};
use opora_sdk::{Context as _, Effect, Fields, NewRecord, Value, because};

use crate::{Plugin, trouble};

impl PackLifecycle for Plugin {
    fn happens(input: &pack_lifecycle::Input) -> pack_lifecycle::Decision {
        trouble::make(input);
        let mut decision = pack_lifecycle::Decision::default();
        let version = |version: &Option<String>| version.clone().unwrap_or("none".to_owned());
        let (from, to) = (version(&input.from_version), version(&input.to_version));
        match input.phase.as_str() {
            "install" | "upgrade" => {
                because("versions", &format!("{from} to {to}"));
                if input.bool_option("seed", true) && !input.dry_run {
                    let guide = NewRecord::new("article", "How it works").of_type("guide");
                    decision = decision
                        .create(NewRecord::new("team", "First"))
                        .create(guide);
                }
            }
            "disable" if input.actor.role != "admin" => {
                decision = decision.and_refuse("not_allowed", "only administrators put it to rest");
            }
            "remove" => {
                decision = decision
                    .and_refuse("in_use", format!("{from} is in use"))
                    .and_refuse("keep_it", "take its rules out instead");
            }
            _ => {}
        }
        for n in 0..input.int_option("many", 0) {
            decision = decision.create(NewRecord::new("team", &format!("t{n}")));
        }
        if input.bool_option("custom", false) {
            let effect = Effect::custom("teleport", "{\"to\":\"moon\"}");
            decision.effects.push(effect);
        }
        decision
    }
}

impl ConfigGuard for Plugin {
    fn guard(input: &config_guard::Input) -> config_guard::Decision {
        trouble::make(input);
        let decision = config_guard::Decision {
            extra: trouble::extra(input),
            ..config_guard::Decision::allow()
        };
        let change = &input.change;
        let (what, code) = (&change.what, &change.code);
        let used = matches!(change.was("used"), Some(Value::Int(used)) if *used > 0);
        if change.operation == "remove" && used {
            because("used", code);
            return decision.and_refuse("in_use", format!("{what} {code} is in use"));
        }
        if what != "status" || !change.differs("category") {
            return decision;
        }
        let category = match change.was("category") {
            Some(Value::Text(category)) => category.as_str(),
            _ => "",
        };
        let decision = decision.and_refuse("category", format!("{category} stays"));
        match input.actor.role.as_str() {
            "agent" => decision.and_refuse("not_allowed", "only administrators may"),
            _ => decision,
        }
    }
}

impl IntakeMatch for Plugin {
    fn keys(input: &intake_match::Input) -> intake_match::Decision {
        trouble::make(input);
        let mut decision = intake_match::Decision::default();
        if let Some(phone) = input.asked_of("phone") {
            let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
            because("digits", &digits);
            let dialled = Key::new("account", "dialled", digits.as_str());
            decision = decision
                .key(Key::new("contact", "phones", digits).weight(90))
                .key(dialled.mode("part").weight(40));
        }
        for asked in &input.search {
            if asked.field == "conformance/card" {
                let key = Key::new("account", "card", asked.text.as_str());
                decision = decision.only().key(key.mode(&input.mode).weight(100));
            }
        }
        if input.channel.as_deref() == Some("phone") {
            decision = decision.all_must_match(!input.all_must_match).limit(5);
        }
        for n in 0..input.int_option("many", 0) {
            decision = decision.key(Key::new("lead", "card", n.to_string()));
        }
        match input.text_option("unknown", "") {
            "mode" => decision.key(Key::new("lead", "card", "x").mode("sounds")),
            "weight" => decision.key(Key::new("lead", "card", "x").weight(101)),
            "limit" => decision.limit(0),
            _ => decision,
        }
    }
}

impl IntakeRoute for Plugin {
    fn accept(input: &intake_route::Input) -> intake_route::Decision {
        trouble::make(input);
        let decision = intake_route::Decision {
            effects: trouble::effects(input),
            ..intake_route::Decision::default()
        };
        match input.text_option("unknown", "") {
            "route" => {
                return intake_route::Decision {
                    route: Some(Route::Other(("forward".to_owned(), "{}".to_owned()))),
                    ..decision
                };
            }
            "twice" => {
                return decision
                    .party(NewParty::new("account"))
                    .party(NewParty::new("account"));
            }
            _ => {}
        }
        if input.boolean("spam") == Some(true) {
            if input.automatic {
                return decision.decline("spam");
            }
            return decision
                .and_refuse(Some("spam"), "spam", "take the mark away first")
                .and_refuse(None, "not_here", "spam is not accepted");
        }
        let title = input.text("title");
        if let Some(open) = input.open.iter().find(|open| open.text("title") == title) {
            because("same_title", title.unwrap_or_default());
            return decision
                .attach(&open.kind, &open.id)
                .and(Effect::tag("again"));
        }
        if let Some(party) = input.found.first().filter(|party| party.score > 80) {
            return decision.create(creation(input, party));
        }
        if input.automatic {
            return decision;
        }
        let of = |field: &str| input.text(field).unwrap_or_default();
        decision
            .party(NewParty::new("account").with("title", of("company")))
            .party(NewParty::new("contact").with("title", of("caller")))
            .and(Effect::set("checked", true))
            .and(Effect::tag("new"))
    }
}

fn creation(input: &intake_route::Input, party: &intake_route::Party) -> Creation {
    let wanted = &input.wanted;
    let code = wanted.type_code.as_deref().unwrap_or("request");
    let mut creation = Creation::new("ticket")
        .of_type(code)
        .with("account", Value::Reference(party.view.id.clone()));
    if let Some((_, note)) = wanted.values.iter().find(|(name, _)| name == "note") {
        creation = creation.with("note", note.clone());
    }
    let reason = party.reasons.first().cloned().unwrap_or_default();
    creation.with("reason", reason)
}

impl ProcessStep for Plugin {
    fn follow(input: &process_step::Input) -> process_step::Decision {
        trouble::make(input);
        let decision = process_step::Decision {
            effects: trouble::effects(input),
            ..process_step::Decision::default()
        };
        let answered = input.decisions.first();
        match (input.event.as_str(), input.outcome.as_deref()) {
            ("entered", _) if input.stage == "check" => decision.by_team("first", "checks first"),
            ("decided", Some("no")) if input.loops >= 2 => {
                because("loops", &input.process);
                let reason = "thrice is enough";
                decision
                    .next_stage("stop", reason)
                    .next_status("void", reason)
            }
            ("decided", Some("later")) => decision
                .and_refuse(None, "no_later", "decide now")
                .and_refuse(Some("answer"), "unclear", "say yes or no"),
            ("decided", _) if answered.is_some_and(|d| d.answer == "yes") => decision
                .next_stage("done", "approved")
                .by_agent("anna", "approved")
                .and(Effect::set("approved", true))
                .and(Effect::tag("approved")),
            _ => decision,
        }
    }
}

impl ContractConsume for Plugin {
    fn consume(input: &contract_consume::Input) -> contract_consume::Decision {
        trouble::make(input);
        let decision = contract_consume::Decision {
            effects: trouble::effects(input),
            ..contract_consume::Decision::default()
        };
        match input.text_option("unknown", "") {
            "over" => return decision.over_limit("borrow", "later"),
            "amount" => return decision.amount("-1", "less"),
            "number" => return decision.amount("much", "more"),
            _ => {}
        }
        if input.event == "unlinked" {
            return decision.amount("0", "given back");
        }
        if input.unit == "events" {
            return decision;
        }
        match input.contract.text("plan") {
            Some("rounded") => rounded(input, decision),
            Some("strict") => decision.over_limit("refuse", "no more than paid for"),
            _ => decision,
        }
    }
}

fn rounded(
    input: &contract_consume::Input,
    decision: contract_consume::Decision,
) -> contract_consume::Decision {
    let more = hundredths(&input.counted) + 50;
    let amount = format!("{}.{:02}", more / 100, more % 100);
    let decision = decision.amount(amount, "half more");
    match &input.total {
        Some(total) if hundredths(&input.used) + 50 > hundredths(total) => decision
            .over_limit("warn", "half more")
            .and(Effect::tag("over"))
            .and(Effect::set("over", Value::Decimal(input.used.clone()))),
        _ => decision,
    }
}

/// A decimal number with at most two places, as hundredths.
fn hundredths(number: &str) -> i64 {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let part = format!("{part:0<2}");
    let read = |text: &str| text.parse::<i64>().unwrap_or_default();
    read(whole) * 100 + read(&part)
}
