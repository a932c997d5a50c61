//! How near articles are in meaning to a text, where the desk has a model that says it.

use std::sync::Arc;

use crate::desk::{Desk, EmbeddingsHealth};
use crate::domain::Kind;
use crate::search::{Nearness, Sections};

impl Desk {
    /// How near articles are to a text; none where words alone count: other kinds are asked for, too,
    /// the asker may not read what vectors are made of, or no model answers in time.
    pub(super) fn nearness(
        &self,
        kinds: &[Kind],
        sections: Sections,
        text: &str,
    ) -> Option<Arc<dyn Nearness>> {
        let is_readable = sections.title && sections.body;
        if kinds != [Kind::Article] || !is_readable {
            return None;
        }
        self.asked_model(text)
    }

    #[cfg(feature = "embeddings")]
    fn asked_model(&self, text: &str) -> Option<Arc<dyn Nearness>> {
        self.embeddings.as_ref()?.of(text)
    }

    #[cfg(not(feature = "embeddings"))]
    #[expect(clippy::unused_self, reason = "it has no model")]
    fn asked_model(&self, _text: &str) -> Option<Arc<dyn Nearness>> {
        None
    }

    /// How the model does; none without one.
    #[cfg(feature = "embeddings")]
    pub(in crate::desk) fn embeddings_health(&self) -> Option<EmbeddingsHealth> {
        let status = self.embeddings.as_ref()?.status();
        Some(EmbeddingsHealth {
            made: status.made,
            waiting: status.waiting,
            failing: status.failing,
        })
    }

    /// How the model does; this build has none.
    #[cfg(not(feature = "embeddings"))]
    #[expect(clippy::unused_self, reason = "it has no model")]
    pub(in crate::desk) fn embeddings_health(&self) -> Option<EmbeddingsHealth> {
        None
    }
}
