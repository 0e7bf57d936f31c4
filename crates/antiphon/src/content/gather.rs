//! What is ready together goes out together.

use crate::asgi::{Error, Result};
use antiphon_core::body::gather::{self, Pace};
use bytes::Bytes;
use futures_core::Stream;
use pin_project_lite::pin_project;
use quanta::Clock;
use std::collections::VecDeque;
use std::mem;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

/// Pieces on their way into one chunk, none of them empty.
#[derive(Debug, Default)]
pub(crate) struct Gathered(gather::Gathered<Bytes>);

impl Gathered {
    pub(crate) fn push(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.0.push(piece);
        }
    }

    /// Returns what is gathered, to be written on.
    pub(crate) fn writer(&mut self) -> &mut Vec<u8> {
        self.0.writer()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether it is time to send.
    pub(crate) fn is_full(&self) -> bool {
        self.0.is_full()
    }

    /// Takes the chunk that is gathered, if there is any.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        self.0.take(|many| mem::take(many).into())
    }

    /// Takes the chunk that pieces make which have been there before, if there are any.
    pub(crate) fn take_of(&mut self, pieces: &mut VecDeque<Bytes>) -> Option<Bytes> {
        while !self.is_full()
            && let Some(piece) = pieces.pop_front()
        {
            self.push(piece);
        }
        self.take()
    }
}

/// Chunks of a response, made of what its content brings.
pub(crate) trait Gathering: Stream<Item = Result<Bytes>> {
    /// Sets whether items that are ready together share a chunk, which they do by default.
    fn set_merge(self: Pin<&mut Self>, merge: bool);
}

pin_project! {
    /// A stream whose items are gathered by `put` as long as there are any without waiting.
    ///
    /// A stream that blocks or computes while it is polled makes the client wait as well: what there is
    /// goes out before such a stream is asked again ([`Pace`]). It is pending once after that, since a
    /// server that polls may write only when there is nothing to take.
    pub(crate) struct Gather<S, F> {
        #[pin]
        stream: Option<S>,
        put: F,
        clock: Clock,
        pace: Pace,
        // What went out last was due.
        was_due: bool,
        merges: bool,
        gathered: Gathered,
        failure: Option<Error>,
    }
}

impl<S, F> Gather<S, F> {
    pub(crate) fn new(stream: S, put: F) -> Self {
        Self {
            stream: Some(stream),
            put,
            clock: CLOCK.clone(),
            pace: Pace::default(),
            was_due: false,
            merges: true,
            gathered: Gathered::default(),
            failure: None,
        }
    }
}

impl<S, F> Gathering for Gather<S, F>
where
    S: Stream,
    F: FnMut(S::Item, &mut Gathered) -> Result<()>,
{
    fn set_merge(self: Pin<&mut Self>, merge: bool) {
        *self.project().merges = merge;
    }
}

impl<S, F> Stream for Gather<S, F>
where
    S: Stream,
    F: FnMut(S::Item, &mut Gathered) -> Result<()>,
{
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let mut this = self.project();
        if mem::take(this.was_due) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let gathered = this.gathered;
        let mut items = 0;
        if *this.merges {
            this.pace.begin(now(this.clock));
        }
        while let Some(stream) = this.stream.as_mut().as_pin_mut()
            && !gathered.is_full()
            && (*this.merges || gathered.is_empty())
        {
            if items == MANY {
                // The stream may never wait, and others want their turn too.
                if gathered.is_empty() {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                break;
            }
            items += 1;
            match stream.poll_next(context) {
                Poll::Pending if gathered.is_empty() => return Poll::Pending,
                Poll::Pending => break,
                Poll::Ready(None) => this.stream.set(None),
                Poll::Ready(Some(item)) => {
                    if let Err(error) = (this.put)(item, gathered) {
                        *this.failure = Some(error);
                        this.stream.set(None);
                    } else if *this.merges {
                        let now = now(this.clock);
                        if gathered.is_empty() {
                            this.pace.begin(now);
                        } else if this.pace.is_due(now) {
                            *this.was_due = true;
                            break;
                        }
                    }
                }
            }
        }
        let chunk = gathered.take().map(Ok);
        Poll::Ready(chunk.or_else(|| this.failure.take().map(Err)))
    }
}

/// So many items are looked at before others get their turn.
const MANY: usize = 4096;

/// Tells nanoseconds, for less than it costs to copy a piece.
fn now(clock: &Clock) -> u64 {
    clock.delta_as_nanos(0, clock.raw())
}

/// What all clocks are copies of, since it takes thousands of pieces' time to make one.
static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::new);

#[cfg(test)]
mod tests {
    use super::*;
    use antiphon_core::body::gather::{MAX_HOLD, SLOW_PULL};
    use futures_util::stream;
    use std::cell::Cell;
    use std::pin::pin;
    use std::task::Waker;

    /// Gathers pieces that take so many nanoseconds to make, and returns the chunks, each with the number of
    /// pieces that had been made when it went out. An empty one stands for a turn without a chunk.
    fn chunks(script: &[(u64, &'static str)], merge: bool) -> Vec<(String, usize)> {
        let (clock, time) = Clock::mock();
        let made = Cell::new(0);
        let pieces = script.iter().map(|&(delay, piece)| {
            time.increment(delay);
            made.set(made.get() + 1);
            piece
        });
        let put = |piece: &'static str, gathered: &mut Gathered| {
            gathered.push(piece.into());
            Ok(())
        };
        let mut gather = pin!(Gather {
            clock,
            ..Gather::new(stream::iter(pieces), put)
        });
        gather.as_mut().set_merge(merge);
        let mut context = Context::from_waker(Waker::noop());
        let mut chunks = Vec::new();
        loop {
            let chunk = match gather.as_mut().poll_next(&mut context) {
                Poll::Ready(Some(chunk)) => chunk.unwrap(),
                Poll::Ready(None) => break,
                Poll::Pending => Bytes::new(),
            };
            chunks.push((String::from_utf8(chunk.into()).unwrap(), made.get()));
        }
        chunks
    }

    fn assert_chunks(script: &[(u64, &'static str)], expected: &[(&str, usize)]) {
        let chunks = chunks(script, true);
        let chunks: Vec<_> = chunks
            .iter()
            .map(|(chunk, made)| (&**chunk, *made))
            .collect();
        assert_eq!(chunks, expected);
    }

    #[test]
    fn pieces_that_are_made_quickly_go_out_together() {
        let script = [(10, "a"), (SLOW_PULL, "b"), (0, ""), (10, "c")];
        assert_chunks(&script, &[("abc", 4)]);
    }

    #[test]
    fn a_piece_that_was_slow_goes_out_before_the_next_is_made() {
        let slow = SLOW_PULL + 1;
        let script = [(slow, "a"), (slow, "b"), (10, "c"), (slow, "d"), (10, "e")];
        let expected = [
            ("a", 1),
            ("", 1),
            ("b", 2),
            ("", 2),
            ("cd", 4),
            ("", 4),
            ("e", 5),
        ];
        assert_chunks(&script, &expected);
    }

    #[test]
    fn no_piece_waits_for_long_while_others_are_made() {
        let each = SLOW_PULL;
        let script = [(each, "x"); 13];
        let many = usize::try_from(MAX_HOLD / each).unwrap() + 1;
        let full = "x".repeat(many);
        let rest = "x".repeat(13 - 2 * many);
        assert_chunks(
            &script,
            &[
                (&full, many),
                ("", many),
                (&full, 2 * many),
                ("", 2 * many),
                (&rest, 13),
            ],
        );
    }

    #[test]
    fn what_is_empty_waits_for_nothing() {
        let script = [(2 * MAX_HOLD, ""), (10, "a"), (10, "b")];
        assert_chunks(&script, &[("ab", 3)]);
    }

    #[test]
    fn each_piece_is_a_chunk_if_they_are_not_merged() {
        let script = [(0, "a"), (0, ""), (2 * MAX_HOLD, "b")];
        let expected = [("a".to_owned(), 1), ("b".to_owned(), 3)];
        assert_eq!(chunks(&script, false), expected);
    }
}
