//! A folder of articles: what its files say, all faults at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::front::{self, Said};
use crate::cli::failure::{Failure, Outcome};
use crate::packs::nearest;
use crate::text::{Format, references};

/// Most files of a folder.
const MAX_FILES: usize = 100_000;
/// Largest file of an article in bytes.
const MAX_TEXT_BYTES: u64 = 1_024 * 1_024;
/// Largest attached file in bytes.
const MAX_FILE_BYTES: u64 = 10 * 1_024 * 1_024;
/// Deepest folder.
const MAX_DEPTH: usize = 32;

/// Names in front matter whose values are one text.
const TEXTS: [&str; 10] = [
    "title",
    "locale",
    "status",
    "category",
    "audience",
    "product",
    "variant_of",
    "valid_from",
    "valid_until",
    "format",
];
/// Names in front matter whose values are lists.
const LISTS: [&str; 2] = ["tags", "accounts"];
/// Names of what an article is called, and of files that belong to it.
const OTHERS: [&str; 5] = ["id", "slug", "external_id", "files", "internal_files"];

/// An article as its file says it.
#[derive(Debug)]
pub struct Wanted {
    /// The file, from the folder.
    pub path: String,
    /// What the article is called: its `external_id`.
    pub id: String,
    /// Values by field.
    pub texts: BTreeMap<String, String>,
    /// Lists by field.
    pub lists: BTreeMap<String, Vec<String>>,
    /// Files that belong to it: the name by which the text calls each, and where it lies.
    pub files: BTreeMap<String, PathBuf>,
    /// Names of those that only agents see.
    pub internal: BTreeSet<String>,
    /// Lines of the file that say what, by field.
    pub lines: BTreeMap<String, usize>,
}

/// What a folder has.
#[derive(Debug, Default)]
pub struct Folder {
    /// The articles, variants behind what they are variants of.
    pub articles: Vec<Wanted>,
    /// What is left out, or stays as it is, although somebody may expect otherwise.
    pub notes: Vec<String>,
}

/// Reads a folder.
///
/// # Errors
/// When it cannot be read, or files are not as they should be: all faults with file and line.
pub fn read(dir: &Path, locale: Option<&str>) -> Outcome<Folder> {
    let root = fs::canonicalize(dir).map_err(|e| Failure::file(dir, &e))?;
    let (mut paths, mut links) = (Vec::new(), Vec::new());
    walk(&root, Path::new(""), 0, &mut (&mut paths, &mut links))?;
    paths.sort();
    links.sort();
    let shown = |path: &Path| path.to_string_lossy().replace('\\', "/");
    let mut notes: Vec<String> = links
        .iter()
        .map(|path| format!("{} is a symbolic link and is left out", shown(path)))
        .collect();
    // What belongs to an article is a file of it, whatever its ending.
    let owned: BTreeSet<PathBuf> = paths.iter().flat_map(|path| owned(&root, path)).collect();
    paths.retain(|path| !owned.contains(&root.join(path)));
    let mut all = Vec::new();
    let mut faults = Vec::new();
    for path in paths {
        let name = shown(&path);
        match article(&root, &path, &name, locale) {
            Ok((wanted, missing)) => {
                let told = missing
                    .iter()
                    .map(|link| format!("{name}: there is no file `{link}`; the link stays"));
                notes.extend(told);
                all.push(wanted);
            }
            Err(found) => {
                let told = found
                    .into_iter()
                    .map(|(line, message)| format!("{name}:{line}: {message}"));
                faults.extend(told);
            }
        }
    }
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for wanted in &all {
        if let Some(other) = seen.insert(&wanted.id, &wanted.path) {
            let (path, id) = (&wanted.path, &wanted.id);
            faults.push(format!("{path}:1: is called `{id}`, as `{other}` is"));
        }
    }
    if faults.is_empty() {
        // Variants come after what they are variants of.
        all.sort_by_key(|w| w.texts.contains_key("variant_of"));
        return Ok(Folder {
            articles: all,
            notes,
        });
    }
    Err(Failure::new(faults.join("\n")))
}

/// Finds articles, and links to such.
fn walk(
    root: &Path,
    below: &Path,
    depth: usize,
    (found, links): &mut (&mut Vec<PathBuf>, &mut Vec<PathBuf>),
) -> Outcome<()> {
    let dir = root.join(below);
    if MAX_DEPTH < depth {
        return Err(Failure::new(format!("`{}` lies too deep", dir.display())));
    }
    for entry in fs::read_dir(&dir).map_err(|e| Failure::file(&dir, &e))? {
        let entry = entry.map_err(|e| Failure::file(&dir, &e))?;
        let kind = entry
            .file_type()
            .map_err(|e| Failure::file(&entry.path(), &e))?;
        let path = below.join(entry.file_name());
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_symlink() {
            links.extend(format_of(&path).map(|_| path));
            continue;
        }
        if kind.is_dir() {
            walk(root, &path, depth + 1, &mut (&mut **found, &mut **links))?;
        } else if format_of(&path).is_some() {
            found.push(path);
        }
        if MAX_FILES < found.len() {
            return Err(Failure::new(format!("more than {MAX_FILES} articles")));
        }
    }
    Ok(())
}

fn format_of(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    match ending.as_str() {
        "md" | "markdown" => Some("markdown"),
        "html" | "htm" => Some("html"),
        _ => None,
    }
}

fn article(
    root: &Path,
    path: &Path,
    name: &str,
    locale: Option<&str>,
) -> Result<(Wanted, Vec<String>), Vec<front::Fault>> {
    let text = text_of(&root.join(path)).map_err(|fault| vec![fault])?;
    let front = front::read(&text).map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    let lines = front.values.iter().map(|(name, (line, _))| {
        let field = match name.as_str() {
            "id" | "slug" => "external_id",
            name => name,
        };
        (field.to_owned(), *line)
    });
    let mut lines: BTreeMap<String, usize> = lines.collect();
    let before = text.len().saturating_sub(front.body.len());
    let before = text.get(..before).unwrap_or_default();
    lines.insert("body".to_owned(), before.matches('\n').count() + 1);
    let mut said = sorted(front.values, &mut faults);
    let format = format_of(path).unwrap_or("markdown");
    let texts = &mut said.texts;
    let mut unless_said = |name: &str, value: &str| {
        let value = value.to_owned();
        texts.entry(name.to_owned()).or_insert(value);
    };
    unless_said("format", format);
    if let Some(locale) = locale {
        unless_said("locale", locale);
    }
    let format = Format::named(said.texts.get("format").map(String::as_str));
    if !said.texts.contains_key("title") {
        match heading(format, &front.body) {
            Some(title) => drop(said.texts.insert("title".to_owned(), title)),
            None => faults.push((
                1,
                "has no `title`, and no heading to take for one".to_owned(),
            )),
        }
    }
    let dir = path.parent().unwrap_or(Path::new(""));
    let named = references(format, &front.body).into_iter();
    let named = named.map(|name| (None, name));
    let internal = said.internal.iter().map(|(_, name)| name.clone()).collect();
    let listed = said.files.into_iter().chain(said.internal);
    let listed = listed.map(|(line, name)| (Some(line), name));
    let (mut files, mut missing) = (BTreeMap::new(), Vec::new());
    for (line, name) in named.chain(listed) {
        let file = match line {
            None if format_of(Path::new(&name)).is_some() => None,
            _ => beside(root, dir, &name),
        };
        match (file, line) {
            (Some(file), _) => drop(files.insert(name, file)),
            // A link may lead to a page of the site; a file that is named must be there.
            (None, Some(line)) => faults.push((line, format!("there is no file `{name}`"))),
            (None, None) if is_absent(root, dir, &name) => missing.push(name),
            (None, None) => {}
        }
    }
    said.texts.insert("body".to_owned(), front.body);
    if !faults.is_empty() {
        return Err(faults);
    }
    let wanted = Wanted {
        id: said.id.unwrap_or_else(|| called(name)),
        path: name.to_owned(),
        texts: said.texts,
        lists: said.lists,
        files,
        internal,
        lines,
    };
    Ok((wanted, missing))
}

/// What front matter says, by sort of value.
#[derive(Default)]
struct Sorted {
    id: Option<String>,
    texts: BTreeMap<String, String>,
    lists: BTreeMap<String, Vec<String>>,
    /// Files with the line that names them.
    files: Vec<(usize, String)>,
    /// Those that only agents see.
    internal: Vec<(usize, String)>,
}

fn sorted(values: BTreeMap<String, (usize, Said)>, faults: &mut Vec<front::Fault>) -> Sorted {
    let mut all = Sorted::default();
    for (key, (line, said)) in values {
        match (key.as_str(), said) {
            ("id" | "slug" | "external_id", Said::Text(text)) if all.id.is_none() => {
                all.id = Some(text);
            }
            ("id" | "slug" | "external_id", _) => {
                faults.push((line, "the article is called by one text, once".to_owned()));
            }
            ("files", Said::List(names)) => {
                all.files = names.into_iter().map(|name| (line, name)).collect();
            }
            ("internal_files", Said::List(names)) => {
                all.internal = names.into_iter().map(|name| (line, name)).collect();
            }
            (key, Said::Text(text)) if TEXTS.contains(&key) => {
                all.texts.insert(key.to_owned(), text);
            }
            (key, Said::List(texts)) if LISTS.contains(&key) => {
                all.lists.insert(key.to_owned(), texts);
            }
            (key, Said::Text(text)) if LISTS.contains(&key) => {
                all.lists.insert(key.to_owned(), vec![text]);
            }
            (key, _) if TEXTS.contains(&key) || ["files", "internal_files"].contains(&key) => {
                faults.push((line, format!("`{key}` is of another form")));
            }
            (key, _) => faults.push((line, unknown(key))),
        }
    }
    all
}

/// The text of a file.
fn text_of(path: &Path) -> Result<String, front::Fault> {
    let size = fs::metadata(path).map_err(|e| (1, e.to_string()))?.len();
    if MAX_TEXT_BYTES < size {
        let message = format!("{size} bytes are over the limit of {MAX_TEXT_BYTES}");
        return Err((1, message));
    }
    let bytes = fs::read(path).map_err(|e| (1, e.to_string()))?;
    String::from_utf8(bytes).map_err(|e| {
        let read = e.as_bytes().iter().take(e.utf8_error().valid_up_to());
        let line = read.filter(|b| **b == b'\n').count() + 1;
        (line, "is not UTF-8".to_owned())
    })
}

fn unknown(key: &str) -> String {
    let short: String = key.chars().take(64).collect();
    let known: BTreeSet<&str> = TEXTS.into_iter().chain(LISTS).chain(OTHERS).collect();
    let near = nearest(&short, known.iter().copied());
    let hint = near.map_or_else(
        || {
            format!(
                "; known are {}",
                known.iter().copied().collect::<Vec<_>>().join(", ")
            )
        },
        |word| format!("; did you mean `{word}`?"),
    );
    format!("there is no `{short}`{hint}")
}

/// What an article is called by its file: its path without the ending, or that of its folder.
fn called(path: &str) -> String {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let stem = stem.strip_suffix("/index").unwrap_or(stem);
    stem.to_owned()
}

/// The first heading of a text.
fn heading(format: Format, body: &str) -> Option<String> {
    let title = match format {
        Format::Markdown => body
            .lines()
            .find_map(|l| l.strip_prefix("# "))?
            .trim()
            .to_owned(),
        Format::Html => {
            let lower = body.to_ascii_lowercase();
            let (open, close) = ["title", "h1"].into_iter().find_map(|tag| {
                let open = lower.find(&format!("<{tag}"))?;
                let begins = open + lower.get(open..)?.find('>')? + 1;
                let ends = begins + lower.get(begins..)?.find(&format!("</{tag}"))?;
                Some((begins, ends))
            })?;
            crate::text::plain(Format::Html, body.get(open..close)?)
        }
    };
    (!title.is_empty()).then_some(title)
}

/// Whether a link names a file beside the text, by its ending, that is not there.
fn is_absent(root: &Path, dir: &Path, name: &str) -> bool {
    let path = Path::new(name);
    path.is_relative() && path.extension().is_some() && !root.join(dir).join(path).exists()
}

/// The files that an article names as its own.
fn owned(root: &Path, path: &Path) -> Vec<PathBuf> {
    let front = text_of(&root.join(path)).and_then(|text| front::read(&text));
    let said = front.map(|front| sorted(front.values, &mut Vec::new()));
    let Ok(said) = said else { return Vec::new() };
    let dir = path.parent().unwrap_or(Path::new(""));
    let names = said.files.iter().chain(&said.internal);
    let own = root.join(path);
    names
        .filter_map(|(_, name)| beside(root, dir, name))
        .filter(|file| *file != own)
        .collect()
}

/// A file that a relative name leads to, when it lies in the folder.
fn beside(root: &Path, dir: &Path, name: &str) -> Option<PathBuf> {
    let relative = Path::new(name);
    let inside = |c: Component<'_>| {
        matches!(
            c,
            Component::Normal(_) | Component::CurDir | Component::ParentDir
        )
    };
    if !relative.components().all(inside) {
        return None;
    }
    let full = fs::canonicalize(root.join(dir).join(relative)).ok()?;
    let meta = fs::metadata(&full).ok()?;
    (full.starts_with(root) && meta.is_file() && meta.len() <= MAX_FILE_BYTES).then_some(full)
}
