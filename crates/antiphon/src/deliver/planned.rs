//! Carrying out a plan: into ASGI messages, or into an [`http::Response`].

use crate::asgi::{self, Message, ScopeType};
use crate::background::BackgroundTask;
use crate::body::Body;
use crate::content::file_reader::Reader;
use crate::content::metered::MeteredStream;
use crate::response::file::Opened;
use crate::response::parameters::Parameters;
use antiphon_core::asgi::file_steps::{FileStep, FileSteps};
use antiphon_core::fields::{FieldName, HeaderPatch, Headers};
use antiphon_core::response::file::FileContent;
use antiphon_core::response::plan::{self, Plan};
#[cfg(any(feature = "axum", feature = "server", feature = "tower"))]
use antiphon_core::values::media_type::{Charset, MediaType};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::future::poll_fn;
use std::path::Path;

/// A planned response, and where its content comes from.
#[derive(Debug)]
pub(crate) struct Planned {
    status: StatusCode,
    headers: Headers,
    content: Source,
    background: Option<BackgroundTask>,
}

/// Where the content of a response comes from.
#[derive(Debug)]
pub(crate) enum Source {
    Empty,
    Bytes(Bytes),
    File(Opened, FileContent),
    Stream(Box<MeteredStream>),
}

impl Planned {
    /// The answer that `plan` makes of a response: `head` is what it says of itself, `content` what it
    /// sends unless the plan says that there is none.
    pub(crate) fn new<T>(
        head: impl IntoIterator<Item = HeaderPatch>,
        plan: Plan<T>,
        parameters: Parameters,
        content: impl FnOnce(T) -> Source,
    ) -> Self {
        let Parameters {
            status: own,
            mut headers,
            background,
            ..
        } = parameters;
        let head = head.into_iter();
        headers.reserve(head.size_hint().0);
        head.for_each(|patch| headers.apply(patch));
        let (status, headers, body) = plan.into_parts(headers);
        Self {
            // A plan's status is the caller's or one of the rules' own.
            status: StatusCode::from_u16(status).unwrap_or(own),
            headers,
            content: match body {
                plan::Body::Empty => Source::Empty,
                plan::Body::Content(planned) => content(planned),
            },
            background,
        }
    }

    /// Sends what is planned, then runs the background task.
    pub(crate) async fn send(self, offers: Offers, mut send: asgi::Send) -> asgi::Result {
        let Self {
            status,
            headers,
            content,
            background,
        } = self;
        let (scope_type, status) = (offers.scope_type, status.as_u16());
        match content {
            Source::Empty => {
                send.send_whole(scope_type, status, headers, Bytes::new())
                    .await?;
            }
            Source::Bytes(bytes) => {
                send.send_whole(scope_type, status, headers, bytes).await?;
            }
            Source::Stream(stream) => {
                let sent = send.send_stream(scope_type, status, headers, stream);
                Box::pin(sent).await?;
            }
            Source::File(file, content) => {
                let by_path = offers.pathsend && background.is_none();
                let start = Message::Start {
                    scope_type,
                    status,
                    headers,
                };
                // On the heap, so that an application is not large for every request because it has a
                // file for some.
                Box::pin(send_file(
                    &mut send, start, scope_type, file, content, by_path,
                ))
                .await?;
            }
        }
        if let Some(background) = background {
            send.handed_over().await;
            background.run().await;
        }
        Ok(())
    }

    /// The response as a value, with the first chunk of its stream in it if that is ready.
    pub(crate) async fn into_http_with_first(mut self) -> asgi::Result<http::Response<Body>> {
        if let Source::Stream(stream) = &mut self.content {
            stream.first().await?;
        }
        Ok(self.into_http())
    }

    /// The response as a value, whose body runs the background task when it has been taken.
    pub(crate) fn into_http(self) -> http::Response<Body> {
        let body = match self.content {
            Source::Empty => Body::empty(),
            Source::Bytes(bytes) => Body::from(bytes),
            Source::File(file, content) => Body::of_file(Reader::new(file, content)),
            Source::Stream(stream) => Body::of_stream(stream),
        };
        head(
            self.status,
            self.headers,
            body.with_background(self.background),
        )
    }
}

/// Sends the head and what is planned of a file.
async fn send_file(
    send: &mut asgi::Send,
    start: Message,
    scope_type: ScopeType,
    file: Opened,
    content: FileContent,
    by_path: bool,
) -> asgi::Result {
    let mut steps = FileSteps::new(content);
    let path = if by_path { absolute(file.path()) } else { None };
    if path.is_some() {
        steps = steps.by_path();
    }
    send.send(start).await?;
    for step in steps {
        let (body, more_body) = match step {
            FileStep::Pathsend => {
                let path = path.clone().unwrap_or_default();
                send.send(Message::Pathsend { path }).await?;
                continue;
            }
            FileStep::Segment { bytes, more_body } => (bytes.into(), more_body),
            FileStep::File { range, more_body } => {
                let mut reader = Reader::of_range(&file, range);
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
        };
        send.send(Message::Body {
            scope_type,
            body,
            more_body,
        })
        .await?;
    }
    Ok(())
}

/// The absolute path of a file, if it is text.
fn absolute(path: &Path) -> Option<String> {
    Some(std::path::absolute(path).ok()?.to_str()?.to_owned())
}

/// What a server can be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offers {
    pub(crate) scope_type: ScopeType,
    pub(crate) pathsend: bool,
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
    let text = MediaType::PLAIN_TEXT.with_charset(&Charset::UTF_8);
    if let Ok(text) = HeaderValue::from_bytes(text.as_bytes()) {
        response.headers_mut().insert(header::CONTENT_TYPE, text);
    }
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
        // Those of nearly every response need no look-up.
        let name = if name == FieldName::CONTENT_LENGTH {
            Ok(header::CONTENT_LENGTH)
        } else if name == FieldName::CONTENT_TYPE {
            Ok(header::CONTENT_TYPE)
        } else if name == FieldName::SET_COOKIE {
            Ok(header::SET_COOKIE)
        } else {
            HeaderName::from_bytes(name.as_bytes())
        };
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_maybe_shared(value)) {
            map.append(name, value);
        }
    }
    map
}
