//! Duplicates, personal tags, clouds of tags, the desk's settings, and what a customer would see.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::input::{self, Input, Of, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, TABLE, at};
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::{Command, Error, Settings, TagCloud};
use crate::domain::{Id, Kind, builtin};

/// What a duplicate has otherwise.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Duplicate {
    /// Values by field that take the place of the original's.
    #[schema(value_type = Object)]
    fields: Map<String, Json>,
}

/// The asker's own tags of a record.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonalTags {
    /// The tags; nobody else sees them.
    tags: Vec<String>,
}

/// A tag and how many records have it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TagCount)]
pub struct TagCountView {
    /// The tag.
    tag: String,
    /// Records that have it.
    count: u64,
}

/// A cloud of tags.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TagCloud)]
pub struct TagCloudView {
    /// The tags, by name.
    items: Vec<TagCountView>,
    /// Whether only the newest 10000 records were counted.
    cut: bool,
}

/// What administrators set for the whole desk.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = Settings)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsView {
    /// Name under which messages leave.
    service_name: Option<String>,
    /// Address from which messages leave.
    sender: Option<String>,
}

/// What is shown of a kind of record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Exposed)]
pub struct ExposedView {
    /// The kind.
    kind: &'static str,
    /// Fields that are shown.
    fields: Vec<String>,
    /// Fields that are kept back.
    hidden: Vec<String>,
    /// The newest records, as they are shown.
    #[schema(value_type = Vec<Object>)]
    records: Vec<Json>,
    /// Whether there are more.
    more: bool,
}

/// What somebody would see.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccessPreview)]
pub struct PreviewView {
    /// What is shown, kind by kind; of other kinds nothing is.
    items: Vec<ExposedView>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    for (kind, path) in TABLE {
        if !kind.has_entries() {
            continue;
        }
        let (one, name) = (format!("/v1/{path}/{{id}}"), kind.name());
        let op = Op::post(format!("{one}/duplicate"), format!("duplicate_{name}"))
            .about(path, "Make a duplicate: the same values under a number of its own, with a link to the original and without its past.")
            .access(Access::Agent)
            .kind(kind)
            .versioned()
            .body::<Duplicate>()
            .reply_named(201, "The duplicate", &records::schema_name(kind));
        routes.add(op, duplicate_record);
        if builtin::field(kind, "tags").is_none() {
            continue;
        }
        let path_of_tags = format!("{one}/personal-tags");
        let op = Op::get(&path_of_tags, format!("list_{name}_personal_tags"))
            .about(path, "The asker's own tags of it.")
            .at_least()
            .access(Access::Agent)
            .kind(kind)
            .reply_with::<PersonalTags>(200, "The tags");
        routes.add(op, list_tags);
        let op = Op::post(&path_of_tags, format!("set_{name}_personal_tags"))
            .about(
                path,
                "Give it the asker's own tags, instead of those before.",
            )
            .access(Access::Agent)
            .kind(kind)
            .body::<PersonalTags>()
            .reply_with::<PersonalTags>(200, "The tags");
        routes.add(op, set_tags);
    }
    let op = Op::get("/v1/tags", "read_tag_cloud")
        .about("tags", "Tags with the number of records under each.")
        .at_least()
        .access(Access::Agent)
        .query("scope", "`shared`, or `personal` for the asker's own.")
        .query(
            "kind",
            "Kind whose shared tags are counted; tickets when not given.",
        )
        .reply_with::<TagCloudView>(200, "The cloud");
    routes.add(op, read_cloud);
    let op = Op::get("/v1/settings", "read_settings")
        .about("settings", "What administrators set for the whole desk.")
        .access(Access::Agent)
        .at_least()
        .reply_with::<SettingsView>(200, "The settings");
    routes.add(op, read_settings);
    let op = Op::patch("/v1/settings", "update_settings")
        .about(
            "settings",
            "Set the name and address that messages leave under; null removes one.",
        )
        .access(Access::Admin)
        .body::<SettingsView>()
        .reply_with::<SettingsView>(200, "The settings");
    routes.add(op, update_settings);
    let op = Op::get("/v1/access/preview", "preview_access")
        .about(
            "access",
            "What a customer would see: before the portal is opened to it.",
        )
        .access(Access::Admin)
        .query("as", "`contact:ID`.")
        .at_least()
        .reply_with::<PreviewView>(200, "What is shown");
    routes.add(op, preview_access);
}

async fn duplicate_record(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    Input(body): Input<Duplicate>,
) -> Result<Response, Problem> {
    let command = Command::Duplicate {
        kind,
        id: path.id("id")?,
        fields: input::fields(body.fields)?,
    };
    records::change(&app, caller, StatusCode::CREATED, command).await
}

async fn list_tags(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let (id, at_least) = (path.id("id")?, params.only_at_least()?);
    let done = app.read(at_least, move |desk| {
        desk.personal_tags(&caller.actor, kind, id)
    });
    let (pos, tags) = done.await?;
    Ok(at(pos, axum::Json(PersonalTags { tags })))
}

async fn set_tags(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    Input(body): Input<PersonalTags>,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    let command = Command::TagPersonally {
        kind,
        id,
        tags: body.tags,
    };
    let done = app.call(move |desk| {
        let reply = records::run(desk, &caller, &command)?;
        Ok((reply, desk.personal_tags(&caller.actor, kind, id)?))
    });
    let (reply, tags) = done.await?;
    let mut response = axum::Json(PersonalTags { tags }).into_response();
    records::finish(&mut response, &reply);
    Ok(response)
}

async fn read_cloud(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> Result<Response, Problem> {
    let scope = params.one("scope")?;
    let kind = match params.one("kind")? {
        Some(name) => records::kind_named("kind", &name)?,
        None => Kind::Ticket,
    };
    let at_least = params.only_at_least()?;
    let own = match scope.as_deref() {
        None | Some("shared") => false,
        Some("personal") => true,
        Some(_) => {
            let message = "expected `shared` or `personal`";
            return Err(Error::field("scope", "invalid_parameter", message).into());
        }
    };
    let done = app.read(at_least, move |desk| match own {
        true => desk.personal_cloud(&caller.actor),
        false => desk.shared_cloud(&caller.actor, kind),
    });
    let (pos, TagCloud { tags, cut }) = done.await?;
    let items = tags
        .into_iter()
        .map(|(tag, count)| TagCountView { tag, count });
    let items = items.collect();
    Ok(at(pos, axum::Json(TagCloudView { items, cut })))
}

async fn read_settings(
    _caller: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, |desk| desk.settings());
    let (pos, settings) = done.await?;
    Ok(at(pos, axum::Json(view(settings))))
}

fn view(settings: Settings) -> SettingsView {
    SettingsView {
        service_name: settings.service_name,
        sender: settings.sender,
    }
}

async fn update_settings(
    caller: Caller,
    State(app): State<App>,
    Input(body): Input<Map<String, Json>>,
) -> Result<Response, Problem> {
    let done = app.call(move |desk| {
        let mut settings = desk.settings()?;
        for (name, value) in &body {
            let text = match value {
                Json::Null => None,
                Json::String(text) => Some(text.clone()),
                _ => return Err(Error::field(name, "malformed", "expected text or null")),
            };
            match name.as_str() {
                "service_name" => settings.service_name = text,
                "sender" => settings.sender = text,
                _ => {
                    return Err(Error::field(
                        name,
                        "unknown_field",
                        "there is no such setting",
                    ));
                }
            }
        }
        let reply = records::run(desk, &caller, &Command::SaveSettings { settings })?;
        Ok((reply, desk.settings()?))
    });
    let (reply, settings) = done.await?;
    let mut response = axum::Json(view(settings)).into_response();
    records::finish(&mut response, &reply);
    Ok(response)
}

async fn preview_access(
    caller: Caller,
    State(app): State<App>,
    mut params: Params,
) -> Result<Response, Problem> {
    let who = params.one("as")?.unwrap_or_default();
    let at_least = params.only_at_least()?;
    let contact: Option<Id> = who.strip_prefix("contact:").and_then(|id| id.parse().ok());
    let contact = contact.ok_or_else(|| {
        Error::field(
            "as",
            "invalid_parameter",
            "expected `contact:` and the contact's id",
        )
    })?;
    let done = app.read(at_least, move |desk| {
        let all = desk.exposed_to(&caller.actor, contact)?;
        let catalog = desk.catalog()?;
        let customer = crate::desk::Actor::Contact {
            contact,
            account: Id::MIN,
        };
        let look = super::view::Look {
            catalog: &catalog,
            locale: caller.locale,
            actor: &customer,
        };
        let items = all.into_iter().map(|shown| ExposedView {
            kind: shown.kind.name(),
            fields: shown.fields,
            hidden: shown.hidden,
            records: shown.records.iter().map(|r| look.record(r)).collect(),
            more: shown.more,
        });
        Ok(PreviewView {
            items: items.collect(),
        })
    });
    let (pos, body) = done.await?;
    Ok(at(pos, axum::Json(body)))
}
