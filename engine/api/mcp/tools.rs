//! The tools, each as questions to the API.

use axum::http::HeaderMap;
use serde_json::{Map, Value as Json, json};

use super::Question;

/// Longest answer of the API that is read.
pub const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// Longest answer of a tool in characters of JSON.
const MAX_CHARS: usize = 30_000;
/// How long texts may be in an answer that is too long otherwise, in characters: tried in turn.
const CUTS: [usize; 4] = [8_000, 2_000, 500, 200];
/// Hits of a search, and most of them.
const HITS: u64 = 8;
const MAX_HITS: u64 = 20;
/// Comments and messages of a ticket that are read.
const ENTRIES: usize = 50;

/// A tool.
pub struct ToolDef {
    /// Name.
    pub name: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// What it does, for programs.
    pub about: &'static str,
    /// Its parameters: name, type, whether it is needed, what it means.
    params: &'static [(&'static str, &'static str, bool, &'static str)],
}

const QUERY: &str = "Words to search for, in Russian or English; any form, typing mistakes are forgiven. `\"a phrase\"`, `-without`, `field:value` as in the search box.";
const SORT: &str = "Field to sort by instead of by relevance: `-updated_at` for the newest first.";
const LIMIT: &str = "Most hits, 1 to 20; 8 when not given.";
const CURSOR: &str = "`next` of the page before.";

/// Every tool.
pub const ALL: [ToolDef; 6] = [
    ToolDef {
        name: "search_articles",
        title: "Search the knowledge base",
        about: "Finds articles, best first, each with a snippet and how its words matched.",
        params: &[
            ("query", "string", true, QUERY),
            (
                "locale",
                "string",
                false,
                "Only articles in this language: `ru`, `en`.",
            ),
            ("sort", "string", false, SORT),
            ("limit", "integer", false, LIMIT),
            ("cursor", "string", false, CURSOR),
        ],
    },
    ToolDef {
        name: "search_tickets",
        title: "Search tickets",
        about: "Finds tickets, best first, each with a snippet and how its words matched.",
        params: &[
            ("query", "string", true, QUERY),
            ("sort", "string", false, SORT),
            ("limit", "integer", false, LIMIT),
            ("cursor", "string", false, CURSOR),
        ],
    },
    ToolDef {
        name: "read_article",
        title: "Read an article",
        about: "The whole article.",
        params: &[(
            "id",
            "string",
            true,
            "Id of the article, as a search gives it, or its number.",
        )],
    },
    ToolDef {
        name: "read_ticket",
        title: "Read a ticket",
        about: "The ticket, and what was said on it: at most 50 comments and messages, oldest first.",
        params: &[(
            "id",
            "string",
            true,
            "Id of the ticket, as a search gives it, or its number.",
        )],
    },
    ToolDef {
        name: "suggest",
        title: "Suggest help for a text",
        about: "Articles and solved tickets like a customer's words, each with why.",
        params: &[
            (
                "text",
                "string",
                true,
                "What the customer wrote, at most 60000 characters.",
            ),
            ("title", "string", false, "Its subject."),
            ("limit", "integer", false, LIMIT),
        ],
    },
    ToolDef {
        name: "suggest_for_ticket",
        title: "Suggest help for a ticket",
        about: "Articles and solved tickets like a ticket, each with why.",
        params: &[
            ("id", "string", true, "Id of the ticket, or its number."),
            ("limit", "integer", false, LIMIT),
        ],
    },
];

impl ToolDef {
    /// Where the records lie that its `id` names.
    pub fn path(&self) -> Option<&'static str> {
        match self.name {
            "read_article" => Some("/v1/articles"),
            "read_ticket" | "suggest_for_ticket" => Some("/v1/tickets"),
            _ => None,
        }
    }

    /// Its parameters as a JSON schema.
    pub fn schema(&self) -> Json {
        let property = |(name, of, _, about): &(&str, &str, bool, &str)| {
            (
                (*name).to_owned(),
                json!({"type": of, "description": about}),
            )
        };
        let properties: Map<String, Json> = self.params.iter().map(property).collect();
        let needed = self.params.iter().filter(|(_, _, needed, _)| *needed);
        let needed: Vec<&str> = needed.map(|(name, ..)| *name).collect();
        json!({
            "type": "object",
            "properties": properties,
            "required": needed,
            "additionalProperties": false,
        })
    }

    /// The questions that it asks, with the names of their answers; one without a name is the whole
    /// answer.
    ///
    /// # Errors
    /// A text that says which argument is wrong.
    pub fn questions(
        &self,
        given: &Map<String, Json>,
        headers: &HeaderMap,
    ) -> Result<Vec<(&'static str, Question)>, String> {
        self.check(given)?;
        let text = |name: &str| given.get(name).and_then(Json::as_str).unwrap_or_default();
        let limit = given.get("limit").and_then(Json::as_u64).unwrap_or(HITS);
        if limit == 0 || limit > MAX_HITS {
            return Err(format!("`limit` must lie between 1 and {MAX_HITS}"));
        }
        let question = |path: String, body: Option<Json>| Question {
            path,
            body,
            headers: headers.clone(),
        };
        let search = |path: &str| {
            let mut path = format!("{path}q={}&limit={limit}", encoded(text("query")));
            for name in ["locale", "sort", "cursor"] {
                if !text(name).is_empty() {
                    path.push_str(&format!("&{name}={}", encoded(text(name))));
                }
            }
            vec![("", question(path, None))]
        };
        let id = encoded(text("id"));
        Ok(match self.name {
            "search_articles" => search("/v1/articles/search?"),
            "search_tickets" => search("/v1/search?kind=ticket&"),
            "read_article" => vec![("", question(format!("/v1/articles/{id}"), None))],
            "read_ticket" => {
                let entries = format!("/v1/tickets/{id}/entries?limit={ENTRIES}");
                let ticket = question(format!("/v1/tickets/{id}"), None);
                vec![("ticket", ticket), ("entries", question(entries, None))]
            }
            "suggest" => {
                let body = json!({"title": text("title"), "text": text("text"), "limit": limit});
                vec![("", question("/v1/suggest".to_owned(), Some(body)))]
            }
            _ => {
                let path = format!("/v1/tickets/{id}/suggestions?limit={limit}");
                vec![("", question(path, None))]
            }
        })
    }

    fn check(&self, given: &Map<String, Json>) -> Result<(), String> {
        for name in given.keys() {
            if self.params.iter().all(|(known, ..)| known != name) {
                let known: Vec<&str> = self.params.iter().map(|(name, ..)| *name).collect();
                let short: String = name.chars().take(64).collect();
                return Err(format!(
                    "there is no argument `{short}`; known are {}",
                    known.join(", ")
                ));
            }
        }
        for (name, of, needed, _) in self.params {
            let fits = match given.get(*name) {
                None | Some(Json::Null) if *needed => {
                    return Err(format!("`{name}` is missing"));
                }
                None | Some(Json::Null) => true,
                Some(Json::String(text)) if *needed && text.trim().is_empty() => {
                    return Err(format!("`{name}` is empty"));
                }
                Some(Json::String(_)) => *of == "string",
                Some(number) => *of == "integer" && number.is_u64(),
            };
            if !fits {
                let article = if *of == "integer" { "an" } else { "a" };
                return Err(format!("`{name}` must be {article} {of}"));
            }
        }
        Ok(())
    }
}

/// A text as part of a path or query.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// An answer with its longest texts cut off, when it is too long.
pub fn bounded(answer: Json) -> Json {
    let length = |json: &Json| json.to_string().chars().count();
    if length(&answer) <= MAX_CHARS {
        return answer;
    }
    let mut cut = answer;
    for most in CUTS {
        shorten(&mut cut, most);
        if length(&cut) <= MAX_CHARS {
            return cut;
        }
    }
    json!({"too_long": "the answer is too long even with its texts cut off; ask for less"})
}

fn shorten(json: &mut Json, most: usize) {
    match json {
        Json::String(text) => {
            if let Some((at, _)) = text.char_indices().nth(most) {
                text.truncate(at);
                text.push('…');
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| shorten(item, most)),
        Json::Object(fields) => fields.values_mut().for_each(|field| shorten(field, most)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use serde_json::{Map, Value as Json, json};

    use super::{ALL, MAX_CHARS, bounded};

    fn asked(tool: &str, given: Json) -> Result<Vec<String>, String> {
        let def = ALL.iter().find(|def| def.name == tool).unwrap();
        let given: Map<String, Json> = given.as_object().unwrap().clone();
        let questions = def.questions(&given, &HeaderMap::new())?;
        Ok(questions.into_iter().map(|(_, q)| q.path).collect())
    }

    #[test]
    fn arguments_become_questions() {
        let path = |tool, given| asked(tool, given).unwrap().remove(0);
        assert_eq!(
            path("search_tickets", json!({"query": "чек & co", "limit": 3})),
            "/v1/search?kind=ticket&q=%D1%87%D0%B5%D0%BA%20%26%20co&limit=3"
        );
        assert_eq!(
            path("read_article", json!({"id": "../../tokens"})),
            "/v1/articles/..%2F..%2Ftokens"
        );
        assert_eq!(asked("read_ticket", json!({"id": "7"})).unwrap().len(), 2);
        for (tool, wrong) in [
            ("search_articles", json!({})),
            ("search_articles", json!({"query": " "})),
            ("search_articles", json!({"query": 7})),
            ("search_articles", json!({"query": "x", "limit": 21})),
            ("search_articles", json!({"query": "x", "limit": "3"})),
            ("read_article", json!({"id": "x", "delete": true})),
        ] {
            assert!(asked(tool, wrong.clone()).is_err(), "{tool} {wrong}");
        }
        let said = |given| asked("search_articles", given).unwrap_err();
        assert_eq!(said(json!({})), "`query` is missing");
        assert_eq!(said(json!({"query": ""})), "`query` is empty");
    }

    #[test]
    fn answers_are_bounded() {
        let short = json!({"body": "x"});
        assert_eq!(bounded(short.clone()), short);
        let long = bounded(json!({"body": "ж".repeat(200_000), "title": "T"}));
        assert_eq!(long["title"], "T");
        assert_eq!(long["body"].as_str().unwrap().chars().count(), 8_001);
        let many = json!({"items": vec![json!({"a": 1}); 20_000]});
        assert!(bounded(many).to_string().len() < MAX_CHARS);
    }
}
