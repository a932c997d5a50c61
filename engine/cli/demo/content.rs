//! What the demo's files say.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::embedded;
use crate::cli::failure::{Failure, Outcome};
use crate::domain::Names;

/// Everything the demo is made of.
#[derive(Debug)]
pub struct Content {
    /// Working calendars.
    pub calendars: Vec<CalendarText>,
    /// Support levels.
    pub levels: Vec<LevelText>,
    /// Teams.
    pub teams: Vec<Named>,
    /// Agents.
    pub agents: Vec<AgentText>,
    /// Organisations.
    pub accounts: Vec<AccountText>,
    /// People.
    pub contacts: Vec<ContactText>,
    /// Goods and services.
    pub products: Vec<ProductText>,
    /// Delivered equipment.
    pub assets: Vec<AssetText>,
    /// The knowledge base.
    pub articles: Vec<ArticleText>,
    /// What tickets are about.
    pub scenarios: Vec<Scenario>,
}

/// A working calendar.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarText {
    pub code: String,
    pub names: Names,
    pub time_zone: String,
    pub hours: Vec<String>,
    #[serde(default, rename = "exception")]
    pub exceptions: Vec<ExceptionText>,
}

/// A day that differs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExceptionText {
    pub on: String,
    pub name: String,
    pub hours: Vec<String>,
}

/// A support level.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelText {
    pub code: String,
    pub names: Names,
    pub calendar: String,
    pub order: i32,
    #[serde(rename = "target")]
    pub targets: Vec<TargetText>,
}

/// What a clock promises.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetText {
    pub clock: String,
    pub duration: String,
}

/// A thing with a code and names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub code: String,
    pub names: Names,
}

/// An agent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentText {
    pub code: String,
    pub name: String,
    pub mail: String,
    pub locale: String,
    pub team: String,
    pub skills: Vec<String>,
    /// Whether the tickets of `tickets.toml` are none of this agent's business.
    #[serde(default)]
    pub in_stories_only: bool,
}

/// An organisation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountText {
    pub code: String,
    pub name: String,
    pub kind: String,
    pub inn: String,
    pub phones: Vec<String>,
    pub mails: Vec<String>,
    pub city: String,
    pub locale: String,
    pub level: String,
}

/// A person.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactText {
    pub code: String,
    pub name: String,
    pub account: String,
    pub phones: Vec<String>,
    pub mails: Vec<String>,
    pub locale: String,
    pub position: String,
    #[serde(default)]
    pub portal: bool,
}

/// Goods or a service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductText {
    pub code: String,
    pub names: Names,
    pub kind: String,
}

/// A piece of equipment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetText {
    pub code: String,
    pub serial: String,
    pub name: String,
    pub product: String,
    pub account: String,
    pub status: String,
    #[serde(default)]
    pub sold_on: String,
    #[serde(default)]
    pub warranty_to: String,
}

/// An article: front matter and text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArticleText {
    pub title: String,
    pub locale: String,
    #[serde(default)]
    pub category: String,
    #[serde(default)]
    pub product: String,
    pub status: String,
    #[serde(default)]
    pub audience: String,
    #[serde(default)]
    pub tags: Vec<String>,
    pub external_id: String,
    #[serde(skip)]
    pub body: String,
}

/// What a ticket is about, and how its dialogue goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub code: String,
    pub locale: String,
    pub pack: String,
    #[serde(rename = "type")]
    pub type_name: String,
    pub priority: String,
    #[serde(default)]
    pub product: String,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub article: String,
    pub title: String,
    pub body: String,
    #[serde(default)]
    pub variants: Vec<Variant>,
    #[serde(default)]
    pub dialog: Vec<Line>,
    #[serde(default)]
    pub solution: String,
    pub ends: Ends,
    pub score: Option<i64>,
    #[serde(default)]
    pub score_comment: String,
}

/// Another wording of a scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    pub title: String,
    pub body: String,
}

/// A line of a dialogue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub by: Speaker,
    pub text: String,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// An agent, to the customer.
    Agent,
    /// The customer.
    Contact,
    /// An agent, to colleagues.
    Internal,
}

/// How a scenario ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// Nobody has begun.
    New,
    /// Somebody works on it.
    InProgress,
    /// Somebody outside is waited for.
    Waiting,
    /// Solved.
    Done,
    /// Given up.
    Cancelled,
}

#[derive(Deserialize)]
struct CalendarFile {
    calendar: Vec<CalendarText>,
}
#[derive(Deserialize)]
struct LevelFile {
    level: Vec<LevelText>,
}
#[derive(Deserialize)]
struct TeamFile {
    team: Vec<Named>,
}
#[derive(Deserialize)]
struct AgentFile {
    agent: Vec<AgentText>,
}
#[derive(Deserialize)]
struct AccountFile {
    account: Vec<AccountText>,
}
#[derive(Deserialize)]
struct ContactFile {
    contact: Vec<ContactText>,
}
#[derive(Deserialize)]
struct ProductFile {
    product: Vec<ProductText>,
}
#[derive(Deserialize)]
struct AssetFile {
    asset: Vec<AssetText>,
}
#[derive(Deserialize)]
struct TicketFile {
    scenario: Vec<Scenario>,
}

impl Content {
    /// Reads the embedded content.
    ///
    /// # Errors
    /// When a file does not say what it should.
    pub fn read() -> Outcome<Self> {
        let articles: Outcome<Vec<ArticleText>> = embedded::texts("articles/")
            .map(|(path, text)| article(path, text))
            .collect();
        Ok(Self {
            calendars: file::<CalendarFile>("calendars.toml")?.calendar,
            levels: file::<LevelFile>("support_levels.toml")?.level,
            teams: file::<TeamFile>("teams.toml")?.team,
            agents: file::<AgentFile>("agents.toml")?.agent,
            accounts: file::<AccountFile>("accounts.toml")?.account,
            contacts: file::<ContactFile>("contacts.toml")?.contact,
            products: file::<ProductFile>("products.toml")?.product,
            assets: file::<AssetFile>("assets.toml")?.asset,
            articles: articles?,
            scenarios: file::<TicketFile>("tickets.toml")?.scenario,
        })
    }
}

fn file<T: DeserializeOwned>(path: &str) -> Outcome<T> {
    let text = embedded::text(path)
        .ok_or_else(|| Failure::new(format!("the demo's {path} is missing from this build")))?;
    toml::from_str(text).map_err(|e| Failure::new(format!("the demo's {path}: {e}")))
}

fn article(path: &str, text: &str) -> Outcome<ArticleText> {
    let fault = |what: &str| Failure::new(format!("the demo's {path}: {what}"));
    let rest = text
        .strip_prefix("+++\n")
        .ok_or_else(|| fault("has no front matter"))?;
    let (front, body) = rest
        .split_once("\n+++\n")
        .ok_or_else(|| fault("has no end of its front matter"))?;
    let mut article: ArticleText = toml::from_str(front).map_err(|e| fault(&e.to_string()))?;
    body.trim().clone_into(&mut article.body);
    Ok(article)
}

#[cfg(test)]
mod tests {
    use super::Content;

    #[test]
    fn the_content_reads_and_is_rich_enough() {
        let content = Content::read().unwrap();
        let tickets: usize = content.scenarios.iter().map(|s| 1 + s.variants.len()).sum();
        assert!(200 <= tickets, "{tickets}");
        assert!(50 <= content.articles.len());
        for language in ["ru", "en"] {
            assert!(content.articles.iter().any(|a| a.locale == language));
            assert!(content.scenarios.iter().any(|s| s.locale == language));
        }
    }
}
