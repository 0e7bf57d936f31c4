//! The heads of several ranges, which a program may make in its own way.

use crate::convert::error;
use crate::response::base::Response;
use crate::response::class_profile::class_of_ours_with;
use antiphon_core::body::multipart;
use antiphon_core::body::segment::Segment;
use antiphon_core::fields::FieldValue;
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::method::Method;
use antiphon_core::response::file::{self, FileContent, FileFacts, RangeTerms};
use antiphon_core::response::plan::Body;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

/// The head of the part of a file of `length` bytes that begins at `start` and ends before `end`.
#[pyfunction]
pub(crate) fn part_head(
    boundary: &str,
    content_type: &str,
    length: u64,
    start: u64,
    end: u64,
) -> Vec<u8> {
    multipart::part_head(
        &(start..end),
        length,
        Some(content_type.as_bytes()),
        boundary,
    )
}

/// What a program says of several ranges.
pub(super) struct Own {
    /// The length of the whole content.
    pub(super) length: FieldValue,
    /// The content, with the program's heads.
    pub(super) segments: Vec<Segment>,
}

/// Asks the program's `generate_multipart` for the heads of what is planned; `None` if it has none, or if
/// there are no several ranges.
pub(super) fn own<'py>(
    slf: &Bound<'py, Response>,
    facts: FileFacts<'_>,
    fields: &RequestFields,
    terms: RangeTerms<'_>,
) -> PyResult<Option<Own>> {
    let (py, name) = (slf.py(), intern!(slf.py(), "generate_multipart"));
    if !slf.hasattr(name)? {
        return Ok(None);
    }
    let of_response = slf.getattr(intern!(py, "__dict__"))?;
    let is_ours =
        !of_response.contains(name)? && class_of_ours_with(&slf.get_type(), name)?.is_some();
    if is_ours {
        return Ok(None);
    }
    // The answer to HEAD has the same header, and no segments.
    let fields = fields.clone().with_method(Method::Get);
    let plan = file::plan(facts, &fields, terms).map_err(|error| error::response(&error))?;
    let Body::Content(FileContent::Segments(mut segments)) = plan.body else {
        return Ok(None);
    };
    let parts: Vec<_> = segments
        .iter()
        .filter_map(|segment| match segment {
            Segment::File(part) => Some((part.start, part.end)),
            Segment::Bytes(_) => None,
        })
        .collect();
    if parts.len() < 2 {
        return Ok(None);
    }
    let content_type = facts.declared.content_type.unwrap_or_default();
    let content_type: String = content_type.iter().copied().map(char::from).collect();
    let length = facts.length.unwrap_or_default();
    let made = slf.call_method1(name, (parts.clone(), terms.boundary, length, content_type))?;
    let (length, head_of) = made.extract::<(u64, Bound<'py, PyAny>)>()?;
    let mut parts = parts.into_iter();
    let mut is_head = true;
    for segment in &mut segments {
        if let Segment::Bytes(bytes) = segment
            && is_head
            && let Some(part) = parts.next()
        {
            *bytes = head_of.call1(part)?.extract::<PyBackedBytes>()?.to_vec();
            is_head = false;
        } else if let Segment::Bytes(_) = segment {
            // What stands behind a part; a head follows.
            is_head = true;
        }
    }
    let length = FieldValue::from(length);
    Ok(Some(Own { length, segments }))
}
