//! Single rows that tell of a person: what it said of articles, its personal tags, queries that searches
//! keep, what administrators say to the search.

use serde::Serialize;

use super::Person;
use crate::desk::tuning::{Pin, Synonyms};
use crate::desk::votes::Vote;
use crate::desk::{Result, Variant, codec};
use crate::domain::erasing::{ERASED, Marks};
use crate::domain::learned::QueryCounts;
use crate::domain::{Id, Kind};

/// What becomes of a row; none when it tells nothing of the person.
pub(super) fn redacted(
    person: &Person,
    key: &[u8],
    bytes: &[u8],
) -> Result<Option<Option<Vec<u8>>>> {
    let marks = &person.marks;
    if let Some(rest) = key.strip_prefix(b"vote/p/") {
        let mut vote: Vote = codec::decode(bytes)?;
        let own = rest.get(16..).is_some_and(|whose| is(whose, person.place));
        let next = match own && !vote.comment.is_empty() {
            true => Some(ERASED.to_owned()).filter(|next| *next != vote.comment),
            false => marks.clean(&vote.comment),
        };
        let Some(next) = next else { return Ok(None) };
        vote.comment = next;
        return kept(&vote);
    }
    if key.starts_with(b"learn/q/") {
        let counts: QueryCounts = codec::decode(bytes)?;
        let tells = counts.text.is_some_and(|text| marks.clean(&text).is_some());
        return Ok(tells.then_some(None));
    }
    if key.starts_with(b"tuning/s/") {
        let mut row: Synonyms = codec::decode(bytes)?;
        let words = clean_all(marks, &mut row.words);
        let means = clean_all(marks, &mut row.means);
        return if words || means { kept(&row) } else { Ok(None) };
    }
    if key.starts_with(b"tuning/p/") {
        let mut row: Pin = codec::decode(bytes)?;
        let queries = clean_all(marks, &mut row.queries);
        return if queries { kept(&row) } else { Ok(None) };
    }
    if key.starts_with(b"report/v/") {
        let mut row: Variant = codec::decode(bytes)?;
        let mut texts = [std::mem::take(&mut row.name), std::mem::take(&mut row.spec)];
        let changed = clean_all(marks, &mut texts);
        [row.name, row.spec] = texts;
        return if changed { kept(&row) } else { Ok(None) };
    }
    if let Some(rest) = key.strip_prefix(b"tag/p/") {
        // What somebody told things apart by is nobody else's.
        return Ok(rest.starts_with(person.place.1.as_bytes()).then_some(None));
    }
    if let Some(rest) = key.strip_prefix(b"tag/r/") {
        let whose = rest.get(17..33);
        return Ok((whose == Some(person.place.1.as_bytes())).then_some(None));
    }
    Ok(None)
}

/// Whether a change of a row is one of what administrators say to the search.
pub(super) fn tunes(key: &[u8]) -> bool {
    key.starts_with(b"tuning/")
}

fn is(whose: &[u8], (kind, id): (Kind, Id)) -> bool {
    whose.split_first() == Some((&(kind as u8), id.as_bytes().as_slice()))
}

fn clean_all(marks: &Marks, texts: &mut [String]) -> bool {
    let mut changed = false;
    for text in texts {
        if let Some(clean) = marks.clean(text) {
            *text = clean;
            changed = true;
        }
    }
    changed
}

fn kept<T: Serialize>(row: &T) -> Result<Option<Option<Vec<u8>>>> {
    Ok(Some(Some(codec::encode(row)?)))
}
