//! Tests of packs.

mod kit;
mod loading;
