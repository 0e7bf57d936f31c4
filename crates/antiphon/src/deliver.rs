//! Carrying out a plan: into ASGI messages, or into an [`http::Response`].

use crate::asgi::{self, Message, ScopeType};
use crate::background::BackgroundTask;
use crate::body::Body;
use crate::parameters::Parameters;
use antiphon_core::asgi::transmission::{Step, Transmission};
use antiphon_core::headers::Headers;
use antiphon_core::plan::{self, Plan};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// A planned response of which all is at hand.
#[derive(Debug)]
pub(crate) struct Ready {
    status: StatusCode,
    headers: Headers,
    body: plan::Body,
    content: Bytes,
    background: Option<BackgroundTask>,
}

impl Ready {
    pub(crate) fn new(plan: Plan, parameters: Parameters, content: Bytes) -> Self {
        let mut headers = parameters.headers;
        plan.patches
            .into_iter()
            .for_each(|patch| headers.apply(patch));
        Self {
            status: parameters.status,
            headers,
            body: plan.body,
            content,
            background: parameters.background,
        }
    }

    /// Sends the steps of the plan, then runs the background task.
    pub(crate) async fn send(self, scope_type: ScopeType, mut send: asgi::Send) -> asgi::Result {
        let Self {
            status,
            mut headers,
            body,
            mut content,
            background,
        } = self;
        for step in Transmission::new(body) {
            send.send(match step {
                Step::Start => Message::Start {
                    scope_type,
                    status: status.as_u16(),
                    headers: std::mem::take(&mut headers),
                },
                Step::Bytes { more_body } => Message::Body {
                    scope_type,
                    body: std::mem::take(&mut content),
                    more_body,
                },
                Step::End => Message::Body {
                    scope_type,
                    body: Bytes::new(),
                    more_body: false,
                },
            })
            .await?;
        }
        if let Some(background) = background {
            send.handed_over().await;
            background.run().await;
        }
        Ok(())
    }

    /// The response as a value, whose body runs the background task when it has been taken.
    pub(crate) fn into_http(self) -> http::Response<Body> {
        let body = match self.body {
            plan::Body::Empty => Body::empty(),
            plan::Body::Bytes => Body::from(self.content),
        };
        head(
            self.status,
            self.headers,
            body.with_background(self.background),
        )
    }
}

/// Tells whether a request is one for a head alone.
pub(crate) fn is_head<B>(request: &http::Request<B>) -> bool {
    ScopeType::Http.is_head(request.method().as_str())
}

/// Puts a head before a body.
pub(crate) fn head(status: StatusCode, headers: Headers, body: Body) -> http::Response<Body> {
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = header_map(headers);
    response
}

/// The response, or 500 with the reason logged: it is a fault of the program, which the client need
/// not know.
#[cfg(any(feature = "axum", feature = "tower"))]
pub(crate) fn or_500<E: std::fmt::Display>(
    response: Result<http::Response<Body>, E>,
) -> http::Response<Body> {
    response.unwrap_or_else(|error| {
        tracing::error!(%error, "a response cannot be sent");
        internal_server_error()
    })
}

/// The answer when there is none.
#[cfg(any(feature = "axum", feature = "server", feature = "tower"))]
pub(crate) fn internal_server_error() -> http::Response<Body> {
    let content = Bytes::from_static(b"Internal Server Error");
    let mut response = http::Response::new(Body::from(content));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, text);
    response
}

/// The same fields, in the same order, as the `http` crate holds them.
///
/// Our rules for names and values are no wider than its own, so nothing is lost.
fn header_map(headers: Headers) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let value = match value.into_bytes() {
            std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
        };
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_maybe_shared(value)) {
            map.append(name, value);
        }
    }
    map
}
