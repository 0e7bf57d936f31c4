//! Responses that are a stream of events ([WHATWG HTML §9.2]).
//!
//! Their answer is planned as that of any other [stream](super::streaming).
//!
//! [WHATWG HTML §9.2]: https://html.spec.whatwg.org/multipage/server-sent-events.html

use crate::fields::{FieldName, FieldValue, HeaderPatch};
use crate::request::version::HttpVersion;

/// Describes an event stream when it is built. Sets `Cache-Control: no-store` unless the caller set
/// the field, `X-Accel-Buffering: no`, and, except over later versions of HTTP than 1,
/// `Connection: keep-alive`.
///
/// `version` is that of the request, or `None` if it is not known yet.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
/// use antiphon_core::request::version::HttpVersion;
/// use antiphon_core::response::event_source;
///
/// let mut headers = Headers::new();
/// event_source::head(Some(HttpVersion::One)).for_each(|patch| headers.apply(patch));
/// assert_eq!(headers.get("cache-control").unwrap(), "no-store");
/// assert_eq!(headers.get("connection").unwrap(), "keep-alive");
/// assert_eq!(headers.get("x-accel-buffering").unwrap(), "no");
///
/// let mut headers = Headers::new();
/// event_source::head(Some(HttpVersion::Later)).for_each(|patch| headers.apply(patch));
/// assert!(!headers.contains("connection"));
/// ```
///
/// # Starlette
///
/// The fields of `sse_starlette.EventSourceResponse`, in its order, which come before those that
/// describe the content. It sends `Connection` with every version of HTTP (divergence D-24).
pub fn head(version: Option<HttpVersion>) -> impl Iterator<Item = HeaderPatch> {
    let keep_alive = (version != Some(HttpVersion::Later)).then_some(HeaderPatch::Set(
        FieldName::CONNECTION,
        FieldValue::KEEP_ALIVE,
    ));
    let no_store = HeaderPatch::SetDefault(FieldName::CACHE_CONTROL, FieldValue::NO_STORE);
    let no_buffer = HeaderPatch::Set(FieldName::X_ACCEL_BUFFERING, FieldValue::NO);
    [Some(no_store), keep_alive, Some(no_buffer)]
        .into_iter()
        .flatten()
}
