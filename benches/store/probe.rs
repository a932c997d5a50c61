//! A backend that counts syncs, measures the time in them, and can make them slow.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redb::StorageBackend;

/// Forwards to a backend and keeps count.
#[derive(Debug)]
pub struct Probe<B> {
    inner: B,
    gauge: Arc<Gauge>,
}

/// What a [`Probe`] saw.
#[derive(Debug, Default)]
pub struct Gauge {
    syncs: AtomicU64,
    growths: AtomicU64,
    sync_nanos: AtomicU64,
    writes: AtomicU64,
    written: AtomicU64,
    /// The file was made larger, and the sync of that has not come yet.
    grown: AtomicBool,
    slow_down: Option<Duration>,
}

/// Counts at one moment; subtract two for a span.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// Syncs, without those that only made a larger file durable.
    pub syncs: u64,
    /// Syncs that made a larger file durable.
    pub growths: u64,
    pub in_sync: Duration,
    /// Writes, and the bytes in them.
    pub writes: u64,
    pub written: u64,
}

impl Gauge {
    /// A gauge whose probe lets every sync take as long as on a slower disk.
    pub fn slow(sync: Duration) -> Arc<Self> {
        Arc::new(Self {
            slow_down: Some(sync),
            ..Self::default()
        })
    }

    pub fn read(&self) -> Reading {
        Reading {
            syncs: self.syncs.load(Ordering::Relaxed),
            growths: self.growths.load(Ordering::Relaxed),
            in_sync: Duration::from_nanos(self.sync_nanos.load(Ordering::Relaxed)),
            writes: self.writes.load(Ordering::Relaxed),
            written: self.written.load(Ordering::Relaxed),
        }
    }
}

impl Reading {
    pub fn since(&self, before: &Self) -> Self {
        Self {
            syncs: self.syncs - before.syncs,
            growths: self.growths - before.growths,
            in_sync: self.in_sync.saturating_sub(before.in_sync),
            writes: self.writes - before.writes,
            written: self.written - before.written,
        }
    }
}

impl<B> Probe<B> {
    pub fn new(inner: B, gauge: &Arc<Gauge>) -> Self {
        Self {
            inner,
            gauge: Arc::clone(gauge),
        }
    }
}

impl<B: StorageBackend> StorageBackend for Probe<B> {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if len > self.inner.len()? {
            self.gauge.grown.store(true, Ordering::Relaxed);
        }
        self.inner.set_len(len)
    }

    #[expect(clippy::disallowed_methods, reason = "a slow disk takes its time")]
    fn sync_data(&self) -> io::Result<()> {
        let started = Instant::now();
        self.inner.sync_data()?;
        if let Some(slow_down) = self.gauge.slow_down {
            std::thread::sleep(slow_down);
        }
        let nanos = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.gauge.sync_nanos.fetch_add(nanos, Ordering::Relaxed);
        // redb makes a larger file durable before it writes anything into the new part.
        let counter = if self.gauge.grown.swap(false, Ordering::Relaxed) {
            &self.gauge.growths
        } else {
            &self.gauge.syncs
        };
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.gauge.writes.fetch_add(1, Ordering::Relaxed);
        let bytes = data.len() as u64;
        self.gauge.written.fetch_add(bytes, Ordering::Relaxed);
        self.inner.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }
}
