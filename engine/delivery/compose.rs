//! A letter as a mail: RFC 5322 headers, MIME parts, everything encoded that is not ASCII.

use std::time::{Duration, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart};
use lettre::{Address, Message};

use super::html;
use crate::desk::Letter;
use crate::domain::Kind;

/// Address that mails leave from where the desk has none and nobody checks it: in files.
const NOBODY: &str = "desk@opora.invalid";

/// A mail as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// Address in the envelope, which errors go to.
    pub from: Address,
    /// Address in the envelope that it goes to.
    pub to: Address,
    /// The mail.
    pub bytes: Vec<u8>,
}

impl Composed {
    /// The envelope.
    ///
    /// # Errors
    /// When it is refused, in words.
    pub fn envelope(&self) -> Result<Envelope, String> {
        Envelope::new(Some(self.from.clone()), vec![self.to.clone()]).map_err(|e| e.to_string())
    }
}

/// Makes a mail of a letter.
///
/// # Errors
/// Why it cannot be one, in words.
pub fn compose(letter: &Letter) -> Result<Composed, String> {
    let item = &letter.item;
    let to: Mailbox =
        mailbox(&item.to).map_err(|e| format!("`{}` is no mail address: {e}", item.to))?;
    let sender = letter.sender.as_deref().unwrap_or(NOBODY);
    let address: Address = sender
        .parse()
        .map_err(|e| format!("the sender `{sender}` is no mail address: {e}"))?;
    let from = Mailbox::new(letter.service_name.clone(), address.clone());
    let secs = u64::try_from(item.at.timestamp()).unwrap_or(0);
    let mut mail = Message::builder()
        .date(UNIX_EPOCH + Duration::from_secs(secs))
        .from(from)
        .to(to.clone())
        .subject(subject(letter))
        .message_id(Some(format!("<{}>", letter.message_id())))
        .raw_header(header(
            "X-Opora-Record",
            format!("{}/{}", item.kind.name(), item.record),
        ));
    if let Some(answers) = &letter.answers {
        mail = mail.in_reply_to(format!("<{answers}>"));
    }
    if !letter.thread.is_empty() {
        let all: Vec<String> = letter.thread.iter().map(|id| format!("<{id}>")).collect();
        mail = mail.references(all.join(" "));
    }
    if letter.automatic {
        let how = if letter.answers.is_some() {
            "auto-replied"
        } else {
            "auto-generated"
        };
        mail = mail.raw_header(header("Auto-Submitted", how.to_owned()));
        // What programs of other makers look at before they answer.
        mail = mail.raw_header(header("X-Auto-Response-Suppress", "All".to_owned()));
    }
    let page = html::page(&item.text, letter.html.as_deref());
    let words = MultiPart::alternative_plain_html(item.text.clone(), page);
    let done = if letter.files.is_empty() {
        mail.multipart(words)
    } else {
        let mut parts = MultiPart::mixed().multipart(words);
        for file in &letter.files {
            let kind = ContentType::parse(&file.media_type);
            let kind = kind.unwrap_or_else(|_| octets());
            let part = Attachment::new(file.name.clone()).body(file.content.clone(), kind);
            parts = parts.singlepart(part);
        }
        mail.multipart(parts)
    };
    let mail = done.map_err(|e| format!("the mail cannot be written: {e}"))?;
    Ok(Composed {
        from: address,
        to: to.email,
        bytes: mail.formatted(),
    })
}

fn octets() -> ContentType {
    ContentType::parse("application/octet-stream").unwrap_or(ContentType::TEXT_PLAIN)
}

/// `Anna <anna@mill.example>`, or the address alone.
fn mailbox(text: &str) -> Result<Mailbox, String> {
    text.trim().parse::<Mailbox>().map_err(|e| e.to_string())
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// The subject with the number by which an answer finds its ticket again.
fn subject(letter: &Letter) -> String {
    let given = letter.item.subject.trim();
    match letter.number {
        Some(number) if letter.item.kind == Kind::Ticket && !names(given, number) => {
            format!("{given} [#{number}]").trim().to_owned()
        }
        _ => given.to_owned(),
    }
}

/// Whether a subject has the number in the form that an answer is found by.
fn names(subject: &str, number: i64) -> bool {
    crate::domain::subject::numbers(subject).contains(&number)
}
