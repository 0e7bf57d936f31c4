//! Content on its way into a coding.

use super::file_reader::Reader;
use crate::asgi::{Chunks, Result};
use crate::coder::Coder;
use antiphon_coding::Encoder;
use bytes::Bytes;
use futures_core::Stream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Chunks, each encoded and flushed: what has come in has gone out before the next is asked for.
pub(crate) struct Coded<S> {
    /// `None` once the last has been taken.
    chunks: Option<S>,
    coder: Coder,
}

impl<S> Coded<S> {
    pub(crate) const fn new(chunks: S, encoder: Encoder) -> Self {
        Self {
            chunks: Some(chunks),
            coder: Coder::new(encoder),
        }
    }
}

impl<S: Stream<Item = Result<Bytes>> + Unpin> Stream for Coded<S> {
    type Item = Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes>>> {
        let this = &mut *self;
        loop {
            if this.coder.is_working() {
                let encoded = ready!(this.coder.poll_encoded(context))?;
                if !encoded.is_empty() {
                    return Poll::Ready(Some(Ok(encoded)));
                }
            }
            let Some(chunks) = &mut this.chunks else {
                return Poll::Ready(None);
            };
            match ready!(Pin::new(chunks).poll_next(context)) {
                Some(Ok(chunk)) => this.coder.begin(chunk, false),
                Some(Err(error)) => {
                    // What is cut has no end that could be taken for one.
                    this.chunks = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    this.chunks = None;
                    this.coder.begin(Bytes::new(), true);
                }
            }
        }
    }
}

/// Content that lies ready, in pieces.
pub(crate) struct Pieces(pub(crate) Bytes);

impl Stream for Pieces {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let length = self.0.len().min(PIECE);
        let piece = (length > 0).then(|| Ok(self.0.split_to(length)));
        Poll::Ready(piece)
    }
}

/// The chunks of what is read of a file.
pub(crate) struct FileChunks(pub(crate) Reader);

impl Stream for FileChunks {
    type Item = Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes>>> {
        let chunk = ready!(self.0.poll_chunk(context));
        Poll::Ready(chunk.map(|chunk| chunk.map_err(Into::into)))
    }
}

/// Boxes chunks that are encoded.
pub(crate) fn boxed(
    chunks: impl Stream<Item = Result<Bytes>> + Send + Unpin + 'static,
    encoder: Encoder,
) -> Chunks {
    Box::pin(Coded::new(chunks, encoder))
}

/// So much is encoded in one go, on a thread of its own.
const PIECE: usize = 256 << 10;
