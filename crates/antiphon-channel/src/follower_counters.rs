//! What the channels of one engine tell of themselves.

use std::time::Duration;

/// What the channels of one engine have done so far, and hold now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Channels that are followed now.
    pub channels: usize,
    /// Subscribers there are now.
    pub subscribers: usize,
    /// Events that this process has published.
    pub published: u64,
    /// Events that were read as they were published.
    pub read: u64,
    /// How long ago the last of them was published when it was read, by the two machines' clocks.
    pub lag: Duration,
    /// How many times the engine was connected to again.
    pub reconnects: u64,
    /// How many times events of a channel may have been missed, so that its subscribers were told.
    pub gaps: u64,
    /// How many times older events were asked for: when a channel is first read, and for clients that
    /// come back with ids from before what is held.
    pub history_reads: u64,
}

/// What a driver may want to log of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// All is well.
    Fine,
    /// Events may have been missed, and subscribers are told.
    Gap,
}
