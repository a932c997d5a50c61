//! Misbehaviour on demand, for the tests of containment: the option `trouble` names it.

use std::hint::black_box;

use opora_sdk::{Context, Effect, Value, because};

/// Effects that the options `many` (so many labels) and `custom` (one of a later engine) ask for.
pub fn effects(input: &impl Context) -> Vec<Effect> {
    let labels = (0..input.int_option("many", 0)).map(|n| Effect::tag(&format!("t{n}")));
    let custom = input
        .bool_option("custom", false)
        .then(|| Effect::custom("teleport", "{\"to\":\"moon\"}"));
    labels.chain(custom).collect()
}

/// What only a later engine understands, when the option `unknown` is `extra`.
pub fn extra(input: &impl Context) -> Vec<(String, Value)> {
    match input.text_option("unknown", "") {
        "extra" => vec![("shape".to_owned(), "round".into())],
        _ => Vec::new(),
    }
}

/// Misbehaves as the option `trouble` says.
pub fn make(input: &impl Context) {
    match input.text_option("trouble", "") {
        "spin" => spin(),
        "panic" => broken_down(input.pack()),
        "index" => drop(black_box(nth(black_box(7)))),
        "recurse" => drop(black_box(recurse(black_box(1)))),
        "memory" => memory(),
        "reasons" => reasons(),
        "long_reason" => because("long", &"x".repeat(100_000)),
        "huge_reason" => because("huge", &"x".repeat(4 << 20)),
        "overflow" => drop(black_box(black_box(i64::MAX) + input.int_option("one", 1))),
        _ => {}
    }
}

#[inline(never)]
fn spin() {
    let mut n = 0_u64;
    loop {
        n = black_box(n.wrapping_add(1));
    }
}

#[expect(clippy::panic, reason = "the tests need a panic")]
fn broken_down(pack: &str) {
    panic!("trouble of {pack}");
}

#[expect(clippy::indexing_slicing, reason = "the tests need a failing index")]
fn nth(n: usize) -> u8 {
    [1_u8, 2, 3][n]
}

#[inline(never)]
fn recurse(n: u64) -> u64 {
    if n == 0 {
        return 0;
    }
    black_box(recurse(black_box(n.wrapping_add(1)))).wrapping_add(1)
}

#[inline(never)]
fn memory() {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    loop {
        kept.push(black_box(Vec::with_capacity(1 << 20)));
    }
}

#[inline(never)]
fn reasons() {
    loop {
        because("again", "and again");
    }
}
