//! The words of a DOCX: the paragraphs of its main part.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::archive;
use super::{MAX_WORDS_BYTES, Unread};

/// The part of the archive that holds the text.
const MAIN_PART: &str = "word/document.xml";
/// Events between two looks at the time.
const EVENTS_PER_LOOK: usize = 10_000;

/// The words of a document.
pub fn words(content: &[u8], goes_on: &mut dyn FnMut() -> bool) -> Result<String, Unread> {
    let xml = archive::part(content, MAIN_PART)?;
    let xml = std::str::from_utf8(&xml)
        .map_err(|_| Unread::Broken("its text is not UTF-8".to_owned()))?;
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    let mut words = String::new();
    let mut in_text = false;
    for number in 0_usize.. {
        if number.is_multiple_of(EVENTS_PER_LOOK) && !goes_on() {
            return Err(Unread::OutOfTime);
        }
        if MAX_WORDS_BYTES < words.len() {
            break;
        }
        let event = reader.read_event();
        match event.map_err(|e| Unread::Broken(e.to_string()))? {
            Event::Start(tag) => in_text = is(tag.local_name().as_ref(), "t"),
            Event::End(tag) => {
                in_text = false;
                let tag = tag.local_name();
                if is(tag.as_ref(), "p") {
                    words.push('\n');
                } else if is(tag.as_ref(), "tc") {
                    words.push(' ');
                }
            }
            Event::Empty(tag) => {
                let tag = tag.local_name();
                if is(tag.as_ref(), "tab") {
                    words.push(' ');
                } else if is(tag.as_ref(), "br") || is(tag.as_ref(), "cr") {
                    words.push('\n');
                }
            }
            Event::Text(text) if in_text => words.push_str(&text.xml10_content()),
            Event::GeneralRef(name) if in_text => match name.resolve_char_ref() {
                Ok(Some(c)) => words.push(c),
                _ => words.push_str(named(&name.xml10_content())),
            },
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(words)
}

fn is(tag: &str, name: &str) -> bool {
    tag == name
}

/// The characters that XML names.
fn named(name: &str) -> &'static str {
    match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => " ",
    }
}
