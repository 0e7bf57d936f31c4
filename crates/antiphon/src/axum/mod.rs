//! What axum's handlers take and return beside the classes: [`LastEventId`] is an extractor, a file is
//! answered by another, and an error is an answer.

mod file_request;

pub use file_request::{Conditional, FileRequest};

use crate::asgi::{ReceiveError, SendError};
use crate::content::file_error::FileError;
use crate::content::metered::StreamError;
use crate::content::once::AlreadySent;
use crate::content::source::SourceError;
use crate::request::last_event_id::LastEventId;
use crate::response::{ResponseError, error_pages};
use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use std::convert::Infallible;

/// So that `?` works in a handler, whatever fails.
impl IntoResponse for ResponseError {
    fn into_response(self) -> Response {
        let answer = error_pages::of(&*self);
        answer
            .unwrap_or_else(|| error_pages::or_500(Err(self)))
            .map(Body::new)
    }
}

macro_rules! into_response {
    ($($error:ty)*) => {
        $(
            /// What a [`ResponseError`] of it is.
            impl IntoResponse for $error {
                fn into_response(self) -> Response {
                    ResponseError::from(self).into_response()
                }
            }
        )*
    };
}

into_response! { AlreadySent FileError ReceiveError SendError SourceError StreamError }
#[cfg(feature = "json")]
into_response! { crate::response::JsonError }

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}
