//! What stands in files: first lines, sizes, words that must not be left behind, odd characters.

use crate::check;
use crate::tree::{Text, sources, texts};

/// Lines of the largest file allowed.
const MOST_LINES: usize = 1_000;
/// Above this a file is named in the output: it may want to be two.
const MANY_LINES: usize = 400;

/// Marks of unfinished or hurried work.
const UNFINISHED: [&str; 5] = ["todo!(", "unimplemented!(", "dbg!(", "FIXME", "XXX"];
/// Beginnings of paths that exist on one machine only, and of folders beside the checkout.
const MACHINES: [&str; 5] = ["/home/", "/root/", "/Users/", "/work/", "../shared"];
/// Systems whose desks run on the engine as packs: the engine knows none of them.
const SYSTEMS: [&str; 4] = ["1c:", "bitrix", "vtiger", "битрикс"];

#[test]
fn every_source_says_first_what_it_is() {
    let lost = sources().into_iter().filter(|s| {
        let first = s.text.lines().next().unwrap_or_default();
        !first.starts_with("//! ")
    });
    check(
        lost.map(|s| format!("{}:1: begin with a `//!` line", s.path))
            .collect(),
    );
}

#[test]
fn no_source_is_too_long() {
    let mut found = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            found.push(format!("{}: {lines} lines, split it", source.path));
        } else if lines > MANY_LINES {
            eprintln!("{}: {lines} lines", source.path);
        }
    }
    check(found);
}

#[test]
fn nothing_unfinished_is_left_behind() {
    let mut found = Vec::new();
    for source in sources() {
        // This file has to name what it looks for.
        if !source.is_in("tests/tidy") {
            find(&source, &UNFINISHED, "finish it", &mut found);
        }
    }
    check(found);
}

#[test]
fn the_engine_names_no_system_that_runs_on_it() {
    let mut found = Vec::new();
    for mut text in texts() {
        if text.is_in("engine") {
            text.text = text.text.to_lowercase();
            find(&text, &SYSTEMS, "belongs in a pack", &mut found);
        }
    }
    check(found);
}

#[test]
fn no_file_names_a_machine() {
    let mut machines = MACHINES.map(str::to_owned).to_vec();
    machines.push(env!("CARGO_MANIFEST_DIR").to_owned());
    let machines: Vec<&str> = machines.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    for text in texts() {
        if !text.is_in("tests/tidy") {
            find(&text, &machines, "a path of one machine", &mut found);
        }
    }
    check(found);
}

#[test]
fn lines_end_where_their_text_ends() {
    let mut found = Vec::new();
    for text in texts() {
        for (at, line) in text.lines() {
            if line.ends_with([' ', '\t', '\r']) {
                found.push(format!("{}:{at}: space at the end", text.path));
            }
        }
        if !text.text.is_empty() && !text.text.ends_with('\n') {
            found.push(format!("{}: no newline at the end", text.path));
        }
        if text.text.ends_with("\n\n") {
            found.push(format!("{}: empty lines at the end", text.path));
        }
    }
    check(found);
}

#[test]
fn no_character_hides_or_turns_others_round() {
    let mut found = Vec::new();
    for text in texts() {
        for (at, line) in text.lines() {
            if let Some(odd) = line.chars().find(|c| is_odd(*c)) {
                let code = u32::from(odd);
                found.push(format!("{}:{at}: U+{code:04X}, write an escape", text.path));
            }
        }
    }
    check(found);
}

/// Control characters, those of no width, and those that change the direction of writing.
fn is_odd(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Notes the lines that have one of the words where no longer word or path runs into it.
fn find(text: &Text, words: &[&str], advice: &str, found: &mut Vec<String>) {
    for (at, line) in text.lines() {
        for word in words {
            let stands_alone = line.match_indices(word).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '}'))
            });
            if stands_alone {
                found.push(format!("{}:{at}: `{word}`: {advice}", text.path));
            }
        }
    }
}

#[test]
fn odd_characters_are_told_from_letters() {
    for odd in ['\u{0}', '\u{1b}', '\r', '\u{85}', '\u{202e}', '\u{feff}'] {
        assert!(is_odd(odd), "{odd:?}");
    }
    for plain in ['a', 'я', '\t', '→', '—', 'é'] {
        assert!(!is_odd(plain), "{plain:?}");
    }
}
