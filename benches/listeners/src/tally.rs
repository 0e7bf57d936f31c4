//! Counts what all listeners hear.

use peer_common::nanoseconds;
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Tally {
    events: Cell<u64>,
    bytes: Cell<u64>,
    reads: Cell<u64>,
    /// In nanoseconds; none are taken of events without stamps.
    latencies: Option<RefCell<Vec<u64>>>,
}

/// What is printed. `bytes` are those of bodies, with their framing; `reads` are system calls.
#[derive(Serialize)]
pub(crate) struct Report {
    events: u64,
    seconds: f64,
    p50_us: Option<u64>,
    p99_us: Option<u64>,
    bytes: u64,
    reads: u64,
}

impl Tally {
    /// Of events whose data are stamps.
    pub(crate) fn stamped() -> Self {
        Self {
            latencies: Some(RefCell::default()),
            ..Self::default()
        }
    }

    pub(crate) fn event(&self, data: &[u8]) {
        self.events.update(|events| events + 1);
        if let Some(latencies) = &self.latencies {
            latencies.borrow_mut().push(latency(data));
        }
    }

    pub(crate) fn read(&self, len: usize) {
        self.bytes.update(|bytes| bytes + len as u64);
        self.reads.update(|reads| reads + 1);
    }

    pub(crate) fn events(&self) -> u64 {
        self.events.get()
    }

    pub(crate) fn report(self, elapsed: Duration) -> Report {
        let mut latencies = self.latencies.map(RefCell::into_inner).unwrap_or_default();
        latencies.sort_unstable();
        let percentile = |percent: usize| {
            let last = latencies.len().checked_sub(1)?;
            latencies.get(last * percent / 100).map(|time| time / 1000)
        };
        Report {
            events: self.events.get(),
            seconds: elapsed.as_secs_f64(),
            p50_us: percentile(50),
            p99_us: percentile(99),
            bytes: self.bytes.get(),
            reads: self.reads.get(),
        }
    }
}

fn latency(data: &[u8]) -> u64 {
    let stamp = std::str::from_utf8(data)
        .ok()
        .and_then(|it| it.parse().ok());
    // What is no stamp came from nowhere, so late that no one can overlook it.
    nanoseconds().saturating_sub(stamp.unwrap_or(0))
}
