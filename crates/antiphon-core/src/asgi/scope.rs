//! The scope of a connection: what kind it is.

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

    /// Tells whether a request of this type and method is one for a head alone.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::asgi::scope::ScopeType;
    ///
    /// assert!(ScopeType::Http.is_head("HEAD"));
    /// assert!(!ScopeType::Http.is_head("GET"));
    /// ```
    #[must_use]
    pub fn is_head(self, method: &str) -> bool {
        matches!(self, Self::Http) && method.eq_ignore_ascii_case("HEAD")
    }
}
