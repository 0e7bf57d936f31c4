//! Answers where there is no response.

use super::fixed::PlainTextResponse;
#[cfg(feature = "tower")]
use super::plannable::Plannable;
use super::plannable::PlannableAtOnce;
#[cfg(any(feature = "axum", feature = "server"))]
use crate::asgi::ReceiveError;
use crate::body::Body;
use crate::content::file_error::FileError;
use crate::content::source::SourceError;
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
use std::fmt;
#[cfg(feature = "tower")]
use std::pin::Pin;

/// Returns the response, or 500, and logs the reason: a fault of the program is not the client's
/// concern.
pub(crate) fn or_500<E: fmt::Display>(
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
    // A server leaves the content out after HEAD.
    if let Some(error) = error.downcast_ref::<FileError>() {
        return Some(error.answer(Method::Get));
    }
    if let Some(error) = error.downcast_ref::<SourceError>() {
        return Some(error.answer(Method::Get));
    }
    if error.is::<NotLocal>() {
        return Some(bare(StatusCode::BAD_REQUEST));
    }
    let error: &ReceiveError = error.downcast_ref()?;
    Some(bare(error.status()))
}

/// An error that is told to the client by an answer of its own.
pub(crate) trait Answered: fmt::Display {
    /// Returns what the client is told.
    fn page(&self) -> PlainTextResponse;

    /// Makes that the answer to a request of this method.
    fn answer(&self, method: Method) -> http::Response<Body> {
        let response = self.page();
        if response.status().is_client_error() {
            tracing::debug!(error = %self, "a response cannot be sent");
        } else {
            tracing::error!(error = %self, "a response cannot be sent");
        }
        let request = RequestFacts::of_method(method);
        or_500(response.plan_at_once(&request).map(Planned::into_http))
    }
}

impl Answered for FileError {
    fn page(&self) -> PlainTextResponse {
        self.response()
    }
}

impl Answered for SourceError {
    fn page(&self) -> PlainTextResponse {
        self.response()
    }
}

/// What a service of tower returns.
#[cfg(feature = "tower")]
pub(crate) type Answering<E> =
    Pin<Box<dyn Future<Output = Result<http::Response<Body>, E>> + Send>>;

/// Answers a request by a response that may wait, or by what its error says.
#[cfg(feature = "tower")]
pub(crate) fn answer_or_page<P, B, E>(response: P, request: &http::Request<B>) -> Answering<E>
where
    P: Plannable<Error: Answered> + 'static,
{
    let request = RequestFacts::of(request);
    let method = request.method;
    let plan = response.plan(&request);
    Box::pin(async move {
        Ok(match plan.await {
            Ok(planned) => planned.into_http(),
            Err(error) => error.answer(method),
        })
    })
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
