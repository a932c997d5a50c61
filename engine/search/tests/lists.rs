//! Filters, sorts and pages against a plain oracle.

use std::cmp::Ordering;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::fake::{doc, id, ids, index_of};
use crate::search::{Filter, FilterValue, SearchDoc, SearchIndex, SearchRequest, Sort};

fn value(kind: u8, n: i64) -> FilterValue {
    match kind % 5 {
        0 => FilterValue::Text(
            ["alpha", "Бета", "гамма", "ёж", "delta"][n.unsigned_abs() as usize % 5].into(),
        ),
        1 => FilterValue::Int(n % 4),
        2 => FilterValue::Bool(n % 2 == 0),
        3 => FilterValue::Instant(1_700_000_000_000 + n),
        _ => FilterValue::Decimal(Decimal::new(n, 2)),
    }
}

fn text(value: &FilterValue) -> String {
    match value {
        FilterValue::Text(text) => text.clone(),
        _ => String::new(),
    }
}

fn random_doc(n: u128, fields: Vec<(u8, u8, i64)>) -> SearchDoc {
    let mut out = doc(n, "", "");
    if n.is_multiple_of(3) {
        out.kind = String::from("article");
    }
    for (field, kind, number) in fields {
        // Field 3 mixes types, which is the worst a changed definition can do.
        let kind = if field == 3 { kind } else { field };
        let name = ["status", "fields.priority", "flag", "mixed"][usize::from(field) % 4];
        out.filters.push((name.to_owned(), value(kind, number)));
    }
    out
}

fn holds(filter: &Filter, doc: &SearchDoc) -> bool {
    let values = |name: &str| -> Vec<FilterValue> {
        let of = doc.filters.iter().filter(|(n, _)| n == name);
        of.map(|(_, value)| value.clone()).collect()
    };
    match filter {
        Filter::In(name, any) => values(name).iter().any(|value| any.contains(value)),
        Filter::Exists(name) => !values(name).is_empty(),
        Filter::Not(inner) => !holds(inner, doc),
        Filter::Any(filters) => filters.iter().any(|f| holds(f, doc)),
        Filter::All(filters) => filters.iter().all(|f| holds(f, doc)),
        Filter::Range { field, from, below } => {
            let bound = from.as_ref().or(below.as_ref()).map(rank);
            // The first value of the bound's type is the one that is compared.
            let first = values(field)
                .into_iter()
                .find(|v| bound.is_none_or(|b| rank(v) == b));
            first.is_some_and(|v| {
                from.as_ref()
                    .is_none_or(|from| order(&v, from) != Ordering::Less)
                    && below
                        .as_ref()
                        .is_none_or(|below| order(&v, below) == Ordering::Less)
            })
        }
    }
}

fn rank(value: &FilterValue) -> u8 {
    match value {
        FilterValue::Int(_) | FilterValue::Bool(_) | FilterValue::Instant(_) => 0,
        FilterValue::Decimal(_) => 1,
        FilterValue::Text(_) => 2,
    }
}

fn number(value: &FilterValue) -> i64 {
    match value {
        FilterValue::Int(n) | FilterValue::Instant(n) => *n,
        FilterValue::Bool(flag) => i64::from(*flag),
        _ => 0,
    }
}

fn order(a: &FilterValue, b: &FilterValue) -> Ordering {
    rank(a).cmp(&rank(b)).then_with(|| match (a, b) {
        (FilterValue::Text(a), FilterValue::Text(b)) => {
            let fold = |t: &str| t.to_lowercase().replace('ё', "е");
            fold(a).cmp(&fold(b))
        }
        (FilterValue::Decimal(a), FilterValue::Decimal(b)) => a.cmp(b),
        _ => number(a).cmp(&number(b)),
    })
}

fn sort_value<'a>(doc: &'a SearchDoc, name: &str) -> Option<&'a FilterValue> {
    let of = doc.filters.iter().filter(|(n, _)| n == name);
    // Types are ordered; within a type the first value counts.
    of.map(|(_, value)| value).min_by_key(|value| rank(value))
}

/// The place of a document's first text among values; behind them when it is none of them.
fn place(doc: &SearchDoc, name: &str, values: &[String]) -> Option<usize> {
    let fold = |t: &str| t.to_lowercase().replace('ё', "е");
    let mut of = doc.filters.iter().filter(|(n, _)| n == name);
    let text = of.find_map(|(_, value)| match value {
        FilterValue::Text(text) => Some(fold(text)),
        _ => None,
    })?;
    let found = values.iter().position(|v| fold(v) == text);
    Some(found.unwrap_or(values.len()))
}

/// Among equals the newer id comes first in a descending order.
fn by_id(descending: bool, a: &SearchDoc, b: &SearchDoc) -> Ordering {
    if descending {
        b.id.cmp(&a.id)
    } else {
        a.id.cmp(&b.id)
    }
}

fn oracle(docs: &[SearchDoc], request: &SearchRequest) -> Vec<[u8; 16]> {
    let mut found: Vec<&SearchDoc> = docs
        .iter()
        .filter(|doc| request.kinds.is_empty() || request.kinds.contains(&doc.kind))
        .filter(|doc| request.filters.iter().all(|filter| holds(filter, doc)))
        .collect();
    found.sort_by(|a, b| match &request.sort {
        Sort::Relevance => b.id.cmp(&a.id),
        Sort::Field { name, descending } => {
            let by_value = match (sort_value(a, name), sort_value(b, name)) {
                (Some(a), Some(b)) if *descending => order(b, a),
                (Some(a), Some(b)) => order(a, b),
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
            };
            by_value.then(by_id(*descending, a, b))
        }
        Sort::Ranked {
            name,
            values,
            descending,
        } => {
            let by_place = match (place(a, name, values), place(b, name, values)) {
                (Some(a), Some(b)) if *descending => b.cmp(&a),
                (Some(a), Some(b)) => a.cmp(&b),
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
            };
            by_place.then(by_id(*descending, a, b))
        }
    });
    found.into_iter().map(|doc| doc.id).collect()
}

fn walk(index: &SearchIndex, mut request: SearchRequest) -> Vec<[u8; 16]> {
    let mut all = Vec::new();
    loop {
        let page = index.search(&request).unwrap();
        assert!(page.hits.len() <= request.limit);
        all.extend(page.hits.iter().map(|hit| hit.id));
        assert!(page.total as usize >= all.len());
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => {
                assert_eq!(page.total as usize, all.len());
                return all;
            }
        }
    }
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let name = prop::sample::select(vec!["status", "fields.priority", "flag", "mixed", "absent"]);
    let leaf = (
        name,
        0_u8..5,
        0_u8..5,
        prop::collection::vec(-300_i64..300, 1..3),
        any::<bool>(),
    )
        .prop_map(|(name, shape, kind, numbers, open)| match shape {
            0 | 1 => Filter::In(
                name.into(),
                numbers.iter().map(|n| value(kind, *n)).collect(),
            ),
            2 => Filter::Exists(name.into()),
            _ => Filter::Range {
                field: name.into(),
                from: Some(value(kind, numbers[0])),
                below: numbers.get(1).filter(|_| open).map(|n| value(kind, *n)),
            },
        });
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|f| Filter::Not(Box::new(f))),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::Any),
            prop::collection::vec(inner, 0..3).prop_map(Filter::All),
        ]
    })
}

fn any_request() -> impl Strategy<Value = SearchRequest> {
    let sort = prop_oneof![
        Just(Sort::Relevance),
        (
            prop::sample::select(vec!["status", "fields.priority", "flag", "mixed", "absent"]),
            any::<bool>()
        )
            .prop_map(|(name, descending)| Sort::Field {
                name: name.into(),
                descending
            }),
        (
            prop::sample::select(vec!["status", "mixed", "absent"]),
            prop::collection::vec(-300_i64..300, 0..6),
            any::<bool>()
        )
            .prop_map(|(name, numbers, descending)| Sort::Ranked {
                name: name.into(),
                values: numbers.into_iter().map(|n| text(&value(0, n))).collect(),
                descending
            }),
    ];
    let kinds = prop::collection::vec(prop::sample::select(vec!["ticket", "article"]), 0..2);
    (
        sort,
        kinds,
        prop::collection::vec(any_filter(), 0..3),
        1_usize..9,
    )
        .prop_map(|(sort, kinds, filters, limit)| SearchRequest {
            sort,
            kinds: kinds.into_iter().map(String::from).collect(),
            filters,
            limit,
            ..SearchRequest::default()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn lists_agree_with_the_oracle(
        fields in prop::collection::vec(prop::collection::vec((0_u8..4, 0_u8..5, -300_i64..300), 0..5), 1..50),
        requests in prop::collection::vec(any_request(), 12),
        halfway in any::<bool>(),
    ) {
        let docs: Vec<SearchDoc> = (1..).zip(fields).map(|(n, f)| random_doc(n, f)).collect();
        let index = if halfway {
            // In two commits, the second replacing and deleting, so that there are segments.
            let source = super::fake::FakeSource::new();
            for doc in &docs {
                source.put(SearchDoc { filters: Vec::new(), ..doc.clone() });
            }
            source.put(super::fake::doc(1_000, "", ""));
            let index = super::fake::open(None, &source);
            super::fake::caught_up(&index, &source);
            for (n, doc) in docs.iter().enumerate() {
                source.put(doc.clone());
                if n % 9 == 0 {
                    super::fake::caught_up(&index, &source);
                }
            }
            source.delete(id(1_000));
            super::fake::caught_up(&index, &source);
            index
        } else {
            index_of(docs.clone())
        };
        for request in requests {
            prop_assert_eq!(walk(&index, request.clone()), oracle(&docs, &request), "{:?}", request);
        }
    }
}

#[test]
fn decimals_are_equal_by_value() {
    let mut one = doc(1, "", "");
    one.filters.push((
        String::from("sum"),
        FilterValue::Decimal(Decimal::new(150, 2)),
    ));
    let index = index_of(vec![one]);
    let request = SearchRequest {
        filters: vec![Filter::eq("sum", FilterValue::Decimal(Decimal::new(15, 1)))],
        ..SearchRequest::default()
    };
    assert_eq!(ids(&index.search(&request).unwrap()), [1]);
}

#[test]
fn long_values_are_told_apart() {
    let long = "x".repeat(5_000);
    let mut docs = Vec::new();
    for n in 1..3 {
        let mut doc = doc(n, "", "");
        let value = format!("{long}{n}");
        doc.filters
            .push((String::from("ref"), FilterValue::Text(value)));
        docs.push(doc);
    }
    let index = index_of(docs);
    let request = SearchRequest {
        filters: vec![Filter::text("ref", format!("{long}2"))],
        ..SearchRequest::default()
    };
    assert_eq!(ids(&index.search(&request).unwrap()), [2]);
}

#[test]
fn locale_and_number_are_filters() {
    let mut docs = vec![doc(1, "", ""), doc(2, "", "")];
    docs[0].locale = Some(String::from("ru"));
    docs[0].number = Some(77);
    docs[1].number = Some(8);
    let index = index_of(docs);
    let request = SearchRequest {
        filters: vec![Filter::text("locale", "ru")],
        ..SearchRequest::default()
    };
    assert_eq!(ids(&index.search(&request).unwrap()), [1]);
    let request = SearchRequest {
        sort: Sort::Field {
            name: String::from("number"),
            descending: false,
        },
        ..SearchRequest::default()
    };
    assert_eq!(ids(&index.search(&request).unwrap()), [2, 1]);
}

#[test]
fn bad_requests_are_refused() {
    let index = index_of(vec![doc(1, "", "")]);
    let deep = (0..20).fold(Filter::Exists(String::from("a")), |f, _| {
        Filter::Not(Box::new(f))
    });
    let both = Filter::Range {
        field: String::from("a"),
        from: Some(FilterValue::Int(1)),
        below: Some(FilterValue::Text(String::from("b"))),
    };
    let many = Filter::In(String::from("a"), vec![FilterValue::Int(1); 5_000]);
    for filter in [deep, both, many, Filter::Exists(String::from("a b"))] {
        let request = SearchRequest {
            filters: vec![filter],
            ..SearchRequest::default()
        };
        assert!(index.search(&request).is_err(), "{request:?}");
    }
    for limit in [0, 201] {
        let request = SearchRequest {
            limit,
            ..SearchRequest::default()
        };
        assert!(index.search(&request).is_err());
    }
    let sort = Sort::Field {
        name: String::from("a\\.b"),
        descending: false,
    };
    let request = SearchRequest {
        sort,
        ..SearchRequest::default()
    };
    assert!(index.search(&request).is_err());
}

#[test]
fn the_id_is_a_field_of_every_document() {
    let index = index_of((1..=3).map(|n| doc(n, "lamp", "")).collect());
    let written = |n: u128| uuid::Uuid::from_bytes(id(n)).to_string();
    let of = |filter: Filter| {
        let request = SearchRequest {
            filters: vec![filter],
            ..SearchRequest::default()
        };
        ids(&index.search(&request).unwrap())
    };
    let one = Filter::text("id", written(2));
    assert_eq!(of(one.clone()), [2]);
    assert_eq!(of(Filter::Not(Box::new(one))), [3, 1]);
    assert_eq!(of(Filter::Exists(String::from("id"))), [3, 2, 1]);
    assert!(of(Filter::text("id", written(4))).is_empty());
    assert!(of(Filter::text("id", "none")).is_empty());
}
