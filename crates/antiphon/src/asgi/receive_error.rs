//! Why the content of a request cannot be read.

use super::Error;
#[cfg(any(feature = "axum", feature = "server"))]
use http::StatusCode;
use std::fmt;

/// The error of a request whose content is malformed, broken off, comes too slowly, or is longer than an
/// application takes.
///
/// It is the client's fault: an application that returns it has the server answer 400, 408 to what came
/// too slowly, or 413 to what is too long, if nothing was sent yet.
#[derive(Debug)]
pub struct ReceiveError(Fault);

#[derive(Debug)]
enum Fault {
    #[cfg_attr(
        not(feature = "server"),
        expect(dead_code, reason = "our server makes it")
    )]
    Broken(Error),
    #[cfg_attr(
        not(feature = "server"),
        expect(dead_code, reason = "our server makes it")
    )]
    TooSlow,
    TooLong {
        max: usize,
    },
}

#[cfg(feature = "server")]
impl ReceiveError {
    pub(crate) fn new(error: impl Into<Error>) -> Self {
        Self(Fault::Broken(error.into()))
    }

    pub(crate) const fn too_slow() -> Self {
        Self(Fault::TooSlow)
    }
}

impl ReceiveError {
    pub(super) const fn too_long(max: usize) -> Self {
        Self(Fault::TooLong { max })
    }
}

#[cfg(any(feature = "axum", feature = "server"))]
impl ReceiveError {
    /// Returns the status of the answer that the client gets.
    pub(crate) const fn status(&self) -> StatusCode {
        match self.0 {
            Fault::Broken(_) => StatusCode::BAD_REQUEST,
            Fault::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Fault::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Fault::Broken(error) => {
                write!(formatter, "the request's content cannot be read: {error}")
            }
            Fault::TooSlow => formatter.write_str("the request's content comes too slowly"),
            Fault::TooLong { max } => write!(
                formatter,
                "the request's content is longer than the {max} bytes that are taken"
            ),
        }
    }
}

impl std::error::Error for ReceiveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Fault::Broken(error) => Some(&**error),
            Fault::TooSlow | Fault::TooLong { .. } => None,
        }
    }
}
