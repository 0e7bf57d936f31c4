//! What content may come from.

use super::error::SourceError;
use super::facts::SourceFacts;
use bytes::Bytes;
use futures_core::Stream;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;

/// Content of a known length that can be read in parts: an object of a store, a column of a database, an entry
/// of an archive.
///
/// [`ContentResponse`](crate::ContentResponse) answers with it as [`FileResponse`](crate::FileResponse) does
/// with a file. There are sources for [`Bytes`], for an open file ([`FileSource`](crate::FileSource)), and with
/// the feature `object-store` for an object ([`ObjectSource`]).
///
/// [`ObjectSource`]: https://docs.rs/antiphon/latest/antiphon/struct.ObjectSource.html
///
/// # Examples
///
/// ```
/// use antiphon::{ContentResponse, Source, SourceError, SourceFacts};
/// use bytes::Bytes;
/// use futures_util::{Stream, stream};
/// use std::ops::Range;
///
/// /// As many zeros as one likes.
/// struct Zeros(u64);
///
/// impl Source for Zeros {
///     async fn facts(&self) -> Result<SourceFacts, SourceError> {
///         Ok(SourceFacts::new(self.0))
///     }
///
///     fn read(
///         &self,
///         range: Range<u64>,
///         _: &SourceFacts,
///     ) -> impl Stream<Item = Result<Bytes, SourceError>> + Send + 'static {
///         let length = (range.end - range.start) as usize;
///         stream::iter([Ok(Bytes::from(vec![0; length]))])
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let request = http::Request::get("/").header("range", "bytes=-5").body(())?;
/// let response = ContentResponse::new(Zeros(1 << 40)).into_http(&request).await?;
/// assert_eq!(response.headers()["content-range"], "bytes 1099511627771-1099511627775/1099511627776");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub trait Source: Send + Sync + 'static {
    /// Returns what is known of the content now.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if there is none, or that cannot be told.
    fn facts(&self) -> impl Future<Output = Result<SourceFacts, SourceError>> + Send;

    /// Reads the bytes from the start of the range to before its end, of the version that `held` describes.
    ///
    /// The stream brings them in whatever pieces it likes. It is an error, [`SourceError::changed`], if there
    /// is another version by now: the client would get a mixture of both.
    fn read(
        &self,
        range: Range<u64>,
        held: &SourceFacts,
    ) -> impl Stream<Item = Result<Bytes, SourceError>> + Send + 'static;

    /// Returns a name for the log; by default that of the type.
    fn name(&self) -> String {
        std::any::type_name::<Self>().to_owned()
    }
}

/// What comes of a range.
pub(super) type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, SourceError>> + Send>>;

/// A source of whichever type.
pub(crate) trait AnySource: Send + Sync {
    fn facts_of(
        self: Arc<Self>,
    ) -> Pin<Box<dyn Future<Output = Result<SourceFacts, SourceError>> + Send>>;

    fn pieces(&self, range: Range<u64>, held: &SourceFacts) -> Pieces;

    fn label(&self) -> String;
}

impl<S: Source> AnySource for S {
    fn facts_of(
        self: Arc<Self>,
    ) -> Pin<Box<dyn Future<Output = Result<SourceFacts, SourceError>> + Send>> {
        Box::pin(async move { self.facts().await })
    }

    fn pieces(&self, range: Range<u64>, held: &SourceFacts) -> Pieces {
        Box::pin(self.read(range, held))
    }

    fn label(&self) -> String {
        self.name()
    }
}
