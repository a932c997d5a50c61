//! Records that are made from a document of another system: it is kept as it was, and the pack says
//! which of its members become values.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::Deciding;
use crate::desk::journal::By;
use crate::desk::{Error, Result};
use crate::domain::document::{Document, DocumentDef, fields};
use crate::domain::{Code, FieldDef, Id, Kind, Value, ValueType};

/// Member of a new record's fields that holds the document it is made from.
const MEMBER: &str = "document";

impl Deciding<'_, '_> {
    /// The document that stands among the fields of a new record, taken out of them.
    pub(super) fn document_among(
        &self,
        kind: Kind,
        type_code: Option<&str>,
        asked: &mut Map<String, Json>,
    ) -> Result<Option<(Document, DocumentDef)>> {
        let catalog = &self.ground.catalog;
        if catalog.field(kind, type_code, MEMBER).is_some() {
            return Ok(None);
        }
        let Some(json) = asked.remove(MEMBER).filter(|json| !json.is_null()) else {
            return Ok(None);
        };
        self.actor.require_agent("naming a source document")?;
        let wrong = |field: &str, message: String| {
            Error::field(&format!("{MEMBER}.{field}"), "malformed", message)
        };
        let mut document: Document =
            serde_json::from_value(json).map_err(|e| wrong("type", e.to_string()))?;
        if let Some((field, message)) = document.fault() {
            return Err(wrong(field, message));
        }
        let type_code = type_code.unwrap_or_default();
        let pack = Code::from(type_code).pack().unwrap_or_default().to_owned();
        let code = Code::qualify(&pack, &document.kind).0;
        let open = |def: &&DocumentDef| def.types.iter().any(|t| t == type_code);
        let Some(def) = catalog.document(&code).filter(open) else {
            let all = catalog.documents().filter(open);
            let known: Vec<&str> = all.map(|def| def.code.as_str()).collect();
            let short: String = document.kind.chars().take(64).collect();
            let message = format!(
                "records of this type are not made from `{short}`; they are made from {}",
                if known.is_empty() {
                    "nothing".to_owned()
                } else {
                    known.join(", ")
                }
            );
            return Err(Error::field("document.type", "unknown_document", message));
        };
        document.kind = code;
        Ok(Some((document, def.clone())))
    }

    /// Keeps the document on the record and gives the values that it says, where nobody asked for
    /// others.
    pub(super) fn make_from(
        &mut self,
        kind: Kind,
        id: Id,
        (document, def): &(Document, DocumentDef),
    ) -> Result<()> {
        let text = serde_json::to_string(document)
            .map_err(|e| Error::internal(format!("a document cannot be written: {e}")))?;
        let origin = format!("{}:{}", document.kind, document.external_id);
        let kept = [
            (fields::DOCUMENT, Value::Json(text)),
            (fields::DOCUMENT_ID, Value::Text(origin)),
        ];
        for (field, value) in kept {
            self.draft.set(kind, id, field, Some(value), By::Engine);
        }
        let catalog = Arc::clone(&self.ground.catalog);
        let type_code = self.type_of(kind, id);
        let mapped = def.map.iter();
        let mapped = mapped.filter_map(|(name, path)| Some((name, document.member(path)?)));
        for (name, json) in def.set.iter().chain(mapped) {
            let Some(field) = catalog.field(kind, type_code.as_deref(), name) else {
                continue;
            };
            if self.draft.was_asked(kind, id, &field.code) {
                continue;
            }
            match self.document_value(field, json)? {
                Some(value) => {
                    self.draft
                        .set(kind, id, &field.code, Some(value), By::Engine);
                }
                None => {
                    let short: String = json.to_string().chars().take(64).collect();
                    self.note_once(format!("document_unmapped:{}:{short}", field.code));
                }
            }
        }
        Ok(())
    }

    /// A member as a value of a field. What it refers to is looked up by id, code or external id.
    fn document_value(&mut self, field: &FieldDef, json: &Json) -> Result<Option<Value>> {
        let Some(target) = field.target else {
            return Ok(field.read(json).ok().flatten());
        };
        let items = json
            .as_array()
            .map_or(std::slice::from_ref(json), Vec::as_slice);
        let mut found = Vec::new();
        for item in items.iter().take(200) {
            let text = item.as_str().unwrap_or_default();
            let value = match text.parse::<Id>() {
                Ok(id) => Some(Value::Ref(id)),
                Err(_) if text.is_empty() => None,
                Err(_) => self.by_code(target, text).ok().flatten(),
            };
            found.extend(value.filter(|value| !found.contains(value)));
        }
        Ok(match field.value {
            ValueType::RefList => (!found.is_empty()).then_some(Value::List(found)),
            _ => found.into_iter().next(),
        })
    }
}
