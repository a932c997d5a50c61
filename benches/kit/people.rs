//! Who and what tickets refer to: hours, levels, teams, agents, customers, a contract.

use opora::desk::{Actor, Desk, ListQuery};
use opora::domain::{Id, Kind};
use serde_json::json;

use super::{Bed, Fallible};

const ACCOUNTS: usize = 200;
const AGENTS: usize = 40;
/// What agents know; labels of tickets name the same.
pub const SKILLS: [&str; 4] = ["printers", "networks", "accounting", "complaints"];

/// Records that tickets refer to.
#[derive(Debug, Clone, Default)]
pub struct Seed {
    /// Organisations.
    pub accounts: Vec<Id>,
    /// One person of each organisation, in the same order.
    pub contacts: Vec<Id>,
    /// One contract of the first organisation.
    pub contract: Option<Id>,
}

impl Seed {
    /// What an earlier bed made.
    pub(super) fn read(desk: &Desk) -> Fallible<Self> {
        let ids = |kind| -> Fallible<Vec<Id>> {
            let mut page = desk.list(&Actor::System, &ListQuery::newest(kind, ACCOUNTS))?;
            // Accounts and contacts were made in turns: in the order of their ids they belong together.
            page.items.sort_by_key(|item| item.record.id);
            Ok(page.items.iter().map(|item| item.record.id).collect())
        };
        Ok(Self {
            accounts: ids(Kind::Account)?,
            contacts: ids(Kind::Contact)?,
            contract: ids(Kind::Contract)?.first().copied(),
        })
    }

    /// Makes them.
    pub(super) fn make(bed: &Bed) -> Fallible<Self> {
        hours_and_levels(bed)?;
        for (title, code) in [("First line", "desk"), ("Engineers", "engineers")] {
            bed.create(Kind::Team, json!({"title": title, "code": code}))?;
        }
        for n in 0..AGENTS {
            let team = if n % 4 == 0 { "engineers" } else { "desk" };
            let skills = [SKILLS.get(n % 4), SKILLS.get(n / 4 % 4)];
            let agent = json!({"title": format!("Agent {n}"), "code": format!("agent{n}"),
                "mail": format!("agent{n}@desk.example"), "team": team, "skills": skills});
            bed.create(Kind::Agent, agent)?;
        }
        let mut seed = Self::default();
        for n in 0..ACCOUNTS {
            let account = json!({"title": format!("Account {n}"), "code": format!("account{n}")});
            let account = bed.create(Kind::Account, account)?.id;
            let contact = json!({"title": format!("Contact {n}"), "account": account.to_string(),
                "mails": [format!("contact{n}@client.example")], "locale": "ru"});
            seed.accounts.push(account);
            seed.contacts.push(bed.create(Kind::Contact, contact)?.id);
        }
        let account = seed.accounts.first().ok_or("no accounts")?;
        let contract = json!({"title": "Contract 1", "account": account.to_string()});
        seed.contract = Some(bed.create(Kind::Contract, contract)?.id);
        Ok(seed)
    }
}

fn hours_and_levels(bed: &Bed) -> Fallible<()> {
    let week = ["Mon", "Tue", "Wed", "Thu", "Fri"];
    let weekly = week.map(|day| json!({"weekday": day, "from": 540, "to": 1_080}));
    let calendar = json!({"code": "days", "names": {}, "time_zone": "Europe/Moscow",
        "weekly": weekly, "exceptions": {}, "version": 1});
    bed.create(
        Kind::Calendar,
        json!({"title": "days", "code": "days", "definition": calendar}),
    )?;
    for (order, code) in ["critical", "gold", "silver", "bronze"].iter().enumerate() {
        let hours = 3_600 * (order + 1);
        let level = json!({"code": code, "names": {}, "calendar": "days", "order": order,
            "targets": [
                {"clock": "reaction", "duration_secs": hours, "warn_before_secs": []},
                {"clock": "resolution", "duration_secs": hours * 8, "warn_before_secs": []}]});
        bed.create(
            Kind::SupportLevel,
            json!({"title": code, "code": code, "definition": level}),
        )?;
    }
    Ok(())
}
