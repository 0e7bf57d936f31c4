//! Channels over Redis Streams: what one process publishes reaches the subscribers of all.
//!
//! ```text
//! publish ──► XADD ──► one stream a channel ──► one reader a process ──► subscribers
//! ```
//!
//! Each process reads each stream once, by two connections, whatever its channels and subscribers, and
//! holds the newest events as an [`EventChannel`](crate::channel::EventChannel) does. A client may come back to any process.
//!
//! - **In order, each once, or one resync.** A reader proves with each reading that nothing lies
//!   between what it had and what it got. Where that cannot be proved, because the stream was trimmed,
//!   deleted, or came back from an older copy, subscribers get the
//!   [resync](crate::channel::Builder::resync) event.
//! - **Published** is what Redis has acknowledged; how well it keeps that is Redis's own setting
//!   (`appendfsync`, replicas).
//! - **Without Redis** streams stay open and ping, and clients whose last event is in memory are served.
//!   After [`outage`](ChannelsBuilder::outage) streams end cleanly, with a
//!   `retry` of some seconds, so that clients try another process.
//!   No client is ever answered with an error, which would end an `EventSource` for good.
//! - **Ids** are Redis's, such as `1700000000000-0`. One that is malformed, of the future or of another
//!   stream gets the resync event.
//!
//! Entries have the plain fields `data`, `event`, `retry` (milliseconds) and `comment`, so any program
//! can publish: `redis-cli XADD antiphon:news '*' data hello`. They are checked when they are read; what
//! a client would misread is left out and logged.
//!
//! It needs Redis 6.2 or newer, or Valkey; 7.0 or newer to tell the first event of an empty stream from a
//! gap. A user with an ACL needs `+xadd +xread +xrange +xrevrange +xinfo|stream +pexpire`, and the keys
//! of the [`prefix`](ChannelsBuilder::prefix). Whoever deletes a key deletes what was not read yet: a
//! process that had seen none of its entries cannot know.
//!
//! # Examples
//!
//! ```no_run
//! use antiphon::channel::redis::Channels;
//! use antiphon::{EventSourceResponse, LastEventId, ServerSentEvent, asgi};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let channels = Channels::builder("redis://127.0.0.1/").build()?;
//! let news = channels.channel("news")?;
//! let id = news.publish(&ServerSentEvent::new("hello")).await?;
//! println!("published {id}");
//!
//! let app = move |scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send| {
//!     let subscriber = news.subscribe(LastEventId::of(&scope).as_bytes());
//!     EventSourceResponse::from_subscriber(subscriber).call(scope, receive, send)
//! };
//! antiphon::serve("127.0.0.1:8000", app).await?;
//! # Ok(())
//! # }
//! ```

mod builder;
mod channels;
mod engine;
mod error;
mod inner;
mod reader;

pub use antiphon_channel::follow::Counters;
pub use builder::ChannelsBuilder;
pub use channels::{Channel, Channels};
pub use error::{BuildError, InvalidName, PublishError, TopicsError};
