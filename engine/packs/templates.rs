//! Templates of recurrences in a move: they name the type and the fields of tickets yet to be made.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::moves::Moves;
use crate::domain::record::fields;

impl Moves {
    /// A template by the codes of the new revision; nothing when it stays as it is. Full codes are
    /// known, and bare ones where the template's type is one of the same pack.
    pub(super) fn template(&self, text: &str) -> Option<String> {
        let before: Map<String, Json> = serde_json::from_str(text).ok()?;
        let mut after = before.clone();
        let asked = before.get(fields::TYPE).and_then(Json::as_str);
        let type_code = asked.and_then(|asked| known(&self.types, asked, None));
        let pack = type_code.or(asked).and_then(|code| code.split_once('/'));
        let pack = pack.map(|(pack, _)| pack.to_owned());
        for (name, codes) in [
            (fields::TYPE, &self.types),
            (fields::STATUS, &self.statuses),
        ] {
            let old = before.get(name).and_then(Json::as_str);
            let old = old.and_then(|old| known(codes, old, pack.as_deref()));
            if let Some(new) = old.and_then(|old| codes.get(old)) {
                after.insert(name.to_owned(), Json::from(new.as_str()));
            }
        }
        for (old, new) in &self.options {
            move_option(&mut after, old, new, pack.as_deref());
        }
        for (old, new) in &self.fields {
            let named = names(old, pack.as_deref()).find(|name| after.contains_key(*name));
            if let Some(value) = named.and_then(|name| after.remove(name)) {
                after.entry(new.clone()).or_insert(value);
            }
        }
        (after != before).then(|| Json::Object(after).to_string())
    }
}

/// The full code that a template means, of those that move.
fn known<'c>(
    codes: &'c BTreeMap<String, String>,
    name: &str,
    pack: Option<&str>,
) -> Option<&'c str> {
    let bare = |code: &str| {
        let parts = code.split_once('/');
        parts.is_some_and(|(own, bare)| bare == name && pack.is_none_or(|pack| own == pack))
    };
    let mut meant = codes.keys().filter(|code| *code == name || bare(code));
    match (meant.next(), meant.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

/// What a field may be called: by its full code, and bare beside a type of its pack.
fn names<'c>(code: &'c str, pack: Option<&str>) -> impl Iterator<Item = &'c str> {
    let bare = code.split_once('/');
    let bare = bare
        .filter(|(own, _)| Some(*own) == pack)
        .map(|(_, bare)| bare);
    [code].into_iter().chain(bare)
}

/// An option that is renamed within its field; one that goes to another field is left, and the ticket
/// is refused with the reason.
fn move_option(after: &mut Map<String, Json>, old: &str, new: &str, pack: Option<&str>) {
    let (Some((field, code)), Some((_, to))) = (old.split_once(':'), new.split_once(':')) else {
        return;
    };
    let named = names(field, pack).find(|name| after.contains_key(*name));
    let Some(value) = named.and_then(|name| after.get_mut(name)) else {
        return;
    };
    let renamed = |item: &mut Json| {
        if item.as_str() == Some(code) {
            *item = Json::from(to);
        }
    };
    match value {
        Json::Array(items) => items.iter_mut().for_each(renamed),
        one => renamed(one),
    }
}
