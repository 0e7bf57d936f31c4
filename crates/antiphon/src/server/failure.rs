//! Why an application did not answer.

use crate::asgi::{Error, ReceiveError};
use crate::body::Body;
use crate::content::file_error::FileError;
use crate::response::error_pages;
use antiphon_core::request::method::Method;
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
        if let Some(error) = self.0.downcast_ref::<FileError>() {
            // hyper leaves the content out after HEAD.
            return error.answer(Method::Get);
        }
        self.of_client()
            .map_or_else(error_pages::internal_server_error, |error| {
                // Where the next request would begin is not known. HTTP/2 has no such field, and needs none.
                let mut answer = error_pages::bare(error.status());
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(header::CONNECTION, close);
                answer
            })
    }

    /// Tells whether the client is to blame.
    pub(super) fn is_of_client(&self) -> bool {
        self.of_client().is_some()
    }

    fn of_client(&self) -> Option<&ReceiveError> {
        self.0.downcast_ref()
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
