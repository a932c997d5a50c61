//! Rules that act once: on a record, on a change, or in a length of time. What acted is kept in the
//! store, so that a restart does not make it act again.

use serde::{Deserialize, Serialize};

use super::Deciding;
use crate::desk::{Result, codec, keys};
use crate::domain::{Id, Instant};
use crate::hooks::{Once, Rule};
use crate::store::{Expect, Key, Table};

/// When a rule acted on a record last.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Acted {
    #[serde(with = "chrono::serde::ts_microseconds")]
    at: Instant,
}

impl Deciding<'_, '_> {
    /// Whether a rule may act on a record now. If so, it has acted from here on; if not, the journal
    /// says so.
    pub(super) fn act(&mut self, rule: &Rule, id: Id) -> Result<bool> {
        let Some(once) = rule.manner.once else {
            return Ok(true);
        };
        let name = rule.id();
        let mark = (id, name.clone());
        let again = self.draft.acted.contains(&mark);
        let free = match once {
            _ if again => false,
            Once::Change => !self
                .chain
                .iter()
                .any(|link| link.split(" + ").any(|r| r == name)),
            Once::Record => self.claim(id, &name, None)?,
            Once::Per(secs) => self.claim(id, &name, Some(secs))?,
        };
        if free {
            self.draft.acted.insert(mark);
        } else {
            self.note_once(format!("once_skipped:{name}:{}", said(once)));
        }
        Ok(free)
    }

    /// Takes the place of a rule on a record, unless it is taken.
    fn claim(&mut self, id: Id, name: &str, per: Option<i64>) -> Result<bool> {
        let key = mark_key(id, name);
        let row = self.draft.snapshot.get(Table::Guards, &key)?;
        let now = self.ground.now;
        if let Some(row) = &row {
            let last: Acted = codec::decode(&row.bytes)?;
            let over = per.is_some_and(|secs| (now - last.at).num_seconds() >= secs);
            if !over {
                return Ok(false);
            }
        }
        let expect = row.map_or(Expect::Absent, |row| Expect::Version(row.version));
        let rows = &mut self.draft.rows;
        rows.expect.push((Table::Guards, key.clone(), expect));
        let acted = codec::encode(&Acted { at: now })?;
        rows.put.push((Table::Guards, key, acted));
        Ok(true)
    }
}

fn said(once: Once) -> String {
    match once {
        Once::Record => "record".to_owned(),
        Once::Change => "change".to_owned(),
        Once::Per(secs) => format!("per {secs} s"),
    }
}

/// The marks of a record: the prefix before the rule.
pub(super) fn marks(id: Id) -> Key {
    keys::named_guard("once", id.as_bytes())
}

fn mark_key(id: Id, rule: &str) -> Key {
    let mut key = marks(id);
    key.extend(rule.as_bytes());
    key
}
