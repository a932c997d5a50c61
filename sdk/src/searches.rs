//! Decisions about searches.

use crate::{search_document, search_rank};

impl Default for search_document::Decision {
    /// No opinion.
    fn default() -> Self {
        Self {
            texts: Vec::new(),
            extra: Vec::new(),
        }
    }
}

impl search_document::Decision {
    fn add(mut self, text: String, internal: bool) -> Self {
        let text = search_document::IndexText { text, internal };
        self.texts.push(text);
        self
    }

    /// Whoever may read what the text was made of finds the record by it.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.add(text.into(), false)
    }

    /// The staff finds the record by the text.
    #[must_use]
    pub fn internal(self, text: impl Into<String>) -> Self {
        self.add(text.into(), true)
    }
}

impl Default for search_rank::Decision {
    /// No opinion.
    fn default() -> Self {
        Self {
            sections: Vec::new(),
            values: Vec::new(),
            freshness: None,
            votes: None,
            extra: Vec::new(),
        }
    }
}

impl search_rank::Decision {
    /// Words in a section count so much: `title`, `text`, `codes`, `extra`; in hundredths, from 25 to
    /// 400.
    #[must_use]
    pub fn section(mut self, section: &str, factor: i64) -> Self {
        self.sections.push(search_rank::SectionBoost {
            section: section.to_owned(),
            factor,
        });
        self
    }

    /// Hits with a value count so much: `kind`, `type`, `status`, `category`, `product`, `locale`,
    /// `priority`, `tags`; in hundredths, from 25 to 400.
    #[must_use]
    pub fn value(mut self, field: &str, value: impl Into<String>, factor: i64) -> Self {
        self.values.push(search_rank::ValueBoost {
            field: field.to_owned(),
            value: value.into(),
            factor,
        });
        self
    }

    /// What was changed long ago loses up to `weight` hundredths, half of it within so many days.
    #[must_use]
    pub const fn freshness(mut self, half_life_days: i64, weight: i64) -> Self {
        self.freshness = Some(search_rank::Freshness {
            half_life_days,
            weight,
        });
        self
    }

    /// An article gains or loses up to `weight` hundredths by what people say of it.
    #[must_use]
    pub const fn votes(mut self, weight: i64) -> Self {
        self.votes = Some(weight);
        self
    }
}
