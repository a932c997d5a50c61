//! Folders, hashes, rows, limits, and texts that nobody meant.

use std::fs;

use proptest::prelude::*;

use super::kit::{DEFINITIONS, MANIFEST, TestHosts, good, lines, pack};
use crate::packs::files::{CHUNK_BYTES, MAX_FILES, MAX_TEXT_BYTES};
use crate::packs::{MAX_FAULTS, MAX_TYPES, PackFiles, load, nearest};

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn the_hash_is_of_names_and_contents_and_never_changes() {
    let files = PackFiles::from_texts(&[("pack.toml", MANIFEST), ("a.md", "text")]);
    let other_order = PackFiles::from_texts(&[("a.md", "text"), ("pack.toml", MANIFEST)]);
    assert_eq!(files.hash(), other_order.hash());
    // The hash names revisions in stores that exist: this value may not change.
    assert_eq!(
        hex(files.hash()),
        "6aa7ce6b9fd2d49c6c12b61829c8b4712191285e20cb3ad6809d002574245764"
    );
    for other in [
        PackFiles::from_texts(&[("pack.toml", MANIFEST), ("a.mdt", "ext")]),
        PackFiles::from_texts(&[("pack.toml", MANIFEST), ("a.md", "texT")]),
        PackFiles::from_texts(&[("pack.toml", MANIFEST)]),
    ] {
        assert_ne!(files.hash(), other.hash());
    }
    assert_eq!(
        good(&[("pack.toml", MANIFEST), ("a.md", "text")]).revision,
        files.hash()
    );
}

#[test]
fn rows_hold_the_files_again() {
    let mut files = PackFiles::from_texts(&[("pack.toml", MANIFEST), ("empty.md", "")]);
    let big: Vec<u8> = (0..200_000_u32)
        .map(|i| u8::try_from(i % 251).unwrap())
        .collect();
    files.files.insert("plugin.wasm".to_owned(), big);
    let rows = files.to_chunks();
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|r| r.len() <= CHUNK_BYTES));
    assert_eq!(PackFiles::from_chunks(&rows).unwrap(), files);
    // Lost, cut and foreign rows are told.
    assert!(PackFiles::from_chunks(&rows[..3]).is_err());
    assert!(PackFiles::from_chunks(&rows[1..]).is_err());
    assert!(PackFiles::from_chunks([b"OPK\x02"]).is_err());
    assert!(PackFiles::from_chunks([[0_u8; 0]; 0]).is_err());
    assert_eq!(
        PackFiles::from_chunks([b"OPK\x01"]).unwrap(),
        PackFiles::default()
    );
}

#[test]
fn a_folder_is_read_without_what_is_not_the_packs() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = format!("{MANIFEST}plugin = \"plugin/demo.wasm\"\n");
    for (path, text) in [
        ("pack.toml", manifest.as_str()),
        ("definitions.toml", DEFINITIONS),
        ("rules/a.rhai", "fn a() {}"),
        ("README.md", "# Demo"),
        ("locales/ru.toml", "done = \"Готово\""),
        ("templates/mail.txt.jinja", "Done"),
        ("tests/one.scenario", "given"),
        ("plugin/demo.wasm", "assign.select"),
        ("plugin/other.wasm", "x"),
        ("plugin/Cargo.toml", "[package]"),
        ("plugin/Cargo.lock", "x"),
        ("plugin/src/lib.rs", "x"),
        ("plugin/target/debug/notes.txt", "x"),
        (".git/config.toml", "x"),
        (".hidden.toml", "x"),
        ("picture.png", "x"),
        ("tests/fixture.wasm", "x"),
    ] {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let files = PackFiles::read_dir(dir.path()).unwrap();
    let paths: Vec<&str> = files.files.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "README.md",
            "definitions.toml",
            "locales/ru.toml",
            "pack.toml",
            "plugin/demo.wasm",
            "rules/a.rhai",
            "templates/mail.txt.jinja",
            "tests/one.scenario",
        ]
    );
    assert!(load(&files, &TestHosts).is_ok());

    std::os::unix::fs::symlink("/etc/hostname", dir.path().join("host.txt")).unwrap();
    fs::write(dir.path().join("big.md"), vec![b'x'; MAX_TEXT_BYTES + 1]).unwrap();
    fs::write(dir.path().join("binary.md"), [0xff, 0xfe]).unwrap();
    assert_eq!(
        lines(&PackFiles::read_dir(dir.path()).unwrap_err()),
        "big.md: 1048577 bytes are over the limit of 1048576\n\
         binary.md: is not UTF-8 text; save it as UTF-8\n\
         host.txt: is a symbolic link; copy the file into the pack"
    );
    let missing = PackFiles::read_dir(&dir.path().join("nowhere")).unwrap_err();
    assert!(missing[0].message.starts_with("the folder cannot be read"));
}

#[test]
fn a_folder_may_not_hold_too_many_files() {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..=MAX_FILES {
        fs::write(dir.path().join(format!("{i}.md")), "x").unwrap();
    }
    assert_eq!(
        lines(&PackFiles::read_dir(dir.path()).unwrap_err()),
        "pack.toml: more files than the limit of 500"
    );
}

#[test]
fn paths_stay_inside_the_pack() {
    for path in [
        "../a.md",
        "/etc/a.md",
        "a//b.md",
        "a/../b.md",
        "a\\b.md",
        "c:a.md",
        "",
        ".a.md",
        "a\n.md",
    ] {
        let faults = pack(&[("pack.toml", MANIFEST), (path, "")]).unwrap_err();
        assert_eq!(faults.len(), 1, "{path}");
        assert!(faults[0].message.contains("path"), "{path}: {}", faults[0]);
    }
}

#[test]
fn limits_are_told_with_their_figure() {
    let definitions = |text: String| {
        lines(&pack(&[("pack.toml", MANIFEST), ("definitions.toml", &text)]).unwrap_err())
    };
    let types: String = (0..=MAX_TYPES)
        .map(|i| format!("[[type]]\ncode = \"t{i}\"\nworkflow = \"w\"\n"))
        .collect();
    assert_eq!(
        definitions(types),
        "definitions.toml:1:1: 201 types are over the limit of 200"
    );
    let fields: String = (0..=2_000)
        .map(|i| format!("{{ code = \"f{i}\", value = \"int\" }},\n"))
        .collect();
    assert_eq!(
        definitions(format!(
            "[[field_set]]\ncode = \"s\"\nfields = [\n{fields}]\n"
        )),
        "definitions.toml:1:1: 2001 fields are over the limit of 2000"
    );
    let statuses: String = (0..=100)
        .map(|i| format!("{{ code = \"s{i}\", category = \"done\" }},\n"))
        .collect();
    assert_eq!(
        definitions(format!(
            "[[workflow]]\ncode = \"w\"\ninitial = \"s0\"\nstatuses = [\n{statuses}]\n"
        )),
        "definitions.toml:4:12: 101 statuses are over the limit of 100"
    );
    let rules: String = (0..=500)
        .map(|i| format!("[[rule]]\nname = \"r{i}\"\nhook = \"form.rules\"\nscript = \"r.rhai\"\n"))
        .collect();
    let manifest = format!("{MANIFEST}{rules}");
    assert_eq!(
        lines(&pack(&[("pack.toml", &manifest)]).unwrap_err()),
        "pack.toml:5:1: 501 rules are over the limit of 500"
    );
    let options: String = (0..=200)
        .map(|i| format!("[options.o{i}]\nvalue = 1\n"))
        .collect();
    let manifest = format!("{MANIFEST}{options}");
    assert_eq!(
        lines(&pack(&[("pack.toml", &manifest)]).unwrap_err()),
        "pack.toml:5:2: 201 options are over the limit of 200"
    );
}

#[test]
fn a_pack_full_of_faults_tells_the_first_and_looks_no_further() {
    // Each place costs a walk through the file: going on would take minutes here.
    let parts = "{ code = \"a\", value = \"x\" },".repeat(30_000);
    let items: String = (0..200)
        .map(|i| format!("[[type]]\ncode = \"T{i}\"\nworkflow = \"w\"\n"))
        .collect();
    for text in [
        format!("[[field_set]]\ncode = \"s\"\nfields = [{parts}]\n"),
        items,
    ] {
        let files = [("pack.toml", MANIFEST), ("definitions.toml", text.as_str())];
        assert_eq!(pack(&files).unwrap_err().len(), MAX_FAULTS);
    }
}

#[test]
fn near_words_are_found_and_far_ones_are_not() {
    let known = ["assign.select", "form.rules", "desk/open", "status"];
    for (word, expected) in [
        ("asign.select", Some("assign.select")),
        ("form.rule", Some("form.rules")),
        ("fomr.rules", Some("form.rules")),
        ("FORM.RULES", Some("form.rules")),
        ("opne", Some("desk/open")),
        ("other/open", Some("desk/open")),
        ("state", None),
        ("statsu", Some("status")),
        ("xy", None),
        ("", None),
        ("form.rules", None),
    ] {
        assert_eq!(nearest(word, known).as_deref(), expected, "{word}");
    }
}

/// A text with random edits: bytes of it moved, dropped and put in.
fn mutate(text: &str, edits: &[(usize, u8, char)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (at, what, c) in edits {
        if chars.is_empty() {
            break;
        }
        let at = at % chars.len();
        match what % 5 {
            0 => chars[at] = *c,
            1 => chars.insert(at, *c),
            2 => {
                chars.remove(at);
            }
            3 => chars.truncate(at),
            _ => {
                let tail = chars[at..].to_vec();
                chars.extend(tail.into_iter().take(40));
            }
        }
    }
    chars.into_iter().collect()
}

fn edits() -> impl Strategy<Value = Vec<(usize, u8, char)>> {
    let c = prop_oneof![
        Just('['),
        Just(']'),
        Just('"'),
        Just('='),
        Just('\n'),
        Just('.'),
        Just('{'),
        Just('#'),
        Just('/'),
        Just('\''),
        Just('\\'),
        Just('ы'),
        Just('\0'),
        any::<char>(),
    ];
    prop::collection::vec((any::<usize>(), any::<u8>(), c), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn loading_never_panics_and_always_answers(manifest in edits(), definitions in edits()) {
        let whole = format!(
            "{MANIFEST}requires = [\"other\"]\n[options.days]\nvalue = 1.5\n[replaced.type]\na = \"fault\"\n\
             [[rule]]\nname = \"a\"\nhook = \"form.rules\"\nscript = \"r.rhai\"\napplies_to = [\"fault\"]\n"
        );
        for (manifest, definitions) in [
            (mutate(&whole, &manifest), DEFINITIONS.to_owned()),
            (whole.clone(), mutate(DEFINITIONS, &definitions)),
        ] {
            let answer = pack(&[
                ("pack.toml", &manifest),
                ("definitions.toml", &definitions),
                ("r.rhai", "fn a() {}\n"),
            ]);
            if let Err(faults) = answer {
                prop_assert!(!faults.is_empty() && faults.len() <= MAX_FAULTS);
                for fault in faults {
                    prop_assert!(!fault.message.is_empty());
                    prop_assert!(fault.line == 0 || fault.source_line.is_some());
                }
            }
        }
    }

    #[test]
    fn rows_of_any_bytes_never_panic(rows in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4)) {
        let _ = PackFiles::from_chunks(&rows);
        let mut all = vec![b"OPK\x01".to_vec()];
        all.extend(rows);
        let _ = PackFiles::from_chunks(&all);
    }
}
