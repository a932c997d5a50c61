//! Tests of packs.

mod faults;
mod files;
mod flow;
mod kit;
mod loading;
mod together;
mod upgrade;
