//! What a channel tells of itself.

/// What a channel has done so far, and holds now.
///
/// # Examples
///
/// ```
/// use antiphon_channel::EventChannel;
/// use antiphon_core::values::event::ServerSentEvent;
///
/// let channel = EventChannel::new();
/// let _subscriber = channel.subscribe(None);
/// channel.publish(&ServerSentEvent::new("1"))?;
/// let counters = channel.counters();
/// assert_eq!((counters.subscribers, counters.published, counters.delivered), (1, 1, 0));
/// # Ok::<(), antiphon_channel::PublishError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Subscribers there are now.
    pub subscribers: usize,
    /// Events that were published.
    pub published: u64,
    /// Events that were handed to subscribers, each as often as it was handed to one. Resync events
    /// do not count.
    pub delivered: u64,
    /// How many times a subscriber was found further behind than its queue is long.
    pub lagged: u64,
    /// Events that slow subscribers did not get, each as often as one did not get it.
    pub dropped: u64,
    /// Events that the channel holds now.
    pub held_events: usize,
    /// Bytes of the events that the channel holds now.
    pub held_bytes: u64,
}
