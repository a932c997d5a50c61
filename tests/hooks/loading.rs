//! What is not a plugin, or not for this engine, is refused with the reason.

use opora::hooks::Hook;
use opora::hooks::wasm::{Compiling, Host, Limits, LoadError};

use super::support::{component, guest, host};

#[track_caller]
fn refused(bytes: &[u8], says: &str) -> LoadError {
    let error = host().load("odd", "1.2.3", bytes).expect_err("a refusal");
    let text = error.to_string();
    assert!(text.contains("odd 1.2.3"), "{text}");
    assert!(text.contains(says), "{text}");
    error
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("valid text")
}

#[test]
fn what_is_no_webassembly_is_refused() {
    refused(b"", "does not begin as WebAssembly does");
    refused(b"(component)", "does not begin as WebAssembly does");
    refused(b"\0asm\x0d\0\x01\0garbage", "is not a valid component");
}

#[test]
fn every_cut_and_every_flipped_byte_ends_in_an_answer() {
    let whole = component("tests/hooks/conformance.wasm");
    for i in 0..60 {
        let cut = whole.len() * i / 60;
        match host().load("cut", "1", &whole[..cut]) {
            Err(error) => assert!(!error.to_string().contains("broke down"), "{cut}: {error}"),
            // What stands last, names and producers, may be missing.
            Ok(_) => assert!(cut > whole.len() / 2, "{cut} bytes load"),
        }
    }
    // Most flips hit code or names and still load; none may stop the process.
    for i in 0..40 {
        let mut flipped = whole.clone();
        let at = (i * 1_013) % 4_000;
        flipped[at] ^= 1 << (i % 8);
        if let Err(error) = host().load("flipped", "1", &flipped) {
            assert!(!error.to_string().contains("broke down"), "{at}: {error}");
        }
    }
}

#[test]
fn a_component_without_hooks_is_refused() {
    let error = refused(&wat("(component)"), "exports no hook");
    assert!(matches!(error, LoadError::NoHooks { .. }));
}

#[test]
fn a_core_module_without_the_contract_is_refused() {
    refused(&wat("(module)"), "exports no hook");
    refused(
        &wat(r#"(module (import "env" "system" (func (param i32))))"#),
        "env",
    );
}

#[test]
fn imports_that_are_not_offered_are_refused() {
    let error = refused(
        &wat(r#"(component
            (import "wasi:cli/environment@0.2.0" (instance
                (export "get-arguments" (func (result (list string)))))))"#),
        "imports `wasi:cli/environment@0.2.0`",
    );
    assert!(matches!(error, LoadError::Import { .. }));
    refused(
        &wat(r#"(component (import "opora:hooks/clock@1.0.0" (instance)))"#),
        "imports `opora:hooks/clock@1.0.0`",
    );
    let error = refused(
        &wat(r#"(component (import "opora:hooks/log@0.2.0" (instance)))"#),
        "imports `opora:hooks/log@0.2.0`, which is of 0.1.0 and 1.0.0",
    );
    assert!(matches!(error, LoadError::Contract { .. }));
}

/// Both would be read as one, which is in doubt then.
#[test]
fn one_interface_of_two_versions_is_refused() {
    refused(
        &wat(r#"(component
            (instance $i)
            (export "opora:hooks/define@0.1.0" (instance $i))
            (export "opora:hooks/define@1.0.0" (instance $i)))"#),
        "exports `define` of two versions",
    );
    refused(
        &wat(r#"(component
            (import "opora:hooks/log@1.0.0" (instance))
            (import "opora:hooks/log@0.1.0" (instance)))"#),
        "imports `log` of two versions",
    );
}

/// A component that exports an empty instance under a name.
fn exporting(name: &str) -> Vec<u8> {
    wat(&format!(
        r#"(component (instance $i) (export "{name}" (instance $i)))"#
    ))
}

#[test]
fn another_version_of_the_contract_is_named() {
    for version in ["0.2.0", "0.9.0", "1.1.0"] {
        let export = format!("opora:hooks/transition-guard@{version}");
        let error = refused(
            &exporting(&export),
            &format!("built for opora:hooks {version}"),
        );
        let text = error.to_string();
        assert!(text.contains("this engine offers 1.0.0;"), "{text}");
        assert!(text.contains("which is of 0.1.0 and 1.0.0"), "{text}");
        assert!(text.contains(&export), "{text}");
    }
}

#[test]
fn the_first_difference_is_named() {
    for version in ["0.1.0", "1.0.0"] {
        refused(
            &exporting(&format!("opora:hooks/transition-guard@{version}")),
            "`transition-guard`: function `guard` is missing",
        );
    }
    for version in ["0.1.0", "0.2.0", "1.0.0"] {
        let export = format!("opora:hooks/teleport@{version}");
        let says = format!("exports what this engine does not call: `{export}`");
        refused(&exporting(&export), &says);
    }
    refused(
        &exporting("opora:hooks/field-compute@0.1.0"),
        "exports `opora:hooks/field-compute@0.1.0`, which is of 0.2.0 and 1.0.0",
    );
    refused(
        &exporting("opora:hooks/access-filter@0.2.0"),
        "`access-filter`: function `filter` is missing",
    );
    let other_type = wat(r#"(component
        (core module $m (func (export "f") (param i32)))
        (core instance $c (instantiate $m))
        (func $f (param "input" u32) (canon lift (core func $c "f")))
        (instance $i (export "guard" (func $f)))
        (export "opora:hooks/transition-guard@1.0.0" (instance $i)))"#);
    refused(
        &other_type,
        "`transition-guard`: function `guard` is `func(input: u32)` where the contract has \
         `func(input: input) -> decision`",
    );
}

#[test]
fn a_start_function_has_the_same_budget() {
    let cases = [
        ("(func $s (loop br 0)) (start $s)", "used up its fuel"),
        ("(memory 1000)", "wanted more than its 16384 KiB of memory"),
        (
            "(memory 200) (memory 200)",
            "wanted more than its 16384 KiB of memory",
        ),
        (
            "(table 1000000 funcref)",
            "wanted tables of more than 100000 elements",
        ),
        ("(func $s unreachable) (start $s)", "unreachable"),
        ("(func $s call $s) (start $s)", "used up its stack"),
    ];
    for (part, says) in cases {
        let component = wat(&format!(
            r#"(component
                (core module $m {part})
                (core instance (instantiate $m))
                (instance $i)
                (export "opora:hooks/define@1.0.0" (instance $i)))"#
        ));
        let error = refused(&component, says);
        assert!(matches!(error, LoadError::Start { .. }), "{error}");
    }
}

#[test]
fn size_has_a_cap_that_can_be_raised() {
    let whole = component("tests/hooks/conformance.wasm");
    let limits = Limits {
        component_bytes: 1_000,
        ..Limits::default()
    };
    let small = Host::new(limits, None).expect("a host");
    let error = small.load("odd", "1", &whole).expect_err("a refusal");
    assert!(error.to_string().contains("the limit is 1000"), "{error}");
    let raised = |component_bytes| Limits {
        component_bytes,
        ..Limits::default()
    };
    let load = |bytes: &[u8], limits| host().load_within("odd", "1", bytes, limits, Compiling::Now);
    assert!(load(&whole, raised(1 << 20)).is_ok());
    let error = load(&vec![0; 33 << 20], raised(usize::MAX)).expect_err("a refusal");
    assert!(
        error.to_string().contains("the limit is 33554432"),
        "{error}"
    );
}

#[test]
fn hooks_are_found_by_their_interfaces() {
    let hooks = guest().hooks();
    let expected: Vec<Hook> = Hook::ALL
        .into_iter()
        .filter(|h| *h != Hook::Define)
        .collect();
    assert_eq!(hooks, expected);
    assert!(guest().runner(Hook::Define).is_none());
    assert_eq!(guest().define(), Ok(None));
}

#[test]
fn compiled_plugins_are_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let whole = component("tests/hooks/conformance.wasm");
    let hash = |dir: &std::path::Path| {
        let host = Host::new(Limits::default(), Some(dir)).expect("a host");
        host.load("conformance", "0.1.0", &whole)
            .expect("it loads")
            .hash()
    };
    let first = hash(&dir.path().join("cache"));
    assert_eq!(hash(&dir.path().join("cache")), first);
    let mut files = std::fs::read_dir(dir.path().join("cache")).expect("the folder");
    assert!(files.next().is_some(), "nothing was kept");
}
