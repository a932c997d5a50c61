//! Every decision of the journal, made again and compared with what was recorded.

use std::sync::Arc;

use super::moment::Moment;
use super::run::{AsOf, Footing, Recorded, difference};
use crate::desk::decide::call_checked;
use crate::desk::{Desk, Result, trace};
use crate::store::Pos;

/// Most faults that are told.
const MAX_FAULTS: usize = 100;

/// What came of making every decision again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Decisions made again.
    pub decisions: u64,
    /// Conditions that were found unmet again.
    pub skipped: u64,
    /// Commands whose decisions cannot be made again.
    pub not_replayable: u64,
    /// What differs, a sentence each; at most 100.
    pub faults: Vec<String>,
}

impl Desk {
    /// Makes every recorded decision again and compares it bit for bit with the recorded one. Meant
    /// for tests and for `opora verify`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn check_decisions(&self) -> Result<Checked> {
        let mut checked = Checked::default();
        let mut after = Pos::ZERO;
        let mut footing: Option<((Pos, Pos), Arc<Footing>)> = None;
        loop {
            let rows = self.store.journal(after, 500)?;
            let Some(last) = rows.last() else {
                return Ok(checked);
            };
            after = last.pos;
            for row in rows.iter().filter(|row| !row.bytes.is_empty()) {
                let (entry, trace) = trace::decode(row.pos, &row.bytes)?;
                if entry.runs.is_empty() && trace.as_ref().is_none_or(|t| t.skips.is_empty()) {
                    continue;
                }
                let place = (
                    entry.catalog,
                    trace.as_ref().map_or(Pos::ZERO, |t| t.service),
                );
                let stands = match footing.take().filter(|(at, _)| *at == place) {
                    Some((_, footing)) => Ok(footing),
                    None => Footing::of(self, &entry, trace.as_ref()).map(Arc::new),
                };
                match stands {
                    Ok(stands) => {
                        footing = Some((place, Arc::clone(&stands)));
                        let recorded = Recorded {
                            pos: row.pos,
                            base: self.base_of(row.pos, &entry)?,
                            entry,
                            trace,
                            footing: stands,
                        };
                        self.check_entry(&recorded, &mut checked)?;
                    }
                    Err(error) if error.code == "not_replayable" => checked.not_replayable += 1,
                    Err(error) => return Err(error),
                }
            }
        }
    }

    fn check_entry(&self, recorded: &Recorded, checked: &mut Checked) -> Result<()> {
        let Ok(trace) = recorded.traced() else {
            checked.not_replayable += 1;
            return Ok(());
        };
        let mut records = AsOf {
            desk: self,
            base: recorded.base.clone(),
        };
        let (catalog, service) = (&recorded.footing.catalog, &recorded.footing.service);
        let mut moment = Moment::new(&recorded.entry, trace, catalog, service, &mut records);
        let mut fault = |what: String| {
            if checked.faults.len() < MAX_FAULTS {
                let command = &recorded.entry.input.command;
                let text = format!("`{command}` at position {}: {what}", recorded.pos);
                checked.faults.push(text);
            }
        };
        if trace.runs.len() != recorded.entry.runs.len() {
            fault(format!(
                "{} runs, of which {} are traced",
                recorded.entry.runs.len(),
                trace.runs.len()
            ));
            return Ok(());
        }
        for (i, run) in recorded.entry.runs.iter().enumerate() {
            let (rule, scene, at) = recorded.run(i)?;
            let call = moment.call(rule, scene, at)?;
            if let Some(condition) = rule.unmet(&call) {
                fault(format!(
                    "{}: condition {condition} does not hold",
                    rule.id()
                ));
            }
            let now = call_checked(rule, &rule.narrow(call));
            if let Some(what) = difference(run, &now) {
                fault(format!("{}: {what}", rule.id()));
            }
            checked.decisions += 1;
        }
        for skip in &trace.skips {
            let rule = recorded.footing.rule(skip.rule);
            let scene = trace.scenes.get(usize::from(skip.scene));
            let (Some(rule), Some(scene)) = (rule, scene) else {
                fault("a skipped rule is not traced".to_owned());
                continue;
            };
            let unmet = rule.unmet(&moment.call(rule, scene, skip.at)?);
            if unmet != Some(usize::from(skip.condition)) {
                fault(format!(
                    "{}: was skipped by {}, now by {unmet:?}",
                    rule.id(),
                    skip.condition
                ));
            }
            checked.skipped += 1;
        }
        Ok(())
    }
}
