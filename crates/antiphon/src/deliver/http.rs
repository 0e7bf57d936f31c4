//! Carrying out a plan by an [`http::Response`].

use super::planned::{Planned, Source};
use crate::body::Body;
use crate::content::file_reader::Reader;
use antiphon_core::fields::{FieldName, Headers};
use bytes::Bytes;
use http::header::MaxSizeReached;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::borrow::Cow;

impl Planned {
    /// Makes the response a value. Its body runs the background task once it has been taken.
    pub(crate) fn into_http(self) -> http::Response<Body> {
        let body = match self.source {
            Source::Empty => Body::withheld(),
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

/// Puts a head before a body; 500, with a log line, if it has more fields than the `http` crate holds.
pub(crate) fn head(status: StatusCode, headers: Headers, body: Body) -> http::Response<Body> {
    let count = headers.len();
    let Ok(headers) = header_map(headers) else {
        tracing::error!(
            "a response cannot be sent: it has {count} header fields, which are too many"
        );
        let mut response = http::Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return response;
    };
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Makes a map of the `http` crate of the same fields, in the same order.
///
/// Our rules for names and values are no wider than its own, so nothing is lost.
fn header_map(headers: Headers) -> Result<HeaderMap, MaxSizeReached> {
    // Lines of one name need no room in the map itself.
    let mut map = HeaderMap::try_with_capacity(headers.len()).unwrap_or_default();
    for (name, value) in headers {
        let value = match value.into_bytes() {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
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
            map.try_append(name, value)?;
        }
    }
    Ok(map)
}
