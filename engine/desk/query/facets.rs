//! Facets: which values a search can count for an asker, and what they are called.

use std::collections::BTreeMap;

use super::categories::{self, MAX_CATEGORIES};
use super::{filter, record};
use crate::desk::sight::Sight;
use crate::desk::{Desk, Error, FacetCounts, FacetValue, Result, index_source};
use crate::domain::{Id, Kind, Names};
use crate::packs::{Catalog, nearest};
use crate::search::{Facet, FacetAsk, MAX_FACET_COUNTS};
use crate::store::Snapshot;

/// The facet of categories.
const CATEGORY: &str = "category";

impl Desk {
    /// The fields whose values a search can count.
    pub const FACETS: [&'static str; index_source::FACETS.len()] = {
        let mut names = [""; index_source::FACETS.len()];
        let mut at = 0;
        while at < names.len() {
            #[expect(clippy::indexing_slicing, reason = "both have the same length")]
            {
                names[at] = index_source::FACETS[at].0;
            }
            at += 1;
        }
        names
    };
}

/// What the index is asked to count. A kind in which the asker may not see the field does not
/// count.
///
/// # Errors
/// When there is no such facet, or a rule of access broke.
pub fn asks(
    sight: &Sight<'_, '_>,
    catalog: &Catalog,
    kinds: &[Kind],
    wanted: &[String],
) -> Result<Vec<FacetAsk>> {
    let mut asks: Vec<FacetAsk> = Vec::new();
    for name in wanted {
        let facet = index_source::FACETS.iter().find(|(own, _)| own == name);
        let Some((name, fields)) = facet else {
            return Err(unknown(name));
        };
        let mut counted = Vec::new();
        for kind in kinds {
            let mut hidden = false;
            for field in fields
                .iter()
                .filter(|f| catalog.field(*kind, None, f).is_some())
            {
                hidden |= filter::find_field(catalog, sight, *kind, field)?.is_none();
            }
            if !hidden {
                counted.push(kind.name().to_owned());
            }
        }
        if asks.iter().all(|ask| ask.name != *name) {
            asks.push(FacetAsk {
                name: (*name).to_owned(),
                kinds: (counted.len() < kinds.len()).then_some(counted),
                most: match *name {
                    // All of them are needed to sum up what lies within each.
                    CATEGORY => MAX_CATEGORIES,
                    _ => MAX_FACET_COUNTS,
                },
            });
        }
    }
    Ok(asks)
}

fn unknown(name: &str) -> Error {
    let short: String = name.chars().take(64).collect();
    let hint = match nearest(&short, Desk::FACETS) {
        Some(word) => format!("; did you mean `{word}`?"),
        None => format!("; known are {}", Desk::FACETS.join(", ")),
    };
    Error::field(
        "facets",
        "unknown_facet",
        format!("`{short}` cannot be counted{hint}"),
    )
}

/// The counts with the names of their values.
///
/// # Errors
/// When a rule of access broke, or the store fails.
pub fn named(
    snapshot: &dyn Snapshot,
    sight: &Sight<'_, '_>,
    catalog: &Catalog,
    kinds: &[Kind],
    facets: Vec<Facet>,
) -> Result<Vec<FacetCounts>> {
    let mut all = Vec::with_capacity(facets.len());
    for facet in facets {
        if facet.name == CATEGORY && kinds.contains(&Kind::Article) {
            all.push(of_categories(snapshot, sight, facet)?);
            continue;
        }
        let titles = titles(snapshot, sight, &facet)?;
        let name = |value: &str| -> Names {
            match titles.get(value) {
                Some(title) => Names::of(title, title),
                None => code_names(catalog, kinds, &facet.name, value),
            }
        };
        let values = facet.values.iter().map(|(value, count)| FacetValue {
            names: name(value),
            value: value.clone(),
            count: *count,
            within: None,
        });
        all.push(FacetCounts {
            values: values.collect(),
            field: facet.name.clone(),
        });
    }
    Ok(all)
}

/// Categories with what lies within each: those that count nothing themselves, but hold one that
/// does, are among them.
fn of_categories(
    snapshot: &dyn Snapshot,
    sight: &Sight<'_, '_>,
    facet: Facet,
) -> Result<FacetCounts> {
    let tree = categories::seen(snapshot, sight)?;
    let own: BTreeMap<String, u64> = facet.values.into_iter().collect();
    let mut values: Vec<FacetValue> = tree
        .sums(&own)
        .into_iter()
        .map(|(value, within)| FacetValue {
            names: tree
                .node(&value)
                .map(|n| n.names.clone())
                .unwrap_or_default(),
            count: own.get(&value).copied().unwrap_or(0),
            within: Some(within),
            value,
        })
        .collect();
    values.sort_by(|a, b| {
        let key = |v: &FacetValue| (v.within, v.count);
        key(b).cmp(&key(a)).then_with(|| a.value.cmp(&b.value))
    });
    values.truncate(MAX_FACET_COUNTS);
    Ok(FacetCounts {
        field: facet.name,
        values,
    })
}

/// Titles of the records that a facet counts, as far as the asker may see them: one trip.
fn titles(
    snapshot: &dyn Snapshot,
    sight: &Sight<'_, '_>,
    facet: &Facet,
) -> Result<BTreeMap<String, String>> {
    let target = match facet.name.as_str() {
        "product" => Kind::Product,
        "assignee" => Kind::Agent,
        "team" => Kind::Team,
        _ => return Ok(BTreeMap::new()),
    };
    let ids = facet
        .values
        .iter()
        .filter_map(|(value, _)| value.parse().ok());
    let places: Vec<(Kind, Id)> = ids.map(|id| (target, id)).collect();
    let pages = record::read_many(snapshot, sight, &places)?;
    let titled = pages.iter().filter(|page| !page.record.title().is_empty());
    Ok(titled
        .map(|page| (page.record.id.to_string(), page.record.title().to_owned()))
        .collect())
}

fn code_names(catalog: &Catalog, kinds: &[Kind], facet: &str, value: &str) -> Names {
    let of_kind = |kind: &Kind| -> Option<Names> {
        match facet {
            "type" => {
                let def = catalog.types(*kind).find(|t| t.code == value);
                def.map(|t| t.names.clone())
            }
            "status" => {
                let types = catalog.types(*kind).map(|t| Some(t.code.as_str()));
                let mut all = std::iter::once(None).chain(types);
                all.find_map(|t| catalog.status(*kind, t, value))
                    .map(|s| s.names.clone())
            }
            _ => {
                let def = catalog.field(*kind, None, facet)?;
                let option = def.options.iter().find(|o| o.code == value);
                option.map(|o| o.names.clone())
            }
        }
    };
    kinds.iter().find_map(of_kind).unwrap_or_default()
}
