//! The desk before its first ticket: calendars, levels, people, equipment, articles.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::content::{ArticleText, AssetText, CalendarText, Content, LevelText};
use crate::cli::failure::{Failure, Outcome};
use crate::desk::{Actor, Command, Desk, Request};
use crate::domain::calendar::{Calendar, Exception, Hours};
use crate::domain::sla::{SupportLevel, Target};
use crate::domain::{Id, Kind};

/// Ids of what was created, by kind and code.
#[derive(Debug, Default)]
pub struct Parties {
    ids: BTreeMap<(Kind, String), Id>,
}

impl Parties {
    /// The id behind a code.
    ///
    /// # Errors
    /// When the content names what it does not define.
    pub fn id(&self, kind: Kind, code: &str) -> Outcome<Id> {
        let found = self.ids.get(&(kind, code.to_owned()));
        found.copied().ok_or_else(|| {
            Failure::new(format!(
                "the demo names an unknown {} `{code}`",
                kind.name()
            ))
        })
    }
}

impl Parties {
    /// Everything by its code.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Kind, Id)> {
        let named = self.ids.iter();
        named
            .map(|((kind, code), id)| (code.clone(), *kind, *id))
            .collect()
    }
}

/// What is created before the first ticket, in an order in which everything exists before it is
/// referred to.
///
/// # Errors
/// When the desk refuses a part of it.
pub fn load(desk: &Desk, content: &Content, each: &dyn Fn()) -> Outcome<Parties> {
    let mut loader = Loader {
        desk,
        each,
        parties: Parties::default(),
    };
    for calendar in &content.calendars {
        let title = calendar.names.get("ru").unwrap_or(&calendar.code);
        let definition = json!(working_calendar(calendar)?);
        let fields = json!({ "title": title, "code": calendar.code, "definition": definition });
        loader.create(Kind::Calendar, &calendar.code, fields)?;
    }
    for level in &content.levels {
        let title = level.names.get("ru").unwrap_or(&level.code);
        let definition = json!(support_level(level)?);
        let fields = json!({ "title": title, "code": level.code, "definition": definition });
        loader.create(Kind::SupportLevel, &level.code, fields)?;
    }
    for team in &content.teams {
        let title = team.names.get("ru").unwrap_or(&team.code);
        let fields = json!({ "title": title, "code": team.code });
        loader.create(Kind::Team, &team.code, fields)?;
    }
    for agent in &content.agents {
        let team = loader.parties.id(Kind::Team, &agent.team)?;
        let fields = json!({
            "title": agent.name, "code": agent.code, "mail": agent.mail,
            "locale": agent.locale, "team": team, "skills": agent.skills,
        });
        loader.create(Kind::Agent, &agent.code, fields)?;
    }
    loader.customers(content)?;
    loader.goods(content)?;
    for article in &content.articles {
        loader.article(article)?;
    }
    Ok(loader.parties)
}

/// How many records [`load`] creates.
#[must_use]
pub fn count(content: &Content) -> usize {
    content.calendars.len()
        + content.levels.len()
        + content.teams.len()
        + content.agents.len()
        + content.accounts.len()
        + content.contacts.len()
        + content.products.len()
        + content.assets.len()
        + content.articles.len()
}

struct Loader<'a> {
    desk: &'a Desk,
    each: &'a dyn Fn(),
    parties: Parties,
}

impl Loader<'_> {
    fn create(&mut self, kind: Kind, code: &str, fields: Json) -> Outcome<()> {
        let Json::Object(fields) = fields else {
            return Err(Failure::new("the demo's fields are no object"));
        };
        // Empty texts stand for what is not known.
        let is_told = |v: &Json| !v.is_null() && v.as_str() != Some("");
        let fields: Map<String, Json> = fields.into_iter().filter(|(_, v)| is_told(v)).collect();
        let command = Command::Create { kind, fields };
        let reply = self.desk.run(&Request::by(Actor::System), &command);
        let reply = reply.map_err(|e| Failure::new(format!("{} `{code}`: {e}", kind.name())))?;
        self.parties.ids.insert((kind, code.to_owned()), reply.id);
        (self.each)();
        Ok(())
    }

    fn customers(&mut self, content: &Content) -> Outcome<()> {
        for account in &content.accounts {
            let level = self.parties.id(Kind::SupportLevel, &account.level)?;
            let fields = json!({
                "title": account.name, "code": account.code, "account_kind": account.kind,
                "inn": account.inn, "phones": account.phones, "mails": account.mails,
                "city": account.city, "locale": account.locale, "support_level": level,
            });
            self.create(Kind::Account, &account.code, fields)?;
        }
        for contact in &content.contacts {
            let account = self.parties.id(Kind::Account, &contact.account)?;
            let fields = json!({
                "title": contact.name, "code": contact.code, "account": account,
                "phones": contact.phones, "mails": contact.mails, "locale": contact.locale,
                "position": contact.position, "portal": contact.portal,
            });
            self.create(Kind::Contact, &contact.code, fields)?;
        }
        Ok(())
    }

    fn goods(&mut self, content: &Content) -> Outcome<()> {
        for product in &content.products {
            let title = product.names.get("ru").unwrap_or(&product.code);
            let fields = json!({
                "title": title, "code": product.code, "product_kind": product.kind,
            });
            self.create(Kind::Product, &product.code, fields)?;
        }
        for asset in &content.assets {
            self.asset(asset)?;
        }
        Ok(())
    }

    fn asset(&mut self, asset: &AssetText) -> Outcome<()> {
        let account = match asset.account.as_str() {
            "" => None,
            code => Some(self.parties.id(Kind::Account, code)?),
        };
        let fields = json!({
            "title": asset.name, "code": asset.code, "serial": asset.serial,
            "product": self.parties.id(Kind::Product, &asset.product)?,
            "account": account, "sold_on": asset.sold_on, "warranty_to": asset.warranty_to,
            "tags": [asset.status],
        });
        self.create(Kind::Asset, &asset.code, fields)
    }

    fn article(&mut self, article: &ArticleText) -> Outcome<()> {
        let product = match article.product.as_str() {
            "" => None,
            code => Some(self.parties.id(Kind::Product, code)?),
        };
        let fields = json!({
            "title": article.title, "body": article.body, "locale": article.locale,
            "category": article.category, "product": product, "status": article.status,
            "audience": article.audience, "tags": article.tags,
            "external_id": article.external_id,
        });
        self.create(Kind::Article, &article.external_id, fields)
    }
}

fn working_calendar(text: &CalendarText) -> Outcome<Calendar> {
    let fault = |what: String| Failure::new(format!("the demo's calendar `{}`: {what}", text.code));
    let mut calendar = Calendar::around_the_clock(text.code.clone());
    calendar.names = text.names.clone();
    calendar.time_zone = text
        .time_zone
        .parse()
        .map_err(|_| fault(format!("there is no time zone `{}`", text.time_zone)))?;
    calendar.weekly.clear();
    for hours in &text.hours {
        calendar
            .weekly
            .extend(Calendar::parse_weekly(hours).map_err(fault)?);
    }
    for exception in &text.exceptions {
        let on = exception.on.parse();
        let on = on.map_err(|_| fault(format!("`{}` is no date", exception.on)))?;
        let intervals: Result<Vec<Hours>, String> =
            exception.hours.iter().map(|h| h.parse()).collect();
        let day = Exception {
            name: exception.name.clone(),
            intervals: intervals.map_err(fault)?,
        };
        calendar.exceptions.insert(on, day);
    }
    Ok(calendar)
}

fn support_level(text: &LevelText) -> Outcome<SupportLevel> {
    let mut targets = Vec::new();
    for target in &text.targets {
        targets.push(Target {
            clock: target.clock.clone(),
            duration_secs: seconds(&target.duration)?,
            warn_before_secs: Vec::new(),
            warn_at: Vec::new(),
        });
    }
    Ok(SupportLevel {
        code: text.code.clone(),
        names: text.names.clone(),
        calendar: text.calendar.clone(),
        targets,
        order: text.order,
    })
}

/// Reads `15m` or `36h`.
fn seconds(text: &str) -> Outcome<u64> {
    let (number, unit) = match (text.strip_suffix('m'), text.strip_suffix('h')) {
        (Some(number), _) => (number, 60),
        (_, Some(number)) => (number, 3_600),
        (None, None) => ("", 0),
    };
    let number: Option<u64> = number.parse().ok();
    number.and_then(|n| n.checked_mul(unit)).ok_or_else(|| {
        Failure::new(format!(
            "the demo's duration `{text}` is not like `15m` or `4h`"
        ))
    })
}
