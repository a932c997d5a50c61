//! Budgets of a plugin and of its calls.

/// Greatest component that any plugin may be, in bytes; those of interpreted languages carry their
/// interpreter.
pub const MAX_COMPONENT_BYTES: usize = 32 << 20;

/// Longest time of a processor that a call of any plugin may take, in milliseconds.
const MAX_MILLIS: u64 = 5_000;

/// Budgets of a call, and of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Fuel for one call, about one unit for an instruction.
    pub fuel: u64,
    /// Milliseconds of a processor that one call may take. A net under the fuel, for instructions
    /// that take long for what they cost.
    pub millis: u64,
    /// Linear memory of one call in bytes.
    pub memory_bytes: usize,
    /// Greatest answer or log text in bytes.
    pub answer_bytes: usize,
    /// Greatest component in bytes, unless a plugin is allowed more.
    pub component_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 10_000_000,
            millis: 250,
            memory_bytes: 16 << 20,
            answer_bytes: 1 << 20,
            component_bytes: 1 << 20,
        }
    }
}

impl Limits {
    /// The same with other fuel, and time in proportion.
    #[must_use]
    pub fn with_fuel(self, fuel: u64) -> Self {
        let share = fuel.div_ceil(self.fuel.max(1)).max(1);
        Self {
            fuel,
            millis: self.millis.saturating_mul(share).min(MAX_MILLIS),
            ..self
        }
    }
}
