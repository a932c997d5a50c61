//! Tests of packs.

mod docs;
mod faults;
mod files;
mod flow;
mod kit;
mod loading;
#[cfg(feature = "script")]
mod names;
mod plugin;
mod stages;
mod templates;
mod texts;
mod together;
mod upgrade;
mod views;
