//! Stems of single words, remembered while documents are indexed.

use tantivy::tokenizer::{Language, Stemmer, Token, TokenFilter, TokenStream, Tokenizer};

use super::schema::fnv;

/// Words whose stems are remembered, at most; a power of two.
const REMEMBERED: usize = 8_192;

/// Stems Russian and English words.
#[derive(Default)]
pub(super) struct Stems {
    russian: Option<WordStemmer>,
    english: Option<WordStemmer>,
    /// Word and stem, each at the place that the word's hash gives it: a text is written with few
    /// words, and stemming one costs ten times as much as finding it.
    known: Vec<(String, String)>,
}

impl Stems {
    /// Remembers words from now on.
    pub(super) fn remember(&mut self) {
        self.known.resize_with(REMEMBERED, Default::default);
    }

    /// The stem of a folded word in Cyrillic letters.
    pub(super) fn russian(&mut self, word: &str) -> &str {
        let slot = &mut self.russian;
        stem(slot, Language::Russian, &mut self.known, word)
    }

    /// The stem of a folded word in Latin letters.
    pub(super) fn english(&mut self, word: &str) -> &str {
        let slot = &mut self.english;
        stem(slot, Language::English, &mut self.known, word)
    }
}

fn stem<'a>(
    stemmer: &'a mut Option<WordStemmer>,
    language: Language,
    known: &'a mut [(String, String)],
    word: &str,
) -> &'a str {
    let stemmer = stemmer.get_or_insert_with(|| WordStemmer::new(language));
    if known.is_empty() {
        return stemmer.stem(word);
    }
    let hash = fnv(word.as_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "some bits are enough")]
    let place = (hash ^ (hash >> 32)) as usize % REMEMBERED;
    let Some((whole, kept)) = known.get_mut(place) else {
        return stemmer.stem(word);
    };
    if whole != word {
        whole.clear();
        whole.push_str(word);
        kept.clear();
        kept.push_str(stemmer.stem(word));
    }
    kept
}

/// Stems single words with tantivy's filter, which otherwise stems whole streams.
struct WordStemmer {
    stream: <<Stemmer as TokenFilter>::Tokenizer<Slot> as Tokenizer>::TokenStream<'static>,
}

impl WordStemmer {
    fn new(language: Language) -> Self {
        Self {
            stream: Stemmer::new(language).transform(Slot).token_stream(""),
        }
    }

    fn stem(&mut self, word: &str) -> &str {
        let token = self.stream.token_mut();
        token.text.clear();
        token.text.push_str(word);
        self.stream.advance();
        &self.stream.token().text
    }
}

/// A stream of the one token that its user puts in.
#[derive(Clone)]
struct Slot;

impl Tokenizer for Slot {
    type TokenStream<'a> = SlotStream;

    fn token_stream<'a>(&'a mut self, _text: &'a str) -> SlotStream {
        SlotStream(Token::default())
    }
}

struct SlotStream(Token);

impl TokenStream for SlotStream {
    fn advance(&mut self) -> bool {
        true
    }

    fn token(&self) -> &Token {
        &self.0
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.0
    }
}
