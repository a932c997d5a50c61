//! From a query string to the conditions of a list.

use std::collections::BTreeSet;

use super::input::{Params, unknown_parameter};
use super::problem::Problem;
use crate::desk::{Actor, Condition, Desk, Error};
use crate::domain::{Id, Kind};
use crate::packs::Catalog;

/// The filter by the meaning of a status, as the desk names it.
const CATEGORY: &str = "category_of_status";
/// The same as the API names it.
const CATEGORY_PARAM: &str = "status_category";

/// Takes every remaining parameter as a condition: `field=a,b`, `field.from=`, `field.to=`,
/// `field.present=true`, `category.within=`. For a reference to an agent, `me` is the asker.
///
/// # Errors
/// 422 for a field that the kind does not have, with the one that was probably meant.
pub fn conditions(
    params: &mut Params,
    catalog: &Catalog,
    actor: &Actor,
    kind: Kind,
) -> Result<Vec<(String, Condition)>, Problem> {
    let rest = params.rest();
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let fields = fields_of(catalog, actor, kind);
    let mut found: Vec<(String, Condition)> = Vec::new();
    for (name, value) in rest {
        let (field, part) = split(&name);
        let Some(full) = resolve(&fields, field) else {
            let mut known: Vec<String> = params.known().to_vec();
            known.extend(fields.iter().cloned());
            return Err(unknown_parameter(&name, &known));
        };
        let place = found
            .iter_mut()
            .find(|(f, c)| *f == full && same_part(c, part));
        match (part, place) {
            (Part::Is, Some((_, Condition::In(values)))) => values.extend(several(&value, actor)),
            (Part::Is, _) => found.push((full, Condition::In(several(&value, actor)))),
            (Part::Within, Some((_, Condition::Within(codes)))) => {
                codes.extend(several(&value, actor));
            }
            (Part::Within, _) if full == "category" => {
                found.push((full, Condition::Within(several(&value, actor))));
            }
            (Part::Within, _) => {
                let message = "`.within` is for `category`";
                return Err(Error::field(&name, "invalid_parameter", message).into());
            }
            (Part::From, Some((_, Condition::Between(from, _)))) if from.is_none() => {
                *from = Some(value);
            }
            (Part::To, Some((_, Condition::Between(_, to)))) if to.is_none() => *to = Some(value),
            (Part::From, None) => found.push((full, Condition::Between(Some(value), None))),
            (Part::To, None) => found.push((full, Condition::Between(None, Some(value)))),
            (Part::Present, None) => match value.parse() {
                Ok(present) => found.push((full, Condition::Present(present))),
                Err(_) => {
                    let message = "expected true or false";
                    return Err(Error::field(&name, "invalid_parameter", message).into());
                }
            },
            _ => return Err(Error::field(&name, "given_twice", "give the parameter once").into()),
        }
    }
    Ok(found)
}

/// Takes `sort`: a field, with `-` before it for descending order.
///
/// # Errors
/// 422 for an unknown field.
pub fn sort(
    params: &mut Params,
    catalog: &Catalog,
    actor: &Actor,
    kind: Kind,
) -> Result<Option<(String, bool)>, Problem> {
    let Some(text) = params.one("sort")? else {
        return Ok(None);
    };
    let (name, descending) = match text.strip_prefix('-') {
        Some(name) => (name, true),
        None => (text.as_str(), false),
    };
    let fields = fields_of(catalog, actor, kind);
    match resolve(&fields, name) {
        Some(full) => Ok(Some((full, descending))),
        None => {
            let short: String = name.chars().take(64).collect();
            let near = crate::packs::nearest(&short, fields.iter().map(String::as_str));
            let hint = near.map_or(String::new(), |word| format!("; did you mean `{word}`?"));
            let message = format!("there is no field `{short}`{hint}");
            Err(Error::field("sort", "unknown_field", message).into())
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Is,
    From,
    To,
    Present,
    Within,
}

fn split(name: &str) -> (&str, Part) {
    for (ending, part) in [
        (".from", Part::From),
        (".to", Part::To),
        (".present", Part::Present),
        (".within", Part::Within),
    ] {
        if let Some(field) = name.strip_suffix(ending) {
            return (field, part);
        }
    }
    (name, Part::Is)
}

const fn same_part(condition: &Condition, part: Part) -> bool {
    matches!(
        (condition, part),
        (Condition::In(_), Part::Is)
            | (Condition::Between(..), Part::From | Part::To)
            | (Condition::Present(_), Part::Present)
            | (Condition::Within(_), Part::Within)
    )
}

fn several(value: &str, actor: &Actor) -> Vec<String> {
    let me = actor.id().as_ref().map(Id::to_string);
    let parts = value.split(',').map(str::trim).filter(|p| !p.is_empty());
    parts
        .map(|p| match (p, &me) {
            ("me", Some(me)) => me.clone(),
            _ => p.to_owned(),
        })
        .collect()
}

/// Full names of the fields of a kind that the asker may know of: a filter by a hidden field would
/// tell its value.
fn fields_of(catalog: &Catalog, actor: &Actor, kind: Kind) -> BTreeSet<String> {
    let of_kind = catalog.fields(kind, None).iter();
    let of_types = catalog
        .types(kind)
        .flat_map(|t| catalog.fields(kind, Some(&t.code)));
    let mut names: BTreeSet<String> = of_kind
        .chain(of_types)
        .filter(|f| !f.internal || actor.sees_internal())
        .filter(|f| kind != Kind::Article || !Desk::VOTES.contains(&f.code.as_str()))
        .map(|f| f.code.clone())
        .collect();
    if names.contains("status") {
        names.insert(CATEGORY_PARAM.to_owned());
    }
    names
}

/// The full name that a name means: itself, or the one pack's field of that name.
fn resolve(fields: &BTreeSet<String>, name: &str) -> Option<String> {
    if name == CATEGORY_PARAM && fields.contains(name) {
        return Some(CATEGORY.to_owned());
    }
    if fields.contains(name) {
        return Some(name.to_owned());
    }
    let ending = format!("/{name}");
    let mut matches = fields.iter().filter(|f| f.ends_with(&ending));
    match (matches.next(), matches.next()) {
        (Some(only), None) => Some(only.clone()),
        _ => None,
    }
}
