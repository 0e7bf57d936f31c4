//! axum's door: every response is an `IntoResponse`, and `LastEventId` an extractor.
//!
//! axum strips the body of an answer to HEAD itself.

use crate::content::file_error::FileError;
use crate::deliver::error_pages::or_500;
use crate::request::last_event_id::LastEventId;
use crate::response::event_source::EventSourceResponse;
use crate::response::fixed::FixedResponse;
use crate::response::redirect::RedirectResponse;
use crate::response::streaming::StreamingResponse;
use antiphon_core::request::method::Method;
use antiphon_core::request::version::HttpVersion;
use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use std::convert::Infallible;

impl<C> IntoResponse for FixedResponse<C> {
    fn into_response(self) -> Response {
        or_500(self.plan(Method::Get).map(|planned| planned.into_http())).map(Body::new)
    }
}

impl IntoResponse for RedirectResponse {
    fn into_response(self) -> Response {
        or_500(self.plan(Method::Get).map(|planned| planned.into_http())).map(Body::new)
    }
}

/// 404 for a missing file, 403 for one that may not be read, so that a handler can return
/// `file.into_http(&request).await`.
impl IntoResponse for FileError {
    fn into_response(self) -> Response {
        self.answer(Method::Get).map(Body::new)
    }
}

/// Nothing is polled before the head is sent, since this door does not see whether the request is one
/// for a head alone. A handler that wants a stream's first error as an answer returns
/// `response.into_http(&request).await`.
impl IntoResponse for StreamingResponse {
    fn into_response(self) -> Response {
        or_500(self.plan(Method::Get).map(|planned| planned.into_http())).map(Body::new)
    }
}

/// As of [`StreamingResponse`]; without `Connection`, since this door does not see the version of HTTP.
impl IntoResponse for EventSourceResponse {
    fn into_response(self) -> Response {
        or_500(
            self.plan(Method::Get, HttpVersion::Later)
                .map(|planned| planned.into_http()),
        )
        .map(Body::new)
    }
}

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}
