//! What the handles of channels and their reader share.

use super::engine;
use super::error::{EngineError, PublishError};
use antiphon_channel::follow::Follower;
use redis::aio::MultiplexedConnection;
use redis::{Client, RedisResult, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

/// What the handles and the reader share.
pub(super) struct Inner {
    pub(super) client: Client,
    pub(super) prefix: Box<str>,
    /// The key of a stream by which the blocking read of this process is woken. It has a blank, as no
    /// channel's has.
    pub(super) wake_key: String,
    pub(super) maxlen: usize,
    pub(super) ttl: Option<Duration>,
    pub(super) outage: Duration,
    pub(super) follower: Follower,
    pub(super) link: watch::Sender<Link>,
    pub(super) used: Notify,
    pub(super) swept: Notify,
    pub(super) caught_up: Notify,
    /// Told when the engine takes no events: another may by now, at the same address.
    pub(super) refused: Notify,
    pub(super) closed: Notify,
}

/// The connection by which the engine is asked and given events, as those see it who want one.
#[derive(Clone)]
pub(super) enum Link {
    /// Nobody has tried yet.
    Untried,
    Up(MultiplexedConnection),
    /// Why there is none.
    Down(Arc<str>),
}

impl Inner {
    /// Returns the key of a channel's stream.
    pub(super) fn key(&self, name: &str) -> String {
        [&*self.prefix, name].concat()
    }

    /// Waits until somebody needs the engine.
    pub(super) async fn first_use(&self) {
        self.used.notified().await;
    }

    /// Adds an entry, and returns its id.
    pub(super) async fn publish(
        &self,
        name: &str,
        fields: &[(&'static str, String)],
    ) -> Result<String, PublishError> {
        self.used.notify_one();
        let mut link = self.link.subscribe();
        let link = timeout(START, link.wait_for(|link| !matches!(link, Link::Untried)));
        let link = link
            .await
            .ok()
            .and_then(Result::ok)
            .map(|link| link.clone());
        let mut commands = match link {
            Some(Link::Up(commands)) => commands,
            Some(Link::Down(reason)) => return Err(PublishError::Engine((*reason).into())),
            Some(Link::Untried) | None => {
                return Err(PublishError::Engine(EngineError::Silent.to_string().into()));
            }
        };
        let ttl = self
            .ttl
            .map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX >> 1));
        let addition = engine::addition(&self.key(name), fields, self.maxlen, ttl);
        let replies: RedisResult<Vec<RedisResult<Value>>> =
            addition.query_async(&mut commands).await;
        // What fails here may have been sent.
        let ambiguous =
            |error: redis::RedisError| PublishError::Ambiguous(error.to_string().into());
        let reply = replies.map_err(ambiguous)?.into_iter().next();
        let reply = match reply {
            Some(Ok(reply)) => reply,
            Some(Err(error)) => {
                let error = EngineError::from(error);
                if matches!(error, EngineError::Connection(_)) {
                    self.refused.notify_one();
                }
                return Err(PublishError::Engine(error.to_string().into()));
            }
            None => {
                return Err(PublishError::Ambiguous(
                    EngineError::Silent.to_string().into(),
                ));
            }
        };
        let id = engine::id(reply);
        let id = id.map_err(|error| PublishError::Ambiguous(error.to_string().into()))?;
        self.follower.published();
        Ok(id.to_string())
    }

    /// Ends the channels, and the reader.
    pub(super) fn close(&self) {
        self.follower.close();
        self.closed.notify_one();
    }
}

/// How long the first connection is waited for by who publishes, and a channel's first reading.
pub(super) const START: Duration = Duration::from_secs(5);
