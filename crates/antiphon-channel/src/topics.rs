//! Several channels in one stream.

use crate::channel::EventChannel;
use crate::composite_id::{self, MAX_TOPICS};
use crate::frame::{self, IdLine};
use crate::subscriber::Subscriber;
use antiphon_core::request::last_event_id::LastEventId;
use bytes::Bytes;
use futures_core::Stream;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

/// What can be one of several [`Topics`]: a channel.
pub trait Topic {
    /// Subscribes, as [`EventChannel::subscribe`] does.
    fn subscribe_topic(&self, last_event_id: Option<&[u8]>) -> Subscriber;
}

impl<T: Topic + ?Sized> Topic for &T {
    fn subscribe_topic(&self, last_event_id: Option<&[u8]>) -> Subscriber {
        (**self).subscribe_topic(last_event_id)
    }
}

impl Topic for EventChannel {
    fn subscribe_topic(&self, last_event_id: Option<&[u8]>) -> Subscriber {
        self.subscribe(last_event_id)
    }
}

/// A subscriber of several channels: one stream, and one connection of a browser, which has six.
///
/// The events of each channel come in order; those of different channels come as they are ready. The id
/// of each event says where the stream is in every channel, so a client that comes back gets what it has
/// missed of each. It is opaque, has at most 1 KiB, and proves nothing: who must not read a channel must
/// not have it among its topics.
///
/// | the client's id                     | of each topic, the client gets first          |
/// |-------------------------------------|-----------------------------------------------|
/// | none                                | what a newcomer gets                          |
/// | of such a stream, with the topic    | what it has missed, or a resync event         |
/// | of such a stream, without the topic | a resync event                                |
/// | any other                           | a resync event                                |
///
/// Topics may be added and removed while the stream is open, by [`handle`](Self::handle). The stream ends
/// when one of its channels does, or when it is too slow for one.
///
/// # Examples
///
/// ```
/// use antiphon_channel::{EventChannel, Topics};
/// use antiphon_core::values::event::ServerSentEvent;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (news, user) = (EventChannel::new(), EventChannel::new());
/// let mut topics = Topics::new([("news", &news), ("user:7", &user)], None)?;
/// let told = topics.position().await.unwrap();
/// user.publish(&ServerSentEvent::new("for you"))?;
/// assert!(topics.next().await.unwrap().ends_with(b"data: for you\r\n\r\n"));
///
/// // The client comes back with the id that it was told first.
/// let last = &told[b"id: ".len()..told.len() - b"\r\n\r\n".len()];
/// let mut again = Topics::new([("news", &news), ("user:7", &user)], Some(last))?;
/// assert!(again.next().await.unwrap().ends_with(b"data: for you\r\n\r\n"));
/// # Ok(())
/// # }
/// ```
pub struct Topics {
    joined: Vec<Joined>,
    /// Which topic is asked first, so that none is kept from its turn.
    turn: usize,
    /// Whether the places of all were known once.
    has_begun: bool,
    /// Whether the client is to be told where the stream is, since that is known of one more topic.
    is_untold: bool,
    changes: Arc<Mutex<Changes>>,
    ended: bool,
}

struct Joined {
    key: String,
    subscriber: Subscriber,
    /// Whether its place is still to be known.
    is_new: bool,
    /// The id of the last event that the client has of it.
    id: Option<String>,
}

/// What a handle wants.
#[derive(Default)]
struct Changes {
    keys: Vec<String>,
    added: Vec<(String, Subscriber)>,
    removed: Vec<String>,
    waker: Option<Waker>,
}

/// Adds topics to a stream that is open, and removes them.
#[derive(Clone)]
pub struct TopicsHandle {
    changes: Arc<Mutex<Changes>>,
}

impl Topics {
    /// Subscribes to these channels, each with the name of its topic, which has to be the same each time
    /// a client comes back.
    ///
    /// # Errors
    ///
    /// [`InvalidTopics`] if there are more than 26, of which the id has no room, or two of one name.
    pub fn new<'a, T: Topic + 'a>(
        topics: impl IntoIterator<Item = (&'a str, T)>,
        last_event_id: Option<&[u8]>,
    ) -> Result<Self, InvalidTopics> {
        Self::with(topics, last_event_id, |channel, last| {
            Ok(channel.subscribe_topic(last))
        })
    }

    /// Makes a stream of topics, each a name and what `subscribe` makes a subscriber of, behind the id that
    /// it is given.
    ///
    /// # Errors
    ///
    /// That of `subscribe`, and [`InvalidTopics`] as for [`new`](Self::new).
    pub fn with<'a, T, E: From<InvalidTopics>>(
        topics: impl IntoIterator<Item = (&'a str, T)>,
        last_event_id: Option<&[u8]>,
        mut subscribe: impl FnMut(T, Option<&[u8]>) -> Result<Subscriber, E>,
    ) -> Result<Self, E> {
        let last = LastEventId::parse(last_event_id);
        let mut this = Self {
            joined: Vec::new(),
            turn: 0,
            has_begun: false,
            is_untold: false,
            changes: Arc::default(),
            ended: false,
        };
        for (name, topic) in topics {
            let key = this.handle().take_key(name)?;
            let id = match last {
                LastEventId::Given(id) => composite_id::read(id, &key),
                _ => None,
            };
            let known = match (&id, last) {
                (Some(id), _) => Some(id.as_bytes()),
                (None, LastEventId::Absent) => None,
                // No event has an id with a NUL.
                (None, _) => Some(&b"\0"[..]),
            };
            let subscriber = subscribe(topic, known)?;
            this.joined.push(Joined {
                key,
                subscriber,
                is_new: true,
                id,
            });
        }
        Ok(this)
    }

    /// Returns what adds and removes topics while the stream is open.
    #[must_use]
    pub fn handle(&self) -> TopicsHandle {
        TopicsHandle {
            changes: Arc::clone(&self.changes),
        }
    }

    /// Waits for what a client is told first: where the stream is in each channel, without an event.
    /// `None` for one that has an id of all of them; and when it is asked again.
    pub async fn position(&mut self) -> Option<Bytes> {
        poll_fn(|context| self.poll_position(context)).await
    }

    /// Polls for what a client is told first, as [`position`](Self::position) has it.
    pub fn poll_position(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.change(context);
        ready!(self.poll_places(context));
        self.has_begun = true;
        Poll::Ready(mem::take(&mut self.is_untold).then(|| frame::position(&self.id())))
    }

    /// The next event, or `None` at the end.
    ///
    /// Dropping the future loses no event.
    pub async fn next(&mut self) -> Option<Bytes> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Appends to `batch` the events that are ready, in parts, up to about `max_bytes` but at least one,
    /// and returns how many; 0 is the end.
    pub fn poll_batch(
        &mut self,
        context: &mut Context<'_>,
        max_bytes: usize,
        batch: &mut impl Extend<Bytes>,
    ) -> Poll<usize> {
        if self.ended {
            return Poll::Ready(0);
        }
        self.change(context);
        let places = self.poll_places(context);
        if !self.has_begun {
            ready!(places);
            (self.has_begun, self.is_untold) = (true, false);
        }
        if mem::take(&mut self.is_untold) {
            batch.extend([frame::position(&self.id())]);
            return Poll::Ready(1);
        }
        let (mut taken, mut room) = (0, max_bytes);
        let mut frames = Vec::new();
        for offset in 0..self.joined.len() {
            let index = (self.turn + offset) % self.joined.len();
            let joined = &mut self.joined[index];
            if joined.is_new || (taken > 0 && room == 0) {
                continue;
            }
            match joined.subscriber.poll_batch(context, room, &mut frames) {
                Poll::Pending => {}
                Poll::Ready(0) => {
                    // Its client comes back, and gets what it has missed.
                    self.ended = true;
                    self.joined.clear();
                    return Poll::Ready(taken);
                }
                Poll::Ready(count) => {
                    taken += count;
                    for frame in frames.drain(..) {
                        room = room.saturating_sub(frame.len());
                        let parts = self.renamed(index, &frame).into_iter();
                        batch.extend(parts.filter(|part| !part.is_empty()));
                    }
                }
            }
        }
        if taken > 0 {
            self.turn += 1;
            return Poll::Ready(taken);
        }
        Poll::Pending
    }

    /// The parts of an event whose id is to be that of the stream: they share its bytes.
    fn renamed(&mut self, index: usize, frame: &Bytes) -> [Bytes; 3] {
        let Some(line) = IdLine::find(frame) else {
            return [frame.clone(), Bytes::new(), Bytes::new()];
        };
        if let Some(joined) = self.joined.get_mut(index)
            && !line.id.is_empty()
        {
            joined.id = Some(line.id.to_owned());
        }
        let id = ["id: ", &self.id(), line.separator].concat();
        [
            frame.slice(..line.start),
            id.into(),
            frame.slice(line.end..),
        ]
    }

    /// Where the stream is in each channel.
    fn id(&self) -> String {
        let places = self.joined.iter().filter_map(|joined| {
            let id = joined.id.as_deref()?;
            Some((&*joined.key, id))
        });
        composite_id::write(places)
    }

    /// Waits until it is known where the stream is in each channel.
    fn poll_places(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut is_ready = true;
        for joined in self.joined.iter_mut().filter(|joined| joined.is_new) {
            let Poll::Ready(position) = joined.subscriber.poll_position(context) else {
                is_ready = false;
                continue;
            };
            joined.is_new = false;
            if let Some(line) = position.as_ref().and_then(|frame| IdLine::find(frame)) {
                joined.id = Some(line.id.to_owned());
                self.is_untold = true;
            }
        }
        if is_ready {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Does what handles want, and is woken when they want more.
    fn change(&mut self, context: &Context<'_>) {
        let mut changes = lock(&self.changes);
        for key in mem::take(&mut changes.removed) {
            self.joined.retain(|joined| joined.key != key);
        }
        let added = mem::take(&mut changes.added).into_iter();
        self.joined.extend(added.map(|(key, subscriber)| Joined {
            key,
            subscriber,
            is_new: true,
            id: None,
        }));
        if !changes
            .waker
            .as_ref()
            .is_some_and(|waker| waker.will_wake(context.waker()))
        {
            changes.waker = Some(context.waker().clone());
        }
    }
}

impl TopicsHandle {
    /// Adds a topic: what is published in it from now on. Where the stream is in it is told to the
    /// client at once, so that it misses nothing when it comes back.
    ///
    /// # Errors
    ///
    /// [`InvalidTopics`] as for [`Topics::new`].
    pub fn add(&self, name: &str, channel: &impl Topic) -> Result<(), InvalidTopics> {
        self.add_subscriber(name, channel.subscribe_topic(None))
    }

    /// Adds a topic by a subscriber of its channel, which is a newcomer.
    ///
    /// # Errors
    ///
    /// [`InvalidTopics`] as for [`Topics::new`].
    pub fn add_subscriber(&self, name: &str, subscriber: Subscriber) -> Result<(), InvalidTopics> {
        let key = self.take_key(name)?;
        let mut changes = lock(&self.changes);
        changes.added.push((key, subscriber));
        wake(changes);
        Ok(())
    }

    /// Removes a topic, and tells whether it was there.
    #[expect(
        clippy::must_use_candidate,
        reason = "most remove a topic of which they know that it is there"
    )]
    pub fn remove(&self, name: &str) -> bool {
        let key = composite_id::key(name);
        let mut changes = lock(&self.changes);
        let count = changes.keys.len();
        changes.keys.retain(|other| *other != key);
        let was_there = changes.keys.len() < count;
        changes.added.retain(|(other, _)| *other != key);
        changes.removed.push(key);
        wake(changes);
        was_there
    }

    fn take_key(&self, name: &str) -> Result<String, InvalidTopics> {
        let key = composite_id::key(name);
        let mut changes = lock(&self.changes);
        if changes.keys.len() >= MAX_TOPICS {
            return Err(InvalidTopics::TooMany);
        }
        if changes.keys.contains(&key) {
            return Err(InvalidTopics::Twice(name.into()));
        }
        changes.keys.push(key.clone());
        Ok(key)
    }
}

fn lock(changes: &Mutex<Changes>) -> MutexGuard<'_, Changes> {
    changes.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(mut changes: MutexGuard<'_, Changes>) {
    let waker = changes.waker.take();
    drop(changes);
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Stream for Topics {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut parts = Vec::new();
        let taken = ready!(self.poll_batch(context, 0, &mut parts));
        Poll::Ready((taken > 0).then(|| parts.concat().into()))
    }
}

impl fmt::Debug for Topics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Topics")
            .field("topics", &self.joined.len())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TopicsHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TopicsHandle")
            .field("topics", &lock(&self.changes).keys.len())
            .finish_non_exhaustive()
    }
}

/// The error of topics that cannot be one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidTopics {
    /// There are more than the id has room for.
    TooMany,
    /// Two have the same name, or by chance the same key in the id.
    Twice(Box<str>),
}

impl fmt::Display for InvalidTopics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(
                formatter,
                "topics: expected {MAX_TOPICS} at most, as the id has no room for more, but found another"
            ),
            Self::Twice(name) => {
                write!(
                    formatter,
                    "topics: expected each once, but found \"{name}\" again"
                )
            }
        }
    }
}

impl Error for InvalidTopics {}
