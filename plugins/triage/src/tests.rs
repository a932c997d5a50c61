//! Tests of the decisions, on the host.

use opora_sdk::Value;
use opora_sdk::assign_select::{Agent, AssignSelect as _, Input as AssignInput, Team};
use opora_sdk::record_defaults::{Input, RecordDefaults as _, View};

use crate::Plugin;

fn priority(input: &Input) -> Option<String> {
    let values = Plugin::defaults(input).values;
    values.into_iter().find_map(|(field, value)| match value {
        Value::Text(text) if field == "priority" => Some(text),
        _ => None,
    })
}

fn texts(list: &[&str]) -> Value {
    Value::Texts(list.iter().map(|t| (*t).to_owned()).collect())
}

#[test]
fn words_and_negations_give_a_priority() {
    let cases = [
        ("Авария, стоит производство", Some("urgent")),
        ("Не работает касса", Some("urgent")),
        ("Принтер", None),
        ("Не срочно: вопрос по отчёту", Some("low")),
        ("Касса работает, вопрос по отчёту", None),
        ("Server is down, urgent", Some("urgent")),
        ("Not urgent, a question", Some("low")),
        ("No outage, just slow", Some("low")),
        ("Urgent. Nothing else", Some("urgent")),
        ("The mail client doesn't work", Some("urgent")),
        ("Цех остановился без аварий", Some("high")),
        ("Сломалась мышь", Some("high")),
        ("Подскажите, как настроить", Some("low")),
        ("", None),
    ];
    for (title, expected) in cases {
        let found = priority(&Input::default().with("title", title));
        assert_eq!(found.as_deref(), expected, "{title}");
    }
}

#[test]
fn the_body_counts_once_and_is_cut() {
    let input = Input::default().with("title", "Касса");
    let body = |text: String| priority(&input.clone().with("description", text));
    assert_eq!(
        body("Не печатает чек, срочно".to_owned()).as_deref(),
        Some("high")
    );
    assert_eq!(body(format!("{} авария", "да ".repeat(2_000))), None);
}

#[test]
fn important_accounts_come_first() {
    let mut input = Input::default()
        .with("title", "Не открывается отчёт")
        .with_option("important_tags", texts(&["vip"]))
        .with_option("important_levels", texts(&["gold"]));
    assert_eq!(priority(&input).as_deref(), Some("high"));
    input = Input::default()
        .with("title", "Отчёт")
        .with("description", "не открывается")
        .with_option("important_tags", texts(&["vip"]));
    assert_eq!(priority(&input), None);
    let account = View::default().with("tags", texts(&["vip"]));
    input.related.push(("account".to_owned(), account));
    assert_eq!(priority(&input).as_deref(), Some("high"));
}

#[test]
fn a_persons_priority_is_left_alone() {
    let mut input = Input::default().with("title", "Авария");
    input.asked.push("priority".to_owned());
    assert!(Plugin::defaults(&input).values.is_empty());
}

fn agent(code: &str, skills: &[&str], load: i64) -> Agent {
    Agent {
        id: format!("id-{code}"),
        code: code.to_owned(),
        name: code.to_owned(),
        team: Some(format!("team-{code}")),
        team_code: String::new(),
        skills: skills.iter().map(|s| (*s).to_owned()).collect(),
        load,
    }
}

fn desk(title: &str) -> AssignInput {
    AssignInput {
        agents: vec![
            agent("anna", &["network", "mail"], 4),
            agent("boris", &["network"], 2),
            agent("vera", &["mail"], 20),
        ],
        teams: vec![Team {
            code: "second".to_owned(),
            id: "t".to_owned(),
        }],
        ..AssignInput::default()
    }
    .with("title", title)
    .with_option(
        "topics",
        texts(&["network=сет,vpn", "mail=почт,mail", "roof=крыш"]),
    )
    .with_option("teams", texts(&["roof=second"]))
}

/// Agent or team that is chosen.
fn chosen(input: &AssignInput) -> Option<String> {
    let choice = Plugin::select(input).choice?;
    choice.agent.or(choice.team)
}

#[test]
fn the_least_loaded_of_the_able_is_chosen() {
    assert_eq!(chosen(&desk("Нет сети")).as_deref(), Some("id-boris"));
    // Vera is at her limit.
    assert_eq!(chosen(&desk("Почта не уходит")).as_deref(), Some("id-anna"));
    assert_eq!(chosen(&desk("Протекла крыша")).as_deref(), Some("second"));
    assert_eq!(chosen(&desk("Здравствуйте")), None);
    let lost = desk("Здравствуйте").with_option("default_team", "second");
    assert_eq!(chosen(&lost).as_deref(), Some("second"));
}

#[test]
fn a_ticket_stays_in_its_team() {
    let team = |id: &str| desk("Нет сети").with("team", Value::Reference(id.to_owned()));
    assert_eq!(chosen(&team("team-anna")).as_deref(), Some("id-anna"));
    assert_eq!(chosen(&team("team-other")), None);
}
