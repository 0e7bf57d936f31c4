//! What the handles of channels and their reader share.

use super::engine;
use super::error::{EngineError, PublishError};
use antiphon_channel::follow::Follower;
use redis::aio::MultiplexedConnection;
use redis::{Client, RedisResult, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

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
    pub(super) closed: Notify,
}

/// The connection by which the engine is asked and given events, as those see it who want one.
#[derive(Clone)]
pub(super) enum Link {
    /// Nobody has tried yet.
    Untried,
    /// There is one, the how many-th that is.
    Up(MultiplexedConnection, u64),
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

    /// Adds an entry, and returns its id. One with an idempotency key is sent again where the engine has
    /// not answered.
    pub(super) async fn publish(
        &self,
        name: &str,
        fields: &[(&'static str, String)],
        idempotency_key: Option<&str>,
    ) -> Result<String, PublishError> {
        let until = Instant::now() + START;
        let mut ambiguous = None;
        loop {
            match self.add(name, fields, idempotency_key).await {
                Err(PublishError::Ambiguous(text)) if idempotency_key.is_some() => {
                    ambiguous = Some(text);
                }
                // It says nothing of the first time.
                Err(PublishError::Engine(text)) if ambiguous.is_some() => ambiguous = Some(text),
                added => return added,
            }
            if let Some(text) = ambiguous.take_if(|_| Instant::now() >= until) {
                return Err(PublishError::Ambiguous(text));
            }
            sleep(RETRY).await;
        }
    }

    async fn add(
        &self,
        name: &str,
        fields: &[(&'static str, String)],
        idempotency_key: Option<&str>,
    ) -> Result<String, PublishError> {
        self.used.notify_one();
        let mut link = self.link.subscribe();
        let link = timeout(START, link.wait_for(|link| !matches!(link, Link::Untried)));
        let link = link
            .await
            .ok()
            .and_then(Result::ok)
            .map(|link| link.clone());
        let (mut commands, number) = match link {
            Some(Link::Up(commands, number)) => (commands, number),
            Some(Link::Down(reason)) => return Err(PublishError::Engine((*reason).into())),
            Some(Link::Untried) | None => {
                return Err(PublishError::Engine(EngineError::Silent.to_string().into()));
            }
        };
        let ttl = self
            .ttl
            .map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX >> 1));
        let addition = engine::addition(&self.key(name), fields, idempotency_key, self.maxlen, ttl);
        let replies: RedisResult<Vec<RedisResult<Value>>> =
            addition.query_async(&mut commands).await;
        // What fails here may have been sent.
        let ambiguous = |error: redis::RedisError| {
            if !error.is_timeout() {
                self.lost(number, &error.to_string());
            }
            PublishError::Ambiguous(error.to_string().into())
        };
        let reply = replies.map_err(ambiguous)?.into_iter().next();
        let reply = match reply {
            Some(Ok(reply)) => reply,
            Some(Err(error)) => {
                let error = EngineError::from(error);
                if matches!(error, EngineError::Connection(_)) {
                    self.lost(number, "it takes no events, and may be a replica now");
                }
                let text = error.to_string();
                return Err(if idempotency_key.is_some() && is_unknown_option(&text) {
                    PublishError::NoIdempotency(text.into())
                } else {
                    PublishError::Engine(text.into())
                });
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

    /// Has the reader connect again, unless it has done so since.
    fn lost(&self, number: u64, reason: &str) {
        self.link.send_if_modified(|link| {
            let is_this = matches!(link, Link::Up(_, other) if *other == number);
            if is_this {
                *link = Link::Down(reason.into());
            }
            is_this
        });
    }

    /// Ends the channels, and the reader.
    pub(super) fn close(&self) {
        self.follower.close();
        self.closed.notify_one();
    }
}

/// Tells whether an engine says that it does not know an option of `XADD`, which it takes for an id.
fn is_unknown_option(text: &str) -> bool {
    text.contains("Invalid stream ID") || text.contains("wrong number of arguments")
}

/// How long it takes until an event is sent again.
const RETRY: Duration = Duration::from_millis(50);

/// How long the first connection is waited for by who publishes, and a channel's first reading.
pub(super) const START: Duration = Duration::from_secs(5);
