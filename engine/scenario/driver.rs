//! What a scenario is run through.

use serde_json::{Map, Value as Json};

use crate::desk::{Actor, Command, Reply};
use crate::domain::{Id, Instant, Kind};

/// What was seen, or why nothing could be seen.
pub type Seen<T> = Result<T, String>;

/// A way to a desk: commands in, what they left behind out. Plain data on both sides, so that the
/// same scenarios run on the desk itself and over HTTP.
pub trait Driver {
    /// Runs a command.
    ///
    /// # Errors
    /// How it was refused.
    fn run(&mut self, actor: &Actor, command: &Command) -> Result<Reply, Refused>;

    /// The fields of a record as the actor sees it; none when the actor is told there is no such
    /// record.
    ///
    /// # Errors
    /// When it cannot be read.
    fn record(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<Option<Map<String, Json>>>;

    /// The newest 200 records of a kind, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    fn records(&mut self, kind: Kind) -> Seen<Vec<(Id, Map<String, Json>)>>;

    /// The first 200 records of a kind that meet conditions, as the actor may list or find them.
    ///
    /// # Errors
    /// How it was refused.
    fn list(&mut self, actor: &Actor, kind: Kind, ask: &ListAsk) -> Result<Vec<Id>, Refused>;

    /// What was committed after a position, oldest first.
    ///
    /// # Errors
    /// When it cannot be read.
    fn events(&mut self, after: u64) -> Seen<Vec<ShownEvent>>;

    /// The bytes of a file, downloaded.
    ///
    /// # Errors
    /// When the actor may not have it, or it cannot be read.
    fn content(&mut self, actor: &Actor, place: (Kind, Id), entry: Id) -> Seen<Vec<u8>>;

    /// The entries of a record as the actor sees them, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    fn entries(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<Vec<ShownEntry>>;

    /// The changes of a record, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    fn history(&mut self, kind: Kind, id: Id) -> Seen<Vec<ShownChange>>;

    /// The form of a record.
    ///
    /// # Errors
    /// When it cannot be read.
    fn form(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<ShownForm>;

    /// Where a record stands in its process.
    ///
    /// # Errors
    /// When it cannot be read.
    fn process(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<ShownProcess>;

    /// The plan of a record, in its order.
    ///
    /// # Errors
    /// When it cannot be read.
    fn plan(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<Vec<Map<String, Json>>>;

    /// The SLA clocks of a ticket.
    ///
    /// # Errors
    /// When they cannot be read.
    fn clocks(&mut self, id: Id) -> Seen<Vec<ShownClock>>;

    /// The newest messages that wait to leave, oldest of them first.
    ///
    /// # Errors
    /// When they cannot be read.
    fn outbox(&mut self) -> Seen<Vec<ShownMessage>>;

    /// What a report comes to: `rows`, `totals`, and the ids of `open`.
    ///
    /// # Errors
    /// When it cannot be run.
    fn report(&mut self, actor: &Actor, code: &str, ask: &Json) -> Result<ShownReport, Refused>;

    /// Parties by what is known of them, the likeliest first. The query is that of the HTTP API.
    ///
    /// # Errors
    /// When the query is wrong, or they cannot be read.
    fn parties(&mut self, actor: &Actor, query: &Map<String, Json>) -> Seen<Vec<ShownParty>>;

    /// Inquiries that are not registered yet, those that wait longest first: of an agent by id, of
    /// `nobody`, or all.
    ///
    /// # Errors
    /// When they cannot be read.
    fn inbox(&mut self, actor: &Actor, whose: Option<&str>) -> Seen<Vec<Id>>;

    /// The cards of a type's board by the code of the status; the first column, without one, is the
    /// inbox.
    ///
    /// # Errors
    /// When they cannot be read.
    fn board(
        &mut self,
        actor: &Actor,
        type_code: &str,
        whose: Option<&str>,
    ) -> Seen<Vec<(String, Vec<ShownCard>)>>;

    /// Position of the last commit.
    ///
    /// # Errors
    /// When it cannot be read.
    fn pos(&mut self) -> Seen<u64>;

    /// The engine's time.
    fn now(&self) -> Instant;

    /// Moves the clock and fires the timers that came due: each at its time, or, when the clock
    /// jumps, all of them afterwards.
    ///
    /// # Errors
    /// When a timer cannot be run, or they never end.
    fn advance_to(&mut self, at: Instant, jump: bool) -> Seen<()>;

    /// The rules that failed since the last look, when the driver can tell; `after` is the position
    /// of then.
    ///
    /// # Errors
    /// When it cannot be read.
    fn failures(&mut self, after: u64) -> Seen<Option<Vec<ShownFailure>>> {
        let _ = after;
        Ok(None)
    }

    /// Stops the desk and starts it again, as far as the driver can.
    ///
    /// # Errors
    /// When it does not start.
    fn restart(&mut self) -> Seen<()>;
}

/// A rule that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownFailure {
    /// `pack/name`.
    pub rule: String,
    /// How often.
    pub times: u64,
    /// What was said, each once.
    pub messages: Vec<String>,
}

/// How a command was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused {
    /// Stable code.
    pub code: String,
    /// Status of the answer, where there is one.
    pub status: Option<u16>,
    /// Text for people.
    pub message: String,
    /// All faults.
    pub faults: Vec<RefusedFault>,
}

/// One fault of a refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefusedFault {
    /// Field to blame.
    pub field: Option<String>,
    /// Stable code.
    pub code: String,
    /// Text for people.
    pub message: String,
    /// Rule that found it.
    pub rule: Option<String>,
}

/// What a list is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListAsk {
    /// Conditions, all of which hold: the field has one of the values.
    pub filters: Vec<(String, Vec<String>)>,
    /// Field to sort by, with `-` before it for falling order; none: newest first.
    pub sort: Option<String>,
    /// Words to search for; then the best come first.
    pub text: Option<String>,
}

/// What was committed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownEvent {
    /// Name of the command.
    pub command: String,
    /// Who asked.
    pub actor: String,
    /// Records that changed.
    pub records: Vec<Id>,
}

/// What a report came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownReport {
    /// The rows: values by the codes of columns, and names under `labels`.
    pub rows: Vec<Json>,
    /// The totals by the codes of measures.
    pub totals: Json,
    /// The oldest open records.
    pub open: Vec<Id>,
    /// Their ages in seconds.
    pub ages: Vec<i64>,
}

/// An entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownEntry {
    /// Identity.
    pub id: Option<Id>,
    /// `comment`, `message`, `attachment`, `link`, `consumption`.
    pub kind: String,
    /// Who made it.
    pub author: String,
    /// The author's name.
    pub author_name: Option<String>,
    /// `public`, `internal`.
    pub visibility: Option<String>,
    /// Channel of a message.
    pub channel: Option<String>,
    /// Direction of a message: `in`, `out`.
    pub direction: Option<String>,
    /// Relation of a link, or event of a consumption.
    pub relation: Option<String>,
    /// Where a link leads, or the ticket of a consumption.
    pub to: Option<Id>,
    /// Text, with the subject of a message or the name of a file before it.
    pub text: String,
}

/// One change of a record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShownChange {
    /// Position.
    pub pos: u64,
    /// When.
    pub at: Instant,
    /// Who asked.
    pub actor: String,
    /// Name of the command.
    pub command: String,
    /// Fields that changed.
    pub fields: Vec<ShownFieldChange>,
    /// Entries added.
    pub entries: Vec<Id>,
    /// Rules that were called.
    pub runs: Vec<ShownRun>,
    /// Notes.
    pub notes: Vec<String>,
}

/// One change of a field.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShownFieldChange {
    /// Full code.
    pub field: String,
    /// Value before; null for none.
    pub old: Json,
    /// Value after; null for none.
    pub new: Json,
    /// Who set it: `asked`, `engine`, or the rule.
    pub by: String,
}

/// One call of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownRun {
    /// `pack/name`.
    pub rule: String,
    /// What it said.
    pub verdict: String,
    /// Reasons it gave, and its error.
    pub reasons: Vec<String>,
}

/// A form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownForm {
    /// Its fields.
    pub fields: Vec<ShownField>,
    /// Changes of status out of the present one.
    pub actions: Vec<ShownAction>,
    /// Names of the actions that rules offer.
    pub named_actions: Vec<String>,
}

/// A field of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownField {
    /// Full code.
    pub code: String,
    /// Whether it is shown.
    pub visible: bool,
    /// Whether a value is needed.
    pub required: bool,
    /// Whether it may not be changed.
    pub readonly: bool,
    /// Options that are offered, in the order of the definition.
    pub options: Vec<String>,
    /// Advice.
    pub advice: Vec<String>,
}

/// A change of status on a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownAction {
    /// Full code of the status.
    pub to: String,
    /// Whether it is open now.
    pub open: bool,
    /// Codes of why not.
    pub why_not: Vec<String>,
}

/// Where a record stands in its process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownProcess {
    /// Full codes of the stages of the process, in their order.
    pub stages: Vec<String>,
    /// What may be done: the answer or the stage that follows, and the codes of why not.
    pub steps: Vec<(String, Vec<String>)>,
}

/// A party that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownParty {
    /// Identity.
    pub id: Option<Id>,
    /// Fields that fit.
    pub reasons: Vec<String>,
    /// Its organisation.
    pub account: Option<Id>,
    /// Its people.
    pub contacts: Vec<Id>,
    /// Its leads.
    pub leads: Vec<Id>,
    /// Its tickets.
    pub tickets: Vec<Id>,
    /// Others with the same tax number or phone.
    pub duplicates: Vec<Id>,
}

/// A card of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownCard {
    /// The record.
    pub id: Id,
    /// What stands on it, by the names of the HTTP API.
    pub shows: Map<String, Json>,
}

/// An SLA clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownClock {
    /// Name.
    pub clock: String,
    /// Code of the level.
    pub level: String,
    /// `running`, `paused`, `met`, `cancelled`.
    pub state: String,
    /// When it is due, as of its last change.
    pub due_at: Instant,
    /// When it was breached, if ever.
    pub breached_at: Option<Instant>,
}

/// A message that waits to leave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownMessage {
    /// Identity.
    pub id: Option<Id>,
    /// Record it is about.
    pub record: Option<Id>,
    /// Channel.
    pub channel: String,
    /// Address.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Text.
    pub text: String,
    /// The secret of the survey whose link is in the text.
    pub survey_token: Option<String>,
}
