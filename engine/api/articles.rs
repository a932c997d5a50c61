//! Articles: their text as a reader's browser may show it, their variants, and the tree of categories.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::input::{self, Input, Params, PathParams};
use super::principal::{Access, Caller, etag_pos};
use super::problem::Problem;
use super::records::{self, at, set};
use super::route::{Op, Routes};
use super::state::App;
use super::versions;
use super::view::{instant, link};
use crate::desk::{Actor, Command, Desk, Result as Done, VariantPage};
use crate::domain::{EntryBody, Id, Kind};
use crate::text::{Format, Links, safe_html};

/// Most attachments that the links of a text are looked up among.
const MAX_ATTACHMENTS: usize = 200;
/// What a page of ours that shows the text may load; nothing of it runs.
const POLICY: &str = "default-src 'none'; img-src 'self' https:; sandbox";

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/v1/articles/{id}/html", "read_article_html")
        .about(
            "articles",
            "Read the text as a fragment of HTML that runs nothing: known elements only, links of http, https, mailto and tel. A relative link with the name of an attachment leads to it.",
        )
        .kind(Kind::Article)
        .access(Access::Reader)
        .at_least()
        .header(
            "If-None-Match",
            "ETag the reader has; 304 when it is still the version.",
        )
        .number("at", "A version: the text as it was then; for agents.")
        .reply_as(200, "The text", "text/html")
        .reply(304, "The reader has this version");
    routes.add(op, read_html);
    let op = Op::get("/v1/articles/{id}/variants", "list_article_variants")
        .about(
            "articles",
            "The article and its variants in other languages that the caller may read, the main one first.",
        )
        .kind(Kind::Article)
        .access(Access::Reader)
        .at_least()
        .reply_with::<VariantsView>(200, "The variants");
    routes.add(op, list_variants);
    let op = Op::post("/v1/articles/{id}/variants", "create_article_variant")
        .about(
            "articles",
            "Add a variant in another language. Category, product, audience, tags, dates and format are those of the main article unless given.",
        )
        .kind(Kind::Article)
        .access(Access::Agent)
        .versioned()
        .body_named("ArticleInput")
        .reply_named(201, "The variant", "Article");
    routes.add(op, create_variant);
    let op = Op::get("/v1/categories/tree", "read_category_tree")
        .about(
            "categories",
            "All categories in the order of the tree: each before those that lie in it.",
        )
        .access(Access::Reader)
        .at_least()
        .reply_with::<CategoryTreeView>(200, "The tree");
    routes.add(op, read_tree);
}

/// An article among its variants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArticleVariant)]
pub struct VariantView {
    /// Id of the article.
    id: String,
    /// Language.
    locale: Option<String>,
    /// Title.
    title: String,
    /// Status.
    status: Option<String>,
    /// Version of the record.
    version: u64,
    /// Whether the others are variants of this one.
    main: bool,
    /// Whether the main text changed after this one followed it. What is still right is told with
    /// `follows_revision_at`.
    stale: bool,
    /// When title or text changed last.
    revised_at: Option<String>,
    /// Path of the record.
    link: String,
}

/// An article and its variants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArticleVariants)]
pub struct VariantsView {
    /// The main one first.
    items: Vec<VariantView>,
}

impl VariantView {
    fn of(variant: VariantPage) -> Self {
        let record = &variant.page.record;
        Self {
            link: link(Kind::Article, &record.id.to_string()),
            id: record.id.to_string(),
            locale: record.text("locale").map(str::to_owned),
            title: record.title().to_owned(),
            status: record.status().map(str::to_owned),
            version: variant.page.version.0,
            main: variant.is_main,
            stale: variant.is_stale,
            revised_at: record.instant("revised_at").map(instant),
        }
    }
}

/// A category in the tree.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryNode)]
pub struct CategoryNodeView {
    /// Id of the record.
    id: String,
    /// Code that articles name.
    code: String,
    /// Name in the language of the request.
    name: String,
    /// Code of the category that it lies in.
    parent: Option<String>,
    /// How many categories it lies in.
    depth: usize,
}

/// The categories.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryTree)]
pub struct CategoryTreeView {
    /// Each before those that lie in it.
    items: Vec<CategoryNodeView>,
}

async fn list_variants(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    params: Params,
) -> Result<Response, Problem> {
    let (id, at_least) = (path.id("id")?, params.only_at_least()?);
    let done = app.read(at_least, move |desk| {
        desk.article_variants(&caller.actor, id, at_least)
    });
    let (pos, all) = done.await?;
    let items = all.into_iter().map(VariantView::of).collect();
    Ok(at(pos, axum::Json(VariantsView { items })))
}

async fn create_variant(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    Input(body): Input<Map<String, Json>>,
) -> Result<Response, Problem> {
    let command = Command::AddVariant {
        id: path.id("id")?,
        fields: input::fields(body)?,
    };
    records::change(&app, caller, StatusCode::CREATED, command).await
}

async fn read_tree(
    caller: Caller,
    State(app): State<App>,
    params: Params,
) -> Result<Response, Problem> {
    let at_least = params.only_at_least()?;
    let locale = caller.locale;
    let done = app.read(at_least, move |desk| desk.categories(&caller.actor));
    let (pos, nodes) = done.await?;
    let items = nodes.into_iter().map(|node| CategoryNodeView {
        id: node.id.to_string(),
        name: node.names.get(locale).unwrap_or(&node.code).to_owned(),
        code: node.code,
        parent: node.parent,
        depth: node.depth,
    });
    let items = items.collect();
    Ok(at(pos, axum::Json(CategoryTreeView { items })))
}

async fn read_html(
    caller: Caller,
    State(app): State<App>,
    path: PathParams,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let id = path.id("id")?;
    let then = versions::position(&mut params, "at")?;
    let at_least = params.only_at_least()?;
    let known = headers.get(header::IF_NONE_MATCH);
    let known = known.and_then(|v| etag_pos(v.to_str().ok()?.trim()));
    let (pos, (version, html)) = app
        .read(at_least, move |desk| {
            let page = match then {
                Some(then) => desk.article_at(&caller.actor, id, then)?,
                None => desk.record(&caller.actor, Kind::Article, id, at_least)?,
            };
            if known == Some(page.version) {
                return Ok((page.version, None));
            }
            let format = Format::named(page.record.text("format"));
            let text = page.record.text("body").unwrap_or_default();
            let links = links(desk, &caller.actor, id)?;
            Ok((page.version, Some(safe_html(format, text, &links))))
        })
        .await?;
    let mut response = match html {
        None => StatusCode::NOT_MODIFIED.into_response(),
        Some(html) => html.into_response(),
    };
    set(
        &mut response,
        header::CONTENT_TYPE,
        "text/html; charset=utf-8",
    );
    set(&mut response, header::CONTENT_SECURITY_POLICY, POLICY);
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(&mut response, header::ETAG, &format!("\"{version}\""));
    Ok(at(pos, response))
}

/// Where the attachments lie that a text may name.
fn links(desk: &Desk, actor: &Actor, id: Id) -> Done<Links> {
    let is_file = |body: &EntryBody| matches!(body, EntryBody::Attachment { .. });
    let article = (Kind::Article, id);
    let page = desk.entries_where(actor, article, None, MAX_ATTACHMENTS, is_file)?;
    let owner = link(Kind::Article, &id.to_string());
    let files = page
        .items
        .into_iter()
        .filter_map(|page| match page.entry.body {
            EntryBody::Attachment { name, .. } => {
                Some((name, format!("{owner}/attachments/{}", page.entry.id)))
            }
            _ => None,
        });
    Ok(files.collect())
}
