//! Who wrote a mail: a person, a program that answers (RFC 3834), a list, or a mail server that tells
//! what became of another mail (RFC 3464).

use mail_parser::{HeaderValue, Message, MimeHeaders, PartType};

use super::text;
use crate::desk::{DeliveryReport, MailNature};

/// Most bytes of a report that are read.
const MAX_REPORT_BYTES: usize = 64 * 1_024;
/// Local parts of addresses that mail servers write from.
const SERVERS: [&str; 2] = ["mailer-daemon", "postmaster"];
/// Headers that only programs write when they answer.
const ANSWERING: [&str; 4] = [
    "x-autoreply",
    "x-autorespond",
    "x-auto-reply-from",
    "x-mail-autoreply",
];
/// Headers of lists and mass mails.
const OF_LISTS: [&str; 5] = [
    "list-id",
    "list-unsubscribe",
    "list-post",
    "feedback-id",
    "x-loop",
];

/// What a mail is.
pub fn of(mail: &Message<'_>) -> MailNature {
    if let Some(report) = report(mail) {
        return MailNature::Report(report);
    }
    // A receipt: that a mail was read, for one.
    let kind = mail.content_type();
    if kind.is_some_and(|k| k.ctype() == "multipart" && k.subtype() == Some("report")) {
        return MailNature::AutoReply;
    }
    let submitted = header(mail, "auto-submitted").unwrap_or_default();
    let submitted = submitted.split(';').next().unwrap_or_default().trim();
    if submitted == "auto-replied" {
        return MailNature::AutoReply;
    }
    let precedence = header(mail, "precedence").unwrap_or_default();
    if precedence == "auto_reply" || ANSWERING.iter().any(|n| header(mail, n).is_some()) {
        return MailNature::AutoReply;
    }
    // Nobody can be answered who gives no address for errors.
    if let Some(path) = header(mail, "return-path")
        && matches!(path.as_str(), "" | "<>")
    {
        return MailNature::AutoReply;
    }
    let is_bulk = matches!(precedence.as_str(), "bulk" | "list" | "junk");
    let automatic = !submitted.is_empty() && submitted != "no";
    if is_bulk || automatic || OF_LISTS.iter().any(|n| header(mail, n).is_some()) {
        return MailNature::Bulk;
    }
    MailNature::Personal
}

/// The ids of a header that holds Message-IDs, in their order.
pub fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    let texts: Vec<&str> = match value {
        HeaderValue::Text(one) => vec![one],
        HeaderValue::TextList(all) => all.iter().map(AsRef::as_ref).collect(),
        _ => Vec::new(),
    };
    let split = texts.into_iter().flat_map(str::split_whitespace);
    let bare = split.map(|id| id.trim_matches(['<', '>']));
    bare.filter(|id| !id.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A header's text in small letters, when it is there.
fn header(mail: &Message<'_>, name: &str) -> Option<String> {
    let mut all = mail.headers_raw();
    let (_, value) = all.find(|(n, _)| n.eq_ignore_ascii_case(name))?;
    Some(value.trim().to_lowercase())
}

/// What a mail server tells of another mail.
fn report(mail: &Message<'_>) -> Option<DeliveryReport> {
    let kind = mail.content_type();
    let is_report = kind.is_some_and(|kind| {
        kind.ctype() == "multipart"
            && kind.subtype() == Some("report")
            && kind
                .attribute("report-type")
                .is_none_or(|t| t.eq_ignore_ascii_case("delivery-status"))
    });
    if !is_report && !is_server(mail) {
        return None;
    }
    let mut found = DeliveryReport {
        about: Vec::new(),
        failed: !is_report,
        reason: String::new(),
    };
    for part in &mail.parts {
        let kind = part.content_type();
        let of = |ctype: &str, sub: &str| {
            kind.is_some_and(|k| k.ctype() == ctype && k.subtype() == Some(sub))
        };
        if of("message", "delivery-status") {
            let most = part.contents().len().min(MAX_REPORT_BYTES);
            let told = part.contents().get(..most).unwrap_or_default();
            read_status(&String::from_utf8_lossy(told), &mut found);
        } else if let PartType::Message(inner) = &part.body {
            found.about.extend(inner.message_id().map(str::to_owned));
        } else if of("text", "rfc822-headers") {
            let most = part.contents().len().min(MAX_REPORT_BYTES);
            let told = part.contents().get(..most).unwrap_or_default();
            found.about.extend(id_in(&String::from_utf8_lossy(told)));
        }
    }
    found.about.extend(ids(mail.in_reply_to()));
    found.about.extend(ids(mail.references()));
    if !is_report {
        // Servers of old tell in words only, and quote what they send back.
        found.about.extend(id_in(&text::body(mail)));
        found.reason = text::line(mail.subject().unwrap_or_default(), 300);
    }
    Some(found)
}

fn is_server(mail: &Message<'_>) -> bool {
    let from = mail.from().and_then(|from| from.first());
    let address = from.and_then(|from| from.address()).unwrap_or_default();
    let local = address.split('@').next().unwrap_or_default();
    SERVERS.iter().any(|name| local.eq_ignore_ascii_case(name))
}

/// Reads the fields of a delivery status: one that failed counts most.
fn read_status(status: &str, found: &mut DeliveryReport) {
    let mut reason = Vec::new();
    let status = status
        .replace("\r\n", "\n")
        .replace("\n ", " ")
        .replace("\n\t", " ");
    for line in status.lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = text::line(value, 300);
        match name.trim().to_ascii_lowercase().as_str() {
            "action" => found.failed |= value.eq_ignore_ascii_case("failed"),
            "status" | "diagnostic-code" | "final-recipient" => reason.push(value),
            _ => {}
        }
    }
    if found.reason.is_empty() {
        found.reason = reason.join(" ");
    }
}

/// The Message-ID that headers or a text name.
fn id_in(headers: &str) -> Option<String> {
    let mut lines = headers.lines();
    let named = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_id = name.trim().eq_ignore_ascii_case("message-id");
        is_id.then(|| value.trim().trim_matches(['<', '>']).to_owned())
    });
    named.filter(|id| !id.is_empty())
}
