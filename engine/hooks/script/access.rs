//! What a principal may see: conditions written as maps.

use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::context::Context;
use super::convert::kind_of;
use super::fault::closest;
use super::methods::{permit, spot, value, weight};
use super::{Answer, refuse};
use crate::domain::Value;
use crate::hooks::Predicate;
use crate::hooks::predicate::{MAX_PREDICATE_DEPTH, MAX_PREDICATE_TERMS};

pub(super) fn register(engine: &mut Engine) {
    engine
        .register_fn(
            "only",
            |ctx: NativeCallContext<'_>, c: &mut Context, condition: Map| {
                permit(c, "only")?;
                let mut room = Room {
                    c,
                    terms: MAX_PREDICATE_TERMS,
                    bytes: 0,
                };
                let part = room.read(&condition, MAX_PREDICATE_DEPTH)?;
                let bytes = room.bytes;
                let at = spot(&ctx);
                c.build(|b| {
                    b.add(c.limits(), bytes)?;
                    let choice = b.access(at);
                    choice.only = match std::mem::replace(&mut choice.only, Predicate::nothing()) {
                        Predicate::All(mut parts) => {
                            parts.push(part);
                            Predicate::All(parts)
                        }
                        other => Predicate::All(vec![other, part]),
                    };
                    Ok(())
                })
            },
        )
        .register_fn(
            "mask",
            |ctx: NativeCallContext<'_>, c: &mut Context, field: &str| {
                permit(c, "mask")?;
                let at = spot(&ctx);
                c.build(|b| {
                    b.weigh(c.limits(), &[field])?;
                    let most = c.limits().form_fields;
                    let masked = &mut b.access(at).masked;
                    if masked.len() >= most {
                        return refuse(format!("masked more than {most} fields"));
                    }
                    if !masked.iter().any(|m| m == field) {
                        masked.push(field.to_owned());
                    }
                    Ok(())
                })
            },
        );
}

/// Reads conditions, as many as there is room for.
struct Room<'c> {
    c: &'c Context,
    terms: usize,
    bytes: usize,
}

impl Room<'_> {
    fn read(&mut self, map: &Map, depth: usize) -> Answer<Predicate> {
        const KEYS: [&str; 8] = [
            "all", "any", "not", "field", "equals", "one_of", "from", "to",
        ];
        let (Some(left), Some(deeper)) = (self.terms.checked_sub(1), depth.checked_sub(1)) else {
            return refuse(format!(
                "a condition has at most {MAX_PREDICATE_TERMS} parts, {MAX_PREDICATE_DEPTH} deep"
            ));
        };
        self.terms = left;
        if let Some(key) = map.keys().find(|k| !KEYS.contains(&k.as_str())) {
            let near = closest(key, KEYS.into_iter()).map(|n| format!("; did you mean `{n}`?"));
            return refuse(format!(
                "a condition knows no `{key}`{}",
                near.unwrap_or_default()
            ));
        }
        let get = |key: &str| map.get(key);
        match (get("field"), get("all"), get("any"), get("not")) {
            (None, Some(parts), None, None) => Ok(Predicate::All(self.parts(parts, deeper)?)),
            (None, None, Some(parts), None) => Ok(Predicate::Any(self.parts(parts, deeper)?)),
            (None, None, None, Some(part)) => match part.as_map_ref() {
                Ok(part) => Ok(Predicate::Not(Box::new(self.read(&part, deeper)?))),
                Err(_) => refuse("`not` takes a condition such as #{field: \"…\", equals: …}"),
            },
            (Some(field), None, None, None) => self.field(field, map),
            _ => refuse(
                "a condition is one of #{field: …, equals: …}, #{field: …, one_of: […]}, \
                 #{field: …, from: …, to: …}, #{all: […]}, #{any: […]}, #{not: …}",
            ),
        }
    }

    fn parts(&mut self, given: &Dynamic, depth: usize) -> Answer<Vec<Predicate>> {
        let Ok(items) = given.as_array_ref() else {
            return refuse(format!(
                "expected a list of conditions, not {}",
                kind_of(given)
            ));
        };
        let mut parts = Vec::with_capacity(items.len().min(MAX_PREDICATE_TERMS));
        for item in items.iter() {
            match item.as_map_ref() {
                Ok(part) => parts.push(self.read(&part, depth)?),
                Err(_) => {
                    return refuse(format!("expected a condition, not {}", kind_of(item)));
                }
            }
        }
        Ok(parts)
    }

    fn field(&mut self, field: &Dynamic, map: &Map) -> Answer<Predicate> {
        let Ok(field) = field.as_immutable_string_ref() else {
            return refuse("`field` is the code of a field");
        };
        let field = field.to_string();
        self.bytes += field.len();
        match (
            map.get("equals"),
            map.get("one_of"),
            map.get("from"),
            map.get("to"),
        ) {
            (Some(equal), None, None, None) => Ok(Predicate::In {
                values: self.value(&field, equal)?.into_iter().collect(),
                field,
            }),
            (None, Some(list), None, None) => {
                let Ok(items) = list.as_array_ref() else {
                    return refuse("`one_of` takes a list of values");
                };
                if items.is_empty() {
                    // In no set lies nothing, where no value at all would mean an empty field.
                    return Ok(Predicate::nothing());
                }
                let mut values = Vec::new();
                for item in items.iter() {
                    values.extend(self.value(&field, item)?);
                }
                Ok(Predicate::In { field, values })
            }
            (None, None, from, to) if from.is_some() || to.is_some() => {
                let mut end = |given: Option<&Dynamic>| match given {
                    Some(given) => self.value(&field, given),
                    None => Ok(None),
                };
                let (from, to) = (end(from)?, end(to)?);
                Ok(Predicate::Range { field, from, to })
            }
            _ => refuse("beside `field` stands `equals`, or `one_of`, or `from` and `to`"),
        }
    }

    fn value(&mut self, field: &str, given: &Dynamic) -> Answer<Option<Value>> {
        let Some(left) = self.terms.checked_sub(1) else {
            return refuse(format!(
                "a condition has at most {MAX_PREDICATE_TERMS} parts"
            ));
        };
        self.terms = left;
        let value = value(self.c, field, given)?;
        self.bytes += value.as_ref().map_or(0, weight);
        Ok(value)
    }
}
