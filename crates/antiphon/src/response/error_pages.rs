//! Answers where there is no response.

#[cfg(feature = "tower")]
use super::plannable::Plannable;
#[cfg(any(feature = "axum", feature = "server"))]
use crate::asgi::ReceiveError;
use crate::body::Body;
use crate::content::file_error::FileError;
use crate::content::source::SourceError;
#[cfg(feature = "tower")]
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
#[cfg(any(feature = "axum", feature = "tower"))]
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
    /// Returns the status of the answer.
    fn answer_status(&self) -> StatusCode;

    /// Makes the answer to a request of this method.
    fn answer(&self, method: Method) -> http::Response<Body> {
        let status = self.answer_status();
        if status.is_client_error() {
            tracing::debug!(error = %self, "a response cannot be sent");
        } else {
            tracing::error!(error = %self, "a response cannot be sent");
        }
        let answer = bare(status);
        match method {
            Method::Head => without_content(answer),
            _ => answer,
        }
    }
}

impl Answered for FileError {
    fn answer_status(&self) -> StatusCode {
        self.status()
    }
}

impl Answered for SourceError {
    fn answer_status(&self) -> StatusCode {
        self.status()
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

/// Leaves the content out, and says how long it would be.
fn without_content(answer: http::Response<Body>) -> http::Response<Body> {
    let length = http_body::Body::size_hint(answer.body()).exact();
    let mut answer = answer.map(|_| Body::withheld());
    if let Some(length) = length {
        let length = HeaderValue::from(length);
        answer.headers_mut().insert(header::CONTENT_LENGTH, length);
    }
    answer
}
