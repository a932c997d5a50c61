//! A collection of articles and queries with what is relevant, in the layout of the BEIR benchmarks.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use opora_benches::kit::Fallible;
use serde_json::Value as Json;

use super::disturb::WAYS;

/// Articles, queries, and which articles answer which.
pub struct Collection {
    /// Name of its folder.
    pub name: String,
    /// Language of the articles.
    pub locale: &'static str,
    /// The articles.
    pub articles: Vec<Article>,
    /// Grades above zero, by article, by query.
    pub relevant: HashMap<String, HashMap<String, u32>>,
    queries: Vec<Query>,
    disturbed: BTreeMap<String, Vec<Query>>,
    /// Queries in other words than the articles have.
    meant: Vec<Query>,
}

/// An article.
pub struct Article {
    /// Its key in the collection.
    pub key: String,
    /// Title.
    pub title: String,
    /// Text.
    pub text: String,
}

/// A query.
#[derive(Clone)]
pub struct Query {
    /// Its key in the collection.
    pub key: String,
    /// What is typed.
    pub text: String,
}

impl Collection {
    /// Reads `corpus.jsonl` (`_id`, `title`, `text`), `queries.jsonl` (`_id`, `text`) and `qrels.tsv` or
    /// `qrels/test.tsv` (query, article, grade). `queries-KIND.jsonl` holds the same queries typed otherwise.
    ///
    /// # Errors
    /// When a file is missing or not of this form.
    pub fn read(folder: &Path) -> Fallible<Self> {
        let mut articles = lines(&folder.join("corpus.jsonl"))?
            .iter()
            .map(|line| {
                let text = member(line, "text")?;
                let title = line.get("title").and_then(Json::as_str);
                let title = title.unwrap_or_default().trim().to_owned();
                let key = member(line, "_id")?;
                Ok(Article { key, title, text })
            })
            .collect::<Fallible<Vec<Article>>>()?;
        // What says nothing is no article to the desk, and no query finds it.
        articles.retain(|article| !(article.title.is_empty() && article.text.trim().is_empty()));
        let mut disturbed = BTreeMap::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
            let way = name.strip_prefix("queries-");
            if let Some(way) = way.and_then(|w| w.strip_suffix(".jsonl")) {
                disturbed.insert(way.to_owned(), queries(&path)?);
            }
        }
        let flat = folder.join("qrels.tsv");
        let nested = folder.join("qrels/test.tsv");
        let grades = fs::read_to_string(if flat.exists() { flat } else { nested })?;
        let name = folder.file_name().map(|n| n.to_string_lossy().into_owned());
        Ok(Self {
            name: name.unwrap_or_default(),
            locale: locale(&articles),
            articles,
            relevant: relevant(&grades),
            queries: queries(&folder.join("queries.jsonl"))?,
            disturbed,
            meant: Vec::new(),
        })
    }

    /// The articles of the demo, with the queries that `cargo test` asks.
    ///
    /// # Errors
    /// When they are not below `root`.
    pub fn shipped(root: &Path) -> Fallible<Self> {
        let mut articles = Vec::new();
        for locale in ["ru", "en"] {
            for entry in fs::read_dir(root.join("demo/articles").join(locale))? {
                let text = fs::read_to_string(entry?.path())?;
                let parts = text.trim_start_matches("+++\n").split_once("\n+++\n");
                let (head, body) = parts.ok_or("an article without front matter")?;
                let head: toml::Table = toml::from_str(head)?;
                let of = |name: &str| head.get(name).and_then(toml::Value::as_str);
                articles.push(Article {
                    key: of("external_id").unwrap_or_default().to_owned(),
                    title: of("title").unwrap_or_default().to_owned(),
                    text: body.trim().to_owned(),
                });
            }
        }
        let mut relevant: HashMap<String, HashMap<String, u32>> = HashMap::new();
        let mut asked = |file: &str| -> Fallible<Vec<Query>> {
            let table = fs::read_to_string(root.join("tests/relevance").join(file))?;
            let rows = table.lines().filter_map(|line| line.split_once('\t'));
            let query = |(text, wanted): (&str, &str)| {
                let one = HashMap::from([(wanted.to_owned(), 1)]);
                relevant.insert(text.to_owned(), one);
                Query {
                    key: text.to_owned(),
                    text: text.to_owned(),
                }
            };
            Ok(rows.map(query).collect())
        };
        let (queries, meant) = (asked("queries.tsv")?, asked("meant.tsv")?);
        Ok(Self {
            name: "demo".to_owned(),
            locale: locale(&articles),
            articles,
            relevant,
            queries,
            disturbed: BTreeMap::new(),
            meant,
        })
    }

    /// Plain queries first, then those that are typed otherwise: as the collection has them, or made by
    /// rule.
    pub fn ways(&self) -> Vec<(String, Vec<Query>)> {
        let mut ways = vec![("plain".to_owned(), self.queries.clone())];
        if self.disturbed.is_empty() {
            for (name, disturb) in WAYS {
                let typed = self.queries.iter().filter_map(|query| {
                    let text = disturb(&query.text)?;
                    let key = query.key.clone();
                    Some(Query { key, text })
                });
                ways.push((name.to_owned(), typed.collect()));
            }
        }
        ways.extend(self.disturbed.clone());
        ways.push(("meant".to_owned(), self.meant.clone()));
        ways.retain(|(_, queries)| !queries.is_empty());
        ways
    }
}

fn queries(path: &Path) -> Fallible<Vec<Query>> {
    let read = |line: &Json| {
        let (key, text) = (member(line, "_id")?, member(line, "text")?);
        Ok(Query { key, text })
    };
    lines(path)?.iter().map(read).collect()
}

fn lines(path: &Path) -> Fallible<Vec<Json>> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let read = |(place, line): (usize, &str)| {
        let wrong = |e| format!("{}, line {}: {e}", path.display(), place + 1);
        serde_json::from_str(line).map_err(|e| wrong(e).into())
    };
    let lines = text.lines().enumerate().filter(|(_, l)| !l.is_empty());
    lines.map(read).collect()
}

fn member(line: &Json, name: &str) -> Fallible<String> {
    match line.get(name) {
        Some(Json::String(text)) => Ok(text.clone()),
        Some(Json::Number(number)) => Ok(number.to_string()),
        _ => Err(format!("a line without `{name}`: {line}").into()),
    }
}

/// Rows of query, article and grade, or of query, run, article and grade; a heading is none.
fn relevant(text: &str) -> HashMap<String, HashMap<String, u32>> {
    let mut all: HashMap<String, HashMap<String, u32>> = HashMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let (query, article, grade) = match cells.as_slice() {
            [query, article, grade] | [query, _, article, grade] => (*query, *article, *grade),
            _ => continue,
        };
        let Ok(grade @ 1..) = grade.trim().parse() else {
            continue;
        };
        let of_query = all.entry(query.to_owned()).or_default();
        of_query.insert(article.to_owned(), grade);
    }
    all
}

/// Russian when more letters are Cyrillic than Latin.
fn locale(articles: &[Article]) -> &'static str {
    let letters = articles.iter().flat_map(|article| article.text.chars());
    let (mut cyrillic, mut latin) = (0_u64, 0_u64);
    for letter in letters {
        match letter {
            'а'..='я' | 'А'..='Я' => cyrillic += 1,
            'a'..='z' | 'A'..='Z' => latin += 1,
            _ => {}
        }
    }
    if cyrillic > latin { "ru" } else { "en" }
}
