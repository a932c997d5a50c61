//! What a mail says, as plain text.

use mail_parser::Message;

/// The text of a mail: its plain parts, else its HTML without tags, scripts and styles. What it quotes
/// stays.
pub fn body(mail: &Message<'_>) -> String {
    let mut said = Vec::new();
    for at in 0..mail.text_body_count() {
        if let Some(text) = mail.body_text(at) {
            said.push(plain(&text));
        }
    }
    said.retain(|text| !text.is_empty());
    said.join("\n\n")
}

/// Text with ends of lines as they are here, without other control characters, and without a crowd
/// of empty lines.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<String> = Vec::new();
    let mut empty = 0;
    for line in text.lines() {
        let line: String = line
            .chars()
            .filter(|c| *c == '\t' || !c.is_control())
            .collect();
        let line = line.trim_end();
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 3 {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n").trim().to_owned()
}

/// A text as one line of at most so many bytes.
pub fn line(text: &str, most: usize) -> String {
    let text = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let text: String = text.collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    match cut(&text, most) {
        Some(beginning) => beginning.to_owned(),
        None => text,
    }
}

/// The beginning of a text that has more bytes.
pub fn cut(text: &str, most: usize) -> Option<&str> {
    if text.len() <= most {
        return None;
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end)
}

/// The name of a file without folders.
pub fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = line(last, 200);
    match name.trim_matches('.') {
        "" => String::new(),
        _ => name,
    }
}
