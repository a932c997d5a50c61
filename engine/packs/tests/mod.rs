//! Tests of packs.

mod docs;
mod faults;
mod files;
mod flow;
mod kit;
mod loading;
mod plugin;
mod together;
mod upgrade;
