//! What a page writes, in the order in which it writes it.
//!
//! A PDF places letters and knows no words: where lines, words and letters part is guessed from how
//! far the pen moves.

use std::collections::HashMap;
use std::rc::Rc;

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Encoding, Object, ObjectId, Stream};

use super::cmap::CMap;
use super::{MAX_WORDS_BYTES, dictionary_in, is};

/// Most bytes that the text of one page or form may unpack to; a larger one is a drawing.
const MAX_CONTENT_BYTES: usize = 2 * 1_024 * 1_024;
/// Most bytes that all of them may unpack to; the rest is left out.
const MAX_ALL_BYTES: usize = 64 * 1_024 * 1_024;
/// Most bytes that a map from codes to letters may unpack to.
const MAX_MAP_BYTES: usize = 1_024 * 1_024;
/// How deep forms may lie in forms, and how many are read.
const MAX_DEPTH: usize = 4;
const MAX_FORMS: usize = 2_000;
/// Fonts that are kept to be used again.
const MAX_FONTS: usize = 1_000;
/// Operations between two looks at the time.
const OPERATIONS_PER_LOOK: usize = 10_000;
/// A gap between letters of one string that is a blank, in thousandths of their height.
const GAP: f32 = -200.0;
/// How far the pen moves to the next letter when letters are placed one by one, in their height.
const NEXT_LETTER: f32 = 1.0;
/// How far it moves up or down within a line, likewise.
const SAME_LINE: f32 = 0.5;

/// How the codes of a font become letters.
enum Letters<'d> {
    Map(CMap),
    Encoding(Encoding<'d>),
    /// Nothing tells.
    Unknown,
}

/// Where the pen is.
#[derive(Debug, Clone, Copy)]
struct Pen {
    x: f32,
    y: f32,
    /// Width and height of one unit of the font.
    scale: (f32, f32),
    size: f32,
    /// Letters that were written since it moved; none after a new beginning.
    letters: Option<usize>,
}

/// Writes down what pages say.
pub struct Writer<'d> {
    document: &'d Document,
    pub words: String,
    fonts: HashMap<ObjectId, Rc<Letters<'d>>>,
    font: Rc<Letters<'d>>,
    pen: Pen,
    /// What stands between the words so far and the next ones.
    gap: Option<char>,
    bytes_left: usize,
    forms_left: usize,
}

impl<'d> Writer<'d> {
    pub fn new(document: &'d Document) -> Self {
        Self {
            document,
            words: String::new(),
            fonts: HashMap::new(),
            font: Rc::new(Letters::Unknown),
            pen: Pen::start(),
            gap: None,
            bytes_left: MAX_ALL_BYTES,
            forms_left: MAX_FORMS,
        }
    }

    /// Whether nothing more may be unpacked.
    pub const fn is_spent(&self) -> bool {
        self.bytes_left == 0
    }

    /// Writes a page down; false when the time is up.
    pub fn page(
        &mut self,
        page: ObjectId,
        resources: &[&'d Dictionary],
        goes_on: &mut dyn FnMut() -> bool,
    ) -> bool {
        let most = MAX_CONTENT_BYTES.min(self.bytes_left);
        let content = self.document.get_page_content_with_limit(page, most);
        let Ok(content) = content else {
            // What cannot be unpacked has no words; the next page may.
            self.bytes_left = self.bytes_left.saturating_sub(most);
            return true;
        };
        self.gap = Some('\n');
        self.write(&content, resources, 0, goes_on)
    }

    fn write(
        &mut self,
        content: &[u8],
        resources: &[&'d Dictionary],
        depth: usize,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> bool {
        self.bytes_left = self.bytes_left.saturating_sub(content.len());
        let Ok(content) = Content::decode(content) else {
            return true;
        };
        for (number, operation) in content.operations.iter().enumerate() {
            if MAX_WORDS_BYTES < self.words.len() {
                return true;
            }
            if number % OPERATIONS_PER_LOOK == OPERATIONS_PER_LOOK - 1 && !goes_on() {
                return false;
            }
            if operation.operator == "Do" {
                if !self.form(operation, resources, depth, goes_on) {
                    return false;
                }
            } else {
                self.operate(operation, resources);
            }
        }
        true
    }

    fn operate(&mut self, operation: &Operation, resources: &[&'d Dictionary]) {
        let operands = &operation.operands;
        let number = |at: usize| operands.get(at).and_then(|o| o.as_float().ok());
        match operation.operator.as_str() {
            "Tf" => {
                let name = operands.first().and_then(|name| name.as_name().ok());
                self.font = self.font_named(name.unwrap_or_default(), resources);
                self.pen.size = number(1).unwrap_or(1.0).abs();
            }
            "BT" => self.pen = self.pen.begun(),
            "Td" | "TD" => self.moved(number(0).unwrap_or(0.0), number(1).unwrap_or(0.0)),
            "Tm" => {
                let [a, d, x, y] = [0, 3, 4, 5].map(|at| number(at).unwrap_or(0.0));
                let from = self.pen;
                self.pen.scale = (a.abs(), d.abs());
                self.part(x - from.x, y - from.y);
                (self.pen.x, self.pen.y) = (x, y);
            }
            "T*" => self.part(0.0, f32::MAX),
            "Tj" => self.show(operands),
            "TJ" => {
                if let Some(Object::Array(items)) = operands.first() {
                    self.show(items);
                }
            }
            "'" | "\"" => {
                self.part(0.0, f32::MAX);
                self.show(
                    operands
                        .get(operands.len().saturating_sub(1)..)
                        .unwrap_or_default(),
                );
            }
            _ => {}
        }
    }

    /// The pen moves by so many units of the font.
    fn moved(&mut self, x: f32, y: f32) {
        let (x, y) = (x * self.pen.scale.0, y * self.pen.scale.1);
        self.part(x, y);
        self.pen.x += x;
        self.pen.y += y;
    }

    /// Decides what parts the words so far from those behind a move.
    fn part(&mut self, x: f32, y: f32) {
        let height = self.pen.size * self.pen.scale.1;
        let width = self.pen.size * self.pen.scale.0;
        let is_next = 0.0 < x && x <= width * NEXT_LETTER;
        let between = match self.pen.letters {
            _ if height * SAME_LINE < y.abs() => Some('\n'),
            Some(0..2) if is_next => None,
            _ => Some(' '),
        };
        // Of several moves the farthest counts.
        if self.gap != Some('\n') {
            self.gap = between.or(self.gap);
        }
        self.pen.letters = Some(0);
    }

    /// Writes strings down; numbers between them are gaps.
    fn show(&mut self, items: &[Object]) {
        for item in items {
            let Object::String(bytes, _) = item else {
                if item.as_float().is_ok_and(|gap| gap < GAP) {
                    self.gap = self.gap.or(Some(' '));
                }
                continue;
            };
            let font = Rc::clone(&self.font);
            let text = font.text(bytes);
            let letters = text.chars().filter(|c| !c.is_control());
            let mut written = 0;
            for letter in letters {
                if letter.is_whitespace() {
                    self.gap = self.gap.or(Some(' '));
                    continue;
                }
                if let Some(gap) = self.gap.take()
                    && !self.words.is_empty()
                {
                    self.words.push(gap);
                }
                self.words.push(letter);
                written += 1;
            }
            self.pen.letters = Some(self.pen.letters.unwrap_or(0) + written);
        }
    }

    /// Writes a form down where it stands; false when the time is up.
    fn form(
        &mut self,
        operation: &Operation,
        resources: &[&'d Dictionary],
        depth: usize,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> bool {
        let name = operation.operands.first().and_then(|n| n.as_name().ok());
        let found = name.and_then(|name| self.resource(resources, b"XObject", name));
        let stream = found.and_then(|(_, object)| object.as_stream().ok());
        let Some(stream) = stream.filter(|stream| is(&stream.dict, b"Subtype", b"Form")) else {
            return true;
        };
        if depth == MAX_DEPTH || self.forms_left == 0 || self.is_spent() {
            return true;
        }
        self.forms_left -= 1;
        if !goes_on() {
            return false;
        }
        let most = MAX_CONTENT_BYTES.min(self.bytes_left);
        let Ok(content) = stream.get_plain_content_with_limit(most) else {
            self.bytes_left = self.bytes_left.saturating_sub(most);
            return true;
        };
        let own = dictionary_in(self.document, &stream.dict, b"Resources");
        let inside: Vec<&Dictionary> = own.into_iter().chain(resources.iter().copied()).collect();
        let (font, pen) = (Rc::clone(&self.font), self.pen);
        self.gap = Some('\n');
        let done = self.write(&content, &inside, depth + 1, goes_on);
        (self.font, self.pen, self.gap) = (font, pen, Some('\n'));
        done
    }

    /// What the nearest resources know by a name, with its id when it is there by reference.
    fn resource(
        &self,
        resources: &[&'d Dictionary],
        sort: &[u8],
        name: &[u8],
    ) -> Option<(Option<ObjectId>, &'d Object)> {
        resources.iter().find_map(|all| {
            let named = dictionary_in(self.document, all, sort)?;
            self.document.dereference(named.get(name).ok()?).ok()
        })
    }

    fn font_named(&mut self, name: &[u8], resources: &[&'d Dictionary]) -> Rc<Letters<'d>> {
        let found = self.resource(resources, b"Font", name);
        let Some((id, font)) = found.and_then(|(id, o)| Some((id, o.as_dict().ok()?))) else {
            return Rc::new(Letters::Unknown);
        };
        if let Some(known) = id.and_then(|id| self.fonts.get(&id)) {
            return Rc::clone(known);
        }
        if MAX_FONTS <= self.fonts.len() {
            return Rc::new(Letters::Unknown);
        }
        let letters = Rc::new(Letters::of(self.document, font));
        // One that stands in the resources themselves is read again each time, at a cost.
        self.bytes_left = self.bytes_left.saturating_sub(letters.cost());
        if let Some(id) = id {
            self.fonts.insert(id, Rc::clone(&letters));
        }
        letters
    }
}

impl<'d> Letters<'d> {
    fn of(document: &'d Document, font: &'d Dictionary) -> Self {
        let map = font.get(b"ToUnicode").ok();
        let map = map.and_then(|map| document.dereference(map).ok());
        if let Some(map) = map.and_then(|(_, map)| map.as_stream().ok()) {
            return Self::mapped(map);
        }
        // Without a map, the codes of a composite font are numbers of drawings.
        if is(font, b"Subtype", b"Type0") {
            return Self::Unknown;
        }
        let encoding = font.get_font_encoding_with_limit(document, MAX_MAP_BYTES);
        encoding.map_or(Self::Unknown, Self::Encoding)
    }

    fn mapped(map: &Stream) -> Self {
        let bytes = map.get_plain_content_with_limit(MAX_MAP_BYTES);
        bytes.map_or(Self::Unknown, |bytes| Self::Map(CMap::read(&bytes)))
    }

    fn text(&self, bytes: &[u8]) -> String {
        match self {
            Self::Map(map) => map.text(bytes),
            Self::Encoding(encoding) => encoding.bytes_to_string(bytes).unwrap_or_default(),
            Self::Unknown => String::new(),
        }
    }

    /// What it may have cost to read.
    const fn cost(&self) -> usize {
        match self {
            Self::Map(map) => map.bytes,
            _ => 1_024,
        }
    }
}

impl Pen {
    const fn start() -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            scale: (1.0, 1.0),
            size: 1.0,
            letters: None,
        }
    }

    /// At the beginning of a text, with the font as it was.
    const fn begun(self) -> Self {
        Self {
            size: self.size,
            ..Self::start()
        }
    }
}
