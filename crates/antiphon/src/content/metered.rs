//! A stream on its way to the client, by whichever door.

#[cfg(feature = "server")]
use super::send_deadline;
use crate::asgi::Error;
use bytes::Bytes;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Content that comes over time, in the chunks in which it is sent.
pub(crate) trait Chunks: Send {
    /// The next chunk, which is not empty; `None` at the end, as often as one asks.
    fn poll_chunk(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>>;
}

pub(crate) type BoxChunks = Pin<Box<dyn Chunks>>;

/// Chunks, and how far their delivery has come.
pub(crate) struct MeteredStream {
    /// `None` once the last has been taken: what they held is let go at once.
    chunks: Option<BoxChunks>,
    /// The first chunk, which was ready before the head was sent.
    first: Option<Bytes>,
    /// How many bytes were announced, if that was done.
    announced: Option<u64>,
    sent: u64,
    send_timeout: Option<Duration>,
}

impl MeteredStream {
    pub(crate) const fn new(
        chunks: BoxChunks,
        announced: Option<u64>,
        send_timeout: Option<Duration>,
    ) -> Self {
        Self {
            chunks: Some(chunks),
            first: None,
            announced,
            sent: 0,
            send_timeout,
        }
    }

    pub(crate) const fn send_timeout(&self) -> Option<Duration> {
        self.send_timeout
    }

    /// How many bytes are missing, if their number was announced.
    pub(crate) fn missing(&self) -> Option<u64> {
        Some(self.announced?.saturating_sub(self.sent))
    }

    /// Whether everything has been taken.
    pub(crate) const fn is_at_end(&self) -> bool {
        self.chunks.is_none() && self.first.is_none()
    }

    /// Asks for the first chunk before the head is sent, so that an error can still become an answer.
    /// Does not wait for it.
    pub(crate) async fn first(&mut self) -> Result<(), Error> {
        let Some(chunks) = &mut self.chunks else {
            return Ok(());
        };
        match poll_fn(|context| Poll::Ready(chunks.as_mut().poll_chunk(context))).await {
            Poll::Pending => {}
            Poll::Ready(Some(first)) => self.first = Some(first?),
            Poll::Ready(None) => self.chunks = None,
        }
        Ok(())
    }

    /// The next chunk, or why there is none although there should be.
    pub(crate) fn poll_chunk(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, StreamError>>> {
        #[cfg(feature = "server")]
        if self.send_timeout.is_some() {
            send_deadline::relieve();
        }
        let next = match (self.first.take(), &mut self.chunks) {
            (Some(first), _) => Some(Ok(first)),
            (None, Some(chunks)) => std::task::ready!(chunks.as_mut().poll_chunk(context)),
            (None, None) => None,
        };
        let fault = match next {
            Some(Ok(chunk)) => {
                let missing = self.missing().unwrap_or(u64::MAX);
                if chunk.len() as u64 <= missing {
                    self.sent += chunk.len() as u64;
                    #[cfg(feature = "server")]
                    if let Some(timeout) = self.send_timeout {
                        send_deadline::expect_within(timeout);
                    }
                    return Poll::Ready(Some(Ok(chunk)));
                }
                Fault::TooLong
            }
            Some(Err(error)) => Fault::Failed(error),
            None => match self.missing() {
                Some(missing @ 1..) => Fault::TooShort { missing },
                _ => {
                    self.chunks = None;
                    return Poll::Ready(None);
                }
            },
        };
        (self.chunks, self.announced) = (None, None);
        let sent = self.sent;
        Poll::Ready(Some(Err(StreamError { sent, fault })))
    }
}

impl fmt::Debug for MeteredStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MeteredStream")
            .field("announced", &self.announced)
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}

/// The error of a stream that failed after the head had been sent; the connection is cut, so that the
/// client knows.
#[derive(Debug)]
pub struct StreamError {
    sent: u64,
    fault: Fault,
}

#[derive(Debug)]
enum Fault {
    Failed(Error),
    TooLong,
    TooShort { missing: u64 },
}

impl StreamError {
    /// How many bytes of content had been handed to the connection.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.sent
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = self.sent;
        match &self.fault {
            Fault::Failed(error) => {
                write!(formatter, "the stream failed after {sent} bytes: {error}")
            }
            Fault::TooLong => write!(
                formatter,
                "the stream was cut after {sent} bytes: it has more than the `content-length` says"
            ),
            Fault::TooShort { missing } => write!(
                formatter,
                "the stream ended after {sent} bytes: the `content-length` says {missing} more"
            ),
        }
    }
}

impl std::error::Error for StreamError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            Fault::Failed(error) => Some(&**error),
            Fault::TooLong | Fault::TooShort { .. } => None,
        }
    }
}
