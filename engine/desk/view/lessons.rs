//! What searches teach.

use crate::domain::Record;

/// What searches of the knowledge base taught.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchLessons {
    /// First day.
    pub from: chrono::NaiveDate,
    /// Last day, included.
    pub to: chrono::NaiveDate,
    /// Searches that were counted.
    pub searches: u64,
    /// Those that found nothing.
    pub without_hits: u64,
    /// Hits that were opened.
    pub clicks: u64,
    /// Queries that found nothing at least every second time, the most frequent first.
    pub not_found: Vec<QueryLesson>,
    /// Queries whose hits are opened less than every fifth time.
    pub not_opened: Vec<QueryLesson>,
    /// Articles that were put into answers, those that solved most tickets first.
    pub helpful: Vec<ArticleLesson>,
    /// Published articles that nobody opened or used, the oldest first.
    pub unseen: Vec<Record>,
    /// Whether there is more than is told.
    pub cut: bool,
}

/// A query, as often as it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryLesson {
    /// The query in lower case, without numbers and addresses that may be somebody's.
    pub query: String,
    /// Searches.
    pub searches: u32,
    /// Those that found nothing.
    pub without_hits: u32,
    /// Hits that were opened.
    pub clicks: u32,
}

/// An article, as often as it helped.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleLesson {
    /// The article.
    pub record: Record,
    /// Tickets in whose answers it was used, as far as the asker may see them.
    pub tickets: usize,
    /// Those of them that are solved.
    pub solved: usize,
    /// Searches that showed it.
    pub shown: u32,
    /// How often it was opened out of them.
    pub clicks: u32,
}
