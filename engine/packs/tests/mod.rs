//! Tests of packs.

mod docs;
mod faults;
mod files;
mod flow;
mod kit;
mod loading;
mod plugin;
mod stages;
mod together;
mod upgrade;
mod views;
