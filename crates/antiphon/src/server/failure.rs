//! Why an application did not answer.

use crate::asgi::Error;
use crate::body::Body;
use crate::content::file_error::FileError;
use crate::response::error_pages;
use antiphon_core::request::method::Method;
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

    /// Returns what the client is told if nothing was sent: 404 or 403 for a file that cannot be sent,
    /// 500 for any other reason.
    pub(super) fn answer(&self) -> http::Response<Body> {
        match self.0.downcast_ref::<FileError>() {
            // hyper leaves the content out after HEAD.
            Some(error) => error.answer(Method::Get),
            None => error_pages::internal_server_error(),
        }
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
