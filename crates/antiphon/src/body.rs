//! The body of an [`http::Response`] that Antiphon makes.

#[cfg(feature = "server")]
use crate::asgi::Chunks;
use crate::asgi::Error;
use crate::background::BackgroundTask;
use crate::completion::Completion;
use crate::content::file_reader::Reader;
use crate::content::metered::MeteredStream;
use bytes::Bytes;
use futures_core::Stream;
use http_body::{Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use sync_wrapper::SyncWrapper;

/// The content of a response, as the `http-body` crate asks for it.
///
/// Its length is exact where it is known beforehand. When it has been taken to its end, or to the length
/// that was announced, and is dropped, the response's background task starts, on tokio.
///
/// It is [`Sync`], as layers of tower-http and `boxed()` want it, though what it is made of need not be.
///
/// # Examples
///
/// ```
/// use antiphon::Body;
/// use http_body_util::BodyExt;
///
/// fn boxed(body: Body) -> http_body_util::combinators::BoxBody<bytes::Bytes, antiphon::BodyError> {
///     body.boxed()
/// }
/// assert_eq!(http_body::Body::size_hint(&boxed(Body::default())).exact(), Some(0));
/// ```
#[derive(Default)]
pub struct Body {
    /// Only whoever owns the body gets at it, or has it for itself.
    inner: SyncWrapper<Inner>,
    outlook: Outlook,
}

#[derive(Default)]
struct Inner {
    content: Content,
    background: Option<BackgroundTask>,
    /// Who is told how it ends.
    completion: Option<Box<Completion>>,
    /// Why the content ended early, to be told next.
    error: Option<BodyError>,
}

/// What is known of the content that is still to come.
#[derive(Clone, Copy)]
struct Outlook {
    is_over: bool,
    length: Option<u64>,
}

impl Default for Outlook {
    fn default() -> Self {
        Self {
            is_over: true,
            length: Some(0),
        }
    }
}

#[derive(Default)]
enum Content {
    #[default]
    Empty,
    /// None, though there is some: the method or the status forbids it. A length of 0 would be a lie.
    Withheld,
    Bytes(Bytes),
    File(Box<Reader>),
    Stream(Box<MeteredStream>),
    /// What an application sends, which logs its failures itself.
    #[cfg(feature = "server")]
    Served(Chunks),
}

impl Body {
    /// Makes a body without content.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    pub(crate) fn withheld() -> Self {
        Self::of(Content::Withheld)
    }

    fn of(content: Content) -> Self {
        let outlook = content.outlook();
        let inner = Inner {
            content,
            background: None,
            completion: None,
            error: None,
        };
        Self {
            inner: SyncWrapper::new(inner),
            outlook,
        }
    }

    pub(crate) fn of_file(reader: Reader) -> Self {
        let content = if reader.is_at_end() {
            Content::Empty
        } else {
            Content::File(reader.into())
        };
        Self::of(content)
    }

    pub(crate) fn of_stream(stream: Box<MeteredStream>) -> Self {
        let content = if stream.is_at_end() {
            Content::Empty
        } else {
            Content::Stream(stream)
        };
        Self::of(content)
    }

    #[cfg(feature = "server")]
    pub(crate) fn served(chunks: Chunks) -> Self {
        Self::of(Content::Served(chunks))
    }

    pub(crate) fn with_background(mut self, background: Option<BackgroundTask>) -> Self {
        self.inner.get_mut().background = background;
        self
    }

    pub(crate) fn with_completion(mut self, completion: Option<Box<Completion>>) -> Self {
        self.inner.get_mut().completion = completion;
        self
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        let content = if bytes.is_empty() {
            Content::Empty
        } else {
            Content::Bytes(bytes)
        };
        Self::of(content)
    }
}

impl Content {
    fn outlook(&self) -> Outlook {
        let length = match self {
            Self::Empty => Some(0),
            Self::Withheld => None,
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::File(reader) => reader.remaining(),
            Self::Stream(stream) => stream.missing(),
            #[cfg(feature = "server")]
            Self::Served(_) => None,
        };
        Outlook {
            is_over: matches!(self, Self::Empty),
            length,
        }
    }

    /// Tells whether whoever takes it has all of it. Nobody asks for more than was announced.
    fn is_taken(&self) -> bool {
        match self {
            Self::Empty | Self::Withheld => true,
            Self::Stream(stream) => stream.missing() == Some(0),
            _ => false,
        }
    }
}

impl Inner {
    fn poll_content(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        let next = match &mut self.content {
            Content::Empty => return Poll::Ready(None),
            Content::Withheld => {
                self.content = Content::Empty;
                return Poll::Ready(None);
            }
            Content::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                self.content = Content::Empty;
                self.count(&bytes);
                return Poll::Ready(Some(Ok(bytes)));
            }
            Content::File(reader) => {
                let chunk = ready!(reader.poll_chunk(context));
                if reader.is_at_end() && !matches!(chunk, Some(Err(_))) {
                    self.content = Content::Empty;
                }
                if let Some(Ok(chunk)) = &chunk {
                    self.count(chunk);
                }
                chunk.map(|chunk| chunk.map_err(|error| BodyError::logged(error.into())))
            }
            Content::Stream(stream) => {
                let chunk = ready!(Pin::new(&mut **stream).poll_next(context));
                if chunk.is_none() {
                    self.content = Content::Empty;
                }
                chunk.map(|chunk| chunk.map_err(BodyError::logged))
            }
            #[cfg(feature = "server")]
            Content::Served(chunks) => {
                ready!(chunks.as_mut().poll_next(context)).map(|chunk| chunk.map_err(BodyError))
            }
        };
        Poll::Ready(next)
    }
}

impl Inner {
    /// Counts content that is not a stream's, which counts itself.
    fn count(&self, chunk: &Bytes) {
        if let Some(completion) = &self.completion {
            completion.count(chunk.len());
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let inner = this.inner.get_mut();
        if let Some(error) = inner.error.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let chunk = ready!(inner.poll_content(context));
        this.outlook = inner.content.outlook();
        match chunk {
            Some(Ok(chunk)) => Poll::Ready(Some(Ok(Frame::data(chunk)))),
            Some(Err(error)) => {
                if let Some(completion) = &mut inner.completion {
                    completion.fail(&error.0);
                }
                // A turn later: what was handed over before shall reach the client, but hyper drops
                // what it has not written when it hears of an error.
                inner.error = Some(error);
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.outlook.is_over
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.outlook.length;
        length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        let inner = self.inner.get_mut();
        if inner.error.is_some() || !inner.content.is_taken() {
            return;
        }
        if let Some(completion) = &mut inner.completion {
            completion.complete();
        }
        let Some(background) = inner.background.take() else {
            return;
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(background.run());
            }
            Err(_) => tracing::error!("a background task was not run: no tokio runtime is here"),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Body")
            .field("length", &http_body::Body::size_hint(self).exact())
            .finish_non_exhaustive()
    }
}

/// The error of a body that cannot be brought to its end; the connection is cut.
#[derive(Debug)]
pub struct BodyError(Error);

impl BodyError {
    /// An error that nobody else will log.
    fn logged(error: Error) -> Self {
        tracing::error!(%error, "a response was cut");
        Self(error)
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the response was cut: {}", self.0)
    }
}

impl std::error::Error for BodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}
