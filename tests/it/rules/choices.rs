//! Who is put in charge, and under which level.

use opora::desk::Command;
use opora::domain::{Id, Kind};
use serde_json::json;

use super::{desk, last, set_by, verdict};
use crate::support::TestDesk;

const ASSIGN: &str = "fn pick(c) {
    let able = c.agents_with(\"light\");
    if able.len() == 0 { return; }
    c.choose_agent(c.least_loaded(able), \"can do light and has the least to do\");
}
fn fallback(c) { if c.has_team(\"desk\") { c.choose_team(\"desk\", \"nobody can\"); } }";

fn staffed() -> (TestDesk, Vec<Id>) {
    let desk = desk(
        "pick assign.select\n fallback assign.select priority = 9",
        ASSIGN,
    );
    desk.create(Kind::Team, json!({"title": "Desk", "code": "desk"}))
        .unwrap();
    let agents = ["anna", "boris", "clara"].map(|code| {
        let skills = if code == "clara" {
            json!([])
        } else {
            json!(["light"])
        };
        let agent = json!({"title": code, "code": code, "team": "desk", "skills": skills});
        desk.create(Kind::Agent, agent).unwrap().id
    });
    (desk, agents.to_vec())
}

#[test]
fn work_goes_to_the_least_loaded_who_can_and_loads_follow() {
    let (desk, agents) = staffed();
    let assignee = |id| desk.get(Kind::Ticket, id).reference("assignee");
    let tickets: Vec<Id> = (0..4).map(|n| desk.ticket(&n.to_string())).collect();
    let given: Vec<_> = tickets.iter().map(|t| assignee(*t)).collect();
    assert_eq!(
        given,
        [agents[0], agents[1], agents[0], agents[1]].map(Some)
    );
    let item = last(&desk, tickets[0]);
    assert_eq!(set_by(&item, "assignee"), "plain/pick:4");
    assert_eq!(
        item.rules[0].reasons,
        ["can do light and has the least to do"]
    );
    assert!(
        desk.get(Kind::Ticket, tickets[0])
            .reference("team")
            .is_some(),
        "the agent's team"
    );
    for id in [tickets[1], tickets[3]] {
        desk.transition(id, "dropped").unwrap();
    }
    assert_eq!(assignee(desk.ticket("next")), Some(agents[1]));
    let absent = json!({"absent": true});
    desk.update(Kind::Agent, agents[1], absent).unwrap();
    assert_eq!(assignee(desk.ticket("next")), Some(agents[0]));
    desk.update(Kind::Agent, agents[0], json!({"active": false}))
        .unwrap();
    let id = desk.ticket("nobody");
    assert_eq!(assignee(id), None);
    assert_eq!(set_by(&last(&desk, id), "team"), "plain/fallback:6");
}

#[test]
fn a_given_assignee_stays_and_rules_are_asked_when_nobody_is_named() {
    let (desk, agents) = staffed();
    let asked = json!({"type": "fault", "title": "x", "assignee": "clara"});
    let id = desk.create(Kind::Ticket, asked).unwrap().id;
    assert_eq!(
        desk.get(Kind::Ticket, id).reference("assignee"),
        Some(agents[2])
    );
    assert_eq!(verdict(&last(&desk, id), "plain/pick"), "not_called");
    let assign = |agent: Option<&str>| Command::Assign {
        kind: Kind::Ticket,
        id,
        agent: agent.map(str::to_owned),
        team: None,
    };
    desk.run(assign(None)).unwrap();
    assert_eq!(
        desk.get(Kind::Ticket, id).reference("assignee"),
        Some(agents[0])
    );
    let error = desk.run(assign(Some("zoe"))).unwrap_err();
    assert_eq!(error.faults[0].code, "unknown_record");
}

#[test]
fn a_choice_that_is_not_there_is_journalled_and_the_next_rule_has_its_say() {
    let desk = desk(
        "pick assign.select\n fallback assign.select priority = 9\n level sla.select",
        "fn pick(c) { c.choose_agent(\"ghost\", \"why not\"); }\n\
         fn fallback(c) { c.choose_team(\"desk\", \"there\"); }\n\
         fn level(c) { c.choose_level(\"platinum\", \"best\"); }",
    );
    desk.create(Kind::Team, json!({"title": "Desk", "code": "desk"}))
        .unwrap();
    let id = desk.ticket("x");
    let item = last(&desk, id);
    assert_eq!(verdict(&item, "plain/pick"), "failed");
    assert_eq!(verdict(&item, "plain/fallback"), "decided");
    assert_eq!(verdict(&item, "plain/level"), "failed");
    assert!(desk.get(Kind::Ticket, id).reference("team").is_some());
}
