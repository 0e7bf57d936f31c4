//! axum's door: every response is an `IntoResponse`.
//!
//! axum strips the body of an answer to HEAD itself.

use crate::deliver::or_500;
use crate::file::FileError;
use crate::fixed::FixedResponse;
use crate::redirect::RedirectResponse;
use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};

impl<C> IntoResponse for FixedResponse<C> {
    fn into_response(self) -> Response {
        or_500(self.plan(false).map(|ready| ready.into_http())).map(Body::new)
    }
}

impl IntoResponse for RedirectResponse {
    fn into_response(self) -> Response {
        or_500(self.plan(false).map(|ready| ready.into_http())).map(Body::new)
    }
}

/// 404 for a missing file, 403 for one that may not be read, so that a handler can return
/// `file.into_http(&request).await`.
impl IntoResponse for FileError {
    fn into_response(self) -> Response {
        self.answer(false).map(Body::new)
    }
}
