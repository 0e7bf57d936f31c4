//! axum's door: every response is an `IntoResponse`.
//!
//! axum strips the body of an answer to HEAD itself.

use crate::deliver::or_500;
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
