//! The engine through its public face, on a virtual clock.

// Marked as test code for the lints, which allow helpers to unwrap there.
#[cfg(test)]
#[cfg(all(feature = "script", feature = "search"))]
mod access;
#[cfg(test)]
#[cfg(feature = "search")]
mod articles;
#[cfg(test)]
#[cfg(feature = "script")]
mod breaker;
#[cfg(test)]
mod corpus;
#[cfg(test)]
#[cfg(feature = "server")]
mod delivery;
#[cfg(test)]
mod desk;
#[cfg(test)]
#[cfg(feature = "embeddings")]
mod embeddings;
#[cfg(test)]
#[cfg(all(feature = "script", feature = "search"))]
mod erase;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod model;
#[cfg(test)]
mod packs;
#[cfg(test)]
#[cfg(feature = "wasm")]
mod plugin;
#[cfg(test)]
#[cfg(all(feature = "script", feature = "search"))]
mod query;
#[cfg(test)]
#[cfg(feature = "search")]
mod relevance;
#[cfg(test)]
#[cfg(feature = "script")]
mod renamed;
#[cfg(test)]
#[cfg(feature = "search")]
mod reports;
#[cfg(test)]
#[cfg(feature = "search")]
mod roles;
#[cfg(test)]
#[cfg(feature = "script")]
mod rules;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
#[cfg(feature = "search")]
mod search;
#[cfg(test)]
#[cfg(all(feature = "script", feature = "search"))]
mod search_rules;
#[cfg(test)]
#[cfg(feature = "script")]
mod simulate;
#[cfg(test)]
mod support;
#[cfg(test)]
#[cfg(feature = "script")]
mod switched_off;
#[cfg(test)]
#[cfg(feature = "script")]
mod together;
#[cfg(test)]
#[cfg(feature = "search")]
mod tuning;
#[cfg(test)]
mod verify;
#[cfg(test)]
#[cfg(feature = "script")]
mod why;
