//! A simulated disk that can lose power: what was synced stays, and of each later sector write
//! nobody knows whether it arrived.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

use crate::random::Random;

/// A handle to a disk; handles are cheap and share it.
#[derive(Debug, Clone)]
pub struct Disk(Arc<Mutex<State>>);

/// How a disk behaves.
#[derive(Debug, Clone, Copy)]
pub struct Nature {
    /// What is written whole or not at all: 512 or 4,096 bytes.
    pub sector: usize,
    /// Whether a sync makes anything durable.
    pub honest: bool,
}

#[derive(Debug)]
struct State {
    nature: Nature,
    /// What reads see.
    live: Vec<u8>,
    /// What has certainly arrived.
    durable: Vec<u8>,
    /// What has been written since, in order.
    pending: Vec<Pending>,
    /// Changes until the power goes.
    fuse: Option<u64>,
    dead: bool,
    /// Fails the next syncs without losing power.
    failing_syncs: bool,
    syncs: u64,
}

#[derive(Debug)]
enum Pending {
    /// A sector as it was after a write to it.
    Sector(usize, Vec<u8>),
    Len(usize),
}

impl Disk {
    pub fn new(nature: Nature) -> Self {
        Self::holding(nature, Vec::new())
    }

    /// An honest disk that nobody pulls the plug of.
    pub fn reliable() -> Self {
        Self::new(Nature {
            sector: 4_096,
            honest: true,
        })
    }

    fn holding(nature: Nature, image: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State {
            nature,
            live: image.clone(),
            durable: image,
            pending: Vec::new(),
            fuse: None,
            dead: false,
            failing_syncs: false,
            syncs: 0,
        })))
    }

    /// Cuts the power in the middle of the change that comes after `changes` more.
    pub fn cut_after(&self, changes: u64) {
        self.state().fuse = Some(changes);
    }

    /// Makes every further sync fail, as a disk with a fault does.
    pub fn fail_syncs(&self) {
        self.state().failing_syncs = true;
    }

    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// Whether the power is off.
    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// Cuts the power now, if it is still on, and returns the disk as it comes back: each sector
    /// written since the last sync is there or is not, by chance.
    pub fn after_cut(&self, random: &mut Random) -> Self {
        let mut state = self.state();
        state.dead = true;
        // Nothing, a little, half, nearly all and all of it arrived: the ends matter as well.
        let kept_of_eight = [0, 1, 4, 7, 8][random.below(5) as usize];
        let mut image = state.durable.clone();
        let sector = state.nature.sector;
        for pending in &state.pending {
            if random.below(8) >= kept_of_eight {
                continue;
            }
            match pending {
                Pending::Len(len) => image.resize(*len, 0),
                Pending::Sector(number, bytes) => {
                    // A sector past the end of the file has nowhere to go.
                    if let Some(space) = image.get_mut(number * sector..) {
                        let len = bytes.len().min(space.len());
                        space[..len].copy_from_slice(&bytes[..len]);
                    }
                }
            }
        }
        Self::holding(state.nature, image)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A writer that panicked over a dead disk leaves the state as it was: usable.
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn check_power(&self) -> io::Result<()> {
        if self.dead {
            return Err(io::Error::other("the power is off"));
        }
        Ok(())
    }

    /// Burns the fuse; `true` when the power goes during this change.
    fn burn(&mut self) -> bool {
        match &mut self.fuse {
            Some(0) => {
                self.dead = true;
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    fn settle(&mut self) {
        let sector = self.nature.sector;
        let mut newest = BTreeMap::new();
        for pending in self.pending.drain(..) {
            match pending {
                Pending::Len(len) => {
                    self.durable.resize(len, 0);
                    newest.retain(|number, _| number * sector < len);
                }
                Pending::Sector(number, bytes) => {
                    newest.insert(number, bytes);
                }
            }
        }
        for (number, bytes) in newest {
            let from = number * sector;
            let to = (from + bytes.len()).min(self.durable.len());
            self.durable[from..to].copy_from_slice(&bytes[..to - from]);
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        let state = self.state();
        state.check_power()?;
        Ok(state.live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        state.check_power()?;
        let from = offset as usize;
        let bytes = state.live.get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        state.check_power()?;
        let cut = state.burn();
        state.live.resize(len as usize, 0);
        state.pending.push(Pending::Len(len as usize));
        if cut { state.check_power() } else { Ok(()) }
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        state.check_power()?;
        if state.burn() {
            // The sync was under way: what it was about is still up in the air.
            return state.check_power();
        }
        if state.failing_syncs {
            return Err(io::Error::other("the disk has a fault"));
        }
        state.syncs += 1;
        if state.nature.honest {
            state.settle();
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.check_power()?;
        let cut = state.burn();
        let (from, to) = (offset as usize, offset as usize + data.len());
        if state.live.len() < to {
            state.live.resize(to, 0);
            state.pending.push(Pending::Len(to));
        }
        state.live[from..to].copy_from_slice(data);
        let sector = state.nature.sector;
        for number in from / sector..to.div_ceil(sector) {
            let end = ((number + 1) * sector).min(state.live.len());
            let bytes = state.live[number * sector..end].to_vec();
            state.pending.push(Pending::Sector(number, bytes));
        }
        if cut { state.check_power() } else { Ok(()) }
    }
}
