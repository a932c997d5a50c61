//! Setting options of a pack.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::Deciding;
use super::config::faults;
use crate::desk::{Error, Fault, Result};
use crate::domain::Value;
use crate::packs::{Loaded, nearest};

impl Deciding<'_, '_> {
    /// The pack with options set; those that are null get back the value that it has for them.
    pub(super) fn with_options(
        &mut self,
        pack: &Arc<Loaded>,
        values: &Map<String, Json>,
    ) -> Result<Loaded> {
        let mut set: BTreeMap<String, Value> = (*pack.set).clone();
        let mut wrong = Vec::new();
        for (name, given) in values {
            let Some(option) = pack.manifest.options.get(name) else {
                let known = pack.manifest.options.keys().map(String::as_str);
                let mut message = format!("pack `{}` has no such option", pack.name());
                if let Some(near) = nearest(name, known) {
                    message.push_str(&format!("; did you mean `{near}`?"));
                }
                wrong.push(Fault::field(name, "unknown_option", message));
                continue;
            };
            match given {
                Json::Null => {
                    set.remove(name);
                }
                given => match option.read(given) {
                    Ok(value) => {
                        set.insert(name.clone(), value);
                    }
                    Err(message) => wrong.push(Fault::field(name, "unexpected", message)),
                },
            }
        }
        if !wrong.is_empty() {
            return Err(Error::invalid(wrong));
        }
        self.argue("pack", pack.name());
        for (name, given) in values {
            self.argue(&format!("option {name}"), &given.to_string());
        }
        pack.with_options(&set).map_err(faults)
    }
}
