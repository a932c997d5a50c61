//! The one way through: snapshot, decide, commit; on a conflict, queue and decide again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ahead::Ahead;
use super::allot::Allotment;
use super::decide::{self, Decided, Ground};
use super::{
    Command, Desk, Error, ErrorKind, Reply, Request, Result, codec, content, keys, service,
};
use crate::domain::{Id, Instant, Kind};
use crate::store::{Expect, Key, OpId, Outcome, Pos, Snapshot, Table};

/// How often a command may lose against others before it is given back.
const MAX_LOSSES: usize = 5;
/// How long answers to idempotency keys are kept.
const KEEP_REPLIES: chrono::TimeDelta = chrono::TimeDelta::hours(24);
/// Longest idempotency key in bytes.
const MAX_KEY_BYTES: usize = 255;

/// The kept answer to an idempotency key. Its position is the version of its row.
#[derive(Serialize, Deserialize)]
struct KeptReply {
    fingerprint: [u8; 32],
    reply: Reply,
}

/// What an idempotency key stands for.
pub(super) struct Once {
    hash: [u8; 32],
    fingerprint: [u8; 32],
}

impl Desk {
    /// Runs a command. When it returns, the change is durable.
    ///
    /// # Errors
    /// When the input is wrong, the asker may not, a rule refuses, or others were faster too often.
    pub fn run(&self, request: &Request, command: &Command) -> Result<Reply> {
        let span = tracing::info_span!(
            "command",
            request.id = %request.request_id,
            actor = request.actor.role(),
            kind = command.name(),
            position = tracing::field::Empty,
        );
        let _entered = span.enter();
        let result = self.attempt(request, command);
        self.follow_breakers(command, &result);
        match &result {
            Ok(reply) => {
                span.record("position", reply.pos.0);
            }
            Err(error) if error.kind == ErrorKind::Internal => {
                tracing::error!(code = error.code, "command failed: {}", error.message);
            }
            Err(error) => tracing::debug!(code = error.code, "command refused"),
        }
        result
    }

    /// Rules that were suspended while deciding stay so after a restart; one that is reset runs again.
    fn follow_breakers(&self, command: &Command, result: &Result<Reply>) {
        if let (Command::ResetRule { rule }, Ok(reply)) = (command, result)
            && !reply.replayed
        {
            self.breakers.reset(rule);
        }
        if let (Command::ChangePack { name, change }, Ok(_)) = (command, result)
            && matches!(change, super::PackChange::Grant { .. })
        {
            // What it was not granted may be what its rules failed for.
            self.breakers.forget(name);
        }
        self.keep_suspensions();
    }

    /// Writes down which rules were suspended since it was done last; reading suspends rules of access.
    pub(super) fn keep_suspensions(&self) {
        for suspension in self.breakers.take_unsaved(self.now()) {
            let rule = suspension.rule.clone();
            let command = Command::SuspendRule { suspension };
            let request = Request::by(super::Actor::System);
            if let Err(error) = self.attempt(&request, &command) {
                tracing::error!(rule, "a suspension could not be kept: {error}");
                self.breakers.not_saved(&rule);
            }
        }
    }

    fn attempt(&self, request: &Request, command: &Command) -> Result<Reply> {
        let once = once(request, command)?;
        let op = self.op_of(command);
        let mut allot = Allotment::new(&self.ids, &*self.store);
        let target = command.target().map(|(kind, id)| keys::record(kind, id));
        let mut pass = target
            .filter(|key| self.gates.is_contended(key))
            .map(|key| self.gates.enter(key));
        for _ in 0..=MAX_LOSSES {
            let now = self.clock.now();
            let snapshot = self.read_ahead(request, command, once.as_ref())?;
            let (ground, kept) = self.ground(snapshot, now, once.as_ref())?;
            if let Some(reply) = kept {
                return reply;
            }
            allot.rewind();
            let mut decided = decide::decide(&ground, request, command, &mut allot, op)?;
            self.keep_reply(&mut decided, once.as_ref(), now)?;
            match self.commit(decided)? {
                Committed::Done(reply) => return Ok(reply),
                Committed::Again(key) => {
                    if pass.as_ref().is_none_or(|p| *p.key() != key) {
                        // One queue at a time: who held two could wait for somebody who holds the other.
                        drop(pass.take());
                        pass = Some(self.gates.enter(key));
                    }
                }
            }
        }
        Err(Error::new(
            ErrorKind::Busy,
            "contended",
            "others changed the same record at the same time; try again in a moment",
        ))
    }

    /// A timer that is fired twice is fired once; what has an idempotency key is held by its reply.
    fn op_of(&self, command: &Command) -> OpId {
        match command {
            Command::FireTimer {
                timer,
                failed: None,
                ..
            } => timer.0,
            _ => self.ids.next(self.clock.now()).0,
        }
    }

    /// Reads in one trip what every decision stands on, and what this command is known to need.
    fn read_ahead(
        &self,
        request: &Request,
        command: &Command,
        once: Option<&Once>,
    ) -> Result<Arc<dyn Snapshot>> {
        let snapshot = self.store.snapshot(None)?;
        let last = self.catalogs.last();
        let wanted = stood_on(once);
        let ahead = Ahead::read(snapshot, wanted, &request.actor, command, last.as_deref())?;
        Ok(Arc::new(ahead))
    }

    /// The ground of a query that will read some records: all in one trip.
    pub(super) fn ground_for(
        &self,
        snapshot: Arc<dyn Snapshot>,
        records: &[(Kind, Id)],
    ) -> Result<Ground<'_>> {
        let mut wanted = stood_on(None);
        let row = |(kind, id): &(Kind, Id)| (Table::Records, keys::record(*kind, *id));
        wanted.extend(records.iter().map(row));
        let ahead = Arc::new(Ahead::of(snapshot, wanted, Vec::new())?);
        Ok(self.ground(ahead, self.now(), None)?.0)
    }

    /// Reads what every decision stands on, and the kept answer if there is one: one trip.
    pub(super) fn ground(
        &self,
        snapshot: Arc<dyn Snapshot>,
        now: Instant,
        once: Option<&Once>,
    ) -> Result<(Ground<'_>, Option<Result<Reply>>)> {
        let mut rows = snapshot.get_many(&stood_on(once))?.into_iter();
        let active = rows.next().flatten();
        let stamp = rows.next().flatten().map(|row| row.version);
        let kept = match (rows.next().flatten(), once) {
            (Some(row), Some(once)) => Some(replay(once, &row.bytes, row.version)?),
            _ => None,
        };
        let catalog = self
            .catalogs
            .get(&*snapshot, active.as_ref(), &*self.hosts)?;
        let service = self.services.get(&*snapshot, stamp.unwrap_or_default())?;
        let ground = Ground {
            snapshot,
            catalog,
            catalog_version: active.map(|row| row.version),
            service,
            service_version: stamp,
            loads: &self.loads,
            breakers: &self.breakers,
            permits: &self.permits,
            hosts: &*self.hosts,
            catalogs: &self.catalogs,
            now,
            survey_link: &self.survey_link,
            store: &*self.store,
        };
        Ok((ground, kept))
    }

    fn keep_reply(&self, decided: &mut Decided, once: Option<&Once>, now: Instant) -> Result<()> {
        let Some(once) = once else { return Ok(()) };
        let key = keys::reply(&once.hash);
        let kept = KeptReply {
            fingerprint: once.fingerprint,
            reply: decided.reply.clone(),
        };
        let batch = &mut decided.batch;
        batch
            .expect
            .push((Table::Replies, key.clone(), Expect::Absent));
        let mut row = codec::encode(&kept)?;
        // Behind the reply, so that replies kept before there were results are read as ever.
        if let Some(result) = &decided.reply.result {
            row.extend(codec::encode(result)?);
        }
        batch.put.push((Table::Replies, key, row));
        let expiry = keys::reply_expiry(now + KEEP_REPLIES, &once.hash);
        batch.put.push((Table::Replies, expiry, Vec::new()));
        Ok(())
    }

    fn commit(&self, decided: Decided) -> Result<Committed> {
        let Decided {
            mut batch,
            mut reply,
            loads,
            queued,
        } = decided;
        self.store_content(content::split(&mut batch))?;
        let outcome = self.store.commit(vec![batch])?.pop();
        match outcome {
            Some(Outcome::Done(pos)) => {
                for (agent, by) in loads {
                    self.loads.add(agent, by);
                }
                if queued {
                    self.bell.ring();
                }
                reply.pos = pos;
                Ok(Committed::Done(reply))
            }
            Some(Outcome::Conflict(table, key)) => {
                let mut place = vec![table as u8];
                place.extend(key);
                // Records are queued for by their own key, so that newcomers find the queue.
                if table == Table::Records {
                    place.remove(0);
                }
                Ok(Committed::Again(place))
            }
            Some(Outcome::Duplicate(pos)) => {
                reply.pos = pos;
                reply.replayed = true;
                Ok(Committed::Done(reply))
            }
            Some(Outcome::Fenced) => Err(Error::new(
                ErrorKind::Busy,
                "fenced",
                "another node has taken over; try again",
            )),
            Some(Outcome::Unknown) | None => Err(Error::new(
                ErrorKind::Internal,
                "outcome_unknown",
                "the storage failed while committing: repeat the request with its idempotency key",
            )),
        }
    }

    /// Removes kept answers that are older than a day; at most `max` of them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn sweep_replies(&self, max: usize) -> Result<usize> {
        let snapshot = self.store.snapshot(None)?;
        let to = keys::reply_expiry(self.clock.now(), &[0; 32]);
        let rows = snapshot.range(Table::Replies, &[1], &to, false, max.min(1_000))?;
        if rows.is_empty() {
            return Ok(0);
        }
        let mut batch = crate::store::Batch {
            op: self.ids.next(self.clock.now()).0,
            ..Default::default()
        };
        for (key, _) in &rows {
            let hash = key
                .get(key.len().saturating_sub(32)..)
                .and_then(|h| h.try_into().ok());
            if let Some(hash) = hash {
                batch.delete.push((Table::Replies, keys::reply(&hash)));
            }
            batch.delete.push((Table::Replies, key.clone()));
        }
        batch.journal = Vec::new();
        self.store.commit(vec![batch])?;
        Ok(rows.len())
    }
}

/// The rows that every decision stands on, and the kept answer to an idempotency key.
fn stood_on(once: Option<&Once>) -> Vec<(Table, Key)> {
    let mut wanted = vec![
        (Table::Packs, keys::active_packs()),
        (Table::Meta, service::stamp()),
    ];
    wanted.extend(once.map(|o| (Table::Replies, keys::reply(&o.hash))));
    wanted
}

enum Committed {
    Done(Reply),
    Again(Key),
}

fn once(request: &Request, command: &Command) -> Result<Option<Once>> {
    let Some(key) = &request.idempotency_key else {
        return Ok(None);
    };
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(Error::field(
            "Idempotency-Key",
            "malformed",
            format!("must be 1 to {MAX_KEY_BYTES} bytes"),
        ));
    }
    let mut hash = Sha256::new();
    hash.update(request.actor.name().as_bytes());
    hash.update([0]);
    hash.update(key.as_bytes());
    Ok(Some(Once {
        hash: hash.finalize().into(),
        fingerprint: command.fingerprint(),
    }))
}

fn replay(once: &Once, bytes: &[u8], pos: Pos) -> Result<Result<Reply>> {
    let (kept, rest): (KeptReply, _) = codec::decode_first(bytes)?;
    let result = match rest {
        [] => None,
        rest => Some(codec::decode(rest)?),
    };
    if kept.fingerprint != once.fingerprint {
        return Ok(Err(Error::new(
            ErrorKind::Invalid,
            "idempotency_key_reused",
            "this idempotency key was used for another request; take a new key",
        )));
    }
    Ok(Ok(Reply {
        pos,
        replayed: true,
        result,
        ..kept.reply
    }))
}
