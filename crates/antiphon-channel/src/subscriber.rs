//! One who gets what is published.

use crate::frame;
use crate::parked::Ticket;
use crate::policy::Slow;
use crate::seat::{Seat, Start};
use crate::shared::{Shared, State};
use bytes::Bytes;
use futures_core::Stream;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// One subscriber of an [`EventChannel`](crate::EventChannel): a stream of encoded events.
///
/// It holds no events, only its place in the channel's log, so one that is never polled costs nothing
/// and delays nobody. It ends when the channel is closed, or when it was too slow and the channel's
/// policy is [`Slow::Disconnect`]. Dropping it unsubscribes.
pub struct Subscriber {
    shared: Arc<Shared>,
    /// The number of the next event.
    cursor: u64,
    /// The number that was the next event's at the beginning. What is replayed from before it does
    /// not count as being behind.
    joined: u64,
    /// The resync event, or whatever else comes first.
    resync: Option<Bytes>,
    /// What a newcomer is told of its place.
    position: Option<Bytes>,
    ticket: Option<Ticket>,
    /// Its place in a channel that follows a stream.
    seat: Option<Box<Seat>>,
    ended: bool,
}

impl Subscriber {
    pub(crate) const fn new(
        shared: Arc<Shared>,
        joined: u64,
        cursor: u64,
        resync: Option<Bytes>,
        position: Option<Bytes>,
    ) -> Self {
        Self {
            shared,
            cursor,
            joined,
            resync,
            position,
            ticket: None,
            seat: None,
            ended: false,
        }
    }

    /// Makes a subscriber that begins where its seat finds.
    pub(crate) fn seated(shared: Arc<Shared>, seat: Seat) -> Self {
        let mut subscriber = Self::new(shared, 0, 0, None, None);
        subscriber.seat = Some(Box::new(seat));
        subscriber
    }

    /// Waits for what a newcomer's client is told first: the id of the newest event, without an event.
    /// `None` for a client that has an id, or gets an event at once; and when it is asked again.
    ///
    /// A client keeps the id and dispatches nothing. Without it, one whose connection breaks before its
    /// first event would be a newcomer again, and miss what was published meanwhile without being told.
    ///
    /// Only a channel that follows a stream of an engine may have to be waited for, until it has read it.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_channel::EventChannel;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let channel = EventChannel::builder().repeatable_ids().build();
    /// let mut subscriber = channel.subscribe(None);
    /// assert_eq!(subscriber.position().await.unwrap(), "id: 0\r\n\r\n");
    /// assert_eq!(subscriber.position().await, None);
    /// # }
    /// ```
    pub async fn position(&mut self) -> Option<Bytes> {
        poll_fn(|context| self.poll_position(context)).await
    }

    /// Polls for what a newcomer's client is told first, as [`position`](Self::position) has it.
    pub fn poll_position(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.is_seeking() {
            ready!(self.poll_start(context));
        }
        Poll::Ready(self.position.take())
    }

    /// The next event, or `None` at the end.
    ///
    /// Dropping the future loses no event.
    pub async fn next(&mut self) -> Option<Bytes> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Appends to `batch` the events that are ready, up to `max_bytes` but at least one, and returns
    /// how many; 0 is the end.
    ///
    /// For who sends them in one write.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_channel::EventChannel;
    /// use antiphon_core::values::event::ServerSentEvent;
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let channel = EventChannel::new();
    /// let mut subscriber = channel.subscribe(None);
    /// for number in ["1", "2", "3"] {
    ///     channel.publish(&ServerSentEvent::new(number))?;
    /// }
    ///
    /// let mut batch = Vec::new();
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert_eq!(subscriber.poll_batch(&mut context, 65536, &mut batch), Poll::Ready(3));
    /// assert!(batch[2].ends_with(b"data: 3\r\n\r\n"));
    /// # Ok::<(), antiphon_channel::PublishError>(())
    /// ```
    pub fn poll_batch(
        &mut self,
        context: &mut Context<'_>,
        max_bytes: usize,
        batch: &mut impl Extend<Bytes>,
    ) -> Poll<usize> {
        self.poll_frames(context, max_bytes, |frame| batch.extend([frame]))
    }

    fn poll_frames(
        &mut self,
        context: &mut Context<'_>,
        max_bytes: usize,
        mut take: impl FnMut(Bytes),
    ) -> Poll<usize> {
        if self.is_seeking() {
            ready!(self.poll_start(context));
        }
        if let Some(resync) = self.resync.take() {
            take(resync);
            return Poll::Ready(1);
        }
        if self.ended {
            return Poll::Ready(0);
        }
        let shared = &self.shared;
        let mut state = shared.lock();
        if let Some(seat) = &mut self.seat {
            if seat.takes_loss(&state) {
                (self.cursor, self.joined) = (state.log.next(), state.log.next());
                let newest = Shared::newest(&state);
                drop(state);
                take(shared.resync(newest));
                return Poll::Ready(1);
            }
            seat.advance(self.cursor, &mut state);
        }
        let live = state.log.live();
        if self.cursor.max(self.joined) < live || self.cursor < state.log.first() {
            let next = state.log.next();
            let resume = if shared.slow == Slow::DropOldest {
                live
            } else {
                next
            };
            state.lagged += 1;
            state.dropped += resume - self.cursor;
            self.cursor = resume;
            match shared.slow {
                Slow::DropOldest => {}
                Slow::Disconnect => {
                    self.ended = true;
                    leave(&mut self.seat, &mut state);
                    return Poll::Ready(0);
                }
                Slow::Resync => {
                    let newest = Shared::newest(&state);
                    drop(state);
                    take(shared.resync(newest));
                    return Poll::Ready(1);
                }
            }
        }

        let (mut taken, mut bytes) = (0, 0);
        for frame in state.log.since(self.cursor) {
            bytes += frame.len();
            if taken > 0 && bytes > max_bytes {
                break;
            }
            take(frame.clone());
            taken += 1;
        }
        if taken > 0 {
            self.cursor += taken as u64;
            state.delivered += taken as u64;
            return Poll::Ready(taken);
        }
        let is_dismissed = self
            .seat
            .as_ref()
            .is_some_and(|seat| seat.is_dismissed(&state));
        if state.closed || is_dismissed {
            self.ended = true;
            leave(&mut self.seat, &mut state);
            drop(state);
            if is_dismissed {
                take(frame::come_back());
                return Poll::Ready(1);
            }
            return Poll::Ready(0);
        }
        let replaced = state.parked.park(&mut self.ticket, context.waker());
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    fn is_seeking(&self) -> bool {
        self.seat.as_ref().is_some_and(|seat| seat.is_seeking())
    }

    /// Waits until the seat is found, or the channel ends.
    fn poll_start(&mut self, context: &Context<'_>) -> Poll<()> {
        let (Some(seat), false) = (&mut self.seat, self.ended) else {
            return Poll::Ready(());
        };
        let shared = &self.shared;
        let mut state = shared.lock();
        if let Some(start) = seat.start(&mut state) {
            let next = state.log.next();
            let newest = Shared::newest(&state);
            drop(state);
            self.joined = next;
            match start {
                Start::Live(number) => {
                    self.cursor = number;
                    // Who gets an event at once needs no other place.
                    self.position = (number == next).then(|| shared.position(newest));
                }
                Start::At(number) => self.cursor = number,
                Start::Resync => {
                    self.cursor = next;
                    self.resync = Some(shared.resync(newest));
                }
            }
            return Poll::Ready(());
        }
        let is_dismissed = seat.is_dismissed(&state);
        if state.closed || is_dismissed {
            self.ended = true;
            leave(&mut self.seat, &mut state);
            self.resync = is_dismissed.then(frame::come_back);
            return Poll::Ready(());
        }
        let replaced = state.parked.park(&mut self.ticket, context.waker());
        drop(state);
        drop(replaced);
        shared.ask();
        Poll::Pending
    }
}

/// Gives up the place of one who has ended.
fn leave(seat: &mut Option<Box<Seat>>, state: &mut State) {
    state.subscribers -= 1;
    if let Some(mut seat) = seat.take() {
        seat.leave(state);
    }
}

impl Stream for Subscriber {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut next = None;
        self.poll_frames(context, 0, |frame| next = Some(frame))
            .map(|_| next)
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut state = self.shared.lock();
        leave(&mut self.seat, &mut state);
        let waker = self.ticket.and_then(|ticket| state.parked.leave(ticket));
        drop(state);
        drop(waker);
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Subscriber")
            .field("next", &self.cursor)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
