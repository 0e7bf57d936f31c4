//! Objects of a store.

use super::error::{SourceError, SourceErrorKind};
use super::facts::SourceFacts;
use super::source::{Opening, Pieces, Source};
use antiphon_core::request::range::Likely;
use bytes::Bytes;
use futures_core::Stream;
use object_store::path::Path;
use object_store::{Attribute, Error, GetOptions, GetRange, GetResult, ObjectStore};
use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// An object of a store: S3, Azure, Google Cloud Storage, or whatever else the crate `object_store` speaks to.
///
/// Most answers take one request to the store, which tells the facts and brings the whole or the range. Where
/// the request has preconditions or wants several ranges, the facts come first, and the store refuses a range
/// if the object was replaced meanwhile. A program that knows the facts, because a database has them, gives
/// them to [`ContentResponse::facts`](crate::ContentResponse::facts).
///
/// The object's `Content-Type`, `Content-Encoding` and `Cache-Control` are sent. For large media that need no
/// check of yours, a redirect to a URL that the store has signed costs this process nothing.
///
/// # Examples
///
/// ```
/// use antiphon::{ContentResponse, ObjectSource};
/// use object_store::memory::InMemory;
/// use object_store::{ObjectStoreExt, path::Path};
/// use std::sync::Arc;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = Arc::new(InMemory::new());
/// store.put(&Path::from("videos/1.mp4"), "0123456789".into()).await?;
///
/// let source = ObjectSource::new(store, "videos/1.mp4");
/// let request = http::Request::get("/").header("range", "bytes=2-4").body(())?;
/// let response = ContentResponse::new(source).media_type("video/mp4")?.into_http(&request).await?;
/// assert_eq!(response.headers()["content-range"], "bytes 2-4/10");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct ObjectSource {
    store: Arc<dyn ObjectStore>,
    location: Path,
}

impl ObjectSource {
    /// Takes a store, and where the object lies in it. A location that comes from a client names any object of
    /// the store: check which it may have.
    pub fn new(store: Arc<dyn ObjectStore>, location: impl Into<Path>) -> Self {
        Self {
            store,
            location: location.into(),
        }
    }
}

impl Source for ObjectSource {
    async fn facts(&self) -> Result<SourceFacts, SourceError> {
        let options = GetOptions::new().with_head(true);
        let got = self.store.get_opts(&self.location, options).await;
        facts(&got.map_err(of_store)?)
    }

    async fn open(&self, likely: Likely) -> Result<Opening, SourceError> {
        let range = match likely {
            Likely::Nothing => return self.facts().await.map(Opening::of),
            Likely::Whole => None,
            Likely::Range(start, end) => Some(GetRange::Bounded(start..end)),
            Likely::From(start) => Some(GetRange::Offset(start)),
            Likely::Last(length) => Some(GetRange::Suffix(length)),
        };
        let is_part = range.is_some();
        let options = GetOptions::new().with_range(range);
        match self.store.get_opts(&self.location, options).await {
            Ok(got) => {
                let opening = Opening::of(facts(&got)?);
                Ok(opening.with_content(got.range.clone(), Stored(got.into_stream())))
            }
            Err(error @ (Error::NotFound { .. } | Error::PermissionDenied { .. })) => {
                Err(of_store(error))
            }
            // There may be no such range.
            Err(_) if is_part => self.facts().await.map(Opening::of),
            Err(error) => Err(of_store(error)),
        }
    }

    fn read(
        &self,
        range: Range<u64>,
        held: &SourceFacts,
    ) -> impl Stream<Item = Result<Bytes, SourceError>> + Send + 'static {
        let (store, location) = (Arc::clone(&self.store), self.location.clone());
        let mut options = GetOptions::new().with_range(Some(GetRange::Bounded(range.clone())));
        options.if_match = held.held_version().map(str::to_owned);
        Reading::Asked(Box::pin(async move {
            let got = store.get_opts(&location, options).await;
            let got = got.map_err(of_store)?;
            if got.range != range {
                return Err(SourceError::changed());
            }
            Ok(got)
        }))
    }

    fn name(&self) -> String {
        format!("{}/{}", self.store, self.location)
    }
}

fn facts(got: &GetResult) -> Result<SourceFacts, SourceError> {
    let mut facts = SourceFacts::new(got.meta.size).last_modified(got.meta.last_modified.into());
    if let Some(tag) = &got.meta.e_tag {
        facts = facts.version(tag.as_str());
        // A store may have names that HTTP cannot say.
        facts = facts.clone().etag(tag).unwrap_or(facts);
    }
    let invalid = |error| SourceError::new(SourceErrorKind::Invalid, error);
    if let Some(media_type) = got.attributes.get(&Attribute::ContentType)
        && !UNKNOWN.contains(&&**media_type)
    {
        facts = facts.media_type(media_type.to_string()).map_err(invalid)?;
    }
    if let Some(encoding) = got.attributes.get(&Attribute::ContentEncoding) {
        facts = facts
            .content_encoding(encoding.to_string())
            .map_err(invalid)?;
    }
    if let Some(control) = got.attributes.get(&Attribute::CacheControl) {
        facts = facts.cache_control(control.to_string()).map_err(invalid)?;
    }
    Ok(facts)
}

/// The media types by which stores say that they know none.
const UNKNOWN: [&str; 3] = ["", "application/octet-stream", "binary/octet-stream"];

/// An object that was asked for, or that is being read.
enum Reading {
    Asked(Pin<Box<dyn Future<Output = Result<GetResult, SourceError>> + Send>>),
    Read(Pieces),
}

impl Stream for Reading {
    type Item = Result<Bytes, SourceError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match &mut *self {
                Self::Asked(asked) => match ready!(asked.as_mut().poll(context)) {
                    Ok(got) => *self = Self::Read(Box::pin(Stored(got.into_stream()))),
                    Err(error) => return Poll::Ready(Some(Err(error))),
                },
                Self::Read(pieces) => return pieces.as_mut().poll_next(context),
            }
        }
    }
}

/// What the store brings.
struct Stored<S>(S);

impl<S: Stream<Item = object_store::Result<Bytes>> + Unpin> Stream for Stored<S> {
    type Item = Result<Bytes, SourceError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = Pin::new(&mut self.0).poll_next(context);
        piece.map(|piece| piece.map(|piece| piece.map_err(of_store)))
    }
}

fn of_store(error: Error) -> SourceError {
    let kind = match &error {
        Error::NotFound { .. } => SourceErrorKind::NotFound,
        Error::Precondition { .. } | Error::NotModified { .. } => SourceErrorKind::Changed,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            SourceErrorKind::Forbidden
        }
        _ => SourceErrorKind::Other,
    };
    SourceError::new(kind, error)
}

impl fmt::Debug for ObjectSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ObjectSource")
            .field("store", &format_args!("{}", self.store))
            .field("location", &self.location)
            .finish()
    }
}
