//! Why an application did not answer.

use crate::asgi::{Error, ReceiveError};
use crate::body::Body;
use crate::response::error_pages;
use http::{HeaderValue, header};
use std::any::Any;
use std::fmt;

/// The error of an application, or its panic.
#[derive(Debug)]
pub(super) struct Failure(Error);

impl Failure {
    pub(super) const fn error(error: Error) -> Self {
        Self(error)
    }

    pub(super) fn panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        Self(format!("panic: {text}").into())
    }

    /// Returns what the client is told if nothing was sent: what the error of a file says, 400 or 408
    /// for a request whose content cannot be read, 500 for any other reason.
    pub(super) fn answer(&self) -> http::Response<Body> {
        let mut answer =
            error_pages::of(&*self.0).unwrap_or_else(error_pages::internal_server_error);
        if self.is_of_client() {
            // Where the next request would begin is not known. HTTP/2 has no such field, and needs none.
            let close = HeaderValue::from_static("close");
            answer.headers_mut().insert(header::CONNECTION, close);
        }
        answer
    }

    /// Tells whether the client is to blame.
    pub(super) fn is_of_client(&self) -> bool {
        self.0.is::<ReceiveError>()
    }

    pub(super) fn into_error(self) -> Error {
        self.0
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
