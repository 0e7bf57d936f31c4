//! The scope of a request.

use super::ScopeType;
use crate::deliver::Offers;
use antiphon_core::percent;
use http::request::Parts;
use std::borrow::Cow;
use std::net::SocketAddr;

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
pub struct Scope {
    scope_type: ScopeType,
    parts: Parts,
    /// The path with its percent-encoding undone, where that makes a difference.
    decoded_path: Option<String>,
    client: Option<SocketAddr>,
    server: Option<SocketAddr>,
    offers_pathsend: bool,
}

impl Scope {
    /// The same request as a websocket handshake, which a response denies.
    #[must_use]
    pub fn websocket(mut self) -> Self {
        self.scope_type = ScopeType::Websocket;
        self
    }

    /// The same request with the addresses of its connection's two ends.
    #[must_use]
    pub fn between(mut self, client: Option<SocketAddr>, server: Option<SocketAddr>) -> Self {
        self.client = client;
        self.server = server;
        self
    }

    /// The same request to a server that offers the extension `http.response.pathsend`.
    #[must_use]
    pub const fn offering_pathsend(mut self) -> Self {
        self.offers_pathsend = true;
        self
    }

    pub(crate) fn offers(&self) -> Offers {
        let pathsend = self.offers_pathsend && self.scope_type == ScopeType::Http;
        Offers {
            scope_type: self.scope_type,
            pathsend,
        }
    }

    /// `type`: a request or a websocket handshake.
    #[must_use]
    pub const fn scope_type(&self) -> ScopeType {
        self.scope_type
    }

    /// `method`.
    #[must_use]
    pub const fn method(&self) -> &http::Method {
        &self.parts.method
    }

    /// Tells whether only the head of the answer is wanted: the method is HEAD.
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.scope_type.is_head(self.parts.method.as_str())
    }

    /// `path`: percent-decoded; bytes that are then not UTF-8 become U+FFFD.
    #[must_use]
    pub fn path(&self) -> &str {
        self.decoded_path
            .as_deref()
            .unwrap_or_else(|| self.parts.uri.path())
    }

    /// `raw_path`: as the client sent it, without the query.
    #[must_use]
    pub fn raw_path(&self) -> &str {
        self.parts.uri.path()
    }

    /// `query_string`: what follows the `?`, not decoded; empty if there is none.
    #[must_use]
    pub fn query_string(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    /// `http_version`.
    #[must_use]
    pub const fn http_version(&self) -> http::Version {
        self.parts.version
    }

    /// `headers`.
    #[must_use]
    pub const fn headers(&self) -> &http::HeaderMap {
        &self.parts.headers
    }

    /// `client`: the address of the other end, where there is one.
    #[must_use]
    pub const fn client(&self) -> Option<SocketAddr> {
        self.client
    }

    /// `server`: the address that the request came to, where there is one.
    #[must_use]
    pub const fn server(&self) -> Option<SocketAddr> {
        self.server
    }

    /// The request's head as the `http` crate holds it, with its extensions.
    #[must_use]
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }
}

impl From<Parts> for Scope {
    fn from(parts: Parts) -> Self {
        let decoded_path = match percent::unquote(parts.uri.path()) {
            Cow::Borrowed(_) => None,
            Cow::Owned(path) => Some(path),
        };
        Self {
            scope_type: ScopeType::Http,
            parts,
            decoded_path,
            client: None,
            server: None,
            offers_pathsend: false,
        }
    }
}
