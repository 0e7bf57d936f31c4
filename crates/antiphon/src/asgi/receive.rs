//! What an application receives.

#[cfg(feature = "server")]
use super::peer::Peer;
use super::{Error, ReceiveError, Result};
use bytes::{Bytes, BytesMut};
use http_body::Body;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
#[cfg(feature = "server")]
use std::sync::Arc;
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
    /// `http.disconnect`: the client is gone, or has the whole answer.
    Disconnect,
}

/// The way by which an application hears from its client.
pub struct Receive {
    source: Source,
    /// The request is over. What is left to hear is that the client is gone.
    is_over: bool,
}

enum Source {
    #[cfg(feature = "server")]
    Peer(Arc<dyn Peer>),
    Body(Pin<Box<dyn Body<Data = Bytes, Error = Error> + Send>>),
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
            is_over: false,
        }
    }

    #[cfg(feature = "server")]
    pub(crate) fn from_peer(peer: Arc<dyn Peer>) -> Self {
        Self {
            source: Source::Peer(peer),
            is_over: false,
        }
    }

    /// The next event.
    ///
    /// After the last piece of the request's content it waits until the client is gone or has the whole
    /// answer, and then returns [`Event::Disconnect`] each time. An application is dropped when its client
    /// goes away, so this is for tasks of its own that watch the client. With
    /// [`from_body`](Self::from_body) it waits for good.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`](super::ReceiveError) from the embedded server, if the client broke off, broke
    /// the protocol, or sent too slowly; elsewhere the body's own.
    pub async fn receive(&mut self) -> Result<Event> {
        while !self.is_over {
            let Some(body) = poll_fn(|context| self.poll_data(context))
                .await
                .transpose()?
            else {
                self.is_over = true;
                return Ok(Event::Request {
                    body: Bytes::new(),
                    more_body: false,
                });
            };
            let more_body = !self.has_all();
            self.is_over = !more_body;
            if !(more_body && body.is_empty()) {
                return Ok(Event::Request { body, more_body });
            }
        }
        match &self.source {
            #[cfg(feature = "server")]
            Source::Peer(peer) => poll_fn(|context| peer.poll_disconnect(context)).await,
            Source::Body(_) => std::future::pending().await,
        }
        Ok(Event::Disconnect)
    }

    /// The rest of the request's content, of at most `max` bytes.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`](super::ReceiveError) if it is longer: an application that returns it has the server
    /// answer 413, without a byte being read where the length was announced. Else those of
    /// [`receive`](Self::receive).
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::{PlainTextResponse, asgi};
    ///
    /// async fn app(scope: asgi::Scope, mut receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    ///     let content = receive.body(64 << 10).await?;
    ///     PlainTextResponse::new(content).call(scope, receive, send).await
    /// }
    /// # let _ = app;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use http_body_util::{BodyExt, Full};
    /// let of = |text| asgi::Receive::from_body(Full::from(text).map_err(|never| match never {}));
    /// assert_eq!(of("abc").body(3).await?, "abc");
    /// let error = of("abcd").body(3).await.unwrap_err();
    /// let text = "the request's content is longer than the 3 bytes that are taken";
    /// assert_eq!(error.to_string(), text);
    /// # Ok::<(), asgi::Error>(()) }).unwrap();
    /// ```
    pub async fn body(&mut self, max: usize) -> Result<Bytes> {
        if self.least_left() > max as u64 {
            return Err(ReceiveError::too_long(max).into());
        }
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        while !self.is_over {
            let piece = poll_fn(|context| self.poll_data(context))
                .await
                .transpose()?;
            self.is_over = piece.is_none() || self.has_all();
            let piece = piece.unwrap_or_default();
            if first.len().max(all.len()) + piece.len() > max {
                return Err(ReceiveError::too_long(max).into());
            }
            if first.is_empty() {
                // Mostly there is one, which needs no copy.
                first = piece;
            } else if !piece.is_empty() {
                if all.is_empty() {
                    all.extend_from_slice(&first);
                }
                all.extend_from_slice(&piece);
            }
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    }

    /// Returns how much is left at least, by what the client has announced.
    fn least_left(&self) -> u64 {
        match &self.source {
            #[cfg(feature = "server")]
            Source::Peer(peer) => peer.least_left(),
            Source::Body(body) => body.size_hint().lower(),
        }
    }

    pub(crate) fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        match &mut self.source {
            #[cfg(feature = "server")]
            Source::Peer(peer) => peer.poll_request(context),
            // A frame that is no data is trailers, which ASGI has no event for.
            Source::Body(body) => body
                .as_mut()
                .poll_frame(context)
                .map_ok(|frame| frame.into_data().unwrap_or_default()),
        }
    }

    pub(crate) fn has_all(&self) -> bool {
        match &self.source {
            #[cfg(feature = "server")]
            Source::Peer(peer) => peer.has_request(),
            Source::Body(body) => body.is_end_stream(),
        }
    }
}

#[cfg(feature = "server")]
impl Drop for Receive {
    fn drop(&mut self) {
        if let Source::Peer(peer) = &self.source {
            peer.leave_request();
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
