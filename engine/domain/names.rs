//! Names in several languages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Names by locale (`ru`, `en`, …).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Names(pub BTreeMap<String, String>);

impl Names {
    /// The name in `locale`, else in English, else in any language.
    #[must_use]
    pub fn get(&self, locale: &str) -> Option<&str> {
        self.0
            .get(locale)
            .or_else(|| self.0.get("en"))
            .or_else(|| self.0.values().next())
            .map(String::as_str)
    }

    /// Names in English and Russian.
    #[must_use]
    pub fn of(en: &str, ru: &str) -> Self {
        Self(BTreeMap::from([
            ("en".to_owned(), en.to_owned()),
            ("ru".to_owned(), ru.to_owned()),
        ]))
    }
}
