//! The body of an [`http::Response`] that Antiphon makes.

use crate::background::BackgroundTask;
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
        #[cfg(feature = "server")]
        if let Content::Running(app) = &mut self.content {
            return app
                .poll_frame(context)
                .map(|frame| Some(frame?.map(Frame::data)));
        }
        let _ = context;
        Poll::Ready(match std::mem::replace(&mut self.content, Content::Empty) {
            Content::Bytes(bytes) => Some(Ok(Frame::data(bytes))),
            _ => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Empty => true,
            Content::Bytes(_) => false,
            #[cfg(feature = "server")]
            Content::Running(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Empty => SizeHint::with_exact(0),
            Content::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
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
