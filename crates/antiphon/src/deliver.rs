//! Carrying out a plan: into ASGI messages, or into an [`http::Response`].

use crate::asgi::{self, Message, ScopeType};
use crate::background::BackgroundTask;
use crate::body::Body;
use crate::file::{Opened, Reader};
use crate::parameters::Parameters;
use crate::request::RequestHead;
use crate::streaming::Delivery;
use antiphon_core::asgi::transmission::{Step, Transmission};
use antiphon_core::fields::Headers;
use antiphon_core::response::plan::{self, Plan};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::future::{Future, poll_fn};
use std::pin::Pin;

/// A planned response, and where its content comes from.
#[derive(Debug)]
pub(crate) struct Ready {
    status: StatusCode,
    headers: Headers,
    body: plan::Body,
    content: Content,
    background: Option<BackgroundTask>,
}

/// Where the content of a response comes from.
#[derive(Debug)]
pub(crate) enum Content {
    Bytes(Bytes),
    File(Opened),
    Stream(Box<Delivery>),
}

impl Ready {
    pub(crate) fn new(mut plan: Plan, parameters: Parameters, mut content: Content) -> Self {
        if let (plan::Body::Stream(length), Content::Stream(stream)) = (&plan.body, &mut content) {
            stream.announce(*length);
        }
        let headers = plan.patch(parameters.headers);
        Self {
            // A plan's status is the caller's or one of the rules' own.
            status: StatusCode::from_u16(plan.status).unwrap_or(parameters.status),
            headers,
            body: plan.body,
            content,
            background: parameters.background,
        }
    }

    /// Sends what is planned, then runs the background task.
    pub(crate) async fn send(self, offers: Offers, mut send: asgi::Send) -> asgi::Result {
        let background = self.background.clone();
        let scope_type = offers.scope_type;
        let status = self.status.as_u16();
        match (&self.body, self.content) {
            (plan::Body::Empty, _) => {
                send.send_whole(scope_type, status, self.headers, Bytes::new())
                    .await?;
            }
            (plan::Body::Bytes, Content::Bytes(bytes)) => {
                send.send_whole(scope_type, status, self.headers, bytes)
                    .await?;
            }
            (plan::Body::Stream(_), Content::Stream(stream)) => {
                let sent = send.send_stream(scope_type, status, self.headers, stream);
                Box::pin(sent).await?;
            }
            (_, content) => {
                let ready = Box::new(Self { content, ..self });
                ready.send_steps(offers, &mut send).await?;
            }
        }
        if let Some(background) = background {
            send.handed_over().await;
            background.run().await;
        }
        Ok(())
    }

    /// On the heap, so that an application is not large for every request because it has a file for
    /// some.
    fn send_steps(
        self: Box<Self>,
        offers: Offers,
        send: &mut asgi::Send,
    ) -> Pin<Box<dyn Future<Output = asgi::Result> + Send + '_>> {
        Box::pin(async move {
            let Offers {
                scope_type,
                pathsend,
            } = offers;
            let Self {
                body,
                mut content,
                mut headers,
                ..
            } = *self;
            let mut steps = Transmission::new(body);
            let by_path = pathsend && self.background.is_none();
            let path = if by_path { content.path() } else { None };
            if path.is_some() {
                steps = steps.by_path();
            }
            for step in steps {
                let (body, more_body) = match (step, &mut content) {
                    (Step::Start, _) => {
                        send.send(Message::Start {
                            scope_type,
                            status: self.status.as_u16(),
                            headers: std::mem::take(&mut headers),
                        })
                        .await?;
                        continue;
                    }
                    (Step::Pathsend, _) => {
                        let path = path.clone().unwrap_or_default();
                        send.send(Message::Pathsend { path }).await?;
                        continue;
                    }
                    (Step::Segment { bytes, more_body }, _) => (bytes.into(), more_body),
                    (Step::Bytes { more_body }, Content::Bytes(bytes)) => {
                        (bytes.clone(), more_body)
                    }
                    (Step::File { range, more_body }, Content::File(file)) => {
                        let mut reader = Reader::of_range(file, range);
                        loop {
                            send.has_room().await;
                            let chunk = poll_fn(|context| reader.poll_chunk(context)).await;
                            let body = chunk.transpose()?.unwrap_or_default();
                            if reader.is_at_end() {
                                break (body, more_body);
                            }
                            send.send_chunk(scope_type, body).await?;
                        }
                    }
                    // The end; and a plan never asks for content that its response has not.
                    (
                        Step::End | Step::Bytes { .. } | Step::File { .. } | Step::Stream { .. },
                        _,
                    ) => (Bytes::new(), false),
                };
                send.send(Message::Body {
                    scope_type,
                    body,
                    more_body,
                })
                .await?;
            }
            Ok(())
        })
    }

    /// The response as a value, with the first chunk of its stream in it if that is ready.
    pub(crate) async fn into_http_with_first(mut self) -> asgi::Result<http::Response<Body>> {
        if let (plan::Body::Stream(_), Content::Stream(stream)) = (&self.body, &mut self.content) {
            stream.first().await?;
        }
        Ok(self.into_http())
    }

    /// The response as a value, whose body runs the background task when it has been taken.
    pub(crate) fn into_http(self) -> http::Response<Body> {
        let body = match (self.body, self.content) {
            (plan::Body::Empty, _) => Body::empty(),
            (_, Content::Bytes(bytes)) => Body::from(bytes),
            (body, Content::File(file)) => Body::of_file(Reader::new(file, body)),
            (_, Content::Stream(stream)) => Body::of_stream(stream),
        };
        head(
            self.status,
            self.headers,
            body.with_background(self.background),
        )
    }
}

impl Content {
    /// The absolute path of a file, if it is text.
    fn path(&self) -> Option<String> {
        match self {
            Self::Bytes(_) | Self::Stream(_) => None,
            Self::File(file) => Some(std::path::absolute(file.path()).ok()?.to_str()?.to_owned()),
        }
    }
}

/// What a server can be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offers {
    pub(crate) scope_type: ScopeType,
    pub(crate) pathsend: bool,
}

/// Tells whether a request is one for a head alone.
pub(crate) fn is_head(request: &impl RequestHead) -> bool {
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
#[cfg(any(feature = "axum", feature = "server", feature = "tower"))]
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
    bare(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A status that speaks for itself, in text.
#[cfg(any(feature = "axum", feature = "server", feature = "tower"))]
pub(crate) fn bare(status: StatusCode) -> http::Response<Body> {
    let reason = status.canonical_reason().unwrap_or_default();
    let mut response = http::Response::new(Body::from(Bytes::from_static(reason.as_bytes())));
    *response.status_mut() = status;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
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
        let name = match name.as_str() {
            // Those of nearly every response need no look-up.
            "content-length" => Ok(header::CONTENT_LENGTH),
            "content-type" => Ok(header::CONTENT_TYPE),
            "set-cookie" => Ok(header::SET_COOKIE),
            other => HeaderName::from_bytes(other.as_bytes()),
        };
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_maybe_shared(value)) {
            map.append(name, value);
        }
    }
    map
}
