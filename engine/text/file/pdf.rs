//! The words of a PDF, page after page. Only place of `lopdf::`, with what lies below it.
//!
//! The library reads the file as a whole and bounds how deep it nests and what one packed piece
//! unpacks to. What it keeps in all is bounded here, while it reads; so are pages, forms and fonts,
//! which it is asked for one by one. The maps from codes to letters are read by our own
//! (`cmap.rs`): a line of such a map names four thousand million letters if it likes, and the
//! library would write each of them down. What still breaks breaks a thread of its own
//! (`desk/files.rs`).

mod cmap;
mod page;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use lopdf::{DecompressError, Dictionary, Document, Error, LoadOptions, Object, ObjectId};

use super::{MAX_WORDS_BYTES, Unread};
use page::Writer;

/// Most bytes that packed lists of objects may unpack to, one and all that the library remembers.
const MAX_LIST_BYTES: usize = 2 * 1_024 * 1_024;
const MAX_LISTS_BYTES: usize = 8 * 1_024 * 1_024;
/// The least that one of them may have, and what the table of objects takes for each of them.
const MIN_LIST_BYTES: usize = 64 * 1_024;
const TABLE_BYTES: usize = 2 * 1_024;
/// Most bytes that all objects of a file may take, as they are reckoned here.
const MAX_KEPT_BYTES: usize = 96 * 1_024 * 1_024;
/// What an object is reckoned at, beside its texts.
const OBJECT_BYTES: usize = 64;
/// Longest way from a page to the root of their tree.
const MAX_PARENTS: usize = 32;
/// Most pages that are read.
const MAX_PAGES: usize = 20_000;

thread_local! {
    /// What the file that this thread reads may still take. The library's filter is a plain function.
    static LEFT: Cell<usize> = const { Cell::new(0) };
}

/// How reading ends early: the library has no other way out of its loops.
struct TooMuch;

/// The words of a document.
pub fn words(content: &[u8], goes_on: &mut dyn FnMut() -> bool) -> Result<String, Unread> {
    if !goes_on() {
        return Err(Unread::OutOfTime);
    }
    let document = load(content)?;
    let mut writer = Writer::new(&document);
    for page in document.page_iter().take(MAX_PAGES) {
        if MAX_WORDS_BYTES < writer.words.len() || writer.is_spent() {
            break;
        }
        if !goes_on() || !writer.page(page, &resources(&document, page), goes_on) {
            return Err(Unread::OutOfTime);
        }
    }
    Ok(writer.words)
}

fn load(content: &[u8]) -> Result<Document, Unread> {
    let list_bytes = list_bytes(content)?;
    LEFT.set(MAX_KEPT_BYTES);
    let options = LoadOptions {
        filter: Some(kept),
        max_decompressed_size: Some(list_bytes),
        ..LoadOptions::default()
    };
    let read = AssertUnwindSafe(|| Document::load_mem_with_options(content, options));
    let document = match catch_unwind(read) {
        Ok(Ok(document)) => document,
        Ok(Err(Error::Decompress(DecompressError::MemoryLimitExceeded { .. }))) => {
            return Err(Unread::TooLarge);
        }
        Ok(Err(e)) => return Err(Unread::Broken(e.to_string())),
        Err(thrown) if thrown.is::<TooMuch>() => return Err(Unread::TooLarge),
        Err(_) => return Err(Unread::Broken("the reader of PDFs gave up".to_owned())),
    };
    if document.is_encrypted() {
        return Err(Unread::Broken("it wants a password".to_owned()));
    }
    if document.page_iter().next().is_none() {
        return Err(Unread::Broken("has no pages".to_owned()));
    }
    Ok(document)
}

/// Whether an object is kept, as the library asks for each.
fn kept(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    let left = LEFT.get().checked_sub(cost(object));
    let Some(left) = left else {
        resume_unwind(Box::new(TooMuch));
    };
    LEFT.set(left);
    match object {
        // A picture has no letters.
        Object::Stream(stream) if is(&stream.dict, b"Subtype", b"Image") => None,
        // The library keeps the stream that it holds; what is answered is not looked at.
        Object::Stream(_) => Some((id, Object::Null)),
        _ => Some((id, object.clone())),
    }
}

/// The bytes that an object takes, roughly. The library nests objects no deeper than a hundred.
fn cost(object: &Object) -> usize {
    let of_dictionary = |dictionary: &Dictionary| -> usize {
        let entries = dictionary.iter();
        entries.map(|(name, value)| name.len() + cost(value)).sum()
    };
    let inside = match object {
        Object::Name(bytes) | Object::String(bytes, _) => bytes.len(),
        Object::Array(items) => items.iter().map(cost).sum(),
        Object::Dictionary(dictionary) => of_dictionary(dictionary),
        Object::Stream(stream) => stream.content.len() + of_dictionary(&stream.dict),
        _ => 0,
    };
    OBJECT_BYTES + inside
}

/// Most bytes that a list of objects may unpack to.
///
/// The length of a stream may stand in a list of objects, and the library keeps each list that it
/// looked into where it shows it to nobody. So there are no more lists and lengths of that sort than
/// may be kept. Their names stand in the file as it is: nothing is unpacked to count them.
fn list_bytes(content: &[u8]) -> Result<usize, Unread> {
    // Bookmarks have a first one, too: by reference.
    let lists = count(content, b"First", |value| !is_reference(value));
    let fair = MAX_LISTS_BYTES / lists.max(1);
    let least = MIN_LIST_BYTES.max(lists.saturating_mul(TABLE_BYTES));
    let most = fair.max(least).min(MAX_LIST_BYTES);
    let kept = MAX_LISTS_BYTES / most;
    if kept < lists && kept < count(content, b"Length", |value| !is_number(value)) {
        return Err(Unread::TooLarge);
    }
    Ok(most)
}

/// How often a name stands in a file, its letters as they are or in hexadecimal, before such a value.
fn count(content: &[u8], name: &[u8], before: fn(&[u8]) -> bool) -> usize {
    let places = content
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'/');
    let values = places.filter_map(|(at, _)| {
        let mut rest = content.get(at + 1..)?;
        for letter in name {
            rest = match rest {
                [b'#', high, low, after @ ..] if hex_is(*high, *low, *letter) => after,
                [first, after @ ..] if first == letter => after,
                _ => return None,
            };
        }
        Some(rest)
    });
    values.filter(|value| before(value)).count()
}

fn hex_is(high: u8, low: u8, letter: u8) -> bool {
    let digit = |byte| char::from(byte).to_digit(16);
    digit(high).zip(digit(low)) == Some((u32::from(letter >> 4), u32::from(letter & 15)))
}

/// Whether a value is certainly a reference: `12 0 R`.
fn is_reference(value: &[u8]) -> bool {
    let mut words = words_of(value);
    let is_digits = |word: &[u8]| word.iter().all(u8::is_ascii_digit);
    words.next().is_some_and(is_digits)
        && words.next().is_some_and(is_digits)
        && words.next().is_some_and(|word| word.starts_with(b"R"))
}

/// Whether a value is certainly a number: another name or the end of the dictionary follows.
fn is_number(value: &[u8]) -> bool {
    let mut words = words_of(value);
    let first = words.next().unwrap_or_default();
    let digits = first.iter().take_while(|b| b.is_ascii_digit()).count();
    let behind = first.get(digits..).filter(|rest| !rest.is_empty());
    let behind = behind.or_else(|| words.next()).unwrap_or_default();
    digits > 0 && matches!(behind.first(), Some(b'/' | b'>'))
}

fn words_of(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let words = value.split(u8::is_ascii_whitespace);
    words.filter(|word| !word.is_empty())
}

/// The resources of a page: its own, or those of the nearest branch of the tree that has any.
fn resources(document: &Document, page: ObjectId) -> Vec<&Dictionary> {
    let mut seen = HashSet::new();
    let mut at = document.get_dictionary(page).ok();
    while let Some(node) = at.filter(|_| seen.len() < MAX_PARENTS) {
        if let Some(found) = dictionary_in(document, node, b"Resources") {
            return vec![found];
        }
        let parent = node.get(b"Parent").and_then(Object::as_reference).ok();
        at = parent
            .filter(|parent| seen.insert(*parent))
            .and_then(|parent| document.get_dictionary(parent).ok());
    }
    Vec::new()
}

/// A dictionary in another, perhaps by reference.
fn dictionary_in<'d>(
    document: &'d Document,
    outer: &'d Dictionary,
    name: &[u8],
) -> Option<&'d Dictionary> {
    let (_, object) = document.dereference(outer.get(name).ok()?).ok()?;
    object.as_dict().ok()
}

fn is(dictionary: &Dictionary, name: &[u8], value: &[u8]) -> bool {
    let found = dictionary.get(name).and_then(Object::as_name);
    found.is_ok_and(|found| found == value)
}
