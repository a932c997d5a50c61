//! When what happens to which ticket: every scenario and re-wording becomes a ticket with a life of
//! steps at instants.

use chrono::{Datelike, TimeDelta, Timelike, Weekday};

use super::chance::Chance;
use super::content::{AccountText, ContactText, Content, Ends, Scenario, Speaker};
use crate::domain::Instant;

/// Days that the history covers.
pub const DAYS: i64 = 90;

/// One thing that happens.
#[derive(Debug, Clone)]
pub struct Step {
    /// When.
    pub at: Instant,
    /// Place of the ticket among the planned ones.
    pub ticket: usize,
    /// What.
    pub what: What,
}

/// What happens.
#[derive(Debug, Clone)]
pub enum What {
    /// The ticket is registered.
    Create,
    /// Somebody takes charge, unless rules chose somebody already.
    Assign,
    /// Work begins.
    Begin,
    /// A line of the dialogue is said.
    Say(Speaker, String),
    /// It comes to its end.
    End,
    /// The customer answers the survey, if one was sent.
    Rate,
}

/// A ticket to be.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What it is about.
    pub scenario: Scenario,
    /// Title in this wording.
    pub title: String,
    /// Text in this wording.
    pub body: String,
    /// Code of the contact.
    pub contact: String,
    /// Code of the account.
    pub account: String,
    /// Code of the asset, when the account has one of the scenario's product.
    pub asset: Option<String>,
    /// Code of the agent who answers, when rules choose nobody.
    pub agent: String,
    /// How it came.
    pub channel: &'static str,
}

/// Everything that happens, in order.
#[derive(Debug)]
pub struct Plan {
    /// The tickets.
    pub tickets: Vec<Planned>,
    /// The steps, in the order of their instants.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The history that ends at `end`.
    #[must_use]
    pub fn of(content: &Content, end: Instant) -> Self {
        let mut chance = Chance::new(2_026);
        let mut plan = Self {
            tickets: Vec::new(),
            steps: Vec::new(),
        };
        for scenario in &content.scenarios {
            let first = (scenario.title.clone(), scenario.body.clone());
            let others = scenario.variants.iter();
            let others = others.map(|v| (v.title.clone(), v.body.clone()));
            for (title, body) in std::iter::once(first).chain(others) {
                if let Some(ticket) = cast(content, scenario, title, body, &mut chance) {
                    plan.add(ticket, end, &mut chance);
                }
            }
        }
        plan.steps.sort_by_key(|s| s.at);
        plan
    }

    fn add(&mut self, ticket: Planned, end: Instant, chance: &mut Chance) {
        let place = self.tickets.len();
        let mut at = begin(&ticket, end, chance);
        let mut push = |at: Instant, what: What| {
            self.steps.push(Step {
                at: at.min(end),
                ticket: place,
                what,
            });
        };
        push(at, What::Create);
        at += TimeDelta::minutes(chance.between(3, 60));
        if ticket.scenario.ends != Ends::New {
            push(at, What::Assign);
            at = working(at + TimeDelta::minutes(chance.between(2, 50)));
            push(at, What::Begin);
        }
        for line in &ticket.scenario.dialog {
            at = working(at + TimeDelta::minutes(chance.between(8, 200)));
            push(at, What::Say(line.by, line.text.clone()));
        }
        if !matches!(ticket.scenario.ends, Ends::New | Ends::InProgress) {
            at = working(at + TimeDelta::minutes(chance.between(5, 180)));
            push(at, What::End);
        }
        if ticket.scenario.score.is_some() {
            at += TimeDelta::minutes(chance.between(90, 2_400));
            push(at, What::Rate);
        }
        self.tickets.push(ticket);
    }
}

/// When a ticket comes in: what is still open came in during the last days.
fn begin(ticket: &Planned, end: Instant, chance: &mut Chance) -> Instant {
    let minutes = match ticket.scenario.ends {
        Ends::New => chance.between(15, 2 * 24 * 60),
        Ends::InProgress => chance.between(12 * 60, 6 * 24 * 60),
        Ends::Waiting => chance.between(2 * 24 * 60, 9 * 24 * 60),
        Ends::Done | Ends::Cancelled => chance.between(3 * 24 * 60, (DAYS - 1) * 24 * 60),
    };
    let at = working(end - TimeDelta::minutes(minutes));
    at.min(end - TimeDelta::minutes(5))
}

/// The instant itself when people work then, else the next morning of a working day: from 6:00 to
/// 15:00 UTC, which suits Moscow as well as Berlin.
#[must_use]
pub fn working(at: Instant) -> Instant {
    let mut at = at;
    if 15 <= at.hour() {
        at += TimeDelta::hours(15);
    } else if at.hour() < 6 {
        at += TimeDelta::hours(6);
    }
    match at.weekday() {
        Weekday::Sat => at + TimeDelta::days(2),
        Weekday::Sun => at + TimeDelta::days(1),
        _ => at,
    }
}

/// Chooses who asks and who answers. Nothing when nobody speaks the scenario's language.
fn cast(
    content: &Content,
    scenario: &Scenario,
    title: String,
    body: String,
    chance: &mut Chance,
) -> Option<Planned> {
    let speaks = |a: &&AccountText| a.locale == scenario.locale;
    let of_language: Vec<&AccountText> = content.accounts.iter().filter(speaks).collect();
    let owns = |account: &AccountText| {
        let mut assets = content.assets.iter();
        assets.any(|a| a.product == scenario.product && a.account == account.code)
    };
    let owners: Vec<&AccountText> = of_language.iter().copied().filter(|a| owns(a)).collect();
    let candidates = if owners.is_empty() {
        of_language
    } else {
        owners
    };
    let account = chance.pick(&candidates)?;
    let people: Vec<&ContactText> = content
        .contacts
        .iter()
        .filter(|c| c.account == account.code)
        .collect();
    let contact = chance.pick(&people)?;
    let theirs = content
        .assets
        .iter()
        .filter(|a| a.product == scenario.product && a.account == account.code);
    let theirs: Vec<&String> = theirs.map(|a| &a.code).collect();
    let agents = content
        .agents
        .iter()
        .filter(|a| a.locale == scenario.locale && !a.in_stories_only);
    let agents: Vec<&String> = agents.map(|a| &a.code).collect();
    let channels: &[&'static str] = if contact.portal {
        &["portal", "portal", "mail", "call"]
    } else {
        &["mail", "mail", "call", "chat"]
    };
    Some(Planned {
        scenario: scenario.clone(),
        title,
        body,
        contact: contact.code.clone(),
        account: account.code.clone(),
        asset: chance.pick(&theirs).map(|code| (*code).clone()),
        agent: (*chance.pick(&agents)?).clone(),
        channel: chance.pick(channels)?,
    })
}
