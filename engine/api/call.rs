//! Records as rules get them, for whoever tries a rule on one.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::input::{Of, Params, PathParams};
use super::principal::{Access, Caller};
use super::problem::Problem;
use super::records::{TABLE, at};
use super::route::{Op, Routes};
use super::state::App;
use crate::desk::{CallRecords, Error};
use crate::hooks::fixture::record_json;

/// Records beside the record that are looked up at once.
const MAX_RELATED: usize = 50;

/// What rules get of a record, in the form of a fixture's `call`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleCall)]
pub struct CallView {
    /// The record: `id`, `kind`, `category` of its status, and `fields` by full code; a value of
    /// another type than text, number, truth value or list as an object that names the type.
    #[schema(value_type = Object)]
    record: Json,
    /// Records beside it, by the names that were asked for; those that it does not have are left out.
    #[schema(value_type = Object)]
    related: Map<String, Json>,
}

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    for (kind, path) in TABLE {
        let op = Op::get(format!("/v1/{path}/{{id}}/call"), format!("read_{}_call", kind.name()))
            .about(path, "The record as rules get it, in the form of a fixture's `call`: `opora plugin run` asks a hook about it. Nothing is withheld.")
            .kind(kind)
            .access(Access::Admin)
            .query("pack", "The pack whose rules are meant; bare names in `related` are its own then.")
            .query("related", "Records beside it, as `reads` of a rule names them: `account,contact`.")
            .at_least()
            .reply_with::<CallView>(200, "The records");
        routes.add(op, read_call);
    }
}

async fn read_call(
    caller: Caller,
    State(app): State<App>,
    Of(kind): Of,
    path: PathParams,
    mut params: Params,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    let pack = params.one("pack")?.unwrap_or_default();
    let related = params.many("related");
    if related.len() > MAX_RELATED {
        let message = format!("at most {MAX_RELATED} names are looked up at once");
        return Err(Error::field("related", "too_many", message).into());
    }
    let at_least = params.only_at_least()?;
    let done = app.read(at_least, move |desk| {
        desk.call_records(&caller.actor, (kind, id), &pack, &related)
    });
    let (pos, records) = done.await?;
    Ok(at(pos, axum::Json(call(&records))))
}

/// Records as rules get them.
#[must_use]
pub fn call(of: &CallRecords) -> CallView {
    let related = of.related.iter();
    CallView {
        record: record_json(&of.record),
        related: related.map(|(n, v)| (n.clone(), record_json(v))).collect(),
    }
}
