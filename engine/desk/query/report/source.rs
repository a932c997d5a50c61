//! Where a report's records come from: the columns of the search index, or the records themselves.

#[cfg(feature = "search")]
use std::time::Duration;

use super::Counted;
#[cfg(feature = "search")]
use super::cells;
use super::plan::Plan;
use crate::desk::decide::Ground;
use crate::desk::query::filter::{Filter, Holds};
use crate::desk::sight::Sight;
use crate::desk::{Desk, Error, ErrorKind, RecordPage, Result, codec, keys};
use crate::domain::record::fields;
#[cfg(feature = "search")]
use crate::domain::tally::Cell;
use crate::domain::tally::Tally;
use crate::domain::{Record, Value};
use crate::store::{MAX_RANGE_ROWS, Pos, Table};

/// Most records that a report counts from the search index.
#[cfg(feature = "search")]
const MAX_INDEXED: u64 = 2_000_000;
/// Longest time that it counts.
#[cfg(feature = "search")]
const MAX_TIME: Duration = Duration::from_secs(5);
/// Most records of the kind that are read where there is no index.
const MAX_READ: usize = 20_000;

impl Desk {
    /// Counts the records of a plan.
    pub(super) fn count(
        &self,
        ground: &Ground<'_>,
        sight: &Sight<'_, '_>,
        plan: &Plan<'_>,
        at_least: Option<Pos>,
        tally: &mut Tally<'_>,
    ) -> Result<Counted> {
        #[cfg(feature = "search")]
        if let Some(index) = &self.search {
            return self.count_by_index(index, (ground, sight), plan, at_least, tally);
        }
        let _ = at_least;
        read_records(ground, sight, plan, tally)
    }

    #[cfg(feature = "search")]
    fn count_by_index(
        &self,
        index: &crate::search::SearchIndex,
        (ground, sight): (&Ground<'_>, &Sight<'_, '_>),
        plan: &Plan<'_>,
        at_least: Option<Pos>,
        tally: &mut Tally<'_>,
    ) -> Result<Counted> {
        use crate::desk::query::readers;
        use crate::desk::query::search::{access_filter, index_filter};
        use crate::search::{self, ColumnValue, ColumnsRequest, SearchRequest, Sort};
        self.reach_or_wait(index, at_least, ground.snapshot.pos())?;
        let access = sight.access(plan.def.source)?;
        let kinds = vec![plan.def.source.name().to_owned()];
        let filters = plan.filters.iter().map(index_filter);
        let of_readers = readers::conditions(sight.actor(), sight.now(), true);
        let filters: Vec<search::Filter> = filters
            .chain(access_filter(&access, None))
            .chain(readers::among_others(&[plan.def.source], of_readers))
            .collect();
        let request = ColumnsRequest {
            kinds: kinds.clone(),
            filters: filters.clone(),
            names: plan.names.clone(),
            most: MAX_INDEXED,
            time: MAX_TIME,
        };
        let mut row: Vec<Option<Cell>> = Vec::new();
        let mut each = |values: &[Option<ColumnValue>], id: [u8; 16]| {
            row.clear();
            let pairs = values.iter().zip(&plan.fields);
            row.extend(pairs.map(|(value, def)| cells::of_column(def, value.as_ref()?)));
            tally.add(&row, id);
        };
        let scanned = index.columns(&request, &mut each);
        let scanned = scanned.map_err(crate::desk::index_source::error)?;
        if scanned.cut {
            return Err(too_large(&format!(
                "more than {MAX_INDEXED} records, or more than {} seconds",
                MAX_TIME.as_secs()
            )));
        }
        let mut open = Vec::new();
        if plan.def.open_list > 0 {
            let closed = search::Filter::Exists(fields::CLOSED_AT.to_owned());
            let mut filters = filters;
            filters.push(search::Filter::Not(Box::new(closed)));
            let request = SearchRequest {
                kinds,
                filters,
                sort: Sort::Field {
                    name: fields::CREATED_AT.to_owned(),
                    descending: false,
                },
                limit: plan.def.open_list,
                ..SearchRequest::default()
            };
            let page = index
                .search(&request)
                .map_err(crate::desk::index_source::error)?;
            let places = crate::desk::query::search::places(&page);
            let pages = crate::desk::query::record::read_many(&*ground.snapshot, sight, &places)?;
            open = aged(pages, ground);
        }
        Ok(Counted {
            records: scanned.docs,
            open,
            from_index: true,
            position: Pos(scanned.position).min(ground.snapshot.pos()),
        })
    }
}

/// Counts records one by one, as far as that is bearable.
fn read_records(
    ground: &Ground<'_>,
    sight: &Sight<'_, '_>,
    plan: &Plan<'_>,
    tally: &mut Tally<'_>,
) -> Result<Counted> {
    let snapshot = &*ground.snapshot;
    let (mut from, to) = keys::records(plan.def.source);
    let (mut read, mut records) = (0, 0);
    let mut open: Vec<RecordPage> = Vec::new();
    loop {
        let rows = snapshot.range(Table::Records, &from, &to, false, MAX_RANGE_ROWS)?;
        read += rows.len();
        if read > MAX_READ {
            let name = plan.def.source.name();
            return Err(too_large(&format!(
                "more than {MAX_READ} records of kind {name}, and this desk has no search index"
            )));
        }
        for (_, row) in &rows {
            let record: Record = codec::decode(&row.bytes)?;
            if !plan.filters.iter().all(|f| holds(f, &record)) || !sight.sees(&record)? {
                continue;
            }
            records += 1;
            tally.add(&plan.cells(&record), record.id.0);
            if plan.def.open_list > 0 && record.get(fields::CLOSED_AT).is_none() {
                let version = row.version;
                open.push(RecordPage { record, version });
            }
        }
        match rows.last() {
            Some((key, _)) if rows.len() == MAX_RANGE_ROWS => {
                from.clone_from(key);
                from.push(0);
            }
            _ => break,
        }
    }
    open.sort_by_key(|page| (page.record.instant(fields::CREATED_AT), page.record.id));
    open.truncate(plan.def.open_list);
    for page in &mut open {
        sight.mask(&mut page.record)?;
    }
    Ok(Counted {
        records,
        open: aged(open, ground),
        from_index: false,
        position: snapshot.pos(),
    })
}

fn aged(pages: Vec<RecordPage>, ground: &Ground<'_>) -> Vec<(RecordPage, i64)> {
    let age = |page: RecordPage| {
        let made = page
            .record
            .instant(fields::CREATED_AT)
            .unwrap_or(ground.now);
        let secs = (ground.now - made).num_seconds();
        (page, secs)
    };
    pages.into_iter().map(age).collect()
}

fn too_large(what: &str) -> Error {
    Error::new(
        ErrorKind::Limit,
        "report_too_large",
        format!("{what}: narrow the period or the filters"),
    )
}

/// Whether a condition holds of a record.
fn holds(filter: &Filter, record: &Record) -> bool {
    let id = Value::Ref(record.id);
    let value = match filter.field.as_str() {
        "id" => Some(&id),
        name => record.get(name),
    };
    let each = |value: &Value| match value {
        Value::List(items) => items.clone(),
        one => vec![one.clone()],
    };
    let values: Vec<Value> = value.map(each).unwrap_or_default();
    match &filter.holds {
        Holds::In(wanted) => values.iter().any(|v| wanted.contains(v)),
        Holds::Between(from, below) => values.iter().any(|v| {
            let enough = from.as_ref().is_none_or(|from| v.compare(from).is_ge());
            enough && below.as_ref().is_none_or(|below| v.compare(below).is_lt())
        }),
        Holds::Present(present) => values.is_empty() != *present,
    }
}
