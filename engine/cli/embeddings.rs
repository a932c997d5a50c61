//! The model that gives meaning to searches of articles: where it is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;

use super::failure::{Failure, Outcome};
use crate::embeddings::{EmbeddingsOptions, HttpEmbedder, HttpOptions};

/// Longest wait of a search for the model, in milliseconds, when nothing is said.
const PATIENCE_MS: u64 = 200;

/// Flags about the model.
#[derive(Clone, Default, Args)]
pub struct EmbeddingsArgs {
    /// Address of a model that makes vectors of texts, such as
    /// `http://127.0.0.1:11434/v1/embeddings`; articles are found by meaning, too, then. It is sent
    /// the titles and beginnings of articles, and what is searched for.
    #[arg(long, env = "OPORA_EMBEDDINGS_URL", value_name = "URL")]
    embeddings_url: Option<String>,
    /// Name of the model, as its server knows it.
    #[arg(long, env = "OPORA_EMBEDDINGS_MODEL", value_name = "NAME")]
    embeddings_model: Option<String>,
    /// What questions begin with, for models that want it: `query: ` for those of E5.
    #[arg(long, env = "OPORA_EMBEDDINGS_QUERY_PREFIX", value_name = "TEXT")]
    embeddings_query_prefix: Option<String>,
    /// What articles begin with: `passage: ` for those of E5.
    #[arg(long, env = "OPORA_EMBEDDINGS_TEXT_PREFIX", value_name = "TEXT")]
    embeddings_text_prefix: Option<String>,
    /// `input_type` of questions, for servers that tell them from articles so, such as `query`.
    #[arg(long, env = "OPORA_EMBEDDINGS_QUERY_TYPE", value_name = "TEXT")]
    embeddings_query_type: Option<String>,
    /// `input_type` of articles, such as `document`.
    #[arg(long, env = "OPORA_EMBEDDINGS_TEXT_TYPE", value_name = "TEXT")]
    embeddings_text_type: Option<String>,
    /// What the model's server knows its callers by; better given in the environment or the settings
    /// file.
    #[arg(
        long,
        env = "OPORA_EMBEDDINGS_KEY",
        value_name = "TEXT",
        hide_env_values = true
    )]
    embeddings_key: Option<String>,
    /// Longest wait of a search for the model, in milliseconds; 200 when not given. Searches that it
    /// does not answer in time go by words alone.
    #[arg(long, env = "OPORA_EMBEDDINGS_PATIENCE_MS", value_name = "N")]
    embeddings_patience_ms: Option<u64>,
}

impl fmt::Debug for EmbeddingsArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddingsArgs")
            .field("embeddings_url", &self.embeddings_url)
            .field("embeddings_model", &self.embeddings_model)
            .finish_non_exhaustive()
    }
}

/// The table `[embeddings]` of the settings file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmbeddingsFile {
    url: Option<String>,
    model: Option<String>,
    query_prefix: Option<String>,
    text_prefix: Option<String>,
    query_type: Option<String>,
    text_type: Option<String>,
    key: Option<String>,
    patience_ms: Option<u64>,
}

impl fmt::Debug for EmbeddingsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddingsFile")
            .field("url", &self.url)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

impl EmbeddingsArgs {
    /// The model by flags, environment and settings file; none when no address is named.
    ///
    /// # Errors
    /// When the address is none, or the model has no name.
    pub fn options(&self, file: EmbeddingsFile) -> Outcome<Option<EmbeddingsOptions>> {
        let model = self.embeddings_model.clone().or(file.model);
        let Some(url) = self.embeddings_url.clone().or(file.url) else {
            return Ok(None);
        };
        let Some(model) = model.filter(|name| !name.is_empty()) else {
            return Err(Failure::new(
                "name the model: `--embeddings-model NAME`, or `model` in the table `embeddings`",
            ));
        };
        let either =
            |flag: &Option<String>, file: Option<String>| flag.clone().or(file).unwrap_or_default();
        let options = HttpOptions {
            query_prefix: either(&self.embeddings_query_prefix, file.query_prefix),
            text_prefix: either(&self.embeddings_text_prefix, file.text_prefix),
            query_type: self.embeddings_query_type.clone().or(file.query_type),
            text_type: self.embeddings_text_type.clone().or(file.text_type),
            key: self.embeddings_key.clone().or(file.key),
            url,
            model,
        };
        let embedder = HttpEmbedder::new(options)
            .map_err(|error| Failure::new(format!("`embeddings_url`: {error}")))?;
        let patience = self.embeddings_patience_ms.or(file.patience_ms);
        Ok(Some(EmbeddingsOptions {
            embedder: Arc::new(embedder),
            patience: Duration::from_millis(patience.unwrap_or(PATIENCE_MS).clamp(1, 10_000)),
        }))
    }
}
