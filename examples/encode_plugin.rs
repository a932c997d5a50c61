//! Makes a component of a core module: `encode_plugin CORE.wasm COMPONENT.wasm`.
//!
//! The engine encodes core modules itself when it installs them; this is for components that are
//! kept in files.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [core, component] = args.as_slice() else {
        eprintln!("usage: encode_plugin CORE.wasm COMPONENT.wasm");
        return ExitCode::from(2);
    };
    let made = std::fs::read(core)
        .map_err(|e| format!("cannot read `{core}`: {e}"))
        .and_then(|bytes| opora::hooks::wasm::encode(&bytes))
        .and_then(|bytes| {
            std::fs::write(component, bytes).map_err(|e| format!("cannot write `{component}`: {e}"))
        });
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}
