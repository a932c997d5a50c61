//! Details of intake and contracts as the journal keeps them: records by their place, to be read again.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::{Id, Kind};
use crate::hooks::{ConsumeEvent, ConsumeUnit, ConsumeView, RecordView, RouteView, Wanted};

/// An appeal that was accepted or arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRoute {
    /// Whether nobody accepted it.
    pub automatic: bool,
    /// What was asked for.
    pub wanted: Wanted,
    /// Parties that were found, each with its score and the reasons.
    pub found: Vec<((Kind, Id), i64, Vec<String>)>,
    /// Open records of the party.
    pub open: Vec<(Kind, Id)>,
}

/// A use of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptConsume {
    /// What happened.
    pub event: ConsumeEvent,
    /// The contract.
    pub contract: (Kind, Id),
    /// What it counts.
    pub unit: ConsumeUnit,
    /// What it holds.
    pub total: Option<Decimal>,
    /// What was used of it.
    pub used: Decimal,
    /// What the ticket used.
    pub counted: Decimal,
}

fn place(view: &RecordView) -> (Kind, Id) {
    (view.kind, view.id)
}

impl KeptRoute {
    /// What is kept.
    pub fn of(view: &RouteView) -> Self {
        let found = view.found.iter();
        let found = found.map(|p| (place(&p.view), p.score, p.reasons.clone()));
        Self {
            automatic: view.automatic,
            wanted: view.wanted.clone(),
            found: found.collect(),
            open: view.open.iter().map(|v| place(v)).collect(),
        }
    }
}

impl KeptConsume {
    /// What is kept.
    pub fn of(view: &ConsumeView) -> Self {
        Self {
            event: view.event,
            contract: place(&view.contract),
            unit: view.unit,
            total: view.total,
            used: view.used,
            counted: view.counted,
        }
    }
}
