//! Answers where there is no response.

use super::plannable::PlannableAtOnce;
#[cfg(any(feature = "axum", feature = "server"))]
use crate::asgi::ReceiveError;
use crate::body::Body;
use crate::content::file_error::FileError;
use crate::deliver::planned::Planned;
use crate::request::facts::RequestFacts;
use antiphon_core::request::method::Method;
#[cfg(any(feature = "axum", feature = "server"))]
use antiphon_core::values::location::NotLocal;
use antiphon_core::values::media_type::{Charset, MediaType};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
#[cfg(any(feature = "axum", feature = "server"))]
use std::error::Error;

/// Returns the response, or 500, and logs the reason: a fault of the program is not the client's
/// concern.
pub(crate) fn or_500<E: std::fmt::Display>(
    response: Result<http::Response<Body>, E>,
) -> http::Response<Body> {
    response.unwrap_or_else(|error| {
        tracing::error!(%error, "a response cannot be sent");
        internal_server_error()
    })
}

/// Makes the answer that an error of ours has: what a file's says, 400 for a target that leads elsewhere, 400,
/// 408 or 413 for a request whose content cannot be read. `None` for any other error.
#[cfg(any(feature = "axum", feature = "server"))]
pub(crate) fn of(error: &(dyn Error + Send + Sync + 'static)) -> Option<http::Response<Body>> {
    if let Some(error) = error.downcast_ref::<FileError>() {
        // A server leaves the content out after HEAD.
        return Some(error.answer(Method::Get));
    }
    if error.is::<NotLocal>() {
        return Some(bare(StatusCode::BAD_REQUEST));
    }
    let error: &ReceiveError = error.downcast_ref()?;
    Some(bare(error.status()))
}

impl FileError {
    /// Makes [`response`](Self::response) the answer to a request of this method.
    pub(crate) fn answer(&self, method: Method) -> http::Response<Body> {
        let response = self.response();
        if response.status().is_client_error() {
            tracing::debug!(error = %self, "a file cannot be sent");
        } else {
            tracing::error!(error = %self, "a file cannot be sent");
        }
        let request = RequestFacts::of_method(method);
        or_500(response.plan_at_once(&request).map(Planned::into_http))
    }
}

/// Makes the answer of an application that has none.
pub(crate) fn internal_server_error() -> http::Response<Body> {
    bare(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Makes an answer of this status whose content is the reason phrase.
pub(crate) fn bare(status: StatusCode) -> http::Response<Body> {
    let reason = status.canonical_reason().unwrap_or_default();
    let mut response = http::Response::new(Body::from(Bytes::from_static(reason.as_bytes())));
    *response.status_mut() = status;
    let text = MediaType::PLAIN_TEXT.with_charset(&Charset::UTF_8);
    if let Ok(text) = HeaderValue::from_bytes(text.as_bytes()) {
        response.headers_mut().insert(header::CONTENT_TYPE, text);
    }
    response
}
