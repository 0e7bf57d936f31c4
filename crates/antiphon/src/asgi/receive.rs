//! What an application receives.

#[cfg(feature = "server")]
use super::ReceiveError;
use super::{Error, Result};
use bytes::Bytes;
use http_body::Body;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

/// An event from the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// `http.request`: a piece of the request's content.
    Request {
        /// The bytes.
        body: Bytes,
        /// Whether another piece follows.
        more_body: bool,
    },
    /// `http.disconnect`: the client is gone.
    Disconnect,
}

/// The way by which an application hears from its client.
pub struct Receive {
    source: Source,
}

enum Source {
    #[cfg(feature = "server")]
    Hyper(hyper::body::Incoming),
    Body(Pin<Box<dyn Body<Data = Bytes, Error = Error> + Send>>),
    /// The request is over. What is left to hear is that the client is gone, and then the
    /// application's future is dropped; so there is nothing to return.
    Over,
}

impl Receive {
    /// Events made of a request's body.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::asgi::{Event, Receive};
    /// use http_body_util::{BodyExt, Full};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut receive = Receive::from_body(Full::from("a=1").map_err(|never| match never {}));
    /// let event = receive.receive().await?;
    /// assert_eq!(event, Event::Request { body: "a=1".into(), more_body: false });
    /// # Ok::<(), antiphon::asgi::Error>(()) }).unwrap();
    /// ```
    pub fn from_body<B>(body: B) -> Self
    where
        B: Body<Data = Bytes, Error = Error> + Send + 'static,
    {
        Self {
            source: Source::Body(Box::pin(body)),
        }
    }

    #[cfg(feature = "server")]
    pub(crate) const fn from_hyper(body: hyper::body::Incoming) -> Self {
        Self {
            source: Source::Hyper(body),
        }
    }

    /// The next event.
    ///
    /// After the last piece of the request's content it waits for good: an application whose client
    /// goes away is dropped.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`](super::ReceiveError) from the embedded server, if the client broke off or broke
    /// the protocol; elsewhere the body's own.
    pub async fn receive(&mut self) -> Result<Event> {
        loop {
            if matches!(self.source, Source::Over) {
                return std::future::pending().await;
            }
            let Some(body) = poll_fn(|context| self.poll_data(context))
                .await
                .transpose()?
            else {
                self.source = Source::Over;
                return Ok(Event::Request {
                    body: Bytes::new(),
                    more_body: false,
                });
            };
            let more_body = !self.is_over();
            if !more_body {
                self.source = Source::Over;
            }
            if !(more_body && body.is_empty()) {
                return Ok(Event::Request { body, more_body });
            }
        }
    }

    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let frame = match &mut self.source {
            #[cfg(feature = "server")]
            Source::Hyper(body) => Pin::new(body)
                .poll_frame(context)
                .map_err(|error| ReceiveError::new(error).into()),
            Source::Body(body) => body.as_mut().poll_frame(context),
            Source::Over => return Poll::Ready(None),
        };
        // A frame that is no data is trailers, which ASGI has no event for.
        frame.map_ok(|frame| frame.into_data().unwrap_or_default())
    }

    fn is_over(&self) -> bool {
        match &self.source {
            #[cfg(feature = "server")]
            Source::Hyper(body) => body.is_end_stream(),
            Source::Body(body) => body.is_end_stream(),
            Source::Over => true,
        }
    }
}

impl Default for Receive {
    /// The events of a request without content.
    fn default() -> Self {
        Self::from_body(NoContent)
    }
}

struct NoContent;

impl Body for NoContent {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>>>> {
        Poll::Ready(None)
    }
}

impl fmt::Debug for Receive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Receive").finish_non_exhaustive()
    }
}
