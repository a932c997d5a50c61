//! What the host keeps for one call: limits, reasons, the last words of a panic.

use std::time::Duration;

use wasmtime::ResourceLimiter;

use super::bindings::{log, types};
use super::limits::Limits;
use crate::hooks::watch::Watch;
use crate::hooks::{Because, Spot};

/// Most reasons of one call.
const MAX_REASONS: usize = 64;
/// Longest text of a reason or panic in bytes; longer ones are cut.
const MAX_LOG_BYTES: usize = 4 << 10;
/// Most elements in all of a guest's tables (function pointers); real plugins have hundreds, an
/// interpreter has some thousands.
const MAX_TABLE_ELEMENTS: usize = 100_000;
/// Most core instances, memories and tables of a component; those of interpreted languages have tens.
const MAX_PARTS: usize = 100;

/// State of one call.
pub(super) struct State {
    watch: Watch,
    memory_left: usize,
    memory_bytes: usize,
    elements_left: usize,
    /// Reasons given.
    pub(super) because: Vec<Because>,
    /// Text and place of the panic.
    pub(super) panic: Option<String>,
}

/// A guest wanted more than its budget.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct OverBudget(pub(super) String);

/// A guest was stopped for the time that it took.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Stopped(&'static str);

impl State {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            watch: Watch::begin(Duration::from_millis(limits.millis)),
            memory_left: limits.memory_bytes,
            memory_bytes: limits.memory_bytes,
            elements_left: MAX_TABLE_ELEMENTS,
            because: Vec::new(),
            panic: None,
        }
    }

    /// Looks how long the call has run; it may be held up here.
    pub(super) fn look(&mut self) -> wasmtime::Result<()> {
        let looked = self.watch.look();
        looked.map_err(|why| wasmtime::Error::new(Stopped(why)))
    }

    /// Linear memory that the instance has, in bytes.
    pub(super) const fn memory_used(&self) -> usize {
        self.memory_bytes.saturating_sub(self.memory_left)
    }
}

impl ResourceLimiter for State {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The budget is for all memories of the component together.
        match self
            .memory_left
            .checked_sub(desired.saturating_sub(current))
        {
            Some(left) => {
                self.memory_left = left;
                Ok(true)
            }
            None => Err(wasmtime::Error::new(OverBudget(format!(
                "wanted more than its {} KiB of memory",
                self.memory_bytes >> 10
            )))),
        }
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // As with memory: a hundred tables that are small each are large together.
        match self
            .elements_left
            .checked_sub(desired.saturating_sub(current))
        {
            Some(left) => {
                self.elements_left = left;
                Ok(true)
            }
            None => Err(wasmtime::Error::new(OverBudget(format!(
                "wanted tables of more than {MAX_TABLE_ELEMENTS} elements"
            )))),
        }
    }

    fn instances(&self) -> usize {
        MAX_PARTS
    }

    fn tables(&self) -> usize {
        MAX_PARTS
    }

    fn memories(&self) -> usize {
        MAX_PARTS
    }
}

impl types::Host for State {}

impl log::Host for State {
    fn because(&mut self, code: String, text: String) -> wasmtime::Result<()> {
        // Fuel does not count the host's work: the number of calls must have an end of its own.
        if self.because.len() >= MAX_REASONS {
            return Err(wasmtime::Error::new(OverBudget(format!(
                "gave more than {MAX_REASONS} reasons"
            ))));
        }
        self.because.push(Because {
            code: cut(code),
            text: cut(text),
            spot: Spot::default(),
        });
        Ok(())
    }

    fn panicked(
        &mut self,
        text: String,
        file: String,
        line: u32,
        column: u32,
    ) -> wasmtime::Result<()> {
        if self.panic.is_some() {
            return Err(wasmtime::Error::new(OverBudget(
                "reported more than one panic".to_owned(),
            )));
        }
        self.panic = Some(format!("{} at {}:{line}:{column}", cut(text), cut(file)));
        Ok(())
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_LOG_BYTES));
    text
}
