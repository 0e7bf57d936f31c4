//! The body of an [`http::Response`] that Antiphon makes.

#[cfg(feature = "server")]
use crate::asgi::Chunks;
use crate::asgi::Error;
use crate::background::BackgroundTask;
use crate::content::file_reader::Reader;
use crate::content::metered::MeteredStream;
use bytes::Bytes;
use futures_core::Stream;
use http_body::{Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The content of a response, as the `http-body` crate asks for it.
///
/// Its length is exact where it is known beforehand. When it has been taken to its end and is
/// dropped, the response's background task starts, on tokio.
pub struct Body {
    content: Content,
    background: Option<BackgroundTask>,
    /// Why the content ended early, to be told next.
    error: Option<BodyError>,
}

enum Content {
    Empty,
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
    pub const fn empty() -> Self {
        Self::of(Content::Empty)
    }

    const fn of(content: Content) -> Self {
        Self {
            content,
            background: None,
            error: None,
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
    pub(crate) const fn served(chunks: Chunks) -> Self {
        Self::of(Content::Served(chunks))
    }

    pub(crate) fn with_background(mut self, background: Option<BackgroundTask>) -> Self {
        self.background = background;
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

impl Body {
    fn poll_content(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        let next = match &mut self.content {
            Content::Empty => return Poll::Ready(None),
            Content::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                self.content = Content::Empty;
                return Poll::Ready(Some(Ok(bytes)));
            }
            Content::File(reader) => {
                let chunk = ready!(reader.poll_chunk(context));
                if reader.is_at_end() && !matches!(chunk, Some(Err(_))) {
                    self.content = Content::Empty;
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

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(error) = self.error.take() {
            return Poll::Ready(Some(Err(error)));
        }
        match ready!(self.poll_content(context)) {
            Some(Ok(chunk)) => Poll::Ready(Some(Ok(Frame::data(chunk)))),
            Some(Err(error)) => {
                // A turn later: what was handed over before shall reach the client, but hyper drops
                // what it has not written when it hears of an error.
                self.error = Some(error);
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Empty => true,
            Content::Bytes(_) | Content::File(_) | Content::Stream(_) => false,
            #[cfg(feature = "server")]
            Content::Served(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Empty => SizeHint::with_exact(0),
            Content::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::File(reader) => reader
                .remaining()
                .map_or_else(SizeHint::default, SizeHint::with_exact),
            Content::Stream(stream) => stream
                .missing()
                .map_or_else(SizeHint::default, SizeHint::with_exact),
            #[cfg(feature = "server")]
            Content::Served(_) => SizeHint::default(),
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if !matches!(self.content, Content::Empty) {
            return;
        }
        let Some(background) = self.background.take() else {
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
