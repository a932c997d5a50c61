//! What editors complete from: a JSON schema of `pack.toml`, and the methods of `c` for scripts. Both
//! are made from what the engine itself goes by.

use serde_json::{Map, Value as Json, json};

use super::asks::{EFFECTS, ENTRY_TEXT};
use super::manifest::CONTRACT;
use super::manner::{MAX_WAKING, ONCE};
use super::plugin_limits::CEILING;
use super::rule_spec::READS;
use super::when::{MAX_CONDITIONS, MAX_NAMED, MAX_VALUES, OPERATORS};
use crate::domain::{Kind, builtin};
use crate::hooks::Hook;
use crate::hooks::when::FACTS;

/// An option of the pack as conditions name it.
const OPTION_PATTERN: &str = r"^\$option\.[a-z][a-z0-9_-]{0,47}$";

/// The JSON schema of `pack.toml`, as text.
#[must_use]
pub fn schema() -> String {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pack.toml",
        "type": "object",
        "additionalProperties": false,
        "required": ["pack"],
        "properties": {
            "pack": pack(),
            "capabilities": capabilities(),
            "limits": limits(),
            "options": options(),
            "rule": {"type": "array", "items": rule()},
            "replaced": replaced(),
        },
        "$defs": {
            "code": {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,47}$"},
            "field": {
                "type": "string",
                "pattern": r"^[a-z][a-z0-9_-]*(/[a-z0-9_-]+)?(\.[a-z][a-z0-9_-]*(/[a-z0-9_-]+)?)?$",
                "description": "A field, with its pack or without, of the record or of one beside it.",
            },
            "names": {
                "type": "object",
                "description": "Texts for people by language code.",
                "additionalProperties": {"type": "string", "maxLength": super::MAX_NAME_CHARS},
            },
        },
    });
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn code() -> Json {
    json!({"$ref": "#/$defs/code"})
}

fn object(required: &[&str], properties: Json) -> Json {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

fn pack() -> Json {
    object(
        &["name", "version", "engine"],
        json!({
            "name": {"$ref": "#/$defs/code", "description": "Namespace of the pack."},
            "version": {
                "type": "string",
                "pattern": r"^\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9A-Za-z.-]+)?$",
                "description": "Three numbers, such as 1.0.0.",
            },
            "engine": {"const": CONTRACT, "description": "Version of the contract."},
            "names": {"$ref": "#/$defs/names"},
            "plugin": {"type": "string", "description": "Path of the WASM component."},
            "requires": {
                "type": "array",
                "items": code(),
                "description": "Packs that must be installed; their rules come first.",
            },
        }),
    )
}

fn capabilities() -> Json {
    let personal = Kind::ALL.into_iter().flat_map(|kind| {
        let fields = builtin::fields(kind).iter().filter(|f| f.personal_data);
        fields.map(move |f| format!("{}.{}", kind.name(), f.code))
    });
    let personal: Vec<String> = ["*".to_owned(), ENTRY_TEXT.to_owned()]
        .into_iter()
        .chain(personal)
        .collect();
    let list =
        |names: Json, about: &str| json!({"type": "array", "items": names, "description": about});
    object(
        &[],
        json!({
            "effects": list(json!({"enum": EFFECTS}), "What rules ask of the engine."),
            "reads": list(
                json!({"anyOf": [{"enum": READS}, {"$ref": "#/$defs/field"}]}),
                "References that rules read, the pack's own too.",
            ),
            "personal": list(
                json!({"anyOf": [{"enum": personal}, {"type": "string", "pattern": "^[a-z_]+\\.[a-z].*/.+$"}]}),
                "Personal fields that rules see; * for all.",
            ),
        }),
    )
}

fn limits() -> Json {
    let amount = |most: Option<u64>, about: &str| {
        json!({
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": most},
                {"type": "string", "pattern": "^[0-9]+ (KiB|MiB)$"},
            ],
            "description": about,
        })
    };
    object(
        &[],
        json!({
            "plugin_bytes": amount(CEILING.bytes, "Size of the component."),
            "plugin_memory": amount(CEILING.memory, "Memory of a call."),
            "plugin_fuel": amount(CEILING.fuel, "Fuel of a call."),
        }),
    )
}

fn options() -> Json {
    let value = json!({
        "type": ["string", "number", "boolean", "array"],
        "description": "Value until an administrator sets another of the same type.",
    });
    let option = json!({"value": value, "names": {"$ref": "#/$defs/names"}});
    json!({
        "type": "object",
        "propertyNames": code(),
        "additionalProperties": object(&["value"], option),
    })
}

fn rule() -> Json {
    let hooks = Hook::ALL.into_iter().filter(|h| *h != Hook::Define);
    let hooks: Vec<&str> = hooks.map(Hook::name).collect();
    let kinds: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
    object(
        &["name", "hook"],
        json!({
            "name": {"$ref": "#/$defs/code", "description": "Unique in the pack."},
            "hook": {"enum": hooks},
            "script": {"type": "string", "pattern": "\\.rhai$"},
            "function": {"type": "string", "description": "The rule's name with _ for - when not given."},
            "kind": {
                "enum": kinds,
                "description": "Kind of record it runs on; inquiry for the hooks of intake and ticket for others when not given.",
            },
            "applies_to": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Types it runs on; every type of the pack when not given; * for all.",
            },
            "reads": {
                "type": "array",
                "maxItems": MAX_NAMED,
                "items": {"anyOf": [{"enum": READS}, {"$ref": "#/$defs/field"}]},
                "description": "Records beside its own, and fields that its view is cut down to: account, severity, account.title.",
            },
            "writes": fields(MAX_NAMED, "Fields that it may set; whatever it wants when not given."),
            "when": {
                "type": "array",
                "maxItems": MAX_CONDITIONS,
                "items": condition(),
                "description": "Conditions, all of which must hold for it to be called.",
            },
            "fields": fields(MAX_WAKING, "Of record.changed: fields whose change wakes it; every change when not given."),
            "action": {"$ref": "#/$defs/code", "description": "Of action.run: the name it is asked for by."},
            "names": {"$ref": "#/$defs/names"},
            "portal": {
                "type": "boolean",
                "default": false,
                "description": "Of action.run: whether customers may ask for it.",
            },
            "once": once(),
            "priority": {
                "type": "integer",
                "minimum": i32::MIN,
                "maximum": i32::MAX,
                "default": 0,
                "description": "Lower runs first.",
            },
            "override": {
                "type": "boolean",
                "default": false,
                "description": "Whether it may replace a value that a person gave.",
            },
        }),
    )
}

fn fields(most: usize, about: &str) -> Json {
    let items = json!({"$ref": "#/$defs/field"});
    json!({"type": "array", "maxItems": most, "items": items, "description": about})
}

/// How often a rule acts on a record.
fn once() -> Json {
    let per = json!({"per": {"type": "string", "pattern": "^[0-9]+[smhd]$"}});
    json!({
        "anyOf": [{"enum": ONCE}, object(&["per"], per)],
        "description": "How often it acts on a record: for ever, for a change, or in a length of time.",
    })
}

/// A condition: what is looked at, and one operator.
fn condition() -> Json {
    let one = json!({"type": ["string", "number", "boolean"]});
    let many = json!({"type": "array", "minItems": 1, "maxItems": MAX_VALUES, "items": one});
    let mut keys = Map::new();
    keys.insert(
        "name".to_owned(),
        json!({"type": "string", "description": "What `opora why` calls it."}),
    );
    keys.insert(
        "field".to_owned(),
        json!({
            "anyOf": [
                {"enum": FACTS},
                {"type": "string", "pattern": OPTION_PATTERN},
                {"$ref": "#/$defs/field"},
            ],
            "description": "A field, a field of a record in `reads`, a fact, or an option of the pack.",
        }),
    );
    for operator in OPERATORS {
        let value = match operator {
            "in" | "not_in" => &many,
            "is_set" | "is_empty" | "changed" | "unchanged" => &json!({"type": "boolean"}),
            _ => &one,
        };
        keys.insert(operator.to_owned(), value.clone());
    }
    let asked = OPERATORS.map(|operator| json!({"required": [operator]}));
    let mut condition = object(&["field"], Json::Object(keys));
    if let Json::Object(condition) = &mut condition {
        condition.insert("oneOf".to_owned(), Json::Array(asked.to_vec()));
    }
    condition
}

fn replaced() -> Json {
    let about = [
        ("type", "Types that are gone, and what takes their place."),
        (
            "status",
            "Statuses that are gone, and what takes their place.",
        ),
        ("field", "Fields that are gone, and what takes their place."),
        (
            "option",
            "Options that are gone, FIELD:OPTION, and what takes their place.",
        ),
        (
            "survey",
            "Surveys that are gone, and what takes their place.",
        ),
        (
            "timer",
            "Timers that rules do not set by this name any more, and their names.",
        ),
    ];
    let tables = about.map(|(name, about)| {
        let table = json!({
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": about,
        });
        (name.to_owned(), table)
    });
    object(&[], Json::Object(Map::from_iter(tables)))
}

/// The methods and members of `c` as a definition file of Rhai, as text.
#[cfg(feature = "script")]
#[must_use]
pub fn definitions() -> String {
    use crate::hooks::script::{MEMBERS, methods};
    let mut text = String::from(
        "// What rule scripts call on `c`; made by the engine, not to be edited.\nmodule static;\n",
    );
    for method in methods() {
        let arguments = arguments(method.arguments);
        let (name, shown, hooks) = (method.name, method.arguments, hooks(method.hooks));
        text.push_str(&format!(
            "\n/// `c.{name}({shown})`, for {hooks}.\nfn {name}(c: Hook{arguments}) -> ?;\n"
        ));
    }
    for member in MEMBERS {
        let (name, about, hooks) = (member.name, member.about, hooks(member.hooks));
        text.push_str(&format!(
            "\n/// `c.{name}`, for {hooks}. {about}\nfn get {name}(c: Hook) -> ?;\n"
        ));
    }
    text
}

/// The hooks that have a method or member.
#[cfg(feature = "script")]
fn hooks(of: &[Hook]) -> String {
    let names: Vec<&str> = of.iter().map(|hook| hook.name()).collect();
    match names.is_empty() {
        true => "every hook".to_owned(),
        false => names.join(", "),
    }
}

/// Parameters out of the arguments as documentation shows them: `kind, #{field: value}`.
#[cfg(feature = "script")]
fn arguments(shown: &str) -> String {
    let (mut depth, mut parts) = (0_usize, vec![String::new()]);
    for c in shown.chars() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    let parts = parts.iter().map(|p| p.trim()).filter(|p| !p.is_empty());
    parts
        .enumerate()
        .map(|(i, part)| match part.chars().next() {
            Some('#') => format!(", map{i}: Map"),
            Some('[') => format!(", list{i}: Array"),
            _ => format!(", {}: ?", part.replace(' ', "_")),
        })
        .collect()
}
