//! The channels of one Redis, and what publishers and subscribers see of each.

use super::error::{InvalidName, PublishError, TopicsError};
use super::inner::{Inner, START};
use antiphon_channel::follow::{Counters, fields};
use antiphon_channel::{Subscriber, Topic, Topics};
use antiphon_core::values::event::ServerSentEvent;
use std::fmt;
use std::sync::Arc;
use tokio::time::timeout;

/// The channels of one Redis, as one process has them.
///
/// It is a handle: clones are the same channels. When the last handle is dropped, of these and of their
/// [`Channel`]s, they are [closed](Self::close). Nothing is connected before the first use.
#[derive(Clone)]
pub struct Channels {
    handle: Arc<Closing>,
}

/// What the handles share; the reader has no part in it.
struct Closing {
    inner: Arc<Inner>,
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.inner.close();
    }
}

/// One channel: a stream of Redis. It is cheap to make and to clone.
#[derive(Clone)]
pub struct Channel {
    channels: Channels,
    name: Arc<str>,
}

impl Channels {
    pub(super) fn of(inner: Arc<Inner>) -> Self {
        Self {
            handle: Arc::new(Closing { inner }),
        }
    }

    /// Returns the channel of this name.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] if it is empty, longer than 256 bytes, or has blanks or control characters. A name
    /// that comes from a client decides which stream is read: check who may.
    pub fn channel(&self, name: &str) -> Result<Channel, InvalidName> {
        if name.is_empty() {
            return Err(InvalidName("none"));
        }
        if name.len() > MAX_NAME {
            return Err(InvalidName("more"));
        }
        if name.contains(|character: char| character.is_whitespace() || character.is_control()) {
            return Err(InvalidName("one"));
        }
        Ok(Channel {
            channels: self.clone(),
            name: name.into(),
        })
    }

    /// Subscribes to several channels, as one stream; each is a topic of its name.
    ///
    /// # Errors
    ///
    /// [`TopicsError`] if a name is none that a channel can have, if there are more than 26, or one twice.
    pub fn subscribe<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
        last_event_id: Option<&[u8]>,
    ) -> Result<Topics, TopicsError> {
        let mut topics = Vec::new();
        for name in names {
            let channel = self.channel(name).map_err(TopicsError::Name)?;
            topics.push((name, channel));
        }
        Topics::new(topics, last_event_id).map_err(TopicsError::Topics)
    }

    /// What the channels have done so far, and hold now.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.handle.inner.follower.counters()
    }

    /// Ends the channels: subscribers get what is in their queues, and then end. What is published later
    /// is an error.
    pub fn close(&self) {
        self.handle.inner.close();
    }
}

impl Channel {
    /// Sends an event to the subscribers of all processes, and returns the id that Redis gave it.
    ///
    /// When it returns, Redis has the event. To drop the future does not take it back.
    ///
    /// # Errors
    ///
    /// [`PublishError`]; it fails at once while Redis is away. After [`PublishError::Ambiguous`] the event
    /// may be in the stream: only the program knows whether to send it twice is worse than not at all.
    pub async fn publish(&self, event: &ServerSentEvent<'_>) -> Result<String, PublishError> {
        self.publish_keyed(event, None).await
    }

    /// Sends an event once, however often and by whichever process it is published with this key, and
    /// returns the id that Redis gave it the first time.
    ///
    /// So a task that is run again, and a request that a client repeats, publish nothing twice. Where the
    /// answer of Redis is lost, it is sent again for 5 s. Redis compares the last 100 keys of a channel that
    /// are not older than 100 s; `stream-idmp-maxsize` and `stream-idmp-duration` of its configuration say
    /// how many and how old.
    ///
    /// It needs Redis 8.6 or newer.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use antiphon::ServerSentEvent;
    /// use antiphon::channel::redis::Channels;
    ///
    /// # async fn paid(order: u64) -> Result<(), Box<dyn std::error::Error>> {
    /// let channels = Channels::builder("redis://localhost").build()?;
    /// let event = ServerSentEvent::new("paid").event("order");
    /// channels.channel("orders")?.publish_once(&event, &format!("paid-{order}")).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`publish`](Self::publish); [`PublishError::Key`] if the key is empty or longer than 256 bytes,
    /// and [`PublishError::NoIdempotency`] if the engine compares none. After [`PublishError::Ambiguous`] it
    /// can be published again with the same key.
    pub async fn publish_once(
        &self,
        event: &ServerSentEvent<'_>,
        idempotency_key: &str,
    ) -> Result<String, PublishError> {
        match idempotency_key.len() {
            0 => Err(PublishError::Key("none")),
            1..=MAX_KEY => self.publish_keyed(event, Some(idempotency_key)).await,
            _ => Err(PublishError::Key("more")),
        }
    }

    async fn publish_keyed(
        &self,
        event: &ServerSentEvent<'_>,
        idempotency_key: Option<&str>,
    ) -> Result<String, PublishError> {
        let inner = &self.channels.handle.inner;
        let fields = fields(event).map_err(PublishError::Event)?;
        if inner.follower.is_closed() {
            return Err(PublishError::Closed);
        }
        if inner.follower.is_starting(&self.name) {
            // Who has subscribed already is to get it.
            let mut subscriber = inner.follower.subscribe(&self.name, None);
            let _ = timeout(START, subscriber.position()).await;
        }
        inner.publish(&self.name, &fields, idempotency_key).await
    }

    /// Subscribes, as [`EventChannel::subscribe`](crate::channel::EventChannel::subscribe) does: to what is published from now on by any process,
    /// after what was missed since `last_event_id`.
    ///
    /// It returns at once. Until the stream is read the subscriber waits.
    #[must_use]
    pub fn subscribe(&self, last_event_id: Option<&[u8]>) -> Subscriber {
        let inner = &self.channels.handle.inner;
        inner.used.notify_one();
        inner.follower.subscribe(&self.name, last_event_id)
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Topic for Channel {
    fn subscribe_topic(&self, last_event_id: Option<&[u8]>) -> Subscriber {
        self.subscribe(last_event_id)
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Channels")
            .field("prefix", &self.handle.inner.prefix)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Channel").field(&self.name).finish()
    }
}

/// How many bytes a name may have.
const MAX_NAME: usize = 256;

/// How many bytes an idempotency key may have.
const MAX_KEY: usize = 256;
