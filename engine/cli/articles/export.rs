//! Writing the knowledge base into a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::Value as Json;

use super::front::{self, Said};
use super::shelf::{Fields, Shelf};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::out;
use crate::domain::Kind;

/// Fields that are one text, in the order of the file.
const TEXTS: [&str; 7] = [
    "title",
    "locale",
    "status",
    "category",
    "audience",
    "valid_from",
    "valid_until",
];

/// Writes all articles, each in a folder of its own with its files beside it.
///
/// # Errors
/// When the folder is not empty, or cannot be written.
pub fn run(shelf: &Shelf, dir: &Path) -> Outcome<()> {
    fs::create_dir_all(dir).map_err(|e| Failure::file(dir, &e))?;
    let mut inside = fs::read_dir(dir).map_err(|e| Failure::file(dir, &e))?;
    if inside.next().is_some() {
        let text = format!(
            "`{}` is not empty; name an empty or new folder",
            dir.display()
        );
        return Err(Failure::new(text));
    }
    let articles = shelf.all(Kind::Article)?;
    let called: BTreeMap<String, String> = articles
        .iter()
        .map(|a| (text(a, "id").to_owned(), called(a)))
        .collect();
    let accounts = shelf.names(Kind::Account)?;
    let products = shelf.names(Kind::Product)?;
    let name = |names: &BTreeMap<String, String>, id: &str| -> String {
        names.get(id).cloned().unwrap_or_else(|| id.to_owned())
    };
    let mut files = 0;
    for article in &articles {
        let own = called.get(text(article, "id")).cloned().unwrap_or_default();
        let folder = dir.join(safe(&own));
        fs::create_dir_all(&folder).map_err(|e| Failure::file(&folder, &e))?;
        let mut said = vec![("id".to_owned(), Said::Text(own))];
        for field in TEXTS {
            if !text(article, field).is_empty() {
                said.push((
                    field.to_owned(),
                    Said::Text(text(article, field).to_owned()),
                ));
            }
        }
        let reference = |field: &str, names: &BTreeMap<String, String>| {
            let id = text(article, field);
            (!id.is_empty()).then(|| (field.to_owned(), Said::Text(name(names, id))))
        };
        said.extend(reference("product", &products));
        said.extend(reference("variant_of", &called));
        let tags = texts(article, "tags");
        let readers = texts(article, "accounts");
        let readers: Vec<String> = readers.iter().map(|id| name(&accounts, id)).collect();
        for (field, list) in [("tags", tags), ("accounts", readers)] {
            if !list.is_empty() {
                said.push((field.to_owned(), Said::List(list)));
            }
        }
        let (public, internal) = write_files(shelf, article, &folder)?;
        files += public.len() + internal.len();
        for (field, names) in [("files", public), ("internal_files", internal)] {
            if !names.is_empty() {
                said.push((field.to_owned(), Said::List(names)));
            }
        }
        let ending = if text(article, "format") == "html" {
            "html"
        } else {
            "md"
        };
        let path = folder.join(format!("index.{ending}"));
        let whole = front::write(&said, text(article, "body"));
        fs::write(&path, whole).map_err(|e| Failure::file(&path, &e))?;
    }
    out::say(&format!("{} articles with {files} files", articles.len()))
}

/// Writes the files of an article by the names that its text calls them; of several with one name
/// the newest. Gives the names of public and of internal ones.
fn write_files(
    shelf: &Shelf,
    article: &Fields,
    folder: &Path,
) -> Outcome<(Vec<String>, Vec<String>)> {
    let id = text(article, "id");
    let mut newest = BTreeMap::new();
    for file in shelf.files(id)? {
        newest.insert(file.name.clone(), file);
    }
    let (mut public, mut internal) = (Vec::new(), Vec::new());
    for (name, file) in newest {
        let inside = safe(&name);
        if inside != Path::new(&name) || name.starts_with("index.") {
            let text = format!(
                "{}: the file `{name}` is left out: its name is no path",
                called(article)
            );
            out::say(&text)?;
            continue;
        }
        let path = folder.join(inside);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|e| Failure::file(parent, &e))?;
        }
        let content = shelf.content(id, &file.entry)?;
        fs::write(&path, content).map_err(|e| Failure::file(&path, &e))?;
        match file.internal {
            true => internal.push(name),
            false => public.push(name),
        }
    }
    Ok((public, internal))
}

fn text<'a>(article: &'a Fields, field: &str) -> &'a str {
    article
        .get(field)
        .and_then(Json::as_str)
        .unwrap_or_default()
}

fn texts(article: &Fields, field: &str) -> Vec<String> {
    let items = article.get(field).and_then(Json::as_array);
    let texts = items.into_iter().flatten().filter_map(Json::as_str);
    texts.map(str::to_owned).collect()
}

/// What an article is called in files: its `external_id`, else its id.
fn called(article: &Fields) -> String {
    match text(article, "external_id") {
        "" => text(article, "id").to_owned(),
        own => own.to_owned(),
    }
}

/// A path that stays in its folder, whatever a name says.
fn safe(name: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in Path::new(name).components() {
        if let Component::Normal(part) = part {
            let part = part.to_string_lossy();
            let fits = |c: char| !c.is_control() && !r#"<>:"|?*\"#.contains(c);
            let part: String = part
                .chars()
                .map(|c| if fits(c) { c } else { '_' })
                .collect();
            // What begins with a dot is not seen by an import.
            path.push(part.trim_start_matches('.'));
        }
    }
    path
}
