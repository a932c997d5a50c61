//! The articles of a desk, in a folder that nobody holds or on a running server.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::cli::client::{Client, Peer, items, text_of};
use crate::cli::failure::{Failure, Outcome};
use crate::desk::{Actor, Command, Desk, ListQuery, Request};
use crate::domain::entry::Visibility;
use crate::domain::{EntryBody, Id, Kind};

/// Articles, accounts or files that are read at once.
const PAGE: usize = 200;

/// The articles of a desk.
pub struct Shelf(pub Peer);

/// A file of an article.
#[derive(Debug, Clone)]
pub struct File {
    /// The entry.
    pub entry: String,
    /// Its name.
    pub name: String,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
    /// Whether only agents see it.
    pub internal: bool,
}

/// A record as JSON: its fields with its id.
pub type Fields = Map<String, Json>;

impl Shelf {
    /// All records of a kind.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn all(&self, kind: Kind) -> Outcome<Vec<Fields>> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let (page, next) = match &self.0 {
                Peer::Desk(desk) => listed(desk, kind, cursor)?,
                Peer::Server(client) => {
                    let path = format!("/v1/{}", crate::api::plural(kind));
                    paged(client, &path, cursor.as_deref())?
                }
            };
            all.extend(page);
            cursor = next;
            if cursor.is_none() {
                return Ok(all);
            }
        }
    }

    /// What records of a kind are called: `code`, else `external_id`, else the id, by id.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn names(&self, kind: Kind) -> Outcome<BTreeMap<String, String>> {
        let all = self.all(kind)?;
        let name = |fields: &Fields| {
            let text = |name: &str| fields.get(name).and_then(Json::as_str);
            let id = text("id").unwrap_or_default().to_owned();
            let called = text("code").or(text("external_id")).unwrap_or(&id);
            (id.clone(), called.to_owned())
        };
        Ok(all.iter().map(name).collect())
    }

    /// Makes an article, and gives its id.
    ///
    /// # Errors
    /// What the desk answers.
    pub fn create(&self, fields: Fields) -> Outcome<String> {
        match &self.0 {
            Peer::Desk(desk) => {
                let kind = Kind::Article;
                let reply = desk.run(&owner(), &Command::Create { kind, fields })?;
                Ok(reply.id.to_string())
            }
            Peer::Server(client) => {
                let made = client.post("/v1/articles", &Json::Object(fields))?;
                Ok(text_of(&made, "id").to_owned())
            }
        }
    }

    /// Changes an article.
    ///
    /// # Errors
    /// What the desk answers.
    pub fn update(&self, id: &str, fields: Fields) -> Outcome<()> {
        match &self.0 {
            Peer::Desk(desk) => {
                let (kind, id) = (Kind::Article, id_of(id)?);
                desk.run(&owner(), &Command::Update { kind, id, fields })?;
            }
            Peer::Server(client) => {
                client.patch(&format!("/v1/articles/{id}"), &Json::Object(fields))?;
            }
        }
        Ok(())
    }

    /// What the desk would say against an article, new or with an id: texts by field.
    ///
    /// # Errors
    /// When the desk cannot be asked.
    pub fn faults(&self, id: Option<&str>, fields: Fields) -> Outcome<Vec<(String, String)>> {
        let kind = Kind::Article;
        let tried: Outcome<()> = match (&self.0, id) {
            (Peer::Desk(desk), None) => {
                let command = Command::Create { kind, fields };
                desk.try_out(&owner(), &command).map_err(Into::into)
            }
            (Peer::Desk(desk), Some(id)) => {
                let id = id_of(id)?;
                let command = Command::Update { kind, id, fields };
                desk.try_out(&owner(), &command).map_err(Into::into)
            }
            (Peer::Server(client), None) => {
                let made = client.post("/v1/articles?dry_run=true", &Json::Object(fields));
                made.map(drop)
            }
            (Peer::Server(client), Some(id)) => {
                let path = format!("/v1/articles/{id}?dry_run=true");
                client.patch(&path, &Json::Object(fields)).map(drop)
            }
        };
        Ok(tried.err().map(Failure::by_field).unwrap_or_default())
    }

    /// The files of an article, oldest first.
    ///
    /// # Errors
    /// What the desk answers.
    pub fn files(&self, id: &str) -> Outcome<Vec<File>> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let (page, next) = match &self.0 {
                Peer::Desk(desk) => attached(desk, id_of(id)?, cursor.as_deref())?,
                Peer::Server(client) => {
                    let path = format!("/v1/articles/{id}/attachments");
                    let (page, next) = paged(client, &path, cursor.as_deref())?;
                    (page.into_iter().map(file_of).collect(), next)
                }
            };
            all.extend(page);
            cursor = next;
            if cursor.is_none() {
                return Ok(all);
            }
        }
    }

    /// Attaches a file.
    ///
    /// # Errors
    /// What the desk answers.
    pub fn attach(&self, id: &str, name: &str, content: Vec<u8>, is_public: bool) -> Outcome<()> {
        let media_type = media_type(name).to_owned();
        match &self.0 {
            Peer::Desk(desk) => {
                let command = Command::Attach {
                    kind: Kind::Article,
                    id: id_of(id)?,
                    name: name.to_owned(),
                    media_type,
                    content,
                    visibility: match is_public {
                        true => Visibility::Public,
                        false => Visibility::Internal,
                    },
                };
                desk.run(&owner(), &command)?;
            }
            Peer::Server(client) => {
                let visibility = if is_public { "public" } else { "internal" };
                let name = percent(name);
                let path =
                    format!("/v1/articles/{id}/attachments?name={name}&visibility={visibility}");
                client.post_file(&path, &media_type, &content)?;
            }
        }
        Ok(())
    }

    /// The content of a file.
    ///
    /// # Errors
    /// What the desk answers.
    pub fn content(&self, id: &str, entry: &str) -> Outcome<Vec<u8>> {
        match &self.0 {
            Peer::Desk(desk) => {
                let (id, entry) = (id_of(id)?, id_of(entry)?);
                Ok(desk.attachment(&Actor::System, Kind::Article, id, entry)?.1)
            }
            Peer::Server(client) => {
                client.get_bytes(&format!("/v1/articles/{id}/attachments/{entry}"))
            }
        }
    }
}

fn owner() -> Request {
    Request::by(Actor::System)
}

fn id_of(text: &str) -> Outcome<Id> {
    let wrong = |_| Failure::new(format!("`{text}` is no id"));
    text.parse().map_err(wrong)
}

type Listed = (Vec<Fields>, Option<String>);

fn listed(desk: &Desk, kind: Kind, cursor: Option<String>) -> Outcome<Listed> {
    let query = ListQuery {
        cursor,
        ..ListQuery::newest(kind, PAGE)
    };
    let page = desk.list(&Actor::System, &query)?;
    let fields = page.items.into_iter().map(|page| {
        let values = page.record.fields.iter();
        let mut fields: Fields = values
            .map(|(name, value)| (name.clone(), value.to_json()))
            .collect();
        fields.insert("id".to_owned(), json!(page.record.id));
        fields
    });
    Ok((fields.collect(), page.next))
}

fn paged(client: &Client, path: &str, cursor: Option<&str>) -> Outcome<Listed> {
    let after = cursor.map_or(String::new(), |c| format!("&cursor={c}"));
    let answer = client.get(&format!("{path}?limit={PAGE}{after}"))?;
    let objects = items(&answer, "items").iter().filter_map(Json::as_object);
    let next = answer.get("next").and_then(Json::as_str).map(str::to_owned);
    Ok((objects.cloned().collect(), next))
}

fn attached(desk: &Desk, id: Id, cursor: Option<&str>) -> Outcome<(Vec<File>, Option<String>)> {
    let is_file = |body: &EntryBody| matches!(body, EntryBody::Attachment { .. });
    let article = (Kind::Article, id);
    let page = desk.entries_where(&Actor::System, article, cursor, PAGE, is_file)?;
    let files = page
        .items
        .into_iter()
        .filter_map(|page| match page.entry.body {
            EntryBody::Attachment {
                name,
                hash,
                visibility,
                ..
            } => Some(File {
                entry: page.entry.id.to_string(),
                name,
                sha256: crate::api::hex(&hash),
                internal: visibility == Visibility::Internal,
            }),
            _ => None,
        });
    Ok((files.collect(), page.next))
}

fn file_of(fields: Fields) -> File {
    let json = Json::Object(fields);
    let text = |name: &str| text_of(&json, name).to_owned();
    File {
        entry: text("id"),
        name: text("name"),
        sha256: text("sha256"),
        internal: text("visibility") == "internal",
    }
}

/// The media type that a name's ending tells.
fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "pdf" => "application/pdf",
        "txt" | "log" => "text/plain",
        "csv" => "text/csv",
        "json" => "application/json",
        "zip" => "application/zip",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ => "application/octet-stream",
    }
}

/// A name as it stands in a query.
fn percent(name: &str) -> String {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    name.bytes()
        .map(|b| match fits(b) {
            true => char::from(b).to_string(),
            false => format!("%{b:02X}"),
        })
        .collect()
}
