//! HTML as pieces: tags and text in order, before anybody asks what they mean together.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// Elements that are dropped with all that is in them.
const DROPPED: [&str; 12] = [
    "script", "style", "title", "textarea", "iframe", "noembed", "noframes", "noscript", "xmp",
    "template", "object", "select",
];

/// A piece of HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The beginning of an element, with its attributes.
    Open(String, Vec<(String, String)>),
    /// The end of an element.
    Close(String),
    /// Text between tags, with its character references resolved.
    Text(String),
}

/// Whether an element is dropped with all that is in it.
pub fn is_dropped(name: &str) -> bool {
    DROPPED.contains(&name)
}

/// The pieces of a text; comments and what is dropped as a whole are not among them.
pub fn pieces(html: &str) -> Vec<Piece> {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner().pieces
}

#[derive(Default)]
struct Sink(RefCell<Collected>);

#[derive(Default)]
struct Collected {
    pieces: Vec<Piece>,
    /// The element that is being dropped.
    dropping: Option<String>,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut all = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => all.text(&text),
            Token::TagToken(tag) => return all.tag(&tag),
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

impl Collected {
    fn text(&mut self, text: &str) {
        if self.dropping.is_some() {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = tag.name.to_string();
        if let Some(dropping) = &self.dropping {
            if tag.kind == TagKind::EndTag && *dropping == name {
                self.dropping = None;
            }
            return TokenSinkResult::Continue;
        }
        if tag.kind == TagKind::EndTag {
            self.pieces.push(Piece::Close(name));
            return TokenSinkResult::Continue;
        }
        if is_dropped(&name) {
            let raw = match name.as_str() {
                "script" => Some(RawKind::ScriptData),
                "title" | "textarea" => Some(RawKind::Rcdata),
                "template" | "object" | "select" => None,
                _ => Some(RawKind::Rawtext),
            };
            self.dropping = Some(name);
            return raw.map_or(TokenSinkResult::Continue, TokenSinkResult::RawData);
        }
        let attrs = tag.attrs.iter();
        let attrs = attrs.map(|a| (a.name.local.to_string(), a.value.to_string()));
        self.pieces.push(Piece::Open(name, attrs.collect()));
        TokenSinkResult::Continue
    }
}
