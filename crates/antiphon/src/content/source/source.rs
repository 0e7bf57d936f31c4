//! What content may come from.

use super::error::SourceError;
use super::facts::SourceFacts;
use antiphon_core::request::range::Likely;
use bytes::Bytes;
use futures_core::Stream;
use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;

/// Content of a known length that can be read in parts: an object of a store, a column of a database, an entry
/// of an archive.
///
/// [`ContentResponse`](crate::ContentResponse) answers with it as [`FileResponse`](crate::FileResponse) does
/// with a file. There are sources for [`Bytes`], for an open file ([`FileSource`](crate::FileSource)), and with
/// the feature `object-store` for an object of a store (`ObjectSource`).
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

    /// Returns the facts and, where that costs no other question, the content that the request will likely
    /// get; by default the facts alone.
    ///
    /// If the answer is another one, the content is dropped, and [`read`](Self::read) is asked.
    ///
    /// # Errors
    ///
    /// As of [`facts`](Self::facts).
    fn open(&self, _likely: Likely) -> impl Future<Output = Result<Opening, SourceError>> + Send {
        async { Ok(Opening::of(self.facts().await?)) }
    }

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

/// What a source says when it is [opened](Source::open): its facts and, perhaps, some of its content.
pub struct Opening {
    pub(crate) facts: SourceFacts,
    pub(crate) content: Option<(Range<u64>, Pieces)>,
}

impl Opening {
    /// Makes one without content.
    #[must_use]
    pub const fn of(facts: SourceFacts) -> Self {
        Self {
            facts,
            content: None,
        }
    }

    /// Adds the content of a range, as [`read`](Source::read) brings it.
    #[must_use]
    pub fn with_content(
        mut self,
        range: Range<u64>,
        content: impl Stream<Item = Result<Bytes, SourceError>> + Send + 'static,
    ) -> Self {
        self.content = Some((range, Box::pin(content)));
        self
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = self.content.as_ref().map(|(range, _)| range);
        formatter
            .debug_struct("Opening")
            .field("facts", &self.facts)
            .field("content", &range)
            .finish()
    }
}

/// What comes of a range.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, SourceError>> + Send>>;

/// A source of whichever type.
pub(crate) trait AnySource: Send + Sync {
    fn opening(
        self: Arc<Self>,
        likely: Likely,
    ) -> Pin<Box<dyn Future<Output = Result<Opening, SourceError>> + Send>>;

    fn pieces(&self, range: Range<u64>, held: &SourceFacts) -> Pieces;

    fn label(&self) -> String;
}

impl<S: Source> AnySource for S {
    fn opening(
        self: Arc<Self>,
        likely: Likely,
    ) -> Pin<Box<dyn Future<Output = Result<Opening, SourceError>> + Send>> {
        Box::pin(async move { self.open(likely).await })
    }

    fn pieces(&self, range: Range<u64>, held: &SourceFacts) -> Pieces {
        Box::pin(self.read(range, held))
    }

    fn label(&self) -> String {
        self.name()
    }
}
