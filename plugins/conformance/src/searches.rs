//! Searches.

use opora_sdk::search_document::{self, SearchDocument};
use opora_sdk::search_rank::{self, SearchRank};
use opora_sdk::{Context as _, Fields as _, because};

use crate::{Plugin, trouble};

impl SearchDocument for Plugin {
    fn texts(input: &search_document::Input) -> search_document::Decision {
        trouble::make(input);
        let mut decision = search_document::Decision {
            extra: trouble::extra(input),
            ..search_document::Decision::default()
        };
        if let Some(model) = input.text("model") {
            decision = decision.text(format!("model {model}"));
        }
        let asset = input.related("asset");
        if let Some(serial) = asset.and_then(|asset| asset.text("serial")) {
            because("serial", serial);
            decision = decision.internal(serial);
        }
        for n in 0..input.int_option("many", 0) {
            decision = decision.text(format!("t{n}"));
        }
        match usize::try_from(input.int_option("long", 0)) {
            Ok(long) if long > 0 => decision.text("x".repeat(long)),
            _ => decision,
        }
    }
}

impl SearchRank for Plugin {
    fn weigh(input: &search_rank::Input) -> search_rank::Decision {
        trouble::make(input);
        let mut decision = search_rank::Decision {
            extra: trouble::extra(input),
            ..search_rank::Decision::default()
        };
        if input.kinds.iter().any(|kind| kind == "article") {
            decision = decision
                .section("title", 150)
                .value("category", "printers", 200)
                .value("category", "archive", 25);
        }
        if input.words.iter().any(|word| word == "error") {
            because("word", "error");
            decision = decision.section("codes", 400).freshness(90, 30);
        }
        if input.channel == "portal" {
            decision = decision.votes(50);
        }
        let factor = input.int_option("factor", 0);
        if factor > 0 {
            decision = decision.section("extra", factor);
        }
        match input.text_option("unknown", "") {
            "section" => decision.section("footnotes", 100),
            "field" => decision.value("colour", "red", 100),
            _ => decision,
        }
    }
}
