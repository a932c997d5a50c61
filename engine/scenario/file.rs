//! A scenario as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::Instant;

/// Most bytes of a scenario.
const MAX_BYTES: usize = 1024 * 1024;
/// Most steps of a scenario.
const MAX_STEPS: usize = 1_000;
/// Where the clock starts when a scenario does not say.
const START: &str = "2026-03-02T09:00:00Z";

/// A scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows.
    pub about: String,
    /// Rows of requirements it proves.
    #[serde(default)]
    pub rows: Vec<String>,
    /// Rules, `pack/name`, that fail in it and must.
    #[serde(default)]
    pub(super) failures: Vec<String>,
    /// Where the clock starts.
    start: Option<toml::Value>,
    /// Packs to install; none: all that are at hand.
    pub(super) packs: Option<Vec<String>>,
    /// Whether its desk searches: lists may be sorted then, and filtered by any field.
    #[serde(default)]
    pub(super) search: bool,
    /// Settings of the desk, as an administrator set them.
    #[serde(default)]
    pub(super) settings: toml::Table,
    /// By code: roles that an administrator defined.
    #[serde(default)]
    pub(super) roles: BTreeMap<String, toml::Table>,
    /// By pack: values of its options, as an administrator set them.
    #[serde(default)]
    pub(super) options: BTreeMap<String, toml::Table>,
    /// What is there before.
    #[serde(default)]
    pub(super) given: Vec<Step>,
    /// What happens.
    #[serde(default, rename = "step")]
    pub(super) steps: Vec<Step>,
    /// Where the steps stand in the file.
    #[serde(skip)]
    pub(super) outline: Outline,
}

/// Lines of the steps, from 1.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Outline {
    given: Vec<StepLines>,
    steps: Vec<StepLines>,
}

/// Line of a step, and of each `[[step.then]]` of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct StepLines {
    pub line: usize,
    pub then: Vec<usize>,
}

/// A scenario as far as places in it are concerned.
#[derive(Deserialize)]
struct Spans {
    #[serde(default)]
    given: Vec<toml::Spanned<StepSpans>>,
    #[serde(default)]
    step: Vec<toml::Spanned<StepSpans>>,
}

#[derive(Deserialize)]
struct StepSpans {
    #[serde(default)]
    then: Vec<toml::Spanned<serde::de::IgnoredAny>>,
}

impl Outline {
    fn of(text: &str) -> Self {
        let Ok(spans) = toml::from_str::<Spans>(text) else {
            return Self::default();
        };
        let line = |at: usize| text.get(..at).map_or(0, |t| t.matches('\n').count() + 1);
        let step = |step: &toml::Spanned<StepSpans>| StepLines {
            line: line(step.span().start),
            then: step
                .get_ref()
                .then
                .iter()
                .map(|t| line(t.span().start))
                .collect(),
        };
        Self {
            given: spans.given.iter().map(step).collect(),
            steps: spans.step.iter().map(step).collect(),
        }
    }

    pub fn given(&self, place: usize) -> StepLines {
        self.given.get(place).cloned().unwrap_or_default()
    }

    pub fn step(&self, place: usize) -> StepLines {
        self.steps.get(place).cloned().unwrap_or_default()
    }
}

/// One step.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Step {
    pub at: Option<toml::Value>,
    pub after: Option<String>,
    pub late: bool,
    pub by: Option<String>,

    pub create: Option<String>,
    pub update: Option<String>,
    pub delete: Option<String>,
    pub transition: Option<String>,
    pub assign: Option<String>,
    pub comment: Option<String>,
    pub message: Option<String>,
    pub attach: Option<String>,
    pub link: Option<String>,
    pub answer: Option<String>,
    pub run: Option<String>,
    pub correct: Option<String>,
    pub start: Option<String>,
    pub complete: Option<String>,
    pub decide: Option<String>,
    pub redirect: Option<String>,
    pub plan: Option<String>,
    pub duplicate: Option<String>,
    pub merge: Option<String>,
    pub unmerge: Option<String>,
    pub split: Option<String>,
    pub article: Option<String>,
    pub watch: Option<String>,
    pub unwatch: Option<String>,
    pub receive: Option<String>,
    pub intake: Option<String>,
    pub accept: Option<String>,
    pub decline: Option<String>,
    pub register: Option<String>,
    pub convert: Option<String>,

    pub event: Option<String>,
    pub from: Option<String>,
    pub in_reply_to: Option<String>,
    #[serde(rename = "type")]
    pub type_code: Option<String>,
    pub new_account: Option<toml::Table>,
    pub new_contact: Option<toml::Table>,
    pub became: Option<String>,

    pub name: Option<String>,
    pub fields: toml::Table,
    pub unset: Vec<String>,
    pub to: Option<String>,
    pub agent: Option<String>,
    pub team: Option<String>,
    pub text: Option<String>,
    pub visibility: Option<String>,
    pub channel: Option<String>,
    pub direction: Option<String>,
    pub subject: Option<String>,
    pub external_id: Option<String>,
    pub file: Option<String>,
    pub relation: Option<String>,
    pub score: Option<i64>,
    pub answers: toml::Table,
    pub survey: Option<usize>,
    pub action: Option<String>,
    pub arguments: toml::Table,
    pub amount: Option<toml::Value>,
    pub used: Option<toml::Value>,
    pub stage: Option<String>,
    pub process: Option<String>,
    pub rows: Vec<toml::Table>,
    pub across: bool,
    pub saying: Vec<String>,
    pub moves: bool,

    pub result: Option<toml::Table>,
    pub refused: Option<Refusal>,
    pub then: Vec<Then>,
}

impl Step {
    /// Whether its command makes a record, which `name` is for.
    pub fn makes(&self) -> bool {
        self.create.is_some()
            || self.duplicate.is_some()
            || self.split.is_some()
            || self.article.is_some()
    }
}

/// How a command must be refused.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(
    untagged,
    expecting = "`refused` is a code, or a table of `code`, `faults`, `says` and `status`"
)]
pub(super) enum Refusal {
    /// By this code, of the error or of a fault.
    Code(String),
    /// In detail.
    Detail(RefusalDetail),
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RefusalDetail {
    pub code: Option<String>,
    pub status: Option<u16>,
    pub faults: Option<Vec<String>>,
    pub says: Pieces,
}

/// One piece of text or several.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts is needed")]
pub(super) enum Pieces {
    One(String),
    Many(Vec<String>),
}

impl Default for Pieces {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Pieces {
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// What is then so.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Then {
    pub record: Option<String>,
    pub by: Option<String>,
    pub fields: toml::Table,
    pub absent: Vec<String>,
    pub present: Vec<String>,
    pub hidden: bool,
    pub set_by: BTreeMap<String, String>,
    pub ran: BTreeMap<String, String>,
    pub reasons: Vec<String>,
    pub notes: Option<Vec<String>>,
    pub changed: Option<Vec<FieldChangeLike>>,
    pub history: Option<Vec<PastLike>>,
    pub past: Option<Vec<PastLike>>,
    pub like: BTreeMap<String, Vec<String>>,
    pub unlike: BTreeMap<String, Vec<String>>,
    pub entries: Option<Vec<EntryLike>>,
    pub shown: Option<Vec<String>>,
    pub outbox: Option<Vec<MessageLike>>,
    pub clocks: BTreeMap<String, ClockLike>,
    pub form: BTreeMap<String, FieldLike>,
    pub actions: BTreeMap<String, Vec<String>>,
    pub named_actions: Option<Vec<String>>,
    pub steps: Option<BTreeMap<String, Vec<String>>>,
    pub stages: Option<Vec<String>>,
    pub plan: Option<Vec<toml::Table>>,

    pub search: Option<toml::Table>,
    pub found: Vec<String>,
    pub first: Option<PartyLike>,
    pub inbox: Option<String>,
    pub board: Option<String>,
    pub whose: Option<String>,
    pub columns: BTreeMap<String, Vec<String>>,
    pub cards: BTreeMap<String, toml::Table>,

    pub kind: Option<String>,
    #[serde(rename = "where")]
    pub filter: toml::Table,
    pub count: Option<usize>,
    pub name: Option<String>,
    pub listed: Option<Vec<String>>,
    pub sort: Option<String>,
    pub q: Option<String>,

    pub journal: Option<Vec<EventLike>>,

    pub report: Option<String>,
    pub ask: toml::Table,
    pub rows: Option<Vec<toml::Table>>,
    pub totals: toml::Table,
    pub open: Option<Vec<String>>,
    pub ages: Option<Vec<i64>>,
}

/// The likeliest party of a search as it should be. Records are named as the scenario names them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PartyLike {
    pub reasons: Option<Vec<String>>,
    pub account: Option<String>,
    pub contacts: Option<Vec<String>>,
    pub leads: Option<Vec<String>>,
    pub tickets: Option<Vec<String>>,
    pub duplicates: Option<Vec<String>>,
}

/// An entry as it should be.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct EntryLike {
    pub kind: Option<String>,
    pub visibility: Option<String>,
    pub channel: Option<String>,
    pub direction: Option<String>,
    pub relation: Option<String>,
    pub to: Option<String>,
    pub author: Option<String>,
    pub author_name: Option<String>,
    pub content: Option<String>,
    pub says: Pieces,
}

/// A change of a field as it should be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldChangeLike {
    pub field: String,
    pub old: Option<toml::Value>,
    pub new: Option<toml::Value>,
    pub by: Option<String>,
}

/// A change of a record as it should be.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PastLike {
    pub command: Option<String>,
    pub actor: Option<String>,
    pub at: Option<toml::Value>,
    pub changes: Vec<FieldChangeLike>,
}

/// A committed command as it should be.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct EventLike {
    pub command: Option<String>,
    pub actor: Option<String>,
    pub records: Option<Vec<String>>,
}

/// A queued message as it should be.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MessageLike {
    pub to: Option<String>,
    pub channel: Option<String>,
    pub subject: Pieces,
    pub says: Pieces,
}

/// An SLA clock as it should be.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ClockLike {
    pub state: Option<String>,
    pub due_at: Option<toml::Value>,
    pub breached: Option<bool>,
    pub level: Option<String>,
}

/// A field of a form as it should be.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FieldLike {
    pub visible: Option<bool>,
    pub required: Option<bool>,
    pub readonly: Option<bool>,
    pub options: Option<Vec<String>>,
    pub advice: Pieces,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// What is wrong, with the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("a scenario may have {MAX_BYTES} bytes, not more"));
        }
        let mut scenario: Self = toml::from_str(text).map_err(|e| slip(text, &e))?;
        if scenario.steps.is_empty() {
            return Err("a scenario needs at least one `[[step]]`".to_owned());
        }
        if scenario.steps.len() + scenario.given.len() > MAX_STEPS {
            return Err(format!("a scenario may have {MAX_STEPS} steps, not more"));
        }
        if let Some(given) = scenario.given.iter().find(|g| g.refused.is_some()) {
            return Err(format!(
                "`refused` belongs to a `[[step]]`, not to what is given{}",
                given
                    .name
                    .as_ref()
                    .map_or_else(String::new, |n| format!(" (`{n}`)"))
            ));
        }
        scenario.outline = Outline::of(text);
        Ok(scenario)
    }

    /// Whether its desk needs the search index.
    #[must_use]
    pub const fn searches(&self) -> bool {
        self.search
    }

    /// Where the clock starts.
    ///
    /// # Errors
    /// When `start` is no instant.
    pub fn start(&self) -> Result<Instant, String> {
        match &self.start {
            Some(value) => instant(value),
            None => instant(&toml::Value::String(START.to_owned())),
        }
    }
}

/// What is wrong with a file: line and column, what was probably meant, and the line itself.
fn slip(text: &str, error: &toml::de::Error) -> String {
    let at = error.span().map_or(0, |span| span.start);
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count());
    let source = text.lines().nth(line).unwrap_or_default().trim();
    let message = error.message();
    let mut words = message.split('`').skip(1).step_by(2);
    let told = match (message.strip_prefix("unknown field"), words.next()) {
        (Some(_), Some(word)) => {
            let known: Vec<&str> = words.collect();
            match crate::packs::nearest(word, known.iter().copied()) {
                Some(near) => format!("unknown key `{word}`; did you mean `{near}`?"),
                None => format!(
                    "unknown key `{word}`; the keys here are {}",
                    known.join(", ")
                ),
            }
        }
        _ => message.replace("missing field", "missing key"),
    };
    format!(
        "line {}, column {}: {told}\n    {source}",
        line + 1,
        column + 1
    )
}

/// An instant, as text or as TOML's own.
pub(super) fn instant(value: &toml::Value) -> Result<Instant, String> {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    chrono::DateTime::parse_from_rfc3339(&text)
        .map(|at| at.with_timezone(&chrono::Utc))
        .map_err(|_| format!("`{text}` is no instant such as 2026-03-02T09:00:00Z"))
}

/// A length of time such as `1d 2h 30m 5s`.
pub(super) fn duration(text: &str) -> Result<chrono::TimeDelta, String> {
    let wrong = || format!("`{text}` is no length of time such as `1d 2h 30m 5s`");
    let mut secs: i64 = 0;
    for part in text.split_whitespace() {
        let digits = part.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let number: i64 = digits.parse().map_err(|_| wrong())?;
        let unit = match part.strip_prefix(digits) {
            Some("w") => 604_800,
            Some("d") => 86_400,
            Some("h") => 3_600,
            Some("m") => 60,
            Some("s") => 1,
            _ => return Err(wrong()),
        };
        let part = number.checked_mul(unit).filter(|n| *n >= 0);
        secs = part.and_then(|p| secs.checked_add(p)).ok_or_else(wrong)?;
    }
    chrono::TimeDelta::try_seconds(secs)
        .filter(|d| *d <= chrono::TimeDelta::days(36_600))
        .ok_or_else(wrong)
}
