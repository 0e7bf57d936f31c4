//! A stream that is being sent, and what of it has been.

use super::coded;
use crate::asgi::{Chunks, Error, Result};
use antiphon_coding::Encoder;
use bytes::Bytes;
use futures_core::Stream;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

/// Chunks, and how many bytes of them were sent.
///
/// Ends with a [`StreamError`] if the chunks do, or if they are not as long as was announced.
pub(crate) struct MeteredStream {
    /// `None` once the last has been taken: what they held is let go at once.
    chunks: Option<Chunks>,
    /// The first chunk, which was ready before the head was sent.
    first: Option<Bytes>,
    /// How many bytes were announced, if any number was.
    announced: Option<u64>,
    sent: u64,
    /// Who else wants to know how many bytes were sent.
    counter: Option<Arc<AtomicU64>>,
}

impl MeteredStream {
    pub(crate) const fn new(chunks: Chunks, announced: Option<u64>) -> Self {
        Self {
            chunks: Some(chunks),
            first: None,
            announced,
            sent: 0,
            counter: None,
        }
    }

    /// Has a counter count what is sent.
    pub(crate) fn count_in(&mut self, counter: Arc<AtomicU64>) {
        self.counter = Some(counter);
    }

    /// The same stream, encoded. What was announced is held to the content as it is; what is counted is what
    /// is sent.
    pub(crate) fn encoded(mut self: Box<Self>, encoder: Encoder) -> Box<Self> {
        let counter = self.counter.take();
        let mut encoded = Self::new(coded::boxed(self, encoder), None);
        encoded.counter = counter;
        encoded.into()
    }

    /// Returns how many bytes are missing, if their number was announced.
    pub(crate) fn missing(&self) -> Option<u64> {
        Some(self.announced?.saturating_sub(self.sent))
    }

    /// Tells whether everything has been taken.
    pub(crate) const fn is_at_end(&self) -> bool {
        self.chunks.is_none() && self.first.is_none()
    }

    /// Asks for the first chunk before the head is sent, so that an error can still become an answer.
    /// Does not wait for the chunk.
    pub(crate) fn poll_first(&mut self, context: &mut Context<'_>) -> Result {
        let Some(chunks) = &mut self.chunks else {
            return Ok(());
        };
        match chunks.as_mut().poll_next(context) {
            Poll::Pending => {}
            Poll::Ready(Some(first)) => self.first = Some(first?),
            Poll::Ready(None) => self.chunks = None,
        }
        Ok(())
    }
}

impl Stream for MeteredStream {
    type Item = Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes>>> {
        let this = &mut *self;
        let next = match (this.first.take(), &mut this.chunks) {
            (Some(first), _) => Some(Ok(first)),
            (None, Some(chunks)) => ready!(chunks.as_mut().poll_next(context)),
            (None, None) => None,
        };
        let fault = match next {
            Some(Ok(chunk)) => {
                let missing = this.missing().unwrap_or(u64::MAX);
                if chunk.len() as u64 <= missing {
                    this.sent += chunk.len() as u64;
                    if let Some(counter) = &this.counter {
                        counter.store(this.sent, Ordering::Relaxed);
                    }
                    return Poll::Ready(Some(Ok(chunk)));
                }
                Fault::TooLong
            }
            // What is beneath a coding has said it already.
            Some(Err(error)) if error.is::<StreamError>() => {
                (this.chunks, this.announced) = (None, None);
                return Poll::Ready(Some(Err(error)));
            }
            Some(Err(error)) => Fault::Failed(error),
            None => match this.missing() {
                Some(missing @ 1..) => Fault::TooShort { missing },
                _ => {
                    this.chunks = None;
                    return Poll::Ready(None);
                }
            },
        };
        (this.chunks, this.announced) = (None, None);
        let sent = this.sent;
        Poll::Ready(Some(Err(StreamError { sent, fault }.into())))
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

/// The error of a stream that failed after the head had been sent. The connection is cut, so that the
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
    /// Returns how many bytes of content had been handed to the connection.
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
