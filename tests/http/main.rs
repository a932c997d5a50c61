//! The HTTP API through its router, in process: every route, every verb, every kind of asker.

// Marked as test code for the lints, which allow helpers to unwrap there.
#[cfg(all(test, feature = "script"))]
mod actions;
#[cfg(test)]
mod app;
#[cfg(test)]
mod articles;
#[cfg(test)]
mod bulk;
#[cfg(test)]
mod clock;
#[cfg(all(test, feature = "script"))]
mod complaints;
#[cfg(test)]
mod contract;
#[cfg(test)]
#[path = "../it/corpus.rs"]
mod corpus;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod driver;
#[cfg(test)]
mod entries;
#[cfg(test)]
mod events;
#[cfg(all(test, feature = "script"))]
mod fields;
#[cfg(test)]
mod hooks;
#[cfg(test)]
mod intake;
#[cfg(test)]
mod lessons;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod mcp;
#[cfg(test)]
mod merge;
#[cfg(test)]
mod packs;
#[cfg(test)]
mod portal;
#[cfg(test)]
mod problems;
#[cfg(test)]
#[cfg(feature = "script")]
mod rating;
#[cfg(test)]
mod recurrences;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
#[cfg(feature = "script")]
mod scripts;
#[cfg(test)]
mod search;
#[cfg(test)]
mod suggestions;
#[cfg(test)]
mod surveys;
#[cfg(test)]
mod tickets;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod walk;
#[cfg(test)]
#[cfg(feature = "script")]
mod why;
