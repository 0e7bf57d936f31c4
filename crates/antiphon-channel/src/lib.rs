//! A hub for server-sent events: what is published goes to all subscribers, and a client that
//! connects again gets exactly what it has missed.
//!
//! ```text
//! publish ──► one log of encoded events ──► a cursor per subscriber ──► a batch of `Bytes`
//! ```
//!
//! The log is the history and everybody's queue at once. So an event is encoded once and stored once,
//! publishing does not depend on how many listen, a subscriber that reads is handed shared bytes, and
//! one that does not holds nothing.
//!
//! - **No gap, no double.** A subscriber begins at one point of the log, with what came before it
//!   replayed and what comes after it live. Where that cannot be, it is told so by a
//!   [resync](Builder::resync) event.
//! - **Bounded.** History and queue have a bound in events and in bytes, and [`Slow`] says what happens
//!   to who falls behind.
//! - **No runtime.** Subscribers are [streams](futures_core::Stream), woken by wakers; publishers may be
//!   on any thread. No lock is held while an event is encoded or a waker is woken.
//!
//! # Examples
//!
//! ```
//! use antiphon_channel::EventChannel;
//! use antiphon_core::values::event::ServerSentEvent;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let channel = EventChannel::new();
//! let mut ada = channel.subscribe(None);
//! let mut bob = channel.subscribe(None);
//!
//! let id = channel.publish(&ServerSentEvent::new("hello").event("chat"))?;
//! let sent = format!("id: {id}\r\nevent: chat\r\ndata: hello\r\n\r\n");
//! assert_eq!(ada.next().await.unwrap(), sent);
//! assert_eq!(bob.next().await.unwrap(), sent);
//!
//! channel.close();
//! assert_eq!(ada.next().await, None);
//! # Ok(())
//! # }
//! ```

mod builder;
mod channel;
mod composite_id;
mod counters;
mod demand;
mod entry;
mod entry_id;
mod epoch;
mod feed;
pub mod follow;
mod follower;
mod follower_counters;
mod following;
mod frame;
mod log;
mod options;
mod parked;
mod policy;
mod seat;
mod shared;
mod subscriber;
mod tail;
mod topics;

pub use builder::Builder;
pub use channel::{EventChannel, PublishError};
pub use counters::Counters;
pub use epoch::InvalidEpoch;
pub use policy::{Newcomers, Slow};
pub use subscriber::Subscriber;
pub use topics::{InvalidTopics, Topic, Topics, TopicsHandle};

/// The code of the front page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
