//! What is ready together goes out together.

use crate::asgi::{Error, Result};
use antiphon_core::body::gather;
use bytes::Bytes;
use futures_core::Stream;
use pin_project_lite::pin_project;
use std::collections::VecDeque;
use std::mem;
use std::pin::Pin;
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
    pub(crate) struct Gather<S, F> {
        #[pin]
        stream: Option<S>,
        put: F,
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
        let gathered = this.gathered;
        let mut items = 0;
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
