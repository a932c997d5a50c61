//! Mails that come in: from the bytes of RFC 5322 to an interaction of the desk.

mod nature;
#[cfg(test)]
mod tests;
mod text;

use std::panic::{AssertUnwindSafe, catch_unwind};

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use crate::desk::{IncomingFile, IncomingMail, Interaction};
use crate::domain::subject;

/// Most bytes of the headers of a mail.
const MAX_HEADER_BYTES: usize = 256 * 1_024;
/// Most lines of the headers of a mail.
const MAX_HEADER_LINES: usize = 2_000;
/// Most parts of a mail.
const MAX_PARTS: usize = 500;
/// Most boundaries that a mail may announce: parts in parts.
const MAX_NESTING: usize = 50;
/// Most lines that may begin a part: what they cost is known before they are read.
const MAX_DASHES: usize = 10_000;
/// Most files that are taken of a mail.
const MAX_FILES: usize = 100;
/// Longest subject in bytes.
const MAX_SUBJECT_BYTES: usize = 900;
/// Longest text in bytes; what is longer is a file beside it.
const MAX_TEXT_BYTES: usize = 50_000;
/// Longest Message-ID in bytes; a longer one is told by its hash.
const MAX_ID_BYTES: usize = 400;
/// Most Message-IDs of one mail.
const MAX_REFERENCES: usize = 50;

/// Reads a mail.
///
/// # Errors
/// Why it is none, in words.
pub fn read(bytes: &[u8]) -> Result<Interaction, String> {
    check(bytes)?;
    // A parser that breaks on what a stranger sent is the stranger's fault, and stops nobody else.
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        MessageParser::default()
            .parse(bytes)
            .map(|m| taken(&m, bytes))
    }));
    match parsed {
        Ok(Some(event)) => event,
        Ok(None) => Err("there is no header that can be read".to_owned()),
        Err(_) => Err("its parts contradict each other".to_owned()),
    }
}

/// Refuses what only costs time.
fn check(bytes: &[u8]) -> Result<(), String> {
    let end = ends_at(bytes);
    let headers = bytes.get(..end).unwrap_or(bytes);
    if headers.len() > MAX_HEADER_BYTES {
        return Err(format!(
            "{} bytes of headers are over the limit of {MAX_HEADER_BYTES}",
            headers.len()
        ));
    }
    let lines = headers.iter().filter(|b| **b == b'\n').count();
    if lines > MAX_HEADER_LINES {
        return Err(format!(
            "{lines} lines of headers are over the limit of {MAX_HEADER_LINES}"
        ));
    }
    let nesting = count(bytes, b"multipart/", b'/');
    if nesting > MAX_NESTING {
        return Err(format!(
            "{nesting} parts of parts are over the limit of {MAX_NESTING}"
        ));
    }
    let dashes = count(bytes, b"\n--", b'-');
    if dashes > MAX_DASHES {
        return Err(format!(
            "{dashes} lines that may begin a part are over the limit of {MAX_DASHES}"
        ));
    }
    Ok(())
}

/// How often a word stands in bytes, in any letters; it ends with a byte that is looked for first.
fn count(bytes: &[u8], word: &[u8], last: u8) -> usize {
    let ends = bytes.iter().enumerate().filter(|(_, b)| **b == last);
    ends.filter(|(at, _)| {
        let from = (at + 1).checked_sub(word.len());
        let found = from.and_then(|from| bytes.get(from..=*at));
        found.is_some_and(|found| found.eq_ignore_ascii_case(word))
    })
    .count()
}

/// Where the headers end.
fn ends_at(bytes: &[u8]) -> usize {
    let double = bytes.windows(2).position(|w| w == b"\n\n");
    let dos = bytes.windows(4).position(|w| w == b"\r\n\r\n");
    let first = double.into_iter().chain(dos).min();
    first.unwrap_or(bytes.len())
}

fn taken(mail: &Message<'_>, bytes: &[u8]) -> Result<Interaction, String> {
    if mail.parts.len() > MAX_PARTS {
        return Err(format!(
            "{} parts are over the limit of {MAX_PARTS}",
            mail.parts.len()
        ));
    }
    let from = sender(mail);
    if from.is_none() && mail.subject().is_none() && mail.message_id().is_none() {
        return Err("it has no sender, no subject and no Message-ID".to_owned());
    }
    let subject = text::line(mail.subject().unwrap_or_default(), MAX_SUBJECT_BYTES);
    let nature = nature::of(mail);
    let mut files = files(mail);
    let whole = text::body(mail);
    let said = match text::cut(&whole, MAX_TEXT_BYTES) {
        Some(beginning) => {
            files.insert(
                0,
                IncomingFile {
                    name: "message.txt".to_owned(),
                    media_type: "text/plain; charset=utf-8".to_owned(),
                    content: whole.clone().into_bytes(),
                },
            );
            format!("{beginning}\n[…]")
        }
        None => whole,
    };
    let said = match (said.trim().is_empty(), subject.is_empty()) {
        (false, _) => said,
        (true, false) => subject.clone(),
        (true, true) => "(—)".to_owned(),
    };
    Ok(Interaction {
        external_id: Some(own_id(mail, bytes)),
        from,
        fields: fields(mail),
        mail: Some(Box::new(IncomingMail {
            references: references(mail),
            numbers: subject::numbers(&subject),
            nature,
            files,
        })),
        subject,
        ..Interaction::message("mail", &said)
    })
}

/// Who sent it: `Name <address>`.
fn sender(mail: &Message<'_>) -> Option<String> {
    let from = mail.from().or_else(|| mail.sender())?.first()?;
    let address = text::line(from.address()?, 254);
    if address.is_empty() {
        return None;
    }
    let name = text::line(from.name().unwrap_or_default(), 200);
    let name = name.replace(['<', '>', '"'], "");
    Some(match name.trim() {
        "" => address,
        name => format!("{name} <{address}>"),
    })
}

/// Its Message-ID, or what stands for one: the same mail has the same.
fn own_id(mail: &Message<'_>, bytes: &[u8]) -> String {
    match mail.message_id().map(str::trim) {
        Some(id) if is_plain(id) => id.to_owned(),
        _ => {
            let hash = Sha256::digest(bytes);
            let hex: Vec<String> = hash.iter().map(|b| format!("{b:02x}")).collect();
            format!("sha256:{}", hex.concat())
        }
    }
}

/// Whether an id can be kept as it is.
fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.len() <= MAX_ID_BYTES && !id.chars().any(char::is_control)
}

/// The Message-IDs of the mails that it answers, the nearest first.
fn references(mail: &Message<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut all: Vec<String> = nature::ids(mail.in_reply_to());
    let mut older = nature::ids(mail.references());
    older.reverse();
    all.append(&mut older);
    for id in all {
        if is_plain(&id) && !found.contains(&id) && found.len() < MAX_REFERENCES {
            found.push(id);
        }
    }
    found
}

/// Values of an inquiry that is made of it.
fn fields(mail: &Message<'_>) -> Map<String, Json> {
    let mut fields = Map::new();
    let to = mail.to().and_then(|to| to.first());
    if let Some(address) = to.and_then(|to| to.address()) {
        let address = text::line(address, 254);
        fields.insert("sent_to".to_owned(), json!(address));
    }
    fields
}

/// The files of a mail, mails in it among them.
fn files(mail: &Message<'_>) -> Vec<IncomingFile> {
    let mut files = Vec::new();
    for part in mail.attachments().take(MAX_FILES) {
        let kind = part.content_type();
        let media_type = kind.map_or_else(
            || "application/octet-stream".to_owned(),
            |kind| match kind.subtype() {
                Some(sub) => format!("{}/{sub}", kind.ctype()),
                None => kind.ctype().to_owned(),
            },
        );
        let content = match &part.body {
            PartType::Message(inner) => inner.raw_message().to_vec(),
            _ => part.contents().to_vec(),
        };
        let named = part.attachment_name().map(text::file_name);
        let name = named.filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| match &part.body {
            PartType::Message(_) => format!("mail-{}.eml", files.len() + 1),
            PartType::Text(_) => format!("part-{}.txt", files.len() + 1),
            PartType::Html(_) => format!("part-{}.html", files.len() + 1),
            _ => format!("part-{}", files.len() + 1),
        });
        files.push(IncomingFile {
            name,
            media_type: text::line(&media_type.to_ascii_lowercase(), 127),
            content,
        });
    }
    files
}
