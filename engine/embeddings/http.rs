//! A model behind an address, asked as the makers of models have agreed: `POST` of
//! `{"model": …, "input": [texts]}`, for some with an `input_type`, answered by `{"data": [{"index": 0, "embedding": [numbers]}, …]}`.
//! Ollama, llama.cpp, vLLM, text-embeddings-inference and most hosted ones speak it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::embedder::{EmbedError, Embedder, Purpose};

/// Longest answer in bytes: sixteen vectors of the greatest length fit in.
const MAX_ANSWER_BYTES: u64 = 8 * 1_024 * 1_024;
/// Longest part of an answer that says what is wrong, in characters.
const MAX_SAID: usize = 200;

/// Where a model is, and how it is asked.
#[derive(Clone, Default)]
pub struct HttpOptions {
    /// Address, such as `http://127.0.0.1:11434/v1/embeddings`.
    pub url: String,
    /// Name of the model, as the server knows it.
    pub model: String,
    /// What questions begin with, for models that want it, such as `query: `.
    pub query_prefix: String,
    /// What texts begin with, such as `passage: `.
    pub text_prefix: String,
    /// `input_type` of questions, for servers that tell them from texts so, such as `query`.
    pub query_type: Option<String>,
    /// `input_type` of texts, such as `document`.
    pub text_type: Option<String>,
    /// What the server knows its callers by; none for one that asks for nothing.
    pub key: Option<String>,
}

/// A model behind an address.
pub struct HttpEmbedder {
    agent: ureq::Agent,
    options: HttpOptions,
}

#[derive(Serialize)]
struct Asked<'a> {
    model: &'a str,
    input: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_type: Option<&'a str>,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    index: usize,
    embedding: Vec<f32>,
}

impl HttpEmbedder {
    /// A model; it is asked nothing yet.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(options: HttpOptions) -> Result<Self, EmbedError> {
        let uri: Result<ureq::http::Uri, _> = options.url.parse();
        let scheme = uri.as_ref().ok().and_then(|uri| uri.scheme_str());
        if !matches!(scheme, Some("http" | "https")) {
            let message = "expected an address such as http://127.0.0.1:11434/v1/embeddings";
            return Err(EmbedError(message.to_owned()));
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("opora/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            agent: config.new_agent(),
            options,
        })
    }
}

impl Embedder for HttpEmbedder {
    fn model(&self) -> String {
        let HttpOptions {
            model,
            text_prefix,
            text_type,
            ..
        } = &self.options;
        format!("{model}\n{text_prefix}\n{text_type:?}")
    }

    fn embed(
        &self,
        purpose: Purpose,
        texts: &[String],
        within: Duration,
    ) -> Result<Vec<Vec<f32>>, EmbedError> {
        let options = &self.options;
        let (prefix, input_type) = match purpose {
            Purpose::Query => (&options.query_prefix, &options.query_type),
            Purpose::Text => (&options.text_prefix, &options.text_type),
        };
        let asked = Asked {
            model: &self.options.model,
            input: texts.iter().map(|text| format!("{prefix}{text}")).collect(),
            input_type: input_type.as_deref(),
        };
        let failed = |e: ureq::Error| EmbedError(format!("the model was not reached: {e}"));
        let request = self.agent.post(&self.options.url).config();
        let mut request = request.timeout_global(Some(within)).build();
        if let Some(key) = &self.options.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let mut answer = request.send_json(&asked).map_err(failed)?;
        if !answer.status().is_success() {
            let status = answer.status().as_u16();
            let said = answer.body_mut().read_to_string().unwrap_or_default();
            let said: String = said.chars().take(MAX_SAID).collect();
            return Err(EmbedError(format!("the model answers {status}: {said}")));
        }
        let body = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES);
        let Answer { mut data } = body.read_json().map_err(failed)?;
        data.sort_by_key(|item| item.index);
        let is_whole = data.iter().map(|item| item.index).eq(0..texts.len());
        if !is_whole {
            let (asked, came) = (texts.len(), data.len());
            let message = format!("{asked} texts were sent, and {came} vectors came back");
            return Err(EmbedError(message));
        }
        Ok(data.into_iter().map(|item| item.embedding).collect())
    }
}
