//! Texts that people write: Markdown and HTML as HTML that runs nothing, and as plain text.
//!
//! Pure and bounded: no I/O, no clock, and the time and memory that a text costs grow with its
//! length alone, whatever is in it.

mod balance;
mod diff;
mod file;
mod html;
mod markdown;
mod pieces;
mod plain;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use diff::{Line, hunks};
pub use file::{MAX_FILE_BYTES, Unread, is_read, words};

/// Longest text in bytes that is understood; what is longer is taken as it stands.
pub const MAX_BYTES: usize = 2 * 1_024 * 1_024;

/// How a text is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// CommonMark with tables and strikethrough.
    #[default]
    Markdown,
    /// HTML.
    Html,
}

impl Format {
    /// The format that a record's field `format` names; Markdown unless it says otherwise.
    #[must_use]
    pub fn named(name: Option<&str>) -> Self {
        match name {
            Some("html") => Self::Html,
            _ => Self::Markdown,
        }
    }
}

/// Where relative links lead: addresses by the name that the text gives.
pub type Links = BTreeMap<String, String>;

/// A text as a fragment of HTML that runs nothing and loads nothing but images: allowed elements
/// and attributes only, links of `http`, `https`, `mailto` and `tel` or relative ones.
#[must_use]
pub fn safe_html(format: Format, text: &str, links: &Links) -> String {
    if MAX_BYTES < text.len() {
        return html::preformatted(text);
    }
    let rendered = match format {
        Format::Markdown => match markdown::to_html(text) {
            Some(rendered) => rendered,
            None => return html::preformatted(text),
        },
        Format::Html => text.to_owned(),
    };
    html::clean(&rendered, links)
}

/// What a reader reads of a text: words without marks, tags and the targets of links; code is kept.
#[must_use]
pub fn plain(format: Format, text: &str) -> String {
    if MAX_BYTES < text.len() {
        return text.to_owned();
    }
    match format {
        Format::Markdown => markdown::to_plain(text),
        Format::Html => plain::of_html(text),
    }
}

/// The relative links and images of a text by the names it gives them, each once: files that may lie
/// beside it.
#[must_use]
pub fn references(format: Format, text: &str) -> Vec<String> {
    if MAX_BYTES < text.len() {
        return Vec::new();
    }
    let mut all = match format {
        Format::Markdown => markdown::targets(text),
        Format::Html => html::targets(text),
    };
    all.retain(|target| is_relative(target));
    let mut names: Vec<String> = all
        .iter()
        .map(|target| html::decoded(target.strip_prefix("./").unwrap_or(target)))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether an address is a name beside the text: no scheme, no host, no root, no place in the text.
fn is_relative(target: &str) -> bool {
    let scheme = target.split(['/', '?', '#']).next().unwrap_or_default();
    !target.is_empty() && !target.starts_with(['/', '#', '?', '\\']) && !scheme.contains(':')
}
