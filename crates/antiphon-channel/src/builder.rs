//! Making a channel.

use crate::channel::EventChannel;
use crate::epoch::{Epoch, InvalidEpoch};
use crate::follower::Follower;
use crate::frame::Resync;
use crate::log::Log;
use crate::options::Options;
use crate::policy::{Newcomers, Slow};
use crate::shared::Shared;
use antiphon_core::values::event::{InvalidEvent, ServerSentEvent};
use std::fmt;

/// Makes an [`EventChannel`].
///
/// | option           | default      | what it says                                              |
/// |------------------|--------------|-----------------------------------------------------------|
/// | `history_events` | 1,000        | how many events can be replayed; 0 keeps none             |
/// | `history_bytes`  | 1 MiB        | how many bytes they may have together; 0 keeps none       |
/// | `queue_events`   | 256          | how many events a subscriber may be behind; at least 1    |
/// | `queue_bytes`    | 4 MiB        | how many bytes they may have together; 1 event always may |
/// | `slow`           | `Disconnect` | what happens to a subscriber that is further behind       |
/// | `newcomers`      | `Live`       | what a subscriber without a last event id gets            |
/// | `resync`         | `resync`     | the event that says that something was missed             |
/// | `epoch`          | random       | what the ids begin with; or `repeatable_ids`              |
///
/// Subscribers share the events, so these bounds are those of the whole channel.
///
/// # Examples
///
/// ```
/// use antiphon_channel::{EventChannel, Slow};
/// use antiphon_core::values::event::ServerSentEvent;
///
/// let channel = EventChannel::builder()
///     .history_events(100)
///     .queue_events(32)
///     .slow(Slow::Resync)
///     .resync(&ServerSentEvent::new("the board has changed").event("reload"))?
///     .build();
/// let id = channel.publish(&ServerSentEvent::new("x"))?;
/// assert!(id.ends_with("-1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "it makes a channel when it is built"]
pub struct Builder {
    options: Options,
    epoch: Epoch,
}

impl EventChannel {
    /// Makes a channel with the defaults of [`Builder`].
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Makes a channel that differs from the defaults.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl Default for EventChannel {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    fn new() -> Self {
        Self {
            options: Options::default(),
            epoch: Epoch::random(),
        }
    }

    /// Sets how many events can be replayed; 0 keeps none.
    pub fn history_events(mut self, events: usize) -> Self {
        self.options.history.events = events;
        self
    }

    /// Sets how many bytes the events that can be replayed may have together; 0 keeps none.
    pub fn history_bytes(mut self, bytes: usize) -> Self {
        self.options.history.bytes = bytes;
        self
    }

    /// Sets how many events a subscriber may be behind before it is slow; at least 1.
    pub fn queue_events(mut self, events: usize) -> Self {
        self.options.queue.events = events;
        self
    }

    /// Sets how many bytes a subscriber may be behind before it is slow. One event is always allowed.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.options.queue.bytes = bytes;
        self
    }

    /// Sets what happens to a subscriber that is further behind than its queue is long.
    pub fn slow(mut self, slow: Slow) -> Self {
        self.options.slow = slow;
        self
    }

    /// Sets what a subscriber without a last event id gets.
    pub fn newcomers(mut self, newcomers: Newcomers) -> Self {
        self.options.newcomers = newcomers;
        self
    }

    /// Sets the event that a client gets when it has missed what cannot be replayed. A page then loads
    /// again what it shows.
    ///
    /// An event without data is sent with empty data, since a client dispatches no event without data.
    /// Unless it has an id, it is sent with the id of the newest event, from which a client that connects
    /// again goes on.
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`] if the event cannot be sent.
    pub fn resync(mut self, event: &ServerSentEvent<'_>) -> Result<Self, InvalidEvent> {
        self.options.resync = Resync::new(event)?;
        Ok(self)
    }

    /// Sets what the ids of the channel begin with; a `-` and the number of the event follow.
    ///
    /// Ids have to differ from those that the channel gave before a restart: a client that comes back
    /// with one of those must be told that it has missed something, not be given what comes after a
    /// number that means another event now. Therefore the epoch is random by default. Where it is
    /// given, it has to be a new one after each restart, such as the time of the start.
    ///
    /// # Errors
    ///
    /// [`InvalidEpoch`] if it is empty or holds a NUL; a CR or LF is left out, as in the id of any event.
    pub fn epoch(mut self, epoch: &str) -> Result<Self, InvalidEpoch> {
        self.epoch = Epoch::named(epoch)?;
        Ok(self)
    }

    /// Numbers the events 1, 2, 3 and so on, again from 1 after each restart: for tests, and for channels
    /// that end with their clients.
    ///
    /// A client that comes back after a restart is then not told that it has missed something: it gets
    /// what comes after the number that it has, whatever that means now.
    pub fn repeatable_ids(mut self) -> Self {
        self.epoch = Epoch::repeatable();
        self
    }

    /// Makes the channel.
    #[must_use]
    pub fn build(self) -> EventChannel {
        let log = Log::new(self.options.queue, self.options.history);
        EventChannel::of(Shared::new(log, self.options, self.epoch))
    }

    /// Makes a reader, whose channels follow the streams of an engine. Their ids are the engine's, and no
    /// epoch has a part in them.
    #[must_use]
    pub fn follower(self) -> Follower {
        Follower::new(self.options)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Builder")
            .field("history", &self.options.history)
            .field("queue", &self.options.queue)
            .field("slow", &self.options.slow)
            .field("newcomers", &self.options.newcomers)
            .finish_non_exhaustive()
    }
}
