//! What a model is asked.

use std::time::Duration;

use thiserror::Error;

/// Most numbers of a vector.
pub const MAX_DIMENSIONS: usize = 8_192;

/// What a text is: models tell what is asked from what answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody's question.
    Query,
    /// A text that may answer one.
    Text,
}

/// A model that turns texts into vectors: those of alike meaning point in alike directions.
pub trait Embedder: Send + Sync {
    /// Name of the model and of all that changes its vectors: those of another name are made anew.
    fn model(&self) -> String;

    /// The vectors of texts, one for each, in order and of one length.
    ///
    /// # Errors
    /// When it cannot say them within the time.
    fn embed(
        &self,
        purpose: Purpose,
        texts: &[String],
        within: Duration,
    ) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// Why there are no vectors.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct EmbedError(pub String);

/// Asks, and checks the answer.
///
/// # Errors
/// When there is none, or it does not fit the texts.
pub(super) fn embed(
    embedder: &dyn Embedder,
    purpose: Purpose,
    texts: &[String],
    within: Duration,
) -> Result<Vec<Vec<f32>>, EmbedError> {
    let vectors = embedder.embed(purpose, texts, within)?;
    if vectors.len() != texts.len() {
        let message = format!("{} texts have {} vectors", texts.len(), vectors.len());
        return Err(EmbedError(message));
    }
    let length = vectors.first().map_or(0, Vec::len);
    if length > MAX_DIMENSIONS {
        let message = format!("a vector has {length} numbers, {MAX_DIMENSIONS} are the limit");
        return Err(EmbedError(message));
    }
    match vectors.iter().find(|vector| vector.len() != length) {
        Some(other) => Err(EmbedError(format!(
            "vectors have {length} and {} numbers",
            other.len()
        ))),
        None => Ok(vectors),
    }
}
