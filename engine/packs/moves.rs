//! Where records move when a revision drops or renames what they use.

use std::collections::{BTreeMap, BTreeSet};

use super::load::Loaded;
use crate::domain::recurrence::fields::TEMPLATE;
use crate::domain::{Kind, Record, Value, record::fields};

/// Codes of an older revision and those of the newer one that take their place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moves {
    /// Types.
    pub types: BTreeMap<String, String>,
    /// Statuses.
    pub statuses: BTreeMap<String, String>,
    /// Fields.
    pub fields: BTreeMap<String, String>,
    /// Options, `field:option`.
    pub options: BTreeMap<String, String>,
    /// What the older revision has and the newer one neither has nor replaces.
    pub dropped: Codes,
}

/// The codes that a pack defines and records use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Codes {
    /// Types.
    pub types: BTreeSet<String>,
    /// Statuses.
    pub statuses: BTreeSet<String>,
    /// Fields.
    pub fields: BTreeSet<String>,
    /// Options, `field:option`.
    pub options: BTreeSet<String>,
}

impl Codes {
    /// The codes of a pack.
    #[must_use]
    pub fn of(pack: &Loaded) -> Self {
        let defs = &pack.definitions;
        let mut codes = Self::default();
        codes
            .types
            .extend(defs.types.iter().map(|t| t.code.clone()));
        let statuses = defs.workflows.iter().flat_map(|w| &w.statuses);
        codes.statuses.extend(statuses.map(|s| s.code.clone()));
        for field in defs.field_sets.iter().flat_map(|s| &s.fields) {
            codes.fields.insert(field.code.clone());
            let options = field.options.iter();
            codes
                .options
                .extend(options.map(|o| format!("{}:{}", field.code, o.code)));
        }
        codes
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
            && self.statuses.is_empty()
            && self.fields.is_empty()
            && self.options.is_empty()
    }
}

impl Moves {
    /// What moves from one revision to another: what the new one says takes the place of an old
    /// code, and on the way back what the old one said the other way round, where only one code can
    /// be meant.
    #[must_use]
    pub fn between(old: &Loaded, new: &Loaded) -> Self {
        let (from, to) = (Codes::of(old), Codes::of(new));
        let (forth, back) = (&new.manifest.replaced, &old.manifest.replaced);
        let mut moves = Self {
            types: picked(&from.types, &to.types, &forth.types, &back.types),
            statuses: picked(
                &from.statuses,
                &to.statuses,
                &forth.statuses,
                &back.statuses,
            ),
            fields: picked(&from.fields, &to.fields, &forth.fields, &back.fields),
            options: picked(&from.options, &to.options, &forth.options, &back.options),
            dropped: Codes::default(),
        };
        // The options of a renamed field that keep their codes go with it.
        for option in from.options.difference(&to.options) {
            let Some((field, code)) = option.split_once(':') else {
                continue;
            };
            if let Some(renamed) = moves.fields.get(field) {
                let same = format!("{renamed}:{code}");
                if to.options.contains(&same) {
                    moves.options.entry(option.clone()).or_insert(same);
                }
            }
        }
        let left =
            |from: &BTreeSet<String>, to: &BTreeSet<String>, m: &BTreeMap<String, String>| {
                let gone = from.difference(to).filter(|code| !m.contains_key(*code));
                gone.cloned().collect::<BTreeSet<String>>()
            };
        moves.dropped = Codes {
            types: left(&from.types, &to.types, &moves.types),
            statuses: left(&from.statuses, &to.statuses, &moves.statuses),
            fields: left(&from.fields, &to.fields, &moves.fields),
            options: left(&from.options, &to.options, &moves.options),
        };
        moves.forgive_options(new);
        moves
    }

    /// A field that takes any code from now on drops no option, and one that goes says so itself.
    fn forgive_options(&mut self, new: &Loaded) {
        let sets = new.definitions.field_sets.iter();
        let open: BTreeSet<&str> = sets
            .flat_map(|s| &s.fields)
            .filter(|f| f.options.is_empty())
            .map(|f| f.code.as_str())
            .collect();
        let (fields, dropped) = (&self.fields, &mut self.dropped);
        dropped.options.retain(|option| {
            let field = option.split_once(':').map_or("", |(field, _)| field);
            let now = fields.get(field).map_or(field, String::as_str);
            !open.contains(now) && !dropped.fields.contains(field)
        });
    }

    /// Whether nothing moves.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
            && self.statuses.is_empty()
            && self.fields.is_empty()
            && self.options.is_empty()
    }

    /// The record after the move; nothing when it stays as it is.
    #[must_use]
    pub fn apply(&self, record: &Record) -> Option<Record> {
        let mut after = record.clone();
        for (name, codes) in [
            (fields::TYPE, &self.types),
            (fields::STATUS, &self.statuses),
        ] {
            if let Some(new) = after.text(name).and_then(|code| codes.get(code)) {
                after.put(name, Some(Value::Text(new.clone())));
            }
        }
        for (old, new) in &self.options {
            self.move_option(&mut after, old, new);
        }
        for (old, new) in &self.fields {
            if let Some(value) = after.fields.remove(old) {
                after.fields.entry(new.clone()).or_insert(value);
            }
        }
        if record.kind == Kind::Recurrence
            && let Some(Value::Json(text)) = record.get(TEMPLATE)
            && let Some(text) = self.template(text)
        {
            after.put(TEMPLATE, Some(Value::Json(text)));
        }
        (after != *record).then_some(after)
    }

    fn move_option(&self, record: &mut Record, old: &str, new: &str) {
        let (Some((field, code)), Some((to_field, to_code))) =
            (old.split_once(':'), new.split_once(':'))
        else {
            return;
        };
        let stays = to_field == field || self.fields.get(field).is_some_and(|f| f == to_field);
        let to = Value::from(to_code);
        let is_old = |v: &Value| v.as_text() == Some(code);
        let next = match record.get(field) {
            Some(value) if is_old(value) => stays.then(|| to.clone()),
            Some(Value::List(items)) if items.iter().any(is_old) => {
                let mut kept: Vec<Value> = Vec::with_capacity(items.len());
                for item in items {
                    let item = if is_old(item) { &to } else { item };
                    if (stays || *item != to) && !kept.contains(item) {
                        kept.push(item.clone());
                    }
                }
                (!kept.is_empty()).then_some(Value::List(kept))
            }
            _ => return,
        };
        record.put(field, next);
        if !stays && record.get(to_field).is_none() {
            record.put(to_field, Some(to));
        }
    }
}

/// The replacement of each code that goes: as the new revision says, else the only one that the old
/// revision replaced by it.
pub(super) fn picked(
    from: &BTreeSet<String>,
    to: &BTreeSet<String>,
    forth: &BTreeMap<String, String>,
    back: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut picked = BTreeMap::new();
    for code in from.difference(to) {
        let named = forth.get(code).filter(|new| to.contains(*new));
        let mut before = back
            .iter()
            .filter(|(old, new)| *new == code && to.contains(*old))
            .map(|(old, _)| old);
        let only = match (before.next(), before.next()) {
            (Some(one), None) => Some(one),
            _ => None,
        };
        if let Some(new) = named.or(only) {
            picked.insert(code.clone(), new.clone());
        }
    }
    picked
}
