//! The messages that an application sends.

use crate::asgi::scope::ScopeType;
use crate::fields::Headers;
use crate::values::link::Link;
use alloc::string::String;
use alloc::vec::Vec;

/// A message from an application to its server; `B` is what the face holds bytes in.
///
/// # Examples
///
/// ```
/// use antiphon_core::asgi::message::Message;
/// use antiphon_core::asgi::scope::ScopeType;
///
/// let message = Message::Body { scope_type: ScopeType::Http, body: b"hi", more_body: false };
/// assert_eq!(message.type_name(), "http.response.body");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<B> {
    /// `http.response.start`: the head.
    Start {
        /// What is answered.
        scope_type: ScopeType,
        /// The status code.
        status: u16,
        /// The header fields.
        headers: Headers,
    },
    /// `http.response.body`: a piece of the content.
    Body {
        /// What is answered.
        scope_type: ScopeType,
        /// The bytes.
        body: B,
        /// Whether another piece follows.
        more_body: bool,
    },
    /// `http.response.early_hint`: 103, before the head, as often as there is something to say.
    EarlyHint {
        /// What the client is to load or to connect to already.
        links: Vec<Link>,
    },
    /// `http.response.pathsend`: the content is this whole file, and no other piece follows.
    Pathsend {
        /// The file's absolute path.
        path: String,
    },
}

impl<B> Message<B> {
    /// The head of an answer to a request, without header fields.
    ///
    /// # Examples
    ///
    /// An answer from head to end:
    ///
    /// ```
    /// use antiphon_core::asgi::message::Message;
    ///
    /// let messages: [Message<&str>; 3] =
    ///     [Message::start(200), Message::piece("Hello, "), Message::body("world!")];
    /// assert_eq!(messages[0].type_name(), "http.response.start");
    /// assert!(matches!(messages[1], Message::Body { more_body: true, .. }));
    /// assert!(matches!(messages[2], Message::Body { more_body: false, .. }));
    /// ```
    #[must_use]
    pub const fn start(status: u16) -> Self {
        Self::start_with(status, Headers::new())
    }

    /// The head of an answer to a request.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::asgi::message::Message;
    /// use antiphon_core::fields::Headers;
    ///
    /// let mut headers = Headers::new();
    /// headers.append("content-type", "text/plain")?;
    /// let message: Message<Vec<u8>> = Message::start_with(200, headers);
    /// assert_eq!(message.type_name(), "http.response.start");
    /// # Ok::<(), antiphon_core::fields::InvalidHeader>(())
    /// ```
    #[must_use]
    pub const fn start_with(status: u16, headers: Headers) -> Self {
        Self::Start {
            scope_type: ScopeType::Http,
            status,
            headers,
        }
    }

    /// All the content of an answer to a request, or what is left of it.
    #[must_use]
    pub fn body(bytes: impl Into<B>) -> Self {
        Self::Body {
            scope_type: ScopeType::Http,
            body: bytes.into(),
            more_body: false,
        }
    }

    /// A piece of the content of an answer to a request, which another follows.
    #[must_use]
    pub fn piece(bytes: impl Into<B>) -> Self {
        Self::Body {
            scope_type: ScopeType::Http,
            body: bytes.into(),
            more_body: true,
        }
    }

    /// The message's `type`, as ASGI spells it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Start {
                scope_type: ScopeType::Http,
                ..
            } => "http.response.start",
            Self::Start {
                scope_type: ScopeType::Websocket,
                ..
            } => "websocket.http.response.start",
            Self::Body {
                scope_type: ScopeType::Http,
                ..
            } => "http.response.body",
            Self::Body {
                scope_type: ScopeType::Websocket,
                ..
            } => "websocket.http.response.body",
            Self::EarlyHint { .. } => "http.response.early_hint",
            Self::Pathsend { .. } => "http.response.pathsend",
        }
    }
}
