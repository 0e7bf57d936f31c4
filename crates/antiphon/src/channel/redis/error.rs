//! What goes wrong with the engine.

use antiphon_channel::InvalidTopics;
use antiphon_channel::follow::InvalidEntry;
use redis::{RedisError, ServerErrorKind};
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// What the engine, or the way to it, has said.
#[derive(Clone, Debug)]
pub(super) enum EngineError {
    /// The connection is of no use any more.
    Connection(Arc<str>),
    /// The engine refuses this command on this key.
    Refused(Arc<str>),
    /// It answers what no stream does.
    Reply(Arc<str>),
    /// It did not answer in time.
    Silent,
}

impl From<RedisError> for EngineError {
    fn from(error: RedisError) -> Self {
        use redis::ErrorKind::Server;
        let text = error.to_string();
        match error.kind() {
            Server(ServerErrorKind::CrossSlot | ServerErrorKind::Moved | ServerErrorKind::Ask) => {
                let text = format!(
                    "prefix: expected one with a hash tag, such as \"{{antiphon}}:\", and the address of the \
                     node that has its slot, since the engine is a cluster: {text}"
                );
                Self::Connection(text.into())
            }
            Server(ServerErrorKind::ResponseError | ServerErrorKind::NoPerm) => {
                Self::Refused(text.into())
            }
            redis::ErrorKind::Extension if matches!(error.code(), Some("WRONGTYPE" | "OOM")) => {
                Self::Refused(text.into())
            }
            _ => Self::Connection(text.into()),
        }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(text) | Self::Refused(text) | Self::Reply(text) => {
                formatter.write_str(text)
            }
            Self::Silent => formatter.write_str("expected a reply in time, but found none"),
        }
    }
}

/// The error of an event that was not published, or of which that is not known.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PublishError {
    /// A client would misread the event, or it has an id, which the engine gives.
    Event(InvalidEntry),
    /// The idempotency key is empty, or longer than 256 bytes.
    Key(&'static str),
    /// The engine has no idempotent publishing: it is older than Redis 8.6, or another one. The event is
    /// not in the stream.
    NoIdempotency(Box<str>),
    /// The engine is not there, or refuses it: the event is not in the stream.
    Engine(Box<str>),
    /// The engine has not answered: the event may be in the stream or not. It is not sent again, since
    /// clients might get it twice.
    Ambiguous(Box<str>),
    /// The channels are closed.
    Closed,
}

impl fmt::Display for PublishError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(error) => error.fmt(formatter),
            Self::Key(found) => write!(
                formatter,
                "idempotency key: expected 1 to 256 bytes, but found {found}"
            ),
            Self::NoIdempotency(text) => write!(
                formatter,
                "idempotency key: expected Redis 8.6 or newer, which compares them, but found another engine: \
                 {text}"
            ),
            Self::Engine(text) => write!(
                formatter,
                "expected Redis to take the event, but found: {text}"
            ),
            Self::Ambiguous(text) => write!(
                formatter,
                "expected Redis to say that it has the event, which it may have, but found: {text}"
            ),
            Self::Closed => formatter.write_str("expected open channels, but found them closed"),
        }
    }
}

impl Error for PublishError {}

/// The error of channels that cannot be made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The address is none of Redis.
    Url(Box<str>),
    /// There is no tokio runtime to read in.
    NoRuntime,
}

impl fmt::Display for BuildError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(text) => write!(
                formatter,
                "url: expected one such as \"redis://127.0.0.1:6379/0\", but found: {text}"
            ),
            Self::NoRuntime => formatter.write_str(
                "expected a tokio runtime, in which the engine is read, but found none: build the channels \
                 in an async function",
            ),
        }
    }
}

impl Error for BuildError {}

/// The error of a name that no channel can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidName(pub(super) &'static str);

impl fmt::Display for InvalidName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "channel name: expected 1 to 256 bytes without blanks and control characters, but found {}",
            self.0
        )
    }
}

impl Error for InvalidName {}

/// The error of channels that cannot be one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TopicsError {
    /// A name is none that a channel can have.
    Name(InvalidName),
    /// There are too many, or one twice.
    Topics(InvalidTopics),
}

impl fmt::Display for TopicsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => error.fmt(formatter),
            Self::Topics(error) => error.fmt(formatter),
        }
    }
}

impl Error for TopicsError {}
