//! What a plugin tells the trace.

/// Gives a reason for the decision being made: a stable code, and what it was seen in. At most 64 in
/// one call. Outside a plugin, as in unit tests, nothing happens.
pub fn because(code: &str, text: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::bindings::base::opora::hooks::log::because(code, text);
    #[cfg(not(target_arch = "wasm32"))]
    let _ = (code, text);
}

/// Makes panics tell the engine their text and position before the plugin stops. The exported glue
/// calls it; a plugin need not.
pub fn report_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| {
        let text = panic
            .payload()
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| panic.payload().downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let (file, line, column) = panic
            .location()
            .map_or(("", 0, 0), |at| (at.file(), at.line(), at.column()));
        crate::bindings::base::opora::hooks::log::panicked(&text, file, line, column);
    }));
}
