//! Carrying out a plan by an [`http::Response`].

use super::planned::{Content, Planned};
use crate::body::Body;
use crate::content::file_reader::Reader;
use antiphon_core::fields::Headers;
use http::{HeaderMap, StatusCode};

impl Planned {
    /// Makes the response a value. Its body runs the background task once it has been taken.
    pub(crate) fn into_http(self) -> http::Response<Body> {
        let body = match self.content {
            Content::Empty => Body::withheld(),
            Content::Bytes(bytes) => Body::from(bytes),
            Content::File(file, content) => Body::of_file(Reader::new(file, content)),
            Content::Stream(stream) => Body::of_stream(stream),
        };
        let mut completion = self.completion;
        if let Some(completion) = &mut completion {
            completion.begin(self.status);
        }
        head(
            self.status,
            self.headers,
            body.with_background(self.background)
                .with_completion(completion),
        )
    }
}

/// Puts a head before a body; 500, with a log line, if it has more fields than the `http` crate holds.
pub(crate) fn head(status: StatusCode, headers: Headers, body: Body) -> http::Response<Body> {
    let count = headers.len();
    let Ok(headers) = HeaderMap::try_from(headers) else {
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
