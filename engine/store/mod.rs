//! Storage: the seam, and what stands behind it. The only place of `redb::`.

mod seam;

pub use seam::*;
