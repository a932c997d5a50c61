//! HTML that runs nothing: an allow list applied by a parser of HTML.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use ammonia::{Builder, UrlRelative};

use super::Links;
use super::balance::{ALLOWED, balanced, escape};
use super::pieces::{Piece, pieces};

/// Schemes of links.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// The text as it stands, for what cannot be understood within the limits.
pub fn preformatted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str("<pre>");
    escape(text, &mut out);
    out.push_str("</pre>");
    out
}

/// The fragment with allowed elements, attributes and addresses only.
pub fn clean(html: &str, links: &Links) -> String {
    let links = links.clone();
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(ALLOWED))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("code", HashSet::from(["class"])),
            ("img", HashSet::from(["src", "alt", "width", "height"])),
            ("ol", HashSet::from(["start"])),
            ("td", HashSet::from(["colspan", "rowspan", "align"])),
            ("th", HashSet::from(["colspan", "rowspan", "align"])),
        ]))
        .generic_attributes(HashSet::from(["title", "lang"]))
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer nofollow"))
        .attribute_filter(
            move |element, attribute, value| match (element, attribute) {
                ("code", "class") => is_language(value).then_some(Cow::Borrowed(value)),
                ("a", "href") | ("img", "src") => address(&links, value),
                _ => Some(Cow::Borrowed(value)),
            },
        );
    builder.clean(&balanced(html)).to_string()
}

/// The class by which a block of code tells its language.
fn is_language(value: &str) -> bool {
    value.strip_prefix("language-").is_some_and(|name| {
        name.len() <= 32
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-_#.".contains(&b))
    })
}

/// Where a link leads: relative ones are looked up by name.
fn address<'u>(links: &Links, value: &'u str) -> Option<Cow<'u, str>> {
    let name = value.strip_prefix("./").unwrap_or(value);
    let found = links.get(name).or_else(|| links.get(&decoded(name)));
    if let Some(found) = found {
        return Some(Cow::Owned(found.clone()));
    }
    // An address without a scheme that begins with two slashes leads to another host, as one with
    // a scheme does; a backslash is read as a slash by browsers.
    let clear = !value.contains(['\\', '\0']) && !value.chars().any(char::is_control);
    clear.then_some(Cow::Borrowed(value))
}

/// A name with its percent signs resolved.
pub fn decoded(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|two| std::str::from_utf8(two).ok());
        match code.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Where the links and images of HTML lead.
pub fn targets(html: &str) -> Vec<String> {
    let of_piece = |piece: Piece| match piece {
        Piece::Open(name, attrs) if name == "a" || name == "img" => {
            let mut attrs = attrs.into_iter();
            attrs
                .find(|(name, _)| name == "href" || name == "src")
                .map(|(_, to)| to)
        }
        _ => None,
    };
    pieces(html).into_iter().filter_map(of_piece).collect()
}
