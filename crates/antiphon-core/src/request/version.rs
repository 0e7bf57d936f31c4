//! The version of HTTP that a request came by, as far as a response depends on it.

/// The version of HTTP of a request.
///
/// # Examples
///
/// ```
/// use antiphon_core::request::version::HttpVersion;
///
/// assert_eq!(HttpVersion::from("1.1"), HttpVersion::One);
/// assert_eq!(HttpVersion::from("2"), HttpVersion::Later);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/0.9, 1.0 or 1.1, where header fields can control the connection.
    #[default]
    One,
    /// HTTP/2 or later, where `Connection` makes a message malformed ([RFC 9113 §8.2.2]).
    ///
    /// [RFC 9113 §8.2.2]: https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2
    Later,
}

impl From<&str> for HttpVersion {
    /// Reads the `http_version` of an ASGI scope.
    fn from(version: &str) -> Self {
        match version.as_bytes() {
            [b'0' | b'1'] | [b'0' | b'1', b'.', ..] => Self::One,
            _ => Self::Later,
        }
    }
}
