//! The first page of the intake: a search for a party by whatever is known of it.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;

use crate::api::input::{Input, Of, Params, PathParams};
use crate::api::principal::{Access, Caller};
use crate::api::problem::Problem;
use crate::api::records::{self, TABLE, at};
use crate::api::route::{Op, Routes};
use crate::api::state::App;
use crate::api::view::{Look, link};
use crate::desk::{AskedIn, Error, Found, PartyHit, PartyQuery, PartyVariant, Reason, RecordPage};
use crate::domain::Id;
use crate::domain::party::{self, PartyMode};

/// Parties that are shown when the caller does not say.
const DEFAULT_PARTIES: usize = 20;

/// What is known of a party. Everything given is searched for at once.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = PartySearch)]
#[serde(deny_unknown_fields, default)]
pub struct PartySearchInput {
    /// Name of a person or organisation.
    name: Option<String>,
    /// Tax number.
    tax_number: Option<String>,
    /// Phone number, however it is typed.
    phone: Option<String>,
    /// Mail address.
    mail: Option<String>,
    /// A messenger, an account of a network or the like.
    other: Option<String>,
    /// Whatever it may be.
    any: Option<String>,
    /// `prefix` (of the value or a word of it; when not given), `part` or `exact`.
    mode: Option<String>,
    /// `any` (one of the fields given must fit; when not given) or `all`.
    #[serde(rename = "match")]
    fit: Option<String>,
    /// Which leads and tickets of the parties are shown: `open` (when not given), `closed` or `all`.
    variant: Option<String>,
    /// Type of the record that shall be made: rules of other packs have no say then.
    #[serde(rename = "type")]
    type_code: Option<String>,
    /// The inquiry that it is about. When no field is given, what it tells of its sender is searched
    /// for.
    inquiry: Option<String>,
    /// Most parties, 1 to 50; 20 when not given.
    limit: Option<usize>,
}

/// Why a party was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MatchReason)]
pub struct ReasonView {
    /// `name`, `tax_number`, `phone`, `mail`, `other`, or the full code of a field.
    pub field: String,
    /// The value that fits, as it is written.
    pub value: String,
    /// How: `exact`, `prefix` or `part`.
    pub how: &'static str,
}

/// A party that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Party)]
pub struct PartyView {
    /// Id of the record.
    id: String,
    /// `account`, `contact` or `lead`.
    kind: &'static str,
    /// Name of the organisation or person, title of the lead.
    title: String,
    /// Greater is likelier; comparable within one search only.
    score: i64,
    /// What fits.
    reasons: Vec<ReasonView>,
    /// Path of the record.
    link: String,
    /// The record.
    #[schema(value_type = Object)]
    record: Json,
    /// The organisation that it belongs to; null when there is none.
    #[schema(value_type = Object)]
    account: Json,
    /// The people of an organisation.
    #[schema(value_type = Vec<Object>)]
    contacts: Vec<Json>,
    /// Its leads of the variant asked for, newest first.
    #[schema(value_type = Vec<Object>)]
    leads: Vec<Json>,
    /// Its tickets of the variant asked for, newest first.
    #[schema(value_type = Vec<Object>)]
    tickets: Vec<Json>,
    /// Ids of others of its kind with the same tax number or phone.
    duplicates: Vec<String>,
}

/// The parties that were found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Parties)]
pub struct PartiesView {
    /// The parties, the likeliest first.
    hits: Vec<PartyView>,
    /// Always null: the likeliest are all there are.
    next: Option<String>,
}

/// Another record with the same tax number or phone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Duplicate)]
pub struct DuplicateView {
    /// Id of the record.
    id: String,
    /// Its title.
    title: String,
    /// Path of the record.
    link: String,
    /// What is the same.
    reasons: Vec<ReasonView>,
}

/// Others with the same tax number or phone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Duplicates)]
pub struct DuplicatesView {
    /// They.
    items: Vec<DuplicateView>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::post("/v1/intake/search", "search_parties")
        .about("intake", "Search for a party by whatever is known of it: the people of an organisation, and the leads and tickets of each.")
        .access(Access::Agent)
        .at_least()
        .body::<PartySearchInput>()
        .reply_with::<PartiesView>(200, "The parties, the likeliest first");
    routes.add(op, search_parties);
    for kind in party::KINDS {
        let found = TABLE.iter().find(|(k, _)| *k == kind);
        let path = found.map_or("records", |(_, path)| path);
        let op = Op::get(
            format!("/v1/{path}/{{id}}/duplicates"),
            format!("list_{}_duplicates", kind.name()),
        )
        .about(path, "Others with the same tax number or phone.")
        .access(Access::Agent)
        .kind(kind)
        .at_least()
        .reply_with::<DuplicatesView>(200, "They, the likeliest first");
        routes.add(op, list_duplicates);
    }
}

async fn search_parties(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
    Input(body): Input<PartySearchInput>,
) -> Result<Response, Problem> {
    let at_least = params.at_least()?;
    params.finish()?;
    let mut query = body.query()?;
    query.at_least = at_least;
    let done = app.read(at_least, move |desk| {
        let found = desk.find_parties(&caller.actor, &query)?;
        let catalog = desk.catalog()?;
        let look = records::look(&catalog, &caller);
        Ok(PartiesView {
            hits: found
                .hits
                .into_iter()
                .map(|h| party_view(&look, h))
                .collect(),
            next: None,
        })
    });
    let (pos, view) = done.await?;
    Ok(at(pos, axum::Json(view)))
}

async fn list_duplicates(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let (id, at_least) = (path.id("id")?, params.only_at_least()?);
    let done = app.read(at_least, move |desk| {
        desk.duplicates(&caller.actor, kind, id)
    });
    let (pos, found) = done.await?;
    let items = found.into_iter().map(duplicate).collect();
    Ok(at(pos, axum::Json(DuplicatesView { items })))
}

impl PartySearchInput {
    fn query(self) -> Result<PartyQuery, Problem> {
        let asked = [
            ("name", self.name),
            ("tax_number", self.tax_number),
            ("phone", self.phone),
            ("mail", self.mail),
            ("other", self.other),
            ("any", self.any),
        ];
        let asked = asked
            .into_iter()
            .filter_map(|(name, text)| Some((AskedIn::named(name)?, text?)));
        Ok(PartyQuery {
            asked: asked.collect(),
            mode: word("mode", self.mode, PartyMode::Prefix, PartyMode::named)?,
            all: word("match", self.fit, false, |text| match text {
                "any" => Some(false),
                "all" => Some(true),
                _ => None,
            })?,
            variant: word(
                "variant",
                self.variant,
                PartyVariant::Open,
                PartyVariant::named,
            )?,
            type_code: self.type_code,
            inquiry: id_of("inquiry", self.inquiry)?,
            limit: self.limit.unwrap_or(DEFAULT_PARTIES),
            at_least: None,
        })
    }
}

/// A word of several, or what stands for it when it is not given.
pub(super) fn word<T>(
    field: &str,
    text: Option<String>,
    otherwise: T,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, Problem> {
    let Some(text) = text else {
        return Ok(otherwise);
    };
    read(&text).ok_or_else(|| {
        let short: String = text.chars().take(64).collect();
        let message = format!("`{short}` is none of the words that are taken here");
        Error::field(field, "unexpected", message).into()
    })
}

/// An id, if one is given.
pub(super) fn id_of(field: &str, text: Option<String>) -> Result<Option<Id>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let id = text.parse().map_err(|_| {
        let short: String = text.chars().take(64).collect();
        Error::field(field, "malformed", format!("`{short}` is no id"))
    })?;
    Ok(Some(id))
}

fn reason(found: Reason) -> ReasonView {
    ReasonView {
        field: found.field,
        value: found.value,
        how: found.mode.name(),
    }
}

fn party_view(look: &Look<'_>, hit: PartyHit) -> PartyView {
    let all = |pages: Vec<RecordPage>| pages.iter().map(|p| look.record(p)).collect();
    let record = &hit.page.record;
    let id = record.id.to_string();
    PartyView {
        kind: record.kind.name(),
        title: record.title().to_owned(),
        link: link(record.kind, &id),
        id,
        score: hit.score,
        reasons: hit.reasons.into_iter().map(reason).collect(),
        record: look.record(&hit.page),
        account: hit.account.map_or(Json::Null, |a| look.record(&a)),
        contacts: all(hit.contacts),
        leads: all(hit.leads),
        tickets: all(hit.tickets),
        duplicates: hit.duplicates.iter().map(Id::to_string).collect(),
    }
}

fn duplicate(found: Found) -> DuplicateView {
    let record = found.page.record;
    let id = record.id.to_string();
    DuplicateView {
        title: record.title().to_owned(),
        link: link(record.kind, &id),
        id,
        reasons: found.reasons.into_iter().map(reason).collect(),
    }
}
