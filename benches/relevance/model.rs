//! The model of meaning that the environment names, as `opora serve` reads it.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use opora::desk::{Desk, DeskOptions};
use opora::embeddings::{EmbeddingsOptions, HttpEmbedder, HttpOptions};
use opora_benches::kit::Fallible;

/// A model that is slow measures the same.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Has a desk ask the model of `OPORA_EMBEDDINGS_URL`, if it is set.
///
/// # Errors
/// When that is no address.
pub fn set(options: &mut DeskOptions) -> Fallible<()> {
    let Ok(url) = env::var("OPORA_EMBEDDINGS_URL") else {
        return Ok(());
    };
    let of = |name: &str| env::var(format!("OPORA_EMBEDDINGS_{name}")).ok();
    let embedder = HttpEmbedder::new(HttpOptions {
        url,
        model: of("MODEL").unwrap_or_default(),
        query_prefix: of("QUERY_PREFIX").unwrap_or_default(),
        text_prefix: of("TEXT_PREFIX").unwrap_or_default(),
        query_type: of("QUERY_TYPE"),
        text_type: of("TEXT_TYPE"),
        key: of("KEY"),
    })?;
    options.embeddings = Some(EmbeddingsOptions {
        embedder: Arc::new(embedder),
        patience: PATIENCE,
    });
    Ok(())
}

/// Waits until every article has a vector.
///
/// # Errors
/// When the model fails.
pub fn wait_for(desk: &Desk, articles: usize) -> Fallible<()> {
    while let Some(state) = desk.health()?.embeddings {
        if state.failing {
            return Err("the model failed, see the log".into());
        }
        if state.made == articles && state.waiting == 0 {
            break;
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
    Ok(())
}
