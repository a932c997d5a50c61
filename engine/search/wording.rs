//! What administrators say about words: which mean the same, and which say nothing.
//!
//! It is applied to a query when it is asked, never to documents, so that a change holds at once.
//! Words are compared by their stems: a form of a synonym is the synonym.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::words::{Role, Synonym, Word, spoken};

/// What a synonym counts, as against the word itself.
const WORTH: f32 = 0.9;
/// Synonyms of one word of a query that are searched.
const MAX_OF_WORD: usize = 24;

/// Words and phrases of which one may stand for another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SynonymSet {
    /// Language of the queries that it is for; all when there is none.
    pub locale: Option<String>,
    /// What is typed.
    pub words: Vec<String>,
    /// What is searched as well; when empty, each of the words finds all others.
    pub means: Vec<String>,
}

/// Synonyms and stop words, ready to be applied.
#[derive(Debug, Default)]
pub struct Wording {
    /// By the first stem of what is typed.
    synonyms: HashMap<String, Vec<Source>>,
    /// Languages by folded word.
    stop: HashMap<String, Vec<String>>,
}

#[derive(Debug)]
struct Source {
    locale: Option<String>,
    stems: Vec<String>,
    means: Vec<Arc<Meaning>>,
}

#[derive(Debug)]
struct Meaning {
    /// Its words, each with its terms.
    words: Vec<Vec<String>>,
    stems: Vec<String>,
}

impl Wording {
    /// Makes synonyms, and stop words by language, ready.
    #[must_use]
    pub fn new<'w>(
        synonyms: impl IntoIterator<Item = &'w SynonymSet>,
        stop: impl IntoIterator<Item = (&'w str, &'w [String])>,
    ) -> Self {
        let mut wording = Self::default();
        for set in synonyms {
            let read = |texts: &[String]| -> Vec<Arc<Meaning>> {
                let read = texts.iter().map(|text| Arc::new(Meaning::of(text)));
                read.filter(|m| !m.words.is_empty()).collect()
            };
            let typed = read(&set.words);
            let means = if set.means.is_empty() {
                typed.clone()
            } else {
                read(&set.means)
            };
            for source in typed {
                wording.add(set.locale.clone(), &source.stems, &means);
            }
        }
        for (locale, words) in stop {
            for word in words.iter().flat_map(|word| spoken(word)) {
                let locales = wording.stop.entry(word.form).or_default();
                locales.push(locale.to_owned());
            }
        }
        wording
    }

    fn add(&mut self, locale: Option<String>, stems: &[String], means: &[Arc<Meaning>]) {
        let Some(first) = stems.first() else { return };
        let others = means.iter().filter(|m| m.stems != stems).cloned();
        let source = Source {
            locale,
            stems: stems.to_vec(),
            means: others.collect(),
        };
        let sources = self.synonyms.entry(first.clone()).or_default();
        sources.push(source);
    }

    /// What a text is compared by with the texts that pins are for: its words by their stems, in no
    /// order, stop words of any language aside unless there are no others.
    #[must_use]
    pub fn key(&self, text: &str) -> String {
        let words = spoken(text);
        let says = |form: &String| !self.stop.contains_key(form);
        let all = !words.iter().any(|word| says(&word.form));
        let words = words.into_iter().filter(|w| all || says(&w.form));
        let stems: BTreeSet<String> = words.map(|word| word.stem).collect();
        let stems: Vec<String> = stems.into_iter().collect();
        stems.join(" ")
    }

    /// Gives the words of a text their synonyms, and takes stop words out unless all are.
    pub(super) fn apply(&self, text: &str, words: &mut Vec<Word>, locale: Option<&str>) {
        if !self.synonyms.is_empty() {
            self.widen(text, words, locale);
        }
        if self.stop.is_empty() {
            return;
        }
        let says_nothing = |word: &Word| {
            let form = word.terms.last().filter(|_| word.role == Role::Word);
            word.synonyms.is_empty() && self.is_stop(form, locale)
        };
        if !words.iter().all(says_nothing) {
            words.retain(|word| !says_nothing(word));
        }
    }

    /// Whether a word, by the term of its form, is a stop word.
    pub(super) fn is_stop(&self, form: Option<&String>, locale: Option<&str>) -> bool {
        let locales = form.and_then(|form| self.stop.get(form));
        locales.is_some_and(|all| all.iter().any(|own| fits(Some(own), locale)))
    }

    fn widen(&self, text: &str, words: &mut [Word], locale: Option<&str>) {
        let said = spoken(text);
        for at in 0..said.len() {
            let Some(rest) = said.get(at..) else { continue };
            let first = rest.first().and_then(|word| self.synonyms.get(&word.stem));
            for source in first.into_iter().flatten() {
                let is_said = rest.len() >= source.stems.len()
                    && rest.iter().zip(&source.stems).all(|(w, s)| w.stem == *s);
                if !is_said || !fits(source.locale.as_deref(), locale) {
                    continue;
                }
                for covered in rest.iter().take(source.stems.len()) {
                    let same =
                        |w: &&mut Word| w.place == covered.place || w.terms.contains(&covered.stem);
                    if let Some(word) = words.iter_mut().find(same) {
                        source.means.iter().for_each(|m| m.give(word));
                    }
                }
            }
        }
    }
}

impl Meaning {
    fn of(text: &str) -> Self {
        let words = spoken(text);
        Self {
            stems: words.iter().map(|word| word.stem.clone()).collect(),
            words: words.into_iter().map(|word| word.terms()).collect(),
        }
    }

    /// Each word that is typed gets a share: together they count as the phrase does, however many
    /// words either has.
    fn give(&self, word: &mut Word) {
        #[expect(clippy::cast_precision_loss, reason = "a handful of words")]
        let worth = WORTH / self.words.len() as f32;
        let synonym = Synonym {
            words: self.words.clone(),
            worth,
        };
        if word.synonyms.len() < MAX_OF_WORD && !word.synonyms.contains(&synonym) {
            word.synonyms.push(synonym);
        }
    }
}

/// Whether what is kept for a language holds for a query in another, either of which may be any.
#[must_use]
pub fn fits(kept: Option<&str>, asked: Option<&str>) -> bool {
    let (Some(kept), Some(asked)) = (kept, asked) else {
        return true;
    };
    let rest = asked
        .get(..kept.len())
        .filter(|a| a.eq_ignore_ascii_case(kept));
    rest.is_some_and(|_| {
        asked.len() == kept.len() || asked.as_bytes().get(kept.len()) == Some(&b'-')
    })
}
