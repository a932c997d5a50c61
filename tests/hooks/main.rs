//! The hook contract: both languages keep it, hostile guests do not get out of it, and the plugins
//! that come with the engine do what they say.

// Marked as test code for the lints, which allow helpers to unwrap there.
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod containment;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod document;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod loading;
#[cfg(test)]
mod plugins;
#[cfg(test)]
mod support;
