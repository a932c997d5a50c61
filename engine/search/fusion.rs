//! Meaning beside words: the first hits of a text are put in order by both.
//!
//! How near a document is to a text is for whoever asks to say ([`Nearness`]); here it is mixed into
//! the scores. The order is made once, for the first page: its cursor keeps it, so that what is
//! learned meanwhile, or not answered in time, moves no hit from one page to another.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::analysis::EXACT;
use super::collect::Row;
use super::cursor::SortKey;
use super::schema::split_id;
use super::words::{Matched, Role, Word};

/// The first hits by their words, which are put in order by meaning, too.
pub(super) const WINDOW: usize = 50;
/// Hits that are looked through for those that a cursor keeps: some may have come before them since.
pub(super) const LOOKED_THROUGH: usize = 2 * WINDOW;
/// Among few documents one is always the nearest, which tells little: fewer of them count less.
const ENOUGH: f32 = 10.0;
/// Words of the shortest text whose meaning tells more than its words.
const MIN_WORDS: usize = 2;
/// A word with so many digits is a code or a number: whoever types it means that very one.
const CODE_DIGITS: usize = 3;

/// Whoever can say what texts mean.
pub trait Meaning: fmt::Debug + Send + Sync {
    /// How near documents are to a text; none when it cannot be said, or not in time.
    fn nearness(&self, text: &str) -> Option<Arc<dyn Nearness>>;
}

/// How near documents are in meaning to a text.
pub trait Nearness: fmt::Debug + Send + Sync {
    /// Similarity to a document, from -1 to 1; none where nothing is known of it.
    fn of(&self, id: &[u8; 16]) -> Option<f32>;
}

/// What meaning gave to a hit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeaningPart {
    /// Similarity to what was asked, from -1 to 1.
    pub similarity: f32,
    /// What it added to the score.
    pub gave: f32,
}

/// What a text means, as its words were probably meant; none of a single word, and of a text with a
/// code, which is meant as it stands.
pub(super) fn asked(text: &str, words: &[Word]) -> Option<String> {
    let typed = |word: &Word| text.get(word.place.clone()).unwrap_or_default();
    let is_plain = |word: &Word| {
        let digits = typed(word).chars().filter(char::is_ascii_digit).count();
        word.role == Role::Word && digits < CODE_DIGITS
    };
    if words.len() < MIN_WORDS || !words.iter().all(is_plain) {
        return None;
    }
    let (mut meant, mut at) = (String::with_capacity(text.len()), 0);
    for word in words {
        let guess = word.guesses.first();
        let guess = guess.filter(|g| matches!(g.how, Matched::Layout | Matched::Corrected));
        if let (Some(guess), Some(before)) = (guess, text.get(at..word.place.start)) {
            meant.push_str(before);
            meant.push_str(guess.form.trim_start_matches(EXACT));
            at = word.place.end;
        }
    }
    meant.push_str(text.get(at..).unwrap_or_default());
    Some(meant)
}

/// How similarities become parts of scores, the same for all hits of a list.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Scale {
    /// What the most similar document gets.
    most: f32,
    /// Similarity of the least similar one, which gets nothing.
    low: f32,
    /// Similarity of the most similar one.
    high: f32,
}

/// The hits that come next where meaning has moved hits, and how they are scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Rest {
    scale: Scale,
    /// Lower halves of the ids, which are random. Hits by words alone follow.
    next: Vec<u64>,
}

/// A hit in its place.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) row: Row,
    pub(super) meaning: Option<MeaningPart>,
    /// Behind which hit by words the list goes on, and what comes before that.
    pub(super) behind: Option<(SortKey, [u8; 16], Rest)>,
}

impl Placed {
    /// A hit in its place by words.
    pub(super) const fn by_words(row: Row) -> Self {
        Self {
            row,
            meaning: None,
            behind: None,
        }
    }

    /// What it is ordered by.
    pub(super) fn score(&self) -> f32 {
        score_of(&self.row) + self.meaning.map_or(0.0, |part| part.gave)
    }
}

/// Puts the first hits in order by words and meaning; none when nothing is known of two of them.
pub(super) fn fuse(rows: &[Row], nearness: &dyn Nearness) -> Option<Vec<Placed>> {
    let (window, others) = rows.split_at(WINDOW.min(rows.len()));
    let known = window.iter().filter_map(|row| nearness.of(&row.id));
    let scale = Scale::of(known, window.first().map_or(0.0, score_of))?;
    let placed = |row: &Row| Placed {
        meaning: nearness.of(&row.id).map(|near| scale.part(near)),
        ..Placed::by_words(row.clone())
    };
    let mut all: Vec<Placed> = window.iter().map(placed).collect();
    all.sort_by(|a, b| {
        b.score()
            .total_cmp(&a.score())
            .then(a.row.id.cmp(&b.row.id))
    });
    let last = window.last()?;
    settle(&mut all, scale, (&last.key, last.id));
    all.extend(others.iter().cloned().map(Placed::by_words));
    Some(all)
}

/// The hits that a cursor keeps, as far as they are among these, in its order; `from` is the hit by
/// words behind which the others follow.
pub(super) fn go_on(
    rows: Vec<Row>,
    rest: &Rest,
    from: (&SortKey, [u8; 16]),
    nearness: Option<&dyn Nearness>,
) -> Vec<Placed> {
    let mut found: HashMap<u64, Row> = rows.into_iter().map(|row| (half(&row), row)).collect();
    let place = |key: &u64| {
        let row = found.remove(key)?;
        let near = nearness.and_then(|nearness| nearness.of(&row.id));
        Some(Placed {
            meaning: near.map(|near| rest.scale.part(near)),
            ..Placed::by_words(row)
        })
    };
    let mut all: Vec<Placed> = rest.next.iter().filter_map(place).collect();
    settle(&mut all, rest.scale, from);
    all
}

/// Tells each hit what comes behind it.
fn settle(all: &mut [Placed], scale: Scale, (key, id): (&SortKey, [u8; 16])) {
    let keys: Vec<u64> = all.iter().map(|placed| half(&placed.row)).collect();
    for (at, placed) in all.iter_mut().enumerate() {
        let next = keys.get(at + 1..).unwrap_or_default().to_vec();
        placed.behind = Some((key.clone(), id, Rest { scale, next }));
    }
}

impl Rest {
    /// Whether it can be what a page left.
    pub(super) fn is_sound(&self) -> bool {
        let Scale { most, low, high } = self.scale;
        most.is_finite() && (0.0..).contains(&most) && low < high && (high - low).is_finite()
    }
}

impl Scale {
    fn of(known: impl Iterator<Item = f32>, best: f32) -> Option<Self> {
        let (mut low, mut high, mut count) = (f32::INFINITY, f32::NEG_INFINITY, 0.0);
        for near in known {
            (low, high, count) = (low.min(near), high.max(near), count + 1.0);
        }
        (low < high).then_some(Self {
            most: best * (count / ENOUGH).min(1.0),
            low,
            high,
        })
    }

    fn part(self, similarity: f32) -> MeaningPart {
        let share = (similarity - self.low) / (self.high - self.low);
        MeaningPart {
            similarity,
            gave: self.most * share.clamp(0.0, 1.0),
        }
    }
}

const fn score_of(row: &Row) -> f32 {
    row.score
}

fn half(row: &Row) -> u64 {
    split_id(&row.id).1
}
