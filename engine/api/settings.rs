//! What administrators set for the whole desk.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::input::{Input, Params};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{self, at};
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::{Command, Settings};

/// What administrators set for the whole desk.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = Settings)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsView {
    /// Name under which messages leave.
    service_name: Option<String>,
    /// Address from which messages leave.
    sender: Option<String>,
    /// Language of what rules write where nobody's is known (`ru`); English when none is set.
    language: Option<String>,
    /// Whether anybody reads published articles for everybody, without a token.
    public_articles: bool,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/settings", "read_settings")
        .about("settings", "What administrators set for the whole desk.")
        .access(Access::Agent)
        .at_least()
        .reply_with::<SettingsView>(200, "The settings");
    routes.add(op, read_settings);
    let op = Op::patch("/v1/settings", "update_settings")
        .about(
            "settings",
            "Set the name and address that messages leave under, the language of the desk, and whether articles are open to all; null removes one.",
        )
        .access(Access::Admin)
        .body::<SettingsView>()
        .reply_with::<SettingsView>(200, "The settings");
    routes.add(op, update_settings);
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
        language: settings.language,
        public_articles: settings.public_articles,
    }
}

async fn update_settings(
    caller: Caller,
    State(app): State<App>,
    Input(changes): Input<Map<String, Json>>,
) -> Result<Response, Problem> {
    let command = Command::ChangeSettings { changes };
    let done = app.call(move |desk| {
        let reply = records::run(desk, &caller, &command)?;
        Ok((reply, desk.settings()?))
    });
    let (reply, settings) = done.await?;
    let mut response = axum::Json(view(settings)).into_response();
    records::finish(&mut response, &reply);
    Ok(response)
}
