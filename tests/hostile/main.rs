//! What means harm ends within its budget, adds little memory, takes nothing with it, and is told by
//! name. `README.md` says how the corpus is written.

// Marked as test code for the lints, which allow helpers to unwrap there.
#[cfg(test)]
mod contained;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod desk;
