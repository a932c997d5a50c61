//! Routes: what a route does, who may call it and how it is documented, said once. The router, the
//! OpenAPI document and the tests that walk every route are all made from this.

use axum::Extension;
use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{HttpMethod, Ref, RefOr, Required, Schema};

use super::input::Of;
use super::principal::Access;
use super::state::App;
use crate::domain::Kind;

/// Which limit the body of a route has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The ordinary one.
    Body,
    /// That of attachments and bulk calls.
    File,
    /// That of packs.
    Pack,
    /// That of forms on pages without login.
    Form,
}

/// Media type and schema of a body.
pub(super) type Body = (&'static str, RefOr<Schema>);

/// One route: a method of a path.
#[derive(Clone)]
pub struct Op {
    /// Method.
    pub method: HttpMethod,
    /// Path with parameters in braces.
    pub path: String,
    /// Name of the operation.
    pub id: String,
    /// Heading in the documentation.
    pub tag: &'static str,
    /// What it does.
    pub summary: String,
    /// Who may call it at all.
    pub access: Access,
    /// Kind of record it is about.
    pub kind: Option<Kind>,
    /// Limit of the body.
    pub limit: Limit,
    pub(super) params: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) replies: Vec<(u16, &'static str, Option<Body>)>,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

impl Op {
    /// A route.
    pub fn new(method: HttpMethod, path: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            id: id.into(),
            tag: "",
            summary: String::new(),
            access: Access::Token,
            kind: None,
            limit: Limit::Body,
            params: Vec::new(),
            body: None,
            replies: Vec::new(),
            schemas: Vec::new(),
        }
    }

    /// A GET route.
    pub fn get(path: impl Into<String>, id: impl Into<String>) -> Self {
        Self::new(HttpMethod::Get, path, id)
    }

    /// A POST route; every one takes an idempotency key.
    pub fn post(path: impl Into<String>, id: impl Into<String>) -> Self {
        Self::new(HttpMethod::Post, path, id).keyed()
    }

    /// A POST route for the form of a page. A form sends no key: what it does can be done once.
    pub fn form(path: impl Into<String>, id: impl Into<String>) -> Self {
        let fields = ObjectBuilder::new()
            .additional_properties(Some(ObjectBuilder::new().schema_type(Type::String)));
        let mut op = Self::new(HttpMethod::Post, path, id);
        let schema = Schema::Object(fields.build()).into();
        op.body = Some(("application/x-www-form-urlencoded", schema));
        op.limit = Limit::Form;
        op
    }

    /// A PATCH route.
    pub fn patch(path: impl Into<String>, id: impl Into<String>) -> Self {
        Self::new(HttpMethod::Patch, path, id).keyed()
    }

    /// A DELETE route.
    pub fn delete(path: impl Into<String>, id: impl Into<String>) -> Self {
        Self::new(HttpMethod::Delete, path, id).keyed()
    }

    /// What it does, under a heading.
    pub fn about(mut self, tag: &'static str, summary: impl Into<String>) -> Self {
        self.tag = tag;
        self.summary = summary.into();
        self
    }

    /// Who may call it at all.
    pub const fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Kind of record it is about.
    pub const fn kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// The body may be as large as a file.
    pub const fn large(mut self) -> Self {
        self.limit = Limit::File;
        self
    }

    /// The body may be as large as a pack.
    pub const fn pack(mut self) -> Self {
        self.limit = Limit::Pack;
        self
    }

    /// A parameter of the query.
    pub fn query(self, name: &str, about: &str) -> Self {
        self.param(
            name,
            about,
            ParameterIn::Query,
            ObjectBuilder::new().schema_type(Type::String),
        )
    }

    /// A whole number in the query.
    pub fn number(self, name: &str, about: &str) -> Self {
        self.param(
            name,
            about,
            ParameterIn::Query,
            ObjectBuilder::new().schema_type(Type::Integer),
        )
    }

    /// A truth value in the query.
    pub fn flag(self, name: &str, about: &str) -> Self {
        self.param(
            name,
            about,
            ParameterIn::Query,
            ObjectBuilder::new().schema_type(Type::Boolean),
        )
    }

    /// A header.
    pub fn header(self, name: &str, about: &str) -> Self {
        self.param(
            name,
            about,
            ParameterIn::Header,
            ObjectBuilder::new().schema_type(Type::String),
        )
    }

    /// The parameters of a page.
    pub fn paged(self) -> Self {
        self.number("limit", "Most items, 1 to 200; 50 when not given.")
            .query("cursor", "`next` of the page before.")
    }

    /// Reads one's own writes.
    pub fn at_least(self) -> Self {
        self.number(
            "at_least",
            "Answer from this position of the journal or a later one: the `Opora-Position` of an earlier write.",
        )
    }

    /// The version a record must have.
    pub fn versioned(self) -> Self {
        self.header(
            "If-Match",
            "ETag the record must still have; otherwise 412 `stale_version`.",
        )
    }

    fn keyed(self) -> Self {
        self.header(
            "Idempotency-Key",
            "Kept for 24 hours: the same key with the same request has one effect and one answer; with another request it is 422 `idempotency_key_reused`.",
        )
    }

    /// A JSON body of type `T`.
    pub fn body<T: ToSchema>(mut self) -> Self {
        let schema = self.schema::<T>();
        self.body = Some(("application/json", schema));
        self
    }

    /// A JSON body of a named schema.
    pub fn body_named(mut self, name: &str) -> Self {
        self.body = Some(("application/json", Ref::from_schema_name(name).into()));
        self
    }

    /// A body of any bytes.
    pub fn bytes(self) -> Self {
        self.bytes_of("application/octet-stream")
    }

    /// A body of bytes of a media type.
    pub fn bytes_of(mut self, media: &'static str) -> Self {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .content_encoding("binary")
            .build();
        self.body = Some((media, Schema::Object(schema).into()));
        self
    }

    /// An answer without body.
    pub fn reply(mut self, status: u16, about: &'static str) -> Self {
        self.replies.push((status, about, None));
        self
    }

    /// An answer of another media type than JSON.
    pub fn reply_as(mut self, status: u16, about: &'static str, media: &'static str) -> Self {
        let schema = Schema::Object(ObjectBuilder::new().schema_type(Type::String).build());
        self.replies
            .push((status, about, Some((media, schema.into()))));
        self
    }

    /// A JSON answer of type `T`.
    pub fn reply_with<T: ToSchema>(mut self, status: u16, about: &'static str) -> Self {
        let schema = self.schema::<T>();
        self.replies
            .push((status, about, Some(("application/json", schema))));
        self
    }

    /// A JSON answer of a named schema.
    pub fn reply_named(mut self, status: u16, about: &'static str, name: &str) -> Self {
        let schema = Ref::from_schema_name(name).into();
        self.replies
            .push((status, about, Some(("application/json", schema))));
        self
    }

    /// A page of `T`.
    pub fn reply_page<T: ToSchema>(mut self, about: &'static str) -> Self {
        let item = self.schema::<T>();
        self.replies
            .push((200, about, Some(("application/json", page("items", item)))));
        self
    }

    /// A page of a named schema under `list`.
    pub fn reply_page_named(mut self, about: &'static str, list: &str, name: &str) -> Self {
        let item = Ref::from_schema_name(name).into();
        self.replies
            .push((200, about, Some(("application/json", page(list, item)))));
        self
    }

    fn param(mut self, name: &str, about: &str, place: ParameterIn, of: ObjectBuilder) -> Self {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(Required::False)
            .description(Some(about))
            .schema(Some(Schema::Object(of.build())));
        self.params.push(parameter.build());
        self
    }

    fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let name = T::name().into_owned();
        T::schemas(&mut self.schemas);
        self.schemas.push((name.clone(), T::schema()));
        Ref::from_schema_name(name).into()
    }
}

fn page(list: &str, item: RefOr<Schema>) -> RefOr<Schema> {
    let next = ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::SchemaType::from_iter([
            Type::String,
            Type::Null,
        ]))
        .description(Some("`cursor` of the next page; null on the last"));
    let object = ObjectBuilder::new()
        .property(list, ArrayBuilder::new().items(item))
        .required(list)
        .property("next", next)
        .required("next");
    Schema::Object(object.build()).into()
}

/// Routes as they are collected.
#[derive(Default)]
pub struct Routes {
    /// The router.
    pub router: Router<App>,
    /// What customers may call, once more, for customers alone: the portal has an address of its own.
    pub portal: Router<App>,
    /// The routes in it.
    pub ops: Vec<Op>,
}

impl Routes {
    /// Adds a route.
    pub fn add<H, T>(&mut self, op: Op, handler: H)
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = match op.method {
            HttpMethod::Post => MethodFilter::POST,
            HttpMethod::Patch => MethodFilter::PATCH,
            HttpMethod::Delete => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        };
        let mut route: MethodRouter<App> = on(filter, handler);
        route = route.layer(Extension(op.limit));
        if let Some(kind) = op.kind {
            route = route.layer(Extension(Of(kind)));
        }
        let of_portal = match op.access {
            Access::Token => Some(Access::Portal),
            Access::Public if op.path.starts_with("/v1/") => Some(Access::Public),
            _ => None,
        };
        if let Some(access) = of_portal {
            let route = route.clone().layer(Extension(access));
            self.portal = std::mem::take(&mut self.portal).route(&op.path, route);
        }
        let route = route.layer(Extension(op.access));
        self.router = std::mem::take(&mut self.router).route(&op.path, route);
        self.ops.push(op);
    }
}

/// Name of a method.
#[must_use]
pub const fn method_name(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Post => "POST",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Delete => "DELETE",
        _ => "GET",
    }
}
