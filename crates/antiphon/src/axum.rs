//! axum's door: every response is an `IntoResponse`.

use crate::fixed::FixedResponse;
use crate::redirect::RedirectResponse;
use antiphon_core::populate::InvalidResponse;
use axum_core::response::{IntoResponse, Response};

impl<C> IntoResponse for FixedResponse<C> {
    fn into_response(self) -> Response {
        respond(self.plan(false).map(|ready| ready.into_http()))
    }
}

impl IntoResponse for RedirectResponse {
    fn into_response(self) -> Response {
        respond(self.plan(false).map(|ready| ready.into_http()))
    }
}

/// axum strips the body of an answer to HEAD itself; a response that contradicts itself is a fault of
/// the program, which the client need not know.
fn respond(response: Result<http::Response<crate::Body>, InvalidResponse>) -> Response {
    match response {
        Ok(response) => response.map(axum_core::body::Body::new),
        Err(error) => {
            tracing::error!(%error, "a response cannot be sent");
            http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
