//! Limits of scripts.

/// Every limit of a script, so that a rule can neither stop the desk nor fill its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScriptLimits {
    /// Operations of one call: the budget. Counting is exact, so equal calls are cut off at the same
    /// place.
    pub operations: u64,
    /// Milliseconds of a processor that one call may take. A net under the budget for operations that
    /// work on large values; far beyond what a rule within its budget takes.
    pub millis: u64,
    /// Bytes of all variables of a call together, about.
    pub live_bytes: usize,
    /// Bytes of one text, and of all texts in one list or map. Holds the longest text of a field.
    pub text_bytes: usize,
    /// Items of one list, items of its lists included.
    pub list_items: usize,
    /// Entries of one map, entries of its maps included.
    pub map_entries: usize,
    /// Calls of functions inside functions.
    pub call_depth: usize,
    /// Variables of one function.
    pub variables: usize,
    /// Functions of one file.
    pub functions: usize,
    /// Depth of an expression outside functions.
    pub outer_expression_depth: usize,
    /// Depth of an expression in a function.
    pub expression_depth: usize,
    /// Bytes of one file.
    pub source_bytes: usize,
    /// Effects, refusals and reasons of one decision, each.
    pub decided: usize,
    /// Fields that the form rules of one decision are about.
    pub form_fields: usize,
    /// Bytes of one text of a decision.
    pub decided_text_bytes: usize,
    /// Bytes of all texts of a decision.
    pub decision_bytes: usize,
    /// Lists and maps inside one another in a variable, about: it is looked at now and then.
    pub nesting: usize,
    /// Lists and maps inside one another in data handed over.
    pub data_depth: usize,
}

impl Default for ScriptLimits {
    fn default() -> Self {
        Self {
            operations: 100_000,
            millis: 250,
            live_bytes: 16 * 1024 * 1024,
            text_bytes: 96 * 1024,
            list_items: 2_000,
            map_entries: 2_000,
            call_depth: 32,
            variables: 256,
            functions: 128,
            outer_expression_depth: 64,
            expression_depth: 32,
            source_bytes: 64 * 1024,
            decided: 64,
            form_fields: 256,
            decided_text_bytes: 16 * 1024,
            decision_bytes: 256 * 1024,
            nesting: 64,
            data_depth: 16,
        }
    }
}
