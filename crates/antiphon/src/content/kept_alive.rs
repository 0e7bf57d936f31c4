//! What an event stream adds to its events: it opens with a hint, says that it is alive while it is
//! idle, and comes to its end with the server.

use crate::asgi::{Chunks, Result};
use crate::shutdown::{Begun, Shutdown};
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep};

pub(crate) struct KeptAlive {
    events: Chunks,
    /// What is sent before the first event.
    opening: Option<Bytes>,
    ping: Option<Ping>,
    end: End,
    /// Whether there is a runtime, which has clocks.
    is_timed: bool,
}

impl KeptAlive {
    pub(crate) fn new(
        events: Chunks,
        opening: Option<Bytes>,
        ping: Option<Ping>,
        end: End,
    ) -> Self {
        Self {
            events,
            opening,
            ping,
            end,
            is_timed: false,
        }
    }
}

impl Stream for KeptAlive {
    type Item = Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes>>> {
        let this = &mut *self;
        if !this.is_timed {
            Handle::try_current()?;
            this.is_timed = true;
        }
        // Asked for each time, since events that are always ready would hide it.
        let is_over = this.end.has_come() && this.end.poll(context).is_ready();
        let chunk = if is_over {
            None
        } else {
            match this.events.as_mut().poll_next(context) {
                Poll::Ready(chunk) => chunk.transpose()?,
                Poll::Pending => match this.opening.take() {
                    Some(opening) => Some(opening),
                    None if this.end.poll(context).is_ready() => None,
                    None => match &mut this.ping {
                        Some(ping) => return ping.poll(context).map(|ping| Some(Ok(ping))),
                        None => return Poll::Pending,
                    },
                },
            }
        };
        if let Some(ping) = &mut this.ping {
            ping.last = Some(Instant::now());
        }
        let chunk = match (this.opening.take(), chunk) {
            (Some(opening), Some(chunk)) => {
                let mut both = BytesMut::with_capacity(opening.len() + chunk.len());
                both.extend_from_slice(&opening);
                both.extend_from_slice(&chunk);
                Some(both.freeze())
            }
            (opening, chunk) => chunk.or(opening),
        };
        Poll::Ready(chunk.map(Ok))
    }
}

/// What is sent when nothing else was for a while.
pub(crate) struct Ping {
    bytes: Bytes,
    interval: Duration,
    /// When something was sent last.
    last: Option<Instant>,
    /// It is not set anew for each event: when it goes off it is seen how much was too early.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Ping {
    /// `None` if the interval is 0.
    pub(crate) fn every(interval: Duration, bytes: Bytes) -> Option<Self> {
        (!interval.is_zero()).then_some(Self {
            bytes,
            interval,
            last: None,
            alarm: None,
        })
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Bytes> {
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(sleep(self.interval)));
        loop {
            std::task::ready!(alarm.as_mut().poll(context));
            let now = Instant::now();
            let idle = self.last.map_or(self.interval, |last| now - last);
            let early = self.interval.saturating_sub(idle);
            if early.is_zero() {
                self.last = Some(now);
                alarm.as_mut().reset(now + self.interval);
                return Poll::Ready(self.bytes.clone());
            }
            alarm.as_mut().reset(now + early);
        }
    }
}

/// The end that comes with a shutdown.
pub(crate) struct End {
    shutdown: Shutdown,
    /// How long the events may go on then.
    grace: Duration,
    begun: Option<Begun>,
    farewell: Option<Pin<Box<Sleep>>>,
}

impl End {
    pub(crate) const fn with(shutdown: Shutdown, grace: Duration) -> Self {
        Self {
            shutdown,
            grace,
            begun: None,
            farewell: None,
        }
    }

    fn has_come(&self) -> bool {
        self.shutdown.has_begun()
    }

    /// Completes when the events are to end.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.farewell.is_none() {
            let begun = self.begun.get_or_insert_with(|| self.shutdown.wait());
            std::task::ready!(Pin::new(begun).poll(context));
            if self.grace.is_zero() {
                return Poll::Ready(());
            }
        }
        let farewell = self
            .farewell
            .get_or_insert_with(|| Box::pin(sleep(self.grace)));
        farewell.as_mut().poll(context)
    }
}
