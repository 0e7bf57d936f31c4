//! The messages that an application sends.

use crate::asgi::scope::ScopeType;
use crate::fields::Headers;
use alloc::string::String;

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
    /// `http.response.pathsend`: the content is this whole file, and no other piece follows.
    Pathsend {
        /// The file's absolute path.
        path: String,
    },
}

impl<B> Message<B> {
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
            Self::Pathsend { .. } => "http.response.pathsend",
        }
    }
}
