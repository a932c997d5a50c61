//! What rules about the use of a contract get and may return: `contract.consume`.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::word::words;
use super::{RecordView, Spot};

words! {
    /// What happened to a ticket that a contract pays for.
    ConsumeEvent {
        /// It was closed.
        Closed = "closed",
        /// It was opened again.
        Reopened = "reopened",
        /// Effort was logged.
        Effort = "effort",
        /// The contract pays for it no longer.
        Unlinked = "unlinked",
    }
}

words! {
    /// What a contract counts.
    ConsumeUnit {
        /// Hours.
        Hours = "hours",
        /// Working days.
        Days = "days",
        /// Tickets.
        Events = "events",
    }
}

/// What a contract has and what of it is used.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsumeView {
    /// What happened.
    pub event: ConsumeEvent,
    /// The contract.
    pub contract: Arc<RecordView>,
    /// What it counts.
    pub unit: ConsumeUnit,
    /// What it holds in all; none: without a limit.
    pub total: Option<Decimal>,
    /// What is used of it, this ticket's part included.
    pub used: Decimal,
    /// What this ticket used so far: the net amount.
    pub counted: Decimal,
}

words! {
    /// What becomes of a use beyond what the contract holds.
    OverLimit {
        /// It is counted.
        Allow = "allow",
        /// It is counted, and somebody is told.
        Warn = "warn",
        /// The change is refused.
        Refuse = "refuse",
    }
}

/// What a ticket uses of a contract. An empty member leaves the contract's own terms.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConsumeChoice {
    /// The new net amount of this ticket on this contract, not less than zero.
    pub amount: Option<Decimal>,
    /// What becomes of a use beyond what the contract holds.
    pub over_limit: Option<OverLimit>,
    /// Why, for the journal.
    pub reason: String,
    /// Where the script decided it.
    pub spot: Spot,
}
