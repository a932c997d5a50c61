//! What a run of a report reads: fields, conditions, columns; and how its rows are told.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeZone};
use serde_json::Value as Json;

use super::{Period, ReportColumn, ReportRow, ReportSpec, cells, compare, id_of, measured};
use crate::desk::decide::Ground;
use crate::desk::query::filter::{self, CATEGORY, Filter, Holds};
use crate::desk::query::record;
use crate::desk::sight::Sight;
use crate::desk::{Condition, Error, Result};
use crate::domain::record::fields;
use crate::domain::report::{DimensionDef, MeasureDef, MeasureKind, ReportDef, bare};
use crate::domain::tally::{Cell, Group};
use crate::domain::{FieldDef, Id, Instant, Kind, Record, Value, ValueType};
use crate::packs::Catalog;

/// How the API names the filter by the meaning of a status.
const CATEGORY_NAME: &str = "status_category";

/// A report with its fields found.
pub struct Plan<'a> {
    pub def: &'a ReportDef,
    catalog: &'a Catalog,
    /// Dimensions with full names of their fields.
    dimensions: Vec<(DimensionDef, FieldDef)>,
    measures: Vec<MeasureDef>,
    /// Full names of the fields that are read.
    pub names: Vec<String>,
    /// Their definitions.
    pub fields: Vec<FieldDef>,
    /// Conditions of the report and the reader.
    pub filters: Vec<Filter>,
}

impl<'a> Plan<'a> {
    /// What a run reads.
    pub fn of(
        ground: &'a Ground<'_>,
        sight: &Sight<'_, '_>,
        def: &'a ReportDef,
        spec: &ReportSpec,
    ) -> Result<Self> {
        let catalog = &*ground.catalog;
        let mut plan = Self {
            def,
            catalog,
            dimensions: Vec::new(),
            measures: Vec::new(),
            names: Vec::new(),
            fields: Vec::new(),
            filters: Vec::new(),
        };
        let dimensions = chosen(
            &def.dimensions,
            DimensionDef::name,
            spec.dimensions.as_deref(),
        )?;
        for mut dimension in dimensions {
            let field = plan.field(sight, &dimension.field)?;
            let code = dimension.name();
            dimension.code = code;
            dimension.field.clone_from(&field.code);
            plan.take(&field);
            plan.dimensions.push((dimension, field));
        }
        for mut measure in chosen(&def.measures, MeasureDef::name, spec.measures.as_deref())? {
            measure.code = measure.name();
            let named = [&mut measure.field, &mut measure.from, &mut measure.within];
            for name in named.into_iter().flatten() {
                let field = plan.field(sight, name)?;
                name.clone_from(&field.code);
                plan.take(&field);
            }
            if measure.of == MeasureKind::MedianAge {
                for name in [fields::CREATED_AT, fields::CLOSED_AT] {
                    if catalog.report_field(def, name).is_some() {
                        let field = plan.field(sight, name)?;
                        plan.take(&field);
                    }
                }
            }
            plan.measures.push(measure);
        }
        plan.filters = plan.conditions(ground, sight, spec)?;
        Ok(plan)
    }

    /// Dimensions in order.
    pub fn dimensions(&self) -> Vec<&DimensionDef> {
        self.dimensions.iter().map(|(d, _)| d).collect()
    }

    /// Measures in order.
    pub fn measures(&self) -> Vec<&MeasureDef> {
        self.measures.iter().collect()
    }

    fn take(&mut self, field: &FieldDef) {
        if !self.names.contains(&field.code) {
            self.names.push(field.code.clone());
            self.fields.push(field.clone());
        }
    }

    /// A field of the report, when the reader may see it.
    fn field(&self, sight: &Sight<'_, '_>, name: &str) -> Result<FieldDef> {
        let found = self.catalog.report_field(self.def, name);
        match found {
            Some(field) if !sight.hides(self.def.source, field)? => Ok(field.clone()),
            _ => Err(Error::forbidden(
                "the report is about fields that you may not see",
            )),
        }
    }

    fn conditions(
        &self,
        ground: &Ground<'_>,
        sight: &Sight<'_, '_>,
        spec: &ReportSpec,
    ) -> Result<Vec<Filter>> {
        let def = self.def;
        let mut asked: Vec<(String, Condition)> = Vec::new();
        for (name, json) in &spec.filters {
            if !def
                .filters
                .iter()
                .any(|f| f == name || bare(f) == bare(name))
            {
                let known = def.filters.join(", ");
                let message = format!("is no filter of this report; its filters are: {known}");
                return Err(Error::field(&short(name), "unknown_filter", message));
            }
            if let Some(condition) = condition(name, json)? {
                asked.push((self.filter_name(name), condition));
            }
        }
        for (name, values) in &def.defaults {
            let full = self.filter_name(name);
            if !asked.iter().any(|(n, _)| *n == full) {
                asked.push((full, Condition::In(values.clone())));
            }
        }
        // What the report itself says comes on top of what the reader asks.
        for (name, values) in &def.fixed {
            asked.push((self.filter_name(name), Condition::In(values.clone())));
        }
        let mut filters =
            filter::read_filters(&*ground.snapshot, self.catalog, sight, def.source, &asked)?;
        if !def.types.is_empty() {
            let types = def.types.iter().cloned().map(Value::Text);
            filters.push(Filter {
                field: fields::TYPE.to_owned(),
                indexed: true,
                holds: Holds::In(types.collect()),
            });
        }
        if let Some(period) = &spec.period {
            let field = self.field(sight, &def.period)?;
            filters.extend(self.period(&field, period)?);
        }
        Ok(filters)
    }

    fn filter_name(&self, name: &str) -> String {
        if name == CATEGORY_NAME {
            return CATEGORY.to_owned();
        }
        let field = self.catalog.report_field(self.def, name);
        field.map_or_else(|| name.to_owned(), |f| f.code.clone())
    }

    fn period(&self, field: &FieldDef, period: &Period) -> Result<Option<Filter>> {
        let from = self.end(field, "period.from", period.from.as_deref(), false)?;
        let to = self.end(field, "period.to", period.to.as_deref(), true)?;
        if from.is_none() && to.is_none() {
            return Ok(None);
        }
        Ok(Some(Filter {
            field: field.code.clone(),
            indexed: field.indexed,
            holds: Holds::Between(from, to),
        }))
    }

    /// An end of the period: a date counts whole, in the report's time zone.
    fn end(
        &self,
        field: &FieldDef,
        name: &str,
        text: Option<&str>,
        is_last: bool,
    ) -> Result<Option<Value>> {
        let Some(text) = text else { return Ok(None) };
        let wrong = || {
            Error::field(
                name,
                "malformed",
                "expected a date such as 2026-03-02 or an instant",
            )
        };
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            let day = match is_last {
                true => day.succ_opt().ok_or_else(wrong)?,
                false => day,
            };
            if field.value == ValueType::Date {
                return Ok(Some(Value::Date(day)));
            }
            let midnight = day.and_time(chrono::NaiveTime::MIN);
            // Where clocks skip midnight the day begins an hour later.
            let local = self.def.time_zone.from_local_datetime(&midnight).earliest();
            let at = local.map_or_else(|| midnight.and_utc(), |at| at.to_utc());
            return Ok(Some(Value::Instant(at)));
        }
        let at: Instant = text.parse().map_err(|_| wrong())?;
        Ok(Some(match field.value {
            ValueType::Date => Value::Date(at.with_timezone(&self.def.time_zone).date_naive()),
            _ => Value::Instant(at),
        }))
    }

    /// The cells of a record.
    pub fn cells(&self, record: &Record) -> Vec<Option<Cell>> {
        let cell = |name: &String| record.get(name).and_then(cells::of_value);
        self.names.iter().map(cell).collect()
    }

    /// Sorts groups by a dimension or measure.
    pub fn sort(&self, groups: &mut [Group], by: Option<&str>) -> Result<()> {
        let Some(by) = by else { return Ok(()) };
        let (code, descending) = match by.strip_prefix('-') {
            Some(code) => (code, true),
            None => (by, false),
        };
        let turned = |order: std::cmp::Ordering| if descending { order.reverse() } else { order };
        if let Some(at) = self.dimensions.iter().position(|(d, _)| d.code == code) {
            groups.sort_by(|a, b| turned(a.0.get(at).cmp(&b.0.get(at))));
            return Ok(());
        }
        let Some(at) = self.measures.iter().position(|m| m.code == code) else {
            let message = "there is no such dimension or measure to sort by";
            return Err(Error::field("sort", "unknown_field", message));
        };
        groups.sort_by(|a, b| match (a.1.get(at), b.1.get(at)) {
            (Some(a), Some(b)) => {
                let nothing = |m| matches!(m, &crate::domain::tally::Measured::Nothing);
                match nothing(a) || nothing(b) {
                    true => compare(a, b),
                    false => turned(compare(a, b)),
                }
            }
            _ => std::cmp::Ordering::Equal,
        });
        Ok(())
    }

    /// The columns with their names.
    pub fn columns(&self, locale: &str) -> Vec<ReportColumn> {
        let dimensions = self.dimensions.iter().map(|(d, field)| ReportColumn {
            code: d.code.clone(),
            name: d
                .names
                .get(locale)
                .or_else(|| field.names.get(locale))
                .unwrap_or(&d.code)
                .to_owned(),
            is_dimension: true,
            values: match field.value {
                ValueType::Ref | ValueType::RefList => "record",
                ValueType::Int | ValueType::Decimal | ValueType::Duration => "number",
                _ => "text",
            },
        });
        let measures = self.measures.iter().map(|m| ReportColumn {
            code: m.code.clone(),
            name: m.names.get(locale).unwrap_or(&m.code).to_owned(),
            is_dimension: false,
            values: match m.of {
                MeasureKind::ShareWithin => "share",
                MeasureKind::MedianAge => "seconds",
                _ if m.from.is_some() => "seconds",
                _ => "number",
            },
        });
        dimensions.chain(measures).collect()
    }

    /// Rows as they are told.
    pub fn rows(
        &self,
        sight: &Sight<'_, '_>,
        locale: &str,
        mut groups: Vec<Group>,
        folded: bool,
    ) -> Result<Vec<ReportRow>> {
        if folded {
            self.unfold(sight, &mut groups)?;
        }
        let titles = self.titles(sight, &groups)?;
        let row = |(keys, values, _): Group| {
            let pairs = keys.iter().zip(&self.dimensions);
            let labels = pairs.map(|(cell, (dimension, field))| {
                let cell = cell.as_ref()?;
                self.label(dimension, field, cell, locale, &titles)
            });
            let labels = labels.collect();
            let pairs = keys.into_iter().zip(&self.dimensions);
            ReportRow {
                keys: pairs.map(|(cell, (_, field))| json(field, cell)).collect(),
                labels,
                values: values.iter().map(measured).collect(),
            }
        };
        Ok(groups.into_iter().map(row).collect())
    }

    /// The index folds texts: one record of each group tells how they are written.
    fn unfold(&self, sight: &Sight<'_, '_>, groups: &mut [Group]) -> Result<()> {
        let is_folded =
            |(d, field): &(DimensionDef, FieldDef)| d.by.is_none() && cells::is_folded(field);
        if !self.dimensions.iter().any(is_folded) {
            return Ok(());
        }
        let places: Vec<(Kind, Id)> = groups.iter().map(|g| (self.def.source, id_of(g))).collect();
        let pages = record::read_many(sight.snapshot(), sight, &places)?;
        let records: BTreeMap<Id, Record> =
            pages.into_iter().map(|p| (p.record.id, p.record)).collect();
        for group in groups {
            let Some(record) = records.get(&id_of(group)) else {
                continue;
            };
            for (cell, dimension) in group.0.iter_mut().zip(&self.dimensions) {
                if cell.is_some() && is_folded(dimension) {
                    let own = record.get(&dimension.1.code).and_then(cells::of_value);
                    *cell = own.or_else(|| cell.take());
                }
            }
        }
        Ok(())
    }

    /// Titles of the records that dimensions refer to, as far as the reader may see them.
    fn titles(&self, sight: &Sight<'_, '_>, groups: &[Group]) -> Result<BTreeMap<String, String>> {
        let mut places: BTreeSet<(Kind, Id)> = BTreeSet::new();
        for (keys, ..) in groups {
            for (cell, (_, field)) in keys.iter().zip(&self.dimensions) {
                if let (Some(Cell::Text(text)), Some(target)) = (cell, field.target)
                    && let Ok(id) = text.parse()
                {
                    places.insert((target, id));
                }
            }
        }
        let places: Vec<(Kind, Id)> = places.into_iter().collect();
        let pages = record::read_many(sight.snapshot(), sight, &places)?;
        let title = |record: &Record| (record.id.to_string(), record.title().to_owned());
        Ok(pages.iter().map(|p| title(&p.record)).collect())
    }

    fn label(
        &self,
        dimension: &DimensionDef,
        field: &FieldDef,
        cell: &Cell,
        locale: &str,
        titles: &BTreeMap<String, String>,
    ) -> Option<String> {
        let Cell::Text(text) = cell else {
            return None;
        };
        if dimension.by.is_some() {
            return None;
        }
        let named = |names: &crate::domain::Names| names.get(locale).map(str::to_owned);
        match field.code.as_str() {
            fields::TYPE => named(&self.catalog.type_def(text)?.names),
            fields::STATUS => {
                let kind = self.def.source;
                let types = self.catalog.types(kind).map(|t| Some(t.code.as_str()));
                let mut flows = [None].into_iter().chain(types);
                let status = flows.find_map(|t| self.catalog.workflow(kind, t)?.status(text));
                named(&status?.names)
            }
            _ if field.target.is_some() => titles.get(&**text).cloned(),
            _ => {
                let option = field.options.iter().find(|o| *o.code == **text)?;
                named(&option.names)
            }
        }
    }
}

fn json(field: &FieldDef, cell: Option<Cell>) -> Json {
    match cell {
        None => Json::Null,
        Some(Cell::Int(n)) if field.value == ValueType::Bool => Json::from(n != 0),
        Some(Cell::Int(n)) => Json::from(n),
        Some(Cell::Text(text)) => Json::from(&*text),
        Some(Cell::Decimal(d)) => Json::from(d.to_string()),
        Some(Cell::Day(day)) => Json::from(day.to_string()),
        Some(Cell::At(at)) => Value::Instant(at).to_json(),
    }
}

/// Those of the report's parts that a reader wants, in the reader's order.
fn chosen<T: Clone>(
    all: &[T],
    name: impl Fn(&T) -> String,
    wanted: Option<&[String]>,
) -> Result<Vec<T>> {
    let Some(wanted) = wanted else {
        return Ok(all.to_vec());
    };
    let mut found = Vec::new();
    for code in wanted {
        let part = all.iter().find(|part| name(part) == *code);
        let part = part.ok_or_else(|| {
            let known: Vec<String> = all.iter().map(&name).collect();
            let message = format!("is none of the report's: {}", known.join(", "));
            Error::field(&short(code), "unknown_column", message)
        })?;
        if !found.iter().any(|f| name(f) == *code) {
            found.push(part.clone());
        }
    }
    Ok(found)
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

/// A filter as it is written in JSON.
fn condition(name: &str, json: &Json) -> Result<Option<Condition>> {
    let text = |json: &Json| match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(n) => Some(n.to_string()),
        Json::Bool(b) => Some(b.to_string()),
        _ => None,
    };
    let wrong = || {
        let message =
            "expected a value, a list of values, `{\"from\": …, \"to\": …}` or `{\"present\": …}`";
        Error::field(&short(name), "malformed", message)
    };
    Ok(Some(match json {
        Json::Null => return Ok(None),
        Json::Array(items) if items.is_empty() => return Ok(None),
        Json::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().map(text).collect();
            Condition::In(texts.ok_or_else(wrong)?)
        }
        Json::Object(map) => {
            let known = |key: &String| ["from", "to", "present"].contains(&key.as_str());
            if map.is_empty() || !map.keys().all(known) {
                return Err(wrong());
            }
            match map.get("present") {
                Some(present) => Condition::Present(present.as_bool().ok_or_else(wrong)?),
                None => {
                    Condition::Between(map.get("from").and_then(text), map.get("to").and_then(text))
                }
            }
        }
        one => Condition::In(vec![text(one).ok_or_else(wrong)?]),
    }))
}
