//! The content of a request, on its way from the connection to the application.

use super::client::Client;
use super::limits::SLOWEST_CONTENT;
use crate::asgi::{self, ReceiveError};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// What brings the content.
pub(super) enum Incoming {
    Hyper(hyper::body::Incoming),
    /// Under another server.
    #[cfg(feature = "tower")]
    Other(Pin<Box<dyn Body<Data = Bytes, Error = asgi::Error> + Send>>),
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = ReceiveError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReceiveError>>> {
        match &mut *self {
            Self::Hyper(body) => Pin::new(body)
                .poll_frame(context)
                .map_err(ReceiveError::new),
            #[cfg(feature = "tower")]
            Self::Other(body) => body.as_mut().poll_frame(context).map_err(ReceiveError::new),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Hyper(body) => body.is_end_stream(),
            #[cfg(feature = "tower")]
            Self::Other(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Hyper(body) => body.size_hint(),
            #[cfg(feature = "tower")]
            Self::Other(body) => body.size_hint(),
        }
    }
}

/// The content, of which hyper hands out what has come.
pub(super) struct RequestContent {
    /// `None` once all has been taken, or nobody wants any.
    incoming: Option<Incoming>,
    has_all: bool,
    /// Who sends it, if there is any.
    client: Option<Arc<Client>>,
    /// The client sends nothing before it is told that we want it.
    expects_continue: bool,
    /// How long the client may keep us waiting, and how long it did.
    timeout: Duration,
    waited: Duration,
    waiting_since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
    received: u64,
    /// Nobody will ask for the rest.
    is_left: bool,
    /// How often the connection was given a turn to bring what nobody wants.
    turns: u32,
}

impl RequestContent {
    pub(super) fn new(
        incoming: Incoming,
        expects_continue: impl FnOnce() -> bool,
        timeout: Duration,
        client: &Arc<Client>,
    ) -> Self {
        let has_all = incoming.is_end_stream();
        Self {
            incoming: (!has_all).then_some(incoming),
            has_all,
            client: (!has_all).then(|| Arc::clone(client)),
            expects_continue: !has_all && expects_continue(),
            timeout,
            waited: Duration::ZERO,
            waiting_since: None,
            alarm: None,
            received: 0,
            is_left: false,
            turns: 0,
        }
    }

    /// Returns how much is left at least, by what the client has announced.
    pub(super) fn least_left(&self) -> u64 {
        let incoming = self.incoming.as_ref();
        incoming.map_or(0, |incoming| incoming.size_hint().lower())
    }

    /// Tells whether the last piece has been taken.
    pub(super) const fn has_all(&self) -> bool {
        self.has_all
    }

    /// Nobody will ask for the rest.
    pub(super) fn leave(&mut self) {
        self.set_awaited(None);
        self.is_left = true;
    }

    /// Tells the connection that nobody will ask for the rest, so that it reads on as far as it likes.
    pub(super) fn discard(&mut self) {
        self.leave();
        self.incoming = None;
    }

    /// Takes the next piece; `None` after the last.
    pub(super) fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<asgi::Result<Bytes>>> {
        let Some(incoming) = &mut self.incoming else {
            return Poll::Ready(None);
        };
        let Poll::Ready(frame) = Pin::new(incoming).poll_frame(context) else {
            return self.poll_patience(context);
        };
        if let Some(since) = self.set_awaited(None) {
            self.waited += since.elapsed();
        }
        Poll::Ready(match frame {
            // A frame that is no data is trailers, which ASGI has no event for.
            Some(Ok(frame)) => {
                let bytes = frame.into_data().unwrap_or_default();
                self.received += bytes.len() as u64;
                if self.incoming.as_ref().is_some_and(Body::is_end_stream) {
                    (self.has_all, self.incoming) = (true, None);
                }
                Some(Ok(bytes))
            }
            Some(Err(error)) => {
                self.incoming = None;
                Some(Err(error.into()))
            }
            None => {
                (self.has_all, self.incoming) = (true, None);
                None
            }
        })
    }

    /// The client has so much time, and more for what it has sent.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<Option<asgi::Result<Bytes>>> {
        let now = Instant::now();
        let since = self.waiting_since.unwrap_or(now);
        self.set_awaited(Some(since));
        let earned = Duration::from_secs(self.received / SLOWEST_CONTENT);
        let left = self
            .timeout
            .saturating_add(earned)
            .saturating_sub(self.waited);
        // A time beyond what the clock can count is without end.
        let Some(deadline) = since.checked_add(left) else {
            return Poll::Pending;
        };
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        std::task::ready!(alarm.as_mut().poll(context));
        self.discard();
        Poll::Ready(Some(Err(ReceiveError::too_slow().into())))
    }

    /// Notes since when somebody waits for a piece; returns since when that was so before.
    fn set_awaited(&mut self, since: Option<Instant>) -> Option<Instant> {
        let before = std::mem::replace(&mut self.waiting_since, since);
        if let Some(client) = &self.client
            && before.is_some() != since.is_some()
        {
            client.set_content_awaited(since.is_some());
        }
        before
    }

    /// Takes what nobody wants and has come by now, so that the connection can be used again. Completes
    /// with whether nothing remains that would be taken for the next request; at once if somebody may
    /// still ask for it.
    pub(super) fn poll_drained(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        if !self.is_left || self.has_all {
            return Poll::Ready(true);
        }
        while let Some(incoming) = &mut self.incoming {
            let is_much = incoming.size_hint().lower() > WORTH_DRAINING;
            if is_much || self.expects_continue || self.received > WORTH_DRAINING {
                break;
            }
            match Pin::new(&mut *incoming).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.received += frame.data_ref().map_or(0, Bytes::len) as u64;
                }
                Poll::Ready(None) => self.has_all = true,
                Poll::Pending if self.turns < DRAINING_TURNS => {
                    self.turns += 1;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(Some(Err(_))) | Poll::Pending => break,
            }
            if self.has_all || incoming.is_end_stream() {
                self.has_all = true;
                break;
            }
        }
        self.discard();
        Poll::Ready(self.has_all)
    }
}

impl fmt::Debug for RequestContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RequestContent")
            .field("received", &self.received)
            .field("has_all", &self.has_all)
            .finish_non_exhaustive()
    }
}

/// Beyond this a new connection costs less.
const WORTH_DRAINING: u64 = 64 << 10;

/// The connection reads for us in the turn after the one in which we ask; the next has what it read.
const DRAINING_TURNS: u32 = 2;
