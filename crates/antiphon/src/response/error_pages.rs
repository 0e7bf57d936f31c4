//! Answers where there is no response.

use super::plannable::PlannableAtOnce;
use crate::body::Body;
use crate::content::file_error::FileError;
use crate::deliver::planned::Planned;
use crate::request::facts::RequestFacts;
use antiphon_core::request::method::Method;
use antiphon_core::values::media_type::{Charset, MediaType};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

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
