//! The answer to a range: 206, in one part or several.

use super::content::FileContent;
use crate::body::multipart;
use crate::body::segment::{self, Segment};
use crate::fields::{FieldName, FieldValue, HeaderPatch};
use crate::request::range::{MAX_RANGES, RangePolicy};
use crate::response::plan::{Base, Body, Plan};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// How ranges are answered, and what only the world knows.
#[derive(Clone, Copy, Debug)]
pub struct RangeTerms<'a> {
    /// What to do where RFC 9110 and Starlette differ; RFC 9110 by default.
    pub policy: RangePolicy,
    /// More ranges than these give the whole file; [`MAX_RANGES`] by default.
    pub max_ranges: usize,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// What separates the parts of several ranges: a token, and random, so that no content can hold it
    /// by intent. It is not looked at unless the request [may want parts].
    ///
    /// [may want parts]: crate::request::fields::RequestFields::may_want_parts
    pub boundary: &'a str,
}

impl Default for RangeTerms<'_> {
    fn default() -> Self {
        Self {
            policy: RangePolicy::Rfc9110,
            max_ranges: MAX_RANGES,
            now: 0,
            boundary: "",
        }
    }
}

/// Plans a 206 of these parts of a file; `None` if the whole file is the better answer.
///
/// `content_type` is that of the whole. `sends` tells whether content goes out, or the head alone.
pub(super) fn plan(
    parts: &[Range<u64>],
    length: u64,
    content_type: Option<&[u8]>,
    sends: bool,
    terms: RangeTerms<'_>,
) -> Option<Plan<FileContent>> {
    let segments = segments(parts, length, content_type, terms)?;
    let said = match parts {
        [part] => {
            let (first, last) = (part.start, part.end - 1);
            let range = format!("bytes {first}-{last}/{length}");
            let range = FieldValue::from_visible_ascii(range);
            HeaderPatch::Set(FieldName::CONTENT_RANGE, range)
        }
        _ => {
            let boundary = terms.boundary;
            let media_type = format!("multipart/byteranges; boundary={boundary}");
            let media_type = FieldValue::from_visible_ascii(media_type);
            HeaderPatch::Set(FieldName::CONTENT_TYPE, media_type)
        }
    };
    let total = FieldValue::from(segment::total(&segments));
    Some(Plan {
        status: 206,
        headers: Base::Callers,
        patches: vec![said, HeaderPatch::Set(FieldName::CONTENT_LENGTH, total)],
        body: if sends {
            Body::Content(FileContent::Segments(segments))
        } else {
            Body::Empty
        },
    })
}

fn segments(
    parts: &[Range<u64>],
    length: u64,
    content_type: Option<&[u8]>,
    terms: RangeTerms<'_>,
) -> Option<Vec<Segment>> {
    match parts {
        [] => None,
        [part] => Some(vec![Segment::File(part.clone())]),
        parts => {
            let segments = multipart::body(parts, length, content_type, terms.boundary);
            // Many small parts with their heads can be larger than what they are parts of; RFC 9110
            // §14.2 lets a server ignore such a request, and §17.15 advises it.
            let pays =
                terms.policy == RangePolicy::Starlette || segment::total(&segments) <= length;
            pays.then_some(segments)
        }
    }
}
