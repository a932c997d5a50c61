//! The documentation page: reads `/openapi.json` and tries calls. It needs nothing from elsewhere.

use axum::http::header;
use axum::response::IntoResponse;

use super::principal::Access;
use super::route::{Op, Routes};

const PAGE: &str = include_str!("docs/page.html");
const SCRIPT: &str = include_str!("docs/page.js");
const STYLE: &str = include_str!("docs/page.css");
/// Only what the server itself delivers is run, shown or called.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let page = |path: &str, id: &str, about: &str, media| {
        Op::get(path, id)
            .about("documentation", about)
            .access(Access::Public)
            .reply_as(200, "The file", media)
    };
    let op = page(
        "/docs",
        "read_docs",
        "A page to read and try the API.",
        "text/html",
    );
    routes.add(op, read_page);
    let op = page(
        "/docs/page.js",
        "read_docs_script",
        "The page's script.",
        "text/javascript",
    );
    routes.add(op, read_script);
    let op = page(
        "/docs/page.css",
        "read_docs_style",
        "The page's style.",
        "text/css",
    );
    routes.add(op, read_style);
}

async fn read_page() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, PAGE)
}

async fn read_script() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")],
        SCRIPT,
    )
}

async fn read_style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}
