//! What the house promises about its own sources: fences between rooms, sizes, words, documents.
//!
//! Standard library only, so that it costs nothing to build. Each check lists all it finds, one
//! `path:line: what is wrong` to a line.

// Marked as test code for the lints, which allow helpers to unwrap there.
#![cfg(test)]

mod coverage;
mod documents;
mod fences;
mod manifest;
mod tree;
mod vocabulary;
mod words;

/// Fails with everything that was found.
fn check(found: Vec<String>) {
    assert!(
        found.is_empty(),
        "{} found:\n{}",
        found.len(),
        found.join("\n")
    );
}
