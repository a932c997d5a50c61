//! What couriers did since the start, and what waits for them: for whoever watches the desk.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::delivery::{Fate, Queue};
use super::{Actor, Desk, Result, keys};
use crate::domain::{Id, Instant};
use crate::store::{MAX_RANGE_ROWS, Table};

/// What leaves in one way. Webhooks are told of events beside the queue of their calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Mails.
    Mail,
    /// Calls of webhooks and messages that they carry.
    Webhook,
    /// Events that webhooks are told.
    Events,
}

impl Way {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Mail, Self::Webhook, Self::Events];

    /// The name in counters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
            Self::Events => "events",
        }
    }
}

impl From<Queue> for Way {
    fn from(queue: Queue) -> Self {
        match queue {
            Queue::Mail => Self::Mail,
            Queue::Webhook => Self::Webhook,
        }
    }
}

/// What came of attempts since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attempts {
    /// Handed over.
    pub delivered: u64,
    /// Refused for now, and tried again.
    pub retried: u64,
    /// Given up, or refused for good.
    pub failed: u64,
    /// Not sent on purpose.
    pub skipped: u64,
}

/// Counts of attempts by way.
#[derive(Debug, Default)]
pub struct Traffic {
    counts: Mutex<BTreeMap<Way, Attempts>>,
}

/// How a way fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayHealth {
    /// Which one.
    pub way: Way,
    /// What came of attempts since the start.
    pub attempts: Attempts,
    /// Messages that wait, at most [`MAX_RANGE_ROWS`]; of events, webhooks that are tried again.
    pub waiting: usize,
    /// When the oldest of them was written.
    pub oldest: Option<Instant>,
}

impl Desk {
    /// Counts what came of an attempt.
    pub fn count_attempt(&self, way: Way, fate: &Fate) {
        let mut counts = self.traffic.counts.lock();
        let attempts = counts.entry(way).or_default();
        let count = match fate {
            Fate::Sent(_) => &mut attempts.delivered,
            Fate::Again(..) => &mut attempts.retried,
            Fate::Failed(_) => &mut attempts.failed,
            Fate::NotSent(_) => &mut attempts.skipped,
            Fate::Waits(_) => return,
        };
        *count = count.saturating_add(1);
    }

    /// How what leaves fares.
    ///
    /// # Errors
    /// When the store fails.
    pub fn ways(&self) -> Result<Vec<WayHealth>> {
        let counts = self.traffic.counts.lock().clone();
        let health = |way: Way, (waiting, oldest)| WayHealth {
            way,
            attempts: counts.get(&way).copied().unwrap_or_default(),
            waiting,
            oldest,
        };
        let all = self.webhooks(&Actor::System)?;
        let tried = |page: &&super::WebhookPage| page.webhook.enabled && page.progress.attempts > 0;
        Ok(vec![
            health(Way::Mail, self.waiting(Queue::Mail)?),
            health(Way::Webhook, self.waiting(Queue::Webhook)?),
            health(Way::Events, (all.iter().filter(tried).count(), None)),
        ])
    }

    /// How many messages wait in a queue, and since when the oldest does.
    fn waiting(&self, queue: Queue) -> Result<(usize, Option<Instant>)> {
        let snapshot = self.store.snapshot(None)?;
        let from = vec![1, queue as u8];
        let to = keys::after(&from);
        let rows = snapshot.range(Table::Delivery, &from, &to, false, MAX_RANGE_ROWS)?;
        let oldest = rows
            .iter()
            .filter_map(|(key, _)| keys::id_at_end(key))
            .min();
        Ok((rows.len(), oldest.and_then(Id::at)))
    }
}
