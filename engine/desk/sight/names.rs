//! Names and values in the choice of a rule of access, as the fields' definitions have them.

use crate::desk::decide::{self, Ground};
use crate::domain::{Code, FieldDef, Kind, Value, ValueType, record::fields};
use crate::hooks::{Predicate, Rule};
use crate::packs::nearest;

/// Reads names and values as a rule of access writes them.
pub(super) struct Names<'n, 'a> {
    pub(super) ground: &'n Ground<'a>,
    pub(super) rule: &'n Rule,
    pub(super) kind: Kind,
    pub(super) types: Option<&'n [String]>,
}

impl Names<'_, '_> {
    pub(super) fn field(&self, name: &str) -> std::result::Result<&FieldDef, String> {
        let catalog = &self.ground.catalog;
        let own = self.types.into_iter().flatten().map(|t| Some(t.as_str()));
        let all = catalog.types(self.kind).map(|t| Some(t.code.as_str()));
        let mut types = std::iter::once(None).chain(own).chain(all);
        types
            .find_map(|t| catalog.resolve(self.kind, t, Some(&self.rule.pack), name))
            .ok_or_else(|| {
                let shown: String = name.chars().take(64).collect();
                let all = catalog.types(self.kind).map(|t| Some(t.code.as_str()));
                let fields = all.chain([None]).flat_map(|t| catalog.fields(self.kind, t));
                let near = nearest(name, fields.map(|def| def.code.as_str()));
                let message = format!("there is no field `{shown}` on a {}", self.kind.name());
                decide::with_hint(message, near)
            })
    }

    pub(super) fn predicate(&self, given: &Predicate) -> std::result::Result<Predicate, String> {
        let all = |parts: &[Predicate]| -> std::result::Result<Vec<Predicate>, String> {
            parts.iter().map(|p| self.predicate(p)).collect()
        };
        Ok(match given {
            Predicate::All(parts) => Predicate::All(all(parts)?),
            Predicate::Any(parts) => Predicate::Any(all(parts)?),
            Predicate::Not(part) => Predicate::Not(Box::new(self.predicate(part)?)),
            Predicate::In { field, values } if field == "id" => Predicate::In {
                field: field.clone(),
                values: values
                    .iter()
                    .map(id_of)
                    .collect::<std::result::Result<_, _>>()?,
            },
            Predicate::In { field, values } => {
                let def = self.indexed(field)?;
                Predicate::In {
                    field: def.code.clone(),
                    values: values
                        .iter()
                        .map(|v| self.value(def, v))
                        .collect::<std::result::Result<_, _>>()?,
                }
            }
            Predicate::Range { field, from, to } => {
                let def = self.indexed(field)?;
                let end = |v: &Option<Value>| v.as_ref().map(|v| self.value(def, v)).transpose();
                Predicate::Range {
                    field: def.code.clone(),
                    from: end(from)?,
                    to: end(to)?,
                }
            }
        })
    }

    fn indexed(&self, name: &str) -> std::result::Result<&FieldDef, String> {
        let def = self.field(name)?;
        if def.indexed {
            return Ok(def);
        }
        Err(format!(
            "field `{}` is not declared `indexed`, so access cannot depend on it",
            def.code
        ))
    }

    fn value(&self, def: &FieldDef, given: &Value) -> std::result::Result<Value, String> {
        let wrong = |why: String| format!("value of `{}`: {why}", def.code);
        if let Value::Text(code) = given
            && [fields::TYPE, fields::STATUS].contains(&def.code.as_str())
        {
            let known = self.ground.catalog.status(self.kind, None, code).is_some();
            let full = Code::qualify(&self.rule.pack, code).0;
            return Ok(Value::Text(if known { code.clone() } else { full }));
        }
        if matches!(
            def.value,
            ValueType::MultiEnum | ValueType::TextList | ValueType::RefList
        ) {
            let one = Value::List(vec![given.clone()]);
            let Value::List(mut items) = def.check(&one).map_err(wrong)? else {
                return Err(wrong("expected one value".to_owned()));
            };
            return items
                .pop()
                .ok_or_else(|| wrong("expected one value".to_owned()));
        }
        def.check(given).map_err(wrong)
    }
}

fn id_of(value: &Value) -> std::result::Result<Value, String> {
    let id = match value {
        Value::Ref(id) => Some(*id),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    };
    id.map(Value::Ref)
        .ok_or_else(|| "value of `id`: expected the id of a record".to_owned())
}
