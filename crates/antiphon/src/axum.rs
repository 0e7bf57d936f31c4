//! What axum's handlers take and return beside the classes: [`LastEventId`] is an extractor, and a
//! [`FileError`] or a [`ResponseError`] an answer.

use crate::content::file_error::FileError;
use crate::request::last_event_id::LastEventId;
use crate::response::{ResponseError, error_pages};
use antiphon_core::request::method::Method;
use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use std::convert::Infallible;

/// 404 for a missing file, 403 for one that may not be read, 503 where too many files are open, so that a
/// handler can return `file.into_http(&request).await`.
impl IntoResponse for FileError {
    fn into_response(self) -> Response {
        self.answer(Method::Get).map(Body::new)
    }
}

/// 500, and the error is logged, so that a handler can return `stream.into_http(&request).await`.
impl IntoResponse for ResponseError {
    fn into_response(self) -> Response {
        error_pages::or_500(Err(self)).map(Body::new)
    }
}

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}
