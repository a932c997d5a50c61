//! Figures of retrieval, averaged over queries.

use std::collections::HashMap;

/// What the hits of some queries are worth.
#[derive(Debug, Default)]
pub struct Score {
    sum: Means,
    asked: u32,
}

/// Averages over queries, each from 0 to 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Means {
    /// Normalised discounted cumulative gain of the first ten hits, with the gain 2^grade - 1.
    pub ndcg10: f64,
    /// One over the place of the first relevant hit of the first ten.
    pub mrr10: f64,
    /// Share of the relevant articles, at most ten, that are among the first ten hits.
    pub recall10: f64,
    /// Share of the relevant articles that are among the first hundred hits.
    pub recall100: f64,
    /// Share of the queries that found nothing at all.
    pub empty: f64,
}

impl Score {
    /// Counts the hits of a query, best first, against the grades of what is relevant.
    pub fn add(&mut self, hits: &[&str], relevant: &HashMap<String, u32>) {
        let grade = |key: &&str| relevant.get(*key).copied().unwrap_or(0);
        let first = || hits.iter().take(10);
        let mut best: Vec<u32> = relevant.values().copied().collect();
        best.sort_unstable_by(|a, b| b.cmp(a));
        let ideal = gain(best.into_iter().take(10));
        let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        let found = |most: usize| count(hits.iter().take(most).filter(|k| grade(k) > 0).count());
        self.sum.ndcg10 += gain(first().map(grade)) / ideal;
        let place = first().position(|key| grade(key) > 0);
        self.sum.mrr10 += place.map_or(0.0, |place| 1.0 / (count(place) + 1.0));
        self.sum.recall10 += found(10) / count(relevant.len().min(10));
        self.sum.recall100 += found(100) / count(relevant.len());
        self.sum.empty += f64::from(u8::from(hits.is_empty()));
        self.asked += 1;
    }

    /// How many queries were counted.
    pub const fn asked(&self) -> u32 {
        self.asked
    }

    /// The averages.
    pub fn means(&self) -> Means {
        let asked = f64::from(self.asked.max(1));
        Means {
            ndcg10: self.sum.ndcg10 / asked,
            mrr10: self.sum.mrr10 / asked,
            recall10: self.sum.recall10 / asked,
            recall100: self.sum.recall100 / asked,
            empty: self.sum.empty / asked,
        }
    }
}

/// Discounted cumulative gain of grades in the order of the hits.
fn gain(grades: impl Iterator<Item = u32>) -> f64 {
    let discounts = (2_u32..).map(|place| f64::from(place).log2());
    let gains = grades.map(|grade| f64::from(grade.min(30)).exp2() - 1.0);
    gains.zip(discounts).map(|(gain, by)| gain / by).sum()
}
