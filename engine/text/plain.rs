//! The words of HTML.

use super::pieces::{Piece, pieces};

/// Elements whose words run on with those around them.
const INLINE: [&str; 34] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "img",
];

/// Text that is put together, block by block.
#[derive(Debug, Default)]
pub struct Words {
    text: String,
    /// Line breaks before the next word.
    breaks: usize,
}

impl Words {
    /// Adds text as it stands.
    pub fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            if 0 < self.breaks {
                self.text.truncate(self.text.trim_end_matches(' ').len());
            }
            for _ in 0..std::mem::take(&mut self.breaks) {
                self.text.push('\n');
            }
        }
        self.breaks = 0;
        self.text.push_str(text);
    }

    /// Adds text in which any white space is one blank.
    pub fn push_flowing(&mut self, text: &str) {
        for (place, word) in text.split(char::is_whitespace).enumerate() {
            if place > 0 {
                self.blank();
            }
            self.push(word);
        }
    }

    /// A blank between words, unless there is one.
    pub fn blank(&mut self) {
        let open = self.breaks == 0 && !self.text.is_empty();
        if open && !self.text.ends_with(char::is_whitespace) {
            self.text.push(' ');
        }
    }

    /// Whatever comes next begins a line, or after an empty one.
    pub fn line(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
    }

    /// The text.
    pub fn finish(self) -> String {
        self.text.trim_end().to_owned()
    }
}

/// The words of HTML, block by block; what is in scripts and styles is no word.
pub fn of_html(html: &str) -> String {
    let mut words = Words::default();
    add_html(html, &mut words);
    words.finish()
}

/// Adds the words of HTML.
pub fn add_html(html: &str, words: &mut Words) {
    let mut preformatted = 0_usize;
    for piece in pieces(html) {
        match piece {
            Piece::Text(text) if preformatted > 0 => words.push(&text),
            Piece::Text(text) => words.push_flowing(&text),
            Piece::Open(name, attrs) => {
                if name == "img" {
                    let alt = attrs.iter().find(|(name, _)| name == "alt");
                    words.push_flowing(alt.map_or("", |(_, alt)| alt));
                }
                preformatted += usize::from(name == "pre");
                separate(&name, words);
            }
            Piece::Close(name) => {
                if name == "pre" {
                    preformatted = preformatted.saturating_sub(1);
                }
                separate(&name, words);
            }
        }
    }
}

fn separate(name: &str, words: &mut Words) {
    match name {
        "td" | "th" => words.blank(),
        "br" | "li" | "tr" | "dt" | "dd" => words.line(1),
        name if INLINE.contains(&name) => {}
        _ => words.line(2),
    }
}
