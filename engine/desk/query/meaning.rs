//! Where meaning counts beside words, if the desk has a model that knows it.

use std::sync::Arc;

use crate::desk::{Desk, EmbeddingsHealth};
use crate::domain::Kind;
use crate::search::{Meaning, Sections};

impl Desk {
    /// Who says what texts mean; nobody where words alone count: other kinds are asked for, too, or
    /// the asker may not read what vectors are made of.
    pub(super) fn meaning(&self, kinds: &[Kind], sections: Sections) -> Option<Arc<dyn Meaning>> {
        let is_readable = sections.title && sections.body;
        let is_known = kinds == [Kind::Article] && is_readable;
        is_known.then(|| self.model()).flatten()
    }

    #[cfg(feature = "embeddings")]
    fn model(&self) -> Option<Arc<dyn Meaning>> {
        Some(self.embeddings.as_ref()?.meaning())
    }

    #[cfg(not(feature = "embeddings"))]
    #[expect(clippy::unused_self, reason = "it has no model")]
    const fn model(&self) -> Option<Arc<dyn Meaning>> {
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
