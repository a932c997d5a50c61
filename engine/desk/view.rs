//! What queries answer: plain data for the callers of the desk.

use std::collections::BTreeMap;

use crate::domain::{Entry, FieldDef, Id, Instant, Kind, Names, Record, StatusDef, Value};
use crate::store::Pos;

/// A record and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordPage {
    /// The record, without what the asker may not see.
    pub record: Record,
    /// Position of its last change.
    pub version: Pos,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

/// A condition of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The field has one of the values (as text; read by the field's type).
    In(Vec<String>),
    /// The field lies between two values, either end open.
    Between(Option<String>, Option<String>),
    /// The field has a value, or has none.
    Present(bool),
    /// The field, which holds a category's code, has one of these or one that lies in them.
    Within(Vec<String>),
}

/// What to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// Kind.
    pub kind: Kind,
    /// Conditions by field, all of which hold. `category_of_status` filters by status category.
    pub filters: Vec<(String, Condition)>,
    /// Field to sort by and whether in descending order; none: newest first.
    pub sort: Option<(String, bool)>,
    /// Most items, 1 to 200.
    pub limit: usize,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// See at least this position.
    pub at_least: Option<Pos>,
}

impl ListQuery {
    /// The newest records of a kind.
    #[must_use]
    pub const fn newest(kind: Kind, limit: usize) -> Self {
        Self {
            kind,
            filters: Vec::new(),
            sort: None,
            limit,
            cursor: None,
            at_least: None,
        }
    }
}

/// What to search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// The words.
    pub text: String,
    /// Kinds; empty: tickets, articles and assets.
    pub kinds: Vec<Kind>,
    /// Conditions by field.
    pub filters: Vec<(String, Condition)>,
    /// Most hits, 1 to 200.
    pub limit: usize,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// See at least this position.
    pub at_least: Option<Pos>,
    /// Fields whose values are counted, of `Desk::FACETS`.
    pub facets: Vec<String>,
    /// Language in which articles are offered where they have a variant in it; none: that of the
    /// asker's record.
    pub locale: Option<String>,
    /// Whether articles outside their dates are found, too; customers never find them.
    pub outdated: bool,
}

/// What to complete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SuggestQuery {
    /// What was typed so far.
    pub text: String,
    /// Kinds; empty: tickets, articles and assets.
    pub kinds: Vec<Kind>,
    /// Most titles, 1 to 20.
    pub limit: usize,
    /// See at least this position.
    pub at_least: Option<Pos>,
}

/// What a text may become.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggested {
    /// Records by their titles, best first, re-read from the store.
    pub titles: Vec<RecordPage>,
    /// The text with its last word completed.
    pub completions: Vec<String>,
    /// Whether the index is being rebuilt, so that titles may be missing.
    pub rebuilding: bool,
}

/// A ticket, as far as it is written, for which help is sought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LikeQuery {
    /// Its title.
    pub title: String,
    /// Its text.
    pub text: String,
    /// Full code of its type.
    pub type_code: Option<String>,
    /// Its products.
    pub products: Vec<Id>,
    /// Its category.
    pub category: Option<String>,
    /// Its account.
    pub account: Option<Id>,
    /// The ticket itself, when there is one.
    pub ticket: Option<Id>,
    /// Most suggestions of a sort, 1 to 20.
    pub limit: usize,
    /// See at least this position.
    pub at_least: Option<Pos>,
}

/// What may help with a ticket.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TicketSuggestions {
    /// Published articles, best first.
    pub articles: Vec<Suggestion>,
    /// Solved tickets, best first.
    pub tickets: Vec<Suggestion>,
    /// Whether the index is being rebuilt, so that some may be missing.
    pub rebuilding: bool,
}

/// An article or ticket that may help.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The record.
    pub record: Record,
    /// Its version.
    pub version: Pos,
    /// Likeness.
    pub score: f32,
    /// HTML-escaped piece of its text with the words in `<mark>`.
    pub snippet: String,
    /// Whether it is in an answer to the ticket already.
    pub used: bool,
    /// Why.
    pub why: SuggestionWhy,
}

/// Why a record may help.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SuggestionWhy {
    /// Words that both have.
    pub matches: Vec<LikeMatch>,
    /// Fields in which both are the same.
    pub same: Vec<&'static str>,
    /// How often the article was put into answers lately.
    pub uses: usize,
}

/// A word that a ticket and a suggestion have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikeMatch {
    /// The word in the ticket.
    pub word: String,
    /// The word in the suggestion, in lower case.
    pub found: String,
    /// Field of the suggestion.
    pub field: &'static str,
}

/// One hit of a search, re-read from the store.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    /// The record.
    pub record: Record,
    /// Its version.
    pub version: Pos,
    /// Relevance.
    pub score: f32,
    /// HTML-escaped piece of the text with the words in `<mark>`.
    pub snippet: String,
    /// The words of the query that it has, and how.
    pub matches: Vec<WordMatch>,
    /// Whether an administrator put it first for this query.
    pub pinned: bool,
    /// The variant of the article that has the words, when the hit is another one, in the reader's
    /// language.
    pub found_in: Option<FoundIn>,
    /// Whether the article has no variant in the reader's language.
    pub fallback: bool,
}

/// A version of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Position of the change.
    pub pos: Pos,
    /// When.
    pub at: Instant,
    /// Who: `agent:ID`, `rule:PACK/NAME`, …
    pub actor: String,
    /// Name of the command.
    pub command: String,
    /// Fields that changed.
    pub fields: Vec<String>,
}

/// The variant of an article in which words were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundIn {
    /// Its id.
    pub id: Id,
    /// Its language.
    pub locale: String,
    /// Its title.
    pub title: String,
}

/// An article among its variants.
#[derive(Debug, Clone, PartialEq)]
pub struct VariantPage {
    /// The article.
    pub page: RecordPage,
    /// Whether it is the one that the others are variants of.
    pub is_main: bool,
    /// Whether the main text changed after this one followed it.
    pub is_stale: bool,
}

/// A word of a query in a hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordMatch {
    /// The word as it was typed.
    pub word: String,
    /// `exact`, `form`, `prefix`, `layout`, `corrected` or `synonym`.
    pub how: &'static str,
    /// The word in the record.
    pub found: String,
}

/// A part of what a text in the search box was taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// `words`, `phrase`, `word` (one that is left out), `title` or `field`.
    pub what: &'static str,
    /// The part as it was typed.
    pub text: String,
    /// Code of the field.
    pub field: Option<String>,
    /// What is looked for; of a field its values' codes, of a time `from..below`.
    pub values: Vec<String>,
    /// Whether what has it is left out.
    pub negated: bool,
    /// Whether nothing had the phrase, so that its words were enough.
    pub relaxed: bool,
}

impl Understood {
    /// Words and nothing else.
    #[must_use]
    pub fn words(text: &str) -> Self {
        Self {
            what: "words",
            text: text.to_owned(),
            field: None,
            values: Vec::new(),
            negated: false,
            relaxed: false,
        }
    }
}

/// The values of a field among everything that a search finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCounts {
    /// Field as it was asked for.
    pub field: String,
    /// Its values, most frequent first.
    pub values: Vec<FacetValue>,
}

/// A value of a field and how many of the records found have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetValue {
    /// Code, id or text.
    pub value: String,
    /// Names of a code; of a record its title, when the asker may see it.
    pub names: Names,
    /// Records found that have it.
    pub count: u64,
    /// Of a category: records found in it and in all that lie in it.
    pub within: Option<u64>,
}

/// One page of hits.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHits {
    /// The hits.
    pub hits: Vec<SearchHit>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Whether the index is being rebuilt, so that hits may be missing.
    pub rebuilding: bool,
    /// The query as these hits suggest that it was meant, if that is not as it was typed.
    pub corrected: Option<String>,
    /// What the text was taken for.
    pub understood: Vec<Understood>,
    /// The facets that were asked for.
    pub facets: Vec<FacetCounts>,
    /// What clicks on the hits name the query by, when it is counted.
    pub query: Option<String>,
}

/// What searches of the knowledge base taught.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchLessons {
    /// First day.
    pub from: chrono::NaiveDate,
    /// Last day, included.
    pub to: chrono::NaiveDate,
    /// Searches that were counted.
    pub searches: u64,
    /// Those that found nothing.
    pub without_hits: u64,
    /// Hits that were opened.
    pub clicks: u64,
    /// Queries that found nothing at least every second time, the most frequent first.
    pub not_found: Vec<QueryLesson>,
    /// Queries whose hits are opened less than every fifth time.
    pub not_opened: Vec<QueryLesson>,
    /// Articles that were put into answers, those that solved most tickets first.
    pub helpful: Vec<ArticleLesson>,
    /// Published articles that nobody opened or used, the oldest first.
    pub unseen: Vec<Record>,
    /// Whether there is more than is told.
    pub cut: bool,
}

/// A query, as often as it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryLesson {
    /// The query in lower case, without numbers and addresses that may be somebody's.
    pub query: String,
    /// Searches.
    pub searches: u32,
    /// Those that found nothing.
    pub without_hits: u32,
    /// Hits that were opened.
    pub clicks: u32,
}

/// An article, as often as it helped.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleLesson {
    /// The article.
    pub record: Record,
    /// Tickets in whose answers it was used, as far as the asker may see them.
    pub tickets: usize,
    /// Those of them that are solved.
    pub solved: usize,
    /// Searches that showed it.
    pub shown: u32,
    /// How often it was opened out of them.
    pub clicks: u32,
}

/// One change in a record's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryItem {
    /// Position.
    pub pos: Pos,
    /// When.
    pub at: Instant,
    /// Who: `agent:ID`, `rule:PACK/NAME`, …
    pub actor: String,
    /// Name of the command.
    pub command: String,
    /// Request id.
    pub request: String,
    /// Timer or command that caused it.
    pub cause: Option<String>,
    /// Field changes of the record.
    pub changes: Vec<FieldChangeView>,
    /// Entries added.
    pub entries: Vec<Id>,
    /// Rules that were called.
    pub rules: Vec<RuleRunView>,
    /// Records that rules read beyond this one, each with the version they saw.
    pub reads: Vec<(Kind, Id, Pos)>,
    /// Notes such as `survey_skipped:no_address`.
    pub notes: Vec<String>,
}

/// One field change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChangeView {
    /// Field.
    pub field: String,
    /// Value before.
    pub old: Option<Value>,
    /// Value after.
    pub new: Option<Value>,
    /// `asked`, `engine`, or the rule with its line: `pack/name:12`.
    pub by: String,
}

/// One call of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRunView {
    /// `pack/name`.
    pub rule: String,
    /// Version of the pack.
    pub version: String,
    /// Hash of the pack's revision, hexadecimal.
    pub revision: String,
    /// Hook.
    pub hook: String,
    /// `no_opinion`, `decided`, `refused`, `failed`, `suspended`.
    pub verdict: String,
    /// Operations or fuel used.
    pub used: u64,
    /// Reasons the rule gave, and its error.
    pub reasons: Vec<String>,
}

/// What a form may show and do.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// The fields, in order.
    pub fields: Vec<FormField>,
    /// Changes of status out of the present one.
    pub actions: Vec<FormAction>,
    /// Named actions that rules offer to the asker.
    pub named_actions: Vec<NamedAction>,
}

/// A named action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedAction {
    /// Name.
    pub name: String,
    /// Pack of its rule.
    pub pack: String,
    /// Names for people.
    pub names: Names,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq)]
pub struct FormField {
    /// Definition.
    pub def: FieldDef,
    /// Value.
    pub value: Option<Value>,
    /// Whether it is shown.
    pub visible: bool,
    /// Whether a value is needed.
    pub required: bool,
    /// Whether it may not be changed.
    pub readonly: bool,
    /// Options offered, when fewer than the definition's.
    pub options: Option<Vec<String>>,
    /// Advice of rules.
    pub advice: Vec<String>,
}

/// A change of status on a form.
#[derive(Debug, Clone, PartialEq)]
pub struct FormAction {
    /// Status it leads to.
    pub to: StatusDef,
    /// Whether it is open now.
    pub open: bool,
    /// Why not.
    pub why_not: Vec<super::Fault>,
    /// Fields that must have a value.
    pub requires: Vec<String>,
}

/// An entry of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPage {
    /// The entry.
    pub entry: Entry,
    /// Position at which it was added.
    pub version: Pos,
    /// The merged ticket that it belongs to, when it is shown with another one.
    pub merged: Option<Id>,
}

/// One event of the stream: a committed change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Position.
    pub pos: Pos,
    /// When.
    pub at: Instant,
    /// Name of the command.
    pub command: String,
    /// Who.
    pub actor: String,
    /// Records that changed, with the names of their changed fields.
    pub records: Vec<(Kind, Id, Vec<String>)>,
    /// Entries added: kind and id of the owner, id of the entry.
    pub entries: Vec<(Kind, Id, Id)>,
    /// Agents for whom the intake was opened, each with the inquiry.
    pub drafts: Vec<(Id, Id)>,
}

/// What waits to leave the process, or has left it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OutboxItem {
    /// Identity; the idempotency key of the delivery.
    pub id: Id,
    /// When it was queued.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// Record it is about.
    pub kind: Kind,
    /// Record it is about.
    pub record: Id,
    /// `mail`, `webhook`, …
    pub channel: String,
    /// Address.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Text, or JSON of a webhook.
    pub text: String,
    /// Rule that queued it.
    pub rule: String,
}

/// An access token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Token {
    /// Identity.
    pub id: Id,
    /// Role and person.
    pub actor: super::Actor,
    /// What it is for.
    pub note: String,
    /// When it was made.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub created_at: Instant,
}

/// A survey as the person asked sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyView {
    /// Number of the ticket.
    pub number: Option<i64>,
    /// Title of the ticket.
    pub title: String,
    /// Questions by code, with their names; empty: one overall score.
    pub questions: Vec<crate::domain::definitions::QuestionDef>,
    /// Greatest score of the scale, from 1.
    pub scale: i64,
    /// Whether it was answered.
    pub answered: bool,
    /// Whether an answer is still taken.
    pub is_open: bool,
    /// Language of the customer, as far as it is known.
    pub locale: Option<String>,
    /// Until when an answer is taken.
    pub expires_at: Instant,
}

/// An installed pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackView {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Names by locale.
    pub names: BTreeMap<String, String>,
    /// Hash of the revision, hexadecimal.
    pub revision: String,
    /// Rules: name and hook.
    pub rules: Vec<(String, String)>,
    /// Codes of its types.
    pub types: Vec<String>,
    /// Whether its rules rest and its types take no new records.
    pub disabled: bool,
    /// Whether records are still moving to this revision.
    pub moving: bool,
    /// What it asks to be allowed.
    pub asks: Vec<String>,
    /// What it may do.
    pub grants: Vec<String>,
}

/// Something that happened to a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackEventView {
    /// Position; none for what an older build installed.
    pub pos: Option<Pos>,
    /// Hash of the revision that was active from then on, hexadecimal.
    pub revision: String,
    /// Its version.
    pub version: String,
    /// When; unknown for what an older build installed.
    pub at: Option<Instant>,
    /// Who.
    pub actor: Option<String>,
    /// `installed`, `upgraded`, `rolled_back`, `disabled`, `enabled`, `granted`, `moved`, `removed`.
    pub what: String,
}

/// The draft of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackDraft {
    /// Its version: what `if_match` names.
    pub version: Pos,
    /// Hash of its files, hexadecimal.
    pub revision: String,
    /// When it was saved.
    pub at: Instant,
    /// Who saved it.
    pub actor: String,
    /// The files.
    pub files: crate::packs::PackFiles,
}

/// What installing files would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackPlan {
    /// Name and version of the pack.
    pub pack: (String, String),
    /// What would be added, changed and removed, in words.
    pub changes: Vec<String>,
    /// How much would be left as it is, by what it is.
    pub left: Vec<String>,
    /// Which records would move, in words.
    pub moves: Vec<String>,
    /// What may go wrong while the rules run, in words.
    pub warnings: Vec<String>,
    /// Why it would be refused, in words.
    pub refusals: Vec<String>,
    /// What the pack asks for beyond what is harmless and granted already.
    pub asks: Vec<String>,
}

/// The state of the desk.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// The store.
    pub store: crate::store::Health,
    /// Position the index has reached; none without search.
    pub indexed: Option<Pos>,
    /// Whether the index is being rebuilt.
    pub rebuilding: bool,
    /// Active packs.
    pub packs: usize,
    /// Rules in force that failed since the start, or are suspended.
    pub failing_rules: Vec<super::FailingRule>,
}

/// One step in the life of a command: a rule, or what the engine does itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookStep {
    /// Phase of a command.
    pub phase: &'static str,
    /// Hook of a rule.
    pub hook: Option<&'static str>,
    /// `pack/name` of a rule, or the name of an engine's step.
    pub name: String,
    /// What the engine does in the step.
    pub about: &'static str,
    /// The rule; none for the engine's steps.
    pub rule: Option<RuleState>,
}

/// A rule in force, and how it fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleState {
    /// Pack.
    pub pack: String,
    /// Version of the pack.
    pub version: String,
    /// Hash of the pack's revision, hexadecimal.
    pub revision: String,
    /// Place among the rules of its hook.
    pub priority: i32,
    /// `script`, `plugin`, `native`.
    pub nature: &'static str,
    /// Kind of record it runs on; none for those that are about none.
    pub kind: Option<Kind>,
    /// Types it runs on; empty: those of its own pack; `*`: every type.
    pub applies_to: Vec<String>,
    /// References it reads beyond its record.
    pub reads: Vec<String>,
    /// Whether it may replace a value that a person gave.
    pub overrides: bool,
    /// Whether a failure of it refuses the change.
    pub refuses_when_broken: bool,
    /// Whether it is suspended.
    pub suspended: bool,
    /// The last error since it ran well or was reset.
    pub last_error: Option<String>,
    /// What its last call came to, as in [`RuleRunView`]; none before the first.
    pub last_verdict: Option<&'static str>,
    /// Calls since its pack was loaded.
    pub calls: u64,
    /// Calls of these that failed.
    pub failures: u64,
    /// Operations or fuel that the dearest of these calls used.
    pub most_used: u64,
    /// Operations or fuel that a call may use; 0 before the first.
    pub budget: u64,
}
