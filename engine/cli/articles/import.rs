//! Bringing files into the knowledge base.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::folder::{Folder, Wanted};
use super::shelf::{Fields, File, Shelf};
use crate::api::hex;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::out;
use crate::domain::Kind;

/// How many articles came to what.
#[derive(Default)]
struct Done {
    created: usize,
    changed: usize,
    unchanged: usize,
    faults: Vec<String>,
}

/// What is known of the desk.
struct Known {
    /// Articles by `external_id`, else by id.
    articles: BTreeMap<String, Fields>,
    /// What accounts, products and articles are called, by id.
    accounts: BTreeMap<String, String>,
    products: BTreeMap<String, String>,
}

/// Brings articles in, or says what would be done.
///
/// # Errors
/// When the desk would refuse some: then none is brought in.
pub fn run(shelf: &Shelf, folder: &Folder, dry_run: bool) -> Outcome<()> {
    let wanted = folder.articles.as_slice();
    for note in &folder.notes {
        out::say(&format!("note: {note}"))?;
    }
    let needs = |field: &str| {
        let named = |w: &&Wanted| w.texts.contains_key(field) || w.lists.contains_key(field);
        wanted.iter().any(|w| named(&w))
    };
    let names = |kind: Kind, field: &str| match needs(field) {
        true => shelf.names(kind),
        false => Ok(BTreeMap::new()),
    };
    let mut known = Known {
        accounts: names(Kind::Account, "accounts")?,
        products: names(Kind::Product, "product")?,
        articles: BTreeMap::new(),
    };
    for article in shelf.all(Kind::Article)? {
        // What has no name of its own is called by its id, as an export does.
        let named = ["external_id", "id"].map(|name| article.get(name).and_then(Json::as_str));
        if let Some(id) = named.into_iter().flatten().find(|id| !id.is_empty()) {
            known.articles.insert(id.to_owned(), article.clone());
        }
    }
    let mut faults = Vec::new();
    for article in wanted {
        faults.extend(faults_of(shelf, &known, wanted, article)?);
    }
    if !faults.is_empty() {
        return Err(Failure::new(faults.join("\n")));
    }
    let mut done = Done::default();
    for article in wanted {
        if let Err(e) = one(shelf, &mut known, article, dry_run, &mut done) {
            done.faults.push(format!("{}:1: {e}", article.path));
        }
    }
    let would = if dry_run { "would be " } else { "" };
    out::say(&format!(
        "{} {would}created, {} {would}changed, {} unchanged",
        done.created, done.changed, done.unchanged
    ))?;
    if done.faults.is_empty() {
        return Ok(());
    }
    Err(Failure::new(done.faults.join("\n")))
}

/// What is wrong with an article as the desk would take it, each fault with its line.
fn faults_of(
    shelf: &Shelf,
    known: &Known,
    all: &[Wanted],
    wanted: &Wanted,
) -> Outcome<Vec<String>> {
    let there = known.articles.get(&wanted.id);
    let (mut fields, mut faults) = fields_of(known, wanted);
    // What comes with the same folder has no id yet.
    let main = wanted.texts.get("variant_of");
    if main.is_some_and(|main| all.iter().any(|other| other.id == *main)) {
        fields.remove("variant_of");
    }
    let id = there.and_then(|a| a.get("id")).and_then(Json::as_str);
    match there {
        Some(there) => fields.retain(|name, value| !is_same(known, there, name, value)),
        None => drop(fields.insert("external_id".to_owned(), json!(wanted.id))),
    }
    if id.is_none() || !fields.is_empty() {
        faults.extend(shelf.faults(id, fields)?);
    }
    let told = faults.into_iter().map(|(field, text)| {
        let line = wanted.lines.get(&field).copied().unwrap_or(1);
        match field.as_str() {
            "" => format!("{}:{line}: {text}", wanted.path),
            field => format!("{}:{line}: {field}: {text}", wanted.path),
        }
    });
    Ok(told.collect())
}

fn one(
    shelf: &Shelf,
    known: &mut Known,
    wanted: &Wanted,
    dry_run: bool,
    done: &mut Done,
) -> Outcome<()> {
    let (mut fields, _) = fields_of(known, wanted);
    let there = known.articles.get(&wanted.id).cloned();
    if let Some(there) = &there {
        fields.retain(|name, value| !is_same(known, there, name, value));
    }
    let id = there
        .as_ref()
        .and_then(|a| a.get("id"))
        .and_then(Json::as_str);
    let has = match id {
        Some(id) if !wanted.files.is_empty() => shelf.files(id)?,
        _ => Vec::new(),
    };
    let missing = missing(wanted, &has)?;
    if id.is_some() && fields.is_empty() && missing.is_empty() {
        done.unchanged += 1;
        return Ok(());
    }
    let what = if id.is_some() { "change" } else { "create" };
    let mut parts: Vec<String> = match id {
        Some(_) => fields.keys().cloned().collect(),
        None => Vec::new(),
    };
    parts.extend(missing.iter().map(|(name, _)| format!("file {name}")));
    let parts = if parts.is_empty() {
        String::new()
    } else {
        format!(": {}", parts.join(", "))
    };
    out::say(&format!("{what} {}{parts}", wanted.id))?;
    let made = match (dry_run, id) {
        (true, _) => String::new(),
        (false, Some(id)) => {
            if !fields.is_empty() {
                shelf.update(id, fields)?;
            }
            id.to_owned()
        }
        (false, None) => {
            fields.insert("external_id".to_owned(), json!(wanted.id));
            shelf.create(fields.clone())?
        }
    };
    match id {
        Some(_) => done.changed += 1,
        None => done.created += 1,
    }
    if dry_run {
        known.articles.entry(wanted.id.clone()).or_default();
        return Ok(());
    }
    if there.is_none() {
        let kept = Fields::from_iter([("id".to_owned(), json!(made))]);
        known.articles.insert(wanted.id.clone(), kept);
    }
    let is_public = wanted.texts.get("audience").is_none_or(|a| a != "internal");
    for (name, content) in missing {
        let is_public = is_public && !wanted.internal.contains(&name);
        shelf.attach(&made, &name, content, is_public)?;
    }
    Ok(())
}

/// The values of an article as the desk takes them: what is called by a code goes by its id. What
/// names nothing is told by its field.
fn fields_of(known: &Known, wanted: &Wanted) -> (Fields, Vec<(String, String)>) {
    let mut fields = Fields::new();
    let mut faults = Vec::new();
    let mut named = |field: &str, names: &BTreeMap<String, String>, what: &str, text: &str| {
        let id = id_by(names, text);
        if id.is_none() {
            let fault = format!("there is no {what} `{text}`");
            faults.push((field.to_owned(), fault));
        }
        id
    };
    for (name, text) in &wanted.texts {
        let value = match name.as_str() {
            "product" => match named(name, &known.products, "product", text) {
                Some(id) => id,
                None => continue,
            },
            "variant_of" => match known.articles.get(text).map(|a| a.get("id").cloned()) {
                Some(id) => id.unwrap_or(Json::Null),
                None => json!(text),
            },
            _ => json!(text),
        };
        fields.insert(name.clone(), value);
    }
    for (name, texts) in &wanted.lists {
        let values: Vec<Json> = match name.as_str() {
            "accounts" => texts
                .iter()
                .filter_map(|text| named(name, &known.accounts, "account", text))
                .collect(),
            _ => texts.iter().map(|text| json!(text)).collect(),
        };
        fields.insert(name.clone(), Json::Array(values));
    }
    (fields, faults)
}

fn id_by(names: &BTreeMap<String, String>, text: &str) -> Option<Json> {
    if names.contains_key(text) {
        return Some(json!(text));
    }
    let found = names.iter().find(|(_, name)| *name == text);
    found.map(|(id, _)| json!(id))
}

/// Whether an article has a value already, in whatever way it is written.
fn is_same(known: &Known, there: &Fields, name: &str, value: &Json) -> bool {
    let has = there.get(name).unwrap_or(&Json::Null);
    if has == value {
        return true;
    }
    let (Some(has), Some(value)) = (has.as_str(), value.as_str()) else {
        let empty = |json: &Json| json.is_null() || json.as_array().is_some_and(Vec::is_empty);
        return empty(has) && empty(value);
    };
    let instant = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
    match name {
        "valid_from" | "valid_until" => instant(has).is_some() && instant(has) == instant(value),
        "variant_of" => {
            let main = known.articles.get(value);
            main.and_then(|m| m.get("id")).and_then(Json::as_str) == Some(has)
        }
        _ => false,
    }
}

/// The files that an article lacks, or has with another content.
fn missing(wanted: &Wanted, has: &[File]) -> Outcome<Vec<(String, Vec<u8>)>> {
    let mut missing = Vec::new();
    for (name, path) in &wanted.files {
        let content = fs::read(path).map_err(|e| Failure::file(path, &e))?;
        let sha256 = hex(&Sha256::digest(&content));
        // Of several with one name, the newest is the one that links lead to.
        let newest = has.iter().rev().find(|file| file.name == *name);
        if newest.is_none_or(|file| file.sha256 != sha256) {
            missing.push((name.clone(), content));
        }
    }
    Ok(missing)
}
