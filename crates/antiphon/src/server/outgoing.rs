//! The content of an answer, as it is handed to hyper.

use super::client::Answering;
use super::connections::Stream;
use super::record::Record;
use crate::body::{Body, BodyError};
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A body, and the places that its answer takes until it is dropped.
///
/// Over HTTP/2 it comes in pieces, since hyper hands each to `h2` whole, where it lies until the client
/// wants it; and it says since when a piece lies.
pub(super) struct Outgoing {
    body: Body,
    /// What is left of a piece of the body.
    rest: Bytes,
    stream: Option<Stream>,
    record: Option<Box<Record>>,
    _answering: Option<Answering>,
}

impl Outgoing {
    pub(super) fn new(
        body: Body,
        answering: Option<Answering>,
        stream: Option<Stream>,
        record: Option<Box<Record>>,
    ) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            stream,
            record,
            _answering: answering,
        }
    }

    /// Returns the start of what is left, no longer than a piece.
    fn piece(&mut self) -> Frame<Bytes> {
        let length = self.rest.len().min(PIECE_LEN);
        Frame::data(self.rest.split_to(length))
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let Some(stream) = &this.stream else {
            let polled = Pin::new(&mut this.body).poll_frame(context);
            if let (Some(record), Poll::Ready(frame)) = (&mut this.record, &polled) {
                record.frame(frame.as_ref());
            }
            return polled;
        };
        stream.stall.end();
        if this.rest.is_empty() {
            let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
            if let Some(record) = &mut this.record {
                record.frame(frame.as_ref());
            }
            match frame {
                Some(Ok(frame)) => this.rest = frame.into_data().unwrap_or_default(),
                ended => return Poll::Ready(ended),
            }
        }
        stream.stall.begin();
        Poll::Ready(Some(Ok(this.piece())))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let hint = self.body.size_hint();
        hint.exact()
            .map_or(hint, |length| SizeHint::with_exact(length + rest))
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if let Some(record) = &mut self.record {
            record.leave(self.rest.is_empty() && self.body.is_end_stream());
        }
    }
}

/// As much as `h2` holds of an answer by our settings.
const PIECE_LEN: usize = 64 << 10;
