//! Bytes in memory.

use super::error::SourceError;
use super::facts::SourceFacts;
use super::source::Source;
use antiphon_core::values::etag;
use bytes::Bytes;
use futures_core::Stream;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The entity tag is a hash of the bytes, which is made for each response (1 MB in some 0.3 ms), unless the
/// response is [given](crate::ContentResponse::facts) the facts.
impl Source for Bytes {
    fn facts(&self) -> impl Future<Output = Result<SourceFacts, SourceError>> + Send {
        let tag = etag::of_content(&antiphon_fs::hash_of(self));
        let facts = SourceFacts::new(self.len() as u64).with_etag(Some(tag));
        std::future::ready(Ok(facts))
    }

    fn read(
        &self,
        range: Range<u64>,
        _: &SourceFacts,
    ) -> impl Stream<Item = Result<Self, SourceError>> + Send + 'static {
        let length = self.len() as u64;
        let (start, end) = (range.start.min(length), range.end.min(length));
        Slices(self.slice(start as usize..end as usize))
    }

    fn name(&self) -> String {
        format!("{} bytes in memory", self.len())
    }
}

/// Bytes, in pieces that a slow client takes one by one.
struct Slices(Bytes);

impl Stream for Slices {
    type Item = Result<Bytes, SourceError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.0.len().min(PIECE);
        Poll::Ready(Some(Ok(self.0.split_to(length))))
    }
}

/// As large as a chunk of a file.
const PIECE: usize = 64 << 10;
