//! What a text in the search box asks for: its fields and values by their codes or their names in
//! either language. What is not understood stays words.

use std::collections::BTreeSet;

use super::spans::{self, Span};
use super::spoken::{CATEGORIES, FIELDS, KINDS, LANGUAGES, NO, NONE, YES};
use super::{categories, filter, search as found_by};
use crate::desk::sight::Sight;
use crate::desk::{Result, Understood, index_source, lookup};
use crate::domain::article::tag_fault;
use crate::domain::{FieldDef, Id, Instant, Kind, Names, Value, ValueType};
use crate::packs::Catalog;
use crate::search::{
    Demand, Filter, FilterValue, MAX_QUERY_CHARS, Piece, SearchIndex, SearchRequest, blanked,
    pieces,
};
use crate::store::Snapshot;

/// Phrases, exclusions and fields of one text; what is over is words.
const MAX_ASKS: usize = 20;
/// Values of one field.
const MAX_VALUES: usize = 20;
/// Records whose titles have the words of a value.
const MAX_NAMED: usize = 50;
/// A text of more words than these was pasted: a minus in it is no wish to leave a word out.
const TYPED_WORDS: usize = 8;

/// What a text asks the index for.
pub struct Understanding {
    /// The words, at the places they have in the text; none when it only filters.
    pub text: Option<String>,
    /// Phrases and exclusions.
    pub demands: Vec<Demand>,
    /// Fields.
    pub filters: Vec<Filter>,
    /// All of it, to be told.
    pub told: Vec<Understood>,
}

/// Reads texts of one asker.
pub struct Reader<'r, 'g, 'a> {
    pub catalog: &'r Catalog,
    pub sight: &'r Sight<'g, 'a>,
    pub snapshot: &'r dyn Snapshot,
    pub index: &'r SearchIndex,
    /// Kinds that are searched.
    pub kinds: &'r [Kind],
    pub now: Instant,
}

/// A field's condition, and its values as they are told.
type Read = (Filter, Vec<String>);

impl Reader<'_, '_, '_> {
    /// Reads a text. There is no wrong one; a blank one only filters.
    ///
    /// # Errors
    /// When a rule of access broke, or the store or the index fails.
    pub fn read(&self, text: &str) -> Result<Understanding> {
        self.read_as(text, false)
    }

    /// Reads a text that is still being typed: a field at its end whose value is not one yet is
    /// left aside.
    ///
    /// # Errors
    /// When a rule of access broke, or the store or the index fails.
    pub fn read_typed(&self, text: &str) -> Result<Understanding> {
        self.read_as(text, true)
    }

    fn read_as(&self, text: &str, typing: bool) -> Result<Understanding> {
        let end = text.char_indices().nth(MAX_QUERY_CHARS);
        let text = end.and_then(|(at, _)| text.get(..at)).unwrap_or(text);
        let mut out = Understanding {
            text: None,
            demands: Vec::new(),
            filters: Vec::new(),
            told: Vec::new(),
        };
        let mut kept = Vec::new();
        let mut words: Option<Understood> = None;
        let is_pasted = text.split_whitespace().nth(TYPED_WORDS).is_some();
        let pieces = pieces(text);
        let mut ahead = 0;
        while let Some(piece) = pieces.get(ahead).cloned() {
            ahead += 1;
            let is_over = out.demands.len() + out.filters.len() >= MAX_ASKS;
            let next = pieces.get(ahead).filter(|_| !is_pasted && !is_over);
            if let Some(joined) = next.and_then(|next| joined(text, &piece, next))
                && let Some(told) = self.ask(text, &joined, &mut out)?
            {
                ahead += 1;
                out.told.push(told);
                continue;
            }
            let shown = text.get(piece.place.clone()).unwrap_or_default();
            let is_dash = is_pasted && piece.negated && piece.field.is_none() && !piece.quoted;
            let told = if piece.is_plain() || is_over || is_dash {
                None
            } else {
                self.ask(text, &piece, &mut out)?
            };
            let Some(told) = told else {
                let is_last = typing && piece.place.end == text.len();
                if is_last && self.begins_with_field(shown)? {
                    continue;
                }
                kept.push(piece.place);
                match &mut words {
                    Some(words) => {
                        words.text.push(' ');
                        words.text.push_str(shown);
                    }
                    None => words = Some(Understood::words(shown)),
                }
                continue;
            };
            // What is to be found is searched and marked like any words.
            let is_found = !told.negated && (piece.field.is_none() || told.what == "title");
            if is_found {
                kept.push(piece.value);
            }
            out.told.push(told);
        }
        let is_blank = text.trim().is_empty();
        let only_filters = kept.is_empty() && (is_blank || !out.told.is_empty());
        out.text = (!only_filters).then(|| blanked(text, &kept));
        out.told.splice(0..0, words);
        Ok(out)
    }

    /// Takes a piece that is more than words; nothing when it is not understood.
    fn ask(
        &self,
        text: &str,
        piece: &Piece,
        out: &mut Understanding,
    ) -> Result<Option<Understood>> {
        let value = text.get(piece.value.clone()).unwrap_or_default().trim();
        let told = |what, field: &str, values| Understood {
            what,
            text: text.get(piece.place.clone()).unwrap_or_default().to_owned(),
            field: (!field.is_empty()).then(|| field.to_owned()),
            values,
            negated: piece.negated,
            relaxed: false,
        };
        let demand = |title| Demand {
            text: value.to_owned(),
            phrase: piece.quoted,
            title,
            negated: piece.negated,
        };
        let Some(name) = piece.field.clone().and_then(|field| text.get(field)) else {
            out.demands.push(demand(false));
            let what = if piece.quoted { "phrase" } else { "word" };
            return Ok(Some(told(what, "", vec![value.to_owned()])));
        };
        let name = fold(name);
        let alias = FIELDS
            .iter()
            .find(|(code, names)| *code == name || names.contains(&name.as_str()));
        let code = alias.map_or(name.as_str(), |(code, _)| *code);
        if code == "title" {
            out.demands.push(demand(true));
            return Ok(Some(told("title", "title", vec![value.to_owned()])));
        }
        let parts: Vec<&str> = if piece.quoted {
            vec![value]
        } else {
            let parts = value.split(',').map(str::trim);
            parts.filter(|part| !part.is_empty()).collect()
        };
        if parts.is_empty() || parts.len() > MAX_VALUES {
            return Ok(None);
        }
        let read = if code == "kind" {
            kinds_named(&parts)
        } else {
            self.field(code, &name, &parts)?
        };
        let Some((filter, values)) = read else {
            return Ok(None);
        };
        out.filters.push(if piece.negated {
            Filter::Not(Box::new(filter))
        } else {
            filter
        });
        Ok(Some(told("field", code, values)))
    }

    /// Whether a piece of a text begins with the name of a field and a colon.
    fn begins_with_field(&self, piece: &str) -> Result<bool> {
        let Some((name, _)) = piece.trim_start_matches('-').split_once(':') else {
            return Ok(false);
        };
        let name = fold(name);
        let is_own =
            |(code, names): &(&str, &[&str])| *code == name || names.contains(&name.as_str());
        if FIELDS.iter().any(is_own) {
            return Ok(true);
        }
        for kind in self.kinds {
            if !self.fields_named(*kind, &name, &name)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A field of those kinds that have it, with values that it has there.
    fn field(&self, code: &str, name: &str, parts: &[&str]) -> Result<Option<Read>> {
        let mut ways = Vec::new();
        let mut values: BTreeSet<String> = BTreeSet::new();
        for kind in self.kinds {
            for def in self.fields_named(*kind, code, name)? {
                let mut any = Vec::new();
                for part in parts {
                    if let Some((filter, shown)) = self.value(*kind, &def, part)? {
                        any.push(filter);
                        values.extend(shown);
                    }
                }
                if !any.is_empty() {
                    let own = Filter::text("kind", kind.name());
                    ways.push(Filter::All(vec![own, Filter::Any(any)]));
                }
            }
        }
        let is_understood = !ways.is_empty();
        Ok(is_understood.then(|| (Filter::Any(ways), values.into_iter().collect())))
    }

    /// The fields of a kind that a name may mean, without those that the asker may not see.
    fn fields_named(&self, kind: Kind, code: &str, name: &str) -> Result<Vec<FieldDef>> {
        let codes: &[&str] = if code == "product" {
            &["product", "products"]
        } else {
            &[code]
        };
        for code in codes {
            let def = filter::find_field(self.catalog, self.sight, kind, code)?;
            // Of a bare name that several packs have, each field is meant.
            if let Some(def) = def.filter(|def| def.code == *code) {
                return Ok(vec![def]);
            }
        }
        let of_types = self.catalog.types(kind).map(|t| Some(t.code.as_str()));
        let mut named: Vec<FieldDef> = Vec::new();
        for owner in std::iter::once(None).chain(of_types) {
            for def in self.catalog.fields(kind, owner) {
                let is_known = named.iter().any(|known| known.code == def.code);
                let bare = def.code.rsplit('/').next().unwrap_or_default();
                let is_meant = fold(bare) == name || is_named(&def.names, name);
                if is_meant && !is_known && !self.sight.hides(kind, def)? {
                    named.push((**def).clone());
                }
            }
        }
        Ok(named)
    }

    fn value(&self, kind: Kind, def: &FieldDef, text: &str) -> Result<Option<Read>> {
        let field = def.code.as_str();
        let word = fold(text);
        if NONE.contains(&word.as_str()) && def.value != ValueType::Bool {
            let absent = Filter::Not(Box::new(Filter::Exists(field.to_owned())));
            return Ok(Some((absent, vec!["none".to_owned()])));
        }
        if field == "status" || field == "type" {
            let codes = if field == "status" {
                self.statuses(kind, text)
            } else {
                let types = self.catalog.types(kind);
                let meant = types.filter(|t| is_meant(&t.code, &t.names, text));
                meant.map(|t| t.code.clone()).collect()
            };
            return Ok(one_of(field, codes));
        }
        if field == "category"
            && let Some(read) = self.category(text)?
        {
            return Ok(Some(read));
        }
        if field == "locale" {
            let named = LANGUAGES.iter().find(|(_, names)| names.contains(&&*word));
            let tag = named.map_or(text, |(tag, _)| *tag);
            return Ok(tag_fault(tag).is_none().then(|| same_text(field, tag)));
        }
        Ok(match def.value {
            ValueType::Enum | ValueType::MultiEnum => {
                let meant = def.options.iter();
                let meant = meant.filter(|o| is_meant(&o.code, &o.names, text));
                one_of(field, meant.map(|o| o.code.clone()).collect())
            }
            ValueType::Ref | ValueType::RefList => return self.reference(def, text),
            ValueType::Instant => spans::of_time(text, self.now).map(|span| {
                let at =
                    |at: Option<Instant>| at.map(|at| FilterValue::Instant(at.timestamp_millis()));
                (range(field, at(span.from), at(span.below)), span.told())
            }),
            ValueType::Date => spans::of_time(text, self.now).map(|span: Span| {
                let day = |at: Option<Instant>| {
                    at.map(|at| FilterValue::Text(at.date_naive().to_string()))
                };
                (range(field, day(span.from), day(span.below)), span.told())
            }),
            ValueType::Int | ValueType::Duration => spans::of_numbers(text).map(|(from, below)| {
                let end = |n: Option<i64>| n.map(FilterValue::Int);
                (range(field, end(from), end(below)), vec![text.to_owned()])
            }),
            ValueType::Bool => {
                let yes = YES.contains(&word.as_str());
                let is_read = yes || NO.contains(&word.as_str());
                is_read.then(|| {
                    let holds = Filter::eq(field, FilterValue::Bool(yes));
                    (holds, vec![yes.to_string()])
                })
            }
            ValueType::Text | ValueType::TextList => Some(same_text(field, text)),
            ValueType::LongText | ValueType::Decimal | ValueType::Any | ValueType::Json => None,
        })
    }

    /// A category of articles by its code or names, with all that lies in it.
    fn category(&self, text: &str) -> Result<Option<Read>> {
        let tree = categories::seen(self.snapshot, self.sight)?;
        let meant = tree.nodes().iter();
        let meant = meant.filter(|node| is_meant(&node.code, &node.names, text));
        let codes: Vec<String> = meant.map(|node| node.code.clone()).collect();
        let within: BTreeSet<String> = codes.iter().flat_map(|code| tree.within(code)).collect();
        let read = one_of("category", within.into_iter().collect());
        Ok(read.map(|(filter, _)| (filter, codes)))
    }

    fn statuses(&self, kind: Kind, text: &str) -> Vec<String> {
        let types = self.catalog.types(kind).map(|t| Some(t.code.as_str()));
        let workflows = std::iter::once(None).chain(types);
        let all: Vec<_> = workflows
            .filter_map(|t| self.catalog.workflow(kind, t))
            .flat_map(|w| &w.statuses)
            .collect();
        let named = all.iter().filter(|s| is_meant(&s.code, &s.names, text));
        let mut codes: BTreeSet<String> = named.map(|s| s.code.clone()).collect();
        if codes.is_empty() {
            let word = fold(text);
            let meant = CATEGORIES
                .iter()
                .find(|(c, names)| c.name() == word || names.contains(&word.as_str()));
            if let Some((category, _)) = meant {
                let of = all.iter().filter(|s| s.category == *category);
                codes.extend(of.map(|s| s.code.clone()));
            }
        }
        codes.into_iter().collect()
    }

    /// A record by `me`, its id, its code or words of its title.
    fn reference(&self, def: &FieldDef, text: &str) -> Result<Option<Read>> {
        let Some(target) = def.target else {
            return Ok(None);
        };
        let is_me = ["me", "я"].contains(&fold(text).as_str());
        let ids = match (text.parse::<Id>(), self.sight.actor().record()) {
            (Ok(id), _) => vec![id],
            (_, Some((kind, me))) if kind == target && is_me => vec![me],
            // Nothing belongs to somebody who is not there.
            _ if is_me => return Ok(Some((Filter::Any(Vec::new()), vec!["me".to_owned()]))),
            _ => match lookup::by_unique(self.snapshot, target, &Value::from(text))? {
                Some(id) => self.visible(target, id)?,
                None => self.titled(target, text)?,
            },
        };
        Ok(one_of(
            &def.code,
            ids.iter().map(ToString::to_string).collect(),
        ))
    }

    /// A code of a record that the asker may not name is no code.
    fn visible(&self, kind: Kind, id: Id) -> Result<Vec<Id>> {
        match super::record::read(self.snapshot, self.sight, kind, id) {
            Ok(_) => Ok(vec![id]),
            Err(e) if e.code == "not_found" => Ok(Vec::new()),
            Err(e) => Err(e),
        }
    }

    fn titled(&self, kind: Kind, text: &str) -> Result<Vec<Id>> {
        let (filters, sections) = found_by::rights(self.sight, &[kind], true)?;
        if !sections.title {
            return Ok(Vec::new());
        }
        let request = SearchRequest {
            kinds: vec![kind.name().to_owned()],
            filters,
            demands: vec![Demand {
                text: text.to_owned(),
                phrase: false,
                title: true,
                negated: false,
            }],
            sections,
            limit: MAX_NAMED,
            ..SearchRequest::default()
        };
        // A text without a word demands nothing and would name everything.
        if !text.contains(char::is_alphanumeric) {
            return Ok(Vec::new());
        }
        let page = self.index.search(&request).map_err(index_source::error)?;
        Ok(page.hits.iter().map(|hit| Id(hit.id)).collect())
    }
}

/// A name with a colon and the value behind it, where a blank stands between them: `status: open`.
/// A title is not asked for so: subjects of pasted mails stand behind one.
fn joined(text: &str, name: &Piece, value: &Piece) -> Option<Piece> {
    let is_value = !value.negated && value.field.is_none();
    let field = text.get(name.value.clone())?.strip_suffix(':')?;
    let is_title = FIELDS.iter().any(|(code, names)| {
        let field = fold(field);
        *code == "title" && (field == *code || names.contains(&field.as_str()))
    });
    let is_name = name.field.is_none() && !name.quoted && !field.is_empty();
    (is_value && is_name && !is_title).then(|| Piece {
        place: name.place.start..value.place.end,
        negated: name.negated,
        field: Some(name.value.start..name.value.start + field.len()),
        value: value.value.clone(),
        quoted: value.quoted,
    })
}

fn kinds_named(parts: &[&str]) -> Option<Read> {
    let kinds: Option<Vec<String>> = parts
        .iter()
        .map(|part| {
            let word = fold(part);
            let own = Kind::named(&word);
            let named = KINDS
                .iter()
                .find(|(_, names)| names.contains(&word.as_str()));
            own.or(named.map(|(kind, _)| *kind))
                .map(|k| k.name().to_owned())
        })
        .collect();
    one_of("kind", kinds?)
}

fn one_of(field: &str, codes: Vec<String>) -> Option<Read> {
    if codes.is_empty() {
        return None;
    }
    let values = codes.iter().cloned().map(FilterValue::Text).collect();
    Some((Filter::In(field.to_owned(), values), codes))
}

fn range(field: &str, from: Option<FilterValue>, below: Option<FilterValue>) -> Filter {
    Filter::Range {
        field: field.to_owned(),
        from,
        below,
    }
}

/// A text whatever its case: the index orders by folded texts, so one that is no greater and no
/// less is the same. Of several values only the first is ordered.
fn same_text(field: &str, text: &str) -> Read {
    let mut first = text.chars();
    let upper: String = first
        .next()
        .map(|c| c.to_uppercase().chain(first).collect())
        .unwrap_or_default();
    let values = [text.to_owned(), text.to_lowercase(), upper].map(FilterValue::Text);
    let below = FilterValue::Text(format!("{text}\u{1}"));
    let same = range(field, Some(FilterValue::Text(text.to_owned())), Some(below));
    let way = Filter::Any(vec![Filter::In(field.to_owned(), values.to_vec()), same]);
    (way, vec![text.to_owned()])
}

fn is_meant(code: &str, names: &Names, text: &str) -> bool {
    let word = fold(text);
    let bare = code.rsplit('/').next().unwrap_or_default();
    fold(code) == word || fold(bare) == word || is_named(names, &word)
}

fn is_named(names: &Names, word: &str) -> bool {
    names.0.values().any(|name| fold(name) == word)
}

fn fold(text: &str) -> String {
    text.to_lowercase().replace('ё', "е")
}
