//! What upgrades renamed, for what was set before them and stands beside records: timers of rules and
//! surveys name codes of the revision that set them, and come due under a later one.
//!
//! They are not rewritten: each is read by the names of today, through every upgrade since it was set.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::load::Loaded;
use super::moves::{Moves, picked};
use crate::domain::Id;

/// Most upgrades that are kept of a pack. Nothing waits through more of them.
const MAX_KEPT: usize = 64;
/// Deepest lists and maps in data that are looked into.
const MAX_DEPTH: usize = 32;

/// What one upgrade renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renamed {
    /// What has a smaller id was set before.
    pub before: Id,
    /// Names of timers, without the pack.
    pub timers: BTreeMap<String, String>,
    /// Surveys.
    pub surveys: BTreeMap<String, String>,
    /// Types and statuses.
    pub codes: BTreeMap<String, String>,
    /// Fields.
    pub fields: BTreeMap<String, String>,
}

impl Renamed {
    /// What an upgrade, or the way back, renames.
    #[must_use]
    pub fn between(old: &Loaded, new: &Loaded, moves: &Moves, before: Id) -> Self {
        let surveys = |pack: &Loaded| {
            let all = pack.definitions.surveys.iter();
            all.map(|s| s.code.clone()).collect()
        };
        let (forth, back) = (&new.manifest.replaced, &old.manifest.replaced);
        Self {
            before,
            timers: timers(old, new),
            surveys: picked(&surveys(old), &surveys(new), &forth.surveys, &back.surveys),
            codes: moves
                .types
                .iter()
                .chain(&moves.statuses)
                .map(owned)
                .collect(),
            fields: moves.fields.clone(),
        }
    }

    fn is_empty(&self) -> bool {
        self.timers.is_empty()
            && self.surveys.is_empty()
            && self.codes.is_empty()
            && self.fields.is_empty()
    }

    fn data(&self, json: Json, depth: usize) -> Json {
        if depth == 0 {
            return json;
        }
        match json {
            Json::String(text) => Json::String(self.codes.get(&text).cloned().unwrap_or(text)),
            Json::Array(items) => {
                let items = items.into_iter().map(|item| self.data(item, depth - 1));
                Json::Array(items.collect())
            }
            Json::Object(members) => {
                let members = members.into_iter().map(|(key, value)| {
                    let key = self.fields.get(&key).cloned().unwrap_or(key);
                    (key, self.data(value, depth - 1))
                });
                Json::Object(members.collect::<Map<_, _>>())
            }
            other => other,
        }
    }
}

fn owned((old, new): (&String, &String)) -> (String, String) {
    (old.clone(), new.clone())
}

/// Timers are named nowhere but in rules: what takes the place of a name is what the newer version
/// says, whichever way the pack goes.
fn timers(old: &Loaded, new: &Loaded) -> BTreeMap<String, String> {
    let (forth, back) = (&new.manifest.replaced.timers, &old.manifest.replaced.timers);
    if !is_older(new, old) {
        let new_ones = forth
            .iter()
            .filter(|(name, to)| back.get(*name) != Some(to));
        return new_ones.map(owned).collect();
    }
    let gone = back
        .iter()
        .filter(|(name, to)| forth.get(*name) != Some(to));
    let mut turned: BTreeMap<String, String> = BTreeMap::new();
    let mut several: Vec<String> = Vec::new();
    for (name, to) in gone {
        // Where one name took the place of two, nobody knows which it was.
        if turned.insert(to.clone(), name.clone()).is_some() {
            several.push(to.clone());
        }
    }
    turned.retain(|name, _| !several.contains(name));
    turned
}

/// Whether a revision has a smaller version number than another.
fn is_older(this: &Loaded, other: &Loaded) -> bool {
    let parts = |pack: &Loaded| -> Vec<u64> {
        let numbers = pack.manifest.version.split('.');
        numbers.filter_map(|n| n.parse().ok()).collect()
    };
    parts(this) < parts(other)
}

impl Loaded {
    /// The pack as it stands after an upgrade from an older revision, or back to one.
    #[must_use]
    pub fn after(mut self, old: &Self, moves: &Moves, at: Id) -> Self {
        let mut all = old.renamed.to_vec();
        let last = Renamed::between(old, &self, moves, at);
        if !last.is_empty() {
            all.push(last);
        }
        let over = all.len().saturating_sub(MAX_KEPT);
        all.drain(..over);
        self.renamed = all.into();
        self
    }

    /// What was renamed since something was set, oldest first.
    fn renamed_since(&self, set: Id) -> impl Iterator<Item = &Renamed> {
        self.renamed.iter().filter(move |r| set < r.before)
    }

    /// The name of a timer, without the pack, as the rules of today have it.
    #[must_use]
    pub fn timer_now<'n>(&self, set: Id, name: &'n str) -> Cow<'n, str> {
        let mut name = Cow::Borrowed(name);
        for renamed in self.renamed_since(set) {
            if let Some(new) = renamed.timers.get(&*name) {
                name = Cow::Owned(new.clone());
            }
        }
        name
    }

    /// Names that a timer may have been set by, of those that go by this name today.
    #[must_use]
    pub fn timer_before(&self, name: &str) -> Vec<String> {
        let all = self.renamed.iter().flat_map(|r| r.timers.keys());
        let mut all: Vec<String> = all
            .filter(|old| *old != name && self.timer_now(Id::MIN, old) == name)
            .cloned()
            .collect();
        all.sort();
        all.dedup();
        all
    }

    /// The data of a timer, JSON as text, with the codes of today: full codes of types and statuses
    /// as values, and of fields as keys.
    #[must_use]
    pub fn data_now<'d>(&self, set: Id, data: &'d str) -> Cow<'d, str> {
        let mut since = self.renamed_since(set).peekable();
        if since.peek().is_none() {
            return Cow::Borrowed(data);
        }
        let Ok(mut json) = serde_json::from_str::<Json>(data) else {
            return Cow::Borrowed(data);
        };
        for renamed in since {
            json = renamed.data(json, MAX_DEPTH);
        }
        Cow::Owned(json.to_string())
    }

    /// The code of a survey as the pack has it today.
    #[must_use]
    pub fn survey_now<'c>(&self, set: Id, code: &'c str) -> Cow<'c, str> {
        let mut code = Cow::Borrowed(code);
        for renamed in self.renamed_since(set) {
            if let Some(new) = renamed.surveys.get(&*code) {
                code = Cow::Owned(new.clone());
            }
        }
        code
    }
}
