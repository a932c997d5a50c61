//! The words of files: plain text, Markdown, HTML, DOCX and PDF. Whatever a file holds, its words
//! cost no more than its limits say; what cannot be read is told and nothing else.

mod archive;
mod docx;
mod pdf;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::{Format, plain};

/// Where the encoding of HTML is looked for.
const MAX_HEAD_BYTES: usize = 1_024;
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
        Sort::Plain => text(content, media_type)?.into_owned(),
        Sort::Markdown => plain(Format::Markdown, &text(content, media_type)?),
        Sort::Html => plain(Format::Html, &text(content, media_type)?),
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

/// The text of a file in the encoding that it names, by a mark at its beginning, the media type or in
/// HTML. What names none and is no UTF-8 is read as Russian programs of Windows write it.
fn text<'c>(content: &'c [u8], media_type: &str) -> Result<Cow<'c, str>, Unread> {
    if Encoding::for_bom(content).is_none() {
        if let Ok(text) = std::str::from_utf8(content) {
            return Ok(Cow::Borrowed(text));
        }
        // Text has no zeros, in whatever encoding that has no mark.
        if content.contains(&0) {
            return Err(Unread::Broken("is no text".to_owned()));
        }
    }
    let head = content.get(..MAX_HEAD_BYTES.min(content.len()));
    let head = String::from_utf8_lossy(head.unwrap_or_default());
    let named = charset(media_type).or_else(|| charset(&head));
    let encoding = named.unwrap_or(encoding_rs::WINDOWS_1251);
    match encoding.decode(content) {
        (text, _, false) => Ok(text),
        (_, used, true) => Err(Unread::Broken(format!("is no text in {}", used.name()))),
    }
}

/// The encoding that stands behind `charset=`.
fn charset(text: &str) -> Option<&'static Encoding> {
    let text = text.to_ascii_lowercase();
    let (_, rest) = text.split_once("charset=")?;
    let label: String = rest
        .trim_start_matches(['"', '\''])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_:".contains(*c))
        .collect();
    Encoding::for_label(label.as_bytes())
}

/// The beginning that is kept.
fn cut(mut words: String) -> String {
    if MAX_WORDS_BYTES < words.len() {
        words.truncate(words.floor_char_boundary(MAX_WORDS_BYTES));
    }
    words
}
