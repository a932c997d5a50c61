//! Rules of searches.

use std::sync::Arc;

use super::{call, decide, failure, shown};
use crate::domain::Kind;
use crate::hooks::{Channel, Detail, Hook, RankView};

pub(super) fn rank() -> Detail {
    Detail::Rank(Arc::new(RankView {
        kinds: vec![Kind::Ticket, Kind::Article],
        words: vec!["paper".to_owned(), "jam".to_owned()],
        channel: Channel::Portal,
    }))
}

#[test]
fn texts_come_alone_in_lists_and_by_language() {
    let document = call(Hook::SearchDocument, Detail::None);
    let body = "c.index_text([\"a\", \"b\"]); c.index_internal(#{en: \"c\", ru: \"d\"}); \
                c.index_text(()); c.index_text(\" \");";
    let texts = decide(&document, body).texts;
    let told: Vec<_> = texts.iter().map(|t| (&*t.text, t.internal)).collect();
    assert_eq!(told, [("a", false), ("b", false), ("c", true), ("d", true)]);
    let wrong = failure(&document, "c.index_text(7);").message;
    assert!(wrong.contains("takes a text, texts by language"), "{wrong}");
    let elsewhere = failure(&document, "c.rank_votes(0.5);").message;
    assert!(elsewhere.contains("it is for search.rank"), "{elsewhere}");
}

#[test]
fn a_search_is_told_and_has_no_record() {
    let search = call(Hook::SearchRank, rank());
    assert_eq!(shown(&search, "c.kinds"), "[\"ticket\",\"article\"]");
    assert_eq!(shown(&search, "c.words.len()"), "2");
    assert_eq!(shown(&search, "c.channel"), "portal");
    let none = failure(&search, "c.because(\"x\", c.record.title);").message;
    assert!(none.contains("is about no record"), "{none}");
}

#[test]
fn numbers_of_a_ranking_are_within_bounds_and_short() {
    let search = call(Hook::SearchRank, rank());
    let body = "c.rank_section(\"extra\", 1.25); c.rank_value(\"tags\", \"old\", 0.5); \
                c.rank_freshness(days(30), 1); c.rank_votes(0);";
    let rank = decide(&search, body).rank.expect("a ranking");
    assert_eq!(rank.sections[0].factor, 125);
    assert_eq!((rank.values[0].factor, rank.values[0].spot.line), (50, 2));
    let fresh = rank.freshness.expect("an age");
    assert_eq!((fresh.half_life_days, fresh.weight), (30, 100));
    assert_eq!(rank.votes.expect("votes").weight, 0);
    for (body, why) in [
        ("c.rank_votes(2);", "votes has the weight 2"),
        (
            "c.rank_section(\"title\", 0.2);",
            "a factor is from 0.25 to 4",
        ),
        (
            "c.rank_section(\"title\", 1.255);",
            "two places behind the point",
        ),
        ("c.rank_section(\"title\", \"2\");", "a factor is a number"),
        ("c.rank_freshness(hours(30), 1);", "whole days"),
        ("c.rank_freshness(days(0), 1);", "from 1 to 3650"),
        ("c.rank_value(\"colour\", \"red\", 1);", "known are kind"),
    ] {
        let failed = failure(&search, body).message;
        assert!(failed.contains(why), "{failed}");
    }
}
