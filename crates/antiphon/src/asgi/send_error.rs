//! Why a message cannot be sent.

use std::fmt;

/// The error of a message that cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The client is gone.
    Disconnected,
    /// Content was sent before the head.
    HeadMissing,
    /// The head was sent twice.
    HeadTwice,
    /// Something was sent after the last piece of content.
    AfterEnd,
    /// The client has read nothing for as long as it was given.
    TimedOut,
    /// The `content-length` of a head is no number of bytes, or comes twice.
    InvalidLength,
    /// There is more content than the `content-length` says.
    TooLong,
    /// There is less content than the `content-length` says.
    TooShort,
    /// The status code is none that ends a request.
    InvalidStatus,
    /// The application that was to send this has returned.
    Returned,
    /// The server has not offered the extension that the message belongs to.
    NotOffered,
}

impl fmt::Display for SendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Disconnected => "the client is gone",
            Self::HeadMissing => "expected http.response.start, but found http.response.body",
            Self::HeadTwice => "expected http.response.body, but found http.response.start again",
            Self::TimedOut => "the client has read nothing for longer than the `send_timeout`",
            Self::InvalidLength => "header `content-length`: expected one number of bytes",
            Self::TooLong => "expected no more content than the `content-length` says",
            Self::TooShort => "expected as much content as the `content-length` says",
            Self::InvalidStatus => "expected a status code from 200 to 999",
            Self::Returned => "the application that was to send this has returned",
            Self::NotOffered => {
                "expected no message of an extension that the server has not offered"
            }
            Self::AfterEnd => "expected nothing after the message without more_body, but found one",
        })
    }
}

impl std::error::Error for SendError {}
