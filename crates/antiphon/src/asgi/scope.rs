//! The scope of a request.

use super::ScopeType;
use crate::shutdown::Shutdown;
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::method::Method;
use antiphon_core::text::percent;
use http::request::Parts;
use http::uri::Scheme;
use http::{HeaderValue, header};
use std::borrow::Cow;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// What is known of a request before its body.
///
/// # Examples
///
/// ```
/// use antiphon::asgi::Scope;
///
/// let request = http::Request::get("/caf%C3%A9?size=2").body(()).unwrap();
/// let scope = Scope::from(request.into_parts().0);
/// assert_eq!(scope.path(), "/café");
/// assert_eq!(scope.raw_path(), "/caf%C3%A9");
/// assert_eq!(scope.query_string(), "size=2");
/// ```
#[derive(Clone, Debug)]
pub struct Scope(Box<Inner>);

/// On the heap, for a scope is handed from future to future, and each would hold all of it.
#[derive(Clone, Debug)]
struct Inner {
    scope_type: ScopeType,
    parts: Parts,
    /// The path with its percent-encoding undone, where that makes a difference.
    decoded_path: Option<String>,
    ends: Ends,
    offers_pathsend: bool,
    offers_early_hints: bool,
    shutdown: Shutdown,
}

impl Scope {
    /// Turns the request into a websocket handshake, which a response denies.
    #[must_use]
    pub fn websocket(mut self) -> Self {
        self.0.scope_type = ScopeType::Websocket;
        self
    }

    /// Sets the addresses of the connection's two ends.
    #[must_use]
    pub fn between(mut self, client: Option<SocketAddr>, server: Option<SocketAddr>) -> Self {
        self.0.ends.client = client;
        self.0.ends.server = server;
        self
    }

    /// Makes the request one that came by TLS.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::asgi::Scope;
    ///
    /// let scope = Scope::from(http::Request::new(()).into_parts().0);
    /// assert_eq!(scope.scheme(), "http");
    /// assert_eq!(scope.https().scheme(), "https");
    /// ```
    #[must_use]
    pub fn https(mut self) -> Self {
        self.0.ends.is_tls = true;
        self
    }

    /// Makes the server one that offers the extension `http.response.pathsend`.
    #[must_use]
    pub fn offering_pathsend(mut self) -> Self {
        self.0.offers_pathsend = true;
        self
    }

    /// Makes the server one that offers the extension `http.response.early_hint`.
    #[must_use]
    pub fn offering_early_hints(mut self) -> Self {
        self.0.offers_early_hints = true;
        self
    }

    /// Tells whether the server can send early hints, as [`Send::early_hints`](super::Send::early_hints) does.
    /// The embedded server cannot: hyper sends no 103.
    #[must_use]
    pub fn offers_early_hints(&self) -> bool {
        self.0.offers_early_hints && self.0.scope_type == ScopeType::Http
    }

    /// Sets the shutdown of the server; by default it is that of the process.
    #[must_use]
    pub fn until(mut self, shutdown: Shutdown) -> Self {
        self.0.shutdown = shutdown;
        self
    }

    /// The server's shutdown: what an application that streams without end watches.
    #[must_use]
    pub fn shutdown(&self) -> &Shutdown {
        &self.0.shutdown
    }

    /// Makes it the scope of a request for content as it is: what its tags of coded content have become is
    /// in `request`.
    pub(crate) fn ask_for_uncoded(&mut self, request: &RequestFields) {
        let headers = &mut self.0.parts.headers;
        let preconditions = request.preconditions();
        for (name, value) in [
            (header::IF_MATCH, preconditions.if_match),
            (header::IF_NONE_MATCH, preconditions.if_none_match),
            (header::RANGE, request.range()),
        ] {
            headers.remove(&name);
            // What the lines of a field held can stand in one.
            let value = value.and_then(|value| HeaderValue::from_bytes(value).ok());
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
    }

    /// Takes back what [`offering_pathsend`](Self::offering_pathsend) has offered: what a server reads of a
    /// file by itself is encoded by nobody.
    pub(crate) fn withdraw_pathsend(&mut self) {
        self.0.offers_pathsend = false;
    }

    pub(crate) fn offers(&self) -> Offers {
        let pathsend = self.0.offers_pathsend && self.0.scope_type == ScopeType::Http;
        Offers {
            scope_type: self.0.scope_type,
            pathsend,
        }
    }

    /// `type`: a request or a websocket handshake.
    #[must_use]
    pub fn scope_type(&self) -> ScopeType {
        self.0.scope_type
    }

    /// `method`.
    #[must_use]
    pub fn method(&self) -> &http::Method {
        &self.0.parts.method
    }

    /// Tells whether only the head of the answer is wanted: the method is HEAD.
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.method_facts() == Method::Head
    }

    /// The method that a response answers.
    pub(crate) fn method_facts(&self) -> Method {
        self.0.scope_type.method(self.0.parts.method.as_str())
    }

    /// `scheme`: `https` if the request came by TLS, `http` otherwise, whatever the client has written.
    ///
    /// A proxy before the server may have spoken TLS with the client, which it tells in a field of its own.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.0.ends.is_tls { "https" } else { "http" }
    }

    /// `path`: percent-decoded; bytes that are then not UTF-8 become U+FFFD.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0
            .decoded_path
            .as_deref()
            .unwrap_or_else(|| self.0.parts.uri.path())
    }

    /// `raw_path`: as the client sent it, without the query.
    #[must_use]
    pub fn raw_path(&self) -> &str {
        self.0.parts.uri.path()
    }

    /// `query_string`: what follows the `?`, not decoded; empty if there is none.
    #[must_use]
    pub fn query_string(&self) -> &str {
        self.0.parts.uri.query().unwrap_or_default()
    }

    /// `http_version`.
    #[must_use]
    pub fn http_version(&self) -> http::Version {
        self.0.parts.version
    }

    /// `headers`.
    #[must_use]
    pub fn headers(&self) -> &http::HeaderMap {
        &self.0.parts.headers
    }

    /// `client`: the address of the other end, where there is one; at a Unix socket there is none.
    #[must_use]
    pub fn client(&self) -> Option<SocketAddr> {
        self.0.ends.client
    }

    /// `server`: the address that the request came to, where there is one; at a Unix socket see
    /// [`server_path`](Self::server_path).
    #[must_use]
    pub fn server(&self) -> Option<SocketAddr> {
        self.0.ends.server
    }

    /// The other form of `server`: the path of the Unix socket that the request came to.
    #[must_use]
    pub fn server_path(&self) -> Option<&Path> {
        self.0.ends.server_path.as_deref()
    }

    /// The request's head as the `http` crate holds it, with its extensions.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.0.parts
    }
}

impl Scope {
    pub(crate) fn new(parts: Parts, ends: Ends, shutdown: Shutdown) -> Self {
        let decoded_path = match percent::unquote(parts.uri.path()) {
            Cow::Borrowed(_) => None,
            Cow::Owned(path) => Some(path),
        };
        let scope_type = ScopeType::Http;
        Self(Box::new(Inner {
            scope_type,
            parts,
            decoded_path,
            ends,
            offers_pathsend: false,
            offers_early_hints: false,
            shutdown,
        }))
    }
}

/// The two ends of a connection, and what lies between them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends {
    pub(crate) client: Option<SocketAddr>,
    pub(crate) server: Option<SocketAddr>,
    pub(crate) server_path: Option<Arc<Path>>,
    pub(crate) is_tls: bool,
}

/// What the server of a scope can be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offers {
    pub(crate) scope_type: ScopeType,
    pub(crate) pathsend: bool,
}

impl From<Parts> for Scope {
    fn from(parts: Parts) -> Self {
        let ends = Ends {
            is_tls: parts.uri.scheme() == Some(&Scheme::HTTPS),
            ..Ends::default()
        };
        Self::new(parts, ends, Shutdown::of_process().clone())
    }
}
