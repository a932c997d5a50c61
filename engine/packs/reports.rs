//! Checks reports: by themselves, and against the fields of the records they are about.

use std::collections::BTreeSet;

use super::catalog::Catalog;
use super::check::names_fault;
use super::fault::{Faults, PackFault};
use super::origin::Origin;
use super::source::short;
use crate::domain::report::{ReportDef, Step};
use crate::domain::{FieldDef, ValueType};

/// Most dimensions of a report.
pub const MAX_DIMENSIONS: usize = 6;
/// Most measures of a report.
pub const MAX_MEASURES: usize = 20;
/// Most filters of a report, and most conditions that always hold.
pub const MAX_FILTERS: usize = 20;
/// Most records of a list of open ones.
pub const MAX_OPEN: usize = 200;

/// Checks a report by itself.
pub(super) fn check(origin: &Origin, i: usize, report: &ReportDef, faults: &mut Faults) {
    let mut push = |path: &str, message: String| {
        faults.push(origin.fault(&format!("report/{i}/{path}"), message));
    };
    for (path, count, most) in [
        ("dimensions", report.dimensions.len(), MAX_DIMENSIONS),
        ("measures", report.measures.len(), MAX_MEASURES),
        ("filters", report.filters.len(), MAX_FILTERS),
        ("where", report.fixed.len(), MAX_FILTERS),
        ("open_list", report.open_list, MAX_OPEN),
    ] {
        if count > most {
            push(path, format!("{count} are over the limit of {most}"));
        }
    }
    if report.measures.is_empty() && report.open_list == 0 {
        push(
            "code",
            "a report needs `measures` or `open_list`".to_owned(),
        );
    }
    let mut seen = BTreeSet::new();
    for (k, dimension) in report.dimensions.iter().enumerate() {
        if !seen.insert(dimension.name()) {
            let message = format!(
                "`{}` stands twice; give it a `code`",
                short(&dimension.name())
            );
            push(&format!("dimensions/{k}"), message);
        }
        if let Some(message) = names_fault(&dimension.names) {
            push(&format!("dimensions/{k}/names"), message);
        }
    }
    for (k, measure) in report.measures.iter().enumerate() {
        if let Some(why) = measure.fault() {
            push(
                &format!("measures/{k}"),
                format!("`{}` {why}", measure.of.name()),
            );
        }
        if !seen.insert(measure.name()) {
            let message = format!(
                "`{}` stands twice; give it a `code`",
                short(&measure.name())
            );
            push(&format!("measures/{k}"), message);
        }
        if let Some(message) = names_fault(&measure.names) {
            push(&format!("measures/{k}/names"), message);
        }
    }
    if let Some(message) = names_fault(&report.names) {
        push("names", message);
    }
}

/// Refuses reports about fields and types that there are not.
pub(super) fn refuse(catalog: &Catalog, faults: &mut Faults) {
    for pack in &catalog.packs {
        for (i, report) in pack.definitions.reports.iter().enumerate() {
            if faults.is_full() {
                return;
            }
            let found = faults_of(catalog, &pack.origin, i, report);
            faults.extend(found);
        }
    }
}

fn faults_of(catalog: &Catalog, origin: &Origin, i: usize, report: &ReportDef) -> Vec<PackFault> {
    let mut found = Vec::new();
    let mut push = |path: String, message: String| {
        found.push(origin.fault(&format!("report/{i}/{path}"), message));
    };
    for (k, code) in report.types.iter().enumerate() {
        if catalog
            .type_def(code)
            .is_none_or(|t| t.kind != report.source)
        {
            let kind = report.source.name();
            push(
                format!("types/{k}"),
                format!("there is no type `{}` of kind {kind}", short(code)),
            );
        }
    }
    let field = |name: &str| catalog.report_field(report, name);
    let unknown = |name: &str| {
        let kind = report.source.name();
        format!("there is no field `{}` on a {kind}", short(name))
    };
    for (k, dimension) in report.dimensions.iter().enumerate() {
        let path = format!("dimensions/{k}");
        match field(&dimension.field) {
            None => push(path, unknown(&dimension.field)),
            Some(def) => {
                if let Some(why) = dimension_fault(def, dimension.by) {
                    push(path, format!("`{}` {why}", short(&dimension.field)));
                }
            }
        }
    }
    for (k, measure) in report.measures.iter().enumerate() {
        for name in measure.fields().filter(|n| field(n).is_none()) {
            // Not every kind is closed; then nothing of it is.
            if name != crate::domain::record::fields::CLOSED_AT {
                push(format!("measures/{k}"), unknown(name));
            }
        }
    }
    if field(&report.period).is_none_or(|f| !is_time(f)) {
        push("period".to_owned(), "must name a field of time".to_owned());
    }
    let filters = report
        .filters
        .iter()
        .chain(report.defaults.keys())
        .chain(report.fixed.keys());
    for name in filters.filter(|n| field(n).is_none() && *n != "status_category") {
        push("filters".to_owned(), unknown(name));
    }
    found
}

fn is_time(field: &FieldDef) -> bool {
    matches!(field.value, ValueType::Instant | ValueType::Date)
}

fn dimension_fault(field: &FieldDef, by: Option<Step>) -> Option<&'static str> {
    match (field.value, by) {
        (ValueType::LongText | ValueType::Json, _) => Some("is no field to break down by"),
        (ValueType::Instant | ValueType::Date, None) => {
            Some("is a time; say `by = \"month\"` or another step")
        }
        (ValueType::Instant | ValueType::Date, Some(_)) | (_, None) => None,
        (_, Some(_)) => Some("is no time and takes no `by`"),
    }
}
