//! HTML whose elements end where they should, nested no deeper than is good for a parser: parsers
//! of HTML repair what is not, at a cost that grows with depth times length.

use super::pieces::{Piece, is_dropped, pieces};

/// Elements that may stay.
pub const ALLOWED: [&str; 55] = [
    "a",
    "abbr",
    "b",
    "bdi",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "var",
];
/// Elements that have no end.
const VOID: [&str; 3] = ["br", "hr", "img"];
/// Elements that a parser opens again in each paragraph until they end.
const FORMATTING: [&str; 8] = ["a", "b", "code", "em", "i", "s", "small", "strong"];
/// Attributes that may stay.
const ATTRIBUTES: [&str; 11] = [
    "href", "src", "alt", "title", "lang", "colspan", "rowspan", "align", "start", "width",
    "height",
];
/// Deepest nesting.
const MAX_DEPTH: usize = 64;
/// Deepest nesting of formatting.
const MAX_FORMATTING: usize = 8;

/// Whether a name is that of an element of HTML that is known here.
pub fn is_known(name: &str) -> bool {
    ALLOWED.contains(&name)
        || is_dropped(name)
        || [
            "font", "center", "big", "tt", "u", "strike", "body", "html", "head", "meta", "link",
            "base", "form", "input", "button", "label", "svg", "math", "embed", "video", "audio",
            "source", "nav", "main", "article", "aside", "header", "footer", "wbr", "col", "time",
        ]
        .contains(&name)
}

/// The text with nothing but allowed elements, each ended, none too deep.
pub fn balanced(html: &str) -> String {
    let mut out = Out::default();
    for piece in pieces(html) {
        match piece {
            Piece::Text(text) => escape(&text, &mut out.html),
            Piece::Open(name, attrs) => out.open(&name, &attrs),
            Piece::Close(name) => out.close(&name),
        }
    }
    out.end()
}

#[derive(Default)]
struct Out {
    html: String,
    open: Vec<String>,
    formatting: usize,
}

impl Out {
    fn open(&mut self, name: &str, attrs: &[(String, String)]) {
        if !ALLOWED.contains(&name) {
            return;
        }
        let is_void = VOID.contains(&name);
        let formats = FORMATTING.contains(&name);
        if !is_void
            && (MAX_DEPTH <= self.open.len() || formats && MAX_FORMATTING <= self.formatting)
        {
            return;
        }
        self.html.push('<');
        self.html.push_str(name);
        for (attr, value) in attrs {
            let is_language = name == "code" && attr == "class";
            if ATTRIBUTES.contains(&attr.as_str()) || is_language {
                self.html.push(' ');
                self.html.push_str(attr);
                self.html.push_str("=\"");
                escape(value, &mut self.html);
                self.html.push('"');
            }
        }
        self.html.push('>');
        if !is_void {
            self.open.push(name.to_owned());
            self.formatting += usize::from(formats);
        }
    }

    fn close(&mut self, name: &str) {
        // The end of what was left out, or never began, ends nothing.
        if self.open.iter().any(|open| open == name) {
            while let Some(last) = self.close_last() {
                if last == name {
                    break;
                }
            }
        }
    }

    fn close_last(&mut self) -> Option<String> {
        let last = self.open.pop()?;
        self.formatting -= usize::from(FORMATTING.contains(&last.as_str()));
        self.html.push_str("</");
        self.html.push_str(&last);
        self.html.push('>');
        Some(last)
    }

    fn end(mut self) -> String {
        while self.close_last().is_some() {}
        self.html
    }
}

/// Escapes text for HTML and for attributes in double quotes.
pub fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}
