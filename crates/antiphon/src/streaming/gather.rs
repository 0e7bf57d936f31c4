//! What is ready together goes out together.

use super::delivery::Chunks;
use crate::asgi::Error;
use bytes::Bytes;
use futures_core::Stream;
use pin_project_lite::pin_project;
use std::collections::VecDeque;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Pieces on their way into one chunk. A lone piece is not copied, nor is a large one.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// The first piece, as long as it is the only one.
    one: Bytes,
    /// All pieces, if there are several.
    many: Vec<u8>,
    /// A large piece that came after others: the next chunk.
    next: Bytes,
}

impl Gathered {
    pub(crate) fn push(&mut self, piece: Bytes) {
        if self.is_empty() {
            self.one = piece;
        } else if piece.len() >= LARGE {
            self.next = piece;
        } else {
            self.writer().extend_from_slice(&piece);
        }
    }

    /// What is gathered, to be written on.
    pub(crate) fn writer(&mut self) -> &mut Vec<u8> {
        if !self.one.is_empty() {
            self.many.reserve(2 * self.one.len());
            self.many.extend_from_slice(&mem::take(&mut self.one));
        }
        &mut self.many
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is time to send.
    pub(crate) const fn is_full(&self) -> bool {
        !self.next.is_empty() || self.len() >= FULL
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

    const fn len(&self) -> usize {
        self.one.len() + self.many.len()
    }

    /// Takes the chunk that is gathered, if there is any.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        let next = mem::take(&mut self.next);
        let one = mem::replace(&mut self.one, next);
        let chunk = if one.is_empty() {
            mem::take(&mut self.many).into()
        } else {
            one
        };
        (!chunk.is_empty()).then_some(chunk)
    }
}

pin_project! {
    /// A stream whose items are gathered by `put` as long as there are any without waiting.
    pub(crate) struct Gather<S, F> {
        #[pin]
        stream: Option<S>,
        put: F,
        gathered: Gathered,
        failure: Option<Error>,
    }
}

impl<S, F> Gather<S, F> {
    pub(crate) fn new(stream: S, put: F) -> Self {
        Self {
            stream: Some(stream),
            put,
            gathered: Gathered::default(),
            failure: None,
        }
    }
}

impl<S, F> Chunks for Gather<S, F>
where
    S: Stream + Send,
    F: FnMut(S::Item, &mut Gathered) -> Result<(), Error> + Send,
{
    fn poll_chunk(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        let mut this = self.project();
        let gathered = this.gathered;
        let mut items = 0;
        while let Some(stream) = this.stream.as_mut().as_pin_mut()
            && !gathered.is_full()
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
                    }
                }
            }
        }
        let chunk = gathered.take().map(Ok);
        Poll::Ready(chunk.or_else(|| this.failure.take().map(Err)))
    }
}

/// A chunk of so many bytes is sent. Measured with an async stream of 100-byte pieces: see
/// `ARCHITECTURE.md`.
pub(crate) const FULL: usize = 64 << 10;

/// A piece of so many bytes is not worth copying to save a write.
const LARGE: usize = 8 << 10;

/// So many items are looked at before others get their turn.
const MANY: usize = 4096;
