//! How a call ended that gave no decision.

use wasmtime::{Trap, WasmBacktrace};

use super::state::{OverBudget, State, Stopped};
use crate::hooks::FailureKind;

/// What went wrong, without saying in which plugin.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: FailureKind,
    pub(super) text: String,
}

impl Fault {
    /// The plugin's answer cannot be understood.
    pub(super) fn broken(text: impl Into<String>) -> Self {
        Self {
            kind: FailureKind::Broken,
            text: text.into(),
        }
    }

    /// The plugin's answer is over a limit.
    pub(super) fn over(text: impl Into<String>) -> Self {
        Self {
            kind: FailureKind::OverBudget,
            text: text.into(),
        }
    }

    /// Reads a trap or host error.
    pub(super) fn of(error: &wasmtime::Error, state: &State) -> Self {
        if let Some(over) = error.downcast_ref::<OverBudget>() {
            return Self::over(over.to_string());
        }
        let place = place(error);
        if let Some(stopped) = error.downcast_ref::<Stopped>() {
            return Self::over(format!("{stopped}{place}"));
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => Self::over(format!("used up its fuel{place}")),
            Some(Trap::StackOverflow) => Self::over(format!("used up its stack{place}")),
            Some(trap) => Self::broken(state.panic.as_ref().map_or_else(
                || format!("{trap}{place}"),
                |panic| format!("panicked: {panic}"),
            )),
            // The error has no public type; the text says that too much was returned.
            None if format!("{error:#}").contains("fuel allocated for hostcalls") => {
                Self::over("returned more than its limit of bytes")
            }
            None => Self::broken(format!("{error:#}")),
        }
    }
}

/// The function in which the guest stopped, when it has kept its names.
fn place(error: &wasmtime::Error) -> String {
    error
        .downcast_ref::<WasmBacktrace>()
        .and_then(|trace| function(&trace.to_string()))
        .unwrap_or_default()
}

/// The innermost function of a printed backtrace, whose lines are `0: 0x1f2e - module!function`.
/// Only the printed form has names as they stand in the source.
fn function(trace: &str) -> Option<String> {
    let (_, frame) = trace.lines().find_map(|line| line.split_once(" - "))?;
    let (_, name) = frame.split_once('!')?;
    let name: String = name.chars().take(200).collect();
    Some(format!(" in `{name}`"))
}
