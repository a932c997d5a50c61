//! Who holds which lease, by the monotonic clock of this process.
//!
//! A store is opened by one process at a time, so a holder never outlives the process: only the
//! epochs are stored, and renewing a lease costs no write. The store must see to it that an epoch
//! handed to [`Leases::grant`] is durable before its holder learns of it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Lease;

/// The leases held at present.
#[derive(Debug, Default)]
pub(super) struct Leases {
    held: Mutex<HashMap<String, Held>>,
}

#[derive(Debug)]
struct Held {
    node: String,
    epoch: u64,
    until: Instant,
}

/// What came of asking for a lease.
#[derive(Debug)]
pub(super) enum Asked {
    /// The asker held it last and has it for longer now.
    Renewed(Lease),
    /// Somebody else holds it.
    Taken,
    /// Nobody holds it: it needs the next epoch.
    Free,
}

impl Leases {
    /// Renews the lease if `node` was its last holder.
    pub(super) fn ask(&self, name: &str, node: &str, ttl: Duration) -> Asked {
        let now = Instant::now();
        let mut leases = self.held.lock();
        match leases.get_mut(name) {
            Some(held) if held.node == node => {
                held.until = now + ttl;
                Asked::Renewed(Lease {
                    name: name.to_owned(),
                    node: node.to_owned(),
                    epoch: held.epoch,
                })
            }
            Some(held) if now < held.until => Asked::Taken,
            _ => Asked::Free,
        }
    }

    /// Makes `node` the holder under a new epoch.
    pub(super) fn grant(&self, name: &str, node: &str, epoch: u64, ttl: Duration) -> Lease {
        let until = Instant::now() + ttl;
        self.held.lock().insert(
            name.to_owned(),
            Held {
                node: node.to_owned(),
                epoch,
                until,
            },
        );
        Lease {
            name: name.to_owned(),
            node: node.to_owned(),
            epoch,
        }
    }

    /// Whether the lease is still held as it was handed out.
    pub(super) fn holds(&self, lease: &Lease) -> bool {
        let now = Instant::now();
        self.held.lock().get(&lease.name).is_some_and(|held| {
            held.node == lease.node && held.epoch == lease.epoch && now < held.until
        })
    }
}
