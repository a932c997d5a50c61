//! A model that knows what printing, signing in and paying are, in some words.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use opora::embeddings::{EmbedError, Embedder, Purpose};

const KNOWN: [&[&str]; 3] = [
    &["принтер", "картридж", "тонер", "бумаг", "printer", "toner"],
    &["пароль", "вход", "учётн", "password", "account"],
    &["счёт", "оплат", "invoice", "payment"],
];

#[derive(Debug)]
pub struct Model {
    name: &'static str,
    texts: AtomicUsize,
    queries: AtomicUsize,
    broken: AtomicBool,
}

impl Model {
    pub fn new() -> Arc<Self> {
        Self::named("three things")
    }

    pub fn named(name: &'static str) -> Arc<Self> {
        Arc::new(Self {
            name,
            texts: AtomicUsize::default(),
            queries: AtomicUsize::default(),
            broken: AtomicBool::default(),
        })
    }

    /// Texts that it was asked for.
    pub fn texts(&self) -> usize {
        self.texts.load(Ordering::SeqCst)
    }

    /// Queries that it was asked for.
    pub fn queries(&self) -> usize {
        self.queries.load(Ordering::SeqCst)
    }

    pub fn break_down(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }
}

impl Embedder for Model {
    fn model(&self) -> String {
        self.name.to_owned()
    }

    fn embed(
        &self,
        purpose: Purpose,
        texts: &[String],
        _: Duration,
    ) -> Result<Vec<Vec<f32>>, EmbedError> {
        let count = match purpose {
            Purpose::Query => &self.queries,
            Purpose::Text => &self.texts,
        };
        count.fetch_add(texts.len(), Ordering::SeqCst);
        if self.broken.load(Ordering::SeqCst) {
            return Err(EmbedError("it is broken".to_owned()));
        }
        Ok(texts.iter().map(|text| vector(text)).collect())
    }
}

fn vector(text: &str) -> Vec<f32> {
    let text = text.to_lowercase();
    let knows = |words: &&[&str]| words.iter().any(|word| text.contains(word));
    let known = KNOWN.iter().map(|words| f32::from(u8::from(knows(words))));
    known.chain([0.1]).collect()
}
