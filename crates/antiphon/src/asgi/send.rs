//! What an application sends with.

use super::compressing::Compressing;
#[cfg(feature = "server")]
use super::peer::Peer;
use super::send_error::SendError;
use super::{Message, Patience, Result, Scope, ScopeType};
use crate::negotiation::Negotiation;
use antiphon_core::fields::Headers;
use antiphon_core::values::link::Link;
use bytes::Bytes;
use std::fmt;
use std::future::Future;
#[cfg(feature = "server")]
use std::future::poll_fn;
use std::pin::Pin;
#[cfg(feature = "server")]
use std::sync::Arc;
use std::time::Duration;

/// The way by which an application answers.
///
/// # Examples
///
/// Middleware wraps it:
///
/// ```
/// use antiphon::asgi::{self, Message, Receive, Scope, Send};
///
/// async fn with_header(
///     app: impl asgi::App, scope: Scope, receive: Receive, send: Send,
/// ) -> asgi::Result {
///     let send = send.map(|mut message| {
///         if let Message::Start { headers, .. } = &mut message {
///             headers.append("x-served-by", "antiphon")?;
///         }
///         Ok(message)
///     });
///     app.call(scope, receive, send).await
/// }
/// ```
pub struct Send {
    inner: Inner,
    /// How long a function may take to send a message.
    timeout: Option<Duration>,
}

enum Inner {
    #[cfg(feature = "server")]
    Peer(Arc<dyn Peer>),
    Function(Box<Function>),
    Mapped(Box<Mapped>),
    Compressed(Box<Compressed>),
}

type Function = dyn FnMut(Message) -> Pin<Box<dyn Future<Output = Result> + std::marker::Send>>
    + std::marker::Send;

struct Compressed {
    compressing: Compressing,
    inner: Send,
}

struct Mapped {
    map: Box<dyn FnMut(Message) -> Result<Message> + std::marker::Send>,
    inner: Send,
}

impl Send {
    /// A way to send that hands each message to `function` and awaits what it returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::{PlainTextResponse, asgi};
    /// use std::sync::mpsc;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (sender, messages) = mpsc::channel();
    /// let send = asgi::Send::from_fn(move |message: asgi::Message| {
    ///     let sent = sender.send(message).map_err(asgi::Error::from);
    ///     async move { sent }
    /// });
    /// let scope = asgi::Scope::from(http::Request::new(()).into_parts().0);
    /// PlainTextResponse::new("hi").call(scope, asgi::Receive::default(), send).await?;
    /// assert_eq!(messages.recv()?.type_name(), "http.response.start");
    /// assert_eq!(messages.recv()?.type_name(), "http.response.body");
    /// # Ok::<(), asgi::Error>(()) }).unwrap();
    /// ```
    pub fn from_fn<F, Fut>(mut function: F) -> Self
    where
        F: FnMut(Message) -> Fut + std::marker::Send + 'static,
        Fut: Future<Output = Result> + std::marker::Send + 'static,
    {
        Self::of(Inner::Function(Box::new(move |message| {
            Box::pin(function(message))
        })))
    }

    /// The same way, with each message changed by `map` before it is sent.
    #[must_use]
    pub fn map<F>(self, map: F) -> Self
    where
        F: FnMut(Message) -> Result<Message> + std::marker::Send + 'static,
    {
        Self::of(Inner::Mapped(Box::new(Mapped {
            map: Box::new(map),
            inner: self,
        })))
    }

    /// The same way, with each answer in the coding that is agreed on.
    pub(crate) fn compressing(self, negotiation: Box<Negotiation>) -> Self {
        Self::of(Inner::Compressed(Box::new(Compressed {
            compressing: Compressing::new(negotiation),
            inner: self,
        })))
    }

    /// Takes the negotiation of what is [compressing](Self::compressing), for a response that encodes its
    /// content itself; nothing has been sent.
    pub(crate) fn take_negotiation(&mut self) -> Option<Box<Negotiation>> {
        if !matches!(self.inner, Inner::Compressed(_)) {
            return None;
        }
        let nobody = Inner::Function(Box::new(|_| Box::pin(async { Ok(()) })));
        let Inner::Compressed(compressed) = std::mem::replace(&mut self.inner, nobody) else {
            return None;
        };
        *self = compressed.inner;
        Some(compressed.compressing.into_negotiation())
    }

    const fn of(inner: Inner) -> Self {
        Self {
            inner,
            timeout: None,
        }
    }

    #[cfg(feature = "server")]
    pub(crate) fn to_peer(peer: Arc<dyn Peer>) -> Self {
        Self::of(Inner::Peer(peer))
    }

    /// Sends a message; waits while the client reads more slowly than the application writes.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the client is gone, or if the message is not the one that must follow: a head
    /// comes first and once, and nothing comes after the last piece of content.
    pub async fn send(&mut self, message: Message) -> Result {
        match &mut self.inner {
            #[cfg(feature = "server")]
            Inner::Peer(peer) => peer.send(message).await,
            Inner::Function(function) => match self.timeout {
                None => function(message).await,
                Some(timeout) => tokio::time::timeout(timeout, function(message))
                    .await
                    .map_err(|_| SendError::TimedOut)?,
            },
            Inner::Mapped(mapped) => {
                let message = (mapped.map)(message)?;
                Box::pin(mapped.inner.send(message)).await
            }
            Inner::Compressed(compressed) => {
                Box::pin(async {
                    let message = compressed.compressing.encode(message).await?;
                    compressed.inner.send(message).await
                })
                .await
            }
        }
    }

    /// Sends early hints, 103 ([RFC 8297]): what the client is to load while the answer is being made. Returns
    /// whether they were sent: the server has to [offer](super::Scope::offers_early_hints) that, and there has to
    /// be a link. They come before the head, as often as there is something to say.
    ///
    /// A browser heeds them in answers to navigations, over HTTP/2 and later.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::{HtmlResponse, Link, asgi};
    ///
    /// async fn page(scope: asgi::Scope, receive: asgi::Receive, mut send: asgi::Send) -> asgi::Result {
    ///     send.early_hints(&scope, [Link::preload("/app.css", "style")?]).await?;
    ///     let rows = "<li>that took a while</li>";
    ///     HtmlResponse::new(format!("<link rel=stylesheet href=/app.css>{rows}"))
    ///         .call(scope, receive, send)
    ///         .await
    /// }
    /// # let _ = page;
    /// ```
    ///
    /// # Starlette
    ///
    /// `Request.send_early_hints`, which sends whatever text it is given.
    ///
    /// [RFC 8297]: https://www.rfc-editor.org/rfc/rfc8297
    pub async fn early_hints(
        &mut self,
        scope: &Scope,
        links: impl IntoIterator<Item = Link>,
    ) -> Result<bool> {
        let links: Vec<Link> = links.into_iter().collect();
        if links.is_empty() || !scope.offers_early_hints() {
            return Ok(false);
        }
        self.send(Message::EarlyHint { links }).await?;
        Ok(true)
    }

    /// Sends a head and all the content there is.
    pub(crate) async fn send_whole(
        &mut self,
        scope_type: ScopeType,
        status: u16,
        headers: Headers,
        body: Bytes,
    ) -> Result {
        match &mut self.inner {
            // Nothing to wait for, so no need to go through messages.
            #[cfg(feature = "server")]
            Inner::Peer(peer) => Ok(peer.answer(status, headers, body)?),
            _ => {
                Box::pin(async move {
                    self.send(Message::Start {
                        scope_type,
                        status,
                        headers,
                    })
                    .await?;
                    self.send(Message::Body {
                        scope_type,
                        body,
                        more_body: false,
                    })
                    .await
                })
                .await
            }
        }
    }

    /// Sets how long the client may let the answer wait.
    pub(crate) fn limit(&mut self, patience: Patience) {
        match &mut self.inner {
            #[cfg(feature = "server")]
            Inner::Peer(peer) => {
                if patience != Patience::default() {
                    peer.limit(patience);
                }
            }
            Inner::Function(_) => self.timeout = patience.send_timeout,
            Inner::Mapped(mapped) => mapped.inner.limit(patience),
            Inner::Compressed(compressed) => compressed.inner.limit(patience),
        }
    }

    /// Returns the peer, if there is one that can do more than take messages, and no
    /// [`map`](Self::map) that wants to see them.
    #[cfg(feature = "server")]
    pub(crate) fn peer(&self) -> Option<&(dyn Peer + 'static)> {
        match &self.inner {
            Inner::Peer(peer) => Some(&**peer),
            Inner::Function(_) | Inner::Mapped(_) | Inner::Compressed(_) => None,
        }
    }

    /// Waits until what was sent last has been taken, so that no second piece is made in vain.
    pub(crate) async fn has_room(&mut self) {
        match &mut self.inner {
            #[cfg(feature = "server")]
            Inner::Peer(peer) => poll_fn(|context| peer.poll_room(context)).await,
            Inner::Function(_) => {}
            Inner::Mapped(mapped) => Box::pin(mapped.inner.has_room()).await,
            Inner::Compressed(compressed) => Box::pin(compressed.inner.has_room()).await,
        }
    }

    /// Waits until the server has taken the whole response, so that what the application does next
    /// cannot hold it up.
    pub(crate) async fn handed_over(&mut self) {
        match &mut self.inner {
            #[cfg(feature = "server")]
            Inner::Peer(peer) => poll_fn(|context| peer.poll_handed_over(context)).await,
            Inner::Function(_) => {}
            Inner::Mapped(mapped) => Box::pin(mapped.inner.handed_over()).await,
            Inner::Compressed(compressed) => Box::pin(compressed.inner.handed_over()).await,
        }
    }
}

impl fmt::Debug for Send {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Send").finish_non_exhaustive()
    }
}
