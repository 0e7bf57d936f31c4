//! Why the content of a request cannot be read.

use super::Error;
#[cfg(any(feature = "axum", feature = "server"))]
use http::StatusCode;
use std::fmt;

/// The error of a request whose content is malformed, broken off, or comes too slowly.
///
/// It is the client's fault: an application that returns it has the server answer 400, or 408 to what came
/// too slowly, if nothing was sent yet.
#[derive(Debug)]
pub struct ReceiveError {
    /// What broke; `None` if it only took too long.
    source: Option<Error>,
}

#[cfg(feature = "server")]
impl ReceiveError {
    pub(crate) fn new(error: impl Into<Error>) -> Self {
        Self {
            source: Some(error.into()),
        }
    }

    pub(crate) const fn too_slow() -> Self {
        Self { source: None }
    }
}

#[cfg(any(feature = "axum", feature = "server"))]
impl ReceiveError {
    /// Returns the status of the answer that the client gets.
    pub(crate) const fn status(&self) -> StatusCode {
        match self.source {
            Some(_) => StatusCode::BAD_REQUEST,
            None => StatusCode::REQUEST_TIMEOUT,
        }
    }
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(error) => write!(formatter, "the request's content cannot be read: {error}"),
            None => formatter.write_str("the request's content comes too slowly"),
        }
    }
}

impl std::error::Error for ReceiveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&**self.source.as_ref()?)
    }
}
