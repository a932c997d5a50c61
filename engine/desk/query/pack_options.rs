//! The options of a pack.

use crate::desk::{Desk, Error, PackOption, Result};

impl Desk {
    /// The options of an active pack, in the order of their names.
    ///
    /// # Errors
    /// When there is no such pack, or the store fails.
    pub fn pack_options(&self, name: &str) -> Result<Vec<PackOption>> {
        let catalog = self.catalog()?;
        let pack = catalog.pack(name).ok_or_else(Error::not_found)?;
        let option = |(name, spec): (&String, &crate::packs::OptionSpec)| PackOption {
            name: name.clone(),
            names: spec.names.0.clone(),
            kind: spec.kind(),
            value: pack.options.get(name).unwrap_or(&spec.value).clone(),
            own: spec.value.clone(),
            is_set: pack.set.contains_key(name),
        };
        Ok(pack.manifest.options.iter().map(option).collect())
    }
}
