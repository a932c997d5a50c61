//! Tests of the search room, over a source in memory.

mod analysis;
mod asks;
mod fake;
mod layout;
mod life;
mod lists;
mod meaning;
mod ranked;
mod suggest;
mod text;
