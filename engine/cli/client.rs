//! Where a subcommand works: in a folder that nobody holds, else through the running server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::Value as Json;

use super::failure::{Failure, GRANTS_NEEDED, Outcome, PACK_FAULT};
use super::folder::{Folder, Opening};
use super::settings::Shared;
use crate::desk::Desk;

/// Largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1_024 * 1_024;

/// Where a subcommand works.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Folder of the desk; `./opora-data` when not given.
    #[arg(long, env = "OPORA_DATA", value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// Address of a running server, instead of a folder.
    #[arg(long, env = "OPORA_URL", value_name = "URL", global = true)]
    url: Option<String>,
    /// Access token for a running server; the folder's `admin-token` when not given.
    #[arg(
        long,
        env = "OPORA_TOKEN",
        value_name = "TOKEN",
        global = true,
        hide_env_values = true
    )]
    token: Option<String>,
}

/// What a subcommand talks to.
pub enum Peer {
    /// The desk itself.
    Desk(Arc<Desk>),
    /// A running server.
    Server(Client),
}

/// A client of a running server.
pub struct Client {
    agent: ureq::Agent,
    url: String,
    token: String,
}

impl Place {
    /// The folder.
    ///
    /// # Errors
    /// When it holds no desk.
    pub fn folder(&self, shared: &Shared) -> Outcome<Folder> {
        let data = match &self.data {
            Some(data) => data.clone(),
            None => shared
                .data()?
                .unwrap_or_else(|| PathBuf::from("opora-data")),
        };
        Folder::existing(Path::new(&data))
    }

    /// The server, by its address or by the folder that it holds. Nothing is opened here.
    ///
    /// # Errors
    /// When none runs, or there is no token.
    pub fn server(&self, shared: &Shared) -> Outcome<Client> {
        if self.url.is_some() {
            return match self.peer(shared)? {
                Peer::Server(client) => Ok(client),
                Peer::Desk(_) => Err(Failure::new("no server is named")),
            };
        }
        let folder = self.folder(shared)?;
        let token = self.token.clone().or_else(|| folder.admin_token());
        Client::new(&folder.server()?.url, token)
    }

    /// The desk in the folder when nobody holds it, else the server that does.
    ///
    /// # Errors
    /// When neither can be reached.
    pub fn peer(&self, shared: &Shared) -> Outcome<Peer> {
        self.peer_as(shared, Opening::WithoutSearch)
    }

    /// The token that was given, or the folder's own.
    ///
    /// # Errors
    /// When there is neither.
    #[cfg(feature = "mcp")]
    pub fn secret(&self, shared: &Shared) -> Outcome<String> {
        let own = self.folder(shared)?.admin_token();
        let token = self.token.clone().or(own);
        token.ok_or_else(|| Failure::new("give --token or set OPORA_TOKEN"))
    }

    /// As [`Place::peer`], with the desk opened as it is said.
    ///
    /// # Errors
    /// When neither can be reached.
    pub fn peer_as(&self, shared: &Shared, opening: Opening) -> Outcome<Peer> {
        if let Some(url) = &self.url {
            let token = match (&self.token, self.folder(shared)) {
                (Some(token), _) => Some(token.clone()),
                (None, Ok(folder)) => folder.admin_token(),
                (None, Err(_)) => None,
            };
            return Ok(Peer::Server(Client::new(url, token)?));
        }
        let folder = self.folder(shared)?;
        if let Some(desk) = folder.try_open(opening)? {
            return Ok(Peer::Desk(desk));
        }
        let token = self.token.clone().or_else(|| folder.admin_token());
        Ok(Peer::Server(Client::new(&folder.server()?.url, token)?))
    }
}

impl Client {
    fn new(url: &str, token: Option<String>) -> Outcome<Self> {
        let Some(token) = token else {
            return Err(Failure::new(
                "the server wants a token: give --token or set OPORA_TOKEN",
            ));
        };
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(300)))
            .http_status_as_error(false)
            .build();
        Ok(Self {
            agent: config.new_agent(),
            url: url.trim_end_matches('/').to_owned(),
            token,
        })
    }

    /// Reads.
    ///
    /// # Errors
    /// What the server answers, or that it cannot be reached.
    pub fn get(&self, path: &str) -> Outcome<Json> {
        let request = self.agent.get(self.at(path));
        let request = request.header("Authorization", self.bearer());
        self.answer(request.call())
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// What the server answers, or that it cannot be reached.
    pub fn post(&self, path: &str, body: &impl serde::Serialize) -> Outcome<Json> {
        let request = self.agent.post(self.at(path));
        let request = request.header("Authorization", self.bearer());
        self.answer(request.send_json(body))
    }

    /// Posts JSON and takes the answer in a language.
    ///
    /// # Errors
    /// What the server answers, or that it cannot be reached.
    pub fn post_in(&self, path: &str, body: &impl serde::Serialize, locale: &str) -> Outcome<Json> {
        let request = self.agent.post(self.at(path));
        let request = request.header("Authorization", self.bearer());
        self.answer(request.header("Accept-Language", locale).send_json(body))
    }

    /// Posts JSON and takes the answer as text in a language.
    ///
    /// # Errors
    /// What the server answers, or that it cannot be reached.
    pub fn post_for_text(
        &self,
        path: &str,
        body: &impl serde::Serialize,
        locale: &str,
    ) -> Outcome<String> {
        let request = self.agent.post(self.at(path));
        let request = request.header("Authorization", self.bearer());
        let answer = request.header("Accept-Language", locale).send_json(body);
        let unreachable = |e: ureq::Error| {
            Failure::new(format!("the server at {} cannot be reached: {e}", self.url))
        };
        let mut answer = answer.map_err(unreachable)?;
        if !answer.status().is_success() {
            return self.answer(Ok(answer)).map(|_| String::new());
        }
        answer.body_mut().read_to_string().map_err(unreachable)
    }

    /// Posts bytes, and tells the status of the answer with what it says; none when there was no
    /// answer.
    ///
    /// # Errors
    /// Why the server cannot be reached.
    pub fn post_bytes(&self, path: &str, media: &str, body: &[u8]) -> Outcome<(u16, Json)> {
        let request = self.agent.post(self.at(path));
        let request = request.header("Authorization", self.bearer());
        let unreachable = |e: ureq::Error| {
            Failure::new(format!("the server at {} cannot be reached: {e}", self.url))
        };
        let answer = request.header("Content-Type", media).send(body);
        let mut answer = answer.map_err(unreachable)?;
        let text = answer.body_mut().read_to_string().map_err(unreachable)?;
        let told = serde_json::from_str(&text).unwrap_or(Json::Null);
        Ok((answer.status().as_u16(), told))
    }

    /// Asks, with a POST when there is a body, and tells the status of the answer with what it says.
    ///
    /// # Errors
    /// Why the server cannot be reached.
    #[cfg(feature = "mcp")]
    pub fn ask(&self, path: &str, body: Option<&Json>) -> Outcome<(u16, Json)> {
        let (at, bearer) = (self.at(path), self.bearer());
        let answer = match body {
            None => self.agent.get(at).header("Authorization", bearer).call(),
            Some(body) => {
                let request = self.agent.post(at).header("Authorization", bearer);
                request.send_json(body)
            }
        };
        let unreachable = |e: ureq::Error| {
            Failure::new(format!("the server at {} cannot be reached: {e}", self.url))
        };
        let mut answer = answer.map_err(unreachable)?;
        let text = answer.body_mut().read_to_string().map_err(unreachable)?;
        let told = serde_json::from_str(&text).unwrap_or(Json::Null);
        Ok((answer.status().as_u16(), told))
    }

    /// Changes by JSON.
    ///
    /// # Errors
    /// What the server answers, or that it cannot be reached.
    pub fn patch(&self, path: &str, body: &impl serde::Serialize) -> Outcome<Json> {
        let request = self.agent.patch(self.at(path));
        let request = request.header("Authorization", self.bearer());
        self.answer(request.send_json(body))
    }

    /// Posts a file.
    ///
    /// # Errors
    /// What the server answers, or that it cannot be reached.
    pub fn post_file(&self, path: &str, media_type: &str, body: &[u8]) -> Outcome<Json> {
        let request = self.agent.post(self.at(path));
        let request = request.header("Authorization", self.bearer());
        self.answer(request.header("Content-Type", media_type).send(body))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What the server answers, or that it cannot be reached.
    pub fn get_bytes(&self, path: &str) -> Outcome<Vec<u8>> {
        let request = self.agent.get(self.at(path));
        let request = request.header("Authorization", self.bearer());
        let unreachable = |e: ureq::Error| {
            Failure::new(format!("the server at {} cannot be reached: {e}", self.url))
        };
        let mut answer = request.call().map_err(unreachable)?;
        if !answer.status().is_success() {
            return self.answer(Ok(answer)).map(|_| Vec::new());
        }
        let body = answer.body_mut().with_config().limit(MAX_FILE_BYTES);
        body.read_to_vec().map_err(unreachable)
    }

    /// Deletes.
    ///
    /// # Errors
    /// What the server answers, or that it cannot be reached.
    pub fn delete(&self, path: &str) -> Outcome<Json> {
        let request = self.agent.delete(self.at(path));
        let request = request.header("Authorization", self.bearer());
        self.answer(request.call())
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn answer(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Outcome<Json> {
        let unreachable = |e: ureq::Error| {
            Failure::new(format!("the server at {} cannot be reached: {e}", self.url))
        };
        let mut answer = answer.map_err(unreachable)?;
        let text = answer.body_mut().read_to_string().map_err(unreachable)?;
        let body: Json = serde_json::from_str(&text).unwrap_or(Json::Null);
        if answer.status().is_success() {
            return Ok(body);
        }
        let faults = items(&body, "errors");
        let of_files = |fault: &Json| text_of(fault, "code") == PACK_FAULT;
        if !faults.is_empty() && faults.iter().all(of_files) {
            let texts = faults.iter().map(|f| text_of(f, "detail").to_owned());
            return Err(Failure::of_files(texts.collect()));
        }
        if text_of(&body, "code") == GRANTS_NEEDED {
            let asked = faults.iter().map(|f| text_of(f, "field").to_owned());
            let failure = Failure::new(text_of(&body, "detail"));
            return Err(failure.asking(asked.collect()));
        }
        if faults.is_empty() {
            let detail = match text_of(&body, "detail") {
                "" => &text,
                detail => detail,
            };
            let failure = Failure::new(format!("{}: {detail}", answer.status()));
            return Err(match answer.status().as_u16() {
                404 => failure.absent(),
                _ => failure,
            });
        }
        let of_field = |fault: &Json| {
            let text = |name: &str| text_of(fault, name).to_owned();
            (text("field"), text("detail"))
        };
        Err(Failure::of_fields(faults.iter().map(of_field).collect()))
    }
}

/// A text as part of a path or query.
#[must_use]
pub fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

/// A text in a JSON object; empty when there is none.
#[must_use]
pub fn text_of<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// A list in a JSON object; empty when there is none.
#[must_use]
pub fn items<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    let list = json.get(name).and_then(Json::as_array);
    list.map_or(&[], Vec::as_slice)
}
