//! The events of a channel, as a subscriber gets them.
//!
//! Writing to a socket costs far more than all else that an event needs. So where events come faster
//! than they can be written, a subscriber that was given one lets the others have their turn before it
//! sends it, and again as long as each turn brings another: they share the write. Where that brings
//! nothing, it is tried only now and then.

use super::gather::Gathered;
use crate::asgi::Result;
use antiphon_channel::{Subscriber, Topics};
use antiphon_core::body::gather::FULL;
use bytes::Bytes;
use futures_core::Stream;
use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tokio::task::yield_now;

pub(crate) struct Subscribed<S> {
    subscriber: S,
    /// Whether a newcomer's client is still to be told where it is.
    tells_position: bool,
    taken: VecDeque<Bytes>,
    /// How many bytes were taken since there was something to send.
    taken_len: usize,
    gathered: Gathered,
    /// The turns since there was something to send, and those of them that brought more.
    turns: u32,
    gains: u32,
    /// How many chunks are sent without waiting for a turn.
    at_once: u32,
    /// How many that were when waiting brought nothing the last time.
    after_nothing: u32,
}

/// One who gets events.
pub(crate) trait Batches: Unpin {
    fn poll_position(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>>;

    fn poll_batch(
        &mut self,
        context: &mut Context<'_>,
        max_bytes: usize,
        batch: &mut VecDeque<Bytes>,
    ) -> Poll<usize>;
}

macro_rules! batches {
    ($($who:ty)*) => {$(
        impl Batches for $who {
            fn poll_position(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
                self.poll_position(context)
            }

            fn poll_batch(
                &mut self,
                context: &mut Context<'_>,
                max_bytes: usize,
                batch: &mut VecDeque<Bytes>,
            ) -> Poll<usize> {
                self.poll_batch(context, max_bytes, batch)
            }
        }
    )*};
}

batches!(Subscriber Topics);

impl<S: Batches> Subscribed<S> {
    pub(crate) fn new(subscriber: S) -> Self {
        Self {
            subscriber,
            tells_position: true,
            taken: VecDeque::new(),
            taken_len: 0,
            gathered: Gathered::default(),
            turns: 0,
            gains: 0,
            at_once: 0,
            after_nothing: 0,
        }
    }

    /// Takes what is there; ready when it is to be sent, or at the end.
    fn poll_taken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.tells_position {
            let position = ready!(self.subscriber.poll_position(context));
            self.tells_position = false;
            self.taken.extend(position);
            if !self.taken.is_empty() {
                return Poll::Ready(());
            }
        }
        let room = FULL.saturating_sub(self.taken_len);
        let before = self.taken.len();
        let batch = self.subscriber.poll_batch(context, room, &mut self.taken);
        self.taken_len += self.taken.range(before..).map(Bytes::len).sum::<usize>();
        if self.taken.is_empty() && batch.is_pending() {
            return Poll::Pending;
        }
        if before > 0 && self.taken.len() > before {
            self.gains += 1;
        }
        let is_ended = batch == Poll::Ready(0);
        let brings_more = self.turns < IDLE_TURNS + 2 * self.gains && self.turns < MAX_TURNS;
        if self.at_once == 0 && brings_more && room > 0 && !is_ended {
            self.turns += 1;
            // Wakes us when all who are ready have had their turn.
            return pin!(yield_now()).poll(context);
        }
        if self.at_once > 0 {
            self.at_once -= 1;
        } else if self.gains == 0 {
            self.after_nothing = (2 * self.after_nothing + 1).min(MAX_AT_ONCE);
            self.at_once = self.after_nothing;
        } else {
            self.after_nothing = 0;
        }
        (self.turns, self.gains, self.taken_len) = (0, 0, 0);
        Poll::Ready(())
    }
}

impl<S: Batches> Stream for Subscribed<S> {
    type Item = Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes>>> {
        let this = &mut *self;
        if this.gathered.is_empty() && (this.taken.is_empty() || this.turns > 0) {
            ready!(this.poll_taken(context));
        }
        Poll::Ready(this.gathered.take_of(&mut this.taken).map(Ok))
    }
}

/// For how many turns an event waits for another: tokio runs those who yielded last first, so the
/// publisher may come after us in one turn and before us in the next.
const IDLE_TURNS: u32 = 2;

/// For how many turns an event waits at most.
const MAX_TURNS: u32 = 16;

/// How many chunks are sent at once before it is tried again whether waiting brings something.
const MAX_AT_ONCE: u32 = 15;
