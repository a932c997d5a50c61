//! The words of files: plain text, Markdown, HTML, DOCX and PDF. Whatever a file holds, its words
//! cost no more than its limits say; what cannot be read is told and nothing else.

mod archive;
mod docx;
mod pdf;
#[cfg(test)]
mod tests;

use super::{Format, plain};

/// Largest file in bytes that is read.
pub const MAX_FILE_BYTES: usize = 16 * 1_024 * 1_024;
/// Most bytes of words that are kept of a file; the rest is left out.
pub const MAX_WORDS_BYTES: usize = 200_000;
/// Most bytes that a packed piece of a file may unpack to.
const MAX_UNPACKED_BYTES: usize = 64 * 1_024 * 1_024;

/// Why a file has no words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// It is of another kind than those that are read.
    Unsupported,
    /// It is larger than what is read, or unpacks to more.
    TooLarge,
    /// Reading it took longer than allowed.
    OutOfTime,
    /// It is not what it says it is.
    Broken(String),
}

impl Unread {
    /// The reason as a word, and what is told beside it.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Unsupported => "unsupported".to_owned(),
            Self::TooLarge => "too_large".to_owned(),
            Self::OutOfTime => "out_of_time".to_owned(),
            Self::Broken(why) => {
                let short: String = why.chars().filter(|c| !c.is_control()).take(200).collect();
                format!("broken: {short}")
            }
        }
    }
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Plain,
    Markdown,
    Html,
    Docx,
    Pdf,
}

/// Whether files of this name and media type are read.
#[must_use]
pub fn is_read(name: &str, media_type: &str) -> bool {
    sort_of(name, media_type).is_some()
}

/// The words of a file. `goes_on` is asked between its parts whether there is time left.
///
/// # Errors
/// When it is of no kind that is read, too large, broken, or the time is up.
pub fn words(
    name: &str,
    media_type: &str,
    content: &[u8],
    goes_on: &mut dyn FnMut() -> bool,
) -> Result<String, Unread> {
    let sort = sort_of(name, media_type).ok_or(Unread::Unsupported)?;
    if MAX_FILE_BYTES < content.len() {
        return Err(Unread::TooLarge);
    }
    let words = match sort {
        Sort::Plain => text(content)?.to_owned(),
        Sort::Markdown => plain(Format::Markdown, text(content)?),
        Sort::Html => plain(Format::Html, text(content)?),
        Sort::Docx => docx::words(content, goes_on)?,
        Sort::Pdf => pdf::words(content, goes_on)?,
    };
    Ok(cut(words))
}

fn sort_of(name: &str, media_type: &str) -> Option<Sort> {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let media = media_type.split(';').next().unwrap_or_default().trim();
    // A name tells more than what browsers send for files they do not know.
    match ending.to_ascii_lowercase().as_str() {
        "md" | "markdown" => return Some(Sort::Markdown),
        "txt" | "log" | "csv" => return Some(Sort::Plain),
        "html" | "htm" => return Some(Sort::Html),
        "docx" => return Some(Sort::Docx),
        "pdf" => return Some(Sort::Pdf),
        _ => {}
    }
    match media.to_ascii_lowercase().as_str() {
        "text/plain" | "text/csv" => Some(Sort::Plain),
        "text/markdown" => Some(Sort::Markdown),
        "text/html" => Some(Sort::Html),
        "application/pdf" => Some(Sort::Pdf),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => {
            Some(Sort::Docx)
        }
        _ => None,
    }
}

fn text(content: &[u8]) -> Result<&str, Unread> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    std::str::from_utf8(content).map_err(|_| Unread::Broken("is not UTF-8".to_owned()))
}

/// The beginning that is kept.
fn cut(mut words: String) -> String {
    if MAX_WORDS_BYTES < words.len() {
        words.truncate(words.floor_char_boundary(MAX_WORDS_BYTES));
    }
    words
}
