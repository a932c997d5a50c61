//! The HTTP API: extract, one command or query of the desk, a view. No rule of the desk lives here.
//!
//! Every route is said once, as an [`Op`] with its handler: the router, the OpenAPI document and the
//! tests that walk all routes are made from the same list.

mod articles;
mod attachments;
mod bulk;
mod call;
mod clock;
mod definitions;
mod docs;
mod duplicate;
mod entries;
mod erase;
mod events;
mod filter;
mod health;
mod hooks;
mod input;
mod intake;
mod layers;
mod ledger;
mod lessons;
#[cfg(feature = "mcp")]
pub mod mcp;
mod merge;
mod metrics;
mod openapi;
mod outbox;
mod pack_drafts;
mod pack_options;
mod pack_upload;
mod packs;
mod plan;
mod preview;
mod principal;
mod problem;
mod process;
mod rating;
mod records;
mod recurrences;
mod report_csv;
mod report_variants;
mod reports;
mod roles;
mod route;
mod search;
mod settings;
mod simulate;
mod state;
mod suggestions;
mod surveys;
mod tags;
mod tokens;
mod tuning;
mod undelivered;
mod versions;
mod view;
mod votes;
mod watch;
mod webhooks;
mod why;
mod work;
mod workspaces;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

pub use call::{CallView, call as call_view};
pub use hooks::{HookStepView, RuleView, views as hook_steps};
pub use pack_options::{OptionView, views as pack_option_views};
pub use pack_upload::{PackGrants, PackRollback, PackUpload, UploadFile};
pub use packs::no_pack;
pub use principal::{Access, hash_of, hex};
pub use problem::{FaultView, Problem, ProblemView};
pub use records::plural;
pub use report_csv::text as report_csv;
pub use reports::report_view;
pub use route::{Limit, Op, method_name};
pub use simulate::since;
pub use state::ApiOptions;
pub use tokens::secret_text;
pub use view::{
    instant as instant_text, replayed as replayed_view, shadow as shadow_view,
    simulation as simulation_view, tested as tested_view, why as why_view,
};

use crate::desk::Desk;
use state::App;

/// The API of a desk.
pub struct Api {
    app: App,
}

impl Api {
    /// The API of `desk`.
    #[must_use]
    pub fn new(desk: Arc<Desk>, options: ApiOptions) -> Self {
        Self {
            app: App::new(desk, options),
        }
    }

    /// The router with everything that surrounds a request.
    pub fn router(&self) -> Router {
        let routes = self.routes();
        #[cfg(feature = "mcp")]
        let routes = routes.layer(axum::Extension(mcp::Within(self.around(self.routes()))));
        self.around(routes)
    }

    /// Every route; those of customers once more under the portal's own path.
    fn routes(&self) -> Router<App> {
        let routes = all();
        let portal = self.app.options().portal_path.trim_end_matches('/');
        match portal {
            "" => routes.router,
            path => routes.router.nest(path, routes.portal.fallback(no_route)),
        }
    }

    fn around(&self, routes: Router<App>) -> Router {
        routes
            .fallback(no_route)
            .method_not_allowed_fallback(no_method)
            .layer(CatchPanicLayer::custom(panicked))
            .layer(axum::middleware::from_fn_with_state(
                self.app.clone(),
                layers::around,
            ))
            .with_state(self.app.clone())
    }

    /// Ends event streams and refuses new ones; `/readyz` answers 503 from now on.
    pub fn drain(&self) {
        self.app.drain();
    }
}

/// Every route.
#[must_use]
pub fn routes() -> Vec<Op> {
    all().ops
}

/// The OpenAPI document as JSON text.
#[must_use]
pub fn openapi() -> String {
    let document = openapi::document(&routes());
    document.to_pretty_json().unwrap_or_default()
}

fn all() -> route::Routes {
    let mut routes = route::Routes::default();
    records::add(&mut routes);
    work::add(&mut routes);
    process::add(&mut routes);
    plan::add(&mut routes);
    recurrences::add(&mut routes);
    why::add(&mut routes);
    call::add(&mut routes);
    entries::add(&mut routes);
    ledger::add(&mut routes);
    duplicate::add(&mut routes);
    merge::add(&mut routes);
    erase::add(&mut routes);
    watch::add(&mut routes);
    tags::add(&mut routes);
    settings::add(&mut routes);
    roles::add(&mut routes);
    preview::add(&mut routes);
    reports::add(&mut routes);
    report_variants::add(&mut routes);
    search::add(&mut routes);
    suggestions::add(&mut routes);
    tuning::add(&mut routes);
    lessons::add(&mut routes);
    #[cfg(feature = "mcp")]
    mcp::add(&mut routes);
    articles::add(&mut routes);
    versions::add(&mut routes);
    votes::add(&mut routes);
    intake::add(&mut routes);
    bulk::add(&mut routes);
    clock::add(&mut routes);
    events::add(&mut routes);
    definitions::add(&mut routes);
    workspaces::add(&mut routes);
    packs::add(&mut routes);
    pack_options::add(&mut routes);
    hooks::add(&mut routes);
    simulate::add(&mut routes);
    pack_drafts::add(&mut routes);
    tokens::add(&mut routes);
    outbox::add(&mut routes);
    undelivered::add(&mut routes);
    webhooks::add(&mut routes);
    surveys::add(&mut routes);
    rating::add(&mut routes);
    health::add(&mut routes);
    metrics::add(&mut routes);
    openapi::add(&mut routes);
    docs::add(&mut routes);
    routes
}

async fn no_route() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_such_route",
        "there is no such path; see `/docs`",
    )
}

async fn no_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "the path does not take this method; the header `Allow` names those it takes",
    )
}

/// The panic's message stays in the log: it may hold anything.
fn panicked(cause: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let text = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Problem::internal(format!("a handler panicked: {text}")).into_response()
}
