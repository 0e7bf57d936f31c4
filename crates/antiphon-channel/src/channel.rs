//! The hub, and what publishers see of it.

use crate::counters::Counters;
use crate::frame::Draft;
use crate::policy::Newcomers;
use crate::shared::{Shared, wake};
use crate::subscriber::Subscriber;
use antiphon_core::request::last_event_id::LastEventId;
use antiphon_core::values::event::{InvalidEvent, ServerSentEvent};
use std::fmt;
use std::sync::Arc;

/// A hub: what is published to it goes to all who have subscribed, in order, without a gap and without
/// a double.
///
/// What one process publishes reaches the subscribers of that process alone. With several, each has a
/// channel of its own: a client hears what is published in the one that it is connected to, and after a
/// reconnect to another it gets the [resync](crate::Builder::resync) event instead of what it has missed.
/// The crate `antiphon` has channels that several processes share, over Redis (`channel::redis`).
///
/// It is a handle: clones are the same channel. When the last is dropped, the channel is
/// [closed](Self::close).
///
/// # Examples
///
/// A client that was away gets what it has missed:
///
/// ```
/// use antiphon_channel::EventChannel;
/// use antiphon_core::values::event::ServerSentEvent;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let channel = EventChannel::new();
/// let first = channel.publish(&ServerSentEvent::new("e4"))?;
/// let second = channel.publish(&ServerSentEvent::new("e5"))?;
///
/// let mut subscriber = channel.subscribe(Some(first.as_bytes()));
/// let event = subscriber.next().await.unwrap();
/// assert_eq!(event, format!("id: {second}\r\ndata: e5\r\n\r\n"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct EventChannel {
    handle: Arc<Handle>,
}

/// What the clones of a channel share; subscribers have no part in it.
struct Handle {
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl EventChannel {
    pub(crate) fn of(shared: Shared) -> Self {
        Self {
            handle: Arc::new(Handle {
                shared: Arc::new(shared),
            }),
        }
    }

    /// Sends an event to all subscribers, and returns its id.
    ///
    /// The event is encoded once, and its bytes are shared. It costs as much with many subscribers as
    /// with none, and to wake those that wait; none of them can hold it up.
    ///
    /// An event without an id gets its number for one, counted from 1, behind the
    /// [epoch](crate::Builder::epoch). An id that the publisher has given is kept; it has to be new, since a
    /// client that comes back with it goes on behind the newest event that has it.
    ///
    /// # Errors
    ///
    /// [`PublishError`] if the event cannot be sent, or if the channel is closed.
    pub fn publish(&self, event: &ServerSentEvent<'_>) -> Result<String, PublishError> {
        let shared = &self.handle.shared;
        let own_id: Option<Arc<str>> = event.last_event_id().map(Arc::from);
        let draft = Draft::new(event, &shared.epoch)?;
        let mut state = shared.lock();
        if state.closed {
            return Err(PublishError::Closed);
        }
        let id = match &own_id {
            Some(id) => id.as_ref().into(),
            None => shared.epoch.id(state.log.next()),
        };
        state.log.append(draft.with_id(&id), own_id);
        state.published += 1;
        let wakers = state.parked.take();
        drop(state);
        wake(wakers);
        Ok(id)
    }

    /// Gives a subscriber all that is published from now on, after what it has missed since
    /// `last_event_id`, the value of the request's `Last-Event-ID` field as it came.
    ///
    /// | `last_event_id`                          | first                                        |
    /// |------------------------------------------|----------------------------------------------|
    /// | none, or an empty one                    | what [`Newcomers`] says                      |
    /// | of an event, and all since is in history | exactly the events since                     |
    /// | of an event that is gone, or unknown     | the [resync](crate::Builder::resync) event          |
    ///
    /// An id proves nothing, since a client sends what it likes. Who must not read a channel must not
    /// subscribe to it.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_channel::EventChannel;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let channel = EventChannel::new();
    /// let mut subscriber = channel.subscribe(Some(b"of another epoch"));
    /// let event = subscriber.next().await.unwrap();
    /// assert!(event.ends_with(b"event: resync\r\ndata: \r\n\r\n"));
    /// # }
    /// ```
    #[must_use]
    pub fn subscribe(&self, last_event_id: Option<&[u8]>) -> Subscriber {
        let shared = &self.handle.shared;
        let last = LastEventId::parse(last_event_id);
        let assigned = match last {
            LastEventId::Given(id) => shared.epoch.number(id),
            _ => None,
        };

        let mut state = shared.lock();
        let joined = state.log.next();
        let start = match (last, shared.newcomers) {
            (LastEventId::Absent, Newcomers::Live) => Some(joined),
            (LastEventId::Absent, Newcomers::History) => Some(state.log.history()),
            (LastEventId::Given(id), _) => state.log.after(id, assigned),
            (LastEventId::Unfit, _) => None,
        };
        let newest = state.log.newest();
        state.subscribers += 1;
        drop(state);

        let (resync, position) = match (start, last) {
            (None, _) => (Some(shared.resync(newest)), None),
            (Some(start), LastEventId::Absent) if start == joined => {
                (None, Some(shared.position(newest)))
            }
            _ => (None, None),
        };
        let start = start.unwrap_or(joined);
        Subscriber::new(Arc::clone(shared), joined, start, resync, position)
    }

    /// Ends the channel: subscribers get what is in their queues, and then end.
    pub fn close(&self) {
        self.handle.shared.close();
    }

    /// What the channel has done so far, and holds now.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let state = self.handle.shared.lock();
        Counters {
            subscribers: state.subscribers,
            published: state.published,
            delivered: state.delivered,
            lagged: state.lagged,
            dropped: state.dropped,
            held_events: state.log.held_events(),
            held_bytes: state.log.held_bytes(),
        }
    }
}

impl fmt::Debug for EventChannel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EventChannel")
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}

/// The error of an event that was not published.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// A client would misread the event.
    Invalid(InvalidEvent),
    /// The channel is closed.
    Closed,
}

impl From<InvalidEvent> for PublishError {
    fn from(error: InvalidEvent) -> Self {
        Self::Invalid(error)
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => error.fmt(formatter),
            Self::Closed => formatter.write_str("expected an open channel, but found it closed"),
        }
    }
}

impl std::error::Error for PublishError {}
