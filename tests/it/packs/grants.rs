//! What a pack asks for, what it is granted, and what becomes of the rest.

use std::collections::BTreeMap;

use opora::desk::{Actor, PackChange, Reply, Result, WhyQuery};
use opora::domain::{Id, Kind};
use opora::packs::{Given, PackFiles};
use serde_json::json;

use super::{change, manifest};
use crate::support::TestDesk;

const TYPES: &str = r#"
[[type]]
code = "fault"
workflow = "work"
field_sets = ["more"]
[[workflow]]
code = "work"
initial = "todo"
statuses = [{ code = "todo", category = "new" }, { code = "done", category = "done" }]
transitions = [{ from = "todo", to = "done" }]
[[field_set]]
code = "more"
fields = [{ code = "seen", value = "text" }, { code = "own", value = "text", personal_data = true }]
"#;

const RULES: &str = r#"
[[rule]]
name = "look"
hook = "transition.effect"
script = "rules.rhai"
reads = ["contact"]
"#;

fn install(desk: &TestDesk, asks: &str, script: &str, grants: Given) -> Result<Reply> {
    let head = manifest("1.0.0", &format!("{asks}{RULES}"));
    let files = PackFiles::from_texts(&[
        ("pack.toml", head.as_str()),
        ("definitions.toml", TYPES),
        ("rules.rhai", script),
    ]);
    change(desk, "", PackChange::Install { files, grants })
}

fn ticket(desk: &TestDesk) -> Id {
    let anna = json!({"title": "Anna", "mails": ["anna@example.org"], "position": "Head"});
    let contact = desk.create(Kind::Contact, anna).unwrap().id;
    let fields = json!({"type": "fault", "title": "Noise", "description": "My words",
        "contact": contact, "own": "mine"});
    desk.create(Kind::Ticket, fields).unwrap().id
}

const SEES: &str = r#"
fn look(c) {
    let who = c.related.contact;
    c.set("seen", `${c.record.description ?? "-"}|${who.title ?? "-"}|${who.mails?.len() ?? "-"}|${who.position}|${c.record.own}`);
}
"#;

#[test]
fn personal_data_that_was_not_granted_is_not_in_the_view() {
    let desk = TestDesk::bare();
    let some = "[capabilities]\neffects = [\"set\"]\nreads = [\"contact\"]\npersonal = [\"contact.title\", \"contact.mails\"]\n";
    let error = install(&desk, some, SEES, Given::Nothing).unwrap_err();
    assert_eq!(error.code, "grants_needed");
    let asked: Vec<&str> = error
        .faults
        .iter()
        .filter_map(|f| f.field.as_deref())
        .collect();
    assert_eq!(
        asked,
        [
            "personal:contact.mails",
            "personal:contact.title",
            "read:contact"
        ]
    );
    let wrong = Given::of(&["read:contcat".to_owned()]);
    let error = install(&desk, some, SEES, wrong).unwrap_err();
    assert!(
        error.message.contains("did you mean `read:contact`"),
        "{error:?}"
    );
    let partly = Given::of(&[
        "read:contact".to_owned(),
        "personal:contact.title".to_owned(),
    ]);
    install(&desk, some, SEES, partly).unwrap();
    let id = ticket(&desk);
    assert_eq!(
        desk.get(Kind::Ticket, id).text("shop/seen"),
        Some("-|Anna|-|Head|mine")
    );
    change(&desk, "shop", PackChange::Grant { grants: Given::All }).unwrap();
    desk.transition(id, "done").unwrap();
    assert_eq!(
        desk.get(Kind::Ticket, id).text("shop/seen"),
        Some("-|Anna|1|Head|mine")
    );
    // A pack that says nothing asks for everything, and that wants a word.
    let error = install(&desk, "", SEES, Given::Nothing).unwrap_err();
    assert!(error.message.contains("asks for *"), "{error:?}");
    install(&desk, "", SEES, Given::All).unwrap();
    let id = ticket(&desk);
    assert_eq!(
        desk.get(Kind::Ticket, id).text("shop/seen"),
        Some("My words|Anna|1|Head|mine")
    );
    // What was granted once is not asked for again.
    install(&desk, some, SEES, Given::Nothing).unwrap();
    assert_eq!(desk.desk.packs().unwrap()[0].grants.len(), 4);
}

#[test]
fn what_was_withheld_from_a_rule_is_told_as_withheld() {
    let desk = TestDesk::bare();
    let asks = "[capabilities]\neffects = [\"set\"]\nreads = [\"contact\"]\n\
                personal = [\"contact.title\", \"contact.mails\", \"ticket.description\"]\n";
    let partly = ["read:contact", "personal:contact.title"].map(str::to_owned);
    install(&desk, asks, SEES, Given::of(&partly)).unwrap();
    let id = ticket(&desk);
    let again = |pos| {
        let replayed = desk.desk.replay(&Actor::System, pos, None).unwrap();
        let read = replayed.into_iter().flat_map(|r| r.read);
        read.map(|r| {
            let value = r.value.map(|v| v.to_json());
            ((r.of, r.field), (value, r.withheld))
        })
        .collect::<BTreeMap<_, _>>()
    };
    let page = desk
        .desk
        .history(&Actor::System, Kind::Ticket, id, None, 50)
        .unwrap();
    let read = again(page.items.last().unwrap().pos);
    let of = |of: &str, field: &str| read[&(of.to_owned(), field.to_owned())].clone();
    assert_eq!(of("", "description"), (None, true));
    assert_eq!(of("contact", "mails"), (None, true));
    assert_eq!(of("contact", "title"), (Some(json!("Anna")), false));
    assert_eq!(of("contact", "position"), (Some(json!("Head")), false));
    change(&desk, "shop", PackChange::Grant { grants: Given::All }).unwrap();
    let read = again(desk.transition(id, "done").unwrap().pos);
    let words = (Some(json!("My words")), false);
    assert_eq!(read[&(String::new(), "description".to_owned())], words);
}

/// That a rule ran would tell what its condition looked at.
#[test]
fn conditions_see_no_more_than_their_rule() {
    let desk = TestDesk::bare();
    let asks = "[capabilities]\neffects = [\"set\"]\nreads = [\"contact\"]\n\
                personal = [\"contact.mails\", \"ticket.description\"]\n";
    let when = "writes = [\"seen\"]\nwhen = [\n{ name = \"told\", field = \"description\", is_set = true },\n\
                { name = \"reached\", field = \"contact.mails\", is_set = true },\n]\n";
    let head = manifest("1.0.0", &format!("{asks}{RULES}{when}"));
    let files = PackFiles::from_texts(&[
        ("pack.toml", head.as_str()),
        ("definitions.toml", TYPES),
        ("rules.rhai", "fn look(c) { c.set(\"seen\", \"x\"); }"),
    ]);
    let grants = Given::of(&["read:contact".to_owned()]);
    change(&desk, "", PackChange::Install { files, grants }).unwrap();
    let grant = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let grants = Given::Some(names);
        change(&desk, "shop", PackChange::Grant { grants }).unwrap();
    };
    let why_not = |id: Id| {
        let query = WhyQuery {
            kind: Kind::Ticket,
            id,
            field: Some("seen".to_owned()),
            limit: 10,
            cursor: None,
        };
        let why = desk.desk.why(&Actor::System, &query).unwrap();
        let silent = why.items.into_iter().flat_map(|item| item.silent);
        silent.map(|rule| rule.silence.words()).collect::<String>()
    };
    let first = ticket(&desk);
    assert_eq!(desk.get(Kind::Ticket, first).text("shop/seen"), None);
    let said = why_not(first);
    assert!(
        said.contains("`told` (description is_set) was false: description withheld"),
        "{said}"
    );
    assert!(!said.contains("My words"), "{said}");
    grant(&["read:contact", "personal:ticket.description"]);
    let second = ticket(&desk);
    assert_eq!(desk.get(Kind::Ticket, second).text("shop/seen"), None);
    let said = why_not(second);
    assert!(said.contains("contact.mails withheld"), "{said}");
    change(&desk, "shop", PackChange::Grant { grants: Given::All }).unwrap();
    let third = ticket(&desk);
    assert_eq!(desk.get(Kind::Ticket, third).text("shop/seen"), Some("x"));
}

#[test]
fn a_denied_effect_or_read_is_refused_by_name() {
    let desk = TestDesk::bare();
    let asks = "[capabilities]\neffects = [\"set\", \"notify\"]\nreads = [\"contact\"]\n";
    let script =
        "fn look(c) { c.set(\"seen\", \"x\"); c.notify(\"contact\", \"mail\", \"s\", \"t\"); }";
    install(&desk, asks, script, Given::of(&["read:contact".to_owned()])).unwrap();
    let id = ticket(&desk);
    // None of the rule's effects is applied, and the history says why.
    assert_eq!(desk.get(Kind::Ticket, id).text("shop/seen"), None);
    let why = || {
        let page = desk
            .desk
            .history(&Actor::System, Kind::Ticket, id, None, 50)
            .unwrap();
        format!("{:?}", page.items.last())
    };
    assert!(
        why().contains("`effect:notify`, which pack `shop` was not granted"),
        "{}",
        why()
    );
    assert!(
        desk.desk
            .outbox(&Actor::System, None, 10)
            .unwrap()
            .items
            .is_empty()
    );
    change(
        &desk,
        "shop",
        PackChange::Grant {
            grants: Given::of(&["effect:notify".to_owned()]),
        },
    )
    .unwrap();
    desk.transition(id, "done").unwrap();
    assert!(why().contains("`read:contact`"), "{}", why());
    change(&desk, "shop", PackChange::Grant { grants: Given::All }).unwrap();
    let id = ticket(&desk);
    assert_eq!(desk.get(Kind::Ticket, id).text("shop/seen"), Some("x"));
    assert_eq!(
        desk.desk
            .outbox(&Actor::System, None, 10)
            .unwrap()
            .items
            .len(),
        1
    );
}

#[test]
fn what_was_denied_is_told_with_what_grants_it() {
    let desk = TestDesk::bare();
    let script = "fn look(c) { c.notify(\"contact\", \"mail\", \"s\", \"t\"); }";
    let why = |asks: &str, grants: &[&str]| {
        let grants: Vec<String> = grants.iter().map(ToString::to_string).collect();
        install(&desk, asks, script, Given::Some(grants)).unwrap();
        let id = ticket(&desk);
        let page = desk
            .desk
            .history(&Actor::System, Kind::Ticket, id, None, 50)
            .unwrap();
        format!("{:?}", page.items.last())
    };
    let asks = "[capabilities]\neffects = [\"set\", \"notify\"]\nreads = [\"contact\"]\n";
    let said = why(asks, &["read:contact"]);
    assert!(
        said.contains("`opora pack grant shop --add effect:notify`"),
        "{said}"
    );
    // Who never asked is not granted it either.
    let asks = "[capabilities]\neffects = [\"set\"]\nreads = [\"contact\"]\n";
    let said = why(asks, &["read:contact"]);
    assert!(
        said.contains("does not ask for; add `notify` to `effects` under `[capabilities]`")
            && !said.contains("pack grant"),
        "{said}"
    );
    let grants = Given::of(&["effect:notify".to_owned()]);
    let error = change(&desk, "shop", PackChange::Grant { grants }).unwrap_err();
    assert!(
        error
            .message
            .contains("its pack.toml has to ask for it under `[capabilities]` first"),
        "{error:?}"
    );
    let error = install(&TestDesk::bare(), asks, script, Given::Nothing).unwrap_err();
    assert!(error.message.contains("--grant all"), "{error:?}");
}

#[test]
fn a_pack_that_asks_for_everything_may_be_granted_some_of_it() {
    let desk = TestDesk::bare();
    install(&desk, "", SEES, Given::All).unwrap();
    let grant = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let grants = Given::Some(names);
        change(&desk, "shop", PackChange::Grant { grants })?;
        Ok::<_, opora::desk::Error>(desk.desk.packs().unwrap().remove(0).grants)
    };
    let some = grant(&["read:contact", "personal:contact.title"]).unwrap();
    let has = |name: &str| some.iter().any(|g| g == name);
    assert!(has("effect:set") && has("read:contact") && !has("effect:notify") && !has("*"));
    let id = ticket(&desk);
    assert_eq!(
        desk.get(Kind::Ticket, id).text("shop/seen"),
        Some("-|Anna|-|Head|mine")
    );
    let error = grant(&["effect:notfy"]).unwrap_err();
    assert!(
        error.message.contains("did you mean `effect:notify`?"),
        "{error:?}"
    );
    // Nothing named is what is harmless.
    assert!(grant(&[]).unwrap().contains(&"effect:set".to_owned()));
}

const CHOOSES: &str = r#"
fn look(c) {
    for agent in c.agents {
        if agent.name == "Vera" { c.choose_agent(agent, #{ en: "by name" }); }
    }
}
"#;

#[test]
fn names_of_agents_are_personal_data() {
    let desk = TestDesk::bare();
    let team = desk.create(Kind::Team, json!({"title": "Desk", "code": "desk"}));
    let vera = json!({"title": "Vera", "code": "vera", "team": team.unwrap().id});
    let vera = desk.create(Kind::Agent, vera).unwrap().id;
    let asks = "[capabilities]\neffects = [\"tag\"]\npersonal = [\"agent.title\"]\n";
    let rules = RULES.replace("transition.effect", "assign.select");
    let rules = rules.replace("reads = [\"contact\"]\n", "");
    let head = manifest("1.0.0", &format!("{asks}{rules}"));
    let files = PackFiles::from_texts(&[
        ("pack.toml", head.as_str()),
        ("definitions.toml", TYPES),
        ("rules.rhai", CHOOSES),
    ]);
    let grants = Given::of(&["effect:tag".to_owned()]);
    change(&desk, "", PackChange::Install { files, grants }).unwrap();
    let made = || {
        let fields = json!({"type": "fault", "title": "Noise"});
        desk.create(Kind::Ticket, fields).unwrap().id
    };
    assert_eq!(desk.get(Kind::Ticket, made()).reference("assignee"), None);
    change(&desk, "shop", PackChange::Grant { grants: Given::All }).unwrap();
    assert_eq!(
        desk.get(Kind::Ticket, made()).reference("assignee"),
        Some(vera)
    );
}

#[test]
fn what_is_wrong_with_the_table_is_told_with_its_line() {
    let desk = TestDesk::bare();
    let asks = "[capabilities]\neffects = [\"notfy\"]\nreads = []\npersonal = [\"contact.mail\"]\n[limits]\nplugin_bytes = 99000000\n";
    let error = install(&desk, asks, SEES, Given::All).unwrap_err();
    let text = error.message;
    for piece in [
        "pack.toml:6:12: `notfy` is none of the effects",
        "did you mean `notify`?",
        "pack.toml:8:13: `contact.mail` is no personal field",
        "did you mean `contact.mails`?",
        "99000000 is over the ceiling of 33554432",
        "rule `look` reads `contact`, which `[capabilities]` does not ask for",
    ] {
        assert!(text.contains(piece), "{piece}: {text}");
    }
}
