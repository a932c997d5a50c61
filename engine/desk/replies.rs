//! Idempotency keys: the same key with the same command has one effect, and one answer, for a day.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::decide::Decided;
use super::{Command, Desk, Error, ErrorKind, Reply, Request, Result, codec, keys};
use crate::domain::Instant;
use crate::store::{Batch, Expect, Key, Pos, Table};

/// How long answers are kept.
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
#[derive(Debug, Clone)]
pub struct Once {
    hash: [u8; 32],
    fingerprint: [u8; 32],
}

impl Once {
    /// What the key of a request stands for, if it has one.
    pub fn of(request: &Request, command: &Command) -> Result<Option<Self>> {
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
        Ok(Some(Self {
            hash: hash.finalize().into(),
            fingerprint: command.fingerprint(),
        }))
    }

    /// The key of its row.
    pub fn key(&self) -> Key {
        keys::reply(&self.hash)
    }

    /// Keeps the answer together with what was decided.
    pub fn keep(&self, decided: &mut Decided, now: Instant) -> Result<()> {
        let key = self.key();
        let kept = KeptReply {
            fingerprint: self.fingerprint,
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
        let expiry = keys::reply_expiry(now + KEEP_REPLIES, &self.hash);
        batch.put.push((Table::Replies, expiry, Vec::new()));
        Ok(())
    }

    /// The kept answer in a row of this version.
    pub fn replay(&self, bytes: &[u8], pos: Pos) -> Result<Result<Reply>> {
        let (kept, rest): (KeptReply, _) = codec::decode_first(bytes)?;
        let result = match rest {
            [] => None,
            rest => Some(codec::decode(rest)?),
        };
        if kept.fingerprint != self.fingerprint {
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
}

impl Desk {
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
        let mut batch = Batch {
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
