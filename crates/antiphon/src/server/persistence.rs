//! Whether an HTTP/1 connection goes on after an answer, and what the answer says of it.

use http::header::CONNECTION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, Version, header};
use http_body::Body;

/// What a request says of its connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Persistence {
    version: Version,
    /// The client wants another answer on the same connection (RFC 9112 §9.3).
    is_wanted: bool,
}

impl Persistence {
    pub(super) fn of(request: &Parts) -> Self {
        let version = request.version;
        let is_wanted = if version == Version::HTTP_11 {
            !has_option(&request.headers, "close")
        } else {
            has_option(&request.headers, "keep-alive")
        };
        Self { version, is_wanted }
    }

    /// Makes an answer say what is true: hyper does whatever it says, but adds `keep-alive` for old
    /// clients, and leaves what the application says. `ends` tells whether the connection ends for a
    /// reason of ours.
    pub(super) fn announce<B: Body>(self, answer: &mut Response<B>, ends: bool) {
        let is_old = self.version != Version::HTTP_11;
        let ends = ends || !self.is_wanted || (is_old && !has_length(answer));
        if !ends {
            return;
        }
        if is_old {
            // For such a client the end is what is expected.
            *answer.version_mut() = Version::HTTP_10;
            answer.headers_mut().remove(CONNECTION);
        } else {
            let close = HeaderValue::from_static("close");
            answer.headers_mut().insert(CONNECTION, close);
        }
    }
}

/// Tells whether the client knows where the content ends without the connection's end.
fn has_length<B: Body>(answer: &Response<B>) -> bool {
    answer.headers().contains_key(header::CONTENT_LENGTH)
        || answer.body().size_hint().exact().is_some()
        || answer.status() == http::StatusCode::NOT_MODIFIED
        || answer.status() == http::StatusCode::NO_CONTENT
}

/// Tells whether `Connection` has this option (RFC 9110 §7.6.1).
fn has_option(headers: &HeaderMap, option: &str) -> bool {
    if !headers.contains_key(CONNECTION) {
        return false;
    }
    let lines = headers.get_all(CONNECTION).iter();
    lines.filter_map(|line| line.to_str().ok()).any(|line| {
        line.split(',')
            .any(|own| own.trim().eq_ignore_ascii_case(option))
    })
}
