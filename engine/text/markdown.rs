//! Markdown as HTML and as plain text.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::balance::is_known;
use super::pieces::is_dropped;
use super::plain::{Words, add_html};

/// Most marks of lists and quotes before the text of a line.
const MAX_MARKS: usize = 100;

fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

/// The text as HTML, which is not clean yet; none: it is nested too deeply to be meant.
pub fn to_html(text: &str) -> Option<String> {
    if is_too_deep(text) {
        return None;
    }
    let mut out = String::with_capacity(text.len() * 3 / 2);
    let events = parser(text).map(|event| match event {
        // What looks like a tag and is none was meant as text: `ls <folder>`.
        Event::InlineHtml(tag) if !is_html(&tag) => Event::Text(tag),
        event => event,
    });
    pulldown_cmark::html::push_html(&mut out, events);
    Some(out)
}

/// The words of the text.
pub fn to_plain(text: &str) -> String {
    if is_too_deep(text) {
        return text.to_owned();
    }
    let mut words = Words::default();
    let mut html = String::new();
    // The element whose content is not read.
    let mut dropping: Option<String> = None;
    for event in parser(text) {
        if let Event::InlineHtml(tag) = &event {
            dropping = match dropping {
                Some(name) if closes(tag, &name) => None,
                None if is_dropped(&name_of(tag)) => Some(name_of(tag)),
                other => other,
            };
        }
        if dropping.is_some() {
            // A paragraph ends whatever was begun in it.
            if !matches!(event, Event::End(TagEnd::Paragraph)) {
                continue;
            }
            dropping = None;
        }
        match event {
            Event::Start(tag) => begin(&tag, &mut words),
            Event::End(TagEnd::HtmlBlock) => add_html(&std::mem::take(&mut html), &mut words),
            Event::End(tag) => end(tag, &mut words),
            Event::Text(text) | Event::Code(text) => words.push(&text),
            Event::Html(part) => html.push_str(&part),
            Event::InlineHtml(tag) if !is_html(&tag) => words.push(&tag),
            Event::InlineHtml(tag) if name_of(&tag) == "br" => words.line(1),
            Event::SoftBreak => words.blank(),
            Event::HardBreak => words.line(1),
            _ => {}
        }
    }
    words.finish()
}

fn begin(tag: &Tag<'_>, words: &mut Words) {
    match tag {
        Tag::Item | Tag::TableRow | Tag::TableHead | Tag::List(_) => words.line(1),
        Tag::TableCell => words.blank(),
        Tag::Paragraph
        | Tag::Heading { .. }
        | Tag::BlockQuote(_)
        | Tag::CodeBlock(_)
        | Tag::Table(_)
        | Tag::HtmlBlock => words.line(2),
        _ => {}
    }
}

fn end(tag: TagEnd, words: &mut Words) {
    match tag {
        TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead => words.line(1),
        TagEnd::Paragraph
        | TagEnd::Heading(_)
        | TagEnd::BlockQuote(_)
        | TagEnd::CodeBlock
        | TagEnd::List(_)
        | TagEnd::Table => words.line(2),
        _ => {}
    }
}

/// Whether a tag in a line is one of HTML: a comment, or an element that is known.
fn is_html(tag: &str) -> bool {
    tag.starts_with("<!") || tag.starts_with("<?") || is_known(&name_of(tag))
}

fn name_of(tag: &str) -> String {
    let name = tag.trim_start_matches(['<', '/']);
    let name = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    name.take(1).collect::<String>().to_ascii_lowercase()
}

fn closes(tag: &str, name: &str) -> bool {
    tag.starts_with("</") && name_of(tag) == name
}

/// Whether a line begins with more marks than anybody writes: reading costs depth times lines.
fn is_too_deep(text: &str) -> bool {
    text.lines().any(|line| {
        let head = line
            .bytes()
            .take_while(|b| b">-+*.) \t0123456789".contains(b));
        let next = line.bytes().skip(1).chain([b' ']);
        let marks = head.zip(next).filter(|(mark, next)| match mark {
            b'>' => true,
            b'-' | b'+' | b'*' | b'.' | b')' => next.is_ascii_whitespace(),
            _ => false,
        });
        marks.count() > MAX_MARKS
    })
}

/// Where the links and images of the text lead; those in pieces of HTML, too.
pub fn targets(text: &str) -> Vec<String> {
    if is_too_deep(text) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for event in parser(text) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                all.push(dest_url.into_string());
            }
            Event::Html(part) | Event::InlineHtml(part) => all.extend(super::html::targets(&part)),
            _ => {}
        }
    }
    all
}
