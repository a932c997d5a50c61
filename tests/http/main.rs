//! The HTTP API through its router, in process: every route, every verb, every kind of asker.

mod app;
mod bulk;
mod contract;
mod documents;
mod entries;
mod events;
mod lists;
mod packs;
mod portal;
mod problems;
mod search;
mod surveys;
mod tickets;
mod tokens;
mod walk;
