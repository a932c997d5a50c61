//! Host bindings, generated from the contract in `sdk/wit`.

wasmtime::component::bindgen!({
    path: "sdk/wit/0.1.0",
    world: "every-hook",
    imports: { default: trappable },
});
