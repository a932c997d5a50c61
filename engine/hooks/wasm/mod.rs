//! Rules in WASM components. The only place of `wasmtime::`.
