//! Tests of the store seam: every store behaves alike, forgets nothing, and survives power cuts.

// Marked as test code for the lints, which allow helpers to unwrap there.
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod desk_cuts;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod durable;
#[cfg(test)]
#[cfg(feature = "script")]
mod formats;
#[cfg(test)]
mod kit;
#[cfg(test)]
mod model;
#[cfg(test)]
mod overlay;
#[cfg(test)]
mod power_cut;
#[cfg(test)]
mod random;
