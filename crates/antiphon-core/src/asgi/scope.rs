//! The scope of a connection: what kind it is.

use crate::request::method::Method;

/// The `type` of a scope that a response can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScopeType {
    /// `http`: a request.
    Http,
    /// `websocket`: a handshake, which a response denies.
    Websocket,
}

impl ScopeType {
    /// Reads the `type` of a scope; `None` for one that takes no response, such as `lifespan`.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::asgi::scope::ScopeType;
    ///
    /// assert_eq!(ScopeType::parse("websocket"), Some(ScopeType::Websocket));
    /// assert_eq!(ScopeType::parse("lifespan"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "http" => Some(Self::Http),
            "websocket" => Some(Self::Websocket),
            _ => None,
        }
    }

    /// Returns the method that a response answers: that of the request, and GET for a handshake,
    /// which is denied with a whole response.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::asgi::scope::ScopeType;
    /// use antiphon_core::request::method::Method;
    ///
    /// assert_eq!(ScopeType::Http.method("HEAD"), Method::Head);
    /// assert_eq!(ScopeType::Websocket.method("HEAD"), Method::Get);
    /// ```
    #[must_use]
    pub fn method(self, method: &str) -> Method {
        match self {
            Self::Http => method.into(),
            Self::Websocket => Method::Get,
        }
    }

    /// Tells whether somebody has to listen for the client's leave, by the `spec_version` of the scope's
    /// `asgi`: since ASGI 2.4 `send` raises an error instead, and a handshake is denied in few messages.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::asgi::scope::ScopeType;
    ///
    /// assert!(ScopeType::Http.needs_listener(Some("2.3")));
    /// assert!(!ScopeType::Http.needs_listener(Some("2.4")));
    /// assert!(ScopeType::Http.needs_listener(None));
    /// ```
    ///
    /// # Starlette
    ///
    /// The rule of `StreamingResponse`, where a missing version is 2.0.
    #[must_use]
    pub fn needs_listener(self, spec_version: Option<&str>) -> bool {
        let mut numbers = spec_version
            .unwrap_or("2.0")
            .split('.')
            .map(str::parse::<u32>);
        let version = [numbers.next(), numbers.next()].map(|number| number.and_then(Result::ok));
        self == Self::Http && version < [Some(2), Some(4)]
    }
}
