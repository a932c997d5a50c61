//! The stories of packs with a course of their own: requests, inquiries, contracts, complaints. They
//! are written as scenarios are, and told on the same clock as the tickets.

use std::sync::Arc;

use super::embedded;
use super::parties::Parties;
use super::plan::working;
use crate::cli::failure::{Failure, Outcome};
use crate::desk::{Desk, VirtualClock};
use crate::domain::Instant;
use crate::scenario::{DeskDriver, Story};

/// Stories under way.
pub struct Stories {
    all: Vec<Story>,
    driver: DeskDriver,
}

impl Stories {
    /// The stories of those packs that are installed, which end at `end`.
    ///
    /// # Errors
    /// When a file does not say what it should.
    pub fn of(
        desk: &Arc<Desk>,
        clock: &Arc<VirtualClock>,
        parties: &Parties,
        survey_link: &str,
        end: Instant,
    ) -> Outcome<Self> {
        let known = parties.all();
        let mut all = Vec::new();
        for (path, text) in embedded::texts("stories/") {
            let fault = |e: String| Failure::new(format!("the demo's {path}: {e}"));
            all.extend(Story::read(text, end, &known, working).map_err(fault)?);
        }
        let packs = desk.packs()?;
        all.retain(|story| packs.iter().any(|p| p.name == story.pack()));
        let driver = DeskDriver::on(Arc::clone(desk), Arc::clone(clock), survey_link);
        Ok(Self { all, driver })
    }

    /// How many steps they have.
    pub fn steps(&self) -> usize {
        self.all.iter().map(Story::len).sum()
    }

    /// When the next step of any of them happens.
    pub fn next_at(&self) -> Option<Instant> {
        self.all.iter().filter_map(Story::next_at).min()
    }

    /// Tells the next step. What is not as it says is said, and that story ends there.
    pub fn tell(&mut self) -> Result<(), String> {
        let at = self.next_at();
        let next = self.all.iter_mut().find(|s| s.next_at() == at);
        next.map_or(Ok(()), |story| story.tell(&mut self.driver))
    }
}
