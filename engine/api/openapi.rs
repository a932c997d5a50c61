//! The OpenAPI 3.1 document, made from the routes and from the engine's field definitions.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::ToSchema;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn, PathItem, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ComponentsBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Content, HeaderBuilder, Info, License, OpenApi, OpenApiBuilder, Ref, RefOr, Required,
    ResponseBuilder, Schema,
};

use super::principal::Access;
use super::problem::ProblemView;
use super::records::{TABLE, schema_name};
use super::route::{Op, Routes};
use crate::domain::{FieldDef, Kind, ValueType, builtin};

const ABOUT: &str = "\
Records are tickets, accounts, articles and other kinds. The engine's own fields stand at the top \
of a record, those that packs define in `fields` under `pack/name`. Every change is one command; \
its answer carries the position of the journal in `Opora-Position`, and reads accept `at_least=` to \
see it. Errors are problem details (RFC 9457) with a stable `code`.";

/// The document of the routes.
#[must_use]
pub fn document(ops: &[Op]) -> OpenApi {
    let mut paths = Paths::new();
    let mut components = ComponentsBuilder::new().security_scheme(
        "token",
        SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
    );
    let mut schemas = Vec::new();
    ProblemView::schemas(&mut schemas);
    schemas.push((
        ProblemView::name().into_owned(),
        <ProblemView as utoipa::PartialSchema>::schema(),
    ));
    for op in ops {
        schemas.extend(op.schemas.iter().cloned());
        let item = PathItem::new(op.method.clone(), operation(op));
        match paths.paths.get_mut(&op.path) {
            Some(known) => known.merge_operations(item),
            None => {
                paths.paths.insert(op.path.clone(), item);
            }
        }
    }
    for (kind, _) in TABLE {
        schemas.push((schema_name(kind), record(kind)));
        schemas.push((format!("{}Input", schema_name(kind)), input(kind)));
    }
    for (name, schema) in schemas {
        components = components.schema(name, schema);
    }
    let mut info = Info::new("Opora", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    info.license = Some(License::new("MIT OR Apache-2.0"));
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components.build()))
        .build()
}

fn operation(op: &Op) -> utoipa::openapi::path::Operation {
    let mut operation = OperationBuilder::new()
        .tag(op.tag)
        .operation_id(Some(op.id.clone()))
        .summary(Some(op.summary.clone()))
        .description(Some(format!("For {}.", op.access.name())));
    for name in path_params(&op.path) {
        let text = Schema::Object(ObjectBuilder::new().schema_type(Type::String).build());
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(text));
        operation = operation.parameter(parameter.build());
    }
    for parameter in &op.params {
        operation = operation.parameter(parameter.clone());
    }
    if let Some((media, schema)) = &op.body {
        let body = RequestBodyBuilder::new()
            .content(*media, Content::new(Some(schema.clone())))
            .required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    for (status, about, content) in &op.replies {
        let mut response = ResponseBuilder::new().description(*about);
        if let Some((media, schema)) = content {
            response = response.content(*media, Content::new(Some(schema.clone())));
        }
        if op.path.starts_with("/v1/") && *status < 300 {
            let number = Schema::Object(ObjectBuilder::new().schema_type(Type::Integer).build());
            let header = HeaderBuilder::new()
                .description(Some(
                    "Position of the journal that the answer shows or made.",
                ))
                .schema(Some(number));
            response = response.header("Opora-Position", header.build());
        }
        operation = operation.response(status.to_string(), response.build());
    }
    let problem: RefOr<Schema> = Ref::from_schema_name(ProblemView::name()).into();
    let problem = ResponseBuilder::new()
        .description("A problem")
        .content("application/problem+json", Content::new(Some(problem)));
    operation = operation.response("default", problem.build());
    if op.access != Access::Public {
        let none: [&str; 0] = [];
        operation = operation.security(SecurityRequirement::new("token", none));
    }
    operation.build()
}

/// Names of the parameters in a path.
pub(super) fn path_params(path: &str) -> Vec<&str> {
    let parts = path.split('/');
    parts
        .filter_map(|p| p.strip_prefix('{')?.strip_suffix('}'))
        .collect()
}

fn record(kind: Kind) -> RefOr<Schema> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let mut object = ObjectBuilder::new()
        .property("id", text())
        .required("id")
        .property("kind", text().enum_values(Some([kind.name()])))
        .required("kind")
        .property(
            "version",
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .description(Some(
                    "Position of the last change; the ETag is this number.",
                )),
        )
        .required("version");
    for def in builtin::fields(kind) {
        object = object.property(def.code.clone(), value(def, true));
    }
    if builtin::field(kind, "status").is_some() {
        object = object.property("status_info", Ref::from_schema_name("Status"));
    }
    let object = object.property("fields", of_packs()).required("fields");
    Schema::Object(object.build()).into()
}

fn input(kind: Kind) -> RefOr<Schema> {
    let writable = builtin::fields(kind).iter().filter(|f| !f.readonly);
    let mut object = ObjectBuilder::new();
    for def in writable {
        object = object.property(def.code.clone(), value(def, true));
    }
    Schema::Object(object.property("fields", of_packs()).build()).into()
}

fn of_packs() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(
            "Values of the fields that packs define, by `pack/name`.",
        ))
}

fn value(def: &FieldDef, nullable: bool) -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(kind_of(Type::String, nullable));
    let about = def.names.get("en").unwrap_or(&def.code).to_owned();
    let object = match def.value {
        ValueType::TextList | ValueType::MultiEnum | ValueType::RefList => {
            let item = ObjectBuilder::new().schema_type(Type::String);
            let array = ArrayBuilder::new()
                .schema_type(kind_of(Type::Array, nullable))
                .items(item)
                .description(Some(about));
            return Schema::Array(array.build()).into();
        }
        ValueType::Int | ValueType::Duration => {
            ObjectBuilder::new().schema_type(kind_of(Type::Integer, nullable))
        }
        ValueType::Bool => ObjectBuilder::new().schema_type(kind_of(Type::Boolean, nullable)),
        ValueType::Json | ValueType::Any => ObjectBuilder::new().schema_type(SchemaType::AnyValue),
        ValueType::Date => text.format(Some(format("date"))),
        ValueType::Instant => text.format(Some(format("date-time"))),
        ValueType::Ref => text.format(Some(format("uuid"))),
        ValueType::Enum if !def.options.is_empty() && !nullable => {
            text.enum_values(Some(def.options.iter().map(|o| o.code.clone())))
        }
        ValueType::Text | ValueType::LongText | ValueType::Decimal | ValueType::Enum => text,
    };
    Schema::Object(object.description(Some(about)).build()).into()
}

fn kind_of(of: Type, nullable: bool) -> SchemaType {
    if nullable {
        SchemaType::from_iter([of, Type::Null])
    } else {
        SchemaType::new(of)
    }
}

fn format(name: &str) -> utoipa::openapi::SchemaFormat {
    utoipa::openapi::SchemaFormat::Custom(name.to_owned())
}

/// Adds the route.
pub(super) fn add(routes: &mut Routes) {
    let op = Op::get("/openapi.json", "read_openapi")
        .about("documentation", "This document.")
        .access(Access::Public)
        .reply_as(200, "The document", "application/json");
    routes.add(op, read_openapi);
}

async fn read_openapi() -> impl IntoResponse {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let document = document(&super::routes());
        document.to_json().unwrap_or_default()
    });
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str())
}
