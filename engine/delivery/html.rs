//! The HTML part of a mail: what a rule gave, made safe, or the text with its paragraphs, quotes and
//! links.

use crate::text::{Format, Links, safe_html};

/// What links begin with that are made of addresses in a text.
const SCHEMES: [&str; 2] = ["https://", "http://"];
/// What ends an address in a text whatever follows.
const ENDS: [char; 6] = ['<', '>', '"', '`', '«', '»'];
/// What an address does not end with: it belongs to the sentence.
const SENTENCE: [char; 8] = ['.', ',', ';', ':', '!', '?', '\'', '…'];

/// A mail's words as a page of HTML: `given` by a rule, or made of the text.
pub fn page(text: &str, given: Option<&str>) -> String {
    let body = match given {
        Some(html) => safe_html(Format::Html, html, &Links::new()),
        None => of_text(text),
    };
    format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>\n<body>\n{}\n</body></html>\n",
        body.trim()
    )
}

/// A text as HTML: a paragraph for each block, a quote for lines that begin with `>`.
fn of_text(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::with_capacity(text.len() + text.len() / 8 + 64);
    for block in text.split("\n\n") {
        let lines: Vec<&str> = block.lines().map(str::trim_end).collect();
        for run in lines.chunk_by(|one, next| is_quote(one) == is_quote(next)) {
            let quote = run.first().is_some_and(|line| is_quote(line));
            let bare = run.iter().map(|line| match quote {
                true => line.trim_start_matches('>').trim_start(),
                false => line,
            });
            let lines: Vec<&str> = bare.collect();
            let lines: &[&str] = trimmed(&lines);
            if lines.is_empty() {
                continue;
            }
            out.push_str(if quote { "<blockquote>" } else { "<p>" });
            for (place, line) in lines.iter().enumerate() {
                if place > 0 {
                    out.push_str("<br>\n");
                }
                write_line(line, &mut out);
            }
            out.push_str(if quote { "</blockquote>\n" } else { "</p>\n" });
        }
    }
    out
}

fn is_quote(line: &str) -> bool {
    line.starts_with('>')
}

/// Lines without empty ones before and behind.
fn trimmed<'l, 't>(lines: &'l [&'t str]) -> &'l [&'t str] {
    let filled = |line: &&str| !line.is_empty();
    let from = lines.iter().position(filled).unwrap_or(lines.len());
    let to = lines.iter().rposition(filled).map_or(from, |at| at + 1);
    lines.get(from..to).unwrap_or_default()
}

/// A line with its addresses as links; spaces that it begins with stay.
fn write_line(line: &str, out: &mut String) {
    let rest = line.trim_start();
    let deep = line.chars().count() - rest.chars().count();
    for _ in 0..deep.min(80) {
        out.push_str("&nbsp;");
    }
    let mut rest = rest;
    while let Some(at) = next_address(rest) {
        let (before, from) = rest.split_at(at);
        let (address, behind) = from.split_at(address_length(from));
        escape(before, out);
        out.push_str("<a href=\"");
        escape(address, out);
        out.push_str("\">");
        escape(address, out);
        out.push_str("</a>");
        rest = behind;
    }
    escape(rest, out);
}

/// Where the next address begins: at a scheme that no letter stands before and something follows.
fn next_address(text: &str) -> Option<usize> {
    let begins = |(at, _): &(usize, char)| {
        let (before, from) = text.split_at(*at);
        let free = !before.ends_with(char::is_alphanumeric);
        let scheme = SCHEMES.iter().find(|s| {
            let start = from.get(..s.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(s))
        });
        free && scheme.is_some_and(|scheme| scheme.len() < address_length(from))
    };
    let mut places = text.char_indices().filter(|(_, c)| matches!(c, 'h' | 'H'));
    places.find(begins).map(|(at, _)| at)
}

/// How far an address goes at the beginning of a text.
fn address_length(text: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || c.is_control() || ENDS.contains(&c);
    let mut address = text.split(ends).next().unwrap_or_default();
    loop {
        let opened = address.matches('(').count();
        let closed = address.matches(')').count();
        let shorter = match address.chars().next_back() {
            Some(')') if opened < closed => address.strip_suffix(')'),
            Some(last) if SENTENCE.contains(&last) => address.strip_suffix(last),
            _ => None,
        };
        match shorter {
            Some(shorter) => address = shorter,
            None => return address.len(),
        }
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // What no page may hold.
            c if c.is_control() && c != '\t' => out.push(' '),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_paragraphs_quotes_and_links() {
        let cases = [
            (
                "Hello,\r\nAnna\n\n\n\nbye",
                "<p>Hello,<br>\nAnna</p>\n<p>bye</p>\n",
            ),
            (
                "Ждём\n> было\n> так\nвот",
                "<p>Ждём</p>\n<blockquote>было<br>\nтак</blockquote>\n<p>вот</p>\n",
            ),
            ("a <b>&\"'", "<p>a &lt;b&gt;&amp;&quot;&#39;</p>\n"),
            ("  deep", "<p>&nbsp;&nbsp;deep</p>\n"),
            ("", ""),
            ("\n \n", ""),
        ];
        for (text, wanted) in cases {
            assert_eq!(of_text(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn addresses_are_links_and_nothing_else_is() {
        let link = |to: &str| format!("<a href=\"{to}\">{to}</a>");
        let cases = [
            (
                "см. https://desk.example/t/17.",
                format!("<p>см. {}.</p>\n", link("https://desk.example/t/17")),
            ),
            (
                "(http://x.example/a_(b))",
                format!("<p>({})</p>\n", link("http://x.example/a_(b)")),
            ),
            (
                "https://x.example/?a=1&b=\"2",
                format!("<p>{}&quot;2</p>\n", link("https://x.example/?a=1&amp;b=")),
            ),
            (
                "HTTPS://X.example",
                format!("<p>{}</p>\n", link("HTTPS://X.example")),
            ),
            (
                "javascript:alert(1) xhttp://no https:// httр://cyrillic",
                "<p>javascript:alert(1) xhttp://no https:// httр://cyrillic</p>\n".to_owned(),
            ),
        ];
        for (text, wanted) in cases {
            assert_eq!(of_text(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn what_a_rule_gives_runs_nothing() {
        let page = page(
            "x",
            Some(
                "<p onclick=\"x()\">Hi <script>alert(1)</script><a href=\"javascript:x\">there</a></p>",
            ),
        );
        assert!(page.contains("<p>Hi "), "{page}");
        for evil in ["onclick", "script", "alert"] {
            assert!(!page.contains(evil), "{evil}: {page}");
        }
    }
}
