//! Responses that are a stream of events ([WHATWG HTML §9.2]).
//!
//! [WHATWG HTML §9.2]: https://html.spec.whatwg.org/multipage/server-sent-events.html

use crate::fields::{FieldName, FieldValue, HeaderPatch};
use crate::response::content::{ContentFacts, InvalidResponse};
use crate::response::plan::Plan;
use crate::response::streaming;
use alloc::vec::Vec;

/// The media type of a stream of events.
pub const MEDIA_TYPE: &str = "text/event-stream";

/// Plans a stream of events: not to be stored, unless the caller says otherwise, nor held back by a
/// proxy, nor, with HTTP/1, by a connection that ends.
///
/// `http1` tells whether the request came by HTTP/1. Later versions have no `Connection` field
/// (RFC 9113 §8.2.2).
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
/// use antiphon_core::response::content::ContentFacts;
/// use antiphon_core::response::event_source;
///
/// let facts = ContentFacts {
///     status: 200,
///     head: false,
///     length: None,
///     media_type: Some(event_source::MEDIA_TYPE),
///     charset: "utf-8",
///     declared_length: None,
///     declares_transfer_encoding: false,
/// };
/// let headers = event_source::plan(facts, true)?.patch(Headers::new());
/// assert_eq!(headers.get("cache-control").unwrap(), "no-store");
/// assert_eq!(headers.get("connection").unwrap(), "keep-alive");
/// assert_eq!(headers.get("x-accel-buffering").unwrap(), "no");
/// assert_eq!(headers.get("content-type").unwrap(), "text/event-stream; charset=utf-8");
/// # Ok::<(), antiphon_core::response::content::InvalidResponse>(())
/// ```
///
/// # Errors
///
/// Those of [`ContentFacts::populate`].
///
/// # Starlette
///
/// The fields of `sse_starlette.EventSourceResponse`, in its order. It sends `Connection` with every
/// version of HTTP (divergence D-24).
pub fn plan(facts: ContentFacts<'_>, http1: bool) -> Result<Plan, InvalidResponse> {
    let mut plan = streaming::plan(facts)?;
    let mut patches = Vec::with_capacity(3 + plan.patches.len());
    patches.push(HeaderPatch::SetDefault(
        FieldName::CACHE_CONTROL,
        FieldValue::NO_STORE,
    ));
    if http1 {
        patches.push(HeaderPatch::Set(
            FieldName::CONNECTION,
            FieldValue::KEEP_ALIVE,
        ));
    }
    patches.push(HeaderPatch::Set(
        FieldName::X_ACCEL_BUFFERING,
        FieldValue::NO,
    ));
    patches.append(&mut plan.patches);
    plan.patches = patches;
    Ok(plan)
}
