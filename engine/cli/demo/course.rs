//! The way of a record through the stages of its process, for records whose status follows from them.

use std::collections::VecDeque;

use crate::desk::ProcessStep;
use crate::domain::process::{EdgeDef, fields};
use crate::domain::{Record, StatusCategory};
use crate::packs::Catalog;

/// A step, and the status that the record has after it.
pub type Stride = (ProcessStep, String);

/// The shortest way through the stages to a status: `exact`, or the first one of the category (of a
/// bad end: the last). None: the status does not follow from stages, or no way leads there.
pub fn course(
    catalog: &Catalog,
    record: &Record,
    category: StatusCategory,
    exact: Option<&str>,
    is_bad: bool,
) -> Option<Vec<Stride>> {
    let workflow = catalog.workflow(record.kind, record.type_code())?;
    let of = |category: StatusCategory| {
        let mut all = workflow.statuses.iter().filter(|s| s.category == category);
        let found = if is_bad { all.next_back() } else { all.next() };
        found.map(|s| s.code.as_str())
    };
    let wanted = exact.or_else(|| of(category)).or_else(|| {
        let given_up = category == StatusCategory::Cancelled;
        given_up.then(|| of(StatusCategory::Done)).flatten()
    })?;
    let process = catalog.process(record.text(fields::PROCESS)?)?;
    let (stage, status) = (record.text(fields::STAGE)?, record.status()?);
    let is_there = |status: &str| {
        let is = workflow.status(status).map(|s| s.category);
        status == wanted || (exact.is_none() && is == Some(category))
    };
    if is_there(status) {
        return Some(Vec::new());
    }
    let mut ways: VecDeque<(&str, &str, Vec<Stride>)> = VecDeque::from([(stage, status, vec![])]);
    let mut seen = vec![stage];
    while let Some((stage, status, way)) = ways.pop_front() {
        for edge in process.ways(stage) {
            let to = process.stages.iter().find(|s| s.code == edge.to)?;
            let own = edge.status.as_deref().or(to.status.as_deref());
            let next = own.unwrap_or(status);
            if !edge.when.iter().all(|test| test.holds(record)) {
                continue;
            }
            let mut longer = way.clone();
            longer.push((step(edge), next.to_owned()));
            if next == wanted {
                return Some(longer);
            }
            if !seen.contains(&to.code.as_str()) {
                seen.push(&to.code);
                ways.push_back((&to.code, next, longer));
            }
        }
    }
    None
}

fn step(edge: &EdgeDef) -> ProcessStep {
    let (stage, result) = (None, String::new());
    match &edge.on {
        Some(answer) => ProcessStep::Decide {
            stage,
            answer: answer.clone(),
            result,
        },
        None => ProcessStep::Complete {
            stage,
            to: Some(edge.to.clone()),
            result,
        },
    }
}
