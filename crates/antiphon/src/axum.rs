//! axum's door: what can be planned without the request is an [`IntoResponse`], and [`LastEventId`] an
//! extractor.
//!
//! | class                                     | as an `IntoResponse`                                    |
//! |-------------------------------------------|---------------------------------------------------------|
//! | `FixedResponse`, `RedirectResponse`       | the same as with the request                            |
//! | `StreamingResponse`                       | its first error cuts the connection                     |
//! | `EventSourceResponse`                     | the same; no `Connection`; ends with the process's shutdown |
//! | `FileResponse`                            | none: it needs the request and waits for the disk       |
//!
//! A handler that has the request returns `response.into_http(&request)`. axum leaves the content out of
//! the answer to HEAD itself.

use crate::content::file_error::FileError;
use crate::deliver::planned::Planned;
use crate::request::facts::RequestFacts;
use crate::request::last_event_id::LastEventId;
use crate::response::error_pages::or_500;
use crate::response::event_source::EventSourceResponse;
use crate::response::fixed::FixedResponse;
use crate::response::plannable::PlannableAtOnce;
use crate::response::redirect::RedirectResponse;
use crate::response::streaming::StreamingResponse;
use antiphon_core::request::method::Method;
use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use std::convert::Infallible;

macro_rules! into_response {
    ($($(#[$doc:meta])* impl $class:ident$(<$generic:ident>)?;)*) => {$(
        $(#[$doc])*
        impl$(<$generic>)? IntoResponse for $class$(<$generic>)? {
            fn into_response(self) -> Response {
                let planned = self.plan_at_once(&RequestFacts::of_method(Method::Get));
                or_500(planned.map(Planned::into_http)).map(Body::new)
            }
        }
    )*};
}

into_response! {
    /// A response that contradicts itself is logged, and the client gets 500.
    impl FixedResponse<C>;

    /// A response that contradicts itself is logged, and the client gets 500.
    impl RedirectResponse;

    /// The stream is not polled before the head is sent, since the request may be one for a head alone.
    /// So its first error cuts the connection. To answer it otherwise, return
    /// `response.into_http(&request).await`.
    impl StreamingResponse;

    /// As for [`StreamingResponse`]. The version of HTTP is not known either, so `Connection` is not
    /// sent, and the events end with the shutdown of the process, unless another one was given.
    impl EventSourceResponse;
}

/// 404 for a missing file, 403 for one that may not be read, so that a handler can return
/// `file.into_http(&request).await`.
impl IntoResponse for FileError {
    fn into_response(self) -> Response {
        self.answer(Method::Get).map(Body::new)
    }
}

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}
