//! Budgets of a plugin and of its calls.

/// Greatest component that any plugin may be, in bytes; those of interpreted languages carry their
/// interpreter.
pub const MAX_COMPONENT_BYTES: usize = 32 << 20;

/// Budgets of a call, and of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Fuel for one call, about one unit for an instruction.
    pub fuel: u64,
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
            memory_bytes: 16 << 20,
            answer_bytes: 1 << 20,
            component_bytes: 1 << 20,
        }
    }
}
