//! Content of sources: what is sent of one, of which the facts are known.

use super::base::{self, Response};
use super::conditional;
use super::file::answer::{Planned, plan};
use super::file::request::Request;
use super::file::validators::now;
use crate::convert::{error, field_list, media_type};
use antiphon_core::body::segment::Segment;
use antiphon_core::fields::{self, FieldName, FieldValue, HeaderPatch};
use antiphon_core::request::range::Likely;
use antiphon_core::response::file::{self, FileContent, Stat};
use antiphon_core::response::plan::Body;
use antiphon_core::text::http_date::HttpDate;
use antiphon_core::values::etag;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

/// What is known of a source: what `antiphon.sources.SourceFacts` has, as the header says it.
#[derive(FromPyObject)]
pub(crate) struct Facts {
    #[pyo3(item(0))]
    length: u64,
    #[pyo3(item(1))]
    etag: Option<String>,
    #[pyo3(item(2))]
    modified: Option<i64>,
    #[pyo3(item(3))]
    media_type: Option<String>,
    #[pyo3(item(4))]
    cache_control: Option<String>,
    #[pyo3(item(5))]
    content_encoding: Option<String>,
}

/// What is sent of a source to whoever `scope` describes: the status, the header, and the pieces, each of which
/// is bytes, or the start and the end of what is to be read.
#[pyfunction]
pub(crate) fn plan_source<'py>(
    response: &Bound<'py, Response>,
    scope: &Bound<'py, PyAny>,
    facts: Facts,
) -> PyResult<(u16, Bound<'py, PyList>, Bound<'py, PyList>)> {
    let py = response.py();
    let request = Request::of(scope)?;
    let status = base::status(&response.getattr(intern!(py, "status_code"))?)?;
    let raw_headers = response.getattr(intern!(py, "raw_headers"))?;
    let list = field_list::copy(&field_list::as_list(&raw_headers)?);
    if let Some(kind) = facts.media_type {
        let charset = || {
            Ok(response
                .getattr(intern!(py, "charset"))?
                .extract::<String>()?
                .into())
        };
        let kind = media_type::content_type(py, &kind, charset)?;
        let patch = HeaderPatch::SetDefault(FieldName::CONTENT_TYPE, kind);
        field_list::apply(&list, patch)?;
    }
    let now = now();
    let stat = Stat {
        length: Some(facts.length),
        last_modified: facts.modified.and_then(HttpDate::from_unix),
        etag: facts.etag.as_deref().map(entity_tag).transpose()?,
        cache_control: value(py, FieldName::CACHE_CONTROL, facts.cache_control)?,
    };
    for patch in file::stat_head(status, stat) {
        field_list::apply(&list, patch)?;
    }
    let name = FieldName::CONTENT_ENCODING;
    if let Some(encoding) = value(py, name.clone(), facts.content_encoding)? {
        field_list::apply(&list, HeaderPatch::SetDefault(name, encoding))?;
    }
    let Planned { status, body } = plan(response, &list, request.fields, Some(facts.length), now)?;
    let pieces = PyList::empty(py);
    match body {
        Body::Empty | Body::Content(FileContent::Whole(0)) => {}
        Body::Content(FileContent::Whole(length)) => pieces.append((0, length))?,
        Body::Content(FileContent::UntilEnd) => pieces.append((0, facts.length))?,
        Body::Content(FileContent::Segments(segments)) => {
            for segment in segments {
                match segment {
                    Segment::Bytes(bytes) => pieces.append(PyBytes::new(py, &bytes))?,
                    Segment::File(range) => pieces.append((range.start, range.end))?,
                }
            }
        }
    }
    Ok((status, list, pieces))
}

/// What a request will likely get of a source: `None` where the facts decide, or a word and its numbers.
#[pyfunction]
pub(crate) fn likely_range(scope: &Bound<'_, PyAny>) -> PyResult<Option<(&'static str, u64, u64)>> {
    Ok(match Likely::of(&Request::of(scope)?.fields) {
        Likely::Nothing => None,
        Likely::Whole => Some(("whole", 0, 0)),
        Likely::Range(start, end) => Some(("range", start, end)),
        Likely::From(start) => Some(("from", start, 0)),
        Likely::Last(length) => Some(("last", length, 0)),
    })
}

/// The media type that a file's name suggests.
#[pyfunction]
pub(crate) fn guessed_media_type<'py>(name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    media_type::guess(name, None)
}

/// The entity tag of a name: the name itself if it is one, and otherwise in quotes.
#[pyfunction]
pub(crate) fn named_etag(name: &str) -> PyResult<String> {
    Ok(entity_tag(name)?.to_text())
}

/// The entity tag of bytes in memory, which is of their hash.
#[pyfunction]
pub(crate) fn etag_of(py: Python<'_>, content: &[u8]) -> String {
    conditional::of_bytes(py, content)
}

fn entity_tag(name: &str) -> PyResult<FieldValue> {
    etag::named(name).map_err(|error| PyValueError::new_err(error.to_string()))
}

fn value(py: Python<'_>, name: FieldName, text: Option<String>) -> PyResult<Option<FieldValue>> {
    let Some(text) = text else {
        return Ok(None);
    };
    let checked = fields::field(name.clone(), &*text);
    let checked = checked.map_err(|error| {
        let texts = [name.as_str(), &text].map(|text| PyString::new(py, text).into_any());
        error::header([&texts[0], &texts[1]], &error)
    })?;
    Ok(Some(checked.1))
}
