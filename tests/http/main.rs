//! The HTTP API through its router, in process: every route, every verb, every kind of asker.

mod app;
mod problems;
mod tickets;
