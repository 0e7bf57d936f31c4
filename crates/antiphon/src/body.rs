//! The body of an [`http::Response`] that Antiphon makes.

use crate::background::BackgroundTask;
use crate::file::Reader;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The content of a response, as the `http-body` crate asks for it.
///
/// Its length is exact where it is known beforehand. When it has been taken to its end and is
/// dropped, the response's background task starts, on tokio.
pub struct Body {
    content: Content,
    background: Option<BackgroundTask>,
}

enum Content {
    Empty,
    Bytes(Bytes),
    File(Box<Reader>),
    #[cfg(feature = "server")]
    Running(Box<crate::asgi::exchange::Running>),
}

impl Body {
    /// A body without content.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            content: Content::Empty,
            background: None,
        }
    }

    pub(crate) fn of_file(reader: Reader) -> Self {
        let content = if reader.is_at_end() {
            Content::Empty
        } else {
            Content::File(reader.into())
        };
        Self {
            content,
            background: None,
        }
    }

    #[cfg(feature = "server")]
    pub(crate) fn running(app: crate::asgi::exchange::Running) -> Self {
        Self {
            content: Content::Running(Box::new(app)),
            background: None,
        }
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
        Self {
            content,
            background: None,
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
        match &mut self.content {
            Content::Empty => Poll::Ready(None),
            Content::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                self.content = Content::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Content::File(reader) => {
                let chunk = std::task::ready!(reader.poll_chunk(context));
                if reader.is_at_end() && !matches!(chunk, Some(Err(_))) {
                    self.content = Content::Empty;
                }
                Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data).map_err(BodyError::logged)))
            }
            #[cfg(feature = "server")]
            Content::Running(app) => app
                .poll_frame(context)
                .map(|frame| Some(frame?.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Empty => true,
            Content::Bytes(_) | Content::File(_) => false,
            #[cfg(feature = "server")]
            Content::Running(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Empty => SizeHint::with_exact(0),
            Content::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::File(reader) => SizeHint::with_exact(reader.remaining()),
            #[cfg(feature = "server")]
            Content::Running(_) => SizeHint::default(),
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
pub struct BodyError(Box<dyn std::error::Error + Send + Sync>);

impl BodyError {
    /// An error that nobody else will log.
    fn logged(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        tracing::error!(%error, "a response was cut");
        Self(error.into())
    }

    #[cfg(feature = "server")]
    pub(crate) fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
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
