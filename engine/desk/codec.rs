//! Rows as bytes: a format number, then postcard.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Error, ErrorKind, Result};

/// The format that this build writes.
const FORMAT: u8 = 1;
/// Room for most rows, so that they are not moved while they grow.
const USUAL_BYTES: usize = 512;

/// Encodes a row.
///
/// # Errors
/// Never for the desk's own types; a value that cannot be encoded is an internal error.
pub fn encode<T: Serialize>(row: &T) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    bytes.push(FORMAT);
    postcard::to_extend(row, bytes)
        .map_err(|e| Error::internal(format!("a row cannot be encoded: {e}")))
}

/// Decodes a row.
///
/// # Errors
/// When the bytes are damaged or of a format this build does not know.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    decode_first(bytes).map(|(row, _)| row)
}

/// Decodes what a row begins with, and gives the bytes behind it.
///
/// # Errors
/// As [`decode`].
pub fn decode_first<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, &[u8])> {
    let damaged = |what: String| Error::new(ErrorKind::Internal, "corrupt", what);
    match bytes.split_first() {
        Some((&FORMAT, rest)) => postcard::take_from_bytes(rest)
            .map_err(|e| damaged(format!("a stored row cannot be read: {e}"))),
        Some((format, _)) => Err(damaged(format!(
            "a stored row has format {format}, this build reads {FORMAT}: use a newer build of opora"
        ))),
        None => Err(damaged("a stored row is empty".to_owned())),
    }
}
